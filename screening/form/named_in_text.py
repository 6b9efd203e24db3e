"""Whom sales names in its own words, and in no answer that asks for a name.

A title, a reference, a site or the customer's words may say who is really to use the system, or
whose system it is to work with. No rule reads them; an agency or a vendor of surveillance systems
that only they name is a question for compliance.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from policy.facts.derive import ReferenceData
from policy.reference.names.lexicon import SOUNDS
from policy.reference.names.plain_text import without
from policy.reference.registry import INTELLIGENCE
from screening.form import own_words
from screening.form.deal_form import TITLE, Answers, end_user_kind

#: Questions with words, and how a sentence calls them.
WRITTEN: Mapping[str, str] = {
    TITLE: "title",
    "reference": "reference",
    "description": "purpose in the customer's words",
}
#: Questions with words beside the answer, of whose answer a deal may clear.
BESIDE: Mapping[str, str] = {"restricts": "answer to 4.7", "follows": "answer to 4.8"}
#: Names are looked for within a sentence.
_SENTENCES = re.compile(r"[.;!?\n]+\s+|\n")
HEARD = "intelligence"


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
            yield "site", without(row["site"], lines=True)


def sentences(answers: Answers, data: ReferenceData, countries: Iterable[str]) -> Iterator[str]:
    """One for each agency or vendor that a text names; ``countries`` are those of the deal.

    The names of the parties are left out: they are looked up by themselves.
    """
    if end_user_kind(answers) == INTELLIGENCE:
        return
    here, own = frozenset(countries), _own_names(answers)
    for called, text in texts(answers):
        for sentence in _SENTENCES.split(_without(text, own)):
            if named := _named(sentence, data, here):
                yield f"The {called} {named}, and no answer names it."


def _named(sentence: str, data: ReferenceData, countries: frozenset[str]) -> str:
    registry = data.registry
    if vendor := registry.vendor_in(sentence):
        return f"names {vendor.name}, a vendor of surveillance systems"
    for hit in registry.hits(sentence, countries):
        if hit.party.kind == INTELLIGENCE:
            return f"names {hit.party.name}, an intelligence or security body"
    if HEARD in registry.sounds(own_words.without_heard(sentence)):
        return f"speaks of {SOUNDS[HEARD]}"
    return ""


def _own_names(answers: Answers) -> list[str]:
    """The names of the parties, the longest first: a shorter one may stand in it."""
    parties: list[Mapping[str, Any]] = (answers.get("intermediaries") or {}).get("parties", [])
    given = [answers.get("customer"), answers.get("end-user-name"), *(p["name"] for p in parties)]
    return sorted({name for name in given if name}, key=len, reverse=True)


def _without(text: str, names: Iterable[str]) -> str:
    for name in names:
        # Few texts repeat a name, and a pattern of each would cost more than the rest of it.
        if name.casefold() in text.casefold():
            whole = rf"(?<!\w){re.escape(name)}(?!\w)"
            text = re.sub(whole, " ", text, flags=re.IGNORECASE)
    return text
