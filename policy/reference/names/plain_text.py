"""What a text may not hold: characters that nobody sees, or that change what others see.

Accents, any script and any blank are fine. So are the joiners of Persian and Indic spelling where
they stand between such letters, and the variation selectors of Chinese and Japanese names.
"""

import unicodedata

_LINES = "\n\r\t"
#: What changes the order in which the letters around it are shown.
_REORDER = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
#: The joiners, and the scripts from which on spelling needs them.
_JOINERS, _FIRST_JOINED = "\u200c\u200d", "\u0600"
#: Fillers and separators that show nothing and are not format characters.
_UNSEEN = frozenset("\u034f\u115f\u1160\u17b4\u17b5\u180b\u180c\u180d\u2028\u2029\u3164\uffa0")
_WORDS = {"Cc": "control character", "Cs": "half a character", "Cf": "invisible character"}


def fault(text: str, *, lines: bool = False) -> str:
    """What does not belong into the text and where, for a sentence; "" when all is plain.

    `lines` is for texts of several lines: tabs are fine, and so are the marks that come along when
    somebody pastes from a document, as long as they reorder nothing.
    """
    if text.isascii() and text.isprintable():
        return ""
    for at, letter in enumerate(text):
        if _is_fault(text, at, lines=lines):
            return f"{_described(letter)} at position {at + 1}"
    return ""


def without(text: str, *, lines: bool = False) -> str:
    """The text without its faults: a blank for a line break, nothing for what nobody sees."""
    if text.isascii() and text.isprintable():
        return text
    return "".join(
        letter if not _is_fault(text, at, lines=lines) else " " * (letter in _LINES)
        for at, letter in enumerate(text)
    )


def _is_fault(text: str, at: int, *, lines: bool) -> bool:
    letter = text[at]
    if lines and (letter in _LINES or _is_mark(letter)):
        return False
    return _is_unseen(letter) and not _is_spelling(text, at)


def _is_unseen(letter: str) -> bool:
    return letter in _UNSEEN or unicodedata.category(letter) in _WORDS


def _is_mark(letter: str) -> bool:
    return letter not in _REORDER and unicodedata.category(letter) not in {"Cc", "Cs"}


def _is_spelling(text: str, at: int) -> bool:
    if text[at] not in _JOINERS or not 0 < at < len(text) - 1:
        return False
    return all(
        side >= _FIRST_JOINED and not _is_unseen(side) for side in (text[at - 1], text[at + 1])
    )


def _described(letter: str) -> str:
    if letter in "\n\r\u2028\u2029":
        return "a line break"
    if letter == "\t":
        return "a tab"
    word = _WORDS.get(unicodedata.category(letter), "invisible character")
    name = unicodedata.name(letter, "")
    article = "" if word.startswith("half") else ("an " if word[0] in "aeiou" else "a ")
    return f"{article}{word} (U+{ord(letter):04X}{' ' + name if name else ''})"
