"""Years of work in a database that is kept: people, deals, decisions, emails and their events.

Forty deals are made by the real actions, each in a state that deals are in; PostgreSQL then copies
them with all that belongs to them, so that a copy reads as any other deal does. Every number of
the forty has four digits, and a copy's number is its round before these: deal 1007 becomes deal
31007 in round 3, in its rows as in the text of its events.
"""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any, NamedTuple
from uuid import uuid4

from tests.bench.ready import as_given, sign_in  # models can be imported from here on

# isort: split

from django.apps import apps
from django.contrib.auth.models import User
from django.core.management import call_command
from django.db import connection, connections, transaction
from django.db.models import AutoField, DateTimeField, Model

from audit.models import AuditEvent
from config.devtools import embedded
from jobs.models import Job
from people import access
from reviews import actions as reviewing
from reviews.models import Condition, Decision, Result, Review, Skip, Vote
from screening import actions as selling
from screening.models import (
    Answer,
    Confirmation,
    Contributor,
    Deal,
    DealRevision,
    FactRuling,
    Finding,
    Notification,
    Question,
    SalesTeam,
    Screening,
)
from screening.parties.models import DealParty, Party, PartyFinding, PartyOutline
from screening.sweep.deal_facts import DealFacts
from tests import factories
from tests.bench.gates import say
from tests.bench.parties import draw_all, sql_word, word
from tests.bench.submit import activate

FOLDER = embedded.ROOT / "var/bench"
#: What the database that all others are copied from is called.
BASE = "forty_deals"
DEALS, NAMES = 100_000, 20_000
#: Every number of what is copied has four digits.
FIRST, ROOM = 1001, 10_000
#: Stands in the names of customers for the word of the copy, and is a word as they are.
MARK = word(0)
#: Deals of sales are spread over so many copies of each team.
TEAMS = 20
DAYS = 300
#: Of the answers that a draft was given, every third is on record: ten events a deal.
NOISE = "t.verb <> 'deal.answer_changed' OR t.id %% 3 = 0"
#: What an event names by number.
NAMED = "screening|revision|review|vote|decision|condition|ruling|notification|party|finding"


# --- Where it is kept ----------------------------------------------------------------------------


class Kept(NamedTuple):
    """The server that runs for as long as it is measured."""

    servers: embedded.Servers

    def has(self, name: str) -> bool:
        with embedded.admin(self.servers.admin_url) as cursor:
            cursor.execute("SELECT FROM pg_database WHERE datname = %s", [name])
            return cursor.fetchone() is not None

    def remove(self, name: str) -> None:
        connections.close_all()
        with embedded.admin(self.servers.admin_url) as cursor:
            cursor.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')

    def copy(self, name: str, new: str) -> None:
        connections.close_all()
        with embedded.admin(self.servers.admin_url) as cursor:
            cursor.execute(f'CREATE DATABASE "{new}" TEMPLATE "{name}" OWNER {embedded.OWNER}')
            cursor.execute(f'REVOKE ALL ON DATABASE "{new}" FROM PUBLIC')
            cursor.execute(f'GRANT CONNECT ON DATABASE "{new}" TO {embedded.APP}')

    def app_url(self, name: str) -> str:
        return embedded.with_database(self.servers.app_url, name)

    def owner_url(self, name: str) -> str:
        return embedded.with_database(self.servers.owner_url, name)

    def admin_url(self, name: str) -> str:
        return embedded.with_database(self.servers.admin_url, name)


@contextmanager
def kept() -> Iterator[Kept]:
    """The server of the benches; its databases stay when it stops."""
    as_given()
    FOLDER.mkdir(parents=True, exist_ok=True)
    FOLDER.chmod(0o711)
    with embedded.hold(FOLDER / "lock", wait=True):
        servers = embedded.start(FOLDER, lasting=False)
        try:
            yield Kept(servers)
        finally:
            connections.close_all()
            servers.stop()


def name_of(deals: int) -> str:
    return f"deals_{deals}"


