"""A screening is told in the names of its own versions, whatever is active later."""

from dataclasses import replace

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from people import access
from policy import actions as governing
from policy.governance.versions import shipped_contents
from policy.models import Kind, ReferenceVersion
from reviews import exhibits, labels
from screening import actions as selling
from screening import wording
from tests import factories as make
from tests.screening.sweep.sweeping import prepare, shipped

pytestmark = pytest.mark.django_db

RADIO = "id: nr-macro\\n        name: "
LISTS = ("/reviews/", "/compliance/", "/audit/?result=any", "/audit/export.csv?result=any")


def renamed(kind, label, *changes):
    """The shipped version of a kind with other names in it."""
    content = shipped(kind)
    text = content.text
    for old, new in changes:
        assert old in text, old
        text = text.replace(old, new)
    return replace(content, label=label, text=text)


def catalogue(label, radio, core):
    """Two products by other names, and one that the shipped catalogue does not have."""
    new = (
        f"- id: core-9\\n        name: {core}\\n        capabilities: [ran]\\n"
        "        control: not_controlled\\n      "
    )
    return renamed(
        Kind.CATALOGUE,
        label,
        (f"{RADIO}5G macro radio", f"{RADIO}{radio}"),
        ("- id: nr-macro", f"{new}- id: nr-macro"),
        ('label: \\"1.0\\"', f'label: \\"{label}\\"'),
    )


def activate(content):
    prepare(content)()


def read(client, role, url):
    client.force_login(getattr(make, role)())
    answer = client.get(url)
    content = b"".join(answer.streaming_content) if answer.streaming else answer.content
    return content.decode()


def row_of(page, deal):
    """The row of a deal in a list, of the CSV too."""
    rows = page.split("<tr>") if "<tr>" in page else page.splitlines()
    (row,) = [row for row in rows if deal.reference in row]
    return row


def products_of(client, deal):
    """What every page that names the products of a deal calls them."""
    return {
        "review": read(client, "senior", f"/reviews/{deal.pk}/"),
        "queue": row_of(read(client, "senior", "/reviews/"), deal),
        "compliance": read(client, "compliance_officer", f"/compliance/{deal.pk}/"),
        "record": read(client, "auditor", f"/audit/deals/{deal.pk}/"),
        "export": row_of(read(client, "auditor", "/audit/export.csv?result=any"), deal),
    }


def test_products_keep_the_names_that_they_were_screened_with(client):
    old = make.deal_in_review()
    activate(catalogue("2.0", "Radio of 2027", "Radio nine"))
    deal = make.sent_deal({**make.SENIOR, "products": ["core-9", "nr-macro"]})
    activate(catalogue("3.0", "Radio of 2028", "Radio ninety"))
    for name, page in products_of(client, deal).items():
        assert "Radio nine" in page, name
        assert "Radio of 2027" in page, name
        assert "Radio ninety" not in page, name
        assert "Radio of 2028" not in page, name
        # The stored answers, and only they, hold the id.
        assert "core-9" not in page or name == "record", name
    for name, page in products_of(client, old).items():
        assert "5G macro radio" in page, name
        assert "Radio of" not in page, name


def test_countries_keep_the_names_that_they_were_screened_with(client):
    old = make.sent_deal({**make.CITED, "countries": [{"place": "TR", "site": "Izmir"}]})
    activate(renamed(Kind.COUNTRIES, "2.0", ("Türkiye", "Republic of Türkiye")))
    new = make.sent_deal({**make.CITED, "countries": [{"place": "TR", "site": "Izmir"}]})
    for deal, name, other in ((old, "Türkiye", "Republic of"), (new, "Republic of Türkiye", None)):
        pages = {
            "desk": row_of(read(client, "compliance_officer", "/compliance/"), deal),
            "compliance": read(client, "compliance_officer", f"/compliance/{deal.pk}/"),
            "fact": read(client, "compliance_officer", f"/compliance/{deal.pk}/law_conflict/"),
            "decisions": row_of(read(client, "auditor", "/audit/?result=any"), deal),
            "export": row_of(read(client, "auditor", "/audit/export.csv?result=any"), deal),
            "record": read(client, "auditor", f"/audit/deals/{deal.pk}/"),
        }
        for page, html in pages.items():
            assert name in html, page
            assert other is None or other not in html, page
        if name == "Türkiye":
            assert "Türkiye, Izmir" in pages["compliance"]


VERIFIED, PROVED = "cited and verified", "cited, and read by two officers"
OPERATOR, CARRIER = "a commercial operator", "a licensed carrier"
RADIO_WORDS, AIR = "radio access network", "network in the air"
REWORDED = renamed(
    Kind.RULEBOOK, "0.9", (VERIFIED, PROVED), (OPERATOR, CARRIER), (RADIO_WORDS, AIR)
)


