"""Short forms in capitals that stand in a text and may mean a body of another country.

Most of them mean something else there: `ordinary_short_forms.txt` says which and what, and each of
its lines was looked at by a person.
"""

import re
import unicodedata
from collections.abc import Iterator
from functools import cache

from policy.reference.names.readings import LONGEST_ACRONYM, lines

SHORTEST = 3
_WORD = re.compile(r"[^\W_]+")
#: "F.S.B." and "F. S. B.".
_DOTTED = re.compile(r"(?<!\w)(?:[^\W\d_]\. ?){2,}(?:[^\W\d_](?!\w))?")


def in_capitals(text: str) -> Iterator[str]:
    """The words in capitals that are short enough, as they are written; ordinary ones left out."""
    plain = _DOTTED.sub(_together, unicodedata.normalize("NFKC", text))
    if not any(_short_ones(plain)):
        return
    for phrase in _phrases():
        plain = plain.replace(phrase, " ")
    yield from _short_ones(plain)


def _short_ones(plain: str) -> Iterator[str]:
    for word in _WORD.findall(plain):
        is_short = SHORTEST <= len(word) <= LONGEST_ACRONYM
        if is_short and word.isupper() and word not in _ordinary():
            yield word


def _together(letters: re.Match[str]) -> str:
    return f"{letters[0].replace('.', '').replace(' ', '')} "


@cache
def _phrases() -> tuple[str, ...]:
    return tuple(form for form in _ordinary() if " " in form)


@cache
def _ordinary() -> frozenset[str]:
    return frozenset(line.partition(" = ")[0] for line in lines("ordinary_short_forms.txt"))
