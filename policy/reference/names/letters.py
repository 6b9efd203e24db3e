"""Which of many texts have enough letters of one in common to be nearly equal to it.

To compare a name with each of twenty thousand takes a thousandth of a second, and a name is read in
several parts. But texts that are nearly equal have nearly the same letters, in whatever order, and
that is counted for all texts at once: each text is a bit of a number, each letter a number of which
bits are set for the texts that have it, and these numbers are added with the carries beside them.
"""

from bisect import bisect_left, bisect_right
from collections import Counter
from collections.abc import Callable, Iterator, Sequence


class Letters:
    """The letters of texts, which are sorted by their lengths, the shortest first."""

    def __init__(self, texts: Sequence[str]) -> None:
        self._lengths = [len(text) for text in texts]
        width = len(texts) // 8 + 1
        marked: dict[tuple[str, int], bytearray] = {}
        for at, text in enumerate(texts):
            byte, bit = at >> 3, 1 << (at & 7)
            for letter in _each(text):
                if letter not in marked:
                    marked[letter] = bytearray(width)
                marked[letter][byte] |= bit
        #: By each letter, and which of its like it is in a text: the texts that have it, as bits.
        self._holders = {letter: int.from_bytes(bits, "little") for letter, bits in marked.items()}

    def sharing(
        self, text: str, lengths: Sequence[int], least: Callable[[int], int]
    ) -> Iterator[int]:
        """The places of texts of these lengths that share so many letters with this one, in order.

        `lengths` rise; `least` says how many letters a text of a length must share.
        """
        first = bisect_left(self._lengths, lengths[0])
        last = bisect_right(self._lengths, lengths[-1], lo=first)
        everywhere = (1 << last - first) - 1
        sums = _sums(
            holders >> first & everywhere
            for letter in _each(text)
            if (holders := self._holders.get(letter))
        )
        start = first
        for length in lengths:
            end = bisect_right(self._lengths, length, lo=start, hi=last)
            here = (1 << end - start) - 1
            enough = _at_least(least(length), [one >> start - first & here for one in sums], here)
            while enough:
                bit = enough & -enough
                yield start + bit.bit_length() - 1
                enough ^= bit
            start = end


def _each(text: str) -> Iterator[tuple[str, int]]:
    """Its letters, told apart where they are the same: ("a", 0), ("n", 0), ("n", 1), ("a", 1)."""
    for letter, count in Counter(text).items():
        for number in range(count):
            yield letter, number


def _sums(numbers: Iterator[int]) -> list[int]:
    """How many of the numbers have each bit, in binary: the ones of all bits, their twos, fours."""
    sums: list[int] = []
    for number in numbers:
        carry = number
        for place, digit in enumerate(sums):
            sums[place], carry = digit ^ carry, digit & carry
            if not carry:
                break
        if carry:
            sums.append(carry)
    return sums


def _at_least(least: int, sums: Sequence[int], everywhere: int) -> int:
    """The bits whose sum is at least so large."""
    if least >> len(sums):
        return 0
    reached = everywhere
    for place, digit in enumerate(sums):
        reached = digit & reached if least >> place & 1 else digit | reached
    return reached
