"""What was measured of a registry when it was checked, or before it was shipped."""

import json
from typing import Any

from policy.engine.language.facts import digest
from policy.facts import shipped
from policy.models import ReferenceVersion


def figures(version: ReferenceVersion) -> list[dict[str, Any]]:
    """How well the names of a registry version are matched: what its check measured.

    The version that ships was measured before it was shipped.
    """
    newest = version.reports.newest_first().first()
    if newest is not None and newest.found and "names" in newest.found:
        return list(newest.found["names"])
    measured, content = json.loads(shipped.text(shipped.MEASURED)), json.loads(version.content)
    is_shipped = measured["digest"] == digest(content["registry"] + content["stems"])
    return list(measured["figures"]) if is_shipped else []
