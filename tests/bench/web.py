"""Every page over years of work: python -m tests.bench.web [OPTION …]

`--fill` makes two databases that are kept under var/bench, one of N (100,000) deals and one of a
tenth of them; without it those that are there are measured. Every page and every verb's page is
then opened as every role that may open it, alone, and the main pages under 20 users at once. After
each time a page is opened the same client opens a bare view, and a plain list of as many deals as
the page shows: what else this machine does meanwhile hits all three. Ends with 1 when a gate is
missed: a main page costs at most LIST times the plain list and asks at most QUERIES statements, no
page grows with the deals that it does not show, the first page after a start costs at most FIRST
times the plain list, and the CSV export is at least half as fast as COPY of the same.
"""

import argparse
import csv
import os
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.client import HTTPConnection
from pathlib import Path
from statistics import median, quantiles
from typing import Any

from tests.bench.ready import sign_in  # models can be imported from here on

# isort: split

from django.conf import settings
from django.contrib.auth.models import User
from django.db import connection
from django.test import Client, override_settings
from django.urls import get_resolver

from config.devtools.demo import choose_port
from config.ops import read_ahead
from config.startup import patterns
from people import access
from policy.models import Kind, ReferenceVersion
from reviews import actions as reviewing
from reviews.history import decisions
from reviews.models import Condition
from screening.lifecycle import Status
from screening.models import Deal, FactRuling
from screening.parties.models import Party
from tests.bench import past
from tests.bench.gates import Gate, print_gates, say
from tests.bench.submit import counted_statements
from tests.bench.sweep import backend, busy

#: A main page costs at most so many times the plain list of its length.
LIST = 5.0
QUERIES = 12
#: With ten times the deals a page that shows as much costs at most so many times as much.
GROWS = 2.0
#: The first page after a start has templates to fill for the first time, and nothing else that a
#: later one has not.
FIRST = 20.0
#: The rate of the CSV export, of COPY of the same columns.
COPY = 0.5
USERS, SECONDS = 20, 20
#: Times that a main page is opened, and any other.
MAIN_TIMES, TIMES = 20, 5
#: Seconds after which a slow page is not opened again.
LONGEST = 4
#: Times that each process of the web server may get a page before its time counts.
WARM = 3
#: Rows of a page that shows no list, as the plain list beside it.
NO_LIST = 20
#: Of this process; the web server has its own (tests/bench/web_settings.py).
SETTINGS = {"ROOT_URLCONF": "tests.bench.web_urls", "ALLOWED_HOSTS": ["localhost"]}
TABLE = Path(__file__).parents[1] / "access.csv"
#: The pages that people have open all day → rows that they show.
MAIN = {
    "": NO_LIST,
    "deals/": 20,
    "deals/<int:pk>/q/<slug:section>/<slug:slug>/": NO_LIST,
    "reviews/": 25,
    "reviews/<int:pk>/": NO_LIST,
    "compliance/": 50,
    "audit/": 50,
    "audit/deals/<int:pk>/": NO_LIST,
    "countries/<str:code>/": 50,
    "policy/rules/<str:rule_id>/": 50,
}
#: What the export has, as PostgreSQL writes it by itself; words in place of names are the facts'.
COPIED = """COPY (
    SELECT deal.id, deal.title, facts->0->>'customer_name', facts->0->>'country_name',
        facts->0->>'country_risk', facts->0->>'end_user_name', facts->0->>'end_user_type',
        revision.answers_text::jsonb->>'products', revision.number, submitter.last_name,
        screening.id, screening.created_at, screening.outcome, review_floor,
        (SELECT string_agg(DISTINCT rule, ', ') FROM screening_finding
            WHERE screening_id = screening.id),
        (SELECT string_agg(DISTINCT clause, ', ') FROM screening_finding
            WHERE screening_id = screening.id),
        became.result, became.result_at,
        (SELECT string_agg(last_name, ', ') FROM reviews_vote AS vote
            JOIN auth_user AS voter ON voter.id = vote.reviewer_id
            JOIN reviews_review AS review ON review.id = vote.review_id
            WHERE review.screening_id = screening.id),
        decision.because, rulebook.label, rulebook.digest, countries.digest, catalogue.digest,
        registry.digest, laws.digest, facts_digest
    FROM reviews_result AS became
    JOIN screening_screening AS screening ON screening.id = became.screening_id
    JOIN screening_dealrevision AS revision ON revision.id = revision_id
    JOIN screening_deal AS deal ON deal.id = revision.deal_id
    JOIN auth_user AS submitter ON submitter.id = submitter_id
    LEFT JOIN reviews_decision AS decision ON decision.screening_id = screening.id
    JOIN policy_referenceversion AS rulebook ON rulebook.id = rulebook_id
    JOIN policy_referenceversion AS countries ON countries.id = countries_id
    JOIN policy_referenceversion AS catalogue ON catalogue.id = catalogue_id
    JOIN policy_referenceversion AS registry ON registry.id = registry_id
    LEFT JOIN policy_referenceversion AS laws ON laws.id = laws_id,
    LATERAL (SELECT facts_text::jsonb AS facts) AS of_facts
    WHERE became.result NOT IN ('in_review', 'needs_information', 'replaced')
    ORDER BY became.result_at DESC, screening.id DESC LIMIT {most}) TO STDOUT WITH CSV"""
