"""Python source that reads an answered deal from a plain dictionary and screens it at once.

Nothing is made between dictionary and rules: no Facts, no cells. Only the ordinary form is read, in
which every fact but texts is answered, sets of flags as lists; whatever else there may be, wrong
values and unknown names included, is left to `Vocabulary.parse` by an error.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from policy.engine.language.condition import Rulebook
from policy.engine.language.facts import (
    LARGEST_AMOUNT,
    LONGEST_TEXT,
    NO,
    YES,
    Amount,
    Choice,
    Fact,
    Flags,
    Text,
    YesNo,
)
from policy.engine.readings.generated import fired_lines, local


class NotOrdinary(Exception):
    """A deal that `Vocabulary.parse` must look at; it says what is wrong, if anything is."""


#: What is raised where a deal is not in the ordinary form.
MISFITS = (KeyError, TypeError, NotOrdinary)


def plain_source(rulebook: Rulebook, bits: Mapping[str, int]) -> tuple[str, dict[str, Any]]:
    """`screen_plain(plain)` → bits of the fired rules, all others being quiet; and its names."""
    names: dict[str, Any] = {"NotOrdinary": NotOrdinary}
    vocabulary = rulebook.vocabulary
    lines = ["def screen_plain(plain):"]
    texts = []
    for at, (name, fact) in enumerate(vocabulary.items()):
        if isinstance(fact, Text):
            texts.append(name)
            continue
        names[f"name{at}"] = name
        slot = vocabulary.slots[name]
        lines += [f"    {line}" for line in _read(fact, at, slot, names)]
    names["texts"] = tuple(texts)
    lines += [
        "    get = plain.get",
        "    found = [text for name in texts if (text := get(name)) is not None]",
        # As many as were read: there is no other, and no text that is null.
        f"    if len(plain) != len(found) + {len(vocabulary) - len(texts)}:",
        "        raise NotOrdinary",
        "    together = ''.join(found)",
        f"    if not together.isascii() or '\\0' in together or len(together) > {LONGEST_TEXT}:",
        "        raise NotOrdinary",
        *fired_lines(rulebook, bits),
        "    return fired",
    ]
    return "\n".join(lines), names


def _read(fact: Fact, at: int, slot: int, names: dict[str, Any]) -> Iterator[str]:
    """Reads one fact into the local of its cell; a set of flags into both of its own."""
    cell = local(slot)
    match fact:
        case Choice(_, values):
            names[f"bits{at}"] = {value: 1 << number for number, value in enumerate(values)}
            yield f"{cell} = bits{at}[plain[name{at}]]"
        case YesNo():
            yield f"value = plain[name{at}]"
            # 1 is equal to True and no answer.
            yield f"{cell} = {YES} if value is True else {NO} if value is False else 0"
            yield f"if not {cell}:"
            yield "    raise NotOrdinary"
        case Amount():
            yield f"{cell} = plain[name{at}]"
            yield f"if type({cell}) is not int or abs({cell}) > {LARGEST_AMOUNT}:"
            yield "    raise NotOrdinary"
        case Flags():
            names[f"bits{at}"] = fact.bits
            yield f"value = plain[name{at}]"
            yield "if type(value) is not list:"
            yield "    raise NotOrdinary"
            yield f"{cell} = 0"
            yield "for member in value:"
            yield f"    {cell} |= bits{at}[member]"
            yield f"{local(slot + 1)} = {cell}"
