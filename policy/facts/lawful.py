"""Whether a law of the register fits a deal: country, kind of end user, class, and day. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from policy.engine.language.words import listed
from policy.facts.declared import NOT_KNOWN, RESELLER
from policy.reference.destinations import Place
from policy.reference.laws import CLASS_WORDS, Law, day_words
from policy.reference.names.folding import fold


@dataclass(frozen=True, slots=True)
class Picked:
    """A law that sales picked. `law` is None when the register no longer has it."""

    id: str
    law: Law | None
    #: What it was called, and whether it had a conflict, when it was picked.
    cited: str
    had_conflict: bool = False

    @property
    def citation(self) -> str:
        return self.law.citation if self.law else self.cited or self.id

    @property
    def conflict(self) -> str:
        """Why it conflicts with standards; "" when it does not."""
        if self.law is not None:
            return self.law.why
        return "it did when it was picked, and is no longer registered" * self.had_conflict


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a law must fit: one variant of a deal, and the day on which it is screened."""

    place: Place | None
    kind: str
    #: Letters of policy.reference.laws.CLASSES, of what is there or may be.
    classes: frozenset[str]
    on: date | None
    #: The kind of who signs, where somebody else is to use it; "" where the two are one.
    signs: str = ""


def picked(declared: Mapping[str, Any], laws: Mapping[str, Law]) -> list[Picked]:
    """The laws that a declaration names, each once."""
    by_name: dict[str, Picked] = {}
    for entry in declared.get("laws") or ():
        name = entry if isinstance(entry, str) else entry["law"]
        kept = {} if isinstance(entry, str) else entry
        by_name[name] = Picked(
            name, laws.get(name), kept.get("cited") or "", bool(kept.get("conflict"))
        )
    return list(by_name.values())


def who_signs(declared: Mapping[str, Any]) -> str:
    """The kind of a customer that buys in its own name for somebody else to use; "" for none.

    One body that is declared as two kinds counts as both. Whoever buys to resell stands between us
    and the end user, and is looked at for that.
    """
    names = [fold(declared.get(name) or "") for name in ("customer_name", "end_user_name")]
    kind = declared.get("customer_type")
    is_one = names[0] == names[1] and (
        kind == declared.get("end_user_type") or kind == "commercial_operator"
    )
    return "" if is_one or kind in (None, NOT_KNOWN, RESELLER) else str(kind)


def is_of(law: Law, place: Place | None) -> bool:
    """Whether it is a law of the place; whose law holds in a special territory is disputed."""
    if place is None:
        return False
    return law.country == place.code or (not place.special and place.countries == {law.country})


def misfit(law: Law, wanted: Wanted, kinds: Mapping[str, str]) -> str:
    """Why the law does not count for a variant, in words; "" when it does."""
    if wanted.place is None:
        return "nobody knows where the system will be used"
    if not is_of(law, wanted.place):
        return f"it is not a law of {wanted.place.name}"
    if wanted.kind not in law.obliges:
        obliged = listed([kinds.get(kind, kind) for kind in law.obliges])
        return f"it obliges {obliged}"
    if wanted.signs and wanted.signs not in law.obliges:
        obliged = listed([kinds.get(kind, kind) for kind in law.obliges])
        return f"it obliges {obliged}, and who signs is {kinds.get(wanted.signs, wanted.signs)}"
    if wanted.classes and wanted.classes.isdisjoint(law.classes):
        return f"it is about {listed([CLASS_WORDS[letter] for letter in law.classes])}"
    if not law.holds_on(wanted.on):
        return f"it was valid in the register until {day_words(law.valid_until)}"
    return ""
