"""Sending a deal, to its outcome: python -m tests.bench.submit [DEALS [NAMES [PARTIES]]]

Fills a database of its own with DEALS (100,000) deals of PARTIES (20,000) parties, copied by
PostgreSQL from deals that were entered by the real actions, and activates a registry of NAMES
(94,000) names. Then sends drafts with the verb that sales uses: of customers that nobody has named
before, whose names are looked for anew, and of customers that have other deals. After each of them
Django inserts the rows that a send writes, one by one, into tables of the same columns and indexes
that nothing guards. Prints times, statements and derivations of a send, and the search for a name
alone. Ends with 1 when a gate is missed. Times by the clock are no gates, because they depend on
what else the machine does: gates compare processor times of one run.
"""

import csv
import io
import json
import random
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from statistics import median, quantiles
from typing import Any, NamedTuple
from uuid import uuid4

from tests.bench.ready import own_database, sign_in  # models can be imported from here on

# isort: split

from django.apps import apps
from django.db import connection, transaction
from django.db.models import AutoField

from audit.ledger import canonical
from config.devtools import embedded
from people import access
from policy import actions as governing
from policy import active
from policy.facts import derive, shipped
from policy.governance.versions import Content, shipped_contents
from policy.models import Kind
from policy.reference.names import outlines
from policy.reference.registry import COLUMNS, OPERATOR, QUESTION, Registry
from screening import actions as selling
from screening.models import Deal
from screening.parties.models import DealParty, Party, PartyOutline
from screening.sweep.deal_facts import DealFacts
from tests import factories
from tests.bench.gates import Gate, print_gates, say
from tests.bench.names import LONG, long_list
from tests.bench.parties import draw_all, word
from tests.bench.sweep import backend, busy, multiply
from tests.unguarded import asleep

DEALS, PARTIES = 100_000, 20_000
#: Drafts of each kind that are sent.
SENT = 100
#: Milliseconds of 95 of 100 sends that people should see at most, printed beside what it is.
AIM = 150
#: Letters of the longest word that joins two bodies in a name.
LONGEST_JOINT = 4
#: Milliseconds of the derivations of a send, the search for names left out.
DERIVED = 3
#: So many times the processor time of Django inserting the same rows where nothing guards them.
REMEMBERED, ANEW = 16, 20
#: Rounds of copies; `multiply` keeps their numbers apart.
PAST, DRAFTS = 0, 1


def main(deals: int = DEALS, names: int = LONG, parties: int = PARTIES) -> int:
    with own_database() as servers:
        began = time.perf_counter()
        activate(names)
        factories.senior()
        registry = active.reference_data().registry
        customers = fill(servers, deals, parties)
        deals_to_send = drafts(servers, [*new_customers(registry, 2 * SENT + 1), *customers])
        say(
            f"{Deal.objects.count():,} deals, {Party.objects.count():,} parties and {names:,}"
            f" names, filled in {time.perf_counter() - began:.0f} s"
        )
        first, *rest = deals_to_send
        rows = rows_of(first)
        make_plain(servers, rows)
        anew, remembered = rest[: 2 * SENT : 2], rest[1 : 2 * SENT : 2]
        sent = [
            send_all("a new customer, name never met", anew, rows, before=lambda: forget(registry)),
            send_all("a new customer, name remembered", remembered, rows),
            send_all("a customer with other deals", rest[2 * SENT :], rows),
        ]
        searched(registry)
        return print_gates(gates(sent))


def gates(sent: Sequence["Sent"]) -> list[Gate]:
    anew, remembered, _ = sent
    return [
        Gate.at_most("times Django's inserts, name never met", anew.times, ANEW),
        Gate.at_most("times Django's inserts, name remembered", remembered.times, REMEMBERED),
        Gate.at_most("derivations of a send", max(anew.derivations, remembered.derivations), 1),
        Gate.at_most("ms of a send for derivations, name remembered", remembered.derived, DERIVED),
    ]


# --- A past --------------------------------------------------------------------------------------


