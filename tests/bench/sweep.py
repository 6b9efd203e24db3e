"""The sweep after an activation: python -m tests.bench.sweep [DEALS]

Fills a database of its own with DEALS (50,000) deals whose outcome stays under a changed rulebook,
two fifths as many whose outcome changes, and as many whose outcome stays and that are linked with
another one each, copied by PostgreSQL from deals that were entered by the real actions. Then one
worker works the jobs of the sweep off, as it always does: events, emails and their jobs are
written, locks taken, triggers judging. Last, what a list of countries asks, where every fact is
derived again. Ends with 1 when a gate is missed: 20,000 deals a second where the outcome stays,
2,000 where four of ten are linked, and each deal exactly once. Where the outcome changes, most of
the time is PostgreSQL's, which guards and chains what is written; that rate is told.
"""

import json
import sys
import time
from collections.abc import Mapping
from typing import Any, NamedTuple

import psutil

from tests.bench.ready import own_database, sign_in  # models can be imported from here on

# isort: split

from django.db import connection, transaction

from audit.models import SYSTEM, AuditEvent
from config.devtools import embedded
from jobs.models import Job
from policy import actions as governing
from reviews.models import Decision, Review, Vote
from screening import actions as selling
from screening import deriving
from screening.models import Deal, DealRevision, Finding, Notification, Screening, reference_of
from screening.sweep import rescreen
from screening.sweep.deal_facts import DealFacts
from tests import factories
from tests.bench.gates import Gate, print_gates, say
from tests.bench.parties import sql_word
from tests.screening.sweep import sweeping
from tests.unguarded import asleep

STAYS, LINKED = 20_000, 2_000
#: A rule that none of the old ones is: what utilities buy is looked at.
UTILITIES = (
    "  - id: S01\n",
    """  - id: S00
    title: Networks of utilities
    clause: C4b
    outcome: senior_review
    when: {purpose: [utility_operations]}
    because: The purpose is {purpose}.
    evidence: [end_user_statement]

  - id: S01
""",
)


# --- Many deals, made of few ---------------------------------------------------------------------

STEP = 10_000_000
COPIED: list[tuple[type[Any], str]] = [
    (Deal, "t.id = %(deal)s"),
    (DealRevision, "t.deal_id = %(deal)s"),
    (
        Screening,
        "t.revision_id IN (SELECT id FROM screening_dealrevision WHERE deal_id = %(deal)s)"
        " AND t.id = %(screening)s",
    ),
    (Finding, "t.screening_id = %(screening)s"),
    (DealFacts, "t.screening_id = %(screening)s"),
    (Review, "t.deal_id = %(deal)s"),
    (Vote, "t.review_id IN (SELECT id FROM reviews_review WHERE deal_id = %(deal)s)"),
    (Decision, "t.deal_id = %(deal)s"),
]


def multiply(
    servers: embedded.Servers, deals: list[Deal], count: int, round_: int, *, names: int = STEP
) -> None:
    """So many copies in all, each with names of its own, so that no deal is linked with another.

    With fewer ``names`` than copies of a deal, copies share the names of their customers.
    """
    sign_in(servers.owner_url)
    with connection.cursor() as cursor:
        # A deal begins as a draft; a copy begins where its original was.
        tables = [model._meta.db_table for model, _ in COPIED]
        with transaction.atomic(), asleep(cursor, *tables):
            bases = {deal.pk: STEP * (1 + at + 20 * round_) for at, deal in enumerate(deals)}
            for at, deal in enumerate(deals):
                share = count // len(deals) + (at < count % len(deals))
                for model, which in COPIED:
                    _copy(cursor, model, which, deal, bases, share, names)
            # New rows are newer than every copy.
            for model in (DealRevision, Screening):
                table = model._meta.db_table
                cursor.execute(
                    "SELECT setval(pg_get_serial_sequence(%s, 'id'), (SELECT max(id)"
                    f" FROM {table}))",
                    [table],
                )
    _analyse()
    sign_in(servers.app_url)


