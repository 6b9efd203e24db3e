"""YAML 1.2 as a tree that knows its positions, read within limits.

Only what a policy needs: mappings, lists and plain values. Anchors, aliases, tags and directives
are refused, because two places that look different would then be one, or the other way round.
"""

import re
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field, replace
from typing import Any

import yaml
from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, YAMLError, YAMLStreamError

from policy.engine.language.explained import explained
from policy.engine.language.words import shown

LARGEST_FILE = 1_000_000  # bytes
DEEPEST = 60
MOST_NODES = 60_000
MOST_PROBLEMS = 200

# The parser looks at every open bracket again with each further one. Behind a quotation mark or in
# a comment, brackets are letters.
_TOO_DEEP = re.compile(rf"^[^\n#\"']*?(?:[\[{{]\s*+){{{DEEPEST}}}(?=[\[{{])", re.MULTILINE)
# White space, ends of lines and directives, which libyaml reads as YAML 1.1 has them.
_ANOTHER_YAML = re.compile("[\t\x85\u2028\u2029\ufeff]|^%", re.MULTILINE)
_INTEGER = re.compile(r"[-+]?[0-9]{1,20}\Z")
_FLOAT = re.compile(
    r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)(e[-+]?[0-9]+)?\Z|[-+]?\.inf\Z|\.nan\Z", re.IGNORECASE
)
_WORDS: dict[str, bool | None] = {
    **dict.fromkeys(("true", "True", "TRUE"), True),
    **dict.fromkeys(("false", "False", "FALSE"), False),
    **dict.fromkeys(("", "~", "null", "Null", "NULL"), None),
}


@dataclass(frozen=True, slots=True)
class Problem:
    """What is wrong, and where: line and column count from 1."""

    file: str
    line: int
    column: int
    what: str
    #: A name that stands where a code belongs, and the code that was probably meant.
    written: str = ""
    code: str = ""

    @property
    def sentence(self) -> str:
        """For the page of one text, which needs no name of a file."""
        return f"line {self.line}, column {self.column}: {self.what}"

    def __str__(self) -> str:
        return f"{self.file}:{self.line}:{self.column}: {self.what}"


class ReadingError(ValueError):
    """A text that can not be read; `problems` holds all that was found in one pass."""

    def __init__(self, problems: list[Problem]) -> None:
        super().__init__("\n".join(str(problem) for problem in problems))
        self.problems = tuple(problems)


@dataclass(slots=True)
class Node:
    """A scalar (str, bool, int, float or None), a list, or a mapping with its keys as nodes."""

    line: int
    column: int
    value: object = None
    parts: list["Node"] | None = None
    entries: list[tuple["Node", "Node"]] | None = None

    def __iter__(self) -> Iterator["Node"]:
        return iter(self.parts or ())

    @property
    def is_blank(self) -> bool:
        return self.value is None and self.parts is None and self.entries is None

    @property
    def described(self) -> str:
        """What stands here, as an error message says it."""
        if self.entries is not None:
            return "“name: value”"
        if self.parts is not None:
            return "a list"
        if self.value is None:
            return "nothing"
        if isinstance(self.value, bool):
            return "true" if self.value else "false"
        return shown(self.value)


@dataclass
class Problems:
    """Collects problems of one file; too many are cut off, so that reading stays bounded."""

    file: str
    found: list[Problem] = field(default_factory=list)

    def add(self, node: Node, what: str, *, code: str = "") -> None:
        """``code`` is what may stand in place of the node, where a name stands."""
        written = node.value if code and isinstance(node.value, str) else ""
        self.at(node.line, node.column, what, written, code)

    def at(self, line: int, column: int, what: str, written: str = "", code: str = "") -> None:
        if len(self.found) < MOST_PROBLEMS:
            self.found.append(Problem(self.file, line, column, what, written, code))

    @property
    def full(self) -> bool:
        return len(self.found) >= MOST_PROBLEMS

    def check(self) -> None:
        """Raises ReadingError when anything was found."""
        if self.found:
            self.found.sort(key=lambda problem: (problem.line, problem.column))
            if self.full:
                last = self.found[-1]
                self.found[-1] = replace(last, what=f"{last.what}; further problems are not shown")
            raise ReadingError(self.found)


@dataclass(frozen=True)
class Plain:
    """A value of canonical text instead of YAML: no place in it is worth naming."""

    value: object


type Written = str | Plain


def read_marked(text: Written, problems: Problems, *, lists: bool = False) -> Node:
    """The one mapping that the text holds, or with ``lists`` the one list.

    Raises ReadingError when it is not such YAML.
    """
    builder = _Builder(problems)
    root = builder.of_plain(text.value) if isinstance(text, Plain) else _parsed(text, builder)
    problems.check()
    if root is None or (root.entries is None and not (lists and root.parts is not None)):
        problems.at(
            1,
            1,
            f"expected lines such as “name: value”, not {root.described if root else 'nothing'}",
        )
        problems.check()
        raise AssertionError  # check() has raised
    return root


