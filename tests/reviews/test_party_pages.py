"""The pages of parties: found, read and recorded on, by those who judge and nobody else."""

import json
import re
from typing import Any

import pytest

from audit.models import AuditEvent
from screening.lifecycle import AFTER_PARTY, Status
from screening.models import Notification
from screening.parties import actions as parties
from screening.parties.models import Easing, EasingWord, Party, PartyFinding, PartyMerge
from tests import factories
from tests.factories import agreed, known_of, party_of, ruled
from tests.screening.sweep import sweeping
from tests.screening.test_parties import ABROAD, ANSWERS, GUARDS, asked_to_clear, tomorrow
from tests.screening.test_rulings import fact, send

pytestmark = pytest.mark.django_db


def read(client: Any, url: str, person: Any = None) -> str:
    if person is not None:
        client.force_login(person)
    answer = client.get(url)
    assert answer.status_code == 200, answer.status_code
    return " ".join(answer.content.decode().split())


def names_on(page: str) -> list[str]:
    """The parties that a page of the list shows, in its order."""
    return re.findall(r'<th scope="row"[^>]*> <a href="/parties/\d+/">([^<]+)</a>', page)


SOURCED = {
    "source": "Press archive",
    "source_date": "2026-01-31",
    "review_by": "",
    "because": "Two papers report it.",
}


def raised(**more: Any) -> dict[str, Any]:
    return {"known": json.dumps(["adverse_info", "alleged"]), **SOURCED, **more}


# --- The list -------------------------------------------------------------------------------------


def test_an_empty_list_says_why(client):
    assert "No party is known yet" in read(client, "/parties/", factories.auditor())


def test_the_list_is_searched_and_filtered(client):
    party, other = party_of(send(ANSWERS)), party_of(send({**GUARDS, **ABROAD}))
    known_of(party, "adverse_info", "alleged")
    agreed(asked_to_clear(other))
    everything = read(client, "/parties/", factories.senior())
    assert names_on(everything) == [party.name, other.name]
    assert "Misuse is alleged" in everything
    for query, shown in (
        ("text=pohj", [party.name]),
        ("text=POHJOLA++VERKKO", [party.name]),
        ("country=SE", [other.name]),
        ("known=adverse_info", [party.name]),
        ("known=any", [party.name]),
        ("known=agency_access", []),
        ("known=cleared", [other.name]),
        ("known=waiting", []),
    ):
        page = read(client, f"/parties/?{query}")
        assert names_on(page) == shown, query
        assert ("No party matches these filters" in page) is not bool(shown)
    assert 'value="pohj"' in read(client, "/parties/?text=pohj&page=9"), "filters survive a reload"


def test_a_filter_that_does_not_exist_says_so(client):
    send(ANSWERS)
    client.force_login(factories.senior())
    answer = client.get("/parties/?known=everything")
    assert answer.status_code == 422
    assert "There is a problem" in answer.content.decode()


def test_a_long_list_has_pages(client):
    factories.reference_data()
    Party.objects.bulk_create(
        Party(key=f"party {at:03}", name=f"Party {at:03}", country="FI") for at in range(60)
    )
    client.force_login(factories.senior())
    first, last = (read(client, f"/parties/?country=FI&page={page}") for page in (1, 3))
    assert (len(names_on(first)), len(names_on(last))) == (25, 10)
    assert "country=FI&amp;page=2" in first


def test_a_page_of_the_list_takes_no_query_for_each_row(client, django_assert_max_num_queries):
    for at in range(12):
        known_of(party_of(send({**ANSWERS, "customer": f"Verkko {at}"})))
    client.force_login(factories.senior())
    client.get("/parties/")
    with django_assert_max_num_queries(25):
        client.get("/parties/")


# --- One party ------------------------------------------------------------------------------------


