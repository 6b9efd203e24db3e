"""The decision history, its export, and the record of one deal."""

import csv
import html
import io
import json
from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from audit.ledger import digest
from audit.models import AuditEvent
from reviews import audit_pages
from reviews.history import decisions, replaying
from screening import actions as selling
from screening.form.questions import TITLE
from screening.models import Screening
from tests import factories as make

pytestmark = pytest.mark.django_db
MARKS = ["=", "+", "-", "@", "|", "\t", "\r", "\n", "＝", "＋", "－", "＠", "｜"]


@pytest.fixture
def auditor(client):
    person = make.auditor("Otto Prüfer")
    client.force_login(person)
    return person


@pytest.fixture
def deals():
    """One deal of each final result that is reached quickly, and two that are not final."""
    withdrawn = make.deal_in_review()
    selling.withdraw_deal(withdrawn, because="The customer left", actor=withdrawn.owner)
    return {
        "cleared": make.cleared_deal(),
        "approved": make.approved_deal(),
        "rejected": make.rejected_deal(),
        "barred": make.barred_deal(),
        "withdrawn": withdrawn,
        "in_review": make.deal_in_review(),
        "needs_information": make.deal_for_compliance(),
    }


def listed(client, **filters):
    rows = client.get("/audit/", filters).context["rows"]
    return {row["result"] for row in rows}


FINAL = {"cleared", "approved", "rejected", "barred", "withdrawn"}


def exported(client, **filters):
    answer = client.get("/audit/export.csv", filters)
    return b"".join(answer.streaming_content).decode()


def test_the_history_shows_every_final_result(client, auditor, deals):
    assert listed(client) == FINAL
    assert listed(client, result="any") == {*FINAL, "in_review", "needs_information"}
    page = client.get("/audit/")
    assert {kind: n for kind, _, n in page.context["totals"]} == dict.fromkeys(FINAL, 1)


def test_filters(client, auditor, deals):
    voter = deals["approved"].reviews.get().votes.get().reviewer
    seller = deals["barred"].owner
    for name in FINAL:
        assert listed(client, result=name) == {name}
    assert listed(client, country="FI") == {"cleared"}
    assert listed(client, country="BY") == {"barred"}
    assert listed(client, clause="C2b") == {"barred"}
    assert listed(client, rule="b01") == {"barred"}
    assert listed(client, rule="S0") == set()
    assert listed(client, outcome="clear") == {"cleared"}
    assert listed(client, person=voter.username) == {"approved"}
    assert listed(client, person=seller.username) == {"barred"}
    assert listed(client, text=deals["rejected"].reference) == {"rejected"}
    assert listed(client, text="Elisa") == {"cleared"}
    assert listed(client, text="no such customer") == set()


def test_dates_include_both_days(client, auditor, deals):
    today = timezone.now().date()
    day = timedelta(days=1)
    assert listed(client, since=today, until=today) == FINAL
    assert listed(client, since=today + day) == set()
    assert listed(client, until=today - day) == set()


@pytest.mark.parametrize(
    ("filters", "said"),
    [
        ({"since": "2026-02-30"}, "“From” needs a date such as 2026-12-31"),
        ({"until": "abc"}, "“To” needs a date such as 2026-12-31"),
        ({"until": "9999-12-31"}, "“To” needs a date such as 2026-12-31"),
        ({"since": "0001-01-01"}, "“From” needs a date such as 2026-12-31"),
        ({"country": "QQ"}, "“Country”: choose from the list"),
        ({"rulebook": "9" * 20}, "“Rulebook”: choose from the list"),
        ({"result": "'"}, "“Final result”: choose from the list"),
        ({"outcome": "maybe"}, "“Outcome of the screening”: choose from the list"),
        ({"clause": "C99"}, "“Clause”: choose from the list"),
        ({"rule": "B" * 21}, "at most 20 characters"),
        ({"text": "Elisa\u202e"}, "Remove an invisible character"),
    ],
)
def test_a_filter_that_cannot_be_read_gives_no_rows(client, auditor, filters, said):
    """Left out, it would give every row, and nobody would see that it was left out."""
    deal = make.cleared_deal()
    page = client.get("/audit/", filters)
    assert page.status_code == 422
    assert said in html.unescape(page.content.decode())
    assert page.context["rows"] == []
    answer = client.get("/audit/export.csv", filters)
    assert answer.status_code == 422
    assert answer["Content-Type"] == "text/plain; charset=utf-8"
    assert answer.content.decode().startswith("Nothing was exported. ")
    assert said in answer.content.decode()
    assert deal.reference not in answer.content.decode()
    assert not AuditEvent.objects.filter(verb__contains="export").exists()


