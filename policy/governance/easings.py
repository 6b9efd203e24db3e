"""What of a new version lets more through, asks less, or tells people something else.

Each kind of change has a name. The activator confirms it by that name on the page, and a policy
repository with a file of names and reasons on the command line.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from policy.engine.language.condition import RANK
from policy.engine.language.phrases import OUTCOMES

Rows = Iterable[Mapping[str, Any]]


@dataclass(frozen=True)
class Loosening:
    """A kind of change that is confirmed by its name."""

    name: str
    words: str


def of_rulebook(found: Mapping[str, Any]) -> list[Loosening]:
    """Milder outcomes, rules that are gone or fire for fewer deals, and what people read."""
    return [
        *_milder(found["differences"]),
        *(Loosening(one["name"], one["words"]) for one in found["fewer"]),
        *_other_words(found["reworded"]),
        *_other_sentences(found["charter"]),
    ]


def _milder(differences: Rows) -> list[Loosening]:
    return [
        Loosening(kind_name(one), kind_words(one))
        for one in differences
        if is_looser(one["before"], one["after"])
    ]


def _other_words(reworded: Rows) -> list[Loosening]:
    """One for each rule or fact whose words changed, with everything that changed."""
    words: dict[str, str] = {}
    for one in reworded:
        if not one["is_silent"]:
            change = f"{one['what']} “{one['before']}” becomes “{one['after']}”"
            name = f"words of {one['rule']}"
            words[name] = (
                f"{words[name]}; {change}" if name in words else f"{one['rule']}: {change}"
            )
    return [Loosening(name, change) for name, change in words.items()]


def _other_sentences(charter: Rows) -> list[Loosening]:
    """Promises that are kept, but a person reads another sentence.

    One that is not kept says so itself and waits for an executive reviewer.
    """
    return [
        Loosening(
            f"words of {one['id']}", f"{one['id']}: “{one['says']}” becomes “{one['says_now']}”"
        )
        for one in charter
        if not one["confirm"] and one["says"] != one["says_now"]
    ]


def is_looser(before: str, after: str) -> bool:
    return RANK[after] < RANK[before]


def kind_name(difference: Mapping[str, Any]) -> str:
    rules = " ".join(difference["rules"])
    return f"{difference['before']} to {difference['after']}" + (f" by {rules}" if rules else "")


def kind_words(difference: Mapping[str, Any]) -> str:
    """No rule fires otherwise where one that could not be decided made the difference."""
    rules = ", ".join(difference["rules"])
    change = from_to(difference["before"], difference["after"])
    return f"{change}, because of {rules}" if rules else f"{change}, where an answer is missing"


def from_to(before: str, after: str) -> str:
    return f"{OUTCOMES[before]} becomes {OUTCOMES[after].lower()}"
