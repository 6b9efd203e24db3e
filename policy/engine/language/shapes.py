"""Shapes of nodes: each method returns what it read, or notes a problem and returns a blank."""

import re
from collections.abc import Callable, Collection, Iterator, Mapping

from policy.engine.language.marked import Node, Problems
from policy.engine.language.words import code_for, did_you_mean, guess, listed, shown

NAME = re.compile(r"[a-z][a-z0-9_]{0,59}\Z")
ID = re.compile(r"[A-Za-z][A-Za-z0-9_.-]{0,59}\Z")
LONGEST_SENTENCE = 2_000
# What YAML 1.1 read as booleans; in YAML 1.2 these are plain words.
OLD_BOOLEANS = {
    **dict.fromkeys(("yes", "on", "y"), "true"),
    **dict.fromkeys(("no", "off", "n"), "false"),
}


class Shapes:
    def __init__(self, problems: Problems, meant: Callable[[str], str] | None = None) -> None:
        """``meant`` gives the code for a name, where a text writes names for codes."""
        self.problems = problems
        self.meant = meant

    def pairs(self, node: Node, what: str) -> Iterator[tuple[str, Node, Node]]:
        """The keys of a mapping with key and value nodes; keys are text and stand there once."""
        if node.entries is None:
            self.problems.add(
                node, f"{what}: expected lines such as “name: value”, not {node.described}"
            )
            return
        seen: dict[str, Node] = {}
        for key, value in node.entries:
            if not isinstance(key.value, str):
                hint = self._quote_hint(key)
                self.problems.add(key, f"{what}: expected a name as key, not {key.described}{hint}")
            elif key.value in seen:
                first = seen[key.value].line
                self.problems.add(key, f"duplicate key {shown(key.value)}; first on line {first}")
            else:
                seen[key.value] = key
                yield key.value, key, value

    def fields(
        self, node: Node, what: str, required: Collection[str], allowed: Collection[str] = ()
    ) -> dict[str, Node]:
        """The values of a mapping whose keys are fixed."""
        by_name: dict[str, Node] = {}
        meant: list[str] = []
        known = [*required, *allowed]
        for name, key, value in self.pairs(node, what):
            if name in known:
                by_name[name] = value
            else:
                hint = self.hint(name, known)
                self.problems.add(key, f"{what}: unknown key {shown(name)}{hint}")
                # One that is only misspelt is not missing, too.
                meant.append(guess(name, known))
        missing = [name for name in required if name not in {*by_name, *meant}]
        if missing and node.entries is not None:
            them = "it" if len(missing) == 1 else "them"
            self.problems.add(node, f"{what}: missing {listed(missing)}; add {them}")
        return by_name

    def text(self, node: Node | None, what: str, *, blank: bool = False) -> str:
        """A text that is not empty (unless `blank`)."""
        if node is None:
            return ""
        if not isinstance(node.value, str):
            hint = self._quote_hint(node)
            if node.is_blank:
                self.problems.add(node, f"{what}: is empty; write a text, or remove the line")
            else:
                self.problems.add(node, f"{what}: expected text, not {node.described}{hint}")
            return ""
        if not node.value.strip() and not blank:
            self.problems.add(node, f"{what}: is empty")
        if len(node.value) > LONGEST_SENTENCE:
            self.problems.add(
                node, f"{what}: {len(node.value)} characters; at most {LONGEST_SENTENCE} are read"
            )
            return ""
        return node.value.strip()

    def name(self, node: Node, what: str) -> str:
        """A name of small letters, digits and underscores, or ""."""
        value = self.text(node, what)
        if value and not NAME.match(value):
            self.problems.add(
                node,
                f"{what}: {shown(value)} is not a valid name; a name has up to 60 small letters,"
                " digits and underscores and starts with a letter",
            )
            return ""
        return value

    def id(self, node: Node | None, what: str, taken: dict[str, int]) -> str:
        """An id that nothing else in this file has; `taken` maps ids to their lines."""
        value = self.text(node, what)
        if not value or node is None:
            return value
        if not ID.match(value):
            self.problems.add(
                node,
                f"{what}: {shown(value)} is not a valid id; an id has up to 60 letters, digits,"
                " dots, dashes and underscores and starts with a letter",
            )
        elif value in taken:
            self.problems.add(node, f"duplicate id {value}; first on line {taken[value]}")
        else:
            taken[value] = node.line
        return value

    def one_of(
        self,
        node: Node | None,
        what: str,
        known: Collection[str],
        words: Mapping[str, str] | None = None,
    ) -> str:
        """One of a few words, or "". ``words`` are what else they are called."""
        if node is None:
            return ""
        if not isinstance(node.value, str) or node.value not in known:
            hint = self.hint(node.value, known)
            if isinstance(node.value, bool):
                hint = self._quote_hint(node)
            code = self.code_for(node.value, known, words)
            self.problems.add(node, f"{what}: unknown value {node.described}{hint}", code=code)
            return ""
        return node.value

    def code_for(
        self, name: object, known: Collection[str], words: Mapping[str, str] | None = None
    ) -> str:
        """The code that a name stands for, or ""."""
        code = code_for(name, known, words)
        if not code and self.meant and isinstance(name, str):
            code = self.meant(name)
        return code if code in known else ""

    def several_of(
        self,
        node: Node | None,
        what: str,
        known: Collection[str],
        words: Mapping[str, str] | None = None,
    ) -> tuple[str, ...]:
        """A list of different known words that is not empty."""
        if node is None:
            return ()
        if node.parts is None:
            example = node.value if isinstance(node.value, str) and node.value in known else "…"
            self.problems.add(
                node, f"{what}: expected a list, not {node.described}; did you mean [{example}]?"
            )
            return ()
        if not node.parts:
            self.problems.add(node, f"{what}: the list is empty; name at least one")
        values: list[str] = []
        for part in node:
            if self.problems.full:
                break
            value = self.one_of(part, what, known, words)
            if value in values:
                self.problems.add(part, f"{what}: {value} is listed twice")
            elif value:
                values.append(value)
        return tuple(values)

    def boolean(self, node: Node, what: str) -> bool | None:
        if isinstance(node.value, bool):
            return node.value
        hint = ""
        if isinstance(node.value, str) and node.value.lower() in OLD_BOOLEANS:
            hint = f"; did you mean {OLD_BOOLEANS[node.value.lower()]}?"
        self.problems.add(node, f"{what}: expected true or false, not {node.described}{hint}")
        return None

    def parts(self, node: Node | None, what: str) -> list[Node]:
        """The nodes of a list."""
        if node is None:
            return []
        if node.parts is None:
            self.problems.add(node, f"{what}: expected a list, not {node.described}")
            return []
        return node.parts

    def hint(self, value: object, known: Collection[str]) -> str:
        """What may have been meant: a near word, or all words when they are few."""
        # Guessing costs more than all other checks together, so a flood of errors gets few guesses.
        if len(self.problems.found) > 50:
            return ""
        guessed = did_you_mean(value, known)
        if guessed or len(known) > 12:
            return guessed
        return f"; it is one of {listed(sorted(known))}"

    def _quote_hint(self, node: Node) -> str:
        if isinstance(node.value, bool):
            return (
                "; YAML reads this word as true or false: put text in quotes, for example"
                f' "{str(node.value).lower()}" (no and NO are text without quotes)'
            )
        if isinstance(node.value, int | float):
            return f'; put it in quotes: "{node.value}"'
        return ""
