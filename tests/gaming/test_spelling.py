"""Another spelling of a name shakes nothing off: neither what is known nor a stop."""

import csv
from collections import defaultdict
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from policy.facts import shipped
from policy.reference.names.outlines import are_alike, drawn, sought
from screening.around import Around
from screening.lifecycle import AFTER_PARTY, AFTER_STOP, Status
from screening.linking import key_of_name
from screening.models import TWO_YEARS, Deal
from screening.parties import actions as parties
from screening.parties.models import Party
from screening.sweep import batch
from tests import factories
from tests.factories import agreed, known_of, party_of
from tests.screening.form.answers import SIMPLE
from tests.screening.sweep import sweeping
from tests.screening.test_rulings import fact, send

pytestmark = pytest.mark.django_db
NAME = "Lounais Verkko"
SPELLINGS = (
    "Lounais Verkko Group",
    "The Lounais Verkko",
    "Verkko Lounais",
    "LounaisVerkko",
    "Lounais.Verkko",
    "L0unais Verkko",
    "Lounais Verko",
    "Лоунаис Веркко",
    "Lounais Verkko, Helsinki",
    "Lounais Verkko (Finland)",
    "Lounais Verkko Finland Oy",
    "Messrs Lounais Verkko Holding Ltd Ltd",
    "Lounais Verkka",
    "Luonais Verkko",
    "Lounas Verkko",
    "Lounaiss-Verkkko",
    "Nordic Radio t/a Lounais Verkko",
    "Nordic Radio (trading as: Lounais Verkko)",
    "Lounais Verkko 2",
    "Lounais Verkko JV",
    "Lounais Verkko Procurement Oy",
    "Oulu Lounais Verkko",
    "Lounaisverkko Oulu",
    "Lounais Oulun Verkko",
    "Osuuskunta Lounais Verkko Kolmannen Alueen Hankinta 2",
    "Lounais",
)
OTHERS = ("Lounais Sähkö", "Lounais Sähkö 2", "Mobile Verko 2", "Elisa (Finland)", "Eloais")


def named(name: str, **more: Any) -> Deal:
    return send({**SIMPLE, "customer": name, **more})


def barred() -> Deal:
    products = {"products": ["x-monitoring-centre"], "stores": "yes"}
    deal = named(NAME, **products, obligation="no")
    assert deal.status == Status.BARRED
    return deal


@pytest.mark.parametrize("name", SPELLINGS)
def test_what_is_known_is_asked_about_in_another_spelling(name: str) -> None:
    known_of(party_of(named(NAME)))
    deal = named(name)
    assert (deal.status, deal.turn) == (Status.NEEDS_INFORMATION, "compliance")
    assert f"could be another spelling of {NAME} (FI)" in fact(deal, "conflict_note")


@pytest.mark.parametrize("name", SPELLINGS)
def test_a_deal_in_another_spelling_follows_a_stopped_one(name: str) -> None:
    stopped = barred()
    deal = named(name)
    assert deal.status == Status.IN_REVIEW
    assert deal.screening is not None
    assert stopped.reference in deal.screening.sources["follows_stopped_deal"]["note"]


def test_another_name_stays_another_name() -> None:
    known_of(party_of(named(NAME)))
    barred()
    for name in OTHERS:
        assert named(name).status == Status.CLEARED


def test_what_is_learnt_later_comes_back_to_every_spelling() -> None:
    cleared = [named(name) for name in SPELLINGS]
    other = named("Lounais Sähkö")
    known_of(party_of(named(NAME)))
    sweeping.work(AFTER_PARTY)
    for deal in (*cleared, other):
        deal.refresh_from_db()
    assert {deal.turn for deal in cleared} == {"compliance"}
    assert other.status == Status.CLEARED


def test_a_later_stop_comes_back_to_every_spelling() -> None:
    cleared = [named(name) for name in SPELLINGS]
    barred()
    sweeping.work(AFTER_STOP)
    for deal in cleared:
        deal.refresh_from_db()
    assert {deal.status for deal in cleared} == {Status.IN_REVIEW}


def test_two_people_tell_two_spellings_apart(client: Client) -> None:
    first = party_of(named(NAME))
    known_of(first)
    deal = named(SPELLINGS[0])
    client.force_login(factories.compliance_officer())
    page = client.get(party_of(deal).get_absolute_url()).content.decode()
    assert "Another spelling of the name" in page
    assert reverse("reviews:apart", args=[party_of(deal).pk, first.pk]) in page
    told = parties.ask_apart(
        party_of(deal), first, because="Two firms.", source="", actor=factories.compliance_officer()
    )
    agreed(told)
    sweeping.work(AFTER_PARTY)
    deal.refresh_from_db()
    assert deal.status == Status.CLEARED


def test_a_brand_and_a_wrong_letter_are_no_doubt_where_the_names_say_little() -> None:
    for one, other in (
        ("MTC Namibia", "MTN Namibia"),
        ("Elisa", "Elise"),
        ("Mobile 1", "Mobile 2"),
        ("China Telecom (Macau) Limitada", "Hutchison Telephone (Macau), Limitada"),
        ("Telecom Ltd", "S-Telecom"),
        ("Best Telecom", "Beta Telecom"),
    ):
        assert not are_alike(one, other), (one, other)