def _copy(
    cursor: Any,
    model: Any,
    which: str,
    deal: Deal,
    bases: Mapping[int, int],
    share: int,
    names: int,
) -> None:
    customer = deal.answers["customer"]
    written = (field for field in model._meta.concrete_fields if not field.generated)
    columns = {field.column: _value(field, customer) for field in written}
    # A note of a copy names the copy of the deal that the original names.
    columns |= {name: _renamed(columns[name], deal, bases) for name in NOTES if name in columns}
    into = ", ".join(f'"{name}"' for name in columns)
    cursor.execute(
        f"INSERT INTO {model._meta.db_table} ({into})"
        f" SELECT {', '.join(columns.values())} FROM {model._meta.db_table} t,"
        f" generate_series(1, %(share)s) n WHERE {which}",
        {
            "deal": deal.pk,
            "screening": deal.screening_id,
            "base": bases[deal.pk],
            "share": share,
            "customer": customer,
            "names": names,
        },
    )


#: Columns of the copies that name other copies; every number moves by the same distance.
MOVED = ("id", "deal_id", "revision_id", "screening_id", "review_id")
NEW_WORD = sql_word("n %% %(names)s")
NEW_NAME = f"%(customer)s || ' ' || {NEW_WORD}"
TEXTS = ("answers_text", "facts_text", "sources_text", "because", "end_user_key")
#: Where another deal may be named.
NOTES = ("sources_text", "because")


def _value(field: Any, customer: str) -> str:
    name = f't."{field.column}"'
    if field.column in MOVED:
        # The first screening, also when the deal that is copied has another one by now.
        number = "%(screening)s" if field.column == "screening_id" else name
        return f"%(base)s + n * 100 + {number} %% 100"
    if field.column == "answers":
        return f"replace({name}::text, %(customer)s, {NEW_NAME})::jsonb"
    if field.column == "end_user_key":
        return f"{name} || ' ' || {NEW_WORD}"
    if field.column == "send_key":
        return "gen_random_uuid()"
    if field.column == "facts_digest":
        text = f"replace(t.facts_text, %(customer)s, {NEW_NAME})"
        return f"'sha256:' || encode(sha256(convert_to({text}, 'UTF8')), 'hex')"
    if field.column in TEXTS:
        return f"replace({name}, %(customer)s, {NEW_NAME})"
    return name


def _renamed(text: str, deal: Deal, bases: Mapping[int, int]) -> str:
    """With the references of other originals replaced by those of their copies."""
    for pk, base in bases.items():
        old = reference_of(pk, deal.created_at)
        copy = reference_of(0, deal.created_at).removesuffix("0000")
        text = f"replace({text}, '{old}', '{copy}' || ({base} + n * 100 + {pk % 100}))"
    return text


def _analyse() -> None:
    with connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE")


# --- One worker ----------------------------------------------------------------------------------


class Swept(NamedTuple):
    words: str
    deals: int
    seconds: float
    #: Processor time of this process, and of the PostgreSQL process that serves it.
    own: float
    served: float
    screenings: int
    events: int
    mails: int

    @property
    def rate(self) -> float:
        """Deals a second of the two processes, which work in turns and never at once."""
        return self.deals / (self.own + self.served)

    def tell(self) -> None:
        each = 1e6 / self.deals
        say(
            f"{self.words}: {self.deals:,} deals, {self.rate:,.0f} deals/s"
            f" ({self.own * each:,.0f} µs a deal in the worker, {self.served * each:,.0f} µs in"
            f" PostgreSQL; {self.seconds:.1f} s by the clock); {self.screenings:,} screenings,"
            f" {self.events:,} events, {self.mails:,} emails"
        )


