"""What a screening notes of the rows of the countries that it read."""

from pathlib import Path
from typing import Any

import pytest

from screening import deriving, rows_read
from tests import factories
from tests.screening.form.answers import SIMPLE


@pytest.mark.django_db
def test_a_screening_names_its_program_and_what_it_read() -> None:
    moved = {"answer": "yes", "places": ["SE"]}
    deal = factories.sent_deal({**SIMPLE, "elsewhere": moved})
    program, *codes = deal.last_screening.rows_text.split(" ")
    assert program == rows_read.program()
    assert {"FI", "SE"} <= set(codes)
    assert codes == sorted(set(codes))


@pytest.mark.django_db
def test_what_was_read_of_the_answers_before_counts() -> None:
    """A send reads the answers first, looks through them, and derives them once."""
    deal = factories.cleared_deal()
    reading = deriving.read(deal.newest_revision().answers)
    reading.rows.add("QQ")
    found = deriving.of_revision(deal.newest_revision(), reading.data, reading=reading)
    assert "QQ" in found.rows_text.split(" ")


def test_a_newer_program_is_another_one(tmp_path: Path, settings: Any) -> None:
    settings.BASE_DIR = tmp_path
    program = rows_read.program.__wrapped__
    for name in ("policy/facts", "screening/__pycache__", "screening/migrations"):
        (tmp_path / name).mkdir(parents=True)
    words = tmp_path / "policy/facts/words.txt"
    words.write_text("Crimea")
    one = program()
    assert len(one) == 16
    for left_out in ("screening/__pycache__/a.pyc", "screening/migrations/0001.py"):
        (tmp_path / left_out).write_text("x = 1")
    assert program() == one
    words.write_text("Crimea, Sevastopol")
    assert program() != one
