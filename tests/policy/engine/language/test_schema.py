"""The schema for editors takes what the reader takes, and refuses what people get wrong."""

from pathlib import Path

import pytest
from hypothesis import given, settings
from jsonschema import Draft202012Validator
from ruamel.yaml import YAML

from policy.engine.language.condition import Rulebook
from policy.engine.language.reading import read_vocabulary
from policy.engine.language.schema import rulebook_schema
from tests.effort import examples
from tests.policy.engine.language.test_reading import VOCABULARY, rule
from tests.policy.engine.language.test_reading_limits import VALID
from tests.policy.engine.strategies import rulebooks

DATA = Path(__file__).parents[4] / "policy" / "data"
vocabulary = read_vocabulary(VOCABULARY, file="v.yaml")
schema = rulebook_schema(vocabulary)


def problems(text: str, judge: dict = schema) -> list[str]:
    validator = Draft202012Validator(judge)
    plain = YAML(typ="safe", pure=True).load(text)
    return [error.message for error in validator.iter_errors(plain)]


def test_it_is_a_schema() -> None:
    Draft202012Validator.check_schema(schema)


@pytest.mark.parametrize("path", sorted(DATA.glob("rulebook-*.yaml")), ids=lambda path: path.name)
def test_the_shipped_rulebook_passes(path: Path) -> None:
    words = read_vocabulary((DATA / "vocabulary.yaml").read_text(), file="vocabulary.yaml")
    assert problems(path.read_text(), rulebook_schema(words)) == []


def test_everything_that_a_rulebook_may_hold_passes() -> None:
    more = (
        "  - {id: P3, says: x, losing: any_fact, never: milder}\n"
        "  - {id: P4, says: x, losing: [caps], never: milder}\n"
        "  - {id: P5, says: x, possibly: radio, only: [bar]}\n"
        "  - {id: P6, says: x, exists: {risk: [low], obliged: true}, outcome: clear}\n"
        "  - {id: P7, says: x, every_rule: can_decide}\n"
    )
    assert problems(VALID + more) == []


@given(rulebooks())
@settings(max_examples=examples(50), deadline=None)
def test_what_the_reader_wrote_passes(rulebook: Rulebook) -> None:
    judge = Draft202012Validator(rulebook_schema(rulebook.vocabulary))
    assert judge.is_valid(rulebook.plain)


@pytest.mark.parametrize(
    "text",
    [
        rule("{rsik: [high]}"),
        rule("{risk: [hihg]}"),
        rule("{risk: high}"),
        rule("{risk: [low, medium, high, unrated]}"),
        rule("{caps: {some: [ran]}}"),
        rule("{obliged: no}"),
        rule("{value: {above: 1.5}}"),
        rule("{name: [x]}"),
        rule("{all: []}"),
        rule("{obliged: true}", clause=""),
        rule("{obliged: true}", outcome="clear"),
        rule("{obliged: true}", asks="sale"),
        rule("{obliged: true}", evidnce="[x]"),
        rule("{obliged: true}", id="no/id"),
        rule("{obliged: true}") + "promises: [{id: P, says: x, surely: t}]\n",
        rule("{obliged: true}") + "promises: [{id: P, says: x, raising: risk, never: mild}]\n",
    ],
)
def test_what_people_get_wrong_is_marked(text: str) -> None:
    assert problems(text)
