"""Mistakes in a rulebook come as sentences for whoever wrote it, with line and column."""

from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils.html import escape

from policy.engine.language.reading import ReadingError, read_canonical, read_rulebook
from policy.facts import shipped
from policy.governance import easings, sentences
from policy.governance.proposals import About, ProposalRefused, read
from policy.wording import clauses
from tests import factories
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


@pytest.mark.parametrize(
    ("clause", "said"),
    [
        ('","', "rule B01: clause: names no clause; write one such as C2b"),
        ('"C2b, C2b"', "rule B01: clause: C2b is named twice; keep one"),
    ],
)
def test_a_citation_that_cites_nothing_or_twice(clause: str, said: str) -> None:
    [problem] = problems((TITLE, TITLE.replace("C2b", clause)))
    assert said in problem


def test_a_placeholder_that_names_no_fact() -> None:
    [problem] = problems(("which is active surveillance", "which is {capabilties}"))
    assert "unknown placeholder {capabilties}; did you mean capabilities?" in problem


#: What people read of a rule, each changed alone: a text of the shipped rulebook and another one.
READ = {
    "title": ("Active surveillance is excluded", "Active surveillance is looked at"),
    "clause": ("    clause: C2b\n    outcome: bar", "    clause: C2a\n    outcome: bar"),
    "reason": ("limits political discourse.", "is harmless."),
    "who is asked": ("    asks: compliance", "    asks: sales"),
    "evidence asked for": ("evidence: [grounds_of_ruling]", "evidence: [mitigation_plan]"),
}


@pytest.mark.parametrize("what", READ)
def test_words_that_change_alone_are_listed_old_beside_new_and_confirmed(what: str) -> None:
    before, text = shipped.rulebook(), rulebook()
    old, new = READ[what]
    assert old in text
    after = read_rulebook(
        text.replace(old, new, 1), shipped.vocabulary(), file="x", cited=clauses.known()
    )
    [change] = sentences.reworded(before, after)
    assert (change.what, change.is_silent) == (what, False)
    assert change.before != change.after
    found: Any = {"differences": [], "fewer": [], "charter": [], "reworded": [change.plain]}
    [easing] = easings.of_rulebook(found)
    assert easing.name == f"words of {change.rule}"
    assert f"“{change.before}” becomes “{change.after}”" in easing.words


@pytest.mark.django_db
def test_the_page_of_a_rule_quotes_the_clauses_that_exist_and_says_which_do_not(
    site: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    factories.reference_data()
    rule = shipped.rulebook().by_id["B01"]
    page = site.get(reverse("policy:rule", args=["B01"])).content.decode()
    quoted = clauses.clauses()[rule.clause.partition(",")[0]]
    assert escape(quoted.key_phrase) in page
    assert "the policy has no clause" not in " ".join(page.split())
    fewer = {name: one for name, one in clauses.clauses().items() if name != "C2b"}
    monkeypatch.setattr(clauses, "clauses", lambda: fewer)
    page = " ".join(site.get(reverse("policy:rule", args=["B01"])).content.decode().split())
    assert escape(quoted.key_phrase) not in page
    assert "This rulebook cites a clause C2b, and the policy has no clause of that name." in page