def test_a_page_that_does_not_exist_and_a_long_number_are_no_errors(client, auditor):
    make.cleared_deal()
    for filters in ({"page": "-3"}, {"text": "9" * 30}):
        assert client.get("/audit/", filters).status_code == 200


def test_an_earlier_screening_is_replaced(client, auditor):
    deal = make.deal_in_review()
    selling.rescreen_deal(deal, cause=Screening.Cause.FACT, because="test")
    rows = client.get("/audit/", {"result": "any"}).context["rows"]
    assert [row["result"] for row in rows] == ["in_review", "replaced"]


def test_a_decision_stays_in_the_history_after_the_deal_lapsed(client, auditor):
    deal = make.approved_deal()
    selling.lapse_deal(deal, because="A year is over")
    assert listed(client) == {"lapsed"}
    row = client.get("/audit/").context["rows"][0]
    assert row["voters"]
    assert row["at"] == AuditEvent.objects.get(verb="deal.lapsed").at


def test_a_draft_is_no_decision(client, auditor):
    make.reference_data()
    make.draft_deal()
    assert "No decisions match." in client.get("/audit/").content.decode()


def test_queries_do_not_grow(client, auditor):
    def queries():
        with CaptureQueriesContext(connection) as seen:
            client.get("/audit/")
        return len(seen)

    make.approved_deal()
    client.get("/audit/")
    few = queries()
    for _ in range(4):
        make.approved_deal()
    assert queries() == few <= 15


@pytest.mark.parametrize("role", ["sales_person", "senior", "executive", "compliance_officer"])
@pytest.mark.parametrize("url", ["/audit/", "/audit/export.csv", "/audit/deals/{}/"])
def test_only_auditors_read_it(client, role, url):
    deal = make.cleared_deal()
    client.force_login(getattr(make, role)())
    assert client.get(url.format(deal.pk)).status_code == 403


# --- Export --------------------------------------------------------------------------------------


def test_the_export_is_the_filtered_list(client, auditor, deals):
    rows = list(csv.DictReader(io.StringIO(exported(client))))
    assert {row["result"] for row in rows} == FINAL
    (row,) = csv.DictReader(io.StringIO(exported(client, result="approved")))
    deal = deals["approved"]
    assert row["deal"] == deal.reference
    assert row["rules"] == "S01"
    assert row["rulebook_digest"] == deal.screening.rulebook.digest
    assert row["facts_digest"] == deal.screening.facts_digest
    assert row["because"] == make.REASONS
    assert row["products"] == "5G macro radio"
    assert row["screened_at_utc"].endswith("Z")


def test_the_export_names_each_version_by_its_digest(client, auditor):
    deal = make.approved_deal()
    (row,) = csv.DictReader(io.StringIO(exported(client)))
    used = {
        kind: getattr(deal.screening, kind)
        for kind in ("rulebook", "countries", "catalogue", "registry", "laws")
    }
    assert {kind: row[f"{kind}_digest"] for kind in used} == {
        kind: version.digest for kind, version in used.items()
    }
    assert row["rulebook"] == used["rulebook"].label


def test_the_export_is_rfc_4180(client, auditor):
    make.sent_deal({**make.SIMPLE, TITLE: 'He said "no", then\nyes'})
    text = exported(client)
    assert text.startswith("deal,title,")
    assert text.count("\r\n") == 2
    assert '"He said ""no"", then\nyes"' in text


