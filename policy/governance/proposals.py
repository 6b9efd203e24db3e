"""From what somebody typed or uploaded to the content of a version, or every reason why not."""

import io
import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from decimal import Decimal
from functools import cached_property
from typing import Any, BinaryIO

from django.utils import timezone

from audit.ledger import canonical
from policy import active
from policy.engine.language.charter import Charter
from policy.engine.language.facts import Choice, Flags, Vocabulary
from policy.engine.language.marked import Problem
from policy.engine.language.reading import ReadingError, read_rulebook
from policy.engine.language.reading_charter import read_canonical_charter, read_charter
from policy.facts import shipped
from policy.governance import versions
from policy.governance.versions import Content
from policy.models import Kind, ReferenceVersion
from policy.reference import codes, destinations, registry, spreadsheets
from policy.reference.catalogue import CatalogueError, read_catalogue
from policy.reference.codes import Codes, Offer
from policy.reference.destinations import Countries, CountriesError, RatingText
from policy.reference.importers import name_lists
from policy.reference.importers.layouts import LAYOUTS, guess_layout, read_list
from policy.reference.importers.listing import NameList, joined, merged
from policy.reference.importers.opening import is_workbook, not_utf_8, opened
from policy.reference.importers.sheet import Columns
from policy.reference.importers.table import CutsMissing
from policy.reference.importers.text import delimiter_of
from policy.reference.laws import LawsError, read_laws
from policy.reference.ratings import Cuts, Imported, ListRefused, compare
from policy.reference.registry import RegistryError
from policy.reference.spreadsheets import RowText, SpreadsheetRefused
from policy.wording import clauses

LARGEST = 1_000_000
#: Registries and rating lists of every year are longer than what a person writes.
LARGEST_UPLOAD = 20_000_000
#: Of a file, enough to see what it is.
LONGEST_START = 4096


class ProposalRefused(ValueError):
    """A text that gives no version; `problems` names each place at fault and the repair."""

    def __init__(self, problems: Sequence[str]) -> None:
        super().__init__("\n".join(problems))
        self.problems = list(problems)


class CutsAsked(ProposalRefused):
    """A list of scores; `lowest` and `highest` of them help to say where they become tiers."""

    def __init__(self, scores: Sequence[Decimal]) -> None:
        super().__init__(["The list has scores and no tiers. Say where scores become tiers."])
        self.lowest, self.highest = min(scores, default=None), max(scores, default=None)


class CodesOffered(ProposalRefused):
    """A text that is good but for names where codes belong; `offers` has the code of each."""

    def __init__(self, offers: Sequence[Offer]) -> None:
        super().__init__([str(offer) for offer in offers])
        self.offers = list(offers)


@dataclass(frozen=True)
class About:
    """What a person says about a proposal that is not in its text."""

    label: str = ""
    source: str = ""
    edition: str = ""
    licence: str = ""
    #: The digest of the codes that were offered in place of names, once they are accepted.
    codes: str = ""


@dataclass(frozen=True)
class Base:
    """What a proposal begins with and is read beside: a version of each kind."""

    contents: Mapping[str, Content]

    @classmethod
    def active(cls) -> "Base":
        rows = ReferenceVersion.objects.active()
        return cls({row.kind: content_of(row) for row in rows})

    @classmethod
    def shipped(cls) -> "Base":
        return cls({content.kind: content for content in versions.shipped_contents()})

    def of(self, kind: str) -> Content | None:
        return self.contents.get(kind)

    @cached_property
    def charter(self) -> Charter | None:
        """An installation of before charters has none."""
        former = self.of(Kind.CHARTER)
        return read_canonical_charter(former.text) if former else None

    @cached_property
    def countries(self) -> Countries:
        former = self.of(Kind.COUNTRIES)
        return versions.read_countries_text(former.text if former else None)


def content_of(version: ReferenceVersion) -> Content:
    return Content(
        version.kind,
        version.label,
        version.content,
        version.written,
        version.source,
        version.edition,
        version.licence,
    )