def test_the_page_tells_all_of_a_party(client):
    deal = send({**factories.SENIOR, "customer": "Pohjola Verkko", "customer-country": "FI"})
    factories.vote_on(
        deal,
        actor=factories.senior(),
        verdict="approve_with_conditions",
        conditions=[factories.duty("Remove the export feature")],
    )
    factories.vote_on(
        deal,
        actor=factories.senior(),
        verdict="approve_with_conditions",
        conditions=[factories.duty("Send a report")],
    )
    party, officer = party_of(deal), factories.compliance_officer()
    known_of(party)
    parties.add_name(party, name="Полярная Сеть", country="FI", because="Its site.", actor=officer)
    parties.add_identifier(party, scheme="lei", value="5493001KJTIIGC8Y1R12", actor=officer)
    owner = party_of(send({**ANSWERS, "customer": "Omistaja Oy"}))
    parties.set_parent(party, owner, because="Register.", actor=officer)
    page = read(client, f"/parties/{party.pk}/", factories.auditor())
    for text in (
        "Misuse is confirmed",
        "Press archive",
        "Полярная Сеть",
        "5493001KJTIIGC8Y1R12",
        "Omistaja Oy",
        "Remove the export feature",
        deal.reference,
        f'href="/audit/deals/{deal.pk}/"',
        "Recorded as the same as another party",
        "You can read this page",
    ):
        assert text in page, text
    assert "Take back</a>" not in page
    assert "Nothing is known about this party" in read(client, f"/parties/{owner.pk}/")


def test_reviewers_and_compliance_come_to_a_party_from_its_deal(client):
    deal = send({**factories.SENIOR, "customer": "Pohjola Verkko", "customer-country": "FI"})
    link = f'href="/parties/{party_of(deal).pk}/"'
    assert link in read(client, f"/reviews/{deal.pk}/", factories.senior())
    assert link in read(client, f"/compliance/{deal.pk}/", factories.compliance_officer())


def test_sales_learns_nothing_of_what_is_known(client):
    party = party_of(send(ANSWERS))
    known_of(party)
    deal = send(ANSWERS)
    client.force_login(deal.owner)
    for url in ("/parties/", f"/parties/{party.pk}/"):
        assert client.get(url).status_code == 403
    page = read(client, f"/deals/{deal.pk}/")
    assert "Press archive" not in page
    assert "Two papers report it" not in page


def test_a_party_that_does_not_exist_is_not_found(client):
    client.force_login(factories.compliance_officer())
    for path in (
        "parties/0/",
        "parties/0/finding/",
        "parties/easings/0/",
        "parties/merges/0/split/",
    ):
        assert client.get(f"/{path}").status_code == 404


# --- Recording ------------------------------------------------------------------------------------


def test_compliance_records_what_is_known(client):
    deal = send(ANSWERS)
    party, officer = party_of(deal), factories.compliance_officer()
    client.force_login(officer)
    answer = client.post(f"/parties/{party.pk}/finding/", raised(review_by=str(tomorrow(90))))
    assert answer["Location"] == f"/parties/{party.pk}/"
    finding = PartyFinding.objects.get()
    assert (finding.value, finding.source, str(finding.source_date)) == (
        "alleged",
        "Press archive",
        "2026-01-31",
    )
    assert (finding.ruled_by, finding.review_by) == (officer, tomorrow(90))
    sweeping.work(AFTER_PARTY)
    deal.refresh_from_db()
    assert deal.status == Status.IN_REVIEW
    page = read(client, f"/parties/{party.pk}/")
    assert "Recorded: Misuse is alleged" in page
    assert "Look again by" in page


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"known": ""}, "Choose what is known of the party"),
        ({"known": '["adverse_info", "none"]'}, "Select a valid choice"),
        ({"source": ""}, "Name the source"),
        ({"because": ""}, "Say why"),
        ({"source_date": "31.1.26"}, "needs a date such as 2026-12-31"),
        ({"source_date": "2999-01-01"}, "cannot be from a day after today"),
        ({"review_by": "2001-01-01"}, "needs a day after today"),
    ],
)
def test_what_is_missing_is_named_and_what_was_typed_is_kept(client, change, says):
    party = party_of(send(ANSWERS))
    client.force_login(factories.compliance_officer())
    answer = client.post(f"/parties/{party.pk}/finding/", raised(**change))
    page = answer.content.decode()
    assert says in page
    assert "There is a problem" in page
    if "because" not in change:
        assert "Two papers report it." in page
    assert not PartyFinding.objects.exists()


