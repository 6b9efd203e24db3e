"""Rulings: a milder one holds for exactly what was looked at, a graver one for what it speaks of.

Each of these deals was cleared once although somebody had to look at it.
"""

from dataclasses import replace
from typing import Any
from uuid import uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from audit.ledger import canonical
from audit.refusals import Conflict, NotAllowed
from jobs.queue import PERFORMERS
from policy import active
from policy.facts import shipped
from policy.facts.derive import Variant
from policy.governance.versions import Content
from policy.models import Kind
from reviews import actions as reviewing
from reviews.demo_deals import OTHERWISE, otherwise
from screening import actions, deriving, rulings, verbs
from screening.form import questions
from screening.lifecycle import AFTER_PARTY, Status
from screening.models import Deal, FactRuling
from screening.parties import actions as parties
from screening.parties.models import Easing, Party
from screening.sweep import rescreen
from tests import factories
from tests.factories import ruled
from tests.screening.form.answers import SIMPLE
from tests.screening.sweep import sweeping

pytestmark = pytest.mark.django_db

#: A core with its interception interface, for an operator in a low-risk country.
CORE = {
    **OTHERWISE,
    **SIMPLE,
    "products": ["core-epc"],
    "handover": "standard",
    "customer": "Suomen Verkko",
    "intelligence-access": "no",
}
VOCABULARY = shipped.vocabulary()
#: Sales does not know whether the law is in order: compliance settles it.
DOUBT = {"law-conflict": {"answer": "?", "text": ""}}


def send(answers: dict[str, Any], owner: Any = None) -> Deal:
    """A deal with these answers, and the shipped ones for what else the form asks."""
    factories.reference_data()
    deal = factories.draft_deal(owner, answers)
    complete(deal)
    return send_draft(deal)


def complete(deal: Deal) -> None:
    data = active.reference_data()
    answers, added = dict(deal.answers), {}
    context = questions.context_of(answers, data)
    while missing := questions.missing_questions(answers, context):
        slug = missing[0].slug
        value = SIMPLE[slug] if slug in SIMPLE else otherwise(slug, context)
        answers[slug] = added[slug] = value
        questions.confirm(answers, slug)
        context = questions.context_of(answers, data)
    factories.answer(deal, added)


def same_words(first: Deal, *, is_copy: bool) -> Deal:
    """A second deal in the words in which the first was sent: copied, or typed once more."""
    if not is_copy:
        newest = first.newest_revision()
        assert newest is not None
        return send(newest.answers)
    second = actions.copy_deal(first, actor=first.owner)
    complete(second)
    return send_draft(second)


def send_draft(deal: Deal, replies: dict[int, str] | None = None) -> Deal:
    actions.submit_deal(deal, send_key=uuid4(), actor=deal.owner, replies=replies)
    deal.refresh_from_db()
    return deal


def sent_again(deal: Deal, **changes: Any) -> Deal:
    """A reviewer asks, and sales answers with other answers of the form."""
    if deal.status == Status.IN_REVIEW:
        level = deal.review_level
        reviewer = factories.executive() if level == "executive" else factories.senior()
        reviewing.claim_deal(deal, actor=reviewer)
        reviewing.ask_sales(deal, questions=[("", "Is it so?")], actor=reviewer)
        deal.refresh_from_db()
    for slug, value in changes.items():
        actions.save_answer(deal, slug=slug.replace("_", "-"), value=value, actor=deal.owner)
    complete(deal)
    asked = deal.questions.filter(answer=None)
    return send_draft(deal, {one.number: "Yes." for one in asked})


def fact(deal: Deal, name: str) -> Any:
    assert deal.screening is not None
    return deal.screening.facts[0].get(name)


# --- Milder: exactly what was looked at -----------------------------------------------------------


def test_a_verified_law_ends_with_another_customer_in_another_country():
    deal = send(CORE)
    ruled(deal, "legal_basis_status", "verified")
    assert fact(deal, "legal_basis_status") == "verified"
    deal = sent_again(
        deal,
        customer="Lusitania Movil",
        **{slug.replace("-", "_"): value for slug, value in factories.in_country("PT").items()},
    )
    assert fact(deal, "legal_basis_status") == "cited"
    assert (deal.status, deal.turn) == (Status.NEEDS_INFORMATION, "compliance")


