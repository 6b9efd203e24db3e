"""Canonical text: one value always gives the same bytes; what cannot be kept is refused."""

import json
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from audit.ledger import BIGGEST, canonical, digest

plain = st.recursive(
    st.none() | st.booleans() | st.integers(-BIGGEST + 1, BIGGEST - 1) | st.text(),
    lambda inner: (
        st.lists(inner) | st.dictionaries(st.text(st.characters(codec="ascii"), max_size=8), inner)
    ),
    max_leaves=20,
)


@given(plain)
def test_the_text_reads_back_and_is_stable(value):
    text = canonical(value)
    assert canonical(json.loads(text)) == text


@given(st.dictionaries(st.text(st.characters(codec="ascii")), st.integers(0, 9), min_size=2))
def test_the_order_of_keys_does_not_matter(value):
    assert canonical(value) == canonical(dict(reversed(value.items())))


def test_forms_of_one_letter_are_one():
    assert canonical("e\u0301") == canonical("\u00e9")


@pytest.mark.parametrize("value", [1.5, math.nan, {"a": 0.1}, [1e22], b"bytes", {1: "a"}, {"é": 1}])
def test_what_cannot_be_kept_is_refused(value):
    with pytest.raises(TypeError):
        canonical(value)


def test_large_integers_are_refused():
    with pytest.raises(ValueError, match="53 bits"):
        canonical(2**53)


def test_digest_is_of_the_bytes():
    assert digest("") == ("sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855")
