"""For those who run it: is it alive, and how much work waits."""

import logging
import sys
from typing import Any

from django.conf import settings
from django.db import DatabaseError, connection
from django.http import HttpRequest, JsonResponse
from django.views.decorators.http import require_safe

from audit.access import public

log = logging.getLogger("proviso.ops")

# What the application's login must not be able to do; one row when it can.
TOO_MIGHTY = """
SELECT r.rolsuper OR r.rolcreaterole OR r.rolcreatedb OR r.rolbypassrls,
       EXISTS (SELECT FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
               WHERE c.relowner = r.oid AND n.nspname = 'public'),
       has_schema_privilege(r.oid, 'public', 'CREATE'),
       EXISTS (SELECT FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
               WHERE c.relkind = 'r' AND n.nspname = 'public'
                 AND has_table_privilege(r.oid, c.oid, 'TRUNCATE'))
FROM pg_roles r WHERE r.rolname = session_user
"""


@public
@require_safe
def healthz(request: HttpRequest) -> JsonResponse:
    """200 when a page could be served, 503 when PostgreSQL does not answer."""
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
    except DatabaseError:
        return JsonResponse({"status": "no database"}, status=503)
    return JsonResponse({"status": "ok"})


def faults_of_login(cursor: Any) -> list[str]:
    """What the login of this connection may do although the program's must not."""
    cursor.execute(TOO_MIGHTY)
    mighty, owner, creates, truncates = cursor.fetchone()
    faults = {
        "it is a superuser or may create roles or databases": mighty,
        "it owns tables": owner,
        "it may create tables": creates,
        "it may empty tables": truncates,
    }
    return [sentence for sentence, true in faults.items() if true]


def refuse_mighty_login() -> None:
    """Ends the program when its database login could rewrite the records (web, worker, sweeper)."""
    if settings.TESTING:
        return
    with connection.cursor() as cursor:
        faults = faults_of_login(cursor)
    connection.close()
    if faults:
        sys.exit(
            "Proviso does not start: DATABASE_URL signs in with a login that is too powerful: "
            f"{'; '.join(faults)}. Use the application's login, proviso_app (docs/operations.md)."
        )
