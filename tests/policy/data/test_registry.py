"""The end-user registry: how names are compared, what a hit means, how it reads."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from policy.facts import shipped
from policy.reference.registry import RegistryError, fold, parts, read_registry

REFERENCE = shipped.load()
REGISTRY = REFERENCE.registry
HEAD = "name,country,class,aliases,note,source\n"
KINDS = ("commercial_operator", "intelligence_security", "unknown")


def kinds(name, country):
    return {hit.party.kind for hit in REGISTRY.hits(name, {country}) if hit.at_home}


@pytest.mark.parametrize(
    ("name", "country", "kind"),
    [
        ("National Security Committee (KNB)", "KZ", "intelligence_security"),
        ("КНБ", "KZ", "intelligence_security"),
        ("Комитет национальной безопасности", "KZ", "intelligence_security"),
        ("国家安全部", "CN", "intelligence_security"),
        ("جهاز الأمن الداخلي", "LY", "intelligence_security"),
        ("BUNDESNACHRICHTENDIENST", "DE", "intelligence_security"),
        ("Inter-Services Intelligence / PTA", "PK", "intelligence_security"),
        ("Bundesamt fur Verfassungsschutz", "DE", "intelligence_security"),
        ("Rapid Action Battalion", "BD", "law_enforcement"),
        ("Pakistan Telecommunication Authority", "PK", "telecom_regulator"),
        ("Syrian Telecommunication Establishment", "SY", "state_operator"),
        ("Mobile Communication Company of Iran (MCI)", "IR", "state_operator"),
        ("State Security Networks Group Erillisverkot", "FI", "operator"),
    ],
)
def test_known_bodies(name, country, kind):
    assert kind in kinds(name, country)


def test_the_agency_list_is_wider_than_intelligence():
    """Customs, criminal police and financial intelligence are a question, not a class."""
    for name, country in [
        ("Financial Monitoring Unit", "PK"),
        ("National Crime Agency", "GB"),
        ("Canadian Coast Guard", "CA"),
        ("Securities and Exchange Commission Pakistan", "PK"),
    ]:
        assert "intelligence_security" not in kinds(name, country), name
    assert kinds("National Crime Agency", "GB") == {"question"}


def test_a_short_form_is_sure_only_at_home():
    """Elsewhere it is a question where it is the whole name, and nothing inside of one."""
    assert any(hit.is_certain for hit in REGISTRY.hits("ISI", {"PK"}))
    abroad = REGISTRY.hits("ISI", {"FR"})
    assert {(hit.party.country, hit.at_home, hit.is_certain) for hit in abroad} == {
        ("PK", False, False)
    }
    assert not REGISTRY.hits("ISI radio works", {"FR"})


def test_a_full_name_elsewhere_is_a_hit_but_not_at_home():
    hits = REGISTRY.hits("Bundesnachrichtendienst", {"FR"})
    assert {(hit.party.country, hit.at_home, hit.is_certain) for hit in hits} == {
        ("DE", False, False)
    }


def test_a_name_in_the_registry_twice_keeps_both():
    assert len(REGISTRY.hits("National Intelligence Service", {"KE"})) > 2


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("S.p.A.", "SpA"),
        ("  Area   SpA ", "area spa"),
        ("Säkerhetspolisen", "SAKERHETSPOLISEN"),
        ("ﬁnance", "finance"),
        ("Service de Renseignement de l\u2019État", "service de renseignement de l'etat"),
        ("MİT", "mit"),
        ("\uff2d \uff29 \uff15", "m i 5"),
    ],
)
def test_names_are_compared_folded(one, other):
    assert fold(one) == fold(other)


def test_brackets_and_slashes_part_a_name():
    assert list(parts("Alpha (BETA) / Gamma")) == ["alpha beta gamma", "alpha", "beta", "gamma"]


@given(st.text(max_size=60))
def test_folding_twice_changes_nothing(name):
    assert fold(fold(name)) == fold(name)


@given(st.text(max_size=60))
def test_any_name_can_be_looked_up(name):
    REGISTRY.hits(name, {"DE"})
    REGISTRY.sounds(name)
    REGISTRY.vendor_in(name)


@pytest.mark.parametrize(
    "name",
    ["Royal Police", "Служба безопасности", "国家安全", "Counter-Terror Unit", "Al-Amn Al-Am"],
)
def test_names_that_sound_like_security(name):
    assert REGISTRY.sounds(name)


@pytest.mark.parametrize("name", ["Deutsche Bahn", "Amnesty", "Vodafone", "Stadtwerke", ""])
def test_names_that_do_not(name):
    assert not REGISTRY.sounds(name)


def test_every_shipped_file_says_its_licence():
    notice = shipped.text("NOTICE.md")
    for name in shipped.REGISTRY:
        assert name in notice
    assert "Copyright (c) Peter Bakondy" in notice


@pytest.mark.parametrize(
    ("row", "said"),
    [
        ("X,ZZ,question,,,", 'line 2: country "ZZ" is not a valid ISO 3166-1 alpha-2 code'),
        ("X,DE,inteligence_security,,,", "did you mean intelligence_security"),
        ("X,DE,unknown,,,", 'class "unknown" is unknown'),
        (",DE,question,,,", "a party needs a name"),
        ("X,DE,question", "expected 6 fields"),
        ("X,DE,question,,,,,", "expected 6 fields"),
        ('"X,DE,question,,,', "line 2"),
    ],
)
def test_a_broken_registry_names_line_and_value(row, said):
    with pytest.raises(RegistryError, match=said):
        read_registry(f"{HEAD}{row}\n", kinds=KINDS, countries={"DE"})


def test_a_registry_needs_its_columns():
    with pytest.raises(RegistryError, match="the columns must be name,country"):
        read_registry("name,class\nX,question\n", kinds=KINDS, countries={"DE"})


def test_namibia_is_no_missing_value():
    found = read_registry(f"{HEAD}X,NA,question,,,\n", kinds=KINDS, countries={"NA"})
    assert found.parties[0].country == "NA"
