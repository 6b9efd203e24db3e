"""Words of the policy, explained; the order of the file is the alphabet's on the page."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

from django.utils.text import slugify
from ruamel.yaml import YAML

from policy.facts import shipped


@dataclass(frozen=True)
class Word:
    word: str
    says: str
    clause: str

    @property
    def anchor(self) -> str:
        return slugify(self.word)


@cache
def words() -> Sequence[Word]:
    rows = YAML(typ="safe", pure=True).load(shipped.text("glossary.yaml"))
    entries = [Word(row["word"], row["says"].strip(), row.get("clause", "")) for row in rows]
    return sorted(entries, key=lambda entry: entry.word.casefold())
