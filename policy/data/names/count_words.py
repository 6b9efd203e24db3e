"""Writes word_counts.txt: how many names of bodies and companies have a word.

    python -m policy.data.names.count_words SDN.csv ALT.csv

The names are those of the shipped registry and the organisations of the OFAC list (public domain),
whose originals are not kept here. Words of one name alone are as rare as words of none.
"""

import csv
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from policy.facts import shipped
from policy.reference.names.readings import content, readings, spoken

LEAST = 2
OUT = Path(__file__).with_name("word_counts.txt")


def names(sdn: Path, alt: Path) -> Iterator[str]:
    for path in shipped.REGISTRY:
        for row in csv.DictReader(shipped.text(path).splitlines()):
            yield from (row["name"], *row["aliases"].split("|"))
    organisations = {
        row[0]: row[1] for row in _rows(sdn, 12) if row[2].strip() == "-0-" and row[1].strip()
    }
    yield from organisations.values()
    yield from (row[3] for row in _rows(alt, 5) if row[0] in organisations)


def _rows(path: Path, fields: int) -> Iterator[list[str]]:
    with path.open(encoding="latin-1", newline="") as file:
        yield from (row for row in csv.reader(file) if len(row) == fields)


def main(sdn: str, alt: str) -> None:
    every = {content(spoken(readings(name))) for name in names(Path(sdn), Path(alt))} - {()}
    counts = Counter(word for words in every for word in set(words))
    lines = [
        "# In how many names a word stands; the first line is the number of names. Written by",
        "# count_words.py, see there and NOTICE.md.",
        f"* {len(every)}",
        *(f"{word} {count}" for word, count in sorted(counts.items()) if count >= LEAST),
    ]
    OUT.write_text("\n".join(lines) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main(*sys.argv[1:])
