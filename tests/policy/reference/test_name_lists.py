"""Published lists of names become rows of the registry, or are refused with place and repair."""

import contextlib
import io
import time
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from policy.facts import shipped
from policy.facts.derive import derive
from policy.reference.importers import name_lists, text
from policy.reference.importers.listing import merged
from policy.reference.importers.name_lists import About, layout_of, read_names
from policy.reference.ratings import ListRefused
from policy.reference.registry import QUESTION, Party, doubled, read_registry

REFERENCE = shipped.load()
INPUTS = Path(__file__).parents[1] / "inputs" / "lists"
SDN, ALT, OPEN, EU, PLAIN = (
    (INPUTS / name).read_bytes()
    for name in ("sdn.csv", "alt.csv", "targets.simple.csv", "eu.csv", "plain.csv")
)
KINDS = REFERENCE.rulebook.vocabulary["end_user_type"].values
ABOUT = About("Example source", "2026-11-20", "CC0", KINDS, REFERENCE.countries.names)
SAID = About(kinds=KINDS, countries=REFERENCE.countries.names)


def read(raw, about=ABOUT, *, aliases=None):
    stream = io.BytesIO(raw)
    beside = io.BytesIO(aliases) if aliases is not None else None
    return read_names(layout_of(stream), stream, about, aliases=beside)


def refused(raw, about=ABOUT, *, aliases=None):
    with pytest.raises(ListRefused) as caught:
        read(raw, about, aliases=aliases)
    return "\n".join(caught.value.problems)


def registry(names):
    rows, _replaced = merged(shipped.registry_text(), names)
    return read_registry(rows, kinds=KINDS, countries=REFERENCE.countries.names)


# --- What is read --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("raw", "layout"),
    [(SDN, "ofac"), (OPEN, "opensanctions"), (EU, "eu"), (PLAIN, "plain"), (b"a,b\n1,2\n", "")],
)
def test_the_layout_is_recognised(raw, layout):
    stream = io.BytesIO(raw)
    assert layout_of(stream) == layout
    assert stream.tell() == 0


def test_the_registry_itself_is_no_list():
    assert layout_of(io.BytesIO(shipped.registry_text().encode())) == ""


def test_ofac_organisations_only_with_their_other_names():
    names = read(SDN, aliases=ALT)
    assert (names.read, names.left_out) == (8, {"people": 1, "vessels": 1, "aircraft": 1})
    assert [party.name for party in names.parties] == [
        "AEROCARIBBEAN AIRLINES",
        "ANGLO-CARIBBEAN CO., LTD.",
        "BANCO NACIONAL DE CUBA",
        "AUM SHINRIKYO",
        "SYRIATEL",
    ]
    assert names.parties[2] == Party(
        "BANCO NACIONAL DE CUBA",
        "",
        QUESTION,
        ("NATIONAL BANK OF CUBA",),
        "on the list OFAC SDN (programme CUBA, entry 306, edition 2026-11-20), ask whether it is"
        " this party",
        "list:OFAC SDN",
    )
    assert "programme SYRIA, HRIT-SY, entry 10890" in names.parties[4].note
    assert "public domain" in read(SDN, replace(SAID, edition="1")).licence
    assert names.lines()[0] == (
        "OFAC SDN, edition 2026-11-20: 8 entries read, 5 become parties with"
        f" {sum(1 + len(party.aliases) for party in names.parties)} names."
    )


def test_no_personal_data_is_read():
    told = str(read(SDN, aliases=ALT)) + str(read(OPEN)) + str(read(EU))
    for word in ("DOB", "Passport", "1900", "NOBODY", "-0-", "Person"):
        assert word not in told


def test_opensanctions():
    names = read(OPEN, SAID)
    assert names.edition == "2026-11-21"
    assert names.left_out == {
        "people": 1,
        "vessels": 1,
        "entries that are no organisation": 1,
        "names without a letter or a digit": 1,
    }
    assert [(party.name, party.country, party.aliases) for party in names.parties] == [
        ("Example Arms JSC", "RU", ("Пример оружие", "EXARM")),
        ("Two Homes Holding", "", ()),
        ("Old Home Trading", "", ()),
    ]
    assert "programme XX-EX, XX-RU, entry NK-1" in names.parties[0].note
    assert {party.kind for party in names.parties} == {QUESTION}


def test_the_european_union_has_many_rows_for_an_entry():
    names = read(EU, SAID)
    assert (names.read, names.left_out, names.edition) == (3, {"people": 1}, "2026-10-28")
    assert [(party.name, party.country, party.aliases) for party in names.parties] == [
        ("Example; Works", "RU", ("Завод Пример",)),
        ("Nowhere Foundation", "", ()),
    ]


