"""A deal for a territory, entered under the name of a state, through the pages of the form."""

from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from policy import active
from policy.facts import shipped, spots
from reviews.demo_deals import otherwise
from screening import actions, sales_words
from screening.form import questions
from screening.lifecycle import Status
from screening.models import Deal
from tests import factories
from tests.screening.form.answers import SIMPLE
from tests.screening.test_rulings import fact
from tests.screening.test_rulings import send as sent

pytestmark = pytest.mark.django_db

#: Country, site in Latin letters, site in a script of the place, what the page of the deal says.
SITES = [
    ("UA", "Simferopol", "Симферополь", "The destination is Crimea"),
    ("MD", "Tiraspol", "Тирасполь", "The destination is Transnistria"),
    ("GE", "Sukhumi", "სოხუმი", "The destination is Abkhazia"),
    ("CY", "Girne", "Κερύνεια", "The destination is Northern Cyprus"),
    ("MA", "Laayoune", "العيون", "Western Sahara"),
    ("IL", "Ariel", "אריאל", "The destination is Israeli settlements in the West Bank"),
    ("AZ", "Stepanakert", "Ստեփանակերտ", "The destination is Nagorno-Karabakh"),
    ("CN", "Hong Kong", "香港", "The risk in Hong Kong is high"),
    ("CN", "Lhasa", "拉萨", "The destination is Tibet"),
    ("CN", "Ürümqi", "乌鲁木齐", "The destination is Xinjiang"),
    ("PS", "Gaza", "غزة", "The destination is Gaza Strip"),
    ("UA", "Donetsk", "Донецьк", "may be in Donetsk oblast or Russia: say which is meant"),
    ("RU", "Donetsk", "Донецк", "may be in Russia or Donetsk oblast: say which is meant"),
]
CASES = [
    pytest.param(country, site, reason, id=f"{country} {site}")
    for country, latin, local, reason in SITES
    for site in (latin, local)
]
HONEST = [
    ("UA", "Kyiv", Status.CLEARED),
    ("GE", "Tbilisi", Status.CLEARED),
    ("CY", "Nicosia", Status.CLEARED),
    ("MD", "Chisinau", Status.CLEARED),
    ("UA", "Kyiv data centre", Status.CLEARED),
    ("UA", "Zakarpattia oblast", Status.CLEARED),
    ("MA", "", Status.CLEARED),
    ("MA", "Rabat", Status.CLEARED),
    ("CN", "Beijing", Status.IN_REVIEW),
]


@pytest.fixture
def alice(client: Client) -> Any:
    factories.reference_data()
    person = factories.sales_person()
    client.force_login(person)
    return person


def draft(alice: Any, country: str) -> Deal:
    """Radio for an operator, all answered but where it will be used."""
    places = {"countries", "run-from", "territories"}
    answers = {**SIMPLE, **factories.in_country(country), "customer": f"Northern {country} Mobile"}
    kept = {slug: value for slug, value in answers.items() if slug not in places}
    return factories.draft_deal(alice, kept)


def page(deal: Deal, slug: str) -> str:
    return sales_words.question_url(deal, questions.question(slug))


def fill_in(client: Client, deal: Deal, country: str, site: str, *where: str) -> str:
    """The pages of the places, one after the other; what the page says after the site."""
    rows = {"rows": "1", "place_0": country, "site_0": site}
    client.post(page(deal, "countries"), rows)
    told = str(client.get(page(deal, "countries")).content.decode())
    client.post(page(deal, "run-from"), {"run": country, "records": country})
    asked = active.reference_data().countries.territories_asked(country)
    if asked:
        leads_to = client.post(page(deal, "elsewhere"), {"answer": "no", "rows": "1"})
        assert leads_to["Location"] == page(deal, "territories")
        client.post(page(deal, "territories"), {f"in_{country}": list(where)})
    return told