def test_a_settled_contradiction_ends_with_a_new_customer_and_a_report():
    deal = send({**factories.SENIOR, **DOUBT})
    ruled(deal, "fact_conflict", value=False)
    assert deal.status == Status.IN_REVIEW
    deal = sent_again(
        deal,
        customer="Ministry of the Interior",
        reports={"answer": "yes", "text": "Torture in custody, 2025"},
    )
    assert fact(deal, "fact_conflict") is True
    assert deal.turn == "compliance"


def test_a_corrected_end_user_ends_with_another_country():
    deal = send(
        {
            **SIMPLE,
            "customer": "Federal Security Service",
            **factories.in_country("RU"),
            **factories._ASKED_IN_HIGH_RISK,
        }
    )
    assert fact(deal, "end_user_type") == "intelligence_security"
    ruled(deal, "end_user_type", "commercial_operator")
    assert fact(deal, "end_user_type") == "commercial_operator"
    deal = sent_again(deal, countries=[{"place": "RU", "site": ""}, {"place": "BY", "site": ""}])
    assert fact(deal, "end_user_type") == "intelligence_security"


def test_no_text_is_cut_that_a_ruling_depends_on():
    """Nineteen intermediaries whose names fill the note; the twentieth was hidden behind them."""
    parties = [
        {
            "name": f"State Security Office number {at} {'x' * 150}",
            "role": "partner",
            "country": "FI",
        }
        for at in range(19)
    ]
    deal = send(
        {
            **SIMPLE,
            "intermediaries": {"answer": "yes", "parties": parties},
            "end-user": {"kind": "?", "is_customer": True},
        }
    )
    ruled(deal, "fact_conflict", value=False)
    pile = [one.ruling for one in deriving.standings(deal) if one.holds]
    assert [ruling.fact for ruling in pile] == ["fact_conflict"]
    parties.append({"name": "Mukhabarat", "role": "partner", "country": "FI"})
    deal = sent_again(deal, intermediaries={"answer": "yes", "parties": parties})
    assert not any(one.holds for one in deriving.standings(deal))


ANSWERS = {**CORE, "intermediaries": {"answer": "no", "parties": []}}


@pytest.mark.parametrize("question", questions.QUESTIONS, ids=lambda one: one.slug)
def test_any_one_answer_changed_ends_a_milder_ruling(question):
    """All answers of the form, one after the other: only what people alone read is left out."""
    before = rulings.declaration_digest(ANSWERS)
    after = rulings.declaration_digest({**ANSWERS, question.slug: "something else"})
    counts = question.slug not in {
        "name",
        "reference",
        "value",
        "sign-date",
        "description",
        "declaration",
    }
    assert (before != after) is counts


@pytest.mark.parametrize(
    "change",
    [
        {"customer": "Another Operator"},
        {"customer-country": "SE"},
        {"state-owned": "yes"},
        {"countries": [{"place": "FI", "site": "Turku"}]},
        {"run-from": {"run": "SE", "records": "FI"}},
        {"elsewhere": {"answer": "yes", "places": ["SE"]}},
        {"purposes": ["commercial_service", "li_compliance"]},
        {
            "legal-basis": {
                "act": "Another Act",
                "article": "1",
                "date": "2020-01-01",
                "orders": "a court",
            }
        },
        {"services": ["supply", "training"]},
        {"products": ["core-epc", "nr-macro"]},
        {"deal-kind": "change"},
        {
            "intermediaries": {
                "answer": "yes",
                "parties": [{"name": "Reseller", "role": "reseller", "country": "SE"}],
            }
        },
        {"stores": "?"},
    ],
    ids=lambda change: next(iter(change)),
)
def test_it_ends_in_the_deal_too(change):
    deal = send(CORE)
    ruled(deal, "legal_basis_status", "verified")
    deal = sent_again(deal, **{slug.replace("-", "_"): value for slug, value in change.items()})
    assert fact(deal, "legal_basis_status") == "cited"
    assert deal.turn == "compliance" or deal.status != Status.CLEARED


@pytest.mark.parametrize(
    "change", [{"name": "Another title"}, {"reference": "CRM-7"}, {"description": "In other words"}]
)
def test_what_only_people_read_leaves_it_standing(change):
    deal = send(CORE)
    ruled(deal, "legal_basis_status", "verified")
    deal = sent_again(deal, **change)
    assert fact(deal, "legal_basis_status") == "verified"


