"""Which rows of the countries were read for the facts of a screening, and by which program.

Another version of the countries in which none of these rows differs gives the same facts, to the
same program: a newer one may read more of the same answers.
"""

from collections.abc import Iterable
from functools import cache
from hashlib import sha256
from pathlib import Path

from django.conf import settings

#: Whatever derives facts, and the places and words that ship with it.
_READERS = ("policy", "screening")
_LEFT_OUT = {"__pycache__", "migrations"}
_LENGTH = 16


def text_of(rows: Iterable[str]) -> str:
    """As `Screening.rows_text` keeps it: the program and the codes, with blanks between them."""
    return " ".join((program(), *sorted(rows)))


@cache
def program() -> str:
    """What tells this program from one that may derive otherwise; reads its files, once."""
    digest = sha256()
    for package in _READERS:
        for path in sorted(Path(settings.BASE_DIR, package).rglob("*")):
            if path.is_file() and _LEFT_OUT.isdisjoint(path.parts):
                digest.update(path.read_bytes())
    return digest.hexdigest()[:_LENGTH]
