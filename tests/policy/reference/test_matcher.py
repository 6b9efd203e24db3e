"""Names beside the registry: what must be found however it is written, and what must not be."""

import json
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from policy.engine.language.facts import digest
from policy.facts import shipped
from policy.facts.derive import derive
from policy.facts.likenesses import likenesses
from policy.reference.names.lexicon import LexiconError, read_stems
from policy.reference.names.matcher import ALERT, STRONG, Listed, Matcher, likeness
from policy.reference.names.measuring import (
    DECORATIONS,
    VARIANTS,
    Figure,
    is_found,
    measure,
    misspelt,
)
from policy.reference.names.readings import is_name, readings, sections, without_countries
from policy.reference.registry import ASKED, Party, Registry
from tests.effort import examples

REFERENCE = shipped.load()
REGISTRY = REFERENCE.registry
LISTED = [
    (name, party)
    for party in REGISTRY.parties
    if party.kind in ASKED
    for name in (party.name, *party.aliases)
]
DEAL = {
    "country": "FI",
    "end_user_name": "Example Rail",
    "end_user_type": "rail_operator",
    "customer_name": "Example Rail",
    "customer_type": "rail_operator",
    "products": ["GSM-R"],
    "services": ["supply"],
    "purpose": "railway_operations",
    "intermediaries": [],
}


PARTIES = ("end_user_name", "customer_name")


def outcome(**changes):
    (facts, *_) = derive(DEAL | changes, REFERENCE)
    return REFERENCE.compiled.assess(facts).outcome


def kind(name, country):
    (facts, *_) = derive(DEAL | {"country": country, "end_user_name": name}, REFERENCE)
    return facts["end_user_type"]


# The very name, however it is written


@pytest.mark.parametrize(
    ("name", "country"),
    [
        ("ФСБ", "RU"),
        ("ФСБ России", "RU"),
        ("FSB", "RU"),
        ("F.S.B.", "RU"),
        ("F S B", "RU"),
        ("Federalnaya Sluzhba Bezopasnosti", "RU"),
        ("FEDERAL-SECURITY-SERVICE", "RU"),
        ("The Federal Security Service", "RU"),
        ("Federal Security Service, Technical Department", "RU"),
        ("Federal Security Service of the Russian Federation", "RU"),
        ("Fеderal Sеcurity Sеrvice", "RU"),  # three Cyrillic letters
        ("ＦＳＢ", "RU"),
        ("יחידה 8200", "IL"),
        ("Unit 8200", "IL"),
        ("國家安全部", "CN"),
        ("Guojia Anquan Bu", "CN"),
        ("Research & Analysis Wing", "IN"),
        ("Research and Analysis Wing, Cabinet Secretariat", "IN"),
        ("МІТ", "TR"),  # Cyrillic letters that all look Latin
        ("ФCБ", "RU"),  # a Latin letter among Cyrillic ones
        ("المخابرات العامة", "EG"),
    ],
)
def test_the_same_name_in_its_country_decides_the_kind(name, country):
    assert kind(name, country) == "intelligence_security"


@pytest.mark.parametrize(
    ("name", "country"),
    [
        ("Federalnaya Sluzhba Bezopasnoti", "RU"),  # misspelt
        ("Service Federal Security", "RU"),  # another order of words
        ("Federal Security Service Training Institute", "RU"),
        ("BND Pullach", "DE"),
        ("Bundesnachrichtendienst", "FR"),  # another country's
        ("National Intelligence Service", "FI"),
    ],
)
def test_a_likeness_is_a_question_and_decides_nothing(name, country):
    assert kind(name, country) == "rail_operator"
    assert outcome(country=country, end_user_name=name) == "needs_information"


@pytest.mark.parametrize("name", ["BND Pullach", "Radio for FSB in Oulu", "AI", "ISS Palvelut Oy"])
def test_an_acronym_beside_other_words_counts_in_its_country_alone(name):
    assert not [hit for hit in REGISTRY.hits(name, {"FI"}) if hit.party.kind in ASKED]


@pytest.mark.parametrize("name", ["FSB", "ФСБ", "MIT", "ISS A/S", "FSB Finland"])
def test_an_acronym_alone_is_a_question_elsewhere_and_decides_nothing(name):
    hits = [hit for hit in REGISTRY.hits(name, {"FI"}) if hit.party.kind in ASKED]
    assert hits
    assert not any(hit.is_certain for hit in hits)
    assert kind(name, "FI") == "rail_operator"


@given(st.sampled_from(LISTED), st.sampled_from([*VARIANTS, *DECORATIONS]), st.randoms())
@settings(max_examples=examples(300), deadline=None)
def test_a_decorated_name_is_found(listed, change, draw):
    name, party = listed
    if len(name) > 4 and (typed := change(name, party, draw)):
        assert is_found(REGISTRY, typed, party), typed