def test_a_ruling_from_before_they_named_their_answers_eases_nothing():
    deal = send(CORE)
    FactRuling.objects.create(
        deal=deal,
        fact="legal_basis_status",
        value_text='"verified"',
        because="Read.",
        source="Gazette",
        about="",
        ruled_by=factories.compliance_officer(),
    )
    actions.rescreen_deal(deal, cause="fact", because="Test.")
    deal.refresh_from_db()
    assert fact(deal, "legal_basis_status") == "cited"
    (standing,) = deriving.standings(deal)
    assert "before rulings named" in standing.why


def test_destinations_that_differ_are_not_settled_with_one_value():
    """A licence for one of them would be one for the other, where no sale is allowed."""
    denied, needed, free = "prohibited", "licence_required", "not_controlled"
    assert rulings.is_told_apart("export_control", "licence_granted", [needed, denied])
    assert not rulings.is_told_apart("export_control", "licence_granted", [needed, free, needed])
    pile, derived = (
        Laying()
        .with_values("export_control", [needed, denied, free])
        .ruled("export_control", "licence_granted", deal=1, by=1, for_now=True)
    )
    values = [one.given.get("export_control") for one in rulings.laid(pile, derived)]
    assert values == [None, None, "licence_granted"], "the first two stay as they were derived"


class Laying:
    """Rulings on derived values, without a database."""

    def __init__(self) -> None:
        self.variants: list[Variant] = []
        self.rulings: list[FactRuling] = []

    def with_values(self, name: str, values: list[Any]) -> "Laying":
        self.variants = [Variant(VOCABULARY.parse({**MILDEST, name: one}), {}) for one in values]
        return self

    def ruled(
        self, name: str, value: Any, *, deal: int, by: int, for_now: bool = False
    ) -> tuple[rulings.Pile, list[Variant]]:
        self.rulings.append(
            FactRuling(
                pk=len(self.rulings) + 1,
                deal_id=deal,
                fact=name,
                value_text=canonical(value),
                declaration="now" if for_now else "before",
                ruled_by_id=by,
                about=rulings.about(name, self.variants, ()),
                because="Seen",
                source="Paper",
            )
        )
        return rulings.Pile(1, self.rulings, "now"), self.variants


def test_a_milder_ruling_ends_when_the_lists_say_otherwise():
    """No answer changed: a newer catalogue makes another value of the same answers."""
    laying = Laying().with_values("export_control", ["licence_required"])
    pile, derived = laying.ruled("export_control", "licence_granted", deal=1, by=1, for_now=True)
    (result,) = rulings.laid(pile, derived)
    assert result.given["export_control"] == "licence_granted"
    (result,) = rulings.laid(pile, laying.with_values("export_control", ["denied"]).variants)
    assert "export_control" not in result.given


@pytest.mark.parametrize("another", ["contradiction", "doubt"])
def test_a_settled_doubt_ends_with_another_one(another):
    laying = Laying().with_values("fact_conflict", [True])
    pile, (variant,) = laying.ruled("fact_conflict", value=False, deal=1, by=1, for_now=True)
    (result,) = rulings.laid(pile, [variant])
    assert result.given["fact_conflict"] is False
    if another == "doubt":
        variant = replace(variant, doubts=("The list says something else.",))
    else:
        pile = replace(pile, contradictions=("Another deal says something else.",))
    (result,) = rulings.laid(pile, [variant])
    assert "fact_conflict" not in result.given


@pytest.mark.parametrize(
    ("name", "derived", "raised", "milder", "now"),
    [
        ("country_risk", "low", "very_high", "medium", "very_high"),
        ("law_conflict", False, True, False, True),
        # What is not only raised ends with a later word of somebody else.
        ("adverse_info", "none", "confirmed", "alleged", "alleged"),
    ],
)
def test_nobody_overrules_what_is_only_ever_raised(name, derived, raised, milder, now):
    laying = Laying().with_values(name, [derived])
    laying.ruled(name, raised, deal=1, by=1)
    pile, variants = laying.ruled(name, milder, deal=1, by=2, for_now=True)
    (result,) = rulings.laid(pile, variants)
    assert result.given[name] == now


@pytest.mark.parametrize(
    ("first", "second", "now"),
    [
        (("confirmed", 1), ("alleged", 2), "alleged"),
        (("confirmed", 1), ("alleged", 1), "confirmed"),
        (("alleged", 2), ("confirmed", 1), "confirmed"),
    ],
    ids=["somebody else later", "the same person", "before"],
)
def test_only_a_later_word_of_somebody_else_overrules(first, second, now):
    laying = Laying().with_values("adverse_info", ["none"])
    for value, by in (first, second):
        milder = value == "alleged"
        pile, variants = laying.ruled("adverse_info", value, deal=1, by=by, for_now=milder)
    (result,) = rulings.laid(pile, variants)
    assert result.given["adverse_info"] == now


