"""Small things about language: lists in a sentence, and "did you mean …?"."""

import re
from collections.abc import Iterable, Mapping, Sequence
from difflib import get_close_matches

# difflib is quadratic in the length of a word, and nobody misspells a name of this length.
LONGEST_GUESS = 60
#: What a sentence leaves open for the deal's own values: {a fact}.
PLACEHOLDER = re.compile(r"\{([^{}]*)\}")
#: {one and other}: the members of several sets of flags as one list.
AND = " and "


def listed(words: Sequence[str]) -> str:
    """ "a", "a and b", "a, b and c"."""
    if len(words) < 2:
        return "".join(words)
    return f"{', '.join(words[:-1])} and {words[-1]}"


def guess(word: object, known: Iterable[str]) -> str:
    """The known word that was probably meant, or "" when nothing is near."""
    if not isinstance(word, str) or len(word) > LONGEST_GUESS:
        return ""
    by_fold = {name.lower(): name for name in known}
    near = get_close_matches(word.lower().replace(" ", "_"), by_fold, n=1, cutoff=0.6)
    return by_fold[near[0]] if near else ""


def did_you_mean(word: object, known: Iterable[str]) -> str:
    """ "; did you mean x?", or "" when nothing is near."""
    name = guess(word, known)
    return f"; did you mean {name}?" if name else ""


def code_for(name: object, known: Iterable[str], words: Mapping[str, str] | None = None) -> str:
    """The code that was meant by "A Military body" or "Very high"; "" when none has the name."""
    if not isinstance(name, str) or len(name) > LONGEST_GUESS:
        return ""
    meant = _plain(name)
    codes = [
        code for code in known if meant in {_plain(code), _plain((words or {}).get(code, code))}
    ]
    return codes[0] if len(codes) == 1 else ""


def _plain(name: str) -> str:
    """Small letters, blanks between words and no article."""
    name = " ".join(re.split(r"[\s_-]+", name.casefold().strip()))
    return re.sub(r"\A(an?|the) ", "", name)


def shown(value: object) -> str:
    """A value as an error message shows it: short, on one line."""
    text = ascii(value) if not isinstance(value, str) else f'"{value}"'
    text = " ".join(text.split())
    return text if len(text) <= LONGEST_GUESS else f"{text[:LONGEST_GUESS]}…"
