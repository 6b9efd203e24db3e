"""Which laws of the register the form offers for a deal: those that fit it come first."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

from policy.facts import lawful
from policy.facts.derive import ReferenceData, Variant, trace
from policy.facts.flags import members
from policy.facts.lawful import Wanted
from policy.reference.laws import CLASS_WORDS, Law, classes_of
from screening.form import questions
from screening.form.deal_form import Answers


@dataclass(frozen=True)
class Offer:
    """Laws that fit some part of the deal, and others of its countries, each with why not."""

    fitting: list[Law]
    others: list[tuple[Law, str]]


def offer(answers: Answers, data: ReferenceData, on: date) -> Offer:
    """By what the deal says so far. Laws of other countries fit nothing and are left out."""
    fitting: list[Law] = []
    others: list[tuple[Law, str]] = []
    wanted = list(_wanted(answers, data, on))
    for law in data.laws.laws:
        here = [want for want in wanted if want.place and law.country in want.place.countries]
        misfits = [lawful.misfit(law, want, data.kind_words) for want in here]
        if "" in misfits:
            fitting.append(law)
        elif misfits:
            others.append((law, misfits[0]))
    return Offer(fitting, others)


def _wanted(answers: Answers, data: ReferenceData, on: date) -> Iterator[Wanted]:
    declared = questions.declared_facts(answers, questions.context_of(answers, data))
    without = {
        name: value for name, value in declared.items() if name not in ("laws", "legal_basis")
    }
    for variant in trace(without, data, on=on):
        yield _of_variant(variant, data, on, lawful.who_signs(declared))


def _of_variant(variant: Variant, data: ReferenceData, on: date, signs: str) -> Wanted:
    facts = variant.facts.plain
    place = data.countries.places.get(str(facts.get("country") or ""))
    present = [members(facts.get(name)) for name in ("capabilities", "abilities_declared")]
    return Wanted(place, str(facts["end_user_type"]), classes_of(*present), on, signs)


def hint(law: Law) -> str:
    """What sales sees below the name of a law."""
    classes = ", ".join(CLASS_WORDS[letter] for letter in law.classes)
    return f"{classes[:1].upper()}{classes[1:]}. Ordered by {law.orders}."