def test_a_ruling_on_another_deal_of_the_same_answers_makes_this_one_no_milder():
    laying = Laying().with_values("end_user_type", ["military"])
    pile, variants = laying.ruled("end_user_type", "utility", deal=2, by=1, for_now=True)
    (result,) = rulings.laid(pile, variants)
    assert "end_user_type" not in result.given


@pytest.mark.parametrize("name", rulings.RULABLE)
def test_a_value_that_nobody_knows_is_the_gravest(name):
    assert rulings.gravest(name, [None, *rulings.ORDER[name]]) is None


MILDEST = {name: order[0] for name, order in rulings.ORDER.items()}
one_ruling = st.sampled_from(sorted(rulings.ORDER)).flatmap(
    lambda name: st.tuples(
        st.just(name),
        st.sampled_from(rulings.ORDER[name]),
        st.integers(1, 3),
        st.integers(1, 3),
        st.booleans(),
    )
)


@given(st.lists(one_ruling, min_size=1, max_size=6), st.data())
def test_a_ruling_on_another_deal_or_for_other_answers_never_makes_milder(drawn, data):
    """Whatever was ruled: gone are only values of others, and by a later word on this deal."""
    laying = Laying()
    name = drawn[0][0]
    derived = data.draw(st.sampled_from(rulings.ORDER[name]))
    laying.with_values(name, [derived])
    for fact_name, value, deal, by, for_now in drawn:
        pile, variants = laying.ruled(fact_name, value, deal=deal, by=by, for_now=for_now)
    (result,) = rulings.laid(pile, variants)
    now = result.given.get(name, derived)
    own = pile.of_this_declaration(name, variants)
    for ruling in pile.graver(name):
        if own is None or ruling.pk > own.pk or ruling.ruled_by_id == own.ruled_by_id:
            assert rulings.gravity(name, now) >= rulings.gravity(name, ruling.value)
    if own is None or name in rulings.ONLY_RAISED:
        assert rulings.gravity(name, now) >= rulings.gravity(name, derived)
    eased = rulings.gravity(name, now) < rulings.gravity(name, result.unless_eased[name])
    if derived == "unknown" and now != "intelligence_security":
        # A kind that nobody knew, and somebody set.
        eased = now != "unknown"
    final = [Variant(VOCABULARY.parse({**MILDEST, name: now}), {})]
    assert (name in rulings.eased([result], final)) is eased


def test_what_a_ruling_made_milder_is_a_fact():
    deal = send(CORE)
    assert not fact(deal, "eased_by_ruling")
    ruled(deal, "legal_basis_status", "verified")
    assert fact(deal, "eased_by_ruling") is True


# --- Nobody eases a deal alone --------------------------------------------------------------------


def test_a_settled_contradiction_never_clears_by_itself():
    deal = send({**SIMPLE, "state-owned": "?"})
    assert deal.turn == "compliance"
    ruled(deal, "fact_conflict", value=False)
    assert (deal.status, deal.review_level) == (Status.IN_REVIEW, "senior")


def test_a_law_that_one_person_verified_never_clears_by_itself():
    deal = send(CORE)
    ruled(deal, "legal_basis_status", "verified")
    assert (deal.status, deal.review_level) == (Status.IN_REVIEW, "senior")


def test_a_kind_of_end_user_that_answers_a_doubt_never_clears_by_itself():
    deal = send({**SIMPLE, "customer": "State Security Police Radio"})
    assert fact(deal, "fact_conflict") is True
    ruled(deal, "end_user_type", "rail_operator")
    assert deal.status == Status.IN_REVIEW


@pytest.fixture
def former_rulebook(monkeypatch):
    """An installation of before the charter, with version 1.0: no rule reads the new facts."""
    rulebook = shipped.former_rulebook()
    text = shipped.text(shipped.FORMER)
    former = Content(Kind.RULEBOOK, "1.0", rulebook.canonical, text, rulebook.source, "1.0", "")
    rest = [one for one in factories._contents() if one.kind not in {Kind.CHARTER, Kind.RULEBOOK}]
    monkeypatch.setattr(factories, "_contents", lambda: [former, *rest])


