"""From the answers of a deal to the facts that are screened.

Answers declare, reference data derives, and what compliance or a reviewer ruled is laid over it:
a ruling that makes a fact graver holds for the deal whatever sales changes; one that makes it
milder holds only while what was looked at stays the same.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple, Protocol

from audit.ledger import canonical
from audit.refusals import Conflict
from policy import active
from policy.declared import DeclaredError
from policy.derive import ReferenceData, Variant, trace
from policy.engine.facts import FactError, Facts
from policy.registry import INTELLIGENCE, fold
from screening import questions
from screening.models import Deal, DealRevision, FactRuling

# The facts that compliance may set, with their values from mild to grave; end_user_type has no
# order except that an intelligence or security body is the gravest.
ORDER: Mapping[str, tuple[Any, ...]] = {
    "country_risk": ("low", "medium", "high", "very_high", "unrated"),
    "legal_basis_status": ("verified", "cited", "none"),
    "adverse_info": ("none", "alleged", "confirmed"),
    "export_control": (
        "not_controlled", "licence_granted", "licence_required", "denied", "prohibited",
    ),
    "law_conflict": (False, True),
    "fact_conflict": (False, True),
}  # fmt: skip
RULABLE = (*ORDER, "end_user_type")
# Reviewers and compliance may raise these and never lower them.
ONLY_RAISED = {"country_risk": "A country rating", "law_conflict": "A conflict of law"}


class Doubt(NamedTuple):
    """A question of the form that still misses its answer."""

    slug: str
    title: str


@dataclass(frozen=True)
class Found:
    """The facts of each variant of a revision, and where each value comes from."""

    variants: Sequence[Facts]
    sources_text: str
    text: str
    end_user_key: str


class Around(Protocol):
    """What lies around the answers of a deal: other deals and what people ruled."""

    def linked(self, deal: Deal, key: str) -> Sequence[Deal]: ...

    def rulings(self, deal: Deal) -> Iterable[FactRuling]:
        """The oldest first."""
        ...


class Stored:
    """As the database has it now."""

    def linked(self, deal: Deal, key: str) -> Sequence[Deal]:
        return linked_deals(deal, key)

    def rulings(self, deal: Deal) -> Iterable[FactRuling]:
        return deal.rulings.order_by("pk")


STORED = Stored()


def of_revision(revision: DealRevision, data: ReferenceData, around: Around = STORED) -> Found:
    """The facts of a sent revision under these versions, rulings and linked deals included."""
    return of_answers(revision.deal, revision.answers, data, around)


def of_answers(
    deal: Deal, answers: Mapping[str, Any], data: ReferenceData, around: Around = STORED
) -> Found:
    declared = declared_of(deal, answers, data, around)
    variants = plainly = trace(declared, data)
    if plainly and (given := _given(around.rulings(deal), plainly)):
        variants = trace(declared, data, given=given)
    return Found(
        variants=[variant.facts for variant in variants],
        sources_text=canonical(_sources(variants)),
        text=canonical([variant.facts.plain for variant in variants]),
        end_user_key=end_user_key(declared),
    )


def declared_of(
    deal: Deal, answers: Mapping[str, Any], data: ReferenceData, around: Around = STORED
) -> dict[str, Any]:
    """What sales declares, with the capabilities of other deals of the same end user."""
    context = questions.context_of(answers, data)
    declared = questions.declared_facts(answers, context)
    linked = around.linked(deal, end_user_key(declared))
    if linked:
        declared["linked_deals"] = [str(other.pk) for other in linked]
        declared["linked_capabilities"] = sorted(
            {name for other in linked for facts in other.screening.facts
             for name in _present(facts.get("capabilities"))} - {"unclassified"}
        )  # fmt: skip
    return {name: value for name, value in declared.items() if value not in (None, "")}


def linked_deals(deal: Deal, key: str) -> list[Deal]:
    """Other live deals of the same end user: splitting a deal hides nothing."""
    if not key:
        return []
    others = Deal.objects.of_end_user(key).exclude(pk=deal.pk).select_related("screening")
    return list(others.order_by("pk"))


def end_user_key(declared: Mapping[str, Any]) -> str:
    return fold(str(declared.get("end_user_name") or ""))[:200]


def check_readable(answers: Mapping[str, Any]) -> None:
    """Raises Conflict for an answer that no form gives; pages check before, this is the last."""
    try:
        questions.context_of(answers, active.reference_data())
    except DeclaredError as error:
        raise Conflict("; ".join(error.problems)) from error


def missing_questions(deal: Deal) -> list[Doubt]:
    """What sales still has to answer before the deal can be sent."""
    context = questions.context_of(deal.answers, active.reference_data())
    missing = questions.missing_questions(deal.answers, context)
    return [Doubt(one.slug, str(one.title)) for one in missing]


def check_ruling(fact: str, value: Any, deal: Deal) -> None:
    """Raises Conflict for a fact that is not set by hand, or a value that it cannot take."""
    if fact not in RULABLE:
        raise Conflict(f"{fact} is not set by hand. Choose one of: {', '.join(RULABLE)}.")
    data = active.reference_data()
    try:
        data.rulebook.vocabulary.parse({fact: value})
    except FactError as error:
        raise Conflict("; ".join(error.problems)) from error
    if fact in ONLY_RAISED:
        _check_raise(fact, value, deal, data)


def ruled_text(fact: str, deal: Deal) -> str:
    """What somebody who rules on this fact has before them, as text."""
    revision = deal.newest_revision()
    if revision is None:
        return ""
    data = active.reference_data()
    return _about(fact, trace(declared_of(deal, revision.answers, data), data))


def _check_raise(fact: str, value: Any, deal: Deal, data: ReferenceData) -> None:
    revision = deal.newest_revision()
    answers = revision.answers if revision else {}
    derived = trace(declared_of(deal, answers, data), data)
    ruled = [ruling.value for ruling in deal.rulings.filter(fact=fact)]
    worst = _worst(fact, [*(variant.facts[fact] for variant in derived), *ruled])
    if ORDER[fact].index(value) < ORDER[fact].index(worst):
        raise Conflict(f"{ONLY_RAISED[fact]} may be raised with a reason, never lowered.")


def _given(rulings: Iterable[FactRuling], derived: Sequence[Variant]) -> dict[str, Any]:
    """The rulings that hold now, as values that replace derived ones."""
    given: dict[str, Any] = {}
    newest = {ruling.fact: ruling for ruling in rulings}
    for fact, ruling in newest.items():
        values = [variant.facts[fact] for variant in derived]
        same = fact not in ONLY_RAISED and ruling.about == _about(fact, derived)
        if same or _is_graver(fact, ruling.value, values):
            given[fact] = ruling.value
    if "export_control" in given:
        given["export_reference"] = newest["export_control"].source
    return given


def _is_graver(fact: str, value: Any, derived: Sequence[Any]) -> bool:
    if fact == "end_user_type":
        return bool(value == INTELLIGENCE)
    order = ORDER[fact]
    return order.index(value) > order.index(_worst(fact, derived))


def _worst(fact: str, values: Sequence[Any]) -> Any:
    """The gravest of the values; a value that is unknown counts as the gravest there is."""
    order = ORDER[fact]
    return max((order[-1] if one is None else one for one in values), key=order.index)


def _about(fact: str, derived: Sequence[Variant]) -> str:
    looked_at = {
        "legal_basis_status": ("legal_basis",),
        "fact_conflict": ("conflict_note",),
        "export_control": ("products", "country", "end_user_name"),
        "adverse_info": ("end_user_name",),
        "end_user_type": ("end_user_name",),
    }.get(fact, ())
    return canonical([[variant.facts.plain.get(name) for name in looked_at] for variant in derived])


def _present(flags: Any) -> list[str]:
    found: list[str] = flags.get("yes", []) if isinstance(flags, Mapping) else flags or []
    return found


def _sources(variants: Sequence[Variant]) -> dict[str, dict[str, str]]:
    """Fact → source and note; where variants differ, the notes stand side by side."""
    sources: dict[str, dict[str, str]] = {}
    for variant in variants:
        for fact, origin in variant.origins.items():
            known = sources.setdefault(fact, {"source": origin.source, "note": origin.note})
            if origin.note and origin.note not in known["note"]:
                known["note"] = f"{known['note']}; {origin.note}".removeprefix("; ")
    return sources
