"""What is written where a name belongs and names nobody: placeholders, marks, repeated letters.

A name is judged folded (`policy.reference.registry.fold`), so that case, punctuation, look-alike
letters and invisible characters hide nothing.
"""

from collections.abc import Iterator, Mapping, Sequence
from functools import cache, lru_cache
from pathlib import Path

from anyascii import anyascii

from policy.reference.names.folding import LOOKALIKES, REMEMBERED, fold

FOLDER = Path(__file__).parents[2] / "data" / "names"
#: What looks like a Latin letter when a placeholder is disguised.
DISGUISES: dict[int, int | str] = {**LOOKALIKES, ord("0"): "o"}
#: So many equal letters are not a name; "EE" is one.
MOST_EQUAL = 2
#: Scripts without blanks between words: placeholders stand in them side by side.
_UNSPACED = "\u0e00", "\u0eff", "\u3040", "\u9fff"


def names_somebody(text: str) -> bool:
    """Whether a text holds letters of a name rather than a word for "nobody knows"."""
    # Most names begin with a plain word that no placeholder has; a long file is full of them.
    if _begins_a_name(text.partition(" ")[0]):
        return True
    return any(map(_is_of_a_name, text.split(" "))) or _is_name(text)


@lru_cache(REMEMBERED)
def _begins_a_name(first: str) -> bool:
    """Whether whatever begins with this word is a name."""
    word, hyphen, _ = first.lower().partition("-")
    is_plain = word.isascii() and word.isalpha() and word not in _words()
    if not is_plain or word.count(word[0]) == len(word):
        return False
    # A placeholder may be cut by a hyphen: "unkn-own".
    return not hyphen or not any(phrase.startswith(word) for phrase in _compact())


@lru_cache(REMEMBERED)
def _is_of_a_name(word: str) -> bool:
    """Whether a word, between blanks, is in no placeholder, so that no text with it is one."""
    word = word.lower()
    if not (word.isascii() and word.isalpha()) or word.count(word[0]) == len(word):
        return False
    # Nor a piece of one: "un known" is a placeholder too.
    is_other = word in _glue() or word in _forms()
    return not is_other and not any(word in phrase for phrase in _compact())


@lru_cache(REMEMBERED)
def _is_name(text: str) -> bool:
    folded = fold(text)
    words = folded.split()
    if not words:
        return False
    if not any(map(str.isalpha, folded)):
        return folded in _without_letters()
    if "".join(words) in _compact() or _is_repeated(words) or _is_form(words):
        return False
    if _is_placeholder(words):
        return False
    # Nothing else looks like another letter.
    return (folded.isascii() and "0" not in folded) or not _is_placeholder(_latin(folded))


def _is_repeated(words: Sequence[str]) -> bool:
    letters = "".join(words)
    if len(set(letters)) == 1:
        return len(letters) > MOST_EQUAL
    return all(len(set(word)) == 1 and len(word) > MOST_EQUAL for word in words)


def _is_form(words: Sequence[str]) -> bool:
    """Whether it is a mark or a form of company and nobody's name: "x", "Co. Ltd."."""
    letter = words[0]
    if len(words) == 1 and len(letter) == 1:
        return letter.isascii()
    return all(word in _forms() for word in words)


def _latin(folded: str) -> list[str]:
    """The words in Latin letters where they look like them: a Cyrillic "ТВА" reads "TBA"."""  # noqa: RUF002
    return "".join(map(_as_latin, folded.translate(DISGUISES))).split()


def _as_latin(letter: str) -> str:
    small_capital_or_phonetic = "\u0180" <= letter <= "\u02af" or "\u1d00" <= letter <= "\u1dbf"
    return anyascii(letter).lower() if small_capital_or_phonetic else letter


def _is_placeholder(words: Sequence[str]) -> bool:
    """Whether the words are placeholders one after the other, glue and numbers between them."""
    reached = {0: False}  # how many words are used up → whether a placeholder was among them
    for at in range(len(words)):
        if at not in reached:
            continue
        for length, counts in _readings(words, at):
            end = at + length
            reached[end] = reached.get(end, False) or reached[at] or counts
    return reached.get(len(words), False)


def _readings(words: Sequence[str], at: int) -> Iterator[tuple[int, bool]]:
    """How many words from here on are a placeholder, or one word of glue."""
    word = words[at]
    for phrase in _phrases().get(word, ()):
        if tuple(words[at : at + len(phrase)]) == phrase:
            yield len(phrase), True
    if word in _glue() or word.isdigit() or (len(word) == 1 and word.isascii()):
        yield 1, False
    elif _is_unspaced(word) and _is_side_by_side(word):
        yield 1, True


def _is_unspaced(word: str) -> bool:
    thai, end_of_thai, kana, end_of_han = _UNSPACED
    return all(thai <= letter <= end_of_thai or kana <= letter <= end_of_han for letter in word)


def _is_side_by_side(word: str) -> bool:
    """Whether an unspaced word is made of placeholders: 未知客户."""
    ends = {0}
    for at in range(len(word)):
        if at in ends:
            ends |= {at + len(phrase) for phrase in _phrases() if word.startswith(phrase, at)}
    return len(word) in ends


@cache
def _phrases() -> Mapping[str, Sequence[tuple[str, ...]]]:
    """The placeholders, folded and in words, by their first word."""
    by_first_word: dict[str, list[tuple[str, ...]]] = {}
    for line in _lines("placeholders.txt"):
        phrase = tuple(fold(line).split())
        by_first_word.setdefault(phrase[0], []).append(phrase)
    return by_first_word


@cache
def _compact() -> frozenset[str]:
    """The placeholders without blanks: "T B A" is one too."""
    return frozenset("".join(phrase) for several in _phrases().values() for phrase in several)


@cache
def _words() -> frozenset[str]:
    """Words with which a name of nobody may begin."""
    single = [chr(code) for code in range(ord("a"), ord("z") + 1)]
    return frozenset((*_phrases(), *_glue(), *_forms(), *single, *map(str, range(1000))))


@cache
def _glue() -> frozenset[str]:
    return frozenset(_lines("glue.txt"))


@cache
def _forms() -> frozenset[str]:
    return frozenset(_lines("forms.txt"))


@cache
def _without_letters() -> frozenset[str]:
    return frozenset(map(fold, _lines("without_letters.txt")))


def _lines(name: str) -> list[str]:
    text = (FOLDER / name).read_text(encoding="utf-8")
    return [line for line in text.splitlines() if line.strip() and not line.startswith("#")]
