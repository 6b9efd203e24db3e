"""The example laws, and edits of them, for tests."""

from dataclasses import replace
from typing import Any

from policy.facts import shipped
from policy.facts.derive import ReferenceData
from policy.governance import versions
from policy.governance.versions import Content
from policy.reference.laws import Law, Laws, canonical_text

SHIPPED = shipped.load()
#: As the demo begins: the shipped reference data with the example laws.
DATA = replace(
    SHIPPED,
    laws=shipped.laws(SHIPPED.rulebook.vocabulary, SHIPPED.countries, name=shipped.EXAMPLE_LAWS),
)
FINNISH, GERMAN, INDIAN = "fi-917-2014", "de-tkg-170", "in-telecom-2023"


def register(*entries: Law, remark: str = "") -> Laws:
    return Laws(tuple(sorted(entries, key=lambda law: law.id)), "sha256:x", "2.0", remark)


def without(*ids: str) -> Laws:
    return register(*(law for law in DATA.laws.laws if law.id not in ids))


def changed(law: str, **fields: Any) -> Laws:
    """The example laws with one entry edited."""
    edited = replace(DATA.laws.by_id[law], **fields)
    return register(edited, *without(law).laws, remark=DATA.laws.remark)


def using(laws: Laws) -> ReferenceData:
    return replace(SHIPPED, laws=laws)


def content(laws: Laws, label: str = "2.0") -> Content:
    """A version with these laws, as a proposal makes it; the text is what was kept."""
    labelled = replace(laws, label=label)
    return versions.laws_content(canonical_text(labelled), labelled, source="Legal")