def test_honest_operators_are_hardly_asked() -> None:
    """If something were known of every twentieth, how many others would be asked about."""
    rows = csv.DictReader(shipped.text("registry/operators.csv").splitlines())
    names = sorted({row["name"] for row in rows})
    asked = sum(len(asked_about(names, names[first::20])) for first in range(20)) / 20
    assert len(names) > 2_000
    assert 0 < asked <= len(names) / 100


def asked_about(names: list[str], known: list[str]) -> list[str]:
    keys: dict[str, set[str]] = defaultdict(set)
    for name in known:
        for outline in drawn(name):
            keys[outline].add(key_of_name(name))
    meant = {name: {key for outline in sought(name) for key in keys[outline]} for name in names}
    return [name for name in names if meant[name] - {key_of_name(name)}]


def test_the_first_spelling_of_a_name_is_not_the_only_one() -> None:
    """The comma tells where a name ends; the key of the party does not keep it."""
    party = party_of(named(f"{NAME} Helsinki"))
    known_of(party)
    named(f"{NAME}, Helsinki")
    assert fact(named(NAME), "conflict_note")
    # None that it had is lost.
    kept = set(party.outlines.values_list("outline", flat=True))
    assert drawn(f"{NAME} Helsinki") | drawn(f"{NAME}, Helsinki") <= kept


def test_parties_of_an_older_program_are_drawn_after_the_upgrade() -> None:
    party = party_of(named(NAME))
    old = Party.objects.create(key="lounais verko", country="SE", name="Lounais Verko")
    assert not old.outlines.exists()
    parties.fold_again()
    assert party.outlines.filter(outline__in=old.outlines.values("outline")).exists()


def test_two_people_tell_a_stopped_body_from_another() -> None:
    stopped, other = barred(), named(SPELLINGS[0])
    assert other.status == Status.IN_REVIEW
    told = parties.ask_apart(
        party_of(other),
        party_of(stopped),
        because="Two firms.",
        source="",
        actor=factories.compliance_officer(),
    )
    agreed(told)
    assert named(SPELLINGS[0]).status == Status.CLEARED
    assert named(SPELLINGS[1]).status == Status.IN_REVIEW


def test_many_deals_at_once_follow_a_stop_as_one_does(django_assert_max_num_queries: Any) -> None:
    cleared = [named(name) for name in SPELLINGS]
    barred()
    pks = [deal.pk for deal in cleared]
    live = Deal.objects.filter(pk__in=pks).order_by("pk")
    with django_assert_max_num_queries(50):
        result = batch.screen(pks, live, cause="fact", because="Stopped.", only_changed=True)
    assert (result.screened, result.apart) == (len(pks), [])


def test_telling_apart_costs_no_statement_for_each_name() -> None:
    stopped, names = (
        barred(),
        ("Verkko Lounais", "LounaisVerkko", "Lounais Verko", "Lounais Verkka"),
    )
    deals = [named(name) for name in names]
    for deal in deals:
        told = parties.ask_apart(
            party_of(deal),
            party_of(stopped),
            because="Two firms.",
            source="",
            actor=factories.compliance_officer(),
        )
        agreed(told)

    def statements(most: int) -> int:
        around = Around(deals[:most])
        with CaptureQueriesContext(connection) as asked:
            for name in names[:most]:
                assert around.stopped({name}, timezone.now()) == []
        return len(asked)

    assert statements(4) == statements(2)


def test_many_deals_at_once_find_an_old_stop_as_one_does() -> None:
    """What counts is when a deal was sent, and a sweep may come two years later."""
    stopped, one, another = barred(), named("Lounais Verko"), named("Luonais Verkko")
    assert stopped.closed_at is not None
    with time_machine.travel(stopped.closed_at + TWO_YEARS + timedelta(days=1), tick=False):
        sent = stopped.closed_at + timedelta(days=1)
        alone = Around([one]).stopped({"Lounais Verko"}, sent)
        together = Around([one, another]).stopped({"Lounais Verko"}, sent)
    assert alone == together == [stopped]


def test_a_name_that_compliance_adds_is_found_in_every_spelling() -> None:
    party = party_of(named("Elisa Nova"))
    known_of(party)
    officer = factories.compliance_officer()
    parties.add_name(party, name=NAME, country="FI", because="It was renamed.", actor=officer)
    assert named("Verkko Lounais").status != Status.CLEARED


def test_told_apart_at_home_says_nothing_of_a_country_where_nobody_was_known() -> None:
    in_sweden = named("Lounais Verkka", **factories.in_country("SE"))
    known_of(party_of(in_sweden))
    deal = named(NAME)
    told = parties.ask_apart(
        party_of(deal),
        party_of(in_sweden),
        because="Two firms.",
        source="",
        actor=factories.compliance_officer(),
    )
    agreed(told)
    used = {
        "end-user": {"kind": "commercial_operator", "is_customer": False},
        "end-user-name": NAME,
    }
    at_home = [{"place": "FI", "site": ""}]
    assert named("Nordic Radio", **used, countries=at_home).status == Status.CLEARED
    abroad = [*at_home, {"place": "SE", "site": ""}]
    assert named("Nordic Radio", **used, countries=abroad).status != Status.CLEARED