def send(client: Client, deal: Deal) -> str:
    """Send it from the page of its answers; the page of the deal afterwards."""
    deal.refresh_from_db()
    data = active.reference_data()
    context = questions.context_of(deal.answers, data)
    for missing in questions.missing_questions(deal.answers, context):
        if missing.slug != questions.DECLARATION:
            value = otherwise(missing.slug, context)
            actions.save_answer(deal, slug=missing.slug, value=value, actor=deal.owner)
    check = reverse("screening:check", args=[deal.pk])
    key = client.get(check).context["send_key"]
    assert client.post(check, {"answer": "on", "send_key": key}).status_code == 302
    deal.refresh_from_db()
    return str(client.get(deal.get_absolute_url()).content.decode())


@pytest.mark.parametrize(("country", "site", "reason"), CASES)
def test_a_site_in_a_territory_never_clears(
    client: Client, alice: Any, country: str, site: str, reason: str
) -> None:
    deal = draft(alice, country)
    fill_in(client, deal, country, site, "?" if "say which" in reason else "none")
    html = send(client, deal)
    assert deal.status != Status.CLEARED
    assert deal.screening is not None
    assert reason in html
    assert reason in " ".join(deal.screening.findings.values_list("because", flat=True))


@pytest.mark.parametrize(("country", "site", "status"), HONEST)
def test_an_honest_site_stays_as_it_was(
    client: Client, alice: Any, country: str, site: str, status: Status
) -> None:
    deal = draft(alice, country)
    fill_in(client, deal, country, site, "none")
    send(client, deal)
    assert deal.status == status


@pytest.mark.parametrize(
    ("country", "site"),
    [
        ("UA", "Makiivka"),  # a city of Donetsk oblast, and a village elsewhere in Ukraine
        ("UA", "Sim-feropol"),
        ("UA", "S i m f e r o p o l"),
        ("UA", "Simferopol2"),
        ("UA", "Simferopol\u02b9"),
        ("UA", f"{'Street ' * 15}Simferopol"),
        ("CN", "\u57fa\u7ad9\u673a\u623f\u8bbe\u5907" * 9 + "\u62c9\u8428"),
    ],
)
def test_a_site_in_disguise_never_clears(
    client: Client, alice: Any, country: str, site: str
) -> None:
    deal = draft(alice, country)
    fill_in(client, deal, country, site, "none")
    send(client, deal)
    assert deal.status in {Status.BARRED, Status.NEEDS_INFORMATION}


@pytest.mark.parametrize("site", ["Simferopl", "44.95, 34.10", "95000", "Lenin street 5"])
def test_a_site_that_may_be_anywhere_is_asked_about(client: Client, alice: Any, site: str) -> None:
    """Misspelt, as numbers or as a street: nobody can say that it is in none of the territories."""
    deal = draft(alice, "UA")
    fill_in(client, deal, "UA", site, "none")
    html = send(client, deal)
    said = f"“{site}” names no place in Ukraine for certain"
    assert (deal.status, deal.turn) == (Status.NEEDS_INFORMATION, "compliance")
    assert said in html
    assert said in deal.last_screening.findings.get(rule="I07").because
    factories.ruled(deal, "fact_conflict", value=False)
    deal.refresh_from_db()
    assert deal.status == Status.IN_REVIEW


@pytest.mark.parametrize(
    ("site", "named"),
    [
        ("Iran", "Iran"),
        ("Republic of Belarus", "Belarus"),
        ("Russia", "Russia"),
        ("Tehran, Iran", "Iran"),
        ("Minsk Belarus", "Belarus"),
        ("Server room in Russia", "Russia"),
        ("For re-export to Syria", "Syria"),
        ("Россия", "Russia"),
        ("Valko-Venäjä", "Belarus"),
        ("Иран", "Iran"),
        ("ЦОД в России", "Russia"),
        ("伊朗", "Iran"),
        ("I r a n", "Iran"),
        ("Iran via Dubai", "Iran"),
        ("Amman Jordan", "Jordan"),
        ("Jordan", "Jordan"),
    ],
)
def test_a_site_that_names_another_country_never_clears(
    client: Client, alice: Any, site: str, named: str
) -> None:
    deal = draft(alice, "FI")
    told = fill_in(client, deal, "FI", site)
    html = send(client, deal)
    said = f"names {named}, and the country chosen is Finland."
    assert (deal.status, deal.turn) == (Status.NEEDS_INFORMATION, "compliance")
    assert said in told
    assert said in html
    assert said in deal.last_screening.findings.get(rule="I07").because
    assert "deal.information_needed" in deal.audit_verbs()
    factories.ruled(deal, "fact_conflict", value=False)
    deal.refresh_from_db()
    assert deal.status == Status.IN_REVIEW


