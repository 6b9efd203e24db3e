"""The list of seeded faults: each changes one piece of the program, and named tests must notice.

`faults.toml` has them under the file that each changes, so a file that moves is rewritten there.
"""

import tomllib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

LIST = Path(__file__).with_name("faults.toml")


@dataclass(frozen=True)
class Fault:
    name: str
    file: str
    old: str
    new: str
    tests: tuple[str, ...]

    @property
    def is_in_the_schema(self) -> bool:
        """Whether it changes what a migration makes, so that a database of its own is needed."""
        return "/migrations/" in self.file

    def problem(self, root: Path) -> str:
        """Why it cannot be seeded below this folder; empty when it can."""
        path = root / self.file
        if not path.is_file():
            return f"there is no file {self.file}"
        count = path.read_text().count(self.old)
        if count != 1:
            return "the text is no longer there" if not count else f"the text is there {count} ×"
        return "" if self.old != self.new else "the new text is the old one"

    def seeded(self, text: str) -> str:
        return text.replace(self.old, self.new)


def faults(path: Path = LIST) -> list[Fault]:
    listed = tomllib.loads(path.read_text())
    return [
        Fault(row["name"], file, row["old"], row["new"], tuple(row["tests"]))
        for file, rows in listed.items()
        for row in rows
    ]


def chosen(listed: Sequence[Fault], words: Sequence[str]) -> list[Fault]:
    """Those whose name or file has one of the words; all of them without words."""
    return [
        fault
        for fault in listed
        if not words or any(word.lower() in f"{fault.file} {fault.name}".lower() for word in words)
    ]
