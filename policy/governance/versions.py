"""How each kind of reference data is kept as one text, and read again.

charter     canonical JSON of the charter with its vocabulary (policy.engine.language.charter)
rulebook    canonical JSON of the rulebook with its vocabulary (policy.engine.language.condition)
countries   {"names", "territories", "restricted", "ratings": [{"text", "source", …}]}; versions of
            before restricted destinations have none
catalogue   {"catalogue"}: YAML
registry    {"registry", "stems"}: CSV and word stems
laws        canonical JSON of the entries by id (policy.reference.laws)

The digest of a version is that of its text, so for charter and rulebook it is the engine's own.
Charter, rulebook and laws are also kept as they were written.
"""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from functools import lru_cache

from audit.ledger import canonical, digest
from policy.engine.language.charter import Charter
from policy.engine.language.condition import Rulebook
from policy.engine.language.facts import Choice, Flags, Vocabulary
from policy.engine.language.reading import read_canonical
from policy.engine.language.reading_charter import read_canonical_charter
from policy.facts import shipped
from policy.facts.derive import ReferenceData
from policy.models import Kind
from policy.reference.catalogue import Catalogue, read_catalogue
from policy.reference.destinations import Countries, RatingText, read_countries
from policy.reference.laws import NONE, Laws, canonical_text, of_canonical
from policy.reference.registry import Registry, read_registry, read_stems

#: Of a kind whose reading takes long, two versions are at hand: the active one and one beside it.
AT_HAND = 2


@dataclass(frozen=True)
class Content:
    """One version before it is stored."""

    kind: str
    label: str
    text: str
    written: str
    source: str
    edition: str
    licence: str

    @property
    def digest(self) -> str:
        return digest(self.text)


def shipped_countries() -> Content:
    """The countries as the program brings them: names, territories, restrictions and ratings."""
    ratings = shipped.ratings()
    return Content(
        Kind.COUNTRIES,
        shipped.COUNTRIES,
        canonical(
            {
                "names": shipped.text("countries/names.csv"),
                "territories": shipped.text("countries/special_territories.csv"),
                "restricted": shipped.text("countries/restricted_destinations.csv"),
                "ratings": [asdict(rating) for rating in ratings],
            }
        ),
        "",
        ", ".join(rating.source for rating in ratings),
        ", ".join(rating.edition for rating in ratings),
        "; ".join(rating.licence for rating in ratings),
    )


def shipped_contents() -> list[Content]:
    """The first version of each kind, as the program brings it."""
    rulebook = shipped.rulebook()
    return [
        # First: there is no rulebook yet that it could fail to hold to anything.
        charter_content(shipped.text(shipped.CHARTER), shipped.charter()),
        # Before the rulebook: while nothing can be screened, no law eases anything.
        laws_content(
            shipped.text(shipped.NO_LAWS), shipped.load().laws, source="Shipped with the program"
        ),
        Content(
            Kind.RULEBOOK,
            rulebook.label,
            rulebook.canonical,
            shipped.text(shipped.RULEBOOK),
            rulebook.source,
            rulebook.label,
            "",
        ),
        shipped_countries(),
        Content(
            Kind.CATALOGUE,
            "1.0",
            canonical({"catalogue": shipped.text("catalogue.yaml")}),
            "",
            "Shipped with the program",
            "1.0",
            "",
        ),
        Content(
            Kind.REGISTRY,
            shipped.REGISTRY_LABEL,
            canonical({"registry": shipped.registry_text(), "stems": shipped.text(shipped.WORDS)}),
            "",
            "Public lists, see policy/data/NOTICE.md",
            shipped.REGISTRY_LABEL,
            "CC0 1.0, MIT",
        ),
    ]


def example_laws() -> Content:
    """The laws of the demo, which nobody has checked for anybody."""
    data = shipped.load()
    words, places = data.rulebook.vocabulary, data.countries
    found = shipped.laws(words, places, name=shipped.EXAMPLE_LAWS)
    return laws_content(
        shipped.text(shipped.EXAMPLE_LAWS), found, source="Public knowledge, checked by nobody"
    )


def charter_content(written: str, charter: Charter) -> Content:
    return Content(
        Kind.CHARTER, charter.label, charter.canonical, written, charter.source, charter.label, ""
    )


def laws_content(written: str, laws: Laws, *, source: str, edition: str = "") -> Content:
    text = canonical_text(laws)
    return Content(Kind.LAWS, laws.label, text, written, source, edition or laws.label, "")


def read(texts: Mapping[str, str]) -> ReferenceData:
    """The bundle of these version texts.

    Without country ratings every place is unrated; without laws each is verified by hand; without
    a charter a rulebook is held to its own promises.
    """
    rulebook = read_canonical(texts[Kind.RULEBOOK])
    countries = read_countries_text(texts.get(Kind.COUNTRIES))
    return ReferenceData(
        rulebook=rulebook,
        countries=countries,
        catalogue=read_catalogue_text(texts[Kind.CATALOGUE], rulebook.vocabulary),
        registry=read_registry_text(texts[Kind.REGISTRY], rulebook.vocabulary, countries),
        laws=read_laws_text(texts.get(Kind.LAWS)),
        charter=read_charter_text(texts.get(Kind.CHARTER)),
    )


def read_catalogue_text(text: str, vocabulary: Vocabulary) -> Catalogue:
    capabilities = vocabulary["capabilities"]
    return _catalogue(text, capabilities.members if isinstance(capabilities, Flags) else ())


@lru_cache(AT_HAND)
def _catalogue(text: str, capabilities: tuple[str, ...]) -> Catalogue:
    return read_catalogue(json.loads(text)["catalogue"], capabilities=capabilities)


def read_registry_text(text: str, vocabulary: Vocabulary, countries: Countries) -> Registry:
    kinds = vocabulary["end_user_type"]
    return _registry(
        text, kinds.values if isinstance(kinds, Choice) else (), frozenset(countries.names)
    )


@lru_cache(AT_HAND)
def _registry(text: str, kinds: tuple[str, ...], countries: frozenset[str]) -> Registry:
    content = json.loads(text)
    return read_registry(
        content["registry"], kinds=kinds, countries=countries, stems=read_stems(content["stems"])
    )


def read_laws_text(text: str | None) -> Laws:
    return NONE if text is None else of_canonical(json.loads(text), digest(text))


def read_charter_text(text: str | None) -> Charter | None:
    return None if text is None else read_canonical_charter(text)


def read_rulebook_text(text: str) -> Rulebook:
    return read_canonical(text)


def read_countries_text(text: str | None) -> Countries:
    """The countries of a version; without one, the names that ship and no rating at all."""
    if text is None:
        return read_countries(
            names=shipped.text("countries/names.csv"),
            territories=shipped.text("countries/special_territories.csv"),
            restricted=shipped.text("countries/restricted_destinations.csv"),
            ratings=[],
        )
    content = json.loads(text)
    return read_countries(
        names=content["names"],
        territories=content["territories"],
        ratings=[RatingText(**rating) for rating in content["ratings"]],
        restricted=content.get("restricted", ""),
    )
