"""The list of seeded faults stays true, and `./run mutants` believes no empty run.

No fault of the list is seeded here: that is what the verb is for.
"""

import ast
import re
from pathlib import Path

import pytest

from config.devtools.embedded import ROOT
from tests.mutants import __main__ as mutants
from tests.mutants.__main__ import CAUGHT, NOT_TRIED, SURVIVED, halves, verdict
from tests.mutants.seeded import Fault, chosen, faults
from tests.security.test_attacks import attacks

FAULTS = faults()
#: What the faults are about, and a part of the path of the files that do it.
AREAS = {
    "verbs": "verbs.py",
    "lifecycle": "lifecycle.py",
    "people": "people/actions.py",
    "roles": "people/roles.py",
    "pages": "people/access.py",
    "places": "facts/places.py",
    "parties": "facts/parties.py",
    "products": "facts/products.py",
    "names": "reference/names/",
    "questions": "questions.py",
    "answers": "answers_to_facts.py",
    "facts": "screening/deriving.py",
    "rulings": "screening/rulings.py",
    "other deals": "screening/linking.py",
    "what follows": "screening/following.py",
    "jobs": "jobs/models.py",
    "pauses": "jobs/kinds.py",
    "lanes": "jobs/queue.py",
    "sweep": "sweep/rescreen.py",
    "export": "reviews/audit_pages.py",
    "history": "history/decisions.py",
    "what sales wrote": "reviews/written.py",
    "governance": "policy/actions.py",
    "checks": "checking.py",
    "easing": "governance/entries.py",
    "charter": "governance/promises.py",
    "next charter": "proof/charter.py",
    "promises": "proof/promises.py",
    "premises": "proof/premises.py",
    "effort": "proof/symbols.py",
    "proofs from answers": "proof/answers.py",
    "answers for the prover": "facts/encoded.py",
    "promises on answers": "on_answers.py",
    "two engines": "two_engines.py",
    "votes": "tally.py",
    "ledger": "audit/",
    "conditions": "reviews/models.py",
    "schema": "/migrations/",
}


@pytest.mark.parametrize("fault", FAULTS, ids=[f"{one.file}: {one.name}" for one in FAULTS])
def test_each_text_stands_once_in_its_file(fault):
    assert fault.problem(ROOT) == ""


# SQL is tried when the schema is made for the fault, and one that is none ends the run.
IN_PYTHON = [fault for fault in FAULTS if not fault.file.endswith(".sql")]


@pytest.mark.parametrize("fault", IN_PYTHON, ids=[f"{one.file}: {one.name}" for one in IN_PYTHON])
def test_each_fault_is_a_program_and_not_a_slip(fault):
    """A fault that does not compile would be noticed by any test, and prove nothing."""
    ast.parse(fault.seeded((ROOT / fault.file).read_text()))


MADE = re.compile(r"CREATE (?:OR REPLACE )?FUNCTION (\w+)\(")


@pytest.mark.parametrize(
    "fault",
    [fault for fault in FAULTS if fault.is_in_the_schema],
    ids=lambda fault: f"{fault.file}: {fault.name}",
)
def test_no_fault_is_in_a_function_that_a_later_migration_makes_anew(fault):
    """Nothing would become of it, and a test that misses it would be blamed."""
    path = ROOT / fault.file
    text = path.read_text()
    before = MADE.findall(text[: text.index(fault.old)])
    later = [one for one in path.parent.glob("0*") if one.name > path.name]
    anew = [one.name for one in later if before and before[-1] in MADE.findall(one.read_text())]
    assert anew == []


ATTACKS = {attack.name for attack in attacks()}


def test_the_tests_that_must_notice_exist():
    lost = []
    for test in sorted({test for fault in FAULTS for test in fault.tests}):
        file, *names = test.split("::")
        body = ast.parse((ROOT / file).read_text()).body
        if names:
            names[-1], _, attack = names[-1].removesuffix("]").partition("[")
            # One of the statements of tests/security/attacks.sql.
            lost += [test] if attack and attack not in ATTACKS else []
        for name in names:
            found = [one for one in body if getattr(one, "name", "") == name]
            lost += [] if found else [test]
            body = getattr(found[0], "body", []) if found else []
    assert lost == []


def test_there_are_many_and_about_everything_that_decides():
    assert len(FAULTS) >= 200
    assert len({fault.name for fault in FAULTS}) == len(FAULTS)
    assert [
        area for area, part in AREAS.items() if not any(part in fault.file for fault in FAULTS)
    ] == []


# --- What the verb makes of a run ----------------------------------------------------------------