def written(version: ReferenceVersion | None) -> str:
    """The text of a version as a person edits it; "" where there is none to edit."""
    if version is None:
        return ""
    if version.kind in {Kind.CHARTER, Kind.RULEBOOK, Kind.LAWS}:
        return str(version.written)
    if version.kind == Kind.CATALOGUE:
        return catalogue_text(version.content)
    return ""


def again(version: ReferenceVersion, about: About) -> Content:
    """The content of a version once more, under another label: the way back to it.

    Raises ProposalRefused for a rulebook of before the charter that is active now, where both have
    a promise of one id.
    """
    charter = active.charter(active.version(Kind.CHARTER))
    if version.kind == Kind.RULEBOOK and charter is not None:
        own = {promise.id for promise in active.rulebook(version).promises}
        taken = sorted(own & charter.ids)
        if taken:
            raise ProposalRefused([f"The charter has a promise {name}, too." for name in taken])
    return Content(
        version.kind,
        _labelled(about),
        version.content,
        version.written,
        version.source,
        version.edition,
        version.licence,
    )


def catalogue_text(content: str) -> str:
    """The YAML inside the content of a catalogue version."""
    return str(json.loads(content)["catalogue"])


def read(kind: str, text: str, about: About, base: Base | None = None) -> Content:
    """The version that a text gives, YAML or a table. Raises ProposalRefused."""
    return of_upload(kind, io.BytesIO(text.encode()), about, base)


def of_upload(kind: str, stream: BinaryIO, about: About, base: Base | None = None) -> Content:
    """The version that an uploaded file gives: text, or a table of the entries.

    Raises ProposalRefused with every problem, and CodesOffered where names stand for codes.
    """
    base = Base.active() if base is None else base
    try:
        file = opened(stream)
        if kind == Kind.REGISTRY:
            return _table_of_parties(file, about, base)
        if kind in _TABLES and spreadsheets.is_table(file, _TABLES[Kind(kind)][0]):
            return _of_rows(kind, file, about, base)
        return _written(kind, decoded(file, _WHAT[Kind(kind)]), about, base)
    except ListRefused as refusal:
        raise ProposalRefused(refusal.problems) from None


_TABLES: Mapping[str, tuple[Columns, Callable[..., RowText]]] = {
    Kind.CATALOGUE: (spreadsheets.PRODUCTS, spreadsheets.read_catalogue),
    Kind.LAWS: (spreadsheets.LAWS, spreadsheets.read_laws),
}
_WHAT = {
    Kind.CHARTER: "a charter",
    Kind.RULEBOOK: "a rulebook",
    Kind.CATALOGUE: "a catalogue",
    Kind.REGISTRY: "the registry",
    Kind.LAWS: "a register of laws",
    Kind.COUNTRIES: "a list of countries",
}
_YAML = re.compile(r"(?:#[^\n]*\n|\s)*(?:- )?[A-Za-z_][\w -]*:(?: |\n|\Z)")


def _written(
    kind: str, text: str, about: About, base: Base, *, at: Callable[[str], str] = str
) -> Content:
    """The version that a text in YAML gives; names in place of codes are offered as codes.

    ``at`` says a place of the text as a place of the table that it was made of.
    """
    _refuse_table(kind, text)
    readers: Mapping[str, Callable[[str, About, Base], Content]] = {
        Kind.CHARTER: _charter,
        Kind.RULEBOOK: _rulebook,
        Kind.CATALOGUE: _catalogue,
        Kind.LAWS: _laws,
    }
    try:
        return readers[kind](text, about, base)
    except (ReadingError, CatalogueError, LawsError) as error:
        places = error.problems if isinstance(error, ReadingError) else error.places
    named = [place for place in places if place.code]
    if len(named) < len(places):
        raise ProposalRefused([at(place.sentence) for place in places])
    try:
        content = readers[kind](codes.replaced(text, named), about, base)
    except (ReadingError, CatalogueError, LawsError) as error:
        rest = error.problems if isinstance(error, ReadingError) else error.places
        raise ProposalRefused([at(place.sentence) for place in (*named, *rest)]) from None
    _accept([replace(offer, where=at(offer.where)) for offer in codes.offered(named)], about)
    return content