@pytest.mark.parametrize(
    ("country", "site"),
    [
        ("FI", "Helsinki, Finland"),
        ("FI", "Suomi"),
        ("FI", "Iran street 4, Tampere"),
        ("FI", "Georgia street 5"),
        ("FI", "oman talon katto"),
        ("FI", "RF laboratory, Oulu"),
        ("FI", "Swedish quarter, Turku"),
        ("FI", "Mariehamn, Åland"),
        ("SE", "Norra Hamnen, Luleå"),
        ("SE", "Jordbro"),
        ("US", "Lebanon, Pennsylvania"),
        ("DE", "Berlin, Deutschland"),
        ("DE", "Georgia-Straße 3, Berlin"),
        ("DE", "Musterstadt, Halle 3"),
        ("US", "Atlanta, Georgia"),
        ("US", "Albuquerque, New Mexico, USA"),
        ("GB", "Belfast, Northern Ireland"),
    ],
)
def test_a_site_that_names_its_own_country_or_an_ordinary_word_clears(
    client: Client, alice: Any, country: str, site: str
) -> None:
    deal = draft(alice, country)
    fill_in(client, deal, country, site)
    send(client, deal)
    assert deal.status == Status.CLEARED


def test_a_site_may_name_another_destination_of_the_deal(client: Client, alice: Any) -> None:
    deal = draft(alice, "FI")
    rows = {"rows": "2", "place_0": "FI", "site_0": "Link to Estonia", "place_1": "EE"}
    client.post(page(deal, "countries"), {**rows, "site_1": "Tallinn, Eesti"})
    client.post(page(deal, "run-from"), {"run": "FI", "records": "EE"})
    send(client, deal)
    assert deal.status == Status.CLEARED


@pytest.mark.parametrize(
    ("country", "name", "territory"),
    [
        ("UA", "Simferopol Mobile", "Crimea"),
        ("UA", "Crimea Telecom", "Crimea"),
        ("UA", "Республиканский оператор связи Донецк", "Donetsk oblast"),
        ("GE", "Sukhumi GSM", "Abkhazia"),
        ("CY", "Kuzey Kıbrıs İletişim", "Northern Cyprus"),
    ],
)
@pytest.mark.parametrize("part", ["customer", "operator"])
def test_a_body_that_is_named_after_a_territory_is_asked_about(
    client: Client, alice: Any, country: str, name: str, territory: str, part: str
) -> None:
    """No site is given, and none of the territories is meant: the name says otherwise."""
    deal = draft(alice, country)
    answer: Any = name
    if part == "operator":
        one = {"name": name, "role": "operator", "country": country}
        answer = {"answer": "yes", "parties": [one]}
    slug = "customer" if part == "customer" else "intermediaries"
    actions.save_answer(deal, slug=slug, value=answer, actor=alice)
    fill_in(client, deal, country, "", "none")
    html = send(client, deal)
    assert deal.turn == "compliance"
    assert f"in {territory}, and no answer says that it is used there" in html
    factories.ruled(deal, "fact_conflict", value=False)
    assert deal.status == Status.IN_REVIEW


@pytest.mark.parametrize(
    ("country", "name"), [("UA", "Kyivstar"), ("RU", "Donetsk Mobile"), ("TR", "Turkcell")]
)
def test_a_body_that_is_named_after_a_place_of_its_country_is_not(country: str, name: str) -> None:
    declared = {"destinations": [{"country": country}]}
    assert spots.named_after(declared, [name], shipped.load().countries) == []


def test_the_page_of_the_countries_says_at_once_what_a_site_means(
    client: Client, alice: Any
) -> None:
    deal = draft(alice, "UA")
    told = fill_in(client, deal, "UA", "Simferopol", "none")
    assert "Crimea: Regulation (EU) No 692/2014" in told