@pytest.mark.bare
@pytest.mark.parametrize(
    ("answers", "name", "value"),
    [
        (CORE, "legal_basis_status", "verified"),
        ({**SIMPLE, "state-owned": "?"}, "fact_conflict", False),
    ],
    ids=["verified", "settled"],
)
def test_nothing_that_was_eased_clears_under_the_former_rulebook(
    former_rulebook, answers, name, value
):
    deal = send(answers)
    ruled(deal, name, value)
    assert deal.screening.rulebook.label == "1.0"
    assert (deal.status, deal.review_level) == (Status.IN_REVIEW, "senior")
    sweeping.work(actions.AFTER_RULING)
    assert rescreen.screen_part([deal.pk], because="Test.") == {}
    actions.rescreen_deal(deal, cause="version", because="Test.")
    deal.refresh_from_db()
    assert deal.status == Status.IN_REVIEW


@pytest.mark.bare
def test_nothing_that_follows_a_stopped_deal_clears_under_the_former_rulebook(former_rulebook):
    factories.sent_deal({**factories.BARRED, "customer": "Pohjola Verkko"}, alone=False)
    deal = send({**SIMPLE, "customer": "Pohjola Verkko"})
    assert (deal.status, deal.review_level) == (Status.IN_REVIEW, "senior")


def test_who_raised_a_value_does_not_lower_it():
    deal, officer = send(SIMPLE), factories.compliance_officer()
    ruled(deal, "adverse_info", "confirmed", actor=officer)
    with pytest.raises(NotAllowed, match="Somebody else has to lower it"):
        ruled(deal, "adverse_info", "none", actor=officer)
    assert fact(deal, "adverse_info") == "confirmed"
    ruled(deal, "adverse_info", "none")
    assert fact(deal, "adverse_info") == "none"
    assert deal.status == Status.IN_REVIEW


def test_a_raised_country_is_lowered_by_nobody_and_taken_back_by_two():
    deal, officer = factories.deal_in_review(), factories.compliance_officer()
    assert fact(deal, "country_risk") == "very_high"
    ruling = ruled(deal, "country_risk", "unrated", actor=officer)
    for value in ("high", "very_high"):
        with pytest.raises(Conflict, match="never lowered"):
            ruled(deal, "country_risk", value)
    for actor in (officer, factories.compliance_officer()):
        deal.refresh_from_db()
        assert fact(deal, "country_risk") == "unrated"
        actions.take_back_ruling(ruling, because="Another list.", actor=actor)
    sweeping.work(actions.AFTER_RULING)
    deal.refresh_from_db()
    assert fact(deal, "country_risk") == "very_high"


# --- Graver: whatever it speaks of ----------------------------------------------------------------

GRAVE = [
    ("export_control", "denied"),
    ("adverse_info", "confirmed"),
    ("end_user_type", "intelligence_security"),
    ("country_risk", "very_high"),
    ("law_conflict", True),
]


def copied(deal: Deal) -> Deal:
    copy = actions.copy_deal(deal, actor=deal.owner)
    actions.save_answer(copy, slug="customer", value="A quite different name", actor=copy.owner)
    complete(copy)
    return send_draft(copy)


def changed(deal: Deal) -> Deal:
    if not deal.is_closed:
        closed_by_sales(deal)
    new = actions.start_changed_deal(deal, actor=deal.owner)
    actions.save_answer(new, slug="customer", value="A quite different name", actor=new.owner)
    complete(new)
    return send_draft(new)


def closed_by_sales(deal: Deal) -> None:
    if deal.status == Status.CLEARED:
        actions.lapse_deal(deal, because="Over.")
    actions.withdraw_deal(deal, because="Not needed.", actor=deal.owner)
    deal.refresh_from_db()


def of_same_end_user(deal: Deal) -> Deal:
    """By another team, in another spelling of the name, and for use in another country."""
    name = deal.answers["customer"]
    abroad = {**factories.in_country("SE"), "customer-country": "FI"}
    return send({**SIMPLE, "customer": f"  {name.upper()} ", **abroad})


def of_a_namesake_that_is_the_same(deal: Deal) -> Deal:
    """Compliance says that the one in the other country is the same body."""
    name = deal.answers["customer"]
    new = send({**SIMPLE, "customer": name, **factories.in_country("SE")})
    assert new.turn == "compliance"
    abroad, here = (Party.objects.get(key="pohjola verkko", country=code) for code in ("SE", "FI"))
    parties.merge(abroad, here, because="One group.", actor=factories.compliance_officer())
    sweeping.work(AFTER_PARTY)
    new.refresh_from_db()
    return new


