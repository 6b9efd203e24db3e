"""Each try to weaken the rulebook is named, or refused, on the command line and in the report."""

import json
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

from audit.refusals import Conflict
from policy import actions
from policy.engine.language.facts import Choice
from policy.facts import shipped
from policy.governance import command, proposals
from policy.models import Kind
from tests import factories
from tests.policy.governance import hollowed
from tests.policy.governance.test_governance import checked

HERE = Path(__file__).parent
TRIES: dict[str, Any] = YAML(typ="safe", pure=True).load((HERE / "rulebook.yaml").read_text())
WHY = "The board decided so on 12 November."


def text(name: str) -> str:
    return hollowed.rulebook(*map(tuple, TRIES[name]["change"]))


def check(
    capsys: pytest.CaptureFixture[str], rulebook: str, folder: Path, *more: str
) -> tuple[int, str]:
    path = folder / "weaker.yaml"
    path.write_text(rulebook)
    code = command.main(["check", str(path), *more])
    return code, capsys.readouterr().out


@pytest.mark.parametrize("name", TRIES)
def test_the_command_line_fails_and_says_why(
    name: str, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    code, out = check(capsys, text(name), tmp_path)
    assert code == command.FOUND
    named = TRIES[name].get("named")
    wanted = f"to be confirmed as: {named}" if named else TRIES[name]["refused"]
    assert wanted in out


def test_a_file_of_confirmations_lets_a_milder_outcome_through(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    rulebook = text("outcome lowered for one combination")
    _code, out = check(capsys, rulebook, tmp_path, "--json")
    names = [one["name"] for one in json.loads(out)["looser"]]
    file = tmp_path / "confirmed.yaml"
    file.write_text("".join(f"{name}: {WHY}\n" for name in names[1:]))
    assert check(capsys, rulebook, tmp_path, "--confirmed", str(file))[0] == command.FOUND
    file.write_text("".join(f"{name}: {WHY}\n" for name in names))
    code, out = check(capsys, rulebook, tmp_path, "--confirmed", str(file))
    assert (code, f"confirmed: {WHY}" in out) == (command.OK, True)


def test_another_order_of_values_is_named(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    """A stored text brings its own vocabulary; the milder end of a choice decides promises."""
    stored = json.loads(shipped.rulebook().canonical)
    risk = next(one for one in stored["vocabulary"] if one["name"] == "country_risk")
    risk["rising"].reverse()
    _code, out = check(capsys, json.dumps(stored), tmp_path)
    assert "to be confirmed as: words of country_risk" in out
    assert isinstance(shipped.vocabulary()["country_risk"], Choice)


@pytest.mark.django_db
@pytest.mark.parametrize(
    "name",
    [
        "rule narrowed behind another one of the same outcome",
        "rule under another id with other words",
        "sentence of a promise says the contrary",
        "another document as the source",
    ],
)
def test_the_activation_asks_for_it_by_name(name: str, anna: Any, boris: Any) -> None:
    factories.reference_data()
    content = proposals.read(Kind.RULEBOOK, text(name), proposals.About())
    version, report = checked(content, anna)
    assert report.has_passed
    names = [one["name"] for one in report.found["looser"]]
    assert TRIES[name]["named"] in names
    with pytest.raises(Conflict, match=TRIES[name]["named"]):
        actions.activate_version(version, report=report, actor=boris)
    actions.activate_version(version, report=report, confirmed=names, actor=boris)