def activate(names: int) -> None:
    """The shipped versions, with a registry of so many names."""
    people = factories.person(access.POLICY_OWNER), factories.person(access.POLICY_OWNER)
    for content in shipped_contents():
        if content.kind == Kind.REGISTRY:
            content = longer(content, names)
        version = governing.propose_version(content, actor=people[0])
        governing.activate_version(version, actor=people[1])


def longer(content: Content, names: int) -> Content:
    """The shipped registry and names made of its words, each a question of its own."""
    registry = shipped.load().registry
    taken = {name for party in registry.parties for name in (party.name, *party.aliases)}
    # Nobody bears a name of an operator's words, which customers do.
    bodies = [party for party in registry.parties if party.kind != OPERATOR]
    more = io.StringIO()
    rows = csv.writer(more, lineterminator="\n")
    for one in long_list(replace(registry, parties=tuple(bodies)), 2 * names):
        if len(taken) < names and one.name not in taken:
            taken.add(one.name)
            row = {"name": one.name, "country": "MH", "class": QUESTION, "source": "made"}
            rows.writerow([row.get(column, "") for column in COLUMNS])
    written = json.loads(content.text)
    written["registry"] = f"{written['registry'].rstrip()}\n{more.getvalue()}"
    return replace(content, text=canonical(written))