def test_two_people_take_it_back_by_the_desk(client):
    deal = send(ANSWERS)
    finding, second = known_of(party_of(deal)), factories.compliance_officer()
    first = factories.compliance_officer()
    client.force_login(first)
    url = f"/parties/findings/{finding.pk}/take-back/"
    assert "Say why" in client.post(url, {"because": ""}).content.decode()
    assert client.post(url, {"because": "Another firm."}).status_code == 302
    easing = Easing.objects.get()
    assert "You have already asked for this" in read(client, f"/parties/easings/{easing.pk}/")
    assert client.post(url, {"because": "Again."}).status_code == 409
    answer = client.post(f"/parties/easings/{easing.pk}/", {"agrees": "yes", "because": "Yes."})
    assert answer.status_code == 403
    assert Notification.objects.filter(to=second, subject__contains="second person").exists()

    desk = read(client, "/compliance/", second)
    assert "A second person is needed" in desk
    assert f'href="/parties/easings/{easing.pk}/"' in desk
    answer = client.post(f"/parties/easings/{easing.pk}/", {"agrees": "yes", "because": ""})
    assert "Say why" in answer.content.decode()
    answer = client.post(f"/parties/easings/{easing.pk}/", {"agrees": "yes", "because": "Yes."})
    assert answer["Location"] == f"/parties/{finding.party_id}/"
    assert "A second person is needed" not in read(client, "/compliance/")
    sweeping.work(AFTER_PARTY)
    deal.refresh_from_db()
    assert fact(deal, "adverse_info") == "none"
    page = read(client, f"/parties/{finding.party_id}/")
    assert "Agreed as the second person to take back what is known" in page
    assert "Lowered by two people" in page


def test_refusing_and_ending_need_one_person(client):
    finding = known_of(party_of(send(ANSWERS)))
    easing = parties.ask_take_back(
        finding, because="Another firm.", actor=factories.compliance_officer()
    )
    client.force_login(factories.compliance_officer())
    url = f"/parties/easings/{easing.pk}/"
    assert client.post(url, {"agrees": "no", "because": "No."}).status_code == 302
    assert PartyFinding.objects.standing().exists()
    assert client.post(url, {"agrees": "yes", "because": "Yes."}).status_code == 409
    assert "It does not hold." in read(client, url)
    assert list(EasingWord.objects.values_list("agrees", flat=True)) == [False]


def test_a_false_alarm_is_answered_on_the_page(client):
    deal = send(GUARDS)
    party = party_of(deal)
    client.force_login(factories.compliance_officer())
    url = f"/parties/{party.pk}/match/"
    page = read(client, url)
    assert "sounds like a police body" in page
    hits = "sounds like a police body\nsounds like an intelligence or security body"
    given = {**SOURCED, "hits": hits, "review_by": str(tomorrow(90))}
    assert "needs a date" in client.post(url, {**given, "review_by": ""}).content.decode()
    assert client.post(url, {**given, "hits": "Other"}).status_code == 409
    assert client.post(url, given).status_code == 302
    assert "An answer waits for a second person" in read(client, f"/parties/{party.pk}/")
    agreed(Easing.objects.get())
    sweeping.work(AFTER_PARTY)
    deal.refresh_from_db()
    assert deal.status == Status.CLEARED
    page = read(client, f"/parties/{party.pk}/")
    assert "Two people said that this is a false alarm" in page


