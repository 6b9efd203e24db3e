"""What counts as a name: real names in every script, and nothing that says that nobody knows."""

import csv
import io

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from policy.facts import shipped
from policy.facts.declared import is_named
from policy.facts.derive import derive
from policy.reference.catalogue import _stems
from policy.reference.names import placeholders
from policy.reference.names.plain_text import fault, without
from policy.reference.registry import fold
from tests.effort import examples

REFERENCE = shipped.load()
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
NOBODY = [
    "",
    " ",
    "?" * 25,
    "-",
    "...",
    "!!!",
    "N.N.",
    "n/a",
    "N/A",
    "TBA",
    "t.b.a.",
    "T B A",
    "ＴＢＤ",
    "unknown",
    "UNKNOWN",
    "Ünknown",
    "unknown-unknown",
    "--unknown--",
    "not disclosed",
    "Not yet known",
    "xxx",
    "xxx xxx",
    "x x x",
    "aaaa",
    "ааа",
    "12345",
    "0",
    "🚆🚆",
    "test",
    "unk\u200bnown",
    "\u202eunknown",
    "unknow\ufe0fn",
    "\u3164",
    "\u2800",
    "\u115f\u1160",
    "unkn\u043ewn",
    "\u0422\u0412\u0410",
    "ᴜɴᴋɴᴏᴡɴ",
    "unkn0wn",
    "𝐮𝐧𝐤𝐧𝐨𝐰𝐧",
    "ⓣⓑⓐ",
    "Customer",
    "The customer",
    "Customer (TBA)",
    "customer 1",
    "Unknown end user",
    "End-user A",
    "various operators",
    "Confidential",
    "unbekannt",
    "noch nicht bekannt",
    "Kunde",
    "inconnu",
    "non divulgué",
    "desconocido",
    "por confirmar",
    "não informado",
    "sconosciuto",
    "onbekend",
    "okänd",
    "ukjent",
    "ikke oplyst",
    "tuntematon",
    "nieznany",
    "neznámý",
    "ismeretlen",
    "necunoscut",
    "bilinmiyor",
    "неизвестно",
    "Конечный пользователь",
    "невідомо",
    "άγνωστο",
    "غير معروف",
    "نامعلوم",
    "نامشخص",
    "לא ידוע",
    "अज्ञात",
    "অজানা",
    "ไม่ทราบ",
    "chưa xác định",
    "tidak diketahui",
    "haijulikani",
    "未知",
    "未 知",
    "待定",
    "未知客户",
    "最终用户（待定）",
    "不明",
    "エンドユーザー",
    "미정",
    "알 수 없음",
]
SOMEBODY = [
    "3",
    "1&1",
    "O2",
    "A1",
    "EE",
    "du",
    "XL Axiata",
    "Three",
    "Nanna",
    "ABC",
    "MI5",
    "Zain",
    "中兴",
    "四川",
    "无锡移动",
    "شرکت ملی نفت",
    "می\u200cخواهم",
    "র\u200d্যাব",
    "КНБ",
    "МТС",
    "The Phone Company",
    "Client Earth",
    "Any Telecom",
    "Unknown Worlds Entertainment",
    "Test Rand",
    "Salvation Army",
    "Partner Communications",
    "Be Un Limited",
    "Ōtsuka",
    "Ørsted",
]


@pytest.mark.parametrize("name", NOBODY)
def test_a_name_of_nobody_is_no_name(name):
    assert not is_named(name)


@pytest.mark.parametrize("name", SOMEBODY)
def test_a_real_name_is_one(name):
    assert is_named(name)


@pytest.mark.parametrize("file", shipped.REGISTRY)
def test_everybody_in_the_registry_is_named(file):
    rows = csv.DictReader(io.StringIO(shipped.text(file)))
    names = [name for row in rows for name in (row["name"], *row["aliases"].split("|"))]
    assert [name for name in names if name.strip() and not is_named(name)] == []


@pytest.mark.parametrize("name", NOBODY)
@pytest.mark.parametrize("asked", ["end_user_name", "customer_name", "intermediaries"])
def test_a_party_that_is_not_named_is_asked_for(asked, name):
    """I02 asks who the end user is; I10 asks for the other two. None of them ever clears."""
    if fault(name) or (asked == "intermediaries" and not name.strip()):
        return  # refused before anything is derived
    (facts,) = derive(DEAL | {asked: [name] if asked == "intermediaries" else name}, REFERENCE)
    result = REFERENCE.compiled.assess(facts)
    assert result.outcome == "needs_information"
    rule = "I02" if asked == "end_user_name" else "I10"
    assert rule in {finding.rule for finding in result.findings}


