"""A rulebook played in PostgreSQL tells what the one played in Python tells, or less: unread."""

import random
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import pytest
from django.db import transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from policy import active
from policy.engine.language.condition import Rulebook
from policy.engine.language.facts import Vocabulary, YesNo
from policy.engine.language.reading import read_rulebook
from policy.facts import shipped
from policy.facts.derive import ReferenceData
from policy.governance.past import Backtest, gathered
from screening import actions
from screening.models import Deal, DealRevision, FactRuling, Screening
from screening.parties import actions as parties
from screening.sweep import backtest, deal_facts, holding, in_place
from tests import factories
from tests.effort import examples
from tests.policy.engine import strategies
from tests.screening.form.answers import SIMPLE
from tests.screening.sweep.test_deal_facts import DEALS, store

pytestmark = pytest.mark.django_db
#: What is asked where a country is of high risk.
ASKED_OF_THE_GRAVE = {
    "law-conflict": {"answer": "no", "text": ""},
    "safeguards": ["contract_clause"],
}
VOCABULARY = shipped.vocabulary()
TEXT = shipped.text(shipped.RULEBOOK)
HEAD = "title: Military in a high-risk country\n    clause: C3a, C4\n    outcome: "
GRAVER = (HEAD + "executive_review", HEAD + "bar")
MILDER = (
    "title: Active surveillance is excluded\n    clause: C2b\n    outcome: bar",
    "title: Active surveillance is excluded\n    clause: C2b\n    outcome: senior_review",
)


@pytest.fixture(autouse=True)
def _versions() -> None:
    factories.reference_data()


def rulebook(*changes: tuple[str, str]) -> Rulebook:
    text = TEXT
    for old, new in changes:
        assert text.count(old) == 1, old
        text = text.replace(old, new)
    return read_rulebook(text, VOCABULARY, file="rulebook.yaml")


def without(*rules: str) -> Rulebook:
    whole = shipped.rulebook()
    return changed(whole, rules=tuple(one for one in whole.rules if one.id not in rules))


def changed(whole: Rulebook, **changes: Any) -> Rulebook:
    names = ("name", "label", "source", "vocabulary", "terms", "rules", "promises")
    return Rulebook(**{name: getattr(whole, name) for name in names} | {"promises": ()} | changes)


def with_conditions_swapped(one: str, other: str) -> Rulebook:
    whole = shipped.rulebook()
    swapped = {one: whole.by_id[other].when, other: whole.by_id[one].when}
    return changed(
        whole,
        rules=tuple(replace(r, when=swapped[r.id]) if r.id in swapped else r for r in whole.rules),
    )


def unheard(_done: int, _total: int) -> None:
    """Nobody waits for the progress."""


def now() -> ReferenceData:
    return active.reference_data()


def played(after: Rulebook, before: Rulebook | None = None, **more: Any) -> Backtest:
    data = now()
    one = replace(data, rulebook=before) if before else data
    return backtest.backtest(
        one, replace(data, rulebook=after), rulebook_only=True, note=unheard, **more
    )