#: Route → what its number names (`Numbers`).
NAMED = {
    "api/v1/deals/<int:pk>": "in_review",
    "reviews/<int:pk>/": "in_review",
    "reviews/<int:pk>/skip/": "in_review",
    "reviews/<int:pk>/take-over/": "claimed",
    "reviews/<int:pk>/pass-up/": "claimed",
    "reviews/<int:pk>/return/": "approved",
    "reviews/<int:pk>/ask/": "claimed",
    "reviews/<int:pk>/assess/": "claimed",
    "reviews/<int:pk>/vote/": "claimed",
    "reviews/<int:pk>/confirm/": "claimed",
    "conditions/<int:pk>/settle/": "condition",
    "compliance/<int:pk>/": "for_compliance",
    "compliance/<int:pk>/<slug:fact>/": "for_compliance",
    "compliance/rulings/<int:pk>/take-back/": "ruling",
    "audit/deals/<int:pk>/": "approved",
    "deals/<int:pk>/": "own",
    "deals/<int:pk>/q/<slug:section>/<slug:slug>/": "own_draft",
    "deals/<int:pk>/check/": "own_draft",
    "deals/<int:pk>/sent/": "own",
    "deals/<int:pk>/questions/<int:number>/": "own_asked",
    "deals/<int:pk>/copy/": "own",
    "deals/<int:pk>/changed/": "own_barred",
    "deals/<int:pk>/withdraw/": "own",
    "deals/<int:pk>/delete/": "own_draft",
    "versions/<int:pk>/": "version",
    "versions/<int:pk>/report/": "version",
    "versions/<int:pk>/activate/": "version",
    "versions/<int:pk>/cancel/": "version",
    "versions/<int:pk>/withdraw/": "version",
    "versions/<int:pk>/promises/": "version",
    "parties/<int:pk>/": "party",
    "parties/<int:pk>/finding/": "party",
    "parties/<int:pk>/match/": "party",
    "parties/<int:pk>/same/": "party",
    "parties/<int:pk>/apart/<int:other>/": "party",
    "parties/<int:pk>/number/": "party",
    "parties/<int:pk>/owner/": "party",
    "parties/findings/<int:pk>/take-back/": "finding",
    "parties/merges/<int:pk>/split/": "",
    "parties/easings/<int:pk>/": "",
}
#: What stands for the other blanks of a route.
WORDS = {
    "<slug:section>": "sold",
    "<slug:slug>": "name",
    "<slug:fact>": "legal_basis_status",
    "<str:kind>": "rulebook",
    "<str:rule_id>": "S01",
    "<str:code>": "TR",
    "<int:number>": "1",
}
#: Routes without a page of the program, or that hand out a file as long as its list.
LEFT_OUT = ("sign-in/link/", "laws/<slug:law_id>/", "healthz")


@dataclass(frozen=True)
class Row:
    """A page that a role may open."""

    route: str
    role: str
    path: str

    @property
    def is_main(self) -> bool:
        return self.route in MAIN

    @property
    def length(self) -> int:
        return MAIN.get(self.route, NO_LIST)


@dataclass
class Measured:
    """Milliseconds of a page, and of what was opened beside it."""

    row: Row
    queries: int = 0
    status: int = 0
    page: list[float] = field(default_factory=list)
    plain: list[float] = field(default_factory=list)
    bare: list[float] = field(default_factory=list)

    @property
    def times(self) -> float:
        """How many times the plain list, slowest beside slowest."""
        return slow(self.page) / slow(self.plain)

    @property
    def grown(self) -> float:
        return median(self.page) / median(self.plain)


