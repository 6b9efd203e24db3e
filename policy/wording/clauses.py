"""The clauses that rules cite, and the evidence that findings ask for, in words."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

from ruamel.yaml import YAML

from policy.engine.language.reading import Cited
from policy.facts import shipped


@dataclass(frozen=True)
class Clause:
    """One sentence of the policy: its key phrase as a quotation, and what it asks of us."""

    id: str
    title: str
    kind: str
    key_phrase: str
    asks: str
    #: Which commitment of the policy, and which sentence of it; None for a heading or a belief.
    commitment: int | None = None
    sentence: int | None = None

    @property
    def is_known(self) -> bool:
        """Whether the policy has it: an older version may cite what is gone."""
        return bool(self.kind)


def cited(text: str) -> list[Clause]:
    """The clauses that a rule's citation names, such as "C3b, C4a", in its order.

    A citation that this version of the policy does not know is shown by its id alone.
    """
    names = [name.strip() for name in text.split(",") if name.strip()]
    return [clauses().get(name) or Clause(name, name, "", "", "") for name in names]


@cache
def clauses() -> Mapping[str, Clause]:
    """Id to clause, in the order of the policy."""
    entries = _read("clauses.yaml")["clauses"]
    return {
        name: Clause(
            name,
            entry["title"],
            entry["kind"],
            entry["key_phrase"],
            entry["asks"].strip(),
            entry.get("commitment"),
            entry.get("sentence"),
        )
        for name, entry in entries.items()
    }


@cache
def source() -> Mapping[str, str]:
    """Where the quotations stand: document, number, date, publisher."""
    return {name: str(value) for name, value in _read("clauses.yaml")["policy"].items()}


@cache
def evidence() -> Mapping[str, str]:
    """What each id of evidence is, in words."""
    entries = _read("evidence.yaml")
    return {name: words for name, words in entries.items() if isinstance(words, str)}


@cache
def known() -> Cited:
    """What a rulebook may cite and ask for; another name is a mistake."""
    return Cited(tuple(clauses()), tuple(evidence()))


def _read(name: str) -> dict[str, Any]:
    entries: dict[str, Any] = YAML(typ="safe", pure=True).load(shipped.text(name))
    return entries