@given(st.sampled_from([one for one in LISTED if len(one[0].split()) > 2]), st.randoms())
@settings(max_examples=examples(100), deadline=None)
def test_the_order_of_words_hides_nothing(listed, draw):
    name, party = listed
    if any(mark in name for mark in "()/[],;|-–"):
        return  # its parts are names of their own
    words = name.split()
    draw.shuffle(words)
    assert is_found(REGISTRY, " ".join(words), party)


SMALL = Registry(REGISTRY.parties[:150], "x", REGISTRY.stems)
ROWS = st.builds(
    Party,
    st.sampled_from([name for name, _ in LISTED] + ["Example Rail", "Rail", "Service"]),
    st.sampled_from(["DE", "RU", ""]),
    st.sampled_from(ASKED),
)


@given(
    st.lists(ROWS, min_size=1, max_size=3),
    st.sampled_from([name for party in SMALL.parties for name in (party.name, *party.aliases)]),
    st.randoms(),
)
@settings(max_examples=examples(25), deadline=None)
def test_one_more_row_never_takes_a_hit_away(rows, name, draw):
    typed = misspelt(name, SMALL.parties[0], draw)
    more = Registry((*SMALL.parties, *rows), "y", REGISTRY.stems)
    for country in ("DE", "AR"):
        before = {(hit.party, hit.is_certain) for hit in SMALL.hits(typed, {country})}
        assert before <= {(hit.party, hit.is_certain) for hit in more.hits(typed, {country})}


@given(st.text(max_size=40))
@settings(max_examples=examples(100), deadline=None)
def test_any_text_is_read(text):
    for reading in readings(text):
        # Reading a reading again changes nothing.
        assert readings(" ".join(reading))[0] == reading
        assert len(without_countries(reading)[0]) <= len(reading)
    assert sections(text)[0] == text
    REGISTRY.hits(text, {"RU"})


# Every party, whatever kind is declared


@pytest.mark.parametrize("kind", ["military", "law_enforcement", "civil_government"])
def test_a_kind_that_is_armed_too_does_not_hide_an_agency(kind):
    assert outcome(country="RU", end_user_name="ФСБ", end_user_type=kind) != "clear"
    (facts,) = derive(
        DEAL | {"country": "RU", "end_user_name": "ФСБ", "end_user_type": kind}, REFERENCE
    )
    assert facts["end_user_type"] == "intelligence_security"


@pytest.mark.parametrize(
    ("name", "kind", "asks"),
    [
        ("Ministry of Defence of Ruritania", "civil_government", True),
        ("Ministry of Defence of Ruritania", "military", False),
        ("Ruritanian Police", "civil_government", True),
        ("Ruritanian Police", "law_enforcement", False),
        ("Ministry of the Interior of Ruritania", "civil_government", True),
        ("Ministry of the Interior of Ruritania", "law_enforcement", False),
        ("Ruritanian Intelligence Agency", "military", True),
        ("Ruritanian Intelligence Agency", "law_enforcement", True),
        ("Policía de Ruritania", "municipality", True),
        ("Министерство обороны Руритании", "civil_government", True),
        ("ルリタニア防衛省", "civil_government", True),
        ("شرطة روريتانيا", "civil_government", True),
    ],
)
def test_what_a_name_sounds_like_is_compared_with_what_is_declared(name, kind, asks):
    (facts,) = derive(DEAL | {"end_user_name": name, "end_user_type": kind}, REFERENCE)
    assert facts["fact_conflict"] is asks


@pytest.mark.parametrize(
    "changes",
    [
        {"customer_name": "Ruritanian Police", "customer_type": "private_enterprise"},
        {"customer_name": "Bundesnachrichtendienst", "customer_type": "reseller_integrator"},
        {"intermediaries": ["Ruritanian Intelligence Agency"]},
        {"intermediaries": [{"name": "Ruritanian Army", "role": "operator", "country": "FI"}]},
    ],
)
def test_the_name_of_every_party_is_compared(changes):
    assert outcome(**changes) == "needs_information"


# Vendors of surveillance systems


@pytest.mark.parametrize(
    "changes",
    [
        {"customer_name": "Trovicor GmbH", "customer_type": "reseller_integrator"},
        {"intermediaries": ["NSO Group"]},
        {"intermediaries": [{"name": "Sandvine Europe", "role": "reseller", "country": "FI"}]},
        {"intermediaries": ["Hacking-Team"]},
        {"products": ["GSM-R", "FinFisher gateway"]},
        {"end_user_name": "Протей", "country": "RU"},
    ],
)
def test_a_vendor_opens_the_question_of_integration(changes):
    (facts, *_) = derive(DEAL | changes, REFERENCE)
    assert "active_surveillance_integration" in facts["capabilities"]["unknown"]
    assert "vendor of surveillance systems" in facts["conflict_note"]
    assert "B01" in REFERENCE.compiled.assess(facts).open
    (settled, *_) = derive(DEAL | changes, REFERENCE, given={"fact_conflict": False})
    assert "active_surveillance_integration" not in json.dumps(settled.plain["capabilities"])