def test_a_plain_table_may_say_kinds():
    names = read(PLAIN)
    assert [(party.name, party.country, party.kind) for party in names.parties] == [
        ("Example Guards", "FI", QUESTION),
        ("Example Army", "SE", "military"),
    ]
    assert names.parties[0].aliases == ("EG", "Esimerkki")
    assert names.left_out == {"people": 1, "vessels": 1}
    assert names.source == "list:Example source"


def test_without_the_aliases_it_says_so():
    assert "Without ALT.CSV: no party of this list has another name." in read(SDN).lines()


def test_a_file_without_its_last_byte_is_read_with_a_remark():
    assert any("0x1A" in line and "may be cut" in line for line in read(SDN[:-1]).lines())


# --- What is refused -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("raw", "said"),
    [
        (SDN[: SDN.index(b"\r\n") - 30] + b"\r\n", "has 6 fields, not 12; is the file cut"),
        (SDN[: SDN.index(b"\r\n") + 40], "line 2: the file ends inside this line"),
        (SDN.replace(b"\n36,", b"\n306,").replace(b"173,", b"306,", 1), "is already the id of"),
        (
            SDN.replace(b'"vessel"', b'"spaceship"'),
            "field 3: 'spaceship' is not a type that OFAC uses",
        ),
        (SDN.replace(b"SYRIATEL", b"SYRI\x00ATEL"), "NUL in a text file"),
        (
            SDN.replace(b"SYRIATEL", b"SYRI\xc9TEL"),
            "SYRI” stands a letter that is not saved as UTF-8; in Excel save as “CSV UTF-8”",
        ),
        (ALT, "line 1: '36' has 5 fields, not 12"),
        (
            OPEN[: OPEN.index(b"NK-3") + 30] + b"\n",
            "a quotation mark opens here and is never closed",
        ),
        (OPEN.replace(b'"NK-2"', b'"NK-1"'), "line 3: 'NK-1' is already the id of line 2"),
        (OPEN.replace(b'"NK-2"', b'""'), "line 3: has no id"),
        (OPEN.decode().encode("utf-16"), "line 1: the file is UTF-16; save it as UTF-8"),
        (OPEN.decode().encode("utf-16-le"), "line 1: the file is UTF-16; save it as UTF-8"),
        (
            OPEN.replace("—".encode(), b"\xe9"),
            'line 8: after “NK-7","PublicBody","” stands a letter that is not saved as UTF-8',
        ),
        (OPEN.replace(b'"dataset"', b'"data set"'), "there is no column 'dataset'"),
        (OPEN.replace(b'"NK-2","Organization",', b'"NK-2",'), "line 3: 'NK-2' has 15 fields"),
        (EU.rstrip()[:-8], "the file ends inside this line"),
        (EU.replace(b";13;EU.13.1;;P;", b";20;EU.13.1;;P;"), "line 4: '20' is 'e' here and 'p' on"),
        (EU.replace(b";P;", b";X;", 1), "line 2, column 'Entity_SubjectType': 'x' is not a type"),
        (PLAIN.replace(b",FI,EG", b",QQ,EG"), "line 2, column 'country': 'QQ' is not a valid ISO"),
        (PLAIN.replace(b"military", b"militry"), "column 'kind': 'militry' is unknown; did you"),
        (PLAIN + b"example guards,fi,,\n", "line 6: 'example guards' is already on line 2"),
        (b"name\n" + b"x" * 600 + b"\n", "is a name of more than 500 characters"),
        (b"name,kind\nSomebody,person\n", "the file has no organisation (people: 1)"),
    ],
)
def test_each_fault_has_its_place_and_its_repair(raw, said):
    assert said in refused(raw)


@pytest.mark.parametrize(
    ("aliases", "said"),
    [
        (
            ALT.replace(b"306,", b"307,", 1),
            "is not an entry of SDN.CSV; one of the two files is cut",
        ),
        (ALT[:-12], "ALT.CSV, line"),
        (ALT.replace(b"999999", b"220"), "'220' is already the number of line"),
        (SDN, "ALT.CSV, line 1: '36' has 12 fields, not 5"),
        (b"", "ALT.CSV, line 1: the file is empty"),
    ],
)
def test_each_fault_of_the_aliases_too(aliases, said):
    assert said in refused(SDN, aliases=aliases)


def test_aliases_belong_to_ofac():
    assert "belongs to OFAC's SDN.CSV only" in refused(OPEN, aliases=ALT)


