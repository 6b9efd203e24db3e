"""A JSON Schema of rulebooks over one vocabulary: completion and hints in an editor.

The schema helps while a person types; `reading.py` is the judge. With the schema in a file, the
first line of a rulebook names it:

    # yaml-language-server: $schema=rulebook.schema.json
"""

from typing import Any

from policy.engine.language.condition import ASKED, COMPARISONS, OUTCOMES
from policy.engine.language.facts import Choice, Fact, Flags, Text, Vocabulary, YesNo
from policy.engine.language.reading import ANY_FACT, EVERY_RULE, SETTLED_BY_A_RULE
from policy.engine.language.shapes import ID, NAME

TEXT = {"type": "string", "minLength": 1}
CONDITION = {"$ref": "#/$defs/condition"}
OUTCOME = {"enum": [*OUTCOMES]}
TEXTS = {"type": "array", "items": TEXT, "uniqueItems": True}


def rulebook_schema(vocabulary: Vocabulary) -> dict[str, Any]:
    """JSON Schema (draft 2020-12) of a rulebook as `read_rulebook` takes it."""
    readable = [name for name, fact in vocabulary.items() if not isinstance(fact, Text)]
    choices = [name for name, fact in vocabulary.items() if isinstance(fact, Choice)]
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Rulebook",
        **_mapping(
            {
                "rulebook": TEXT,
                "label": TEXT,
                "source": TEXT,
                "terms": {
                    "type": "object",
                    "propertyNames": {"pattern": _anchored(NAME.pattern)},
                    "additionalProperties": CONDITION,
                },
                "rules": {"type": "array", "minItems": 1, "items": _rule(choices)},
                "promises": {"type": "array", "items": _promise(readable)},
            },
            required=("rulebook", "label", "source", "rules"),
        ),
        "$defs": {"condition": _condition(vocabulary)},
    }


def _condition(vocabulary: Vocabulary) -> dict[str, Any]:
    atoms = {
        name: {"description": fact.label, **_atom(fact)}
        for name, fact in vocabulary.items()
        if not isinstance(fact, Text)
    }
    parts = {"type": "array", "minItems": 1, "items": CONDITION}
    return {
        "anyOf": [
            {"type": "string", "description": "The name of a term"},
            {**_mapping(atoms), "minProperties": 1},
            *(_mapping({word: parts}, required=(word,)) for word in ("all", "any")),
            _mapping({"not": CONDITION}, required=("not",)),
        ]
    }


def _atom(fact: Fact) -> dict[str, Any]:
    match fact:
        case Choice(_, values):
            return {**_some(fact, values), "maxItems": len(values) - 1}
        case Flags(_, members):
            return _single({word: _some(fact, members) for word in ("any", "every")})
        case YesNo():
            return {"type": "boolean"}
    return _single({word: {"type": "integer"} for word in COMPARISONS})


def _some(fact: Fact, names: tuple[str, ...]) -> dict[str, Any]:
    items = {"oneOf": [{"const": name, "description": fact.say(name)} for name in names]}
    return {"type": "array", "minItems": 1, "uniqueItems": True, "items": items}


def _rule(choices: list[str]) -> dict[str, Any]:
    keys = {"id": _id(), "title": TEXT, "clause": TEXT, "because": TEXT}
    extra = {"evidence": TEXTS, "asks": {"enum": [*ASKED]}}
    row = {"type": "object", "additionalProperties": OUTCOME}
    table = _mapping(
        {
            "down": {"enum": choices},
            "across": {"enum": choices},
            "grid": {"type": "object", "additionalProperties": row},
        },
        required=("down", "across", "grid"),
    )
    plain = {"outcome": {"enum": [*SETTLED_BY_A_RULE]}, "when": CONDITION}
    return {
        "anyOf": [
            _mapping({**keys, **plain, **extra}, required=(*keys, *plain)),
            _mapping(
                {**keys, "table": table, "when": CONDITION, **extra}, required=(*keys, "table")
            ),
        ]
    }


def _promise(readable: list[str]) -> dict[str, Any]:
    always = {"id": _id(), "says": TEXT}
    milder = {"never": {"const": "milder"}}
    outcomes = {"type": "array", "minItems": 1, "uniqueItems": True, "items": OUTCOME}
    lost = {
        "anyOf": [{"enum": [*readable, ANY_FACT]}, {"type": "array", "items": {"enum": readable}}]
    }
    several = {"type": "array", "minItems": 1, "uniqueItems": True, "items": {"enum": readable}}
    raised = {"anyOf": [{"enum": readable}, several]}
    conditions = {"surely": CONDITION, "possibly": CONDITION}
    kinds: list[tuple[dict[str, Any], tuple[str, ...]]] = [
        ({**conditions, "only": outcomes}, ("surely", "only")),
        ({**conditions, "only": outcomes}, ("possibly", "only")),
        ({"raising": raised, **milder, "given": CONDITION}, ("raising", "never")),
        ({"losing": lost, **milder}, ("losing", "never")),
        ({"exists": CONDITION, "outcome": {"anyOf": [OUTCOME, outcomes]}}, ("exists", "outcome")),
        ({"every_rule": {"enum": [*EVERY_RULE]}}, ("every_rule",)),
    ]
    return {
        "anyOf": [
            _mapping({**always, **keys}, required=(*always, *required)) for keys, required in kinds
        ]
    }


def _id() -> dict[str, Any]:
    return {"type": "string", "pattern": _anchored(ID.pattern)}


def _anchored(pattern: str) -> str:
    """The pattern as JSON Schema writes it: it searches, and does not know Python's \\Z."""
    return f"^{pattern.removesuffix(chr(92) + 'Z')}$"


def _mapping(keys: dict[str, Any], required: tuple[str, ...] = ()) -> dict[str, Any]:
    return {
        "type": "object",
        "properties": keys,
        "required": list(required),
        "additionalProperties": False,
    }


def _single(keys: dict[str, Any]) -> dict[str, Any]:
    return {**_mapping(keys), "minProperties": 1, "maxProperties": 1}
