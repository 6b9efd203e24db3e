"""Conditions and promises in plain words, as trees that a page can show without code."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from policy.engine.language.condition import (
    All,
    Atom,
    Compare,
    Condition,
    Either,
    EveryRule,
    Exists,
    HasAny,
    HasEvery,
    Is,
    Losing,
    Not,
    OneOf,
    Promise,
    Raising,
    Rulebook,
    Surely,
    Term,
    atoms,
)
from policy.engine.language.facts import Vocabulary

OUTCOMES = {
    "clear": "Clear",
    "senior_review": "Senior review",
    "executive_review": "Executive review",
    "needs_information": "Needs information",
    "bar": "Barred",
}
_COMPARED = {"above": "above", "at_least": "at least", "below": "below", "at_most": "at most"}


@dataclass(frozen=True)
class Phrase:
    """A part of a condition. `text` says it; `parts` are what it is made of; `term` names it."""

    text: str
    parts: tuple["Phrase", ...] = ()
    term: str = ""


def condition(rulebook: Rulebook, what: Condition) -> Phrase:
    """The condition as nested sentences; a term stays a name, with what it means as its parts."""
    return _phrase(rulebook, what, negated=False)


def _phrase(rulebook: Rulebook, what: Condition, *, negated: bool) -> Phrase:
    match what:
        case All(parts) | Either(parts):
            every = isinstance(what, All) is not negated
            text = "all of these hold" if every else "at least one of these holds"
            return Phrase(text, tuple(_phrase(rulebook, part, negated=negated) for part in parts))
        case Not(part):
            return _phrase(rulebook, part, negated=not negated)
        case Term(name):
            inner = _phrase(rulebook, rulebook.terms[name], negated=False)
            words = name.replace("_", " ")
            return Phrase(f"not: {words}" if negated else words, (inner,), name)
        case _:
            return Phrase(atom(rulebook.vocabulary, what, negated=negated))


def atom(vocabulary: Vocabulary, what: Atom, *, negated: bool = False) -> str:
    """One fact and what is asked of it: "Purpose is railway operations"."""
    fact = vocabulary[what.fact]
    label = fact.label or what.fact.replace("_", " ").capitalize()
    match what:
        case OneOf(_, values):
            words = either([fact.say(value) for value in values])
            return f"{label} is {'not ' if negated else ''}{words}"
        case HasAny(_, members):
            member_words = [fact.say(member) for member in members]
            if negated:
                return f"{label} include none of: {', '.join(member_words)}"
            return f"{label} include {either(member_words)}"
        case HasEvery(_, members):
            words = ", ".join(fact.say(member) for member in members)
            return f"{label} {'do not ' if negated else ''}include all of: {words}"
        case Is(_, value):
            return f"{label}: {fact.say('true' if value is not negated else 'false')}"
        case Compare(_, comparison, threshold):
            words = f"{_COMPARED[comparison]} {fact.say(str(threshold))}"
            return f"{label} is {'not ' if negated else ''}{words}"


def either(words: Sequence[str]) -> str:
    """ "a", "a or b", "a, b or c"."""
    if len(words) < 2:
        return "".join(words)
    return f"{', '.join(words[:-1])} or {words[-1]}"


def facts_of(rulebook: Rulebook, what: Condition) -> frozenset[str]:
    return frozenset(atom.fact for atom in atoms(rulebook.opened(what)))


# --- Promises ------------------------------------------------------------------------------------


@dataclass(frozen=True)
class PromiseWords:
    """A promise as a page shows it: its own sentence, and how it is checked."""

    id: str
    says: str
    means: str


def promise(rulebook: Rulebook, what: Promise) -> PromiseWords:
    return PromiseWords(what.id, what.says, _means(rulebook.vocabulary, what))


def _means(vocabulary: Vocabulary, what: Promise) -> str:
    match what:
        case Surely(only=only, possibly=possibly):
            when = "is true or may still be" if possibly is not None else "is true"
            return f"Wherever the condition {when}, the outcome is {_outcomes(only)}."
        case Raising(facts=names):
            labels = either([f"“{_label(vocabulary, name)}”" for name in names])
            return f"Making {labels} graver never makes the outcome milder."
        case Losing():
            return "Taking an answer away never lets a deal through that was held before."
        case Exists(outcome=outcome):
            return f"At least one such deal comes out as {_outcomes(outcome)}."
        case EveryRule(can=can):
            return f"There is a deal for every rule in which it can {can}."


def _outcomes(names: Sequence[str]) -> str:
    return either([OUTCOMES[name].lower() for name in names])


def _label(vocabulary: Vocabulary, name: str) -> str:
    fact = vocabulary.get(name)
    return (fact.label if fact else "") or name.replace("_", " ")


_RULES = {
    "fire": "For every rule there is a deal, with every question answered, in which it fires.",
    "decide": "For every rule there is a deal, with every question answered, in which it fires and"
    " no higher rule does.",
}


def in_words(text: Rulebook, promise: Promise) -> str:
    """What a promise promises, in a sentence made of its conditions with every term written out.

    It stands beside the sentence that a person wrote: a condition that changes changes it,
    whatever that person says. ``text`` has the terms and the vocabulary of the promise.
    """
    match promise:
        case Surely(surely=surely, possibly=possibly, only=only):
            return f"{_where(text, surely, possibly)} the outcome is {_allowed(only)}."
        case Raising(facts=names, given=given):
            where = "" if given is None else f" and where {_stated(text, given)}"
            return (
                f"With every question answered{where}, a graver value of"
                f" {either(_labels(text.vocabulary, names))} never makes the outcome milder."
            )
        case Losing(facts=names):
            return (
                f"When the answer on {either(_labels(text.vocabulary, names))} is lost, on one or"
                " more of them, the outcome never gets milder, except from barred to needs"
                " information."
            )
        case Exists(exists=exists, outcome=outcome):
            return (
                f"For some deal with every question answered, where {_stated(text, exists)}, the"
                f" outcome is {_allowed(outcome)}."
            )
        case EveryRule(can=can):
            return _RULES[can]


def _where(text: Rulebook, surely: Condition | None, possibly: Condition | None) -> str:
    parts = []
    if surely is not None:
        parts.append(f"where {_stated(text, surely)}")
    if possibly is not None:
        parts.append(f"where it is so, or not known, that {_stated(text, possibly)}")
    words = " and ".join(parts) or "for every deal"
    return f"{words[:1].upper()}{words[1:]},"


def _stated(text: Rulebook, what: Condition) -> str:
    return _one_line(condition(text, text.opened(what)), is_inner=False)


def _one_line(phrase: Phrase, *, is_inner: bool) -> str:
    """The parts of a condition in one line, in brackets where they stand among others."""
    parts = list(_flat(phrase))
    if len(parts) == 1:
        part = parts[0]
        return _one_line(part, is_inner=is_inner) if part.parts else _lower(part.text)
    word = "; and " if _is_all(phrase) else "; or "
    words = word.join(_one_line(part, is_inner=True) for part in parts)
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


def _allowed(names: Sequence[str]) -> str:
    """Those that are allowed; what is forbidden where that is shorter."""
    forbidden = [name for name in OUTCOMES if name not in names]
    if not forbidden:
        return "any of them"
    if len(forbidden) < len(names):
        return f"never {either([OUTCOMES[name].lower() for name in forbidden])}"
    return either([OUTCOMES[name].lower() for name in names])


def _labels(vocabulary: Vocabulary, names: Sequence[str]) -> list[str]:
    return [f"“{_label(vocabulary, name)}”" for name in names]


def conditions_of(what: Promise) -> Iterator[Condition]:
    """The conditions that a promise is written with."""
    for name in ("surely", "possibly", "given", "exists"):
        part = getattr(what, name, None)
        if part is not None:
            yield part


def touches(rulebook: Rulebook, what: Promise, rule_id: str) -> bool:
    """Whether the promise speaks of a fact that the rule reads, or of every rule."""
    read = rulebook.looks[rule_id].keys()
    match what:
        case EveryRule():
            return True
        case Losing(facts=names) | Raising(facts=names):
            return not read.isdisjoint(names)
    return any(not read.isdisjoint(facts_of(rulebook, part)) for part in conditions_of(what))


# --- Deals ---------------------------------------------------------------------------------------

# Texts only serve sentences; an example deal is told by the facts that rules read.
_EMPTY: tuple[object, ...] = ([], {})
_PRESENCE = ("_named", "_stated", "_complete")


@dataclass(frozen=True)
class DealWords:
    """A deal as label and value: what is remarkable about it, and the ordinary rest."""

    remarkable: list[tuple[str, str]]
    ordinary: list[tuple[str, str]]

    @property
    def rows(self) -> list[tuple[str, str]]:
        return [*self.remarkable, *self.ordinary]

    def __bool__(self) -> bool:
        return bool(self.rows)


def deal_in_words(vocabulary: Vocabulary, plain: Mapping[str, Any]) -> DealWords:
    """A deal in the order of the vocabulary, without texts; what is not answered is remarkable."""
    words = DealWords([], [])
    for name, fact in vocabulary.items() if plain else ():
        value = plain.get(name)
        if fact.kind == "text" or value in _EMPTY:
            continue
        label = fact.label or name.replace("_", " ")
        if value is None:
            words.remarkable.append((label, "not known"))
            continue
        row = (label, _said(fact, value))
        (words.ordinary if _is_ordinary(name, fact, value) else words.remarkable).append(row)
    return words


def _is_ordinary(name: str, fact: Any, value: Any) -> bool:
    """Whether the value is the mildest there is, or only says that an answer is there."""
    if fact.kind == "yesno":
        return bool(value) is name.endswith(_PRESENCE)
    # The country, the end user and the purpose are what a person asks first, however mild.
    rising: tuple[str, ...] = getattr(fact, "rising", ())
    return bool(rising) and value == rising[0] and name != "country_risk"


def _said(fact: Any, value: Any) -> str:
    if isinstance(value, bool):
        return str(fact.say("true" if value else "false"))
    if isinstance(value, list):
        return ", ".join(fact.say(member) for member in value)
    if isinstance(value, dict):
        sure = ", ".join(fact.say(member) for member in value.get("yes", []))
        unknown = ", ".join(fact.say(member) for member in value.get("unknown", []))
        return "; ".join(filter(None, (sure, f"not known: {unknown}" if unknown else "")))
    return str(fact.say(str(value)))