@pytest.mark.parametrize(
    ("raw", "field"),
    [(SDN, "Edition"), (PLAIN, "Source"), (EU.replace(b"28/10/2026", b""), "Edition")],
)
def test_what_no_file_says_is_asked_for(raw, field):
    assert f"The field {field} is empty" in refused(raw, SAID)


def test_a_file_with_many_faults_stops_early():
    raw = b"name,country\n" + b"".join(b"P%d,QQ\n" % number for number in range(1000))
    assert refused(raw).count("\n") == 19


def test_huge_files_are_refused_while_reading(monkeypatch):
    monkeypatch.setattr(name_lists, "MOST_LINES", 5)
    assert "line 6: the file has more than 5 lines" in refused(OPEN)
    monkeypatch.setattr(name_lists, "MOST_BYTES", 400)
    assert "the file is larger than 400 bytes" in refused(OPEN)
    assert "the file is larger than 400 bytes" in refused(SDN)


@given(st.binary(max_size=400))
def test_whatever_follows_a_header_is_read_or_refused(tail):
    for head in (SDN[:200], OPEN[:200], EU[:300], PLAIN):
        with contextlib.suppress(ListRefused):
            assert read(head + tail).parties


# --- Beside the registry -------------------------------------------------------------------------


def test_the_next_edition_replaces_its_rows_and_no_others():
    rows, replaced = merged(shipped.registry_text(), read(SDN, aliases=ALT))
    assert replaced == 0
    rows, _ = merged(rows, read(PLAIN))
    newer = read(SDN.replace(b'10890,"SYRIATEL"', b'10891,"SYRIATEL II"'))
    rows, replaced = merged(rows, newer)
    assert replaced == 5
    again = read_registry(rows, kinds=KINDS, countries=REFERENCE.countries.names)
    named = {party.name for party in again.parties}
    assert "SYRIATEL II" in named
    assert "SYRIATEL" not in named
    assert "Example Guards" in named
    assert set(REFERENCE.registry.parties) < set(again.parties)
    assert not doubled(rows)


def test_a_source_of_the_registry_is_not_taken_for_a_list():
    about = About("public record", "1", "CC0", KINDS, REFERENCE.countries.names)
    assert merged(shipped.registry_text(), read(PLAIN, about))[1] == 0


def test_ninety_four_thousand_names_are_read_in_seconds():
    header, sample = OPEN.split(b"\n")[:2]
    rows = (
        sample.replace(b"NK-1", b"NK-%d" % number).replace(b"Arms", b"Arms %d" % number)
        for number in range(94_000)
    )
    raw = b"\n".join([header, *rows]) + b"\n"
    began = time.process_time()
    rows, _replaced = merged(shipped.registry_text(), read(raw))
    assert time.process_time() - began < 15
    assert len(rows.encode()) < text.MOST_BYTES  # as proposals.LARGEST_UPLOAD, nearly


# --- What a hit says -----------------------------------------------------------------------------

DEAL = {
    "country": "SY",
    "customer_name": "Example Rail",
    "customer_type": "rail_operator",
    "products": ["GSM-R"],
    "services": ["supply"],
    "purpose": "railway_operations",
    "intermediaries": [],
}


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("Syriatel", "commercial_operator"),
        # An operator of the registry by its very name, which otherwise resembles nobody.
        ("Syriatel Mobile Telecom", "commercial_operator"),
        ("SYRIATEL", "intelligence_security"),
        ("SYRIATEL", "military"),
    ],
)
def test_whoever_is_on_a_list_is_a_question_and_no_kind(name, kind):
    with_list = replace(REFERENCE, registry=registry(read(SDN, aliases=ALT)))
    deal = DEAL | {"end_user_name": name, "end_user_type": kind}
    (facts, *_) = derive(deal, with_list)
    assert facts["end_user_type"] == kind
    assert facts["fact_conflict"] is True
    assert "on the list OFAC SDN (programme SYRIA, HRIT-SY, entry 10890" in facts["conflict_note"]


@pytest.mark.parametrize("ruled", [{}, {"end_user_type": "commercial_operator"}])
def test_a_likeness_on_a_list_counts_for_operators_and_after_a_ruling(ruled):
    near = read(b"name\nSyriatel Mobil Telecom\n")
    with_list = replace(REFERENCE, registry=registry(near))
    deal = DEAL | {"end_user_name": "Syriatel Mobile Telecom"}
    deal |= {"end_user_type": "commercial_operator"}
    (facts, *_) = derive(deal, with_list, given=ruled)
    assert "on the list Example source" in facts["conflict_note"]
