"""`./run policy check` of every kind: what is eased is named, confirmed with a reason, or fails."""

import json
import os
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

from policy import actions
from policy.facts import shipped
from policy.governance import command, proposals
from policy.models import Kind
from tests import factories
from tests.policy.governance.test_command import ROOT, found, run
from tests.policy.governance.test_governance import checked

GOOD = Path(__file__).parents[1] / "inputs" / "kinds"
WHY = "The board decided so on 12 November."
REGISTRY = shipped.registry_text()
AGENCY = next(line for line in REGISTRY.splitlines() if line.startswith("State Guard Service,"))
LAWS = (GOOD / "laws.yaml").read_text()
CATALOGUE = shipped.text("catalogue.yaml")
RATINGS = "code,tier\nFI,low\nBY,low\n"
RESTRICTED = shipped.text("countries/restricted_destinations.csv")
ABOUT = ("--source", "V-Dem", "--edition", "v15", "--year", "2024", "--licence", "CC")

#: Kind → the name of the file, its text, more words, and the beginning of a name to confirm.
EASED: dict[str, tuple[str, str, tuple[str, ...], str]] = {
    "catalogue": (
        "catalogue.yaml",
        CATALOGUE.replace("also: [4G RAN, LTE RAN]", "also: [4G RAN]"),
        (),
        "other names lost: 4G macro radio: LTE RAN",
    ),
    "registry": (
        "registry.csv",
        REGISTRY.replace(f"{AGENCY}\n", ""),
        ("--label", "2.0"),
        "parties removed: State Guard Service",
    ),
    "laws": ("laws.yaml", LAWS, (), "laws added: fi-1 (FI, Act on communications, section 9)"),
    "countries": ("list.csv", RATINGS, ABOUT, "country risk very_high to low: Belarus"),
    "restricted destinations": (
        "restricted.csv",
        "\n".join(RESTRICTED.splitlines()[:-1]) + "\n",
        (),
        "restrictions removed: ",
    ),
}


@pytest.fixture
def write(tmp_path: Path) -> Callable[[str, str], str]:
    def written(name: str, text: str) -> str:
        path = tmp_path / name
        path.write_text(text)
        return str(path)

    return written


Write = Callable[[str, str], str]


def unconfirmed(out: str) -> list[str]:
    mark = "to be confirmed as: "
    return [line.partition(mark)[2] for line in out.splitlines() if mark in line]


def confirmations(names: list[str]) -> str:
    """As somebody writes them, each name with its reason."""
    return "".join(f"- what: {json.dumps(name)}\n  because: {WHY}\n" for name in names)


@pytest.mark.parametrize("kind", EASED)
def test_what_is_eased_fails_until_each_of_it_is_confirmed_by_name(
    kind: str, write: Write, capsys: pytest.CaptureFixture[str]
) -> None:
    name, text, more, begins = EASED[kind]
    file = write(name, text)
    code, out, _err = run(capsys, "check", file, *more)
    names = unconfirmed(out)
    assert code == command.FOUND
    assert any(one.startswith(begins) for one in names), names
    assert "proved      A07 Whoever knows of reports of misuse" in out
    assert re.search(r"^Two engines agree on [\d,]+ deals\.$", out, re.MULTILINE)
    if len(names) > 1:
        some = write("some.yaml", confirmations(names[1:]))
        assert run(capsys, "check", file, *more, "--confirmed", some)[0] == command.FOUND
    every = write("all.yaml", confirmations(names))
    code, out, _err = run(capsys, "check", file, *more, "--confirmed", every)
    assert code == command.OK
    assert f"confirmed: {WHY}" in out
    code, told = found(capsys, "check", file, *more, "--confirmed", every)
    assert (code, told["ok"]) == (command.OK, True)
    assert [one["name"] for one in told["looser"]] == names


def test_a_promise_of_the_charter_that_speaks_of_fewer_is_confirmed(
    write: Write, capsys: pytest.CaptureFixture[str]
) -> None:
    name, text, more, _begins = EASED["countries"]
    _code, out, _err = run(capsys, "check", write(name, text), *more)
    assert "CH06 speaks of fewer" in unconfirmed(out)


