"""Pages of the auditor: the decision history, its export, and the record of one deal."""

import hashlib
from collections.abc import Iterator
from typing import Any

from django.db import transaction
from django.db.models import Prefetch, QuerySet
from django.http import HttpResponse, StreamingHttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from audit.models import Actor, AuditEvent
from people import access
from people.access import SignedIn, allow
from policy import active
from policy.models import Kind
from policy.wording import outcomes
from reviews import exhibits, labels, written
from reviews.forms import HistoryFilters
from reviews.history import decisions, replaying, timeline
from reviews.models import Decision, Vote
from reviews.paging import CountedPaginator, in_order_of
from screening import wording
from screening.models import Deal, Screening

PER_PAGE = 50
SUBJECT = "decisions"


@allow(access.AUDITOR)
@require_safe
def decision_history(request: SignedIn) -> HttpResponse:
    form = _form(request)
    chosen = form.chosen()
    rows = decisions.filtered(decisions.screenings(), chosen)
    if form.errors:
        rows = rows.none()
    totals = [] if form.errors else decisions.counted(chosen)
    count = sum(number for _, _, number in totals)
    paginator = CountedPaginator(decisions.newest_first(rows), PER_PAGE, count=count)
    page = paginator.get_page(request.GET.get("page"))
    shown = in_order_of(list(page), decisions.with_rows(decisions.screenings()))
    context = {
        "form": form,
        "chosen": chosen,
        "page": page,
        "rows": [_row(screening) for screening in shown],
        "totals": totals,
    }
    return render(request, "audit/decisions.html", context, status=form.status)


def _form(request: SignedIn) -> HistoryFilters:
    names = active.countries(active.version(Kind.COUNTRIES)).names
    countries = sorted(names.items(), key=lambda pair: pair[1])
    return HistoryFilters(request.GET, countries=countries, results=decisions.RESULTS)


def _row(screening: Any) -> dict[str, Any]:
    return {
        "screening": screening,
        "deal": screening.revision.deal,
        "customer": labels.joined(screening, "customer_name"),
        "countries": labels.joined(screening, "country_name"),
        "outcome": outcomes.OUTCOMES[screening.outcome],
        "result": screening.result,
        "result_words": decisions.RESULTS.get(screening.result, screening.result),
        "at": screening.result_at,
        "rules": list(dict.fromkeys(screening.fired)),
        "voters": decisions.voters(screening),
    }


@allow(access.AUDITOR)
@require_safe
def export(request: SignedIn) -> HttpResponse | StreamingHttpResponse:
    """Exactly the filtered list as CSV; that it was asked for is on record before it begins."""
    form = _form(request)
    chosen = form.chosen()
    if form.errors:
        sentence = f"Nothing was exported. {form.refusal}\n"
        return HttpResponse(sentence, status=422, content_type="text/plain; charset=utf-8")
    rows = decisions.newest_first(decisions.filtered(decisions.screenings(), chosen))
    filters = {name: str(value) for name, value in chosen.items()}
    with transaction.atomic():
        AuditEvent.objects.append(
            subject=SUBJECT,
            actor=request.user,
            verb="decisions.export_begun",
            payload={"filters": filters},
        )
    response = StreamingHttpResponse(
        stream(rows, filters, request.user), content_type="text/csv; charset=utf-8"
    )
    name = f"decisions-{timezone.now():%Y-%m-%d-%H%M%S}.csv"
    response.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    return response


def stream(rows: QuerySet[Screening], filters: dict[str, str], actor: Actor) -> Iterator[bytes]:
    """The bytes of the export; a complete one leaves its digest on record."""
    seen, count = hashlib.sha256(), -1
    with transaction.atomic():
        for line in decisions.csv_lines(rows):
            piece = line.encode()
            seen.update(piece)
            count += 1
            yield piece
        AuditEvent.objects.append(
            subject=SUBJECT,
            actor=actor,
            verb="decisions.exported",
            payload={"filters": filters, "rows": count, "digest": f"sha256:{seen.hexdigest()}"},
        )


@allow(access.AUDITOR)
@require_safe
def deal(request: SignedIn, pk: int) -> HttpResponse:
    return render(request, "audit/deal.html", _record(_find(request, pk)))


@allow(access.AUDITOR)
@require_POST
def replay(request: SignedIn, pk: int) -> HttpResponse:
    """Screen the stored facts again with the stored rulebook; nothing is written."""
    deal = _find(request, pk)
    replayed = {screening.pk: replaying.replay(screening) for screening in _screenings(deal)}
    return render(request, "audit/deal.html", _record(deal, replayed))


def _find(request: SignedIn, pk: int) -> Deal:
    visible = Deal.objects.visible_to(request.user)
    deals = Deal.objects.filter(pk__in=visible.values("pk")).select_related(
        "owner", "team", "predecessor"
    )
    return get_object_or_404(deals, pk=pk)


def _screenings(deal: Deal) -> QuerySet[Screening]:
    return (
        wording.with_versions(Screening.objects.filter(revision__deal=deal))
        .select_related("revision__submitter", "registry", "review")
        .defer("registry__content", "registry__written")
        .prefetch_related(
            "findings",
            "confirmations__rulebook",
            Prefetch("review__votes", Vote.objects.select_related("reviewer").order_by("pk")),
        )
        .order_by("-pk")
    )


def _record(deal: Deal, replayed: dict[int, replaying.Replayed] | None = None) -> dict[str, Any]:
    steps = [
        {
            "screening": screening,
            "outcome_words": outcomes.OUTCOMES[screening.outcome],
            "facts": labels.fact_rows(screening),
            "written": written.of_screening(screening, deal),
            "versions": screening.versions,
            "confirmations": screening.confirmations.all(),
            "votes": exhibits.vote_cards(
                screening.review.votes.all() if hasattr(screening, "review") else ()
            ),
            "replayed": (replayed or {}).get(screening.pk),
        }
        for screening in _screenings(deal)
    ]
    return {
        "deal": deal,
        "steps": steps,
        "runs": timeline.folded(timeline.of_record(deal)),
        "questions": exhibits.exchange(deal),
        "decisions": Decision.objects.filter(deal=deal).newest_first(),
        "replayed": replayed is not None,
        "differs": any(not result.is_same for result in (replayed or {}).values()),
    }