@pytest.mark.parametrize(
    ("code", "output", "state", "what"),
    [
        (0, "3 passed", SURVIVED, ""),
        (
            1,
            "FAILED tests/a.py::test_b[x y] - assert 1 == 2\n1 failed",
            CAUGHT,
            "tests/a.py::test_b[x y]",
        ),
        (1, "ERROR tests/a.py::test_b - IntegrityError\n1 error", CAUGHT, "tests/a.py::test_b"),
        (
            1,
            "ERROR    jobs:queue.py:83 job failed\nFAILED tests/a.py::test_b - assert 1\n1 failed",
            CAUGHT,
            "tests/a.py::test_b",
        ),
        (1, "ERROR    jobs:queue.py:83 job failed", NOT_TRIED, "pytest ended with 1"),
        (1, "Killed", NOT_TRIED, "pytest ended with 1: Killed"),
        (2, "ERROR tests/a.py - SyntaxError\n1 error", NOT_TRIED, "pytest ended with 2"),
        (4, "ERROR: not found: tests/a.py::test_gone", NOT_TRIED, "pytest ended with 4"),
        (5, "no tests ran", NOT_TRIED, "pytest ended with 5"),
        (-9, "", NOT_TRIED, "pytest ended with -9"),
    ],
)
def test_only_a_failed_test_catches(code, output, state, what):
    found = verdict(code, output)
    assert found.state == state
    assert found.what.startswith(what)


FAULT = Fault("a", "a.py", "1 + 1", "1 - 1", ("test_a.py",))


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("x = 1 + 1", ""),
        ("x = 2", "the text is no longer there"),
        ("x = 1 + 1\ny = 1 + 1", "the text is there 2 ×"),
    ],
)
def test_a_text_that_moved_on_is_a_failure(tmp_path, text, problem):
    (tmp_path / "a.py").write_text(text)
    assert FAULT.problem(tmp_path) == problem


def test_so_is_a_file_that_is_gone_and_a_fault_that_is_none(tmp_path):
    assert FAULT.problem(tmp_path) == "there is no file a.py"
    (tmp_path / "a.py").write_text("x = 1 + 1")
    same = Fault("a", "a.py", "1 + 1", "1 + 1", ())
    assert same.problem(tmp_path) == "the new text is the old one"


def test_words_choose_by_name_and_file():
    other = Fault("b", "jobs/models.py", "x", "y", ())
    assert chosen([FAULT, other], []) == [FAULT, other]
    assert chosen([FAULT, other], ["JOBS"]) == [other]
    assert chosen([FAULT, other], ["nothing"]) == []
    with pytest.raises(SystemExit, match="No fault has one of these words"):
        mutants.main(["no such word at all"])


def test_tests_of_one_file_stay_together():
    assert halves(["a::1", "b::1", "a::2", "a::1"]) == [["a::1", "a::2"], ["b::1"]]
    assert halves(["a::1"]) == [["a::1"]]


# --- A whole run, over a project of two lines ----------------------------------------------------


class Small(mutants.Ground):
    """A ground without servers: its tests need none."""

    def __init__(self, folder: Path) -> None:
        self.addresses, self.migrated = {}, ""
        self.free = mutants.SimpleQueue()
        for number in range(mutants.AT_ONCE):
            copy = folder / f"copy-{number}"
            copy.mkdir()
            (copy / "a.py").write_text(
                "def two():\n    return 1 + 1\n\n\ndef idle():\n    return 0\n"
            )
            (copy / "test_a.py").write_text(
                "import a\n\n\ndef test_two():\n    assert a.two() == 2\n"
            )
            (copy / "pytest.ini").write_text("[pytest]\npythonpath = .\naddopts = -p no:django\n")
            self.free.put(copy)


def test_caught_survived_and_stale(tmp_path, capsys):
    listed = [
        FAULT,
        Fault("b", "a.py", "return 0", "return 1", ("test_a.py",)),
        Fault("c", "a.py", "return 7", "return 8", ("test_a.py",)),
        # As long as the original, so a compiled file could be taken for it.
        Fault("d", "a.py", "1 + 1", "2 + 1", ("test_a.py::test_two",)),
    ]
    ground = Small(tmp_path)
    before = {path: path.read_bytes() for path in tmp_path.rglob("*.*") if path.is_file()}
    results = mutants.try_all(ground, listed)
    said = capsys.readouterr().out.splitlines()
    assert len(results) == 4
    states = {line.split()[-1]: line.split("  ")[0] for line in said if "a.py  " in line}
    assert states == {"a": CAUGHT, "b": SURVIVED, "c": NOT_TRIED, "d": CAUGHT}
    assert any("the text is no longer there" in line for line in said)
    after = {path: path.read_bytes() for path in before}
    assert after == before, "each copy is as it was"


def test_tests_that_fail_anyway_end_the_run(tmp_path):
    ground = Small(tmp_path)
    for copy in tmp_path.iterdir():
        (copy / "test_a.py").write_text("def test_two():\n    assert False\n")
    with pytest.raises(SystemExit, match="fail without a fault"):
        mutants.try_all(ground, [FAULT])