@pytest.mark.parametrize(
    ("answer", "status"), [("X-NCY", Status.IN_REVIEW), ("?", Status.NEEDS_INFORMATION)]
)
def test_a_territory_or_not_knowing_counts_for_whoever_signs(
    client: Client, alice: Any, answer: str, status: Status
) -> None:
    """The country of the customer is asked about like that of the site."""
    deal = factories.draft_deal(alice, {**SIMPLE, "customer-country": "CY"})
    context = questions.context_of(deal.answers, active.reference_data())
    missing = [one.slug for one in questions.missing_questions(deal.answers, context)]
    assert missing == ["territories"]
    client.post(page(deal, "territories"), {"in_CY": [answer]})
    html = send(client, deal)
    assert deal.status == status
    assert f"Cyprus: {'Northern Cyprus' if answer != '?' else 'I do not know'}" in html


def test_a_country_that_is_added_later_is_asked_about_too(client: Client, alice: Any) -> None:
    deal = factories.draft_deal(alice, {**SIMPLE, **factories.in_country("CY")})
    client.post(page(deal, "elsewhere"), {"answer": "yes", "rows": "1", "place_0": "GE"})
    html = str(client.get(reverse("screening:check", args=[deal.pk])).content.decode())
    assert "You cannot send yet" in html
    assert "Is any of it in one of these territories?" in html
    asked = str(client.get(page(deal, "territories")).content.decode())
    assert "<legend>Georgia</legend>" in asked
    assert "<legend>Cyprus</legend>" in asked


def test_an_answer_about_a_country_that_is_gone_does_not_count(client: Client, alice: Any) -> None:
    answers = {**SIMPLE, "territories": {"UA": ["UA-43"]}}
    deal = factories.draft_deal(alice, answers)
    send(client, deal)
    assert deal.status == Status.CLEARED


def test_the_page_needs_an_answer_for_each_country(client: Client, alice: Any) -> None:
    deal = factories.draft_deal(alice, {**SIMPLE, **factories.in_country("CY")})
    response = client.post(page(deal, "territories"), {"in_CY": ["none", "X-NCY"]})
    assert response.status_code == 422
    assert "Select territories, or one of the last two answers alone" in response.content.decode()
    empty = client.post(page(deal, "territories"), {"anything": "1"})
    assert empty.status_code == 422
    assert "Say where it is, or that you do not know" in empty.content.decode()


@pytest.mark.parametrize(
    ("facts", "status", "said"),
    [
        ({"country": "UA", "site": "Simferopol"}, 200, "The destination is Crimea"),
        ({"country": "FI", "site": "Iran"}, 200, "Iran names Iran"),
        ({"country": "UA", "territories": {"UA": "MD-SN"}}, 200, "The destination is Transnistria"),
        ({"country": "UA", "territories": {"UA": None}}, 200, '"country_risk"'),
        ({"country": "UA", "territories": {"UA": "krim"}}, 400, "it is one of UA-43, UA-40"),
        ({"destinations": [{"country": "FI"}] * 3000}, 400, "3000 are more than 100"),
    ],
)
def test_the_api_takes_sites_and_territories(
    client: Client, facts: dict[str, Any], status: int, said: str
) -> None:
    factories.reference_data()
    client.force_login(factories.compliance_officer())
    body = {"facts": facts}
    response = client.post("/api/v1/screen", body, content_type="application/json", secure=True)
    assert response.status_code == status
    assert said in response.content.decode()


@pytest.mark.parametrize("site", ["Tehran data centre", "DC 2, Minsk", "ЦОД Москва-2"])
def test_a_capital_in_a_country_of_very_high_risk_counts_beside_other_words(site: str) -> None:
    deal = sent({**SIMPLE, "countries": [{"place": "FI", "site": site}]})
    assert deal.turn == "compliance"
    assert "and the country chosen is Finland" in fact(deal, "conflict_note")


@pytest.mark.parametrize("site", ["Moscow street 4", "Via Tehran", "Helsinki, Beijing road"])
def test_a_street_that_is_called_after_one_is_none(site: str) -> None:
    assert sent({**SIMPLE, "countries": [{"place": "FI", "site": site}]}).status == Status.CLEARED