def copied_twice(deal: Deal) -> Deal:
    """The draft between the two is deleted."""
    between = actions.copy_deal(deal, actor=deal.owner)
    last = actions.copy_deal(between, actor=deal.owner)
    actions.delete_draft(between, actor=deal.owner)
    actions.save_answer(last, slug="customer", value="Some third name", actor=deal.owner)
    last.refresh_from_db()
    complete(last)
    return send_draft(last)


@pytest.mark.parametrize(
    "later", [copied, changed, of_same_end_user, of_a_namesake_that_is_the_same, copied_twice]
)
@pytest.mark.parametrize(("name", "value"), GRAVE, ids=[name for name, _ in GRAVE])
def test_what_is_known_is_shaken_off_by_no_new_deal(name, value, later):
    deal = send({**SIMPLE, "customer": "Pohjola Verkko"})
    assert deal.status == Status.CLEARED
    ruled(deal, name, value)
    assert deal.status != Status.CLEARED
    new = later(deal)
    assert new.pk != deal.pk
    assert fact(new, name) == value
    assert new.status not in {Status.CLEARED, Status.APPROVED}
    assert deal.reference in new.screening.sources[name]["note"]


def test_a_deal_that_was_renamed_keeps_what_is_known_and_so_does_the_former_name():
    deal = send({**SIMPLE, "customer": "Pohjola Verkko"})
    ruled(deal, "adverse_info", "alleged")
    deal = sent_again(deal, customer="Uusi Nimi")
    assert fact(deal, "adverse_info") == "alleged"
    for name in ("Pohjola Verkko", "Uusi Nimi"):
        assert fact(send({**SIMPLE, "customer": name}), "adverse_info") == "alleged"


def test_a_licence_of_one_deal_is_none_of_another():
    deal = send({**SIMPLE, "customer": "Pohjola Verkko"})
    ruled(deal, "export_control", "licence_granted")
    other = send({**SIMPLE, "customer": "Pohjola Verkko"})
    assert fact(other, "export_control") == "not_controlled"


@pytest.mark.parametrize("kind", ["commercial_operator", "utility", "military"])
def test_no_kind_that_was_set_for_one_deal_makes_another_milder(kind):
    deal = send(
        {
            **SIMPLE,
            "customer": "Pohjola Verkko",
            "end-user": {"kind": "rail_operator", "is_customer": True},
        }
    )
    ruled(deal, "end_user_type", kind)
    other = send(
        {
            **SIMPLE,
            "customer": "Pohjola Verkko",
            "customer-kind": "law_enforcement",
            "end-user": {"kind": "law_enforcement", "is_customer": True},
        }
    )
    expected = "military" if kind == "military" else "law_enforcement"
    assert fact(other, "end_user_type") == expected


def test_a_kind_set_for_another_deal_answers_no_doubt_about_this_one():
    first = send({**SIMPLE, "customer": "State Security Police Radio"})
    assert fact(first, "fact_conflict") is True
    ruled(first, "end_user_type", "rail_operator")
    assert fact(first, "fact_conflict") is False
    second = send({**SIMPLE, "customer": "State Security Police Radio"})
    assert fact(second, "fact_conflict") is True
    assert second.turn == "compliance"


# --- Taken back by two ----------------------------------------------------------------------------


def test_two_people_take_a_ruling_back_also_from_a_deal_that_it_closed():
    deal, officer = send({**SIMPLE, "customer": "Pohjola Verkko"}), factories.compliance_officer()
    ruling = ruled(deal, "export_control", "denied", actor=officer)
    assert deal.status == Status.BARRED
    actions.take_back_ruling(ruling, because="Another company.", actor=officer)
    assert "already asked for this" in verbs.TAKE_BACK.why_not(ruling, officer)
    with pytest.raises(NotAllowed, match="second person"):
        actions.take_back_ruling(ruling, because="Again.", actor=officer)
    assert send({**SIMPLE, "customer": "Pohjola Verkko"}).status == Status.BARRED
    actions.take_back_ruling(ruling, because="Indeed.", actor=factories.compliance_officer())
    with pytest.raises(Conflict, match="already"):
        actions.take_back_ruling(ruling, because="Too.", actor=factories.compliance_officer())
    later = send({**SIMPLE, "customer": "Pohjola Verkko"})
    assert fact(later, "export_control") == "not_controlled"
    assert later.status == Status.IN_REVIEW, "it follows a barred deal"
    assert deal.audit_verbs().count("deal.ruling_taken_back") == 2


