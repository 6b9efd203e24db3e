"""From what somebody typed or uploaded to the content of a version, or every reason why not."""

import json
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from functools import partial
from typing import Any, BinaryIO

from django.utils import timezone

from audit.ledger import canonical
from policy import active
from policy.engine.language.facts import Flags, Vocabulary
from policy.engine.language.reading import ReadingError, read_rulebook
from policy.engine.language.reading_charter import read_charter
from policy.facts import shipped
from policy.governance import versions
from policy.governance.versions import Content
from policy.models import Kind, ReferenceVersion
from policy.reference import destinations, registry, spreadsheets
from policy.reference.catalogue import CatalogueError
from policy.reference.destinations import CountriesError, RatingText
from policy.reference.importers import name_lists
from policy.reference.importers.layouts import LAYOUTS, guess_layout, read_list
from policy.reference.importers.listing import NameList, joined, merged
from policy.reference.laws import LawsError
from policy.reference.ratings import Imported, ListRefused
from policy.reference.registry import RegistryError
from policy.reference.spreadsheets import RowText, SpreadsheetRefused
from policy.wording import clauses

LARGEST = 1_000_000
#: Registries and rating lists of every year are longer than what a person writes.
LARGEST_UPLOAD = 20_000_000


class ProposalRefused(ValueError):
    """A text that gives no version; `problems` names each place at fault and the repair."""

    def __init__(self, problems: list[str]) -> None:
        super().__init__("\n".join(problems))
        self.problems = problems


@dataclass(frozen=True)
class About:
    """What a person says about a proposal that is not in its text."""

    label: str = ""
    source: str = ""
    edition: str = ""
    licence: str = ""


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
        taken = sorted(own & charter.by_id.keys())
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


def read(kind: str, text: str, about: About) -> Content:
    """The version that a text gives. Raises ProposalRefused with every problem."""
    if len(text.encode()) > LARGEST_UPLOAD:
        raise ProposalRefused([f"The text is larger than {LARGEST_UPLOAD:,} bytes."])
    for one, is_table, read_table in (
        (Kind.CATALOGUE, spreadsheets.is_catalogue_table, spreadsheets.read_catalogue_table),
        (Kind.LAWS, spreadsheets.is_laws_table, spreadsheets.read_laws_table),
    ):
        if kind == one and is_table(text):
            return _of_rows(kind, partial(read_table, text, label=_labelled(about)), about)
    readers: Mapping[str, Callable[[str, About], Content]] = {
        Kind.CHARTER: _charter,
        Kind.RULEBOOK: _rulebook,
        Kind.CATALOGUE: _catalogue,
        Kind.REGISTRY: _registry,
        Kind.LAWS: _laws,
    }
    try:
        return readers[kind](text, about)
    except ReadingError as error:
        places = [f"line {p.line}, column {p.column}: {p.what}" for p in error.problems]
        raise ProposalRefused(places) from None
    except (CatalogueError, RegistryError, CountriesError, LawsError) as error:
        raise ProposalRefused(list(error.problems)) from None


def of_upload(kind: str, stream: BinaryIO, about: About) -> Content:
    """The version that an uploaded file gives: text, or a spreadsheet of the entries."""
    start = stream.read(4)
    stream.seek(0)
    if start != b"PK\x03\x04" or kind in {Kind.CHARTER, Kind.RULEBOOK}:
        try:
            return read(kind, decoded(stream), about)
        except ProposalRefused as refusal:
            if kind == Kind.REGISTRY and refusal.problems[0].startswith("line 1: the columns"):
                known = "; ".join(layout.label for layout in name_lists.LAYOUTS.values())
                refusal.problems[0] += f", or those of a list that is known here: {known}"
            raise
    return _of_rows(kind, lambda: _workbook_rows(kind, stream, about), about)


def _workbook_rows(kind: str, stream: BinaryIO, about: About) -> RowText:
    if kind == Kind.CATALOGUE:
        return spreadsheets.read_catalogue(stream, label=_labelled(about))
    if kind == Kind.LAWS:
        return spreadsheets.read_laws(stream, label=_labelled(about))
    return spreadsheets.read_registry(stream)


