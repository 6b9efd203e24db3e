"""For those who run it: is it alive, and how much work waits."""

import gc
import logging
import sys
from typing import Any

from django.conf import settings
from django.db import DatabaseError, connection, connections
from django.db.models import Count, Min, QuerySet
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.template.loader import get_template
from django.views.decorators.http import require_safe

from audit.refusals import Conflict
from jobs.models import Heartbeat, Job
from people import access
from people.access import allow, public
from policy import active
from policy.wording import clauses

log = logging.getLogger("proviso.ops")

MOST = 50
TEMPLATES = settings.BASE_DIR / "templates"

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


@allow(access.ADMINISTRATOR, access.AUDITOR)
@require_safe
def health(request: HttpRequest) -> HttpResponse:
    """How much work waits and has failed, by numbers only: what a job is about is not told here."""
    failed = Job.objects.failed()
    words = {
        "programs": Heartbeat.objects.order_by("name"),
        "waiting": _by_kind(Job.objects.unfinished()),
        "failed": [(job, job.error.partition(":")[0]) for job in failed.order_by("-pk")[:MOST]],
        "failed_count": failed.count(),
    }
    return render(request, "health.html", words)


def _by_kind(jobs: QuerySet[Job]) -> Any:
    counted = jobs.values("kind", "state").annotate(count=Count("pk"), oldest=Min("created_at"))
    return counted.order_by("kind", "state")


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


def limit_pages() -> None:
    """PostgreSQL ends a statement of a page after half a minute; the page says that it did."""
    options = connections.settings["default"]["OPTIONS"]
    options["options"] = f"{options['options']} -c statement_timeout=30s"


def read_ahead() -> None:
    """The web server reads what is active, and its templates, before its first page. A new
    installation has nothing active.

    What was read stays for as long as the process, so the garbage collector never looks at it
    again: with twenty thousand names that stops every thread for a fifth of a second.
    """
    try:
        active.read_ahead()
        clauses.clauses()
        clauses.evidence()
    except (Conflict, DatabaseError) as error:
        log.warning("The first page will wait for the reference data: %s", error)
    for path in sorted(TEMPLATES.rglob("*.html")):
        get_template(str(path.relative_to(TEMPLATES)))
    connection.close()
    gc.collect()
    gc.freeze()


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
