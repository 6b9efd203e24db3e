"""Mistakes in a rulebook come as sentences for whoever wrote it, with line and column."""

import pytest

from policy.engine.language.reading import ReadingError, read_canonical, read_rulebook
from policy.facts import shipped
from policy.governance.proposals import About, ProposalRefused, read
from policy.wording import clauses
from tests.policy.governance.hollowed import rulebook

TITLE = "    title: Active surveillance is excluded\n    clause: C2b\n"
MARKERS = "<<<<<<< HEAD\n    clause: C2b\n=======\n    clause: C1\n>>>>>>> proposal\n"


def problems(*changes: tuple[str, str]) -> list[str]:
    text = rulebook(*changes)
    with pytest.raises(ReadingError) as refused:
        read_rulebook(text, shipped.vocabulary(), file="x", cited=clauses.known())
    return [str(one) for one in refused.value.problems]


def at(text: str) -> int:
    """The line of the shipped rulebook that holds this text."""
    whole = shipped.text(shipped.RULEBOOK)
    return whole[: whole.index(text)].count("\n") + 1


@pytest.mark.parametrize(
    ("change", "place", "sentence"),
    [
        (
            (TITLE, TITLE.replace("    title", "\ttitle")),
            (0, 1),
            "a tab at the beginning of the line; indent with spaces only",
        ),
        (
            (TITLE, TITLE.replace("    clause: C2b\n", MARKERS)),
            (1, 1),
            "keep the lines of one of them and remove the lines that begin with <<<<<<<",
        ),
        (
            (TITLE, TITLE.replace("excluded", "excluded: important")),
            (0, 43),
            'put the text in quotation marks: title: "Active surveillance is excluded: important"',
        ),
        (
            (TITLE, TITLE.replace("Active", '"Active')),
            (0, 12),
            "a quotation mark without its partner",
        ),
        ((TITLE, TITLE.replace("    clause", "  clause")), (1, 3), "does not belong to what"),
    ],
    ids=["tab", "merge", "colon", "quote", "indent"],
)
def test_what_the_parser_stumbles_over(
    change: tuple[str, str], place: tuple[int, int], sentence: str
) -> None:
    [problem] = problems(change)
    lines, column = place
    assert problem.startswith(f"x:{at(TITLE) + lines}:{column}: ")
    assert sentence in problem
    assert "not YAML" not in problem


def test_a_clause_that_does_not_exist() -> None:
    [problem] = problems((TITLE, TITLE.replace("C2b", "C2b, C7z")))
    assert problem.startswith(f"x:{at(TITLE) + 1}:13: rule B01: clause: ")
    assert 'the policy has no clause "C7z"; its clauses are B1, ' in problem


def test_evidence_that_does_not_exist() -> None:
    [problem] = problems(("evidence: [grounds_of_ruling]", "evidence: [ground_of_ruling]"))
    assert problem.startswith(f"x:{at('evidence: [grounds_of_ruling]')}:16: rule S16: evidence: ")
    assert 'no evidence is called "ground_of_ruling"; did you mean grounds_of_ruling?' in problem


@pytest.mark.django_db
def test_the_web_says_the_same() -> None:
    with pytest.raises(ProposalRefused) as refused:
        read("rulebook", rulebook((TITLE, TITLE.replace("C2b", "C7z"))), About())
    assert refused.value.problems[0].startswith(f"line {at(TITLE) + 1}, column 13: rule B01: ")


def test_a_stored_version_stays_readable_whatever_it_cites() -> None:
    text = rulebook((TITLE, TITLE.replace("C2b", "C7z")))
    stored = read_rulebook(text, shipped.vocabulary(), file="x")
    assert read_canonical(stored.canonical).by_id["B01"].clause == "C7z"


def test_the_shipped_rulebook_cites_what_exists() -> None:
    read_rulebook(rulebook(), shipped.vocabulary(), file="x", cited=clauses.known())
