"""Whom and where sales names in its own words, and in no answer that asks for it.

The texts of the form, and what `policy.facts.in_text` says to them.
"""

import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from typing import Any

from policy.facts import in_text
from policy.facts.derive import ReferenceData
from policy.reference.names.folding import fold
from policy.reference.names.plain_text import without
from policy.reference.registry import INTELLIGENCE
from screening.form.deal_form import OTHER_PLACES, TITLE, Answers, end_user_kind

#: Questions with words, and how a sentence calls them.
WRITTEN: Mapping[str, str] = {
    TITLE: "title",
    "reference": "reference",
    "description": in_text.DESCRIPTION,
}
SITE = "site"
#: Words of a name inside a text, and letters of one that is a single word.
LONGEST_PHRASE, SHORTEST_NAME = 6, 4
#: How a deal is called.
_REFERENCE = re.compile(r"(?<!\w)HR-\d{4}-\d{4,18}(?!\w)")
#: Questions with words beside the answer, of whose answer a deal may clear.
BESIDE: Mapping[str, str] = {"restricts": "answer to 4.7", "follows": "answer to 4.8"}


def texts(answers: Answers) -> Iterator[tuple[str, str]]:
    """What sales wrote, with what a sentence calls it."""
    for slug, called in WRITTEN.items():
        text = answers.get(slug)
        if isinstance(text, str) and text:
            yield called, without(text, lines=True)
    for slug, called in BESIDE.items():
        if text := (answers.get(slug) or {}).get("text"):
            yield called, without(text, lines=True)
    for row in answers.get("countries") or ():
        if row.get("site"):
            yield SITE, without(row["site"], lines=True)


def read_for(contradictions: Collection[str], answers: Answers) -> list[str]:
    """The whole texts of which these sentences quote a word: who settled them read all of it."""
    return [
        text
        for called, text in texts(answers)
        if called in WRITTEN.values()
        and any(sentence.startswith(f"The {called} ") for sentence in contradictions)
    ]


def sentences(answers: Answers, data: ReferenceData, codes: Iterable[str]) -> Iterator[str]:
    """One for each agency, vendor or country that a text names; ``codes`` are those of the deal.

    The names of the parties are left out: they are looked up by themselves. So are sites, as far as
    they say where it is.
    """
    codes, own = frozenset(codes), _own_names(answers)
    for called, text in texts(answers):
        rest = in_text.without_names(text, own)
        if end_user_kind(answers) != INTELLIGENCE:
            yield from in_text.agencies(called, rest, data, codes)
        if called != SITE:
            yield from in_text.countries(called, rest, data, codes)
            yield from in_text.territories(called, rest, data, codes | _territories_of(answers))


def references(answers: Answers) -> frozenset[str]:
    """The deals that the texts name by their references."""
    return frozenset(one for _, text in texts(answers) for one in _REFERENCE.findall(text.upper()))


def phrases(answers: Answers) -> frozenset[str]:
    """Whatever in the texts could be the name of somebody, folded: names of parties left out, and
    single words without a capital, for these are words.
    """
    own = _own_names(answers)
    found = set[str]()
    for _, text in texts(answers):
        for part in in_text.parts(in_text.without_names(text, own)):
            words = part.split()
            for at in range(len(words)):
                for length in range(1, min(LONGEST_PHRASE, len(words) - at) + 1):
                    if length > 1 or _begins_a_name(words[at]):
                        found.add(fold(" ".join(words[at : at + length])))
    return frozenset(found)


def _begins_a_name(word: str) -> bool:
    return len(word) >= SHORTEST_NAME and word[0] == word[0].upper()


def _territories_of(answers: Answers) -> frozenset[str]:
    """Those that were chosen as a place, or as where in a country it is."""
    rows = [row["place"] for row in answers.get("countries") or ()]
    elsewhere = [answers.get(slug) or {} for slug in (OTHER_PLACES, "elsewhere")]
    rows += [code for one in elsewhere for code in one.get("places") or ()]
    rows += (answers.get("run-from") or {}).values()
    return frozenset(rows).union(*(answers.get("territories") or {}).values())


def _own_names(answers: Answers) -> set[str]:
    parties: list[Mapping[str, Any]] = (answers.get("intermediaries") or {}).get("parties", [])
    given = [answers.get("customer"), answers.get("end-user-name"), *(p["name"] for p in parties)]
    return {name for name in given if name}
