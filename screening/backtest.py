"""What stored screenings tell about the policy (see policy.past)."""

from collections import Counter
from collections.abc import Sequence
from typing import Any

from django.db.models import Count
from django.urls import reverse

from audit import access
from policy.past import Coverage, DealLine
from screening.models import Deal, Finding, Screening

MOST_DEALS = 20


def coverage(rulebook: int) -> dict[str, Coverage]:
    """Per rule: in how many screenings of this rulebook version it fired, stayed open or quiet."""
    total = screenings(rulebook)
    fired = dict(
        Finding.objects.filter(screening__rulebook=rulebook)
        .order_by().values_list("rule").annotate(Count("screening", distinct=True))
    )  # fmt: skip
    still_open: Counter[str] = Counter()
    for screening in Screening.objects.filter(rulebook=rulebook).only("open_text").iterator():
        still_open.update(screening.open_rules)
    found = {}
    for rule in fired.keys() | still_open.keys():
        # Several variants of one deal may leave a rule fired in one and open in another.
        open_ = min(still_open[rule], total - fired.get(rule, 0))
        found[rule] = Coverage(fired.get(rule, 0), total - fired.get(rule, 0) - open_, open_)
    return found


def screenings(rulebook: int) -> int:
    return Screening.objects.filter(rulebook=rulebook).count()


def _page(deal: Deal, roles: frozenset[str], user: Any) -> str:
    """The page of the deal for this person; each role has its own."""
    pages = (
        ({access.SENIOR, access.EXECUTIVE}, "reviews:deal"),
        ({access.COMPLIANCE}, "reviews:compliance-deal"),
        ({access.AUDITOR}, "reviews:record"),
    )
    found = [page for readers, page in pages if roles & readers]
    own = access.SALES in roles and Deal.objects.sold_by(user).filter(pk=deal.pk).exists()
    return reverse("screening:deal" if own or not found else found[0], kwargs={"pk": deal.pk})


def deals_in(country: str, user: Any) -> Sequence[DealLine]:
    roles = access.roles_of(user)
    named = f'"country":"{country}"'
    deals = Deal.objects.visible_to(user).filter(screening__facts_text__contains=named)
    return [
        DealLine(
            _page(deal, roles, user), deal.reference, deal.title, deal.status,
            deal.get_status_display(), deal.sent_at,
        )
        for deal in deals.newest_first()[:MOST_DEALS]
    ]  # fmt: skip