def _refuse_table(kind: str, text: str) -> None:
    """A table in place of a text would be answered with what YAML makes of it."""
    first = next((line for line in text.splitlines() if line.strip()), "")
    if first.count(delimiter_of(first)) > 1 and not _YAML.match(text):
        why = (
            f"line 1: this is a table, and {_WHAT[Kind(kind)]} is a text; download the text of the"
            " active version and change that"
        )
        if kind in _TABLES:
            names = ", ".join(_TABLES[kind][0].names)
            why = (
                f"line 1: this is a table without the columns of {_WHAT[Kind(kind)]}; write {names}"
                " in the first line"
            )
        raise ProposalRefused([why])


def _accept(offers: Sequence[Offer], about: About) -> None:
    """Raises CodesOffered unless exactly these were shown and accepted."""
    if offers and about.codes != codes.digest_of(offers):
        raise CodesOffered(offers)


def _table_of_parties(file: BinaryIO, about: About, base: Base) -> Content:
    if not is_workbook(file):
        text = decoded(file, _WHAT[Kind.REGISTRY])
        _refuse_yaml(Kind.REGISTRY, text, spreadsheets.PARTIES.names)
        file = io.BytesIO(text.encode())
    try:
        rows = spreadsheets.read_registry(file, codes=_codes(base))
    except SpreadsheetRefused as refusal:
        if "does not name the columns" in refusal.problems[0]:
            known = "; ".join(layout.label for layout in name_lists.LAYOUTS.values())
            refusal.problems[0] += f". These lists are read too: {known}"
        raise ProposalRefused(refusal.problems) from None
    try:
        content = _registry(rows.text, about, base)
    except RegistryError as error:
        problems = [*map(str, rows.offers), *map(rows.by_row, error.problems)]
        raise ProposalRefused(problems) from None
    _accept(rows.offers, about)
    return content


def _refuse_yaml(kind: str, text: str, names: Sequence[str]) -> None:
    if _YAML.match(text) and "," not in text.partition("\n")[0]:
        raise ProposalRefused(
            [
                f"line 1: this is a text in YAML, and {_WHAT[Kind(kind)]} is a table; save it as"
                f" XLSX or CSV with the columns {', '.join(names)}"
            ]
        )


def _codes(base: Base) -> Mapping[str, Codes]:
    """What the cells of parties and of restricted destinations may hold."""
    words, places = vocabulary(), base.countries
    kinds = codes.words_of(words["end_user_type"])
    kinds = {kind: names for kind, names in kinds.items() if kind != "unknown"}
    abilities = codes.words_of(words["capabilities"])
    classes = {**kinds, **registry.WORDS_OF_NO_KIND}
    controls = dict.fromkeys(destinations.RESTRICTIONS, ())
    restricts = {**abilities, destinations.EVERYTHING: ()}
    return {
        "country": Codes(places.names, places.meant),
        "class": Codes(classes, codes.named(classes)),
        "code": Codes(places.places, places.meant),
        "restricts": Codes(restricts, codes.named(restricts), between="|"),
        "control": Codes(controls, codes.named(controls)),
    }


def _of_rows(kind: str, file: BinaryIO, about: About, base: Base) -> Content:
    """The version that a table gives; what is wrong is named by its row or its line."""
    try:
        rows = _TABLES[kind][1](file, label=_labelled(about))
    except SpreadsheetRefused as refusal:
        raise ProposalRefused(refusal.problems) from None
    return _written(kind, rows.text, about, base, at=rows.by_row)


def decoded(stream: BinaryIO, what: str) -> str:
    """The text of an uploaded file; it must be UTF-8 and of bounded size."""
    if is_workbook(stream):
        raise ListRefused("the file", "", f"is a workbook, and {what} is a text", "paste the text")
    content = stream.read(LARGEST_UPLOAD + 1)
    if len(content) > LARGEST_UPLOAD:
        raise ProposalRefused([f"The file is larger than {LARGEST_UPLOAD:,} bytes."])
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        number = content.count(b"\n", 0, error.start) + 1
        begins = content.rfind(b"\n", 0, error.start) + 1
        raise not_utf_8(content[begins:], number, error.start - begins) from None
    if "\0" in text:
        line = text.count("\n", 0, text.index("\0")) + 1
        raise ProposalRefused([f"line {line}: holds a NUL character. Save the file as text."])
    return text