def test_what_is_surely_there_is_no_question():
    (facts, *_) = derive(
        DEAL | {"intermediaries": ["NSO Group"], "products": ["Monitoring centre"]}, REFERENCE
    )
    assert "active_surveillance_integration" in facts.plain["capabilities"]


# Honest names


@pytest.mark.parametrize(
    "name",
    [
        "Salvation Army",
        "The Salvation Army Finland",
        "Policy Exchange",
        "Securitas Oy",
        "Nomura Securities Co., Ltd.",
        "Metropolis City Council",
        "Interior Health Authority",
        "Interior Design Oy",
        "Environmental Defense Fund",
        "Social Security Administration",
        "Prosegur Compañía de Seguridad",
        "Bosch Sicherheitssysteme GmbH",
        "Indianapolis Airport Authority",
        "Raw Pressery",
        "Air Canada",
        "Vodafone",
        "中国国家铁路集团",
    ],
)
def test_an_honest_name_is_not_asked_about(name):
    assert outcome(end_user_name=name, customer_name=name) == "clear"


@pytest.mark.parametrize(
    "name", ["Salvation Army Intelligence Service", "Army of Salvation", "Securitas Police"]
)
def test_a_harmless_phrase_excuses_itself_alone(name):
    assert outcome(end_user_name=name) == "needs_information"


def test_hardly_any_operator_that_buys_radio_is_asked_about():
    """The others clear, or are reviewed because of their country."""
    listed = [one for one in REGISTRY.parties if one.source == "mcc-mnc-list" and one.country]
    radio = {"products": ["nr-macro"], "purpose": "commercial_service"}
    kinds = dict.fromkeys(("end_user_type", "customer_type"), "commercial_operator")
    told = [
        outcome(
            country=one.country, end_user_name=one.name, customer_name=one.name, **radio, **kinds
        )
        for one in listed
    ]
    assert len(told) > 2000
    assert told.count("needs_information") / len(told) <= 0.01


# What is measured, and what is shown


def test_every_gate_is_reached_and_the_figures_that_ship_are_those_of_the_registry():
    figures = [figure.plain for figure in measure(REGISTRY)]
    assert [one["words"] for one in figures if not one["is_reached"]] == []
    told = json.loads(shipped.text(shipped.MEASURED))
    assert told["digest"] == digest(shipped.registry_text() + shipped.text(shipped.WORDS))
    # ./run bench names write
    assert told["figures"] == figures


def test_a_missed_gate_says_so():
    assert not Figure("x", "x", 0.98, 10, 0.99).is_reached
    assert not Figure("x", "x", 0.02, 10, 0.01, at_most=True).is_reached
    assert Figure("x", "x", 0.0, 10).is_reached


def test_a_likeness_is_told_in_words():
    deal = DEAL | {
        "country": "RU",
        "end_user_name": "Federalnaya Sluzhba Bezopasnoti",
        "customer_name": "ФСБ",
        "intermediaries": ["Elisa Oyj", {"name": "Kansas Police", "role": "payer"}],
    }
    told = [(one.role, one.strength, one.sentence) for one in likenesses(deal, REFERENCE)]
    assert told == [
        (
            "end user",
            "strong",
            "«Federalnaya Sluzhba Bezopasnoti» ~ «Федеральная служба безопасности»"
            " (Federal Security Service, RU): 3 of 3 words (bezopasnoti ~ bezopasnosti); 0.97;"
            " strong",
        ),
        (
            "end user",
            "sound",
            "«Federalnaya Sluzhba Bezopasnoti» sounds like an intelligence or security body.",
        ),
        ("customer", "same", "«ФСБ» = «ФСБ»: the same name (Federal Security Service, RU)"),
        ("payer", "sound", "«Kansas Police» sounds like a police body."),
    ]


def test_scores_stand_for_themselves():
    assert likeness("Intelligence Service", "intelligence-service") == 1
    assert likeness("Inteligence Service", "Intelligence Service") > STRONG
    assert likeness("Elisa Oyj", "Intelligence Service") < ALERT


def test_a_name_of_a_country_alone_is_no_name():
    assert is_name("FSB (Russia)")
    assert not is_name("Russia")
    assert not is_name("Ltd")


def test_an_empty_list_knows_nobody():
    assert Matcher([]).heard("Anybody").matches == ()
    assert not replace(REGISTRY, parties=()).hits("FSB", {"RU"})


def test_numbers_of_a_site_tell_nothing_apart_but_those_of_a_name_do():
    matcher = Matcher([Listed(0, "Unit 8200", "IL", counts=True)])
    assert matcher.reduced("Unit 8200 17") == "Unit 8200"
    assert matcher.reduced("Site 17 North") == "Site North"


def test_a_list_of_words_with_an_unknown_heading_is_refused():
    with pytest.raises(LexiconError, match=r"line 2: no heading \[polise\]; there are \[intell"):
        read_stems("# words\n[polise]\npolice\n")


def test_words_of_earlier_programs_sound_like_a_security_body():
    old = replace(REGISTRY, stems=read_stems("polic\nsecurit\n"))
    assert old.sounds("Ruritanian Police") == {"security"}