@pytest.mark.parametrize("name", ["catalogue.yaml", "laws/none.yaml"])
def test_what_ships_is_no_easing_of_itself(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    code, out, _err = run(capsys, "check", str(ROOT / "policy" / "data" / name))
    assert (code, "No entry differs." in out) == (command.OK, True)


def test_another_file_to_compare_with(write: Write, capsys: pytest.CaptureFixture[str]) -> None:
    before = write("before.yaml", CATALOGUE.replace("also: [4G RAN, LTE RAN]", "also: [4G RAN]"))
    after = write("after.yaml", CATALOGUE)
    code, out, _err = run(capsys, "check", after, "--against", before)
    assert code == command.FOUND
    assert unconfirmed(out) == ["other names added: 4G macro radio: LTE RAN"]
    assert run(capsys, "check", after, "--against", "shipped")[0] == command.OK


class TestConfirmations:
    def check(self, write: Write, capsys: pytest.CaptureFixture[str], text: str) -> tuple[int, str]:
        name, changed, more, _begins = EASED["catalogue"]
        confirmed = write("confirmed.yaml", text)
        file = write(name, changed)
        code, _out, err = run(capsys, "check", file, *more, "--confirmed", confirmed)
        return code, err

    def test_one_that_confirms_nothing_is_an_error(
        self, write: Write, capsys: pytest.CaptureFixture[str]
    ) -> None:
        names = [EASED["catalogue"][3], "parties removed: Somebody", "words of B01"]
        code, err = self.check(write, capsys, confirmations(names))
        assert code == command.WRONG
        assert "there is nothing to confirm called parties removed: Somebody" in err
        assert "there is nothing to confirm called words of B01" in err

    @pytest.mark.parametrize("text", ["", "\n", "# Confirmed in October.\n", "[]\n"])
    def test_an_empty_file_confirms_nothing(
        self, write: Write, capsys: pytest.CaptureFixture[str], text: str
    ) -> None:
        assert self.check(write, capsys, text) == (command.FOUND, "")

    @pytest.mark.parametrize(
        ("text", "said"),
        [
            ("- what: x\n  because: so\n", ":1:9: x: say why in at least 20 characters"),
            ("- what: x\n", ":1:3: confirmation 1: missing because; add it"),
            ("- x\n", ":1:3: confirmation 1: expected lines such as “name: value”"),
            (f"- what: x\n  because: {WHY}\n" * 2, ":3:9: x: is confirmed twice"),
            ("nothing", ":1:1: expected lines such as “name: value”"),
        ],
    )
    def test_what_is_wrong_with_it_has_its_line(
        self, write: Write, capsys: pytest.CaptureFixture[str], text: str, said: str
    ) -> None:
        code, err = self.check(write, capsys, text)
        assert code == command.WRONG
        assert f"confirmed.yaml{said}" in err

    def test_names_with_a_reason_behind_each_are_read_too(
        self, write: Write, capsys: pytest.CaptureFixture[str]
    ) -> None:
        text = f"{json.dumps(EASED['catalogue'][3])}: {WHY}\n"
        assert self.check(write, capsys, text)[0] == command.OK


class TestJson:
    @pytest.mark.parametrize(
        ("name", "text", "said"),
        [
            ("rulebook.yaml", "rules: [\n", "rulebook.yaml:"),
            ("catalogue.yaml", "families: 5\n", "line 1, column 11: families: expected a list"),
            ("registry.csv", "name,country,class\nA,FI,spy\n", 'line 2: class "spy" is unknown'),
        ],
    )
    def test_a_file_that_cannot_be_read(
        self, name: str, text: str, said: str, write: Write, capsys: pytest.CaptureFixture[str]
    ) -> None:
        code, told = found(capsys, "check", write(name, text))
        assert (code, told["ok"]) == (command.WRONG, False)
        assert any(said in one for one in told["unusable"])

    def test_a_file_that_is_not_there(self, capsys: pytest.CaptureFixture[str]) -> None:
        code, told = found(capsys, "check", "nowhere.yaml")
        assert (code, told) == (
            command.WRONG,
            {"ok": False, "unusable": ["nowhere.yaml: No such file or directory"]},
        )


def test_without_django_and_without_a_database(write: Write) -> None:
    """As the CI of a policy repository runs it."""
    name, text, more, begins = EASED["catalogue"]
    clean = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("DATABASE", "DJANGO", "PROVISO", "REDIS"))
    }
    done = subprocess.run(
        [sys.executable, "-m", "policy.governance.command", "check", write(name, text), *more],
        cwd=ROOT,
        env=clean | {"PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stderr) == (command.FOUND, "")
    assert unconfirmed(done.stdout) == [begins]


@pytest.mark.django_db
class TestWithADatabase:
    def main(self, *arguments: str) -> int:
        return command.main(["check", *arguments], has_database=True)

    def test_the_active_version_is_compared_with(
        self, write: Write, capsys: pytest.CaptureFixture[str], anna: Any, boris: Any
    ) -> None:
        factories.reference_data()
        changed = CATALOGUE.replace("also: [4G RAN, LTE RAN]", "also: [4G RAN]")
        changed = changed.replace('label: "1.0"', 'label: "1.1"')
        content = proposals.read(Kind.CATALOGUE, changed, proposals.About())
        version, report = checked(content, anna)
        actions.activate_version(
            version, report=report, confirmed=["other names lost"], actor=boris
        )
        assert self.main(write("catalogue.yaml", changed)) == command.OK
        assert self.main(write("catalogue.yaml", CATALOGUE)) == command.FOUND
        assert "other names added" in capsys.readouterr().out

    def test_the_active_rulebook_too(
        self, write: Write, capsys: pytest.CaptureFixture[str]
    ) -> None:
        factories.reference_data()
        assert self.main(str(ROOT / "policy" / "data" / shipped.RULEBOOK)) == command.OK
        assert self.main(str(ROOT / "policy" / "data" / shipped.RULEBOOK), "--json") == command.OK

    @pytest.mark.bare
    def test_where_nothing_is_active_somebody_has_to_say_what_to_compare_with(
        self, capsys: pytest.CaptureFixture[str]
    ) -> None:
        file = str(ROOT / "policy" / "data" / "catalogue.yaml")
        assert self.main(file) == command.WRONG
        assert "Nothing is active in the database yet" in capsys.readouterr().err
        assert self.main(file, "--against", "shipped") == command.OK


def test_no_limit_of_the_solver_is_a_clock() -> None:
    """Under load a proof takes longer, and its answer stays."""
    for module in (ROOT / "policy" / "engine" / "proof").glob("*.py"):
        assert '"timeout"' not in module.read_text(), module


def test_the_names_are_printed_as_yaml_reads_them(
    write: Write, capsys: pytest.CaptureFixture[str]
) -> None:
    name, text, more, _begins = EASED["registry"]
    _code, out, _err = run(capsys, "check", write(name, text), *more)
    names: Any = YAML(typ="safe").load(confirmations(unconfirmed(out)))
    assert [one["what"] for one in names] == unconfirmed(out)


def test_a_charter_is_sent_to_its_own_verb(capsys: pytest.CaptureFixture[str]) -> None:
    file = str(ROOT / "policy/data/charter-1.0.yaml")
    assert command.main(["check", file]) == command.WRONG
    assert "is a charter. Hold it to the former one: charter FILE" in capsys.readouterr().err
