"""What a promise says, in one sentence that is made from its conditions and not from its words.

It stands beside the sentence that a person wrote. A condition that changes changes it, whatever
that person says: terms are written out, and every value is named.
"""

from collections.abc import Iterator, Sequence

from policy.engine.language.condition import (
    OUTCOMES,
    EveryRule,
    Exists,
    Losing,
    Promise,
    Raising,
    Rulebook,
    Surely,
)
from policy.engine.language.condition import Condition as AnyCondition
from policy.engine.language.facts import Vocabulary
from policy.engine.language.phrases import OUTCOMES as WORDS
from policy.engine.language.phrases import Phrase, condition, either

_RULES = {
    "fire": "For every rule there is a deal, with every question answered, in which it fires.",
    "decide": "For every rule there is a deal, with every question answered, in which it fires and"
    " no higher rule does.",
}


def in_words(text: Rulebook, promise: Promise) -> str:
    """The sentence; ``text`` has the terms and the vocabulary of the promise."""
    match promise:
        case Surely(surely=surely, possibly=possibly, only=only):
            return f"{_where(text, surely, possibly)} the outcome is {_outcomes(only)}."
        case Raising(facts=names, given=given):
            where = "" if given is None else f" and where {_said(text, given)}"
            return (
                f"With every question answered{where}, a graver value of"
                f" {either(_labels(text.vocabulary, names))} never makes the outcome milder."
            )
        case Losing(facts=names):
            return (
                f"When the answer on {either(_labels(text.vocabulary, names))} is lost, on one or"
                f" more of them, the outcome never gets milder, except from {WORDS['bar'].lower()}"
                f" to {WORDS['needs_information'].lower()}."
            )
        case Exists(exists=exists, outcome=outcome):
            return (
                f"For some deal with every question answered, where {_said(text, exists)}, the"
                f" outcome is {_outcomes(outcome)}."
            )
        case EveryRule(can=can):
            return _RULES[can]


def _where(text: Rulebook, surely: AnyCondition | None, possibly: AnyCondition | None) -> str:
    parts = []
    if surely is not None:
        parts.append(f"where {_said(text, surely)}")
    if possibly is not None:
        parts.append(f"where it is so, or not known, that {_said(text, possibly)}")
    words = " and ".join(parts) or "for every deal"
    return f"{words[:1].upper()}{words[1:]},"


def _said(text: Rulebook, what: AnyCondition) -> str:
    return _joined(condition(text, text.opened(what)), is_inner=False)


def _joined(phrase: Phrase, *, is_inner: bool) -> str:
    """The parts of a condition in one line, in brackets where they stand among others."""
    parts = list(_flat(phrase))
    if len(parts) == 1:
        part = parts[0]
        return _joined(part, is_inner=is_inner) if part.parts else _lower(part.text)
    word = "; and " if _is_all(phrase) else "; or "
    words = word.join(_joined(part, is_inner=True) for part in parts)
    return f"({words})" if is_inner else words


def _flat(phrase: Phrase) -> Iterator[Phrase]:
    """The parts, those of parts that are joined alike too; what has none is its own part."""
    if not phrase.parts:
        yield phrase
    for part in phrase.parts:
        if part.parts and (_is_all(part) is _is_all(phrase) or len(part.parts) == 1):
            yield from _flat(part)
        else:
            yield part


def _is_all(phrase: Phrase) -> bool:
    return phrase.text.startswith("all")


def _lower(text: str) -> str:
    """Without the capital letter of a label, unless it begins with an abbreviation."""
    return text if text[1:2].isupper() else f"{text[:1].lower()}{text[1:]}"


def _outcomes(names: Sequence[str]) -> str:
    """Those that are allowed; what is forbidden where that is shorter."""
    forbidden = [name for name in OUTCOMES if name not in names]
    if not forbidden:
        return "any of them"
    if len(forbidden) < len(names):
        return f"never {either([WORDS[name].lower() for name in forbidden])}"
    return either([WORDS[name].lower() for name in names])


def _labels(vocabulary: Vocabulary, names: Sequence[str]) -> list[str]:
    return [f"“{_label(vocabulary, name)}”" for name in names]


def _label(vocabulary: Vocabulary, name: str) -> str:
    fact = vocabulary.get(name)
    return (fact.label if fact else "") or name.replace("_", " ")