@pytest.fixture
def first_rulebook():
    """An installation whose rulebook has other words than the one that ships today."""
    proposer, activator = make.person(access.POLICY_OWNER), make.person(access.POLICY_OWNER)
    left = {Kind.RULEBOOK, Kind.CHARTER}
    for content in (REWORDED, *(one for one in shipped_contents() if one.kind not in left)):
        version = governing.propose_version(content, actor=proposer)
        governing.activate_version(version, actor=activator)


@pytest.mark.bare
def test_values_and_events_are_in_the_words_of_the_rulebook(client, first_rulebook):
    deal = make.deal_for_compliance()
    fact = read(client, "compliance_officer", f"/compliance/{deal.pk}/legal_basis_status/")
    assert PROVED in fact.casefold()
    rule(deal)
    pages = {
        "review": read(client, "executive", f"/reviews/{deal.pk}/"),
        "compliance": read(client, "compliance_officer", f"/compliance/{deal.pk}/"),
        "record": read(client, "auditor", f"/audit/deals/{deal.pk}/"),
    }
    for name, page in pages.items():
        assert f"” to {PROVED}" in page or f": {PROVED}" in page, name
        assert CARRIER in page.casefold(), name
        assert VERIFIED not in page, name
    assert CARRIER in row_of(read(client, "executive", "/reviews/"), deal).casefold()
    export = read(client, "auditor", "/audit/export.csv?result=any")
    assert CARRIER in export
    assert OPERATOR not in export


@pytest.mark.bare
def test_lists_of_the_policy_are_in_the_words_of_the_active_rulebook(client, first_rulebook):
    products = read(client, "compliance_officer", "/catalogue/")
    assert AIR in products.casefold()
    assert RADIO_WORDS not in products.casefold()
    parties = read(client, "compliance_officer", "/registry/")
    assert "Licensed carrier" in parties
    assert "Commercial operator" not in parties
    without = ("[ran, general_compute]", "[general_compute]")
    stored(renamed(Kind.CATALOGUE, "9.0", without))
    old, new = ReferenceVersion.objects.of(Kind.CATALOGUE).order_by("pk")
    differences = read(
        client,
        "compliance_officer",
        f"/versions/catalogue/difference/?before={old.pk}&after={new.pk}",
    )
    assert AIR in differences
    assert RADIO_WORDS not in differences


def rule(deal):
    selling.rule_fact(
        deal,
        fact="legal_basis_status",
        value="verified",
        because="Read it",
        source="Gazette 27",
        actor=make.compliance_officer(),
    )
    deal.refresh_from_db()


def stored(content):
    """A version that nobody activated; what is active stays what it was."""
    return governing.propose_version(content, actor=make.person(access.POLICY_OWNER))


def test_a_screening_is_not_told_in_the_words_of_the_active_rulebook():
    deal = make.deal_in_review()
    assert labels.joined(deal.screening, "end_user_type") == OPERATOR
    deal.screening.rulebook = stored(REWORDED)
    assert labels.joined(deal.screening, "end_user_type") == CARRIER


def test_another_word_for_a_value_changes_no_fact():
    deal = make.deal_for_compliance()
    rule(deal)
    former = exhibits.former_screening(deal)
    deal.screening.rulebook = stored(REWORDED)
    changes = [(one.before, one.after) for one in exhibits.changes(former, deal.screening)]
    assert ("cited, not yet verified", PROVED) in changes
    assert OPERATOR not in [before for before, _after in changes]


def test_a_catalogue_may_name_what_the_shipped_vocabulary_does_not():
    make.reference_data()
    deal = make.deal_in_review()
    deal.screening.catalogue = stored(renamed(Kind.CATALOGUE, "9.0", ("[ran]", "[ran, mind]")))
    assert wording.of(deal.screening).product("nr-macro") == "5G macro radio"


@pytest.mark.parametrize("url", LISTS)
def test_a_list_reads_no_content_of_versions_and_no_more_for_more_rows(client, url):
    role = {"/reviews/": "senior", "/compliance/": "compliance_officer"}.get(url, "auditor")

    def add():
        make.deal_in_review()
        make.deal_for_compliance()

    add()
    read(client, role, url)
    with CaptureQueriesContext(connection) as few:
        read(client, role, url)
    for _ in range(3):
        add()
    with CaptureQueriesContext(connection) as many:
        read(client, role, url)
    assert len(many) == len(few)
    assert not [one["sql"] for one in many if '"content"' in one["sql"]]
