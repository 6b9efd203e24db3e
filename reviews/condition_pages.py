"""Conditions of approvals: the list, and saying that one is met."""

from typing import Any

from django.contrib import messages
from django.db.models import Count, Q, QuerySet
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_safe

from audit.refusals import Conflict
from people import access
from people.access import SignedIn, allow
from people.verbs import does
from reviews import actions, labels, verbs
from reviews.forms import ReasonForm
from reviews.models import Condition
from reviews.paging import CountedPaginator, in_order_of
from reviews.review_pages import overtaken, posted
from screening.models import Deal

PER_PAGE = 25


@allow(*access.REVIEWERS, access.SALES)
@require_safe
def conditions(request: SignedIn) -> HttpResponse:
    """Reviewers see all that are not of their own deals; sales sees those of its own."""
    visible = _visible_conditions(request.user)
    state = request.GET.get("view", "open")
    views = {
        "open": Q(met_at=None),
        "overdue": Q(met_at=None, due_on__lt=timezone.localdate()),
        "met": Q(met_at__isnull=False),
    }
    state = state if state in views else "open"
    counts = visible.aggregate(
        **{name: Count("pk", filter=wanted) for name, wanted in views.items()}
    )
    ordered = visible.filter(views[state]).order_by("due_on", "pk")
    paginator = CountedPaginator(ordered, PER_PAGE, count=counts[state])
    page = paginator.get_page(request.GET.get("page"))
    shown = in_order_of(list(page), _with_rows())
    Deal.know_parts((condition.decision.deal for condition in shown), request.user)
    tabs = [
        {
            "url": f"?view={name}",
            "label": name.capitalize(),
            "count": counts[name],
            "current": name == state,
        }
        for name in views
    ]
    context = {
        "page": page,
        "rows": [_condition_row(condition, request.user) for condition in shown],
        "tabs": tabs,
        "nothing": {
            "open": "No open conditions.",
            "overdue": "No condition is overdue.",
            "met": "No condition is met yet.",
        }[state],
    }
    return render(request, "reviews/conditions.html", context)


def _condition_row(condition: Condition, user: Any) -> dict[str, Any]:
    kind, state = "open", "Open"
    if condition.met_at:
        kind, state = "met", "Met"
    elif condition.due_on < timezone.localdate():
        kind, state = "late", "Overdue"
    deal = condition.decision.deal
    reads = access.has_role(user, *access.REVIEWERS)
    return {
        "condition": condition,
        "deal": deal,
        "owner": labels.person(condition.owner),
        "kind": kind,
        "state": state,
        "may_settle": verbs.SETTLE.may(condition, user),
        "url": reverse("reviews:deal", args=[deal.pk]) if reads else deal.get_absolute_url(),
    }


def _visible_conditions(user: Any) -> QuerySet[Condition]:
    sold = Deal.objects.sold_by(user)
    if not access.has_role(user, *access.REVIEWERS):
        return _of_deals(sold)
    hidden = Deal.objects.not_to_review(user)
    if access.has_role(user, access.SALES):
        hidden = hidden.exclude(pk__in=sold.values("pk"))
    # Few deals are hidden: what is left out is found through them, and no other deal is read.
    return Condition.objects.exclude(pk__in=_of_deals(hidden).values("pk"))


def _of_deals(deals: QuerySet[Deal]) -> QuerySet[Condition]:
    return Condition.objects.filter(decision__deal__in=deals.values("pk"))


def _with_rows() -> QuerySet[Condition]:
    return Condition.objects.select_related(
        "decision__deal__screening", "decision__review", "owner", "met_by"
    )


@does(verbs.SETTLE)
@require_http_methods(["GET", "HEAD", "POST"])
def settle(request: SignedIn, pk: int) -> HttpResponse:
    seen = _visible_conditions(request.user).values("pk")
    condition = get_object_or_404(_with_rows().filter(pk__in=seen), pk=pk)
    form = ReasonForm(posted(request))
    form.fields["because"].label = "What proves that it is met?"
    try:
        verbs.SETTLE.check(condition, request.user)
        if request.method != "POST" or not form.is_valid():
            return render(request, "reviews/settle.html", {"condition": condition, "form": form})
        actions.settle_condition(
            condition, because=form.cleaned_data["because"], actor=request.user
        )
    except Conflict as refusal:
        deal_of = condition.decision.deal
        return overtaken(request, deal_of, refusal, [("Proof", request.POST.get("because", ""))])
    messages.success(request, f"Condition {condition.number} is met.")
    return redirect("reviews:conditions")
