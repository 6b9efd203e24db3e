"""Which texts share enough letters with one: the same as by counting, and none too few."""

from collections import Counter

from hypothesis import example, given, settings
from hypothesis import strategies as st
from rapidfuzz import fuzz, process
from rapidfuzz.distance import OSA

from policy.facts import shipped
from policy.reference.names import matcher
from policy.reference.names.letters import Letters
from tests.effort import examples

TEXTS = st.text(alphabet="abcé9", max_size=9)
LISTED = shipped.load().registry._matcher
NAMES = [entry.words for entry in LISTED._entries]


@settings(max_examples=examples(400))
@given(
    texts=st.lists(TEXTS, max_size=30),
    text=TEXTS,
    shortest=st.integers(0, 9),
    longest=st.integers(0, 9),
    share=st.integers(-4, 4),
)
@example(texts=["aab"], text="baa", shortest=0, longest=9, share=0)
def test_it_counts_as_one_would_count_by_hand(texts, text, shortest, longest, share):
    texts.sort(key=len)
    lengths = range(shortest, max(shortest, longest) + 1)

    def least(length):
        return max(0, length + share)

    counted = [
        at
        for at, other in enumerate(texts)
        if len(other) in lengths and (Counter(other) & Counter(text)).total() >= least(len(other))
    ]
    assert list(Letters(texts).sharing(text, lengths, least)) == counted


def misspelt(draw, text):
    """The text with some letters left out, put in, changed or swapped."""
    for _ in range(draw(st.integers(0, 4))):
        at = draw(st.integers(0, len(text)))
        before, after = text[:at], text[at:]
        letter = draw(st.sampled_from("aeinrst"))
        text = draw(
            st.sampled_from(
                (
                    before + after[1:],
                    before + letter + after,
                    before + letter + after[1:],
                    before + after[1:2] + after[:1] + after[2:],
                )
            )
        )
    return text


@settings(max_examples=examples(800))
@given(st.data())
def test_names_nearly_equal_as_a_whole_are_those_of_a_comparison_with_all(data):
    words = tuple(
        text for word in data.draw(st.sampled_from(NAMES)) if (text := misspelt(data.draw, word))
    )
    words = tuple(data.draw(st.permutations(words)))
    typed, in_order = "".join(words), "".join(sorted(words))
    expected = {}
    if len(typed) >= matcher.LEAST_LETTERS:
        tries = [(typed, LISTED._wholes)]
        if len(words) > 1:
            tries.append((in_order, LISTED._sorted))
        for text, listed in tries:
            found = process.extract(
                text, listed, scorer=fuzz.ratio, score_cutoff=matcher.NEARLY, limit=None
            )
            for _, ratio, at in found:
                score = 1.0 if ratio == 100 else ratio / 100 - matcher.LESS
                expected[at] = max(score, expected.get(at, 0.0))
    assert LISTED._literally(words) == expected


@settings(max_examples=examples(800))
@given(st.data())
def test_words_that_may_be_misspelt_are_those_of_a_comparison_with_all(data):
    word = misspelt(data.draw, data.draw(st.sampled_from(LISTED._words)))
    fewer, more = matcher._typos(len(word)), matcher._typos(len(word) + 1)
    near = {
        listed
        for listed in LISTED._words
        if min(len(word), len(listed)) >= matcher.SHORTEST_TYPO
        and not word.isdigit()
        and len(word) - fewer <= len(listed) <= len(word) + more
        and OSA.distance(word, listed) <= matcher._typos(max(len(word), len(listed)))
    }
    assert set(LISTED._find_similar(word)) == near | ({word} & set(LISTED._words))