def _parsed(text: str, builder: "_Builder") -> Node | None:
    problems = builder.problems
    size = len(text.encode(errors="surrogatepass"))
    if size > LARGEST_FILE:
        problems.at(1, 1, f"{size} bytes; at most {LARGEST_FILE} are read")
        problems.check()
    if deep := _TOO_DEEP.search(text):
        problems.at(*_place(text, deep.end()), f"nested deeper than {DEEPEST}")
        problems.check()
    if not _ANOTHER_YAML.search(text):
        with suppress(yaml.YAMLError, ReadingError, UnicodeError):
            root = _Builder(problems).build(yaml.parse(text, Loader=yaml.CSafeLoader))
            problems.check()
            return root
        # The other parser takes ten times as long, and says better what is wrong.
        problems.found.clear()
    try:
        return builder.build(YAML(typ="safe", pure=True).parse(text))
    except ReadingError:
        raise
    except MarkedYAMLError as error:
        mark: Any = error.problem_mark or error.context_mark
        if "quoted scalar" in str(error.context):
            # Where the quotation begins; the parser went on to the end of the text.
            error.problem, mark = error.context, error.context_mark
        line, column = (mark.line + 1, mark.column + 1) if mark else (1, 1)
        problems.at(*explained(text, line, column, str(error.problem or error.context)))
    except (YAMLError, YAMLStreamError) as error:
        what = " ".join(str(getattr(error, "reason", "") or error).split())
        line, column = _place(text, getattr(error, "position", 0))
        problems.at(line, column, f"not YAML: {what}")
    # ruamel.yaml 0.19 answers some malformed escapes and directives with these.
    except (ValueError, OverflowError, IndexError, AttributeError, AssertionError) as error:
        problems.at(1, 1, f"not YAML: {error or type(error).__name__}")
    return None


def _place(text: str, position: object) -> tuple[int, int]:
    before = text[: position if isinstance(position, int) else 0]
    return before.count("\n") + 1, len(before) - before.rfind("\n")


# Two parsers have classes of the same names for what they find.
_NODES = frozenset({"AliasEvent", "ScalarEvent", "MappingStartEvent", "SequenceStartEvent"})
_ENDS = frozenset({"MappingEndEvent", "SequenceEndEvent"})


class _Builder:
    """Makes nodes from parser events, without recursion, or from plain values."""

    def __init__(self, problems: Problems) -> None:
        self.problems = problems
        self.nodes = 0

    def build(self, events: Any) -> Node | None:
        root: Node | None = None
        stack: list[Node] = []
        keys: list[Node | None] = []  # per open mapping: the key that waits for its value
        for event in events:
            found = type(event).__name__
            if found == "DocumentStartEvent":
                line, column = event.start_mark.line + 1, event.start_mark.column + 1
                if root is not None:
                    self._stop(line, column, "a second document; a file holds one")
                if event.version or event.tags:
                    self._stop(line, column, "a %-directive; the file is YAML 1.2 and needs none")
            elif found in _ENDS:
                stack.pop()
                keys.pop()
            elif found in _NODES:
                node = self._node(event, found, len(stack))
                if not stack:
                    root = node
                else:
                    self._attach(stack[-1], keys, node)
                if node.entries is not None or node.parts is not None:
                    stack.append(node)
                    keys.append(None)
        return root

    def _node(self, event: Any, found: str, depth: int) -> Node:
        line, column = event.start_mark.line + 1, event.start_mark.column + 1
        self._count(line, column, depth)
        if found == "AliasEvent":
            self.problems.at(line, column, f"an alias (*{event.anchor}); write the value out")
            return Node(line, column)
        if event.anchor:
            self.problems.at(line, column, f"an anchor (&{event.anchor}); anchors are not allowed")
        if event.tag and str(event.tag) not in {"!", "None"}:
            self.problems.at(line, column, f"a tag ({event.tag}); tags are not allowed")
        if found == "MappingStartEvent":
            return Node(line, column, entries=[])
        if found == "SequenceStartEvent":
            return Node(line, column, parts=[])
        return Node(line, column, value=_scalar(event.value, quoted=bool(event.style)))

    def _attach(self, parent: Node, keys: list[Node | None], node: Node) -> None:
        if node.is_blank and keys[-1] is not None and node.line > keys[-1].line:
            # The parser sees that a value is missing only where the next line begins.
            node.line, node.column = keys[-1].line, keys[-1].column
        if parent.parts is not None:
            parent.parts.append(node)
        elif (key := keys[-1]) is None:
            keys[-1] = node
        elif parent.entries is not None:
            keys[-1] = None
            parent.entries.append((key, node))

    def of_plain(self, value: object, depth: int = 0) -> Node:
        self._count(1, 1, depth)
        if isinstance(value, dict):
            entries = [
                (self.of_plain(key, depth + 1), self.of_plain(part, depth + 1))
                for key, part in value.items()
            ]
            return Node(1, 1, entries=entries)
        if isinstance(value, list):
            return Node(1, 1, parts=[self.of_plain(part, depth + 1) for part in value])
        is_number = isinstance(value, int | float) and not isinstance(value, bool)
        return Node(1, 1, value=_scalar(repr(value), quoted=False) if is_number else value)

    def _count(self, line: int, column: int, depth: int) -> None:
        self.nodes += 1
        if self.nodes > MOST_NODES:
            self._stop(line, column, f"more than {MOST_NODES} values")
        if depth >= DEEPEST:
            self._stop(line, column, f"nested deeper than {DEEPEST}")

    def _stop(self, line: int, column: int, what: str) -> None:
        self.problems.at(line, column, what)
        self.problems.check()


def _scalar(text: str, *, quoted: bool) -> object:
    if quoted:
        return text
    if text in _WORDS:
        return _WORDS[text]
    if _INTEGER.match(text):
        return int(text)
    if _FLOAT.match(text):
        return float(text.lower().replace(".inf", "inf").replace(".nan", "nan"))
    return text
