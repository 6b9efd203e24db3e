"""What people ruled on the facts of a deal, laid over what was derived. Pure.

A ruling that makes a fact graver holds for what it speaks of: in its own deal whatever sales
changes, in every copy and changed deal, and as a finding about its end user wherever they take
part (`screening.parties`). Two people take it back, or somebody else than who set it rules milder
for one deal.

One that makes a fact milder holds for exactly what was looked at: every answer but those that only
people read, the value that was derived, and what contradicted it.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol

from audit.ledger import canonical, digest
from policy.facts.answers_to_facts import ONLY_READ
from policy.facts.declared import NOT_KNOWN
from policy.facts.derive import LONGEST_NOTE, Variant
from policy.reference.registry import INTELLIGENCE
from screening.form.questions import DECLARATION, MARKS
from screening.models import FactRuling

# The facts that compliance may set, with their values from mild to grave.
ORDER: Mapping[str, tuple[Any, ...]] = {
    "country_risk": ("low", "medium", "high", "very_high", "unrated"),
    "legal_obligation": (True, False),
    "legal_basis_status": ("verified", "cited", "none"),
    "adverse_info": ("none", "alleged", "confirmed"),
    "export_control": (
        "not_controlled",
        "licence_granted",
        "licence_required",
        "denied",
        "prohibited",
    ),
    "law_conflict": (False, True),
    "fact_conflict": (False, True),
    "end_user_type": (
        "commercial_operator",
        "state_operator",
        "private_enterprise",
        "utility",
        "rail_operator",
        "municipality",
        "emergency_services",
        "civil_government",
        "telecom_regulator",
        "unknown",
        "law_enforcement",
        "military",
        "intelligence_security",
    ),
}
RULABLE = tuple(ORDER)
# Reviewers and compliance may raise these and never lower them below what is derived.
ONLY_RAISED = {"country_risk": "A country rating", "law_conflict": "A conflict of law"}
#: A licence speaks of one deal, and says nothing about the next one.
OF_ONE_DEAL = frozenset({("export_control", "licence_granted")})
NOT_ANSWERS = frozenset({*MARKS, DECLARATION})


class Word(Protocol):
    """What compliance said of a fact: a ruling on a deal, or a finding about a party."""

    @property
    def pk(self) -> Any: ...
    @property
    def fact(self) -> str: ...
    @property
    def value(self) -> Any: ...
    @property
    def source(self) -> str: ...
    @property
    def because(self) -> str: ...
    @property
    def ruled_by_id(self) -> int: ...
    @property
    def ruled_at(self) -> datetime: ...
    @property
    def deal_id(self) -> int | None: ...
    @property
    def deal(self) -> Any: ...


def declaration(answers: Mapping[str, Any]) -> dict[str, Any]:
    """The answers that a milder ruling depends on: all but those that only people read."""
    return {
        slug: value
        for slug, value in answers.items()
        if slug not in ONLY_READ and slug not in NOT_ANSWERS
    }


def declaration_digest(answers: Mapping[str, Any]) -> str:
    """Of the whole declaration, however long its texts are."""
    return digest(canonical(declaration(answers)))


def about(fact: str, derived: Sequence[Variant], contradictions: Sequence[str]) -> str:
    """What reference data and other deals made of the fact: they may change without an answer."""
    doubted = fact in ("fact_conflict", "end_user_type")
    return canonical(
        [
            [_plain(variant, fact), [*contradictions, *variant.doubts] if doubted else []]
            for variant in derived
        ]
    )


def gravity(fact: str, value: Any) -> int:
    """How grave a value is; one that is unknown counts as the gravest there is."""
    order = ORDER[fact]
    return order.index(value) if value in order else len(order) - 1


def gravest(fact: str, values: Iterable[Any]) -> Any:
    return max(values, key=lambda value: gravity(fact, value))


def is_told_apart(fact: str, value: Any, derived: Sequence[Any]) -> bool:
    """Whether a value that is milder in several variants would settle different things at once."""
    return len({one for one in derived if gravity(fact, one) > gravity(fact, value)}) > 1


@dataclass(frozen=True)
class Pile:
    """The rulings that could hold in one deal, the oldest first, and what is looked at now."""

    deal: int
    rulings: Sequence[Word]
    declaration: str
    contradictions: Sequence[str] = ()

    def on(self, fact: str) -> list[Word]:
        return [ruling for ruling in self.rulings if ruling.fact == fact]

    def of_this_declaration(self, fact: str, derived: Sequence[Variant]) -> FactRuling | None:
        """The newest ruling on this deal that was made for exactly what it declares now."""
        own = [
            ruling
            for ruling in self.on(fact)
            if isinstance(ruling, FactRuling)
            and ruling.deal_id == self.deal
            and ruling.declaration == self.declaration
        ]
        # On most facts nobody ruled, and what a ruling would look at need not be written down.
        text = about(fact, derived, self.contradictions) if own else ""
        return next((ruling for ruling in reversed(own) if ruling.about == text), None)

    def graver(self, fact: str) -> list[Word]:
        """The rulings that hold wherever they make the fact graver."""
        return [ruling for ruling in self.on(fact) if (fact, ruling.value) not in OF_ONE_DEAL]


@dataclass
class Laid:
    """What the rulings make of one variant: values that replace derived ones, and who set them."""

    given: dict[str, Any] = field(default_factory=dict)
    #: Fact → the ruling that its value comes from.
    by: dict[str, Word] = field(default_factory=dict)
    #: Fact → the value that it would have without milder rulings.
    unless_eased: dict[str, Any] = field(default_factory=dict)


def laid(pile: Pile, derived: Sequence[Variant]) -> list[Laid]:
    """Of each variant, in their order."""
    variants = [Laid() for _ in derived]
    if not pile.rulings:
        return variants
    for fact in RULABLE:
        _lay(fact, pile, derived, variants)
    for variant, result in zip(derived, variants, strict=True):
        _keep_conflict(pile, derived, variant, result)
        _note_conflict(variant, result)
    return variants


def _lay(fact: str, pile: Pile, derived: Sequence[Variant], variants: Sequence[Laid]) -> None:
    own = pile.of_this_declaration(fact, derived)
    graver = pile.graver(fact)
    values = [_plain(variant, fact) for variant in derived]
    for value, result in zip(values, variants, strict=True):
        # What somebody found comes before what nobody knows, where both are as grave.
        unless_eased = gravest(fact, [*(ruling.value for ruling in graver), value])
        result.unless_eased[fact] = value if value == NOT_KNOWN else unless_eased
        now = unless_eased
        if own is not None:
            standing = [ruling.value for ruling in graver if not may_overrule(own, ruling)]
            now = gravest(fact, [_lowered(fact, own.value, value, values), *standing])
        ruling = _source(now, own, graver)
        if ruling is not None and (now != value or ruling is own):
            result.given[fact] = now
            result.by[fact] = ruling
    if fact == "export_control":
        _name_licence(variants)


def may_overrule(milder: FactRuling, graver: Word) -> bool:
    """A later word of somebody else, for one declaration; nobody takes back alone what they set.

    What is only ever raised is not overruled: two people take that ruling back.
    """
    if graver.fact in ONLY_RAISED:
        return False
    is_earlier = (
        graver.pk < milder.pk
        if isinstance(graver, FactRuling)
        else graver.ruled_at < milder.ruled_at
    )
    return is_earlier and graver.ruled_by_id != milder.ruled_by_id


def _lowered(fact: str, ruled: Any, derived: Any, all_derived: Sequence[Any]) -> Any:
    """What a ruling for this declaration makes of one variant, other rulings apart."""
    if fact in ONLY_RAISED or is_told_apart(fact, ruled, all_derived):
        return gravest(fact, [ruled, derived])
    return ruled


def _source(value: Any, own: FactRuling | None, graver: Sequence[Word]) -> Word | None:
    """The ruling that the value comes from; none when it is the derived one."""
    if own is not None and own.value == value:
        return own
    return next((ruling for ruling in reversed(graver) if ruling.value == value), None)


def _name_licence(variants: Sequence[Laid]) -> None:
    """The reference of a value that was set by hand is the source that was given with it."""
    for result in variants:
        if "export_control" in result.by:
            result.given["export_reference"] = result.by["export_control"].source


def _keep_conflict(pile: Pile, derived: Sequence[Variant], variant: Variant, result: Laid) -> None:
    """A kind of end user that was set for other answers answers no doubt about these."""
    if "end_user_type" not in result.given or "fact_conflict" in result.given:
        return
    settled = pile.of_this_declaration("end_user_type", derived) is not None
    if _plain(variant, "fact_conflict") and not settled:
        result.given["fact_conflict"] = True


def _note_conflict(variant: Variant, result: Laid) -> None:
    """What contradicts is what was derived, and what somebody wrote who found more."""
    if result.given.get("fact_conflict"):
        ruling = result.by.get("fact_conflict")
        notes = (_plain(variant, "conflict_note"), ruling.because if ruling else "")
        result.given["conflict_note"] = " ".join(filter(None, notes))[:LONGEST_NOTE]


def eased(laid_over: Sequence[Laid], final: Sequence[Variant]) -> list[str]:
    """The facts that are milder than they would be without rulings, in any variant, and those that
    nobody knew: a rule that is open clears nothing.
    """
    if not any(result.by for result in laid_over):
        return []
    return [
        fact
        for fact in RULABLE
        if any(
            _is_eased(fact, _plain(variant, fact), result.unless_eased[fact])
            for result, variant in zip(laid_over, final, strict=True)
        )
    ]


def _is_eased(fact: str, value: Any, unless_eased: Any) -> bool:
    if unless_eased == NOT_KNOWN and value != INTELLIGENCE:
        return bool(value != NOT_KNOWN)
    return gravity(fact, value) < gravity(fact, unless_eased)


def _plain(variant: Variant, fact: str) -> Any:
    facts = variant.facts
    return facts[fact] if fact in facts.vocabulary else None