def in_python(after: Rulebook, before: Rulebook | None = None, **more: Any) -> Backtest:
    """The same over the texts, every deal asked again."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(deal_facts, "has_columns_for", lambda _vocabulary: False)
        return played(after, before, **more)


def alike(one: Backtest, other: Backtest) -> None:
    assert one.plain == {**other.plain, "matrix": sorted(other.plain["matrix"])}


def settled(after: Rulebook) -> set[int]:
    ids = list(Deal.objects.order_by("pk").values_list("pk", flat=True))
    return in_place.settled(after, active.versions(), first=ids[0], last=ids[-1])


@pytest.fixture
def _past() -> None:
    for answers in (SIMPLE, *DEALS):
        factories.sent_deal(answers)
    factories.approved_deal()
    factories.rejected_deal()


@pytest.mark.usefixtures("_past")
class TestBothWays:
    @pytest.mark.parametrize(
        "after",
        [
            rulebook(),
            rulebook(GRAVER),
            rulebook(MILDER),
            rulebook(GRAVER, MILDER),
            without("S01"),
            without("I07", "I09"),
            without("B01", "E14"),
            with_conditions_swapped("S01", "B01"),
            with_conditions_swapped("E14", "I07"),
        ],
        ids=["same", "graver", "milder", "both", "S01", "I07 I09", "B01 E14", "swap", "swap too"],
    )
    def test_changes_of_the_rulebook(self, after: Rulebook) -> None:
        found = played(after)
        alike(found, in_python(after))
        assert found.total == Screening.objects.count()
        assert not found.unread

    def test_they_are_not_all_empty(self) -> None:
        found = played(with_conditions_swapped("S01", "B01"))
        assert found.changed
        assert all({"B01", "S01"} & set(one.rules) for one in found.changed)
        assert found.affected

    def test_a_rule_that_fires_alike_is_named_when_its_outcome_changed(self) -> None:
        found = played(rulebook(GRAVER))
        assert found.changed
        assert found.affected
        assert {tuple(one.rules) for one in (*found.changed, *found.affected)} == {("E14",)}

    def test_in_several_parts(self, monkeypatch: pytest.MonkeyPatch) -> None:
        after = without("S01", "B01")
        whole = played(after)
        monkeypatch.setattr(backtest, "IN_PLACE", 3)
        monkeypatch.setattr(backtest, "ANEW", 2)
        data = now()
        spans = backtest.spans(data, replace(data, rulebook=after), rulebook_only=True)
        assert len(spans) > 5
        assert sum(one.size for one in spans if one.what == "screenings") == whole.total
        alike(played(after), whole)
        alike(in_python(after), whole)

    def test_only_the_newest(self) -> None:
        after = without("S01", "B01")
        found = played(after, newest=3)
        assert found.total == 3
        alike(found, in_python(after, newest=3))

    def test_progress_ends_where_it_said(self) -> None:
        told: list[tuple[int, int]] = []
        data = now()
        backtest.backtest(
            data, data, rulebook_only=True, note=lambda done, of: told.append((done, of))
        )
        assert told == sorted(told)
        assert told[-1][0] == told[-1][1] > 0

    def test_the_other_kinds_are_worked_out_from_the_answers(self) -> None:
        data = now()
        found = backtest.backtest(data, data, rulebook_only=False, note=unheard)
        assert found.total == Screening.objects.count()
        assert found.changed == []


@pytest.mark.usefixtures("any_facts")
@given(
    strategies.rulebooks(VOCABULARY),
    strategies.rulebooks(VOCABULARY),
    st.lists(st.lists(strategies.deals(VOCABULARY), min_size=1, max_size=3), max_size=4),
)
@settings(
    max_examples=examples(40),
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
def test_generated_rulebooks_over_generated_screenings(before, after, several):
    with transaction.atomic():
        like = Screening.objects.first() or factories.cleared_deal().screening
        for variants in several:
            screening = store(like, [facts.plain for facts in variants])
            deal_facts.write(deal_facts.values(screening.pk, variants))
        alike(played(after, before), in_python(after, before))
        transaction.set_rollback(True)


@pytest.mark.usefixtures("any_facts")
@given(
    strategies.rulebooks(VOCABULARY), st.lists(strategies.deals(VOCABULARY), min_size=1, max_size=4)
)
@settings(
    max_examples=examples(15),
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
def test_a_rulebook_that_shares_no_rule_with_the_shipped_one(after, variants):
    with transaction.atomic():
        like = Screening.objects.first() or factories.cleared_deal().screening
        for facts in variants:
            screening = store(like, [facts.plain])
            deal_facts.write(deal_facts.values(screening.pk, [facts]))
        alike(played(after), in_python(after))
        transaction.set_rollback(True)


@pytest.mark.usefixtures("any_facts")
def test_a_variant_that_no_change_touches_still_decides():
    touched = factories.sent_deal(factories.SENIOR).screening
    barred = factories.sent_deal({**factories.BARRED, **factories.in_country("FI")}).screening
    assert "S01" not in barred.findings.values_list("rule", flat=True)
    both = store(touched, [touched.facts[0], barred.facts[0]])
    deal_facts.write(deal_facts.values_of_text(both.pk, both.facts))
    found = played(without("S01"))
    assert found.matrix == {("senior_review", "clear"): 1, ("bar", "bar"): 2}
    alike(found, in_python(without("S01")))


class TestWhatCannotBeReadInPlace:
    @pytest.mark.usefixtures("nothing_remains")
    def test_a_screening_without_rows_is_unread_not_clear(self) -> None:
        like = factories.cleared_deal().screening
        lost = store(like, like.facts)
        found = played(rulebook())
        assert found.total == 1
        [sentence] = found.unread
        assert sentence.startswith(f"{like.revision.deal.reference}: screening {lost.pk} has no")

    @pytest.mark.usefixtures("nothing_remains")
    def test_so_is_the_only_one(self) -> None:
        like = factories.cleared_deal().screening
        first = store(like, like.facts)
        both = rulebook()
        found = in_place.play(both, both, first=first.pk, last=first.pk)
        assert (dict(found.matrix), found.unread) == ({}, [first.pk])

    def test_a_rulebook_that_reads_a_fact_without_a_column_reads_the_texts(self) -> None:
        factories.deal_in_review()
        other = Vocabulary([*VOCABULARY.values(), YesNo("is_night")])
        after = changed(without("S01"), vocabulary=other)
        found = played(after)
        assert found.matrix == {("senior_review", "clear"): 1}
        assert [list(one.rules) for one in found.changed] == [["S01"]]
        alike(found, in_python(after))

    def test_a_rulebook_without_one_of_the_facts_finds_them_unread(self) -> None:
        factories.deal_in_review()
        less = Vocabulary([fact for name, fact in VOCABULARY.items() if name != "law_conflict"])
        rules = tuple(one for one in shipped.rulebook().rules if one.id == "S01")
        found = played(changed(shipped.rulebook(), vocabulary=less, rules=rules))
        assert found.total == 0
        assert found.unread


class TestLiveDeals:
    def test_a_deal_whose_facts_stand_is_settled(self) -> None:
        deal = factories.cleared_deal()
        assert settled(rulebook()) == {deal.pk}

    def test_one_that_would_come_out_differently_is_not(self) -> None:
        deal = factories.deal_in_review()
        assert settled(rulebook()) == {deal.pk}
        assert settled(without("S01")) == set()

    def test_nor_one_whose_end_user_bought_more_since(self) -> None:
        deal = factories.sent_deal(factories.SENIOR, alone=False)
        factories.sent_deal(factories.CITED, alone=False)
        assert deal.pk not in settled(rulebook())
        found = played(rulebook())
        alike(found, in_python(rulebook()))
        assert [one.deal for one in found.otherwise] == [deal.pk]
        assert found.affected == [], "the rules changed nothing"

    def test_nor_one_that_was_screened_with_what_its_end_user_had(self) -> None:
        other = factories.sent_deal(factories.CITED, alone=False)
        deal = factories.sent_deal(factories.SENIOR, alone=False)
        assert deal.pk not in settled(rulebook())
        actions.withdraw_deal(other, because="Not sold.", actor=other.owner)
        found = played(rulebook())
        alike(found, in_python(rulebook()))
        assert deal.pk in {one.deal for one in found.otherwise}

    def test_nor_one_with_a_later_ruling(self) -> None:
        deal = factories.cleared_deal()
        FactRuling.objects.create(
            deal=deal,
            fact="adverse_info",
            value_text='"confirmed"',
            because="Reported.",
            source="press",
            ruled_by=factories.compliance_officer(),
        )
        assert settled(rulebook()) == set()
        found = played(rulebook())
        alike(found, in_python(rulebook()))
        assert [one.deal for one in found.otherwise] == [deal.pk]
        assert found.affected == [], "the rules changed nothing"

    def test_nor_one_that_was_screened_with_another_version(self) -> None:
        deal = factories.cleared_deal()
        versions = active.versions()
        for kind in ("countries", "catalogue", "registry", "laws"):
            stale = {**versions, kind: versions["rulebook"]}
            assert in_place.settled(rulebook(), stale, first=deal.pk, last=deal.pk) == set()

    def test_nor_any_when_other_data_are_active_than_those_that_are_played(self) -> None:
        factories.cleared_deal()
        data = now()
        places = replace(data.countries, digest="sha256:other")
        run = backtest._Run(data, replace(data, countries=places), note=unheard, total=1)
        [span] = [
            one for one in backtest.spans(data, data, rulebook_only=True) if one.what == "deals"
        ]
        assert run._settled(span) == set()

    def test_a_change_of_the_rules_is_kept_apart_from_one_of_other_reasons(self) -> None:
        """A linked deal makes the first graver already; the new rules make the second milder."""
        linked = factories.sent_deal(factories.SENIOR, alone=False)
        factories.sent_deal(factories.CITED, alone=False)
        milder = factories.sent_deal({**factories.SENIOR, "customer": "Ege Radyo"})
        found = played(without("S01"))
        assert {one.deal for one in found.otherwise} == {linked.pk}
        assert (milder.pk, "senior_review", "clear") in {
            (one.deal, one.before, one.after) for one in found.affected
        }

    def test_what_an_older_rulebook_stored_is_not_taken_for_what_is_active(self) -> None:
        """Not swept yet: the new rules undo what the active ones would do to the deal."""
        deal = factories.deal_in_review()
        data = now()
        active_ones = replace(data, rulebook=without("S01"))
        found = backtest.backtest(active_ones, data, rulebook_only=True, note=unheard)
        assert [(one.deal, one.before, one.after) for one in found.affected] == [
            (deal.pk, "clear", "senior_review")
        ]
        assert [(one.deal, one.before, one.after) for one in found.otherwise] == [
            (deal.pk, "senior_review", "clear")
        ]

    def test_closed_deals_are_not_asked(self) -> None:
        factories.barred_deal()
        assert played(without("B01")).affected == []


def test_parts_are_gathered_as_they_were_written():
    factories.deal_in_review()
    found = played(without("S01"))
    assert Backtest.of_plain(found.plain).plain == found.plain
    twice = gathered([found, found])
    assert twice.matrix == {("senior_review", "clear"): 2}
    assert len(twice.changed) == len(twice.affected) == 2


def rated(data: ReferenceData, code: str, tier: str) -> ReferenceData:
    countries = data.countries
    lists = tuple(
        replace(one, ratings=tuple(replace(r, tier=tier) if r.code == code else r for r in rows))
        for one, rows in ((one, one.ratings) for one in countries.lists)
    )
    return replace(data, countries=replace(countries, lists=lists, digest=f"{code} {tier}"))


@pytest.fixture
def read(monkeypatch: pytest.MonkeyPatch) -> list[tuple[int, ReferenceData]]:
    """Each revision that is derived anew, and with what."""
    read: list[tuple[int, ReferenceData]] = []
    derive = backtest._derived_anew

    def noting(revision: Any, reference: ReferenceData, around: Any) -> Any:
        read.append((revision.pk, reference))
        return derive(revision, reference, around)

    monkeypatch.setattr(backtest, "_derived_anew", noting)
    return read


def over_all(before: ReferenceData, after: ReferenceData) -> Backtest:
    return backtest.backtest(before, after, rulebook_only=False, note=unheard)


def with_everything_read_twice(before: ReferenceData, after: ReferenceData) -> Backtest:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(backtest, "rows_that_differ", lambda _one, _other: None)
        patch.setattr(holding, "facts_of", lambda _revisions, _versions, _differing: {})
        return over_all(before, after)


#: Names of which none is another spelling of another.
NAMES = ("Hietalan Tehdas", "Pakkalan Laitos", "Mustikkamaan Museo")
MORE_NAMES = (
    *("Ruokolahden Saha", "Kivijärven Voima", "Beltelecom", "Oulujoen Lautta", "Vihdin Sepät"),
    *("Ähtärin Eläinpuisto", "Porvoon Satama"),
)


def of_their_own(names: Sequence[str], **answers: Any) -> list[Deal]:
    """A deal of each, in which nobody else is named."""
    return [
        factories.sent_deal({**SIMPLE, "customer": name, **answers}, alone=False) for name in names
    ]


@pytest.mark.usefixtures("_past")
def test_deals_that_go_elsewhere_are_not_read_and_come_out_as_if_read_twice(
    read: list[tuple[int, ReferenceData]],
) -> None:
    here = of_their_own(NAMES[:2])
    (abroad,) = of_their_own(NAMES[2:3], **factories.in_country("SE"))
    data = now()
    graver = rated(data, "SE", "very_high")
    found = over_all(data, graver)
    assert [one.deal for one in found.affected] == [abroad.pk]
    assert found.total == Screening.objects.count()
    numbers = {deal.pk: deal.newest_revision().pk for deal in (abroad, *here)}
    assert [pk for pk, reference in read if reference is graver] == [numbers[abroad.pk]]
    assert {pk for pk, reference in read if reference is data}.isdisjoint(numbers.values())
    assert with_everything_read_twice(data, graver).plain == found.plain


def another_of_its_own(deal: Deal) -> None:
    of_their_own(NAMES[:1])


def another_in_another_spelling(deal: Deal) -> None:
    of_their_own([f"{NAMES[0]}s"])


def another_that_was_stopped(deal: Deal) -> None:
    factories.sent_deal({**factories.BARRED, "customer": NAMES[0]}, alone=False)


def another_of_who_owns_it(deal: Deal) -> None:
    (above,) = of_their_own(NAMES[1:2])
    parties.set_parent(
        factories.party_of(deal),
        factories.party_of(above),
        because="The register says so.",
        actor=factories.compliance_officer(),
    )


def another_with_its_number(deal: Deal) -> None:
    officer = factories.compliance_officer()
    (other,) = of_their_own(NAMES[1:2])
    for party in map(factories.party_of, (deal, other)):
        parties.add_identifier(party, scheme="lei", value="5299000J2N45DDNE4Y28", actor=officer)


def another_that_it_takes_part_in(deal: Deal) -> None:
    between = {"name": NAMES[0], "country": "SE", "role": "reseller"}
    resells = {"intermediaries": {"answer": "yes", "parties": [between]}}
    factories.sent_deal({**SIMPLE, **resells, "customer": NAMES[1]}, alone=False)


def a_ruling(deal: Deal) -> None:
    factories.ruled(deal, "adverse_info", "alleged")


@pytest.mark.parametrize(
    "happens",
    [
        another_of_its_own,
        another_in_another_spelling,
        another_that_was_stopped,
        another_of_who_owns_it,
        another_with_its_number,
        another_that_it_takes_part_in,
        a_ruling,
    ],
)
def test_what_happened_around_a_deal_since_is_no_change_of_the_version(
    happens: Callable[[Deal], None], read: list[tuple[int, ReferenceData]]
) -> None:
    """Nobody has screened the deal again by now; what the version before makes of it is derived."""
    (deal,) = of_their_own(NAMES[:1], **factories.in_country("SE"))
    data, graver = now(), rated(now(), "SE", "high")
    over_all(data, graver)
    assert [reference for _, reference in read] == [graver]
    read.clear()
    happens(deal)
    found = over_all(data, graver)
    number = deal.newest_revision().pk
    assert [reference for pk, reference in read if pk == number] == [data, graver]
    assert with_everything_read_twice(data, graver).plain == found.plain


@pytest.mark.parametrize("turn", range(examples(24)))
@pytest.mark.usefixtures("_past")
def test_whichever_ratings_change_all_comes_out_as_if_read_twice(
    turn: int, read: list[tuple[int, ReferenceData]]
) -> None:
    """Places are read of texts, sites, names and customers, too."""
    moved = {"answer": "yes", "places": ["SE", "UA"]}
    several = (
        {"countries": [{"place": "FI", "site": "Server room in Stockholm"}]},
        {"description": "Radio for the subsidiary in Lima, Peru"},
        {"customer-country": "BY"},
        {"elsewhere": moved, "territories": {"UA": ["none"]}},
        {"run-from": {"run": "DE", "records": "BR"}},
        factories.in_country("CY"),
        factories.in_country("TR"),
    )
    for name, answers in zip(MORE_NAMES, several, strict=True):
        of_their_own([name], **ASKED_OF_THE_GRAVE, **answers)
    data, after = now(), now()
    chance = random.Random(turn)
    codes = chance.sample(("FI", "SE", "BY", "TR", "UA", "CY", "X-NCY", "PE", "DE", "BR"), 3)
    for code in codes:
        after = rated(after, code, chance.choice(("low", "high", "very_high")))
    found = over_all(data, after)
    assert len({pk for pk, _ in read}) < DealRevision.objects.count()
    assert with_everything_read_twice(data, after).plain == found.plain


@pytest.mark.parametrize(
    "what", ["of which nobody noted what it read", "of an older program", "of another version"]
)
def test_what_is_not_known_is_read(
    what: str, read: list[tuple[int, ReferenceData]], mighty: Any
) -> None:
    (deal,) = of_their_own(NAMES[:1])
    data, graver = now(), rated(now(), "SE", "very_high")
    over_all(data, graver)
    assert read == []
    if what == "of another version":
        over_all(graver, data)
    else:
        _, *codes = deal.last_screening.rows_text.split(" ")
        noted = "" if "nobody" in what else " ".join(("0123456789abcdef", *codes))
        mighty("screening_screening", "UPDATE screening_screening SET rows_text = %s", [noted])
        over_all(data, graver)
    before = graver if what == "of another version" else data
    assert [reference for _, reference in read] == [before]


def test_what_was_screened_twice_is_read_once_and_counted_twice() -> None:
    deal = factories.cleared_deal()
    actions.rescreen_deal(deal, cause=Screening.Cause.VERSION, because="again")
    data = now()
    [span] = backtest.spans(data, rated(data, "FI", "very_high"), rulebook_only=False)
    assert (span.what, span.size) == ("revisions", 1)
    found = backtest.backtest(
        data, rated(data, "FI", "very_high"), rulebook_only=False, note=unheard
    )
    assert found.total == Screening.objects.count() == 2
    assert [one.screening for one in found.changed] == sorted(
        Screening.objects.values_list("pk", flat=True)
    )
    assert [one.deal for one in found.affected] == [deal.pk]