def test_the_deal_itself_clears():
    (facts,) = derive(DEAL, REFERENCE)
    assert REFERENCE.compiled.assess(facts).outcome == "clear"


@pytest.mark.parametrize(
    ("disguised", "plain"),
    [
        ("Bundesnachri\u0441htendienst", "Bundesnachrichtendienst"),
        ("M\u0406T", "mit"),
        ("\u0391lpha Te\u03bcp", "alpha temp"),
        ("In\u200btelli\u2060gence", "intelligence"),
        ("Intell\ufe0figence", "intelligence"),
        ("In\u3164tel", "intel"),
    ],
)
def test_disguised_letters_are_the_plain_ones(disguised, plain):
    assert fold(disguised) == fold(plain)


def test_a_disguised_agency_is_found():
    hits = REFERENCE.registry.hits("Bundesna\u0441hrichtendienst", {"DE"})
    assert {hit.party.kind for hit in hits} == {"intelligence_security"}


@pytest.mark.parametrize("name", ["КНБ", "Ростелеком", "Κοσμοτέ", "МегаФон"])
def test_names_of_another_script_stay_as_they_are(name):
    assert fold(name) == name.lower().replace("έ", "ε")


@pytest.mark.parametrize(
    ("text", "wrong"),
    [
        ("A\nB", "a line break at position 2"),
        ("A\rB", "a line break at position 2"),
        ("A\u2028B", "a line break at position 2"),
        ("A\tB", "a tab at position 2"),
        ("\x1b[31m", "a control character (U+001B) at position 1"),
        ("\u202eA", "an invisible character (U+202E RIGHT-TO-LEFT OVERRIDE) at position 1"),
        ("A\u200bB", "an invisible character (U+200B ZERO WIDTH SPACE) at position 2"),
        ("A\u00adB", "an invisible character (U+00AD SOFT HYPHEN) at position 2"),
        ("A\u200dB", "an invisible character (U+200D ZERO WIDTH JOINER) at position 2"),
        ("\u3164", "an invisible character (U+3164 HANGUL FILLER) at position 1"),
        (
            "A\U000e0041",
            "an invisible character (U+E0041 TAG LATIN CAPITAL LETTER A) at position 2",
        ),
        ("A\ud800", "half a character (U+D800) at position 2"),
    ],
)
def test_what_nobody_sees_is_refused(text, wrong):
    assert fault(text) == wrong
    assert fault(without(text)) == ""


@pytest.mark.parametrize(
    "text",
    [
        "",
        "Elisa Oyj",
        "S\u00a0A",
        "Ａ",
        "می\u200cخواهم",
        "র\u200d্যাব",
        "क्\u200dष",
        "葛\U000e0100城",
        "é",
    ],
)
def test_how_people_spell_is_not_refused(text):
    assert fault(text) == ""
    assert without(text) == text


def test_a_line_break_becomes_a_blank_and_the_rest_goes():
    assert without("El\u200bisa\nOyj\u202e") == "Elisa Oyj"
    assert without("El\u200bisa\nOyj", lines=True) == "El\u200bisa\nOyj"


def test_several_lines_are_fine_where_they_are_asked_for():
    assert fault("a\r\nb\tc", lines=True) == ""
    assert fault("a\x00b", lines=True)
    assert fault("a\u202eb", lines=True)


@given(st.text(max_size=30))
def test_any_text_is_judged(text):
    assert is_named(text) in {True, False}
    assert fault(without(text)) == ""
    assert is_named(text) == is_named(fold(text)) or not text.isascii()


WORDS = st.sampled_from(
    [*placeholders._words(), "un", "known", "dis", "closed", "police", "Elisa", "0", "b0x", "-"]
)
TEXTS = st.lists(WORDS | st.text(max_size=6), min_size=1, max_size=5).map(" ".join)


@settings(max_examples=examples(300), deadline=None)
@given(TEXTS)
@example("ministry un known")
def test_a_word_makes_a_name_where_the_whole_text_is_one(text):
    """The short way, word by word, says nothing that the whole text does not say."""
    if any(map(placeholders._is_of_a_name, text.split(" "))):
        assert placeholders._is_name(text)


@pytest.mark.parametrize("product", shipped.load().catalogue.products, ids=lambda one: one.id)
def test_a_line_is_like_the_product_with_the_most_words_in_it(product):
    """Found among the words that products have, as by looking at every name of every product."""
    catalogue = shipped.load().catalogue
    for line in (f"New {product.name}s, site 7", f"{product.name} (GSM-R) Zürich", product.id):
        words = _stems(line)
        slowly = next((one for own, one in catalogue._words if own and own <= words), None)
        assert catalogue.like(line) == slowly
