"""`./run policy`: what it finds, in words and as JSON, and how it ends."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from policy.engine.language.schema import rulebook_schema
from policy.engine.proof import difference
from policy.facts import shipped
from policy.governance import command, proving
from tests.policy.governance import hollowed

ROOT = Path(__file__).resolve().parents[3]
SHIPPED = ROOT / "policy" / "data" / shipped.RULEBOOK
CASES = ROOT / "policy" / "data" / "cases.jsonl"


def written(tmp_path: Path, *changes: tuple[str, str]) -> str:
    """The shipped rulebook with these texts replaced, as a file."""
    text = SHIPPED.read_text()
    for old, new in changes:
        assert old in text
        text = text.replace(old, new)
    path = tmp_path / "changed.yaml"
    path.write_text(text)
    return str(path)


def run(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str, str]:
    code = command.main(arguments)
    said = capsys.readouterr()
    return code, said.out, said.err


def found(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, Any]:
    code, out, _err = run(capsys, *arguments, "--json")
    return code, json.loads(out)


class TestFiles:
    def test_a_missing_file_is_wrong_use(self, capsys: pytest.CaptureFixture[str]) -> None:
        code, out, err = run(capsys, "check", "nowhere.yaml")
        assert (code, out) == (2, "")
        assert err == "nowhere.yaml: No such file or directory\n"

    def test_problems_print_by_file_line_and_column(
        self, capsys: pytest.CaptureFixture[str], tmp_path: Path
    ) -> None:
        name = written(tmp_path, ("country_risk: [low]", "country_risk: [lwo]"))
        code, _out, err = run(capsys, "check", name)
        assert code == 2
        assert err.startswith(f"{name}:")
        assert "did you mean low?" in err

    def test_bytes_that_are_no_text_name_their_place(
        self, capsys: pytest.CaptureFixture[str], tmp_path: Path
    ) -> None:
        path = tmp_path / "bytes.yaml"
        path.write_bytes(b"rulebook: \xff\n")
        assert run(capsys, "prove", str(path))[2].startswith(
            f"{path}: line 1: after “rulebook: ” stands a letter that is not saved as UTF-8"
        )

    def test_a_huge_file_is_refused(
        self, capsys: pytest.CaptureFixture[str], tmp_path: Path
    ) -> None:
        path = tmp_path / "huge.yaml"
        path.write_bytes(b"# " + b"x" * 10_000_000)
        code, _out, err = run(capsys, "check", str(path))
        assert code == 2
        assert ":1:" in err

    def test_editors_get_a_schema_of_rulebooks(self, capsys: pytest.CaptureFixture[str]) -> None:
        code, out, _err = run(capsys, "schema")
        assert code == 0
        assert json.loads(out) == rulebook_schema(shipped.vocabulary())

    def test_wrong_use_ends_with_2(self) -> None:
        with pytest.raises(SystemExit) as ended:
            command.main(["weigh", "rulebook.yaml"])
        assert ended.value.code == 2

    def test_the_canonical_text_is_read_too(
        self, capsys: pytest.CaptureFixture[str], tmp_path: Path
    ) -> None:
        path = tmp_path / "canonical.json"
        path.write_text(shipped.rulebook().canonical)
        _code, said = found(capsys, "prove", str(path))
        assert said["digest"] == shipped.rulebook().digest


class TestPromises:
    def test_every_promise_is_told(self, capsys: pytest.CaptureFixture[str]) -> None:
        _code, said = found(capsys, "prove", str(SHIPPED))
        assert [one["id"] for one in said["promises"]] == [
            one.id for one in shipped.rulebook().promises
        ]

    def test_one_without_an_answer_is_not_good(
        self, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def silent(_rulebook: Any) -> list[proving.Proved]:
            return [proving.Proved("P01", "Nothing passes", proving.OPEN)]

        monkeypatch.setattr(proving, "prove", silent)
        code, out, _err = run(capsys, "prove", str(SHIPPED))
        assert code == 1
        assert "NOT PROVED  P01 Nothing passes" in out

    def test_a_rulebook_without_promises_is_held_to_those_of_the_charter(
        self, capsys: pytest.CaptureFixture[str], tmp_path: Path
    ) -> None:
        text = SHIPPED.read_text()
        path = tmp_path / "silent.yaml"
        path.write_text(text[: text.index("promises:\n")])
        code, said = found(capsys, "check", str(path))
        assert (code, said["problems"]) == (1, [])
        assert len(said["looser"]) == len(said["promises"])
        assert said["looser"][0]["name"] == "promise P01 removed"
        assert [one["id"] for one in said["promises"]] == list(shipped.charter().by_id)


WEAKER = ("clause: C2b\n    outcome: bar", "clause: C2b\n    outcome: senior_review")


class TestProofs:
    def test_the_shipped_rulebook_keeps_its_promises(
        self, capsys: pytest.CaptureFixture[str]
    ) -> None:
        code, said = found(capsys, "check", str(SHIPPED))
        assert code == 0
        assert {one["state"] for one in said["promises"]} == {"proved"}
        assert said["dead"] == []

    def test_a_broken_promise_names_the_rule_and_tells_the_deal(
        self, capsys: pytest.CaptureFixture[str], tmp_path: Path
    ) -> None:
        code, out, _err = run(capsys, "check", written(tmp_path, WEAKER))
        assert code == 1
        lines = out.splitlines()
        at = next(n for n, line in enumerate(lines) if line.startswith("BROKEN      P01"))
        assert lines[at + 1].strip() == "to blame: B01"
        assert lines[at + 2].strip() == "this deal comes out as senior review:"
        assert any(line.strip().startswith("Capabilities: ") for line in lines[at:])

    def test_a_difference_tells_what_got_milder_first(
        self, capsys: pytest.CaptureFixture[str], tmp_path: Path
    ) -> None:
        code, said = found(capsys, "diff", str(SHIPPED), written(tmp_path, WEAKER))
        assert code == 1
        assert said["differences"][0]["milder"]
        assert said["differences"][0]["rules"] == ["B01"]

    def test_a_stricter_version_is_no_fault(
        self, capsys: pytest.CaptureFixture[str], tmp_path: Path
    ) -> None:
        code, said = found(capsys, "diff", written(tmp_path, WEAKER), str(SHIPPED))
        assert code == 0
        assert said["differences"]
        assert not any(one["milder"] for one in said["differences"])

    def test_a_version_behaves_like_itself(self, capsys: pytest.CaptureFixture[str]) -> None:
        code, out, _err = run(capsys, "diff", str(SHIPPED), str(SHIPPED))
        assert code == 0
        assert "These versions behave the same." in out


class TestBacktest:
    def test_the_same_rulebook_changes_nothing(self, capsys: pytest.CaptureFixture[str]) -> None:
        code, said = found(capsys, "backtest", str(SHIPPED), "--deals", str(CASES))
        assert code == 0
        assert said["deals"] == len(CASES.read_text().splitlines())
        assert said["changed"] == []

    def test_a_milder_rule_is_found_and_listed(
        self, capsys: pytest.CaptureFixture[str], tmp_path: Path
    ) -> None:
        name = written(tmp_path, WEAKER)
        code, said = found(capsys, "backtest", name, "--deals", str(CASES))
        assert code == 1
        assert said["changed"]
        assert all(one["milder"] for one in said["changed"])
        assert sum(n for was, now, n in said["matrix"] if was != now) == len(said["changed"])

    def test_against_turns_the_comparison_round(
        self, capsys: pytest.CaptureFixture[str], tmp_path: Path
    ) -> None:
        name = written(tmp_path, WEAKER)
        code, said = found(
            capsys, "backtest", str(SHIPPED), "--deals", str(CASES), "--against", name
        )
        assert code == 0
        assert not any(one["milder"] for one in said["changed"])

    def test_a_line_that_cannot_be_read_is_told(
        self, capsys: pytest.CaptureFixture[str], tmp_path: Path
    ) -> None:
        path = tmp_path / "deals.jsonl"
        path.write_text('{"id": 1, "facts": {"cuontry": "FI"}}\nnonsense\n')
        code, said = found(capsys, "backtest", str(SHIPPED), "--deals", str(path))
        assert code == 1
        assert len(said["errors"]) == 2
        assert said["deals"] == 0


def test_it_starts_without_django() -> None:
    program = "import sys; import policy.governance.command; print('django' in sys.modules)"
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "False"


class TestHollowedPromises:
    """The promises of the shipped rulebook, or of another one, are held against the file."""

    def hollow(self, tmp_path: Path, *more: tuple[str, str]) -> str:
        path = tmp_path / "hollow.yaml"
        path.write_text(hollowed.rulebook(*hollowed.EMPTIED, *more))
        return str(path)

    def test_the_first_step_is_refused(
        self, capsys: pytest.CaptureFixture[str], tmp_path: Path
    ) -> None:
        code, out, _err = run(capsys, "check", self.hollow(tmp_path))
        assert code == 1
        assert (
            "EMPTY       P01 “Active surveillance is barred, whatever else is true” covers" in out
        )
        assert "A deal that lost its protection: " in out
        assert "to be confirmed as: promise P01 empty" in out

    def test_the_second_step_is_refused(
        self, capsys: pytest.CaptureFixture[str], tmp_path: Path
    ) -> None:
        code, found_ = found(capsys, "check", self.hollow(tmp_path, hollowed.REVIEWED))
        assert code == 1
        told = {one["name"]: one for one in found_["charter"]}
        assert told["promise P01 empty"]["held"]["state"] == "broken"
        assert "The new rules do not keep it as it was." in told["promise P01 empty"]["sentence"]

    def test_no_confirmation_helps_a_promise_without_a_deal(
        self, capsys: pytest.CaptureFixture[str], tmp_path: Path
    ) -> None:
        confirmed = tmp_path / "confirmed.yaml"
        confirmed.write_text(
            "".join(f"promise {one} empty: The board decided so.\n" for one in ("P01", "P20"))
        )
        name = self.hollow(tmp_path)
        code, out, _err = run(capsys, "check", name, "--confirmed", str(confirmed))
        assert (code, "speaks of no deal, so it promises nothing" in out) == (1, True)

    def test_a_confirmation_needs_each_name_and_a_reason(
        self, capsys: pytest.CaptureFixture[str], tmp_path: Path
    ) -> None:
        name, confirmed = str(tmp_path / "looser.yaml"), tmp_path / "confirmed.yaml"
        fewer = ("      - fact_conflict\n", "")
        Path(name).write_text(hollowed.rulebook(hollowed.LOOSENED, fewer))
        one = "promise P03 changed: The board decided so on 12 November.\n"
        both = f"{one}promise P18 changed: The board decided so on 12 November.\n"
        confirmed.write_text(one)
        assert run(capsys, "check", name, "--confirmed", str(confirmed))[0] == 1
        confirmed.write_text(both)
        code, out, _err = run(capsys, "check", name, "--confirmed", str(confirmed))
        assert code == 0
        assert "confirmed: The board decided so on 12 November." in out
        confirmed.write_text("promise P03 changed: Because.\n")
        code, _out, err = run(capsys, "check", name, "--confirmed", str(confirmed))
        assert (code, f"{confirmed}:1:1: " in err) == (2, True)
        assert "at least 20 characters" in err
        confirmed.write_text(f"{both}promise P02 removed: There is no such change here.\n")
        code, _out, err = run(capsys, "check", name, "--confirmed", str(confirmed))
        assert (code, "there is nothing to confirm called promise P02 removed" in err) == (2, True)

    def test_against_another_rulebook(
        self, capsys: pytest.CaptureFixture[str], tmp_path: Path
    ) -> None:
        name = self.hollow(tmp_path)
        code, told = found(capsys, "check", str(SHIPPED), "--against", name)
        assert code == 1, "the shipped promises are changed ones beside the hollow ones"
        assert {one["fate"] for one in told["charter"]} == {"changed"}
        assert {bool(one["lost"]) for one in told["charter"]} == {False}, "and they cover more"
        assert told["against"]["label"] == "9.1"

    def test_the_shipped_rulebook_is_held_to_itself(
        self, capsys: pytest.CaptureFixture[str]
    ) -> None:
        code, told = found(capsys, "check", str(SHIPPED))
        assert (code, told["charter"], told["reworded"]) == (0, [], [])


def test_a_text_made_from_another_version_says_so_and_which_promises_it_does_not_keep(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    # There are hundreds of differences; a few are too many too, and found sooner.
    monkeypatch.setitem(difference.differences.__kwdefaults__, "most", 5)
    former = ROOT / "policy" / "data" / "rulebook-1.0.yaml"
    code, _out, err = run(capsys, "check", str(former))
    assert code == 2
    assert "Not as in version 1.1: promise P01 changed" in err
    assert "promise P21 removed" in err
    assert "compare it with that one: --against FILE" in err
    assert ".." not in err
