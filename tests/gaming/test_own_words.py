"""Interception or surveillance that only the customer's words speak of, over radio."""

from typing import Any

import pytest
from django.test import Client

from policy.facts import own_words
from screening.lifecycle import Status
from tests import factories
from tests.factories import ruled
from tests.screening.form.answers import SIMPLE
from tests.screening.test_rulings import CORE, send

pytestmark = pytest.mark.django_db
WORDS = [
    "The system shall intercept calls of named subscribers",
    "SORM-3 FOR TELECOM",
    "Wire-tapping of suspects (wiretapping unit)",
    "IMSI-catchers on two vans",
    "Monitoring of communications and tracking of people",
    "S\u00fcrveillance of journalists",
    "\u0421\u041e\u0420\u041c-3",
    "\u7528\u4e8e\u76d1\u542c\u7535\u8bdd",
    "Gizli dinleme sistemi",
    "l\u0430wful inter\u0441eption",
    "l a w f u l  i n t e r c e p t i o n of calls",
    "lawful inter-cep-tion",
    "l4wful 1nterc3pti0n",
    "To spy on subscribers",
    "Find journalists by their phones",
    "Shut down the network during protests",
    "Core upgrade with LI",
]
HONEST = [
    "Mobile service for subscribers",
    "Network monitoring and alarms around the clock",
    "A monitoring system for the radio network, with location of faults",
    "Calls to emergency services, tracing of faults",
    "RADIO FOR LI NING STORES",
    "Sistema di rete per gli uffici e li centri minori",
    "A demonstration of 5G at the opposite end of the campus",
]


#: The same in other languages, each heard by a word of its own.
ABROAD = [
    "Überwachung der Opposition",
    "Ecoute des appels",
    "Mise sur écoute de lignes",
    "Abhören von Gesprächen",
    "podsłuch rozmów",
    "podsluch rozmow",
    "odposlech hovorů",
    "odpočúvanie hovorov",
    "lehallgatás",
    "prisluškivanje razgovora",
    "подслушване на разговори",
    "перехоплення дзвінків",
    "감청 시스템",
    "ระบบดักฟังโทรศัพท์",
    "theo dõi người dùng",
    "thiết bị nghe lén",
    "penyadapan telepon",
    "avlytting av samtaler",
    "telefoni pealtkuulamine",
    "υποκλοπές τηλεφώνων",
    "نظام لمراقبة المعارضين",
    "جهاز للتنصت على المكالمات",
    "האזנות סתר",
    "फोन टैपिंग",
    "dashboards of opposition politicians",
    "Where migrants and refugees are",
    "phones of union members",
    "localização de jornalistas",
    "seguimiento de periodistas",
    "takip edilen gazeteciler",
    "定位记者",
]
HONEST_ABROAD = [
    "Netzüberwachung der Funkstationen rund um die Uhr",
    "Überwachung der Netzqualität",
    "Supervision du réseau radio et des alarmes",
    "Une équipe à l'écoute des clients",
    "Vigilancia de alarmas de la red",
    "Мониторинг сети и качества связи",
    "基地局の監視と保守",
    "기지국 유지보수",
    "Migration of 4G sites to 5G",
    "مراقبة جودة الشبكة",
]


@pytest.mark.parametrize("words", ABROAD)
def test_other_languages_are_heard(words: str) -> None:
    assert own_words.heard(words, frozenset({own_words.FOLLOWING, own_words.BLOCKING}))


@pytest.mark.parametrize("words", HONEST_ABROAD)
def test_networks_are_watched_in_every_language(words: str) -> None:
    assert own_words.heard(words) == ""


@pytest.mark.parametrize("words", WORDS)
@pytest.mark.parametrize("services", [["supply"], ["supply", "custom_development"]])
def test_what_only_the_words_ask_for_is_read_by_compliance(
    client: Client, words: str, services: list[str]
) -> None:
    deal = send({**SIMPLE, "description": words, "services": services})
    assert deal.status == Status.NEEDS_INFORMATION
    assert "I07" in deal.screening.findings.values_list("rule", flat=True)
    client.force_login(deal.owner)
    html = client.get(deal.get_absolute_url()).content.decode()
    assert "no product of the deal relates to interception or surveillance" in html
    ruled(deal, "fact_conflict", value=False)
    assert deal.status == Status.IN_REVIEW


def test_the_title_is_read_too() -> None:
    assert send({**SIMPLE, "name": "Interception of calls"}).status == Status.NEEDS_INFORMATION


@pytest.mark.parametrize("words", HONEST)
def test_ordinary_words_clear(words: str) -> None:
    assert own_words.heard(words) == ""
    assert send({**SIMPLE, "description": words}).status == Status.CLEARED


@pytest.mark.parametrize(
    ("products", "words"),
    [
        (["camera-network"], "Facial recognition of visitors"),
        (["camera-network"], "Cameras that find protesters"),
        (["location-server"], "Intercept calls of named subscribers"),
        (["location-server"], "To find journalists by their phones"),
        (["dpi-gateway"], "Blocking of websites that the ministry names"),
        (["dpi-gateway"], "Phone tapping for the region"),
        (["sms-firewall"], "A store of all messages for the police"),
        (["nr-macro"], "Telephone taps, listening to calls of the opposition"),
        (["nr-macro"], "A mirror: copy of all traffic goes to the ministry"),
    ],
)
def test_a_product_explains_only_what_it_does(products: list[str], words: str) -> None:
    """Cameras, location and packet inspection clear for an operator, so nobody reads the words."""
    mild = {"follows": {"answer": "no", "text": ""}, "handover": "no"}
    deal = send({**SIMPLE, **mild, "products": products, "description": words})
    assert deal.status == Status.NEEDS_INFORMATION
    assert "no product of the deal" in deal.last_screening.facts[0]["conflict_note"]


@pytest.mark.parametrize(
    ("products", "words"),
    [
        (["camera-network"], "Video surveillance of the station"),
        (["location-server"], "Tracking of people who call for help"),
        (["dpi-gateway"], "Deep packet inspection (DPI) for fair use"),
    ],
)
def test_what_the_product_does_may_be_said(products: list[str], words: str) -> None:
    mild = {"follows": {"answer": "no", "text": ""}, "handover": "no"}
    deal = send({**SIMPLE, **mild, "products": products, "description": words})
    assert deal.status == Status.CLEARED


@pytest.mark.parametrize("slug", ["reference", "name"])
def test_every_line_of_text_is_read(slug: str) -> None:
    assert send({**SIMPLE, slug: "Interception room"}).status == Status.NEEDS_INFORMATION


def test_so_is_the_site() -> None:
    site = [{"place": "FI", "site": "Monitoring centre, Oulu"}]
    assert send({**SIMPLE, "countries": site}).status == Status.NEEDS_INFORMATION


def test_where_a_product_does_it_the_rules_judge() -> None:
    answers: dict[str, Any] = {**CORE, **{k: factories.CITED[k] for k in ("obligation",)}}
    answers |= {"legal-basis": factories.CITED["legal-basis"]}
    deal = send({**answers, "description": "Lawful interception as the law asks"})
    assert "I07" not in deal.screening.findings.values_list("rule", flat=True)