def vocabulary() -> Vocabulary:
    """The facts that rules may read: those that this program derives.

    A version that was proposed before some of them existed keeps the vocabulary that it had.
    """
    return shipped.vocabulary()


def _charter(text: str, _about: About, _base: Base) -> Content:
    text = text.replace("\r\n", "\n")
    charter = read_charter(
        text, vocabulary(), answers=shipped.answers(), file="charter", cited=clauses.known()
    )
    return versions.charter_content(text, charter)


def _rulebook(text: str, about: About, base: Base) -> Content:
    text = text.replace("\r\n", "\n")
    charter = base.charter
    rulebook = read_rulebook(
        text,
        vocabulary(),
        file="rulebook",
        cited=clauses.known(),
        promised=charter.ids if charter else (),
    )
    return Content(
        Kind.RULEBOOK, rulebook.label, rulebook.canonical, text, rulebook.source, rulebook.label, ""
    )


def _catalogue(text: str, about: About, base: Base) -> Content:
    text = text.replace("\r\n", "\n")
    if len(text.encode()) > LARGEST:
        raise ProposalRefused([f"The catalogue is larger than {LARGEST:,} bytes."])
    content = canonical({"catalogue": text})
    words = vocabulary()["capabilities"]
    meant = codes.named(codes.words_of(words))
    members = words.members if isinstance(words, Flags) else ()
    catalogue = read_catalogue(text, capabilities=members, meant=meant)
    if not catalogue.label:
        raise ProposalRefused(['The catalogue has no label. Write one, such as label: "1.1".'])
    return Content(
        Kind.CATALOGUE, catalogue.label, content, "", about.source, catalogue.label, about.licence
    )


def _registry(text: str, about: About, base: Base) -> Content:
    if len(text.encode()) > LARGEST_UPLOAD:
        raise ProposalRefused([f"The registry is larger than {LARGEST_UPLOAD:,} bytes."])
    # The words come with the program; what they change is in the report like every other entry.
    stems = shipped.text(shipped.WORDS)
    content = canonical({"registry": text.replace("\r\n", "\n"), "stems": stems})
    versions.read_registry_text(content, vocabulary(), shipped.countries())
    doubled = registry.doubled(text)
    if doubled:
        raise RegistryError(doubled)
    return Content(
        Kind.REGISTRY, _labelled(about), content, "", about.source, about.edition, about.licence
    )


def _laws(text: str, about: About, base: Base) -> Content:
    text = text.replace("\r\n", "\n")
    kinds = vocabulary()["end_user_type"]
    named = codes.named(codes.words_of(kinds))
    places = base.countries
    found = read_laws(
        text,
        kinds=kinds.values if isinstance(kinds, Choice) else (),
        countries=places.names,
        meant=lambda name: places.meant(name) or named(name),
    )
    if not found.label:
        raise ProposalRefused(['The register has no label. Write one, such as label: "1.1".'])
    today = timezone.localdate()
    early = [
        Problem(
            "laws",
            _line_of(text, law.id),
            1,
            f"{law.id}: checked: {law.checked} has not come yet; write the day on which somebody"
            " read the law",
        )
        for law in found.laws
        if law.checked > today
    ]
    if early:
        raise LawsError(early)
    return versions.laws_content(text, found, source=about.source)


def _line_of(text: str, name: str) -> int:
    """The line on which an entry has this id."""
    at = re.search(rf"""\bid["']?: *["']?{re.escape(name)}\b""", text)
    return text.count("\n", 0, at.start()) + 1 if at else 1


def _labelled(about: About) -> str:
    if not about.label:
        raise ProposalRefused(["Enter a label for the version, such as 1.1."])
    return about.label


# --- Lists of names -------------------------------------------------------------------------------


@dataclass(frozen=True)
class ImportedNames:
    """A registry made of the active one with one published list replaced or added.

    `replaced` counts the rows of the list's earlier edition, which are gone.
    """

    content: Content
    names: NameList
    replaced: int

    def lines(self) -> list[str]:
        """The counts, for whoever decides whether this is the right file."""
        kept = f"{self.replaced:,} rows of its earlier edition are replaced; the others stay."
        return [*self.names.lines(), kept]