def _of_rows(kind: str, read_rows: Callable[[], RowText], about: About) -> Content:
    """The version that a spreadsheet gives; what is wrong is named by its row."""
    try:
        rows = read_rows()
    except SpreadsheetRefused as refusal:
        raise ProposalRefused(refusal.problems) from None
    try:
        return read(kind, rows.text, about)
    except ProposalRefused as refusal:
        raise ProposalRefused([rows.by_row(problem) for problem in refusal.problems]) from None


def decoded(stream: BinaryIO) -> str:
    """The text of an uploaded file; it must be UTF-8 and of bounded size."""
    content = stream.read(LARGEST_UPLOAD + 1)
    if len(content) > LARGEST_UPLOAD:
        raise ProposalRefused([f"The file is larger than {LARGEST_UPLOAD:,} bytes."])
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise ProposalRefused([f"line {line}: not UTF-8. Save the file as UTF-8."]) from None
    if "\0" in text:
        line = text.count("\n", 0, text.index("\0")) + 1
        raise ProposalRefused([f"line {line}: holds a NUL character. Save the file as text."])
    return text


def vocabulary() -> Vocabulary:
    """The facts that rules may read: those that this program derives.

    A version that was proposed before some of them existed keeps the vocabulary that it had.
    """
    return shipped.vocabulary()


def _charter(text: str, _about: About) -> Content:
    text = text.replace("\r\n", "\n")
    charter = read_charter(text, vocabulary(), file="charter", cited=clauses.known())
    return versions.charter_content(text, charter)


def _rulebook(text: str, about: About) -> Content:
    text = text.replace("\r\n", "\n")
    charter = active.charter(active.version(Kind.CHARTER))
    rulebook = read_rulebook(
        text,
        vocabulary(),
        file="rulebook",
        cited=clauses.known(),
        promised=charter.by_id if charter else (),
    )
    return Content(
        Kind.RULEBOOK, rulebook.label, rulebook.canonical, text, rulebook.source, rulebook.label, ""
    )


def _catalogue(text: str, about: About) -> Content:
    text = text.replace("\r\n", "\n")
    if len(text.encode()) > LARGEST:
        raise ProposalRefused([f"The catalogue is larger than {LARGEST:,} bytes."])
    content = canonical({"catalogue": text})
    catalogue = versions.read_catalogue_text(content, vocabulary())
    if not catalogue.label:
        raise ProposalRefused(['The catalogue has no label. Write one, such as label: "1.1".'])
    return Content(
        Kind.CATALOGUE, catalogue.label, content, "", about.source, catalogue.label, about.licence
    )


def _registry(text: str, about: About) -> Content:
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