def slow(times: Sequence[float]) -> float:
    """So fast are 95 of 100."""
    return quantiles(times, n=20, method="inclusive")[-1] if len(times) > 1 else times[0]


def get_routes() -> list[str]:
    """Every route with a page, by the configuration of URLs."""
    methods = {
        row["route"]: row["method"] for row in csv.DictReader(TABLE.read_text().splitlines())
    }
    routes = [route for route, _ in patterns(get_resolver("config.urls"))]
    return [route for route in routes if methods[route] == "GET" and not route.startswith(LEFT_OUT)]


# --- Whom and what -------------------------------------------------------------------------------


class Numbers:
    """One of each thing that a page is about, out of the middle of all of them."""

    def __init__(self, people: dict[str, User]) -> None:
        seller = people[access.SALES]
        self.in_review = middle(
            Deal.objects.filter(status=Status.IN_REVIEW, review_level="senior", reviews=None)
        )
        self.claimed = middle(
            Deal.objects.filter(
                status=Status.IN_REVIEW, review_level="senior", reviews=None
            ).exclude(pk=self.in_review)
        )
        self.approved = middle(Deal.objects.filter(status=Status.APPROVED))
        self.for_compliance = middle(Deal.objects.awaiting_compliance())
        self.condition = middle(Condition.objects.filter(met_at=None))
        self.ruling = middle(FactRuling.objects.all())
        self.version = ReferenceVersion.objects.of(Kind.RULEBOOK).active().get().pk
        self.party = middle(Party.objects.filter(parts__deal=self.approved))
        self.finding = middle(past.PartyFinding.objects.all())
        own = Deal.objects.filter(owner=seller)
        self.own = middle(own.filter(status=Status.IN_REVIEW))
        self.own_draft = middle(own.filter(status=Status.DRAFT))
        self.own_barred = middle(own.filter(status=Status.BARRED))
        self.own_asked = middle(own.filter(status=Status.NEEDS_INFORMATION))
        self.other = middle(Party.objects.exclude(pk=self.party))

    def path(self, route: str) -> str:
        filled = route.replace("<int:pk>", str(getattr(self, NAMED.get(route) or "version")))
        filled = filled.replace("<int:other>", str(self.other))
        for blank, word in WORDS.items():
            filled = filled.replace(blank, word)
        return f"/{filled}"