def test_a_law_that_two_people_take_back_no_longer_counts_in_its_own_deal():
    """Reviewers would approve it for a law that is none."""
    deal = send(CORE)
    ruling = ruled(deal, "legal_basis_status", "verified")
    assert deal.status == Status.IN_REVIEW
    for _ in range(2):
        officer = factories.compliance_officer()
        actions.take_back_ruling(ruling, because="Another act.", actor=officer)
        sweeping.work(actions.AFTER_RULING)
    deal.refresh_from_db()
    assert fact(deal, "legal_basis_status") == "cited"
    assert (deal.status, deal.turn) == (Status.NEEDS_INFORMATION, "compliance")


@pytest.mark.parametrize("who", ["owner", "senior", "colleague"])
def test_who_does_not_take_back(who):
    deal = send({**SIMPLE, "customer": "Pohjola Verkko"})
    ruling = ruled(deal, "adverse_info", "confirmed")
    colleague = factories.compliance_officer()
    actor = {"owner": deal.owner, "senior": factories.senior(), "colleague": colleague}[who]
    refusal = "Only compliance"
    if who == "colleague":
        deal.team.members.add(actor)
        refusal = "a deal of your own sales team"
    with pytest.raises(NotAllowed, match=refusal):
        actions.take_back_ruling(ruling, because="No.", actor=actor)
    assert not Easing.objects.exists()


def test_the_page_takes_it_back(client):
    deal = send({**SIMPLE, "customer": "Pohjola Verkko"})
    ruling = ruled(deal, "adverse_info", "confirmed")
    url = f"/compliance/rulings/{ruling.pk}/take-back/"
    for at in range(2):
        client.force_login(factories.compliance_officer())
        assert "Take back" in client.get(f"/compliance/{deal.pk}/").content.decode()
        assert "There is a problem" in client.post(url, {"because": ""}).content.decode()
        assert client.post(url, {"because": "Mixed up"}).status_code == 302
        page = client.get(f"/compliance/{deal.pk}/").content.decode()
        assert ("Two people took it back" in page) is bool(at)
    assert client.post(url, {"because": "Once more"}).status_code == 409


# --- Other deals are screened again ---------------------------------------------------------------


def test_a_grave_ruling_reopens_what_was_cleared_and_approved_for_the_end_user():
    answers = {**SIMPLE, "customer": "Pohjola Verkko"}
    cleared, other = send(answers), send(answers)
    stranger = send({**SIMPLE, "customer": "Lounais Verkko"})
    ruled(other, "adverse_info", "confirmed")
    sweeping.work(actions.AFTER_RULING)
    cleared.refresh_from_db()
    stranger.refresh_from_db()
    assert cleared.status == Status.IN_REVIEW
    assert stranger.status == Status.CLEARED
    assert stranger.audit_verbs().count("deal.screened") == 1


def test_a_copy_that_was_cleared_is_reopened_by_what_is_found_about_its_source():
    source = send({**SIMPLE, "customer": "Pohjola Verkko"})
    copy = copied(source)
    assert copy.status == Status.CLEARED
    ruled(source, "end_user_type", "intelligence_security")
    sweeping.work(actions.AFTER_RULING)
    copy.refresh_from_db()
    assert copy.status == Status.IN_REVIEW


def test_a_worker_knows_the_job():
    assert actions.AFTER_RULING in PERFORMERS


def test_what_does_not_change_is_not_screened_again():
    answers = {**SIMPLE, "customer": "Pohjola Verkko"}
    first, second = send(answers), send(answers)
    ruled(first, "adverse_info", "none")
    sweeping.work(actions.AFTER_RULING)
    assert second.audit_verbs().count("deal.screened") == 1


# --- What follows a stopped deal ------------------------------------------------------------------


def test_a_changed_deal_after_a_bar_is_looked_at():
    deal = factories.barred_deal()
    new = actions.start_changed_deal(deal, actor=deal.owner)
    radio = {**factories.in_country("FI"), "products": ["nr-macro"], "handover": "no"}
    for slug, value in radio.items():
        actions.save_answer(new, slug=slug, value=value, actor=new.owner)
    complete(new)
    new = send_draft(new)
    assert (new.status, new.review_level) == (Status.IN_REVIEW, "senior")
    said = new.events().filter(verb="deal.screened").last().payload
    assert deal.reference in said