def _laws(text: str, about: About) -> Content:
    text = text.replace("\r\n", "\n")
    words, places = vocabulary(), active.countries(active.version(Kind.COUNTRIES))
    found = shipped.written_laws(text, words, places)
    if not found.label:
        raise ProposalRefused(['The register has no label. Write one, such as label: "1.1".'])
    today = timezone.localdate()
    early = [
        f"{law.id}: checked: {law.checked} has not come yet"
        for law in found.laws
        if law.checked > today
    ]
    if early:
        raise ProposalRefused(early)
    return versions.laws_content(text, found, source=about.source)


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
    stream: BinaryIO, about: About, *, aliases: BinaryIO | None = None
) -> ImportedNames | None:
    """The active registry with a published list of names in place of its earlier edition.

    None for a file that is not such a list, but a registry or something unknown. Raises
    ProposalRefused, naming each line at fault.
    """
    kinds = vocabulary()["end_user_type"]
    given = name_lists.About(
        about.source,
        about.edition,
        about.licence,
        kinds=[kind for kind in getattr(kinds, "values", ()) if kind != "unknown"],
        countries=shipped.countries().names,
    )
    try:
        layout = name_lists.layout_of(stream)
        if not layout and aliases is None:
            return None
        if not layout:
            raise ProposalRefused(["The file of aliases belongs to OFAC's SDN.CSV. Choose both."])
        names = name_lists.read_names(layout, stream, given, aliases=aliases)
    except ListRefused as refusal:
        raise ProposalRefused(refusal.problems) from None
    former = ReferenceVersion.objects.active().of(Kind.REGISTRY).first()
    rows = json.loads(former.content)["registry"] if former else ""
    text, replaced = merged(rows, names)
    origin = About(
        about.label,
        _beside(former.source if former else "", names.name, names.name)[:200],
        _beside(former.edition if former else "", f"{names.name} {names.edition}", names.name)[:80],
        _beside(former.licence if former else "", names.licence, names.licence),
    )
    return ImportedNames(read(Kind.REGISTRY, text, origin), names, replaced)


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
    stream: BinaryIO, *, layout: str, about: About, year: int | None
) -> ImportedCountries:
    """The active country lists with the list of this file in place of that of its source.

    ``layout`` is a name of policy.reference.importers.layouts or "" to guess. Raises
    ProposalRefused.
    """
    former = ReferenceVersion.objects.active().of(Kind.COUNTRIES).first()
    countries = active.countries(former)
    try:
        imported = _import(stream, layout or guess_layout(stream), about, year)
    except ListRefused as refusal:
        raise ProposalRefused(refusal.problems) from None
    if imported.report.rejected:
        # A row left out would take a rating away without a word in the list.
        raise ProposalRefused([str(row) for row in imported.report.rejected])
    source = imported.ratings.source
    previous = next((ratings for ratings in countries.lists if ratings.source == source), None)
    if previous is not None:
        stream.seek(0)
        imported = _import(stream, layout or guess_layout(stream), about, year, previous=previous)
    content = _countries_content(former, imported, about)
    try:
        versions.read_countries_text(content.text)
    except CountriesError as error:
        raise ProposalRefused(list(error.problems)) from None
    return ImportedCountries(content, imported)


def _import(
    stream: BinaryIO, layout: str, about: About, year: int | None, **beside: Any
) -> Imported:
    known = {"source": about.source, "edition": about.edition, "licence": about.licence}
    chosen = LAYOUTS[layout]
    arguments: dict[str, Any] = {
        name: value
        for name, value in {**known, "year": year}.items()
        if name in (*chosen.needs, *chosen.takes) and (value or name in chosen.needs)
    }
    blank = [name for name in chosen.needs if name != "year" and not arguments.get(name)]
    if blank:
        raise ProposalRefused([f"Enter the {name} of the list." for name in blank])
    return read_list(layout, stream, **arguments, **beside)


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
    return _registry(joined(shipped.registry_text(), own), about)


def import_restricted(stream: BinaryIO, about: About) -> Content:
    """The active countries with the restricted destinations of this spreadsheet or CSV file.

    Raises ProposalRefused, naming each row at fault.
    """
    former = ReferenceVersion.objects.active().of(Kind.COUNTRIES).first()
    start = stream.read(4)
    stream.seek(0)
    try:
        rows = (
            spreadsheets.read_restricted(stream)
            if start == b"PK\x03\x04"
            else spreadsheets.read_restricted_table(decoded(stream))
        )
    except SpreadsheetRefused as refusal:
        raise ProposalRefused(refusal.problems) from None
    capabilities = vocabulary()["capabilities"]
    known = active.countries(former)
    try:
        destinations.read_restricted(
            rows.text,
            known.names.keys() | known.territories.keys(),
            capabilities.members if isinstance(capabilities, Flags) else (),
        )
    except CountriesError as error:
        raise ProposalRefused([rows.by_row(one) for one in error.problems]) from None
    return _of_countries({**_kept(former), "restricted": rows.text}, about)


def _kept(former: ReferenceVersion | None) -> dict[str, Any]:
    """The content of the active countries; what ships, without ratings, while none is active."""
    if former is not None:
        content: dict[str, Any] = json.loads(former.content)
        return content
    return {
        "names": shipped.text("countries/names.csv"),
        "territories": shipped.text("countries/special_territories.csv"),
        "restricted": shipped.text("countries/restricted_destinations.csv"),
        "ratings": [],
    }


def _countries_content(
    former: ReferenceVersion | None, imported: Imported, about: About
) -> Content:
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