def backend() -> psutil.Process:
    """The process of PostgreSQL that serves this connection."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        return psutil.Process(cursor.fetchone()[0])


def busy(process: psutil.Process) -> float:
    times = process.cpu_times()
    return float(times.user + times.system)


def counts() -> tuple[int, int, int]:
    return Screening.objects.count(), AuditEvent.objects.count(), Notification.objects.count()


def sweep(words: str) -> Swept:
    due = rescreen.due().count()
    with transaction.atomic():
        Job.objects.enqueue(governing.RESCREEN, version=_version())
    before, server = counts(), backend()
    began, own, served = time.monotonic(), time.process_time(), busy(server)
    sweeping.work(governing.RESCREEN)
    sweeping.work(rescreen.RESCREEN_PART)
    seconds, own = time.monotonic() - began, time.process_time() - own
    served = busy(server) - served
    after = [now - then for now, then in zip(counts(), before, strict=True)]
    found = Swept(words, due, seconds, own, served, *after)
    found.tell()
    return found


def _version() -> int:
    return rescreen.active.versions()["rulebook"].pk


def check_copies() -> None:
    """A copy must be a deal as any other: what would be derived is what is stored."""
    data = rescreen.active.reference_data()
    for deal in Deal.objects.order_by("-pk")[:3]:
        found, stored = deriving.of_revision(deal.newest_revision(), data), deal.screening
        assert (found.text, found.sources_text) == (stored.facts_text, stored.sources_text)
        assert found.end_user_key == deal.end_user_key


def main(count: int = 50_000) -> int:
    changing = linked = count * 2 // 5
    with own_database() as servers:
        factories.reference_data()
        # With the one who approved a deal below: two who hear of each deal that goes to review.
        factories.senior()
        stay = [
            factories.cleared_deal(),
            factories.deal_in_review(),
            factories.approved_deal(),
            factories.deal_for_compliance(),
        ]
        pair = linked_pair()
        utility = {**factories.SIMPLE, "purposes": ["utility_operations"]}
        change = [factories.sent_deal(utility), factories.deal_in_review(level="executive")]
        sweeping.prepare(sweeping.rulebook(UTILITIES, sweeping.STRICTER))()
        countries = sweeping.prepare(sweeping.rated({"FI": "low medium", "TR": "very_high high"}))
        for job in Job.objects.filter(kind=governing.RESCREEN):
            job.cancel()
        multiply(servers, change, changing, 1)
        check_copies()
        sweep("The outcome changes")
        multiply(servers, stay, count, 0)
        check_copies()
        stays = sweep("The outcome stays")
        multiply(servers, pair, linked, 2)
        check_copies()
        pairs = sweep("The outcome stays, each linked with another")
        gates = [
            Gate.at_least("deals/s where the outcome stays", stays.rate, STAYS),
            mixed(stays, pairs),
            once("screening for each deal that changes", changing, again()),
            once("confirmation for each deal that stays", count + linked, confirmed()),
            once("deal named by an event for each of them", count + linked, named()),
        ]
        countries()
        sweep("Every fact is derived again")
        left = rescreen.due().count()
        gates.append(Gate("deals that are left", left, not left))
        return print_gates(gates)


def linked_pair() -> list[Deal]:
    """Two deals of one customer; each was screened since there is the other."""
    owner = factories.sales_person()
    answers = {**factories.SIMPLE, "customer": "Kaksi Verkko"}
    first, second = (factories.sent_deal(answers, owner, alone=False) for _ in range(2))
    with transaction.atomic():
        because = "The other one was sent."
        selling.rescreen_deal(first, cause=Screening.Cause.FACT, because=because, actor=SYSTEM)
    return [first, second]


def mixed(alone: "Swept", linked: "Swept") -> Gate:
    """Of every ten deals four are linked with others, each with processor time of its own kind."""
    rate = 10 / (6 / alone.rate + 4 / linked.rate)
    return Gate.at_least("deals/s, four of ten linked with others", rate, LINKED)


def once(words: str, wanted: int, found: int) -> Gate:
    return Gate(f"one {words}", found, found == wanted)


def again() -> int:
    """Copies that were screened again and moved exactly once, and whose people were told."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM (SELECT deal.id FROM screening_deal AS deal"
            " JOIN audit_auditevent ON subject = 'deal:' || deal.id WHERE deal.id > %s GROUP BY 1"
            " HAVING count(*) = 2 AND count(*) FILTER (WHERE verb = 'deal.screened') = 1) AS found"
            " WHERE EXISTS (SELECT FROM screening_notification WHERE deal_id = found.id)",
            [STEP],
        )
        return int(cursor.fetchone()[0])


def confirmed() -> int:
    """Copies with exactly one confirmation and no other screening."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM (SELECT screening_id FROM screening_confirmation"
            " WHERE screening_id > %s GROUP BY 1 HAVING count(*) = 1) found",
            [STEP],
        )
        return int(cursor.fetchone()[0])


def named() -> int:
    """Different screenings of copies that the events of confirmations name."""
    found: list[int] = []
    for event in AuditEvent.objects.filter(verb="deals.confirmed"):
        for part in json.loads(event.payload)["screenings"].split(", "):
            first, _, last = part.partition("-")
            found += range(int(first), int(last or first) + 1)
    assert len(found) == len(set(found)), "none is named twice"
    return sum(number > STEP for number in found)


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]) if len(sys.argv) > 1 else 50_000))