def test_namesakes_are_merged_split_and_told_apart(client):
    one, other = party_of(send(ANSWERS)), party_of(send({**ANSWERS, **ABROAD}))
    known_of(one)
    client.force_login(factories.compliance_officer())
    page = read(client, f"/parties/{other.pk}/")
    assert "Could be the same as" in page
    assert "Misuse is confirmed" in page
    chosen = {"other": str(one.pk), "because": "One group."}
    assert client.post(f"/parties/{other.pk}/same/", chosen).status_code == 302
    page = read(client, f"/parties/{other.pk}/")
    assert "Could be the same as" not in page
    merged = PartyMerge.objects.get()
    assert names_on(read(client, "/parties/")) == [other.name]
    url = f"/parties/merges/{merged.pk}/split/"
    assert client.post(url, {"because": "No."}).status_code == 302
    assert client.post(url, {"because": "No."}).status_code == 409
    agreed(Easing.objects.get())
    url = f"/parties/{other.pk}/apart/{one.pk}/"
    assert client.post(url, {"because": "Two firms."}).status_code == 302
    assert client.post(url, {"because": "Two firms."}).status_code == 409
    agreed(Easing.objects.latest("pk"))
    assert "Could be the same as" not in read(client, f"/parties/{other.pk}/")
    verbs = AuditEvent.objects.about(one.subject).values_list("verb", flat=True)
    assert list(verbs).count("party.easing_agreed") == 2


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ({"because": "x"}, "Choose a party or enter another name"),
        ({"name": "Other", "because": ""}, "Say why they are the same"),
        ({"name": "…", "because": "x"}, "Enter a name with at least one letter"),
        ({"name": "Pohjola Verkko", "country": "FI", "because": "x"}, "already has this name"),
    ],
)
def test_a_name_that_cannot_be_added_says_why(client, given, says):
    party = party_of(send(ANSWERS))
    client.force_login(factories.compliance_officer())
    answer = client.post(f"/parties/{party.pk}/same/", given)
    assert says in answer.content.decode()
    assert not PartyMerge.objects.exists()


def test_numbers_are_checked_shared_and_removed(client):
    one, other = (party_of(send({**ANSWERS, "customer": name})) for name in ("Yksi", "Kaksi"))
    client.force_login(factories.compliance_officer())
    lei = "5493001KJTIIGC8Y1R12"
    wrong = client.post(f"/parties/{one.pk}/number/", {"scheme": "lei", "value": lei[:-1] + "3"})
    assert "Enter an LEI" in wrong.content.decode()
    for party in (one, other):
        answer = client.post(f"/parties/{party.pk}/number/", {"scheme": "lei", "value": lei})
        assert answer.status_code == 302
    twice = client.post(f"/parties/{one.pk}/number/", {"scheme": "lei", "value": lei.lower()})
    assert twice.status_code == 409
    assert "Same number in a register" in read(client, f"/parties/{one.pk}/")
    assert names_on(read(client, f"/parties/?text={lei}")) == ["Kaksi", "Yksi"]
    number = one.identifiers.get()
    assert client.post(f"/parties/numbers/{number.pk}/remove/").status_code == 302
    page = read(client, f"/parties/{one.pk}/")
    assert f"Removed the number {lei}" in page
    assert "Same number in a register" not in page


def test_who_owns_a_party(client):
    one, other = (party_of(send({**ANSWERS, "customer": name})) for name in ("Yksi", "Kaksi"))
    client.force_login(factories.compliance_officer())
    url = f"/parties/{one.pk}/owner/"
    for wrong in ("0", "x"):
        answer = client.post(url, {"parent": wrong, "because": "Register."})
        assert "No party has the number" in answer.content.decode()
    assert client.post(url, {"parent": str(other.pk), "because": "Register."}).status_code == 302
    assert "Owned by" in read(client, f"/parties/{one.pk}/")
    back = client.post(f"/parties/{other.pk}/owner/", {"parent": str(one.pk), "because": "x"})
    assert back.status_code == 409


def test_what_is_known_of_the_end_user_stands_on_the_page_of_compliance(client):
    first = send(ANSWERS)
    ruled(first, "adverse_info", "confirmed")
    other = send(ANSWERS)
    page = read(client, f"/compliance/{other.pk}/", factories.compliance_officer())
    assert "Known of its end user" in page
    assert f'href="/compliance/{first.pk}/"' in page


def test_who_sells_to_the_party_is_told_so(client):
    deal = send(ANSWERS)
    finding, seller = known_of(party_of(deal)), factories.compliance_officer()
    deal.team.members.add(seller)
    client.force_login(seller)
    answer = client.get(f"/parties/findings/{finding.pk}/take-back/")
    assert answer.status_code == 403
    assert "sell to this party" in answer.content.decode()
