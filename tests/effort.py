"""How hard property tests try: a part in every run, everything with ``--slow``."""

#: Set before the first test is read (tests/conftest.py).
tries_everything = False
_PART = 4


def examples(count: int) -> int:
    """How many examples of ``count`` this run tries. Each run draws others."""
    return count if tries_everything else max(count // _PART, 10)