def import_names(
    stream: BinaryIO, about: About, *, aliases: BinaryIO | None = None, base: Base | None = None
) -> ImportedNames | None:
    """The active registry with a published list of names in place of its earlier edition.

    None for a file that is not such a list, but a registry or something unknown. Raises
    ProposalRefused, naming each line at fault.
    """
    base = Base.active() if base is None else base
    kinds = vocabulary()["end_user_type"]
    given = name_lists.About(
        about.source,
        about.edition,
        about.licence,
        kinds=[kind for kind in getattr(kinds, "values", ()) if kind != "unknown"],
        countries=shipped.countries().names,
    )
    try:
        stream = opened(stream)
        layout = name_lists.layout_of(stream)
        if not layout and aliases is None:
            return None
        if not layout:
            raise ProposalRefused(["The file of aliases belongs to OFAC's SDN.CSV. Choose both."])
        names = name_lists.read_names(layout, stream, given, aliases=aliases)
    except ListRefused as refusal:
        raise ProposalRefused(refusal.problems) from None
    former = base.of(Kind.REGISTRY)
    rows = json.loads(former.text)["registry"] if former else ""
    text, replaced = merged(rows, names)
    origin = About(
        about.label,
        _beside(former.source if former else "", names.name, names.name)[:200],
        _beside(former.edition if former else "", f"{names.name} {names.edition}", names.name)[:80],
        _beside(former.licence if former else "", names.licence, names.licence),
    )
    try:
        return ImportedNames(_registry(text, origin, base), names, replaced)
    except RegistryError as error:
        raise ProposalRefused(error.problems) from None


def _beside(former: str, new: str, instead_of: str) -> str:
    """What was said of the registry before, and this, in place of what began like it."""
    kept = [part for part in former.split("; ") if part and not part.startswith(instead_of)]
    return "; ".join([*kept, new])


# --- Country ratings -----------------------------------------------------------------------------


@dataclass(frozen=True)
class ImportedCountries:
    """A countries version made of the active one with one source replaced or added."""

    content: Content
    imported: Imported


def import_countries(
    stream: BinaryIO,
    *,
    layout: str,
    about: About,
    year: int | None,
    cuts: Cuts | None = None,
    base: Base | None = None,
) -> ImportedCountries:
    """The active country lists with the list of this file in place of that of its source.

    ``layout`` is a name of policy.reference.importers.layouts or "" to guess; ``cuts`` say where
    the scores of a plain table become tiers. Raises ProposalRefused, CutsAsked for a table of
    scores without them, and CodesOffered where names stand for codes.
    """
    base = Base.active() if base is None else base
    former = base.of(Kind.COUNTRIES)
    try:
        file = opened(stream)
        if not is_workbook(file):
            _refuse_text_of_countries(file)
        layout = layout or guess_layout(file)
        imported = _import(file, layout, about, year, cuts)
    except CutsMissing as missing:
        raise CutsAsked(missing.scores) from None
    except (ListRefused, SpreadsheetRefused) as refusal:
        raise ProposalRefused(refusal.problems) from None
    # A row left out would take a rating away without a word in the list, and of two rows for one
    # place nobody knows which was meant.
    doubled = imported.report.repeated if layout == "table" else []
    if at_fault := [*imported.report.rejected, *doubled]:
        raise ProposalRefused([str(row) for row in at_fault])
    _accept(imported.report.offers, about)
    source = imported.ratings.source
    for ratings in base.countries.lists:
        if ratings.source == source:
            imported.report.changes = compare(ratings, imported.ratings)
    content = _countries_content(former, imported, about)
    try:
        versions.read_countries_text(content.text)
    except CountriesError as error:
        raise ProposalRefused(list(error.problems)) from None
    return ImportedCountries(content, imported)


def _refuse_text_of_countries(file: BinaryIO) -> None:
    start = file.read(LONGEST_START).decode("utf-8-sig", errors="replace")
    file.seek(0)
    _refuse_yaml(Kind.COUNTRIES, start, ("code", "tier"))


