"""A declared deal as the answers that promises speak of: the way back of `Encoded.declared`.

Only what the declaration says is answered. The catalogue's word is what the deal surely contains,
less what linked deals and the base contain.
"""

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from policy.engine.language.facts import Facts
from policy.facts.answers_to_facts import MAYBE, TABLE, Sets
from policy.facts.bundle import ReferenceData
from policy.facts.declared import NOT_KNOWN
from policy.facts.encoded import LISTED_AS, RULED, answer_of, answering
from policy.facts.flags import members, surely
from policy.facts.likenesses import countries_of
from policy.facts.parties import listed_as


def answered(
    declared: Mapping[str, Any],
    given: Mapping[str, Any],
    variants: Sequence[Facts],
    data: ReferenceData,
) -> list[dict[str, Any]]:
    """The answers of each variant of a deal, by the names that `Encoded.words` has."""
    linked = members(declared.get("linked_capabilities"))
    answers = {
        "answer_end_user": declared.get("end_user_type"),
        "answer_customer": declared.get("customer_type"),
        "answer_beside": linked,
        "answer_ruled": sorted(RULED_NAMES & given.keys()),
        LISTED_AS: _listed(declared, data),
    }
    answers |= {answer_of(sets): _answer(sets, declared.get(sets.declares)) for sets in TABLE}
    said = {name: value for name, value in answers.items() if value is not None}
    return [said | _of_variant(variant, linked) for variant in variants]


def _of_variant(variant: Facts, linked: Collection[str]) -> dict[str, Any]:
    contained = surely(variant["capabilities"]) or ()
    says = {"catalogue_says": [one for one in contained if one not in linked]}
    return says | ({"answer_purpose": variant["purpose"]} if variant["purpose"] else {})


RULED_NAMES = frozenset(RULED)


def _listed(declared: Mapping[str, Any], data: ReferenceData) -> list[str]:
    name = (declared.get("end_user_name") or "").strip()
    hits = data.registry.hits(name, countries_of(declared, data)) if name else ()
    return sorted(listed_as(hits))


def _answer(sets: Sets, said: Any) -> str | None:
    """The answer that declares this; None where nothing tells which."""
    if sets.member and said is not None:
        said = _of_member(sets.member, said)
    elif sets.is_sign and said is not None:
        said = said[0] if said else ""
    answers = [] if said is None else answering(sets, said)
    # An answer that is not known is also what some old answers say.
    return NOT_KNOWN if NOT_KNOWN in answers else next(iter(answers), None)


def _of_member(member: str, flags: Any) -> Any:
    if member in (surely(flags) or ()):
        return True
    return MAYBE if member in members(flags) else None
