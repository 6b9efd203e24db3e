"""A long queue: copies that PostgreSQL makes of a deal that was sent and screened as always."""

from collections.abc import Collection, Mapping
from typing import Any

from config.devtools import embedded
from screening.models import Deal
from tests.unguarded import asleep

COPIED = (
    ("screening_deal", "id", {"id", "screening_id"}),
    ("screening_dealrevision", "deal_id", {"id", "deal_id"}),
    ("screening_screening", "revision_id", {"id", "revision_id"}),
    ("screening_finding", "screening_id", {"screening_id"}),
    ("screening_contributor", "deal_id", {"deal_id"}),
    ("screening_dealparty", "deal_id", {"deal_id", "revision_id"}),
    ("reviews_result", "screening_id", {"screening_id"}),
)
OF_THEIR_OWN = {"screening_finding", "screening_contributor", "screening_dealparty"}


def copies(deal: Deal, count: int, owner_url: str) -> None:
    """So many deals more that wait like this one; a second call goes on behind the first."""
    revision = deal.newest_revision()
    assert revision is not None
    assert deal.screening_id is not None
    keys = {
        "id": deal.pk,
        "deal_id": deal.pk,
        "revision_id": revision.pk,
        "screening_id": deal.screening_id,
    }
    with embedded.admin(owner_url) as cursor:
        cursor.execute("SELECT max(id) FROM screening_deal")
        base = max(cursor.fetchone()[0], 1_000_000)
        cursor.execute("BEGIN")
        # A deal begins as a draft; a copy begins where its original is.
        with asleep(cursor, *(table for table, _, _ in COPIED)):
            for table, key, moved in COPIED:
                _copy(cursor, table, key, moved, {"base": base, "count": count, "key": keys[key]})
        cursor.execute("COMMIT")
        cursor.execute("VACUUM ANALYZE")


def _copy(
    cursor: Any, table: str, key: str, moved: Collection[str], values: Mapping[str, int]
) -> None:
    cursor.execute(
        "SELECT column_name FROM information_schema.columns"
        " WHERE table_name = %s AND is_generated = 'NEVER'",
        [table],
    )
    names = {name for (name,) in cursor.fetchall()}
    names -= {"id"} if table in OF_THEIR_OWN else set()
    columns = {name: "%(base)s + n" if name in moved else f't."{name}"' for name in names}
    columns |= {"send_key": "gen_random_uuid()"} if "send_key" in names else {}
    listed = ", ".join(f'"{name}"' for name in columns)
    cursor.execute(
        f"INSERT INTO {table} ({listed}) SELECT {', '.join(columns.values())}"
        f" FROM {table} t, generate_series(1, %(count)s) n WHERE t.{key} = %(key)s",
        values,
    )
