"""A rulebook of a file over stored screenings: matrix, deals, exit status, and nothing stored."""

import json
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from jobs.models import Clock
from policy.models import Kind, ReferenceVersion
from tests import factories
from tests.policy.governance.test_governance import changed_rulebook

pytestmark = pytest.mark.django_db

E14 = "title: Military in a high-risk country\n    clause: C3a, C4\n    outcome: "


@pytest.fixture(autouse=True)
def _versions() -> None:
    factories.reference_data()


def run(tmp_path: Path, *changes: tuple[str, str], **options: Any) -> tuple[int, str]:
    """Exit status and what was printed."""
    file = tmp_path / "rulebook.yaml"
    file.write_text(changed_rulebook(*changes).written, encoding="utf-8")
    out = StringIO()
    try:
        call_command("backtest", str(file), stdout=out, **options)
    except SystemExit as end:
        return int(end.code or 0), out.getvalue()
    return 0, out.getvalue()


def test_a_stricter_rule_shows_the_deal_and_is_well(tmp_path: Path) -> None:
    deal = factories.deal_in_review(level="executive")
    status, said = run(tmp_path, (E14 + "executive_review", E14 + "bar"))
    assert status == 0
    assert "1 deal\n" in said
    assert "Executive review → Barred" in said
    assert f"stricter {deal.reference}: Executive review → Barred" in said
    assert "1 open, cleared or approved deal would change" in said
    assert ReferenceVersion.objects.of(Kind.RULEBOOK).count() == 1


def test_a_milder_rule_is_told_by_the_exit_status(tmp_path: Path) -> None:
    deal = factories.deal_in_review(level="executive")
    status, said = run(tmp_path, (E14 + "executive_review", E14 + "senior_review"), json=True)
    found = json.loads(said)
    assert (status, found["ok"]) == (1, False)
    assert found["matrix"] == [["executive_review", "senior_review", 1]]
    (changed,) = found["changed"]
    assert (changed["id"], changed["milder"]) == (deal.reference, True)
    assert [one["id"] for one in found["affected"]] == [deal.reference]


def test_without_deals_there_is_nothing(tmp_path: Path) -> None:
    status, said = run(tmp_path, json=True)
    found = json.loads(said)
    assert (status, found["deals"], found["matrix"], found["ok"]) == (0, 0, [], True)


def test_a_file_that_is_no_rulebook_is_named_by_line(tmp_path: Path) -> None:
    file = tmp_path / "wrong.yaml"
    file.write_text("rulebook: [", encoding="utf-8")
    with pytest.raises(CommandError, match=r"wrong\.yaml:1:") as error:
        call_command("backtest", str(file))
    assert error.value.returncode == 2


@pytest.mark.usefixtures("nothing_remains")
def test_without_an_active_rulebook_it_says_so(tmp_path: Path) -> None:
    ReferenceVersion.objects.of(Kind.RULEBOOK).update(retired_at=Clock())
    with pytest.raises(CommandError, match="No rulebook is active"):
        run(tmp_path)
