"""What the application's login may write, column by column: grants.txt lists all of it.

A new table or column has no rights until its migration calls `app_may`, and its line stands here.
"""

from pathlib import Path

from django.db import connection

LISTED = Path(__file__).parent / "grants.txt"
# Of columns, what is granted; "*" is every column but the number that PostgreSQL gives.
GRANTED = """
SELECT tables.relname,
       coalesce(string_agg(columns.attname, ' ' ORDER BY columns.attnum)
           FILTER (WHERE has_column_privilege(tables.oid, columns.attnum, %(right)s)), '-'),
       coalesce(string_agg(columns.attname, ' ' ORDER BY columns.attnum)
           FILTER (WHERE columns.attidentity = ''), '-'),
       has_table_privilege(tables.oid, 'DELETE')
FROM pg_class AS tables JOIN pg_attribute AS columns
    ON columns.attrelid = tables.oid AND columns.attnum > 0 AND NOT columns.attisdropped
WHERE tables.relkind = 'r' AND tables.relnamespace = 'public'::regnamespace
GROUP BY tables.oid, tables.relname"""


def granted(right: str) -> dict[str, tuple[str, bool]]:
    with connection.cursor() as cursor:
        cursor.execute(GRANTED, {"right": right})
        found = {}
        for table, columns, every, deletes in cursor.fetchall():
            if columns == every:
                columns = "*"
            elif columns == f"id {every}":
                columns = "id *"
            found[table] = (columns, deletes)
    return found


def test_the_application_may_write_what_is_listed_and_no_more(db):
    inserts, updates = granted("INSERT"), granted("UPDATE")
    lines = [
        f"{table}: insert {columns}; update {updates[table][0]}{'; delete' if deletes else ''}"
        for table, (columns, deletes) in sorted(inserts.items())
    ]
    listed = [line for line in LISTED.read_text().splitlines() if line and line[0] != "#"]
    assert lines == listed


def test_no_right_is_on_a_whole_table_where_rows_are_records(db):
    """With one, the login could also lock the table against everybody."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT relname FROM pg_class WHERE relkind = 'r'"
            " AND relnamespace = 'public'::regnamespace"
            " AND has_table_privilege(oid, 'INSERT, UPDATE, DELETE, TRUNCATE, REFERENCES, TRIGGER')"
            " ORDER BY 1"
        )
        assert [table for (table,) in cursor.fetchall()] == [
            "auth_user_groups",
            "django_session",
            "policy_checkpart",
            "screening_partyidentifier",
            "screening_salesteam_members",
        ]


def test_every_guard_is_always_on(db):
    """Whatever session_replication_role says, in a session of whoever may set it."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT tgrelid::regclass, tgname FROM pg_trigger"
            " WHERE NOT tgisinternal AND tgenabled <> 'A'"
        )
        assert cursor.fetchall() == []


def test_functions_with_the_rights_of_the_owner_find_nothing_of_somebody_else(db):
    """Each names the schemas where it looks, and nobody but the application calls it."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT proname, proconfig, has_function_privilege('public', oid, 'EXECUTE')"
            " FROM pg_proc WHERE prosecdef AND pronamespace = 'public'::regnamespace"
        )
        functions = cursor.fetchall()
    assert {name for name, *_ in functions} >= {"delete_draft", "contributes", "member_left"}
    for name, settings, is_public in functions:
        assert settings == ["search_path=pg_catalog, public"], name
        assert not is_public, name