def _import(
    stream: BinaryIO, layout: str, about: About, year: int | None, cuts: Cuts | None
) -> Imported:
    known = {"source": about.source, "edition": about.edition, "licence": about.licence}
    chosen = LAYOUTS[layout]
    asked = {**known, "year": year, "cuts": cuts if layout == "table" else None}
    arguments: dict[str, Any] = {
        name: value
        for name, value in asked.items()
        if name in (*chosen.needs, *chosen.takes) and (value or name in chosen.needs)
    }
    blank = [name for name in chosen.needs if name != "year" and not arguments.get(name)]
    if blank:
        raise ProposalRefused([f"Enter the {name} of the list." for name in blank])
    return read_list(layout, stream, **arguments)


def shipped_countries(about: About) -> Content:
    """What this program ships, with the other sources and newer editions that are active here."""
    content = json.loads(versions.shipped_countries().text)
    former = ReferenceVersion.objects.active().of(Kind.COUNTRIES).first()
    kept = json.loads(former.content)["ratings"] if former else []
    for mine in kept:
        rival = next((one for one in content["ratings"] if one["source"] == mine["source"]), None)
        if rival is None:
            content["ratings"].append(mine)
        elif (mine["year"] or 0) > (rival["year"] or 0):
            content["ratings"][content["ratings"].index(rival)] = mine
    return _of_countries(content, about)


def shipped_registry(about: About) -> Content:
    """What this program ships, with the bodies that only the active registry knows."""
    former = ReferenceVersion.objects.active().of(Kind.REGISTRY).first()
    own = json.loads(former.content)["registry"] if former else ""
    return _registry(joined(shipped.registry_text(), own), about, Base.active())


def import_restricted(stream: BinaryIO, about: About, base: Base | None = None) -> Content:
    """The active countries with the restricted destinations of this spreadsheet or CSV file.

    Raises ProposalRefused, naming each row at fault.
    """
    base = Base.active() if base is None else base
    try:
        file = opened(stream)
        if not is_workbook(file):
            text = decoded(file, "the list of restricted destinations")
            _refuse_yaml(Kind.COUNTRIES, text, spreadsheets.RESTRICTED.names)
            file = io.BytesIO(text.encode())
        rows = spreadsheets.read_restricted(file, codes=_codes(base))
    except (ListRefused, SpreadsheetRefused) as refusal:
        raise ProposalRefused(refusal.problems) from None
    capabilities = vocabulary()["capabilities"]
    known = base.countries
    try:
        destinations.read_restricted(
            rows.text,
            known.names.keys() | known.territories.keys(),
            capabilities.members if isinstance(capabilities, Flags) else (),
        )
    except CountriesError as error:
        problems = [*map(str, rows.offers), *map(rows.by_row, error.problems)]
        raise ProposalRefused(problems) from None
    _accept(rows.offers, about)
    return _of_countries({**_kept(base.of(Kind.COUNTRIES)), "restricted": rows.text}, about)


def _kept(former: Content | None) -> dict[str, Any]:
    """The content of the active countries; what ships, without ratings, while none is active."""
    if former is not None:
        content: dict[str, Any] = json.loads(former.text)
        return content
    return {
        "names": shipped.text("countries/names.csv"),
        "territories": shipped.text("countries/special_territories.csv"),
        "restricted": shipped.text("countries/restricted_destinations.csv"),
        "ratings": [],
    }


def _countries_content(former: Content | None, imported: Imported, about: About) -> Content:
    new = imported.ratings
    kept = _kept(former)
    ratings = [text for text in kept["ratings"] if text["source"] != new.source]
    ratings.append(
        asdict(RatingText(new.text, new.source, new.edition, new.year, new.licence, new.method))
    )
    return _of_countries({**kept, "ratings": ratings}, about)


def _of_countries(content: Mapping[str, Any], about: About) -> Content:
    ratings = content["ratings"]
    return Content(
        Kind.COUNTRIES,
        _labelled(about),
        canonical(content),
        "",
        ", ".join(text["source"] for text in ratings)[:200],
        ", ".join(text["edition"] for text in ratings)[:80],
        "; ".join(text["licence"] for text in ratings if text["licence"]),
    )