def fill(bench: Kept, deals: int, names: int = NAMES) -> None:
    """A database with so many deals, in place of one that there may be."""
    if not bench.has(BASE):
        make_forty(bench, names)
    name = name_of(deals)
    bench.remove(name)
    bench.copy(BASE, name)
    sign_in(bench.admin_url(name))
    # Rounds count from nought, and that is the forty themselves.
    copy_all(rounds=max(1, deals // Deal.objects.count() - 1))
    sign_in(bench.app_url(name))
    in_review = Deal.objects.awaiting_review().count()
    say(
        f"{name}: {Deal.objects.count():,} deals, {in_review:,} of them in review,"
        f" {AuditEvent.objects.count():,} events, {Party.objects.count():,} parties,"
        f" {Notification.objects.count():,} emails"
    )


# --- Forty deals by the real actions -------------------------------------------------------------


def make_forty(bench: Kept, names: int) -> None:
    unfinished = f"{BASE}_unfinished"
    bench.remove(unfinished)
    address = bench.servers.admin_url
    known = embedded.passwords(FOLDER)
    embedded.bootstrap_roles(address, database=unfinished, owner=known["owner"], app=known["app"])
    sign_in(bench.owner_url(unfinished))
    call_command("migrate", verbosity=0, interactive=False)
    sign_in(bench.admin_url(unfinished))
    begin_at(FIRST)
    sign_in(bench.app_url(unfinished))
    activate(names)
    people = People()
    for number, make in enumerate(FORTY):
        make(people, number)
    deliver_all()
    connections.close_all()
    with embedded.admin(address) as cursor:
        cursor.execute(f'ALTER DATABASE "{unfinished}" RENAME TO "{BASE}"')


def begin_at(number: int) -> None:
    """Every number that is given from now on is at least this."""
    with connection.cursor() as cursor:
        for model in apps.get_models():
            if isinstance(model._meta.pk, AutoField):
                cursor.execute(
                    "SELECT setval(pg_get_serial_sequence(%s, 'id'), %s, false)",
                    [model._meta.db_table, number],
                )


class People:
    """Two teams of two who sell, and some of every other role."""

    def __init__(self) -> None:
        self.sellers = [
            factories.sales_person(team=team, name=f"Sofia Seller{at}")
            for at, team in enumerate(
                [factories.sales_team("North"), factories.sales_team("South")] * 2
            )
        ]
        self.seniors = [factories.senior(f"Rosa Reviewer{at}") for at in range(4)]
        self.executives = [factories.executive(f"Erik Executive{at}") for at in range(3)]
        self.officers = [factories.compliance_officer(f"Carla Compliance{at}") for at in range(3)]
        factories.auditor("Anna Auditor")
        factories.person(access.ADMINISTRATOR, name="Ada Administrator")
        factories.person(access.POLICY_OWNER, name="Paula Owner")

    def seller(self, number: int) -> User:
        return self.sellers[number % len(self.sellers)]


#: Countries that sell the same thing to the same kind of customer and differ in their rating.
CALM = ("FI", "SE", "NO", "DK", "DE", "NL", "PT", "AT", "IE", "NZ")
RISKY = ("TR", "KZ", "NG", "TH")


def customer(answers: Mapping[str, Any], number: int) -> dict[str, Any]:
    """Two deals in five share their customer with the one before, and so are linked."""
    shared = number - number % 2 if number % 5 in (0, 1) and number % 10 in (0, 1) else number
    name = f"{answers['customer']} {chr(65 + shared % 26)}{shared} {MARK}"
    return {**answers, "customer": name, "name": f"{answers['name']} {MARK}"}


def draft(people: People, number: int, answers: Mapping[str, Any] = factories.SIMPLE) -> Deal:
    """Answered question by question as people do: each answer has its event."""
    owner = people.seller(number)
    deal = selling.start_deal(actor=owner)
    for slug, value in customer(answers, number).items():
        selling.save_answer(deal, slug=slug, value=value, actor=owner)
    return deal


def sent(people: People, number: int, answers: Mapping[str, Any]) -> Deal:
    deal = draft(people, number, answers)
    selling.submit_deal(deal, send_key=uuid4(), actor=deal.owner)
    return deal


def cleared(people: People, number: int) -> None:
    place = factories.in_country(CALM[number % len(CALM)])
    sent(people, number, {**factories.SIMPLE, **place})


def in_review(people: People, number: int) -> Deal:
    place = factories.in_country(RISKY[number % len(RISKY)])
    return sent(people, number, {**factories.SENIOR, **place})


def claimed(people: People, number: int) -> None:
    reviewing.claim_deal(in_review(people, number), actor=people.seniors[0])


def at_executives(people: People, number: int) -> None:
    deal = sent(people, number, factories.EXECUTIVE)
    factories.vote_on(deal, actor=people.executives[0])


def approved(people: People, number: int) -> None:
    factories.vote_on(in_review(people, number), actor=people.seniors[number % 4])


def with_conditions(people: People, number: int) -> None:
    deal = in_review(people, number)
    for reviewer in people.seniors[:2]:
        factories.vote_on(
            deal, actor=reviewer, verdict="approve_with_conditions", conditions=[factories.duty()]
        )


def rejected(people: People, number: int) -> None:
    factories.vote_on(in_review(people, number), actor=people.seniors[number % 4], verdict="reject")


def barred(people: People, number: int) -> None:
    sent(people, number, factories.BARRED)


def for_compliance(people: People, number: int) -> None:
    sent(people, number, factories.CITED)


def asked(people: People, number: int) -> None:
    deal = in_review(people, number)
    reviewing.claim_deal(deal, actor=people.seniors[1])
    reviewing.ask_sales(
        deal, questions=[("purpose", "Who uses it?"), ("", "Who pays?")], actor=people.seniors[1]
    )


def withdrawn(people: People, number: int) -> None:
    deal = in_review(people, number)
    selling.withdraw_deal(deal, because="The customer chose another.", actor=deal.owner)


def ruled(people: People, number: int) -> None:
    deal = in_review(people, number)
    factories.ruled(deal, "adverse_info", "alleged", actor=people.officers[0])
    deal.refresh_from_db()
    factories.vote_on(deal, actor=people.seniors[1], verdict="reject")


FORTY: list[Callable[[People, int], Any]] = [
    *(cleared,) * 12,
    *(in_review,) * 2,
    *(approved,) * 8,
    claimed,
    at_executives,
    *(with_conditions,) * 2,
    *(rejected,) * 4,
    *(barred,) * 4,
    *(for_compliance,) * 2,
    asked,
    draft,
    withdrawn,
    ruled,
]


def deliver_all() -> None:
    """Emails are delivered long ago."""
    with transaction.atomic():
        for job in Job.objects.filter(kind="mail").unfinished():
            job.cancel()


# --- Copies --------------------------------------------------------------------------------------

#: What belongs to a deal. A row is copied with all that it names.
OF_DEALS: tuple[type[Model], ...] = (
    Party,
    Deal,
    Contributor,
    DealRevision,
    Screening,
    Finding,
    DealFacts,
    Confirmation,
    FactRuling,
    PartyFinding,
    DealParty,
    Question,
    Answer,
    Notification,
    Review,
    Vote,
    Decision,
    Condition,
    Skip,
    Result,
)
#: Rows of these are numbered by the screening that they belong to.
UNNUMBERED = (DealFacts._meta.db_table, Result._meta.db_table)
TEXTS = (
    "answers_text",
    "facts_text",
    "sources_text",
    "because",
    "end_user_key",
    "title",
    "name",
    "key",
    "subject",
    "body",
)
#: In round n.
WORD = sql_word("n")
#: Times that lie ahead and stay there.
AHEAD = ("due_at", "valid_until", "claimed_until")


def copy_all(rounds: int) -> None:
    """So many copies of the forty and of all that is recorded of them."""
    with connection.cursor() as cursor, transaction.atomic():
        # Nothing is checked and nothing triggered: the forty were, and a copy differs by numbers.
        cursor.execute("SET LOCAL session_replication_role = replica")
        joined = SalesTeam.members.through, User.groups.through
        written = (*OF_DEALS, PartyOutline, SalesTeam, AuditEvent, Job, User, *joined)
        tables = [model._meta.db_table for model in written]
        awake = always(cursor, tables)
        for table, trigger in awake:
            cursor.execute(f'ALTER TABLE {table} DISABLE TRIGGER "{trigger}"')
        copy_teams(cursor)
        for model in OF_DEALS:
            copy_rows(cursor, model, rounds)
        copy_events(cursor, rounds)
        draw_all(cursor)
        cursor.execute("SET LOCAL session_replication_role = origin")
        for table, trigger in awake:
            cursor.execute(f'ALTER TABLE {table} ENABLE ALWAYS TRIGGER "{trigger}"')
        for table in tables:
            cursor.execute(
                f"SELECT setval(pg_get_serial_sequence('{table}', 'id'), max(id)) FROM {table}"
                if table not in UNNUMBERED
                else "SELECT 1"
            )
    with connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE")


def always(cursor: Any, tables: list[str]) -> list[tuple[str, str]]:
    """Triggers that fire whoever writes."""
    cursor.execute(
        "SELECT tgrelid::regclass::text, tgname FROM pg_trigger"
        " WHERE tgenabled = 'A' AND NOT tgisinternal AND tgrelid = ANY (%s::regclass[])",
        [tables],
    )
    return cursor.fetchall()


def copy_teams(cursor: Any) -> None:
    """Who sells, and their teams, as often as TEAMS says."""
    members = SalesTeam.members.through._meta.db_table
    groups = User.groups.through._meta.db_table
    sells = f"SELECT user_id FROM {members}"
    for table, which, changed in (
        (SalesTeam._meta.db_table, "true", {"name": "name || ' ' || n"}),
        (
            User._meta.db_table,
            f"id IN ({sells} WHERE user_id < {ROOM})",
            {"username": "username || '-' || n", "last_name": "last_name || ' ' || n"},
        ),
        (members, "true", {"salesteam_id": "n * %(room)s + salesteam_id"}),
        (groups, f"user_id IN ({sells} WHERE user_id < {ROOM})", {}),
    ):
        cursor.execute(
            "SELECT column_name FROM information_schema.columns WHERE table_schema = 'public'"
            " AND table_name = %s ORDER BY ordinal_position",
            [table],
        )
        columns = {name: f'"{name}"' for (name,) in cursor.fetchall()}
        columns |= {name: f"n * %(room)s + {name}" for name in ("id", "user_id") if name in columns}
        columns |= changed
        into = ", ".join(f'"{name}"' for name in columns)
        cursor.execute(
            f"INSERT INTO {table} ({into}) SELECT {', '.join(columns.values())}"
            f" FROM {table}, generate_series(1, %(teams)s) AS n WHERE {which}",
            {"room": ROOM, "teams": TEAMS - 1},
        )


def copy_rows(cursor: Any, model: type[Model], rounds: int) -> None:
    written = [field for field in model._meta.concrete_fields if field.column]
    columns = {
        field.column: value(model, field) for field in written if not getattr(field, "generated", 0)
    }
    into = ", ".join(f'"{name}"' for name in columns)
    cursor.execute(
        f"INSERT INTO {model._meta.db_table} ({into}) SELECT {', '.join(columns.values())}"
        f" FROM {model._meta.db_table} AS t, generate_series(1, %(rounds)s) AS n",
        {"room": ROOM, "rounds": rounds, "mark": MARK, "days": DAYS, "teams": TEAMS},
    )


def moved(name: str) -> str:
    return f"n * %(room)s + {name}"


def of_seller(name: str) -> str:
    """Whoever sells is spread over the copies of the teams."""
    sells = f"SELECT user_id FROM {SalesTeam.members.through._meta.db_table}"
    there = f"n %% %(teams)s * %(room)s + {name}"
    return f"CASE WHEN {name} IN ({sells}) THEN {there} ELSE {name} END"


def value(model: type[Model], field: Any) -> str:
    """What stands in a column of a copy, of row t in round n."""
    name = f't."{field.column}"'
    refers = field.related_model if field.is_relation else None
    if (field.primary_key and refers is None) or refers in OF_DEALS:
        return moved(name)
    if refers is AuditEvent:
        return moved(name)
    if refers is User:
        return of_seller(name)
    if refers is SalesTeam:
        return f"n %% %(teams)s * %(room)s + {name}"
    if field.column == "send_key":
        return "gen_random_uuid()"
    if field.column == "facts_digest":
        text = f"replace(t.facts_text, %(mark)s, {WORD})"
        return f"'sha256:' || encode(sha256(convert_to({text}, 'UTF8')), 'hex')"
    if field.column == "answers":
        return f"replace({name}::text, %(mark)s, {WORD})::jsonb"
    if field.column in TEXTS:
        return f"replace({name}, %(mark)s, {WORD})"
    if isinstance(field, DateTimeField):
        return shifted(name, ahead=field.column in AHEAD)
    return name


def shifted(name: str, *, ahead: bool) -> str:
    """The first rounds are the oldest; what lies ahead comes a little sooner or later."""
    if ahead:
        return f"{name} - make_interval(days => n %% 10)"
    return f"{name} - make_interval(mins => %(days)s * 1440 * (%(rounds)s - n) / %(rounds)s)"


def copy_events(cursor: Any, rounds: int) -> None:
    """What is recorded of deals, in the words of the copies."""
    values = {"room": ROOM, "rounds": rounds, "mark": MARK, "days": DAYS, "teams": TEAMS}
    user = "substr(t.actor, 6)::int"
    cursor.execute(
        "INSERT INTO audit_auditevent (id, at, subject, actor, verb, payload)"
        f" SELECT {moved('t.id')}, {shifted('t.at', ahead=False)},"
        " 'deal:' || n || substr(t.subject, 6),"
        f" CASE WHEN t.actor LIKE 'user:%%' THEN 'user:' || {of_seller(user)} ELSE t.actor END,"
        f" t.verb, regexp_replace(replace(t.payload, %(mark)s, {WORD}),"
        f" '\"({NAMED})\":(\\d{{4}})\\M', '\"\\1\":' || n || '\\2', 'g')"
        " FROM audit_auditevent AS t, generate_series(1, %(rounds)s) AS n"
        f" WHERE t.subject LIKE 'deal:%%' AND ({NOISE})",
        values,
    )
    cursor.execute(
        "INSERT INTO jobs_job (id, kind, key, args, state, attempts, progress_done,"
        " progress_total, error, created_at, not_before, finished_at)"
        f" SELECT {moved('t.id')}, kind, '', regexp_replace(args::text, '(\\d{{4}})', n || '\\1')"
        "::jsonb, 'done', 1, 0, 0, '',"
        f" {shifted('t.created_at', ahead=False)}, {shifted('t.not_before', ahead=False)},"
        f" {shifted('t.finished_at', ahead=False)}"
        " FROM jobs_job AS t, generate_series(1, %(rounds)s) AS n WHERE kind = 'mail'",
        values,
    )
