"""Names where codes are expected: what somebody meant who wrote "Finland" for FI.

Nothing is replaced by itself. What was written and the code that would stand instead is offered,
and whoever proposes the version accepts all of it or mends the file.
"""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from difflib import get_close_matches
from typing import Any

from policy.engine.language.facts import Fact, digest
from policy.engine.language.marked import Problem
from policy.engine.language.words import LONGEST_GUESS
from policy.reference.names.folding import fold

_ARTICLES = ("a ", "an ", "the ")
#: A word that two names share must be longer to say anything.
_SHORTEST_SHARED = 6
_LIKE = 0.72


@dataclass(frozen=True, slots=True)
class Offer:
    """One place at which a name stands, and the code for it."""

    where: str
    written: str
    code: str

    def __str__(self) -> str:
        return f"{self.where}: “{self.written}” is no code; write {self.code}"


@dataclass(frozen=True)
class Codes:
    """The codes that a cell may hold, and what else they are called."""

    known: Collection[str]
    meant: Callable[[str], str]
    #: Between which signs several may stand in one cell; "" for one only.
    between: str = ""


@dataclass
class Offers:
    """What is offered while a file is read."""

    made: list[Offer] = field(default_factory=list)

    def coded(self, codes: Codes, text: str, where: str) -> str:
        """The cell with a code in place of each name that means one."""
        if not codes.between:
            return self._one(codes, text, where)
        parts = (part.strip() for part in text.split(codes.between))
        return f" {codes.between} ".join(self._one(codes, part, where) for part in parts if part)

    def _one(self, codes: Codes, text: str, where: str) -> str:
        if not text or text in codes.known:
            return text
        code = codes.meant(text)
        if not code:
            return text
        self.made.append(Offer(where, text, code))
        return code


def named(words: Mapping[str, Iterable[str]]) -> Callable[[str], str]:
    """From a name to its code, by the words that each code has; "" for none or several."""
    by_name: dict[str, set[str]] = {}
    for code, names in words.items():
        for name in (code, *names):
            by_name.setdefault(_plain(name), set()).add(code)

    def meant(written: str) -> str:
        if len(written) > LONGEST_GUESS:
            return ""
        name = _plain(written)
        if name in by_name:
            return _only(by_name[name])
        if near := get_close_matches(name, by_name, n=1, cutoff=_LIKE):
            return _only(by_name[near[0]])
        shared = set(_long(name))
        return _only(
            {code for other in by_name if shared & set(_long(other)) for code in by_name[other]}
        )

    return meant


def words_of(fact: Fact | None) -> Mapping[str, Sequence[str]]:
    """The values of a fact with the words that the vocabulary has for each."""
    if fact is None:
        return {}
    values: Any = getattr(fact, "values", None) or getattr(fact, "members", ())
    return {value: (fact.say(value),) for value in values}


def _long(name: str) -> list[str]:
    return [word for word in name.split() if len(word) >= _SHORTEST_SHARED]


def _only(codes: set[str]) -> str:
    return next(iter(codes)) if len(codes) == 1 else ""


def _plain(name: str) -> str:
    """Folded, without an article, and with blanks for what stands between words."""
    name = fold(name.replace("_", " ").replace("-", " "))
    for article in _ARTICLES:
        name = name.removeprefix(article)
    return name


def replaced(text: str, problems: Sequence[Problem]) -> str:
    """The text with the code in place of each name that a problem says the code of."""
    lines = text.splitlines(keepends=True)
    for problem in sorted(problems, key=lambda one: (one.line, one.column), reverse=True):
        if not problem.code or problem.line > len(lines):
            continue
        line, at = lines[problem.line - 1], problem.column - 1
        for spelled in (f'"{problem.written}"', f"'{problem.written}'", problem.written):
            if line.startswith(spelled, at):
                code = f'"{problem.code}"' if spelled[0] in "\"'" else problem.code
                lines[problem.line - 1] = line[:at] + code + line[at + len(spelled) :]
                break
    return "".join(lines)


def offered(problems: Sequence[Problem]) -> list[Offer]:
    """What `replaced` puts in place of names."""
    return [
        Offer(f"line {one.line}, column {one.column}", one.written, one.code) for one in problems
    ]


def digest_of(offers: Sequence[Offer]) -> str:
    """What stands for exactly these offers, so that nothing else is accepted with them."""
    return digest("\n".join(map(str, offers)))
