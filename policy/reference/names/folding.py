"""Names without what does not tell them apart: case, accents, punctuation, letters that pretend.

The folded name is a key that deals, places and products are stored and found by, so it stays as it
is. How names are compared letter by letter is in `readings` and `matcher`.
"""

import re
import unicodedata
from functools import lru_cache

REMEMBERED = 4096

#: Small letters of other scripts that look like a Latin one.
LOOKALIKES = str.maketrans(
    "авеѕіјкмнорсԛтуѵԝхһԁгαβεηικμνορτυχγ", "abesijkmhopcqtyvwxhdrabehikmvoptuxy"
)
#: A word with letters of two scripts is a word of neither.
_MIXED = re.compile(r"[a-z].*[\u0370-\u052f]|[\u0370-\u052f].*[a-z]")
#: Letters in boxes and circles that Unicode does not take for letters: their names say which.
_FIRST_BOXED, _LAST_BOXED = 0x1F100, 0x1F1FF
_BOXED = re.compile(
    r"(?:(?:NEGATIVE |CROSSED )*(?:SQUARED|CIRCLED)|REGIONAL INDICATOR SYMBOL)"
    r"(?: LATIN CAPITAL)?(?: LETTER)? ([A-Z]+)"
)
#: Two regional indicators by themselves are the flag of a country, and no letters.
_FLAG = re.compile(
    "(?<![\U0001f1e6-\U0001f1ff])[\U0001f1e6-\U0001f1ff]{2}(?![\U0001f1e6-\U0001f1ff])"
)
#: Characters that show nothing although they are not format characters.
_UNSEEN = frozenset("\u034f\u115f\u1160\u17b4\u17b5\u3164\uffa0")

_BLANKS = bytes(at if chr(at).isalnum() else 32 for at in range(128)) + bytes(128)


@lru_cache(REMEMBERED)
def fold(name: str) -> str:
    """A name without case, accents, punctuation, invisible characters and extra blanks, in any
    script; in a word of two scripts, letters that look Latin are Latin.
    """
    if name.isascii():
        return b" ".join(name.lower().encode().translate(_BLANKS, b".'").split()).decode()
    words = _FLAG.sub(" ", name).translate(_FOLDED).split()
    return " ".join(word.translate(LOOKALIKES) if _MIXED.search(word) else word for word in words)


class _Folded(dict[int, str]):
    """What each letter becomes, worked out when it is first met."""

    def __missing__(self, code: int) -> str:
        letter = _unboxed(code)
        plain = unicodedata.normalize("NFKD", unicodedata.normalize("NFKD", letter).casefold())
        self[code] = "".join(_said(letter) for letter in plain)
        return self[code]


def _unboxed(code: int) -> str:
    letter = chr(code)
    if not _FIRST_BOXED <= code <= _LAST_BOXED:
        return letter
    boxed = _BOXED.fullmatch(unicodedata.name(letter, ""))
    return boxed[1] if boxed else letter


def _said(letter: str) -> str:
    kind = unicodedata.category(letter)
    if letter in ".'\u2019" or unicodedata.combining(letter) or kind == "Cf" or _is_unseen(letter):
        return ""
    return " " if kind[0] in "PSZC" else letter


def _is_unseen(letter: str) -> bool:
    """Fillers, joiners and selectors of a glyph; a name is the same without them."""
    return (
        letter in _UNSEEN
        or "\ufe00" <= letter <= "\ufe0f"
        or "\u180b" <= letter <= "\u180f"
        or "\U000e0000" <= letter <= "\U000e0fff"
    )


_FOLDED = _Folded()