def fill(servers: embedded.Servers, deals: int, parties: int) -> list[str]:
    """Deals of parties, each party with as many; the names of some customers among them."""
    past = [
        factories.cleared_deal(),
        factories.deal_in_review(),
        factories.barred_deal(),
        factories.deal_for_compliance(),
    ]
    multiply(servers, past, deals, PAST, names=max(1, parties // len(past)))
    sign_in(servers.owner_url)
    with connection.cursor() as cursor:
        party, part = Party._meta.db_table, DealParty._meta.db_table
        outline = PartyOutline._meta.db_table
        with transaction.atomic(), asleep(cursor, party, part, outline):
            cursor.execute(
                f"INSERT INTO {party} (key, country, name) SELECT DISTINCT ON (1, 2)"
                " end_user_key, answers->>'customer-country', answers->>'customer'"
                " FROM screening_deal WHERE end_user_key <> '' ON CONFLICT DO NOTHING"
            )
            cursor.execute(
                f"INSERT INTO {part} (deal_id, revision_id, party_id, role, name)"
                " SELECT deal.id, revision.id, party.id, role, deal.answers->>'customer'"
                " FROM screening_deal AS deal"
                " JOIN screening_dealrevision AS revision ON revision.deal_id = deal.id"
                f" JOIN {party} AS party ON party.key = end_user_key"
                " AND party.country = deal.answers->>'customer-country',"
                " unnest(ARRAY['customer', 'end_user']) AS role ON CONFLICT DO NOTHING"
            )
            draw_all(cursor)
        cursor.execute("VACUUM ANALYZE")
    sign_in(servers.app_url)
    return [f"{past[0].answers['customer']} {word(at)}" for at in range(1, SENT + 1)]


def drafts(servers: embedded.Servers, names: Sequence[str]) -> list[Deal]:
    """A complete draft for each of these customers."""
    owner = factories.sales_person()
    draft = factories.draft_deal(owner)
    multiply(servers, [draft], len(names), DRAFTS)
    numbers = list(
        Deal.objects.filter(status="draft")
        .exclude(pk=draft.pk)
        .order_by("pk")
        .values_list("pk", flat=True)
    )
    sign_in(servers.owner_url)
    with connection.cursor() as cursor:
        table = Deal._meta.db_table
        with transaction.atomic(), asleep(cursor, table):
            cursor.execute(
                f"UPDATE {table} AS deal SET answers = jsonb_set(answers, '{{customer}}',"
                " to_jsonb(given.name)) FROM unnest(%s::bigint[], %s::text[]) AS given (id, name)"
                " WHERE given.id = deal.id",
                [numbers, names],
            )
    sign_in(servers.app_url)
    found = Deal.objects.select_related("owner").in_bulk(numbers)
    return [found[number] for number in numbers]


def new_customers(registry: Registry, count: int, seed: int = 6) -> list[str]:
    """Different names made of the words of operators, which name no country and resemble nobody in
    the registry, nor each other: one that does is derived with the deals of the other and without.
    """
    draw = random.Random(seed)
    operators = [one.name for one in registry.parties if one.kind == OPERATOR]
    every = {word for name in operators for word in name.split() if word.isalpha()}
    # "And", "via", "JV": a name that joins bodies is asked about.
    words = sorted(word for word in every if len(word) > LONGEST_JOINT)
    names: list[str] = []
    taken: set[str] = set()
    while len(names) < count:
        name = " ".join(draw.choices(words, k=3))
        said = registry.said(name)
        if not said.is_more and not any(said.homes) and taken.isdisjoint(outlines.sought(name)):
            names.append(name)
            taken |= outlines.drawn(name)
    return names


# --- Measured ------------------------------------------------------------------------------------


Rows = dict[type[Any], list[Any]]


class Sent(NamedTuple):
    """Sends of one kind, and after each of them Django's inserts. Times are milliseconds."""

    words: str
    #: Each send by the clock.
    sends: Sequence[float]
    inserts: Sequence[float]
    #: Processor time of all sends, of this process and the PostgreSQL process that serves it.
    busy: float
    inserts_busy: float
    #: The median of a send.
    statements: float
    #: The most of a send.
    derivations: int
    #: Of all derivations of a send, the median by the clock.
    derived: float

    @property
    def times(self) -> float:
        return self.busy / self.inserts_busy

    def tell(self) -> None:
        each = len(self.sends)
        say(
            f"  {self.words}: p50 {median(self.sends):.0f} ms, p95 {slow(self.sends):.0f} ms"
            f" (aim {AIM}), {self.busy / each:.0f} ms of processor time; {self.statements:.0f}"
            f" statements; derived {self.derivations} times in {self.derived:.2f} ms"
        )
        say(
            f"    Django's inserts beside it: p50 {median(self.inserts):.0f} ms, p95"
            f" {slow(self.inserts):.0f} ms, {self.inserts_busy / each:.0f} ms of processor time"
        )


def slow(times: Sequence[float]) -> float:
    return quantiles(times, n=20)[-1]


def send(deal: Deal) -> None:
    selling.submit_deal(deal, send_key=uuid4(), actor=deal.owner)
    assert deal.screening is not None, "each send leads to an outcome"


def send_all(
    words: str, deals: Sequence[Deal], rows: Rows, before: Callable[[], None] | None = None
) -> Sent:
    """Each draft once, and after each of them the rows of such a send."""
    sends, inserts, statements, derivations, derived = Watch(), Watch(), [], [], []
    for deal in deals:
        if before is None:
            active.reference_data().registry.said(deal.answers["customer"])
        else:
            before()
        with counted_statements() as asked, timed_derivations() as took, sends.running():
            send(deal)
        with inserts.running():
            insert(rows)
        clear(rows)
        statements.append(len(asked))
        derivations.append(len(took))
        derived.append(sum(took) * 1000)
    sent = Sent(
        words,
        sends.times,
        inserts.times,
        sends.busy,
        inserts.busy,
        median(statements),
        max(derivations),
        median(derived),
    )
    sent.tell()
    return sent


class Watch:
    """Milliseconds by the clock of each run, and of processor time of all of them."""

    def __init__(self) -> None:
        self.times: list[float] = []
        self.busy = 0.0
        self._server = backend()

    @contextmanager
    def running(self) -> Iterator[None]:
        used, began = self._used(), time.perf_counter()
        yield
        self.times.append((time.perf_counter() - began) * 1000)
        self.busy += (self._used() - used) * 1000

    def _used(self) -> float:
        return time.process_time() + busy(self._server)


def milliseconds(work: Callable[[], None]) -> float:
    started = time.perf_counter()
    work()
    return (time.perf_counter() - started) * 1000


@contextmanager
def counted_statements() -> Iterator[list[str]]:
    asked: list[str] = []

    def count(execute: Any, sql: str, *more: Any) -> Any:
        asked.append(sql)
        return execute(sql, *more)

    with connection.execute_wrapper(count):
        yield asked


@contextmanager
def timed_derivations() -> Iterator[list[float]]:
    """The seconds of each derivation, whichever module asks for it."""
    took: list[float] = []
    real = derive.trace

    def trace(*given: Any, **more: Any) -> Any:
        started = time.perf_counter()
        variants = real(*given, **more)
        took.append(time.perf_counter() - started)
        return variants

    modules = [one for one in sys.modules.values() if getattr(one, "trace", None) is real]
    for module in modules:
        module.trace = trace  # type: ignore[attr-defined]
    try:
        yield took
    finally:
        for module in modules:
            module.trace = real  # type: ignore[attr-defined]


def forget(registry: Registry) -> None:
    """What was found out about names is found out again."""
    registry.__dict__.pop("said", None)
    registry._matcher._similar.cache_clear()


def searched(registry: Registry) -> None:
    """The search alone, for names that are met for the first time and again."""
    names = new_customers(registry, SENT, seed=8)
    forget(registry)
    first, again = [], []
    for name in names:
        first.append(milliseconds(lambda name=name: registry.said(name)))
        again.append(milliseconds(lambda name=name: registry.said(name)))
    say(
        f"  the search for a name alone: p50 {median(first):.1f} ms, p95 {slow(first):.1f} ms;"
        f" met before {median(again) * 1000:.1f} µs"
    )


# --- The same rows, unguarded --------------------------------------------------------------------


def rows_of(deal: Deal) -> Rows:
    """The rows that a send of this deal writes."""
    last = {model: _newest(model) for model in apps.get_models() if _is_numbered(model)}
    send(deal)
    rows = {
        model: list(model._default_manager.filter(pk__gt=number)) for model, number in last.items()
    }
    rows[DealFacts] = list(DealFacts.objects.filter(screening=deal.screening))
    rows = {model: found for model, found in rows.items() if found}
    counts = ", ".join(f"{model._meta.db_table} {len(found)}" for model, found in rows.items())
    say(f"  a send writes {sum(map(len, rows.values()))} rows: {counts}")
    return rows


def _newest(model: type[Any]) -> int:
    return model._default_manager.order_by("-pk").values_list("pk", flat=True).first() or 0


def _is_numbered(model: type[Any]) -> bool:
    return isinstance(model._meta.pk, AutoField) and model._meta.managed


def make_plain(servers: embedded.Servers, rows: Rows) -> None:
    """Tables with the same columns and indexes, without triggers and without references."""
    sign_in(servers.owner_url)
    with connection.cursor() as cursor:
        cursor.execute("CREATE SCHEMA plain")
        for model in rows:
            table = model._meta.db_table
            cursor.execute(
                f"CREATE TABLE plain.{table} (LIKE public.{table} INCLUDING DEFAULTS"
                " INCLUDING IDENTITY INCLUDING GENERATED INCLUDING INDEXES)"
            )
        cursor.execute("GRANT USAGE ON SCHEMA plain TO PUBLIC")
        cursor.execute("GRANT ALL ON ALL TABLES IN SCHEMA plain TO PUBLIC")
    sign_in(servers.app_url)


@transaction.atomic
def insert(rows: Rows) -> None:
    """Django inserts them one by one, in one transaction."""
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL search_path = plain, public")
    for model, found in rows.items():
        for row in found:
            if model is not DealFacts:
                row.pk = None
            row._state.adding = True
            row.save(force_insert=True)


def clear(rows: Rows) -> None:
    with connection.cursor() as cursor:
        for model in rows:
            cursor.execute(f"DELETE FROM plain.{model._meta.db_table}")


if __name__ == "__main__":
    sys.exit(main(*map(int, sys.argv[1:])))