def middle(rows: Any) -> int:
    numbers = list(rows.order_by("pk").values_list("pk", flat=True).distinct())
    return numbers[len(numbers) // 2] if numbers else 0


def first_people() -> dict[str, User]:
    """One of each role; who sells has deals in every state."""
    drafts = Deal.objects.filter(status=Status.DRAFT, pk__lt=past.ROOM)
    people = {
        role: User.objects.filter(groups__name=role).order_by("pk").first()
        for role in access.ROLE_NAMES
    }
    people[access.SALES] = drafts.get().owner
    return {role: person for role, person in people.items() if person}


def rows(people: dict[str, User], numbers: Numbers) -> list[Row]:
    """Pages by role, as the table of accesses has them; 409 of its deals may be 200 of ours."""
    table = {row["route"]: row for row in csv.DictReader(TABLE.read_text().splitlines())}
    return [
        Row(route, role, numbers.path(route))
        for route in get_routes()
        for role in people
        if table[route][role] in {"200", "409"}
        or (role == access.SENIOR and NAMED.get(route) == "claimed")
    ]


# --- Alone ---------------------------------------------------------------------------------------


def milliseconds(client: Client, path: str) -> tuple[float, int]:
    began = time.perf_counter()
    answer = client.get(path, secure=True)
    if answer.streaming:
        for _ in answer:  # type: ignore[attr-defined]
            break
        answer.close()
    return (time.perf_counter() - began) * 1000, answer.status_code


def alone(rows: Sequence[Row], people: dict[str, User]) -> list[Measured]:
    clients = {}
    for role, person in people.items():
        clients[role] = Client(SERVER_NAME="localhost")
        clients[role].force_login(person)
    return [measure(row, clients[row.role]) for row in rows]


def measure(row: Row, client: Client) -> Measured:
    found = Measured(row)
    plain, bare = f"/bench/plain/{row.length}/", "/bench/bare/"
    for path in (row.path, plain, bare):
        milliseconds(client, path)
    with counted_statements() as statements:
        _, found.status = milliseconds(client, row.path)
    found.queries = len(statements)
    ends = time.monotonic() + LONGEST
    for _ in range(MAIN_TIMES if row.is_main else TIMES):
        if time.monotonic() > ends and found.page:
            break
        found.page.append(milliseconds(client, row.path)[0])
        found.plain.append(milliseconds(client, plain)[0])
        found.bare.append(milliseconds(client, bare)[0])
    return found


def print_table(measured: Sequence[Measured]) -> None:
    say(
        f"  {'page':46}{'role':20}{'p50 ms':>8}{'p95':>8}{'list':>8}{'bare':>8}{'times':>7} queries"
    )
    for one in sorted(measured, key=lambda one: -one.times):
        status = "" if one.status == 200 else f"  {one.status}"
        say(
            f"  {'/' + one.row.route:46.46}{one.row.role:20}{median(one.page):8.1f}"
            f"{slow(one.page):8.1f}{slow(one.plain):8.1f}{slow(one.bare):8.1f}{one.times:7.1f}"
            f"{one.queries:9}{status}"
        )


# --- Under many users ----------------------------------------------------------------------------


@contextmanager
def server(url: str, redis_url: str) -> Iterator[int]:
    """What serves the demo, and production: processes with threads."""
    port = choose_port(None)
    surroundings = {
        **os.environ,
        "DJANGO_SETTINGS_MODULE": "tests.bench.web_settings",
        "DATABASE_URL": url,
        "REDIS_URL": redis_url,
        "SITE_URL": f"http://127.0.0.1:{port}",
    }
    words = [sys.executable, "-m", "gunicorn", "config.wsgi", "--bind", f"127.0.0.1:{port}"]
    words += ["--preload", "--workers", "2", "--threads", "4", "--log-level", "warning"]
    with subprocess.Popen(words, env=surroundings, cwd=past.embedded.ROOT) as process:
        try:
            wait_for(process, port)
            yield port
        finally:
            process.terminate()
            process.wait()


def wait_for(process: subprocess.Popen[bytes], port: int) -> None:
    ends = time.monotonic() + 60
    while process.poll() is None and time.monotonic() < ends:
        try:
            if fetch(port, "/bench/bare/", "")[1]:
                return
        except OSError:
            time.sleep(0.1)
    sys.exit("The web server does not answer.")


def fetch(port: int, path: str, session: str) -> tuple[float, int]:
    began = time.perf_counter()
    link = HTTPConnection("127.0.0.1", port, timeout=120)
    link.request("GET", path, headers={"Cookie": session})
    answer = link.getresponse()
    answer.read()
    link.close()
    return (time.perf_counter() - began) * 1000, answer.status


def session_of(person: User) -> str:
    client = Client()
    client.force_login(person)
    name = settings.SESSION_COOKIE_NAME
    return f"{name}={client.cookies[name].value}"


def first(url: str, redis_url: str, people: dict[str, User], numbers: Numbers) -> Gate:
    """The review page, which reads most, as the very first page of a web server."""
    with server(url, redis_url) as port:
        session = session_of(people[access.SENIOR])
        page = fetch(port, numbers.path("reviews/<int:pk>/"), session)[0]
        plain = slow(
            [fetch(port, f"/bench/plain/{NO_LIST}/", session)[0] for _ in range(MAIN_TIMES)]
        )
    say(f"first page after a start: {page:,.0f} ms; plain list {plain:,.0f} ms")
    return Gate.at_most("the first page after a start: times the plain list", page / plain, FIRST)


def warm(port: int, rows: Sequence[Row], people: dict[str, User]) -> None:
    """Each process reads its templates once; that is not what is measured here."""
    sessions = {role: session_of(person) for role, person in people.items()}
    for row in rows:
        for _ in range(WARM):
            fetch(port, row.path, sessions[row.role])


def together(
    rows: Sequence[Row], people: dict[str, User], url: str, redis_url: str
) -> list[Measured]:
    """USERS at once, each of one role, each opening the main pages in turn."""
    main = [row for row in rows if row.is_main]
    measured = {(row.route, row.role): Measured(row) for row in main}
    with server(url, redis_url) as port:
        warm(port, main, people)
        ends = time.monotonic() + SECONDS

        def use(at: int) -> None:
            role = list(people)[at % len(people)]
            session = session_of(people[role])
            own = [row for row in main if row.role == role]
            connection.close()
            while time.monotonic() < ends:
                for row in own:
                    found = measured[row.route, row.role]
                    taken, found.status = fetch(port, row.path, session)
                    found.page.append(taken)
                    found.plain.append(fetch(port, f"/bench/plain/{row.length}/", session)[0])
                    found.bare.append(fetch(port, "/bench/bare/", session)[0])

        with ThreadPoolExecutor(USERS) as users:
            list(users.map(use, range(USERS)))
    return [one for one in measured.values() if one.page]


# --- Export --------------------------------------------------------------------------------------


def exported(most: int = 20_000) -> Gate:
    """Rows of the export, and of COPY of its columns, in a second of processor time."""
    newest = decisions.newest_first(decisions.filtered(decisions.screenings(), {}))[:most]
    server = backend()

    def used() -> float:
        return time.process_time() + busy(server)

    began = used()
    count = sum(1 for _ in decisions.csv_lines(newest)) - 1
    ours = count / (used() - began)
    began = used()
    with connection.cursor() as cursor, Path(os.devnull).open("w") as nowhere:
        cursor.copy_expert(COPIED.format(most=most), nowhere)
    theirs = count / (used() - began)
    say(f"  CSV export of {count:,} rows: {ours:,.0f} rows/s; COPY {theirs:,.0f} rows/s")
    return Gate.at_least("of the rate of COPY, CSV export", ours / theirs, COPY)


# --- All of it -----------------------------------------------------------------------------------


def at_size(
    bench: past.Kept, deals: int, only: str, *, main: bool
) -> tuple[list[Measured], list[Row], dict[str, User]]:
    """What was measured of which pages, as whom."""
    name = past.name_of(deals)
    if not bench.has(name):
        sys.exit(f"There is no database of {deals:,} deals yet: ./run bench web --fill")
    sign_in(bench.app_url(name))
    read_ahead()  # as the web server does
    people = first_people()
    numbers = Numbers(people)
    claim(numbers, people)
    chosen = [
        row
        for row in rows(people, numbers)
        if only in f"{row.route} {row.role}" and (row.is_main or not main)
    ]
    say(f"{Deal.objects.count():,} deals, one user:")
    measured = alone(chosen, people)
    print_table(measured)
    return measured, chosen, people


def claim(numbers: Numbers, people: dict[str, User]) -> None:
    deal = Deal.objects.get(pk=numbers.claimed)
    reviewing.claim_deal(deal, actor=people[access.SENIOR])


def gates(large: Sequence[Measured], small: Sequence[Measured]) -> Iterator[Gate]:
    before = {(one.row.route, one.row.role): one for one in small}
    for one in large:
        words = f"/{one.row.route} as {one.row.role}"
        if one.row.is_main:
            yield Gate.at_most(f"{words}: times the plain list", one.times, LIST)
            yield Gate.at_most(f"{words}: queries", one.queries, QUERIES)
        if (less := before.get((one.row.route, one.row.role))) is not None:
            yield Gate.at_most(f"{words}: growth", one.grown / less.grown, GROWS)


def main(words: Sequence[str]) -> int:
    parser = argparse.ArgumentParser(prog="./run bench web")
    parser.add_argument("--fill", action="store_true")
    parser.add_argument("--deals", type=int, default=past.DEALS)
    parser.add_argument("--only", default="", help="routes and roles with this text")
    parser.add_argument("--main", action="store_true", help="only the pages open all day")
    given = parser.parse_args(words)
    sizes = given.deals // 10, given.deals
    with past.kept() as bench, override_settings(**SETTINGS):
        if given.fill:
            began = time.monotonic()
            for deals in sizes:
                past.fill(bench, deals)
            say(f"filled in {time.monotonic() - began:.0f} s")
        small, _, _ = at_size(bench, sizes[0], given.only, main=given.main)
        large, chosen, people = at_size(bench, sizes[1], given.only, main=given.main)
        url = bench.app_url(past.name_of(sizes[1]))
        at_start = first(url, bench.servers.redis_url, people, Numbers(people))
        crowded = together(chosen, people, url, bench.servers.redis_url)
        say(f"{USERS} users at once:")
        print_table(crowded)
        found = [*gates(large, small), at_start]
        if not given.only:
            found.append(exported())
        failed = [gate for gate in found if not gate.is_passed]
        say(f"{len(found) - len(failed)} of {len(found)} gates passed")
        return print_gates(failed or found[:1])


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