@pytest.mark.parametrize("stop", ["barred", "rejected", "withdrawn"])
def test_a_new_deal_of_the_same_end_user_after_a_stop_is_looked_at(stop):
    if stop == "barred":
        deal = factories.sent_deal({**factories.BARRED, "customer": "Pohjola Verkko"}, alone=False)
    else:
        deal = factories.sent_deal({**factories.SENIOR, "customer": "Pohjola Verkko"}, alone=False)
        if stop == "rejected":
            factories.vote_on(deal, actor=factories.senior(), verdict="reject")
        else:
            actions.withdraw_deal(deal, because="No.", actor=deal.owner)
    new = send({**SIMPLE, "customer": "Pohjola Verkko"})
    assert (new.status, new.review_level) == (Status.IN_REVIEW, "senior")
    assert send({**SIMPLE, "customer": "Lounais Verkko"}).status == Status.CLEARED


def test_a_copy_of_a_rejected_deal_is_looked_at():
    deal = factories.rejected_deal()
    copy = actions.copy_deal(deal, actor=deal.owner)
    for slug, value in {**factories.in_country("FI"), "customer": "Other Oy"}.items():
        actions.save_answer(copy, slug=slug, value=value, actor=copy.owner)
    complete(copy)
    assert send_draft(copy).status == Status.IN_REVIEW


@pytest.mark.parametrize(("days", "status"), [(730, Status.IN_REVIEW), (732, Status.CLEARED)])
def test_after_two_years_the_name_alone_is_no_reason(mighty, days, status):
    deal = factories.sent_deal({**factories.BARRED, "customer": "Pohjola Verkko"}, alone=False)
    mighty(
        "screening_deal",
        "UPDATE screening_deal SET closed_at = closed_at - %s * interval '1 day' WHERE id = %s",
        [days, deal.pk],
    )
    assert send({**SIMPLE, "customer": "Pohjola Verkko"}).status == status


def test_an_end_user_that_nobody_can_name_is_no_end_user():
    """Deals of "unknown" are not deals of one end user."""
    answers = {
        **SIMPLE,
        "end-user": {"kind": "commercial_operator", "is_customer": False},
        "end-user-name": "unknown",
    }
    deal = send(answers)
    assert deal.end_user_key == ""
    actions.withdraw_deal(deal, because="No.", actor=deal.owner)
    assert "looked_at_because" not in send(answers).events().last().payload


# --- The pages of compliance ----------------------------------------------------------------------


def test_what_no_longer_holds_is_shown_and_offered_again(client):
    deal = send(CORE)
    ruled(deal, "legal_basis_status", "verified")
    deal = sent_again(deal, customer="Lusitania Movil")
    client.force_login(factories.compliance_officer())
    desk = client.get("/compliance/").content.decode()
    page = client.get(f"/compliance/{deal.pk}/").content.decode()
    fact_page = client.get(f"/compliance/{deal.pk}/legal_basis_status/")
    for text in (desk, page, fact_page.content.decode()):
        assert "These answers have changed since then: Who signs the contract?" in text
    assert "No longer holds." in page
    form = fact_page.context["form"]
    assert (form.initial["value"], form.initial["source"]) == ("verified", "Official gazette")


def test_a_ruling_on_another_deal_is_named(client):
    deal = send({**SIMPLE, "customer": "Pohjola Verkko"})
    ruled(deal, "adverse_info", "confirmed")
    other = send({**SIMPLE, "customer": "Pohjola Verkko"})
    client.force_login(factories.compliance_officer())
    page = client.get(f"/compliance/{other.pk}/").content.decode()
    assert f'href="/compliance/{deal.pk}/"' in page


def test_lowering_what_one_raised_oneself_is_refused_on_the_page(client):
    officer = factories.compliance_officer()
    client.force_login(officer)
    deal = send({**SIMPLE, "customer": "Pohjola Verkko"})
    ruled(deal, "adverse_info", "confirmed", actor=officer)
    fields = {"value": "none", "source": "Press", "because": "Denied."}
    fields["screening"] = str(deal.screening_id)
    answer = client.post(f"/compliance/{deal.pk}/adverse_info/", fields)
    assert answer.status_code == 403
    assert "Somebody else has to lower it" in answer.content.decode()
    assert FactRuling.objects.count() == 1