@pytest.mark.parametrize("mark", MARKS)
def test_no_cell_is_a_formula(client, auditor, mark):
    attack = f'{mark}cmd|"/c calc"!A1'
    make.sent_deal({**make.SIMPLE, TITLE: attack})
    (row,) = csv.DictReader(io.StringIO(exported(client), newline=""))
    assert row["title"] == f"'{attack}"
    assert int(row["revision"]) == 1


def test_each_export_is_on_record_before_and_after(client, auditor, deals):
    text = exported(client, country="FI")
    begun, done = AuditEvent.objects.about("decisions").in_order()
    assert begun.verb == "decisions.export_begun"
    assert begun.actor == f"user:{auditor.pk}"
    payload = json.loads(done.payload)
    assert done.verb == "decisions.exported"
    assert payload["filters"] == {"country": "FI"}
    assert payload["rows"] == 1
    assert payload["digest"] == digest(text)


def test_an_export_that_was_broken_off_does_not_count_as_one(client, auditor, deals):
    pieces = audit_pages.stream(decisions.screenings(), {}, auditor)
    assert next(pieces).startswith(b"deal,title,")
    pieces.close()
    assert not AuditEvent.objects.filter(verb="decisions.exported").exists()


# --- The record of a deal ------------------------------------------------------------------------


def test_the_record_holds_every_event_and_digest(client, auditor, deals):
    deal = deals["approved"]
    page = client.get(f"/audit/deals/{deal.pk}/").content.decode()
    for version in deal.screening.versions:
        assert version.digest in page
    assert deal.screening.facts_digest in page
    for verb in set(deal.audit_verbs()):
        assert verb in page
    assert "Voted: approve" in page


def test_replay_says_same(client, auditor, deals):
    for deal in deals.values():
        page = client.post(f"/audit/deals/{deal.pk}/replay/").content.decode()
        assert "Replay: same" in page
        assert "Replay differs" not in page


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"outcome": "clear"}, "The outcome: clear was stored, senior_review comes out."),
        ({"review_floor": "executive_review"}, "The review floor: executive_review was stored"),
        ({"facts_digest": "sha256:0"}, "sha256:0 was stored."),
    ],
)
def test_replay_names_what_differs(change, told):
    screening = make.deal_in_review().screening
    for name, value in change.items():
        setattr(screening, name, value)
    replayed = replaying.replay(screening)
    assert not replayed.is_same
    assert told in " ".join(replayed.problems)


def test_replay_notices_changed_facts():
    screening = make.deal_in_review().screening
    screening.facts_text = screening.facts_text.replace("very_high", "low")
    problems = " ".join(replaying.replay(screening).problems)
    assert "The outcome: senior_review was stored, clear comes out." in problems
    assert "The digest of the facts is sha256:" in problems


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ('[{"country_risk": "lo"}]', 'unknown value "lo"; did you mean low?'),
        ("[]", "no list of variants"),
        ('{"country_risk": "low"}', "no list of variants"),
        ("[1]", "not the text of facts"),
        ("{", "not the text of facts"),
    ],
)
def test_replay_says_when_the_stored_facts_cannot_be_read(text, told):
    screening = make.deal_in_review().screening
    screening.facts_text = text
    replayed = replaying.replay(screening)
    assert replayed.outcome == ""
    assert "The stored facts cannot be read: " in replayed.problems[-1]
    assert told in replayed.problems[-1]


def test_replay_notices_another_sentence_or_rule():
    screening = make.deal_in_review().screening
    finding = screening.findings.all()[0]
    finding.because = finding.because.replace(".", "!")
    finding.rule = "S99"
    screening._prefetched_objects_cache = {"findings": [finding]}
    problems = " ".join(replaying.replay(screening).problems)
    assert "The rules: S99 was stored" in problems
    assert "The sentences: " in problems


def test_replay_writes_nothing(client, auditor):
    deal = make.deal_in_review()
    before = AuditEvent.objects.count()
    assert client.get(f"/audit/deals/{deal.pk}/replay/").status_code == 405
    client.post(f"/audit/deals/{deal.pk}/replay/")
    assert AuditEvent.objects.count() == before
