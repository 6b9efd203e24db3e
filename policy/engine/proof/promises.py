"""The promises of one rulebook beside those of another, as plain trees: nothing is proved here.

A promise means what its conditions say with every term written out in the words of its own
rulebook. So a term that changes changes the promises that use it, whatever their text says.
"""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from policy.engine.language.condition import (
    Compare,
    Condition,
    HasAny,
    HasEvery,
    Is,
    Losing,
    OneOf,
    Promise,
    Raising,
    Rule,
    Rulebook,
    atoms,
    plain_condition,
    plain_promise,
)
from policy.engine.language.facts import Amount, Choice, Fact, Flags, Vocabulary, YesNo, canonical

CONDITIONS = ("surely", "possibly", "given", "exists")
_KINDS: dict[type, type[Fact]] = {
    OneOf: Choice,
    HasAny: Flags,
    HasEvery: Flags,
    Is: YesNo,
    Compare: Amount,
}


def opened(rulebook: Rulebook, promise: Promise) -> Promise:
    """The promise with the terms of its rulebook written out: it stands without the rulebook."""
    parts: dict[str, Any] = {
        name: rulebook.opened(part)
        for name in CONDITIONS
        if (part := getattr(promise, name, None)) is not None
    }
    return replace(promise, **parts)


def meaning(rulebook: Rulebook, promise: Promise) -> Promise:
    """What is left of a promise without its name and its sentence; equal ones promise the same."""
    return replace(opened(rulebook, promise), id="", says="")


def written(rulebook: Rulebook, promise: Promise) -> str:
    """The promise as a rulebook writes it on one line, terms written out, sentence left out."""
    return on_one_line(plain_promise(meaning(rulebook, promise)))


def rule_condition(rulebook: Rulebook, rule: Rule) -> str:
    """The condition of a rule in the same form."""
    return on_one_line(plain_condition(rulebook.opened(rule.when)))


def on_one_line(plain: object) -> str:
    return canonical(plain).replace('"', "").replace(",", ", ").replace(":", ": ")


def pairs(before: Rulebook, after: Rulebook) -> Iterator[tuple[Promise, Promise | None]]:
    """Each promise of the older rulebook and what took its place: by id, else by what it says."""
    by_id = {promise.id: promise for promise in after.promises}
    by_meaning = {meaning(after, promise): promise for promise in after.promises}
    for promise in before.promises:
        yield promise, by_id.get(promise.id) or by_meaning.get(meaning(before, promise))


def unknown_words(rulebook: Rulebook, promise: Promise, vocabulary: Vocabulary) -> list[str]:
    """The facts and values that the promise speaks of and the vocabulary does not know."""
    names: tuple[str, ...] = ()
    if isinstance(promise, Losing | Raising):
        names = promise.facts
    parts = [getattr(promise, name, None) for name in CONDITIONS]
    conditions = [rulebook.opened(part) for part in parts if part is not None]
    return [*(name for name in names if name not in vocabulary), *strange(conditions, vocabulary)]


def strange(conditions: list[Condition], vocabulary: Vocabulary) -> list[str]:
    """Facts, and values or members of facts, that conditions read and the vocabulary lacks."""
    words: dict[str, None] = {}
    for condition in conditions:
        for atom in atoms(condition):
            fact = vocabulary.get(atom.fact)
            if not isinstance(fact, _KINDS[type(atom)]):
                words[atom.fact] = None
            elif isinstance(fact, Choice) and isinstance(atom, OneOf):
                words |= dict.fromkeys(value for value in atom.values if value not in fact.values)
            elif isinstance(fact, Flags) and isinstance(atom, HasAny | HasEvery):
                words |= dict.fromkeys(
                    member for member in atom.members if member not in fact.members
                )
    return list(words)


def turned(promise: Promise, before: Vocabulary, after: Vocabulary) -> list[str]:
    """What the promise raises and the newer vocabulary orders otherwise: graver is another word."""
    names = promise.facts if isinstance(promise, Raising) else ()
    return [f"order of {name}" for name in names if _order(before, name) != _order(after, name)]


def _order(vocabulary: Vocabulary, name: str) -> tuple[str, ...]:
    fact = vocabulary.get(name)
    return fact.rising or fact.values if isinstance(fact, Choice) else ()


def in_words_of(rulebook: Rulebook, vocabulary: Vocabulary) -> Rulebook | None:
    """The rules of the rulebook over another vocabulary; None when it lacks a word they need."""
    if strange([rulebook.opened(rule.when) for rule in rulebook.rules], vocabulary):
        return None
    return replace(rulebook, vocabulary=vocabulary, promises=())
