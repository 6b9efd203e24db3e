"""Names for parties by the ten thousand, and the outlines by which their spellings are found."""

import hashlib
import io
from typing import Any

from policy.reference.names.outlines import drawn
from screening.parties.models import DealParty, Party, PartyOutline

DIGITS, LETTERS = "0123456789", "ghijklmnop"
#: Letters of a word; two such words are never spellings of one another.
LONG = 10


def word(number: int) -> str:
    """A word for this number, unlike those of its neighbours: no deal is like the next one."""
    digest = hashlib.md5(str(number).encode(), usedforsecurity=False).hexdigest()
    return digest[:LONG].translate(str.maketrans(DIGITS, LETTERS))


def sql_word(number: str) -> str:
    """The same word, as PostgreSQL makes it of an expression."""
    return f"translate(left(md5(({number})::text), {LONG}), '{DIGITS}', '{LETTERS}')"


def draw_all(cursor: Any) -> None:
    """Write down the outlines of every party, as a send does: millions of rows for 100,000 deals.

    Rows that are there are written anew. Triggers have to be asleep.
    """
    names = {*Party.objects.values_list("pk", "name").iterator()}
    names |= {*DealParty.objects.values_list("party", "name").iterator()}
    lines = io.StringIO()
    for party, outline in sorted({(pk, line) for pk, name in names for line in drawn(name)}):
        lines.write(f"{outline}\t{party}\n")
    lines.seek(0)
    table = PartyOutline._meta.db_table
    cursor.execute(f"DELETE FROM {table}")
    cursor.copy_expert(f"COPY {table} (outline, party_id) FROM STDIN", lines)
