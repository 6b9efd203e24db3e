"""What lies around a deal is the same whether it is read alone or with a thousand others."""

from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from policy import active
from policy.reference.names.outlines import PART, WHOLE
from screening import actions
from screening.around import Around
from screening.models import TWO_YEARS, Deal
from screening.parties import actions as parties
from screening.parties import naming
from screening.parties.spelling import alike, alike_in
from tests import factories
from tests.screening.form.answers import SIMPLE

pytestmark = pytest.mark.django_db
#: Four deals of one end user, and one of another.
SHARED = {**SIMPLE, "customer": "Suomen Verkko"}


@pytest.fixture
def deals() -> list[Deal]:
    """Live, stopped, copied and of nobody else."""
    factories.reference_data()
    live = [factories.sent_deal(SHARED, alone=False) for _ in range(2)]
    in_review = factories.sent_deal({**factories.SENIOR, "customer": "Suomen Verkko"}, alone=False)
    stopped = factories.sent_deal({**factories.BARRED, "customer": "Suomen Verkko"}, alone=False)
    copy = actions.copy_deal(stopped, actor=stopped.owner)
    copy_of_copy = actions.copy_deal(copy, actor=copy.owner)
    factories.ruled(in_review, "adverse_info", "alleged")
    other = factories.cleared_deal()
    pks = [deal.pk for deal in (*live, in_review, stopped, copy, copy_of_copy, other)]
    return list(Deal.objects.filter(pk__in=pks).select_related("screening").order_by("pk"))


def seen(around: Around, deal: Deal) -> dict[str, Any]:
    data = active.reference_data()
    key = deal.end_user_key
    declared = {"end_user_name": "Suomen Verkko", "customer_country": "FI"}
    known = around.known(deal, naming.named(declared, data))
    return {
        "others": [(other.deal.pk, other.capabilities) for other in around.others(deal, key, data)],
        "ancestors": [other.pk for other in around.ancestors(deal)],
        "stopped": [other.pk for other in around.stopped({key, "nobody"}, timezone.now())],
        "signed": [other.pk for other in around.signed({key, "nobody"}, timezone.now())],
        "rulings": [ruling.pk for ruling in around.rulings(deal)],
        "known": [finding.pk for finding in known.findings],
        "doubts": list(known.doubts),
    }


def test_one_is_many_of_one(deals: list[Deal]) -> None:
    together = Around(deals)
    of_all = {deal.pk: seen(together, deal) for deal in deals}
    assert of_all == {deal.pk: seen(Around([deal]), deal) for deal in deals}
    for part in ("others", "ancestors", "stopped", "signed", "rulings"):
        assert any(surroundings[part] for surroundings in of_all.values()), part


def test_in_which_order_they_are_asked_makes_no_difference(deals: list[Deal]) -> None:
    forwards, backwards = Around(deals), Around(deals)
    first = {deal.pk: seen(forwards, deal) for deal in deals}
    second = {deal.pk: seen(backwards, deal) for deal in reversed(deals)}
    assert first == second


def test_nothing_is_read_before_it_is_asked_and_nothing_twice(
    deals: list[Deal], django_assert_num_queries: Any, django_assert_max_num_queries: Any
) -> None:
    data = active.reference_data()
    with django_assert_num_queries(0):
        around = Around(deals)
    # However many deals there are; three of them look for other spellings of their names.
    with django_assert_max_num_queries(12):
        for deal in deals:
            for _ in range(3):
                around.ancestors(deal)
                around.rulings(deal)
                around.stopped({deal.end_user_key}, timezone.now())
                around.others(deal, deal.end_user_key, data)


def test_what_two_ask_of_the_same_names_is_read_once(
    deals: list[Deal], django_assert_num_queries: Any
) -> None:
    """A send looks for stopped deals of its bodies twice: of those who use and those who sign."""
    deal, now = deals[0], timezone.now()
    around = Around([deal])
    around.stopped({"Suomen Verkko"}, now)
    with django_assert_num_queries(0):
        assert around.signed({"Suomen Verkko"}, now)


def test_nobody_whom_the_deals_name_is_asked_for_alone(
    deals: list[Deal], django_assert_num_queries: Any
) -> None:
    """With many deals each name would take a statement of its own."""
    around, now = Around(deals), timezone.now()
    first, *others = sorted({deal.end_user_key for deal in deals} - {""})
    around.stopped({first}, now)
    around.signed({first}, now)
    assert others
    with django_assert_num_queries(0):
        found = [(around.stopped({name}, now), around.signed({name}, now)) for name in others]
    alone = Around(deals[:1])
    assert found == [(alone.stopped({name}, now), alone.signed({name}, now)) for name in others]


def test_somebody_whom_no_deal_names_is_asked_for(deals: list[Deal]) -> None:
    """As a name of answers that were sent before anybody wrote down whom they name."""
    stopped = factories.rejected_deal()
    around, now = Around(deals), timezone.now()
    assert stopped in around.stopped({stopped.answers["customer"]}, now)
    assert stopped in around.signed({stopped.answers["customer"]}, now)


def test_a_copy_of_a_copy_has_both_before_it(deals: list[Deal]) -> None:
    *_, stopped, copy, copy_of_copy, _other = deals
    around = Around(deals)
    assert [deal.pk for deal in around.ancestors(copy)] == [stopped.pk]
    assert [deal.pk for deal in around.ancestors(copy_of_copy)] == [stopped.pk, copy.pk]
    assert around.ancestors(stopped) == []


