"""Which answer of the form sets which fact: one table, read by the form, by tests and by guides.

An answer is kept as the fact that it speaks of, so nothing that compliance settles takes it away.
What the catalogue says counts beside it, whichever is graver; where the two differ, a sentence
stands beside the fact. A question that was not asked declares nothing.

Old answers keep their place in the table: revisions that were sent with them are screened again.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from policy.facts.declared import NOT_KNOWN, DeclaredError
from policy.reference.capabilities import KEPT

Answers = Mapping[str, Any]
#: What the form keeps of a question whose answer sales does not know.
UNKNOWN = "?"
#: For members of a set of flags, beside True and False.
MAYBE = "maybe"
#: Questions that only people read: no rule ever decides on their answers.
ONLY_READ = frozenset({"name", "reference", "value", "sign-date", "description"})


@dataclass(frozen=True, kw_only=True)
class Sets:
    """What the answers to one question declare, by the names of policy.facts.declared.

    ``values`` has every answer that the form gives or ever gave. With a ``member`` the fact is a
    set of flags, and the values are True, False and MAYBE; signs are sentences, "" for none.
    """

    slug: str
    declares: str
    values: Mapping[str, Any]
    member: str = ""
    is_sign: bool = False


_YES_NO: Mapping[str, Any] = {"yes": True, "no": False, UNKNOWN: MAYBE}
#: What can be switched on later is there as sold.
_AS_SOLD: Mapping[str, Any] = {**_YES_NO, "later": True}

TABLE: tuple[Sets, ...] = (
    Sets(
        slug="handover",
        declares="abilities_declared",
        member="hands_over_more",
        values={"no": False, "standard": False, "more": True, UNKNOWN: MAYBE},
    ),
    Sets(
        slug="stores", declares="abilities_declared", member="stores_intercepted", values=_AS_SOLD
    ),
    Sets(
        slug="analyses",
        declares="abilities_declared",
        member="analyses_intercepted",
        values=_AS_SOLD,
    ),
    Sets(
        slug="restricts", declares="abilities_declared", member="restricts_content", values=_YES_NO
    ),
    Sets(slug="follows", declares="abilities_declared", member="follows_people", values=_YES_NO),
    Sets(
        slug="intelligence-access",
        declares="agency_access",
        values={"no": "no", "yes": "yes", UNKNOWN: NOT_KNOWN},
    ),
    Sets(
        slug="limits-speech",
        declares="speech_limit_request",
        values={
            "no": "none",
            "refused": "refused",
            "included": "included",
            UNKNOWN: NOT_KNOWN,
            # The form once asked for yes or no: whether it was refused has to be said.
            "yes": NOT_KNOWN,
        },
    ),
    Sets(
        slug="law-conflict",
        declares="conflict_signs",
        is_sign=True,
        values={
            "no": "",
            "yes": "sales says that local law asks for it",
            UNKNOWN: "sales does not know whether local law asks for it",
        },
    ),
    Sets(
        slug="reports",
        declares="adverse_signs",
        is_sign=True,
        values={
            "no": "",
            "yes": "sales knows of reports of misuse",
            UNKNOWN: "sales does not know whether there are reports of misuse",
        },
    ),
)


def declared(answers: Answers) -> dict[str, Any]:
    """What the answers of the table declare; DeclaredError for an answer that no form gives."""
    facts: dict[str, Any] = {}
    abilities: dict[str, Any] = {}
    for sets, value in _given(answers):
        if sets.member:
            abilities[sets.member] = value
        elif sets.is_sign:
            facts[sets.declares] = [value] if value else []
        else:
            facts[sets.declares] = value
    return facts | _flags(abilities)


def _given(answers: Answers) -> Iterator[tuple[Sets, Any]]:
    for sets in TABLE:
        answer = answers.get(sets.slug)
        if isinstance(answer, Mapping):
            answer = answer.get("answer")
        if not answer:
            continue
        if answer not in sets.values:
            raise DeclaredError([f"{sets.slug}: the form gives no answer {answer!r}"])
        yield sets, sets.values[answer]


def _flags(abilities: Mapping[str, Any]) -> dict[str, Any]:
    there = [name for name, value in abilities.items() if value is True]
    maybe = [name for name, value in abilities.items() if value is MAYBE]
    # Who was not asked what a storage is for has not said so with a "no" to something else.
    if not (there or maybe) and abilities.keys().isdisjoint(KEPT):
        return {}
    return {"abilities_declared": {"yes": there, "unknown": maybe} if maybe else there}
