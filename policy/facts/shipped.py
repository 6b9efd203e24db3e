"""The first versions of the reference data, as they ship with the program."""

from dataclasses import replace
from functools import cache
from pathlib import Path

from policy.engine.language.charter import Charter
from policy.engine.language.condition import Rulebook
from policy.engine.language.facts import Choice, Flags, Vocabulary
from policy.engine.language.reading import read_rulebook, read_vocabulary
from policy.engine.language.reading_charter import read_charter
from policy.facts.derive import ReferenceData
from policy.facts.encoded import Encoded
from policy.reference.catalogue import Catalogue, read_catalogue
from policy.reference.destinations import Countries, RatingText, read_countries
from policy.reference.laws import Laws, read_laws
from policy.reference.registry import Registry, read_registry, read_stems

FOLDER = Path(__file__).parents[1] / "data"
RULEBOOK = "rulebook-1.1.yaml"
CHARTER = "charter-1.1.yaml"
#: What new installations began with before, and the facts that its vocabulary did not have yet.
FORMER = "rulebook-1.0.yaml"
SINCE_FORMER = (
    "abilities_declared",
    "agency_access",
    "speech_limit_request",
    "follows_stopped_deal",
    "eased_by_ruling",
)
#: No law ships: whoever runs the program answers for each. The examples are for the demo.
NO_LAWS, EXAMPLE_LAWS = "laws/none.yaml", "laws/examples.yaml"
REGISTRY = (
    "registry/agencies.csv",
    "registry/bodies.csv",
    "registry/vendors.csv",
    "registry/operators.csv",
    "registry/parties.csv",
)
#: The label of the registry that ships: its bodies and the list of words.
REGISTRY_LABEL = "1.1"
WORDS = "registry/security_words.txt"
#: What was measured of the registry and the words that ship; `./run bench names write` writes it.
MEASURED = "registry/measured.json"
#: The label of the countries that ship: names, territories, ratings, restricted destinations.
COUNTRIES = "1.1"
RATINGS = {
    "countries/vdem-v14-2023.csv": RatingText(
        text="",
        source="V-Dem",
        edition="v14",
        year=2023,
        licence="CC BY-SA 4.0; V-Dem does not endorse this use",
        method="Mean of civil liberties, free expression and rule of law:"
        " below 0.30 very high, below 0.50 high, below 0.75 medium, otherwise low."
        " One of them below 0.30 alone makes it at least high",
    )
}


def text(name: str) -> str:
    """The text of a shipped file, by its path below policy/data."""
    return (FOLDER / name).read_text(encoding="utf-8")


@cache
def load() -> ReferenceData:
    """The shipped reference data, read once."""
    rules = rulebook()
    words = rules.vocabulary
    places = countries()
    return ReferenceData(
        rules, places, catalogue(words), registry(words, places), laws(words, places)
    )


@cache
def vocabulary() -> Vocabulary:
    return read_vocabulary(text("vocabulary.yaml"), file="vocabulary.yaml")


@cache
def rulebook() -> Rulebook:
    return read_rulebook(text(RULEBOOK), vocabulary(), file=RULEBOOK)


@cache
def answers() -> Vocabulary:
    """What promises on answers may speak of."""
    return Encoded(load()).words


@cache
def charter() -> Charter:
    return read_charter(text(CHARTER), vocabulary(), answers=answers(), file=CHARTER)


@cache
def on_answers() -> Charter:
    """The promises on answers that hold where the charter has none of its own."""
    ours = charter().on_answers
    assert ours is not None  # noqa: S101  its text has them
    return ours


def former_rulebook() -> Rulebook:
    """Version 1.0 letter by letter as installations keep it, with the vocabulary of its day."""
    facts = [fact for name, fact in vocabulary().items() if name not in SINCE_FORMER]
    return read_rulebook(text(FORMER), Vocabulary(facts), file=FORMER)


def countries() -> Countries:
    return read_countries(
        names=text("countries/names.csv"),
        territories=text("countries/special_territories.csv"),
        restricted=text("countries/restricted_destinations.csv"),
        ratings=ratings(),
    )


def ratings() -> list[RatingText]:
    """The rating lists with their texts."""
    return [replace(rating, text=text(name)) for name, rating in RATINGS.items()]


def catalogue(words: Vocabulary) -> Catalogue:
    members = words["capabilities"]
    return read_catalogue(
        text("catalogue.yaml"), capabilities=members.members if isinstance(members, Flags) else ()
    )


def registry_text() -> str:
    """The files of the registry as one text: a version of the registry is one text."""
    head, *rest = [text(name) for name in REGISTRY]
    return head + "".join(text.partition("\n")[2] for text in rest)


def registry(words: Vocabulary, places: Countries) -> Registry:
    kinds = words["end_user_type"]
    return read_registry(
        registry_text(),
        kinds=kinds.values if isinstance(kinds, Choice) else (),
        countries=places.names,
        stems=read_stems(text(WORDS)),
    )


def laws(words: Vocabulary, places: Countries, *, name: str = NO_LAWS) -> Laws:
    return written_laws(text(name), words, places)


def written_laws(written: str, words: Vocabulary, places: Countries) -> Laws:
    """The register that somebody wrote as YAML."""
    kinds = words["end_user_type"]
    return read_laws(
        written, kinds=kinds.values if isinstance(kinds, Choice) else (), countries=places.names
    )