def test_a_deal_is_no_other_deal_of_its_own(deals: list[Deal]) -> None:
    data = active.reference_data()
    for deal in deals:
        others = Around([deal]).others(deal, deal.end_user_key, data)
        assert deal.pk not in {other.deal.pk for other in others}


def test_nobody_has_no_other_deals(deals: list[Deal], django_assert_num_queries: Any) -> None:
    """An end user that nobody names is not one with all the others whom nobody names."""
    data = active.reference_data()
    with django_assert_num_queries(0):
        assert Around(deals).others(deals[0], "", data) == []


def test_a_stop_counts_for_two_years_and_not_a_moment_more(deals: list[Deal]) -> None:
    stopped = deals[3]
    assert stopped.closed_at is not None
    around, keys = Around([deals[0]]), {stopped.end_user_key}
    until = stopped.closed_at + TWO_YEARS
    for sent, counts in (
        (stopped.closed_at - timedelta(days=1), True),
        (until - timedelta(microseconds=1), True),
        (until, False),
    ):
        assert (stopped.pk in [deal.pk for deal in around.stopped(keys, sent)]) is counts, sent


def test_what_two_people_take_back_is_gone(deals: list[Deal]) -> None:
    in_review = deals[2]
    (ruling,) = Around([in_review]).rulings(in_review)
    for _ in range(2):
        officer = factories.compliance_officer()
        actions.take_back_ruling(ruling, because="It was another body.", actor=officer)
    assert Around([in_review]).rulings(in_review) == []


def test_of_many_deals_only_outlines_that_somebody_else_has_are_read() -> None:
    """Most names share none with another one, and each has dozens of them."""
    factories.reference_data()
    names = ("Pohjolan Tietoliikenne", "Pohjolan Tietolikenne", "Rautatie Sähköt")
    deals = [factories.sent_deal({**SIMPLE, "customer": name}, alone=False) for name in names]
    rows = alike_in([deal.pk for deal in deals])
    found = {row.key for row in rows if row.outline[0] not in (WHOLE, PART)}
    assert found == {deals[0].end_user_key, deals[1].end_user_key}
    assert not [row for row in alike_in([deals[2].pk]) if row.outline[0] not in (WHOLE, PART)]


def test_whom_a_name_may_mean_is_looked_up_one_by_one(deals: list[Deal]) -> None:
    """PostgreSQL expects an outline of many parties; joined, it would read all of these."""
    with CaptureQueriesContext(connection) as asked:
        assert {row.key for row in alike(["Suomen Verkko"])} == {deals[0].end_user_key}
    with connection.cursor() as cursor:
        cursor.execute(f"EXPLAIN {asked[0]['sql']}")
        plan = " ".join(step for (step,) in cursor.fetchall())
    assert "SubPlan" in plan
    assert "Join" not in plan
    assert "Nested Loop" not in plan


def test_what_is_known_of_everybody_named_is_the_same_for_one_as_for_many() -> None:
    """Read from one book for those that name somebody of whom something is known."""
    names = ("Lakeuden Verkko", "Toinen Verkko", "Kolmas Verkko", "Neljas Verkko", "Viides Verkko")
    deals = {name: factories.sent_deal({**SIMPLE, "customer": name}, alone=False) for name in names}
    officer = factories.compliance_officer()
    own, owned, sharer, cleared, _ = (factories.party_of(deal) for deal in deals.values())
    parties.set_parent(owned, own, because="The register says so.", actor=officer)
    for party in (own, sharer):
        parties.add_identifier(party, scheme="lei", value="5299000J2N45DDNE4Y28", actor=officer)
    factories.known_of(own)
    factories.known_of(cleared, "end_user_type", "law_enforcement")
    between = {"name": "Lakeuden Verkko", "country": "FI", "role": "reseller"}
    resells = {"intermediaries": {"answer": "yes", "parties": [between]}}
    through = factories.sent_deal({**SIMPLE, **resells})
    spelt = factories.sent_deal({**SIMPLE, "customer": "Lakeudenn Verkko"}, alone=False)
    apart = factories.sent_deal({**SIMPLE, "customer": "Lakeuden Verkkko"}, alone=False)
    easing = parties.ask_apart(
        factories.party_of(apart), own, because="Two firms.", source="Register", actor=officer
    )
    factories.agreed(easing)
    actions.copy_deal(deals["Lakeuden Verkko"], actor=deals["Lakeuden Verkko"].owner)
    pks = Deal.objects.filter(screening__isnull=False)
    ours = list(pks.select_related("screening").order_by("pk"))
    together, data, told = Around(ours), active.reference_data(), {}
    for deal in ours:
        named = naming.named(together.declared(deal.newest_revision()), data)
        told[deal.pk] = together.known(deal, named)
        assert told[deal.pk] == Around([deal]).known(deal, named)
    asked = {pk for pk, one in told.items() if one.findings or one.doubts}
    assert asked >= {deals[name].pk for name in names[:4]} | {through.pk, spelt.pk}
    assert asked.isdisjoint({deals["Viides Verkko"].pk, apart.pk})
