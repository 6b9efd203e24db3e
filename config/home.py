"""The first page: whose turn it is, by role, and the one next thing to do."""

from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

from django.db.models import Count, OuterRef, QuerySet, Subquery, Window
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from people import access
from policy.models import CheckReport, Kind, ReferenceVersion
from policy.verbs import ACTIVATE, CONFIRM, PROPOSE
from reviews import queue
from reviews.models import Review
from screening.lifecycle import Status
from screening.models import Deal

MOST = 5


class Turn(NamedTuple):
    """One thing that waits for this person; the deals with ``numbers`` are shown below it."""

    title: str
    text: str
    url: str
    action: str
    numbers: Sequence[int] = ()
    address: str = ""
    deals: Sequence[Deal] = ()


@access.signed_in
@require_safe
def home(request: HttpRequest) -> HttpResponse:
    roles = access.roles_of(request.user)
    turns = [turn for role, ask in ASKS.items() if role in roles for turn in ask(request.user)]
    turns += _of_proposals(request.user)
    changed = Deal.objects.visible_to(request.user).exclude(status=Status.DRAFT)
    words = {
        "turns": _with_deals(turns),
        "recent": changed.select_related("owner", "screening").order_by("-screening_id")[:MOST],
        "recent_address": _address(roles),
        "starts": access.SALES in roles,
        "is_ready": ReferenceVersion.objects.active().exclude(kind=Kind.CHARTER).count()
        == len(Kind) - 1,
        "has_role": bool(roles),
    }
    return render(request, "home.html", words)


def _with_deals(turns: Iterable[Turn]) -> list[Turn]:
    """The deals of all of them are read at once."""
    asked = list(turns)
    numbers = {number for turn in asked for number in turn.numbers}
    deals = Deal.objects.select_related("screening").in_bulk(numbers) if numbers else {}
    return [
        turn._replace(deals=[deals[number] for number in turn.numbers if number in deals])
        for turn in asked
    ]


def _address(roles: frozenset[str]) -> str:
    """Whose page of a deal this person may open."""
    if access.SALES in roles:
        return ""
    return "compliance" if roles == {access.COMPLIANCE} else "reviews"


def _of_sales(user: Any) -> list[Turn]:
    own = Deal.objects.filter(owner=user).order_by("pk")
    asked = own.awaiting_sales()
    lapsed = own.filter(status=Status.LAPSED)
    drafts = own.filter(status=Status.DRAFT)
    return [
        *_some(asked, "waits for your answers", "wait for your answers", "/deals/", "See my deals"),
        *_some(
            lapsed,
            "has lapsed and must be sent again before you go on",
            "have lapsed and must be sent again before you go on",
            "/deals/",
            "See my deals",
        ),
        *_some(
            drafts, "has not been sent yet", "have not been sent yet", "/deals/", "See my drafts"
        ),
    ]


def _of_compliance(user: Any) -> list[Turn]:
    waiting = Deal.objects.awaiting_compliance().not_of_own(user)
    return _some(
        waiting.longest_waiting_first(),
        "waits for compliance",
        "wait for compliance",
        "/compliance/",
        "Open the desk",
        address="compliance",
    )


def _of_reviewers(user: Any) -> list[Turn]:
    mine = Review.objects.still_open().filter(claimed_by=user, deal__status=Status.IN_REVIEW)
    claimed = Deal.objects.awaiting_review().filter(
        reviews__closed_at=None, reviews__claimed_by=user
    )
    takeable = queue.takeable(user).exclude(pk__in=mine.values("deal"))
    return [
        *_some(
            claimed.order_by("pk"),
            "is claimed by you",
            "are claimed by you",
            "/reviews/?view=mine",
            "See what I claimed",
            address="reviews",
        ),
        *_some(
            takeable,
            "waits for a vote that you can give",
            "wait for a vote that you can give",
            "/reviews/",
            "Open the queue",
            address="reviews",
        ),
    ]


def _of_executives(user: Any) -> list[Turn]:
    return [*_of_promises(user), *_of_reviewers(user)]


def _of_auditors(user: Any) -> list[Turn]:
    return [
        Turn(
            "Every decision, with its reasons",
            "Filter the history, open a timeline, replay a screening, export the list.",
            "/audit/",
            "Open the decisions",
        )
    ]


def _of_proposals(user: Any) -> list[Turn]:
    """Of each kind one proposal at most, where this person is the one to go on with it."""
    kinds = [kind for kind in Kind if PROPOSE.may(kind, user)]
    if not kinds:
        return []
    stored = ReferenceVersion.objects.not_withdrawn()
    newest = stored.filter(kind=OuterRef("kind")).newest_first().values("pk")[:1]
    proposed: dict[str, list[Any]] = {kind: [] for kind in kinds}
    waiting = stored.filter(kind__in=kinds, activated_at=None).annotate(newest=Subquery(newest))
    for version in waiting.defer("content", "written").newest_first():
        proposed[version.kind].append(version)
    return [turn for versions in proposed.values() if (turn := _of_kind(versions, user))]


def _of_promises(user: Any) -> list[Turn]:
    """Versions whose promises wait for this executive reviewer, the newest first."""
    asked = CheckReport.objects.filter(state=CheckReport.State.PROMISES).values("version")
    proposed = ReferenceVersion.objects.not_withdrawn().filter(activated_at=None, pk__in=asked)
    newest = proposed.defer("content", "written").newest_first()
    waiting = [version for version in newest if CONFIRM.may(version, user)]
    return [
        Turn(
            f"{version} waits for you to confirm its promises",
            "It guards every version of the policy. Read what changes before you confirm it."
            if version.kind == Kind.CHARTER
            else "It takes away, changes or empties promises. Read which before you confirm them.",
            f"/versions/{version.pk}/promises/",
            "Read the promises",
        )
        for version in waiting[:MOST]
    ]


def _of_kind(proposed: Sequence[Any], user: Any) -> Turn | None:
    """One that waits for this person's activation; else the newest, when it is their own.

    What was proposed before a version that is active now is overtaken, and nobody's turn.
    """
    others = [version for version in proposed if version.proposed_by_id != user.pk]
    ready = next((version for version in others[:MOST] if ACTIVATE.may(version, user)), None)
    if ready is not None:
        wording = (
            f"{ready} waits for someone other than the proposer",
            "Its check passed. Read the report before you activate it.",
        )
        return _of_version(ready, *wording)
    newest = next((version for version in proposed if version.pk == version.newest), None)
    if newest is None or newest.proposed_by_id != user.pk:
        return None
    report = newest.reports.defer("text").newest_first().first()
    if report is None:
        return _of_version(
            newest, f"{newest} has not been checked yet", "Run the check of your proposal."
        )
    if report.is_running or report.opens_the_way:
        return None
    if report.has_changed_promises:
        return _of_version(
            newest,
            f"{newest} waits for an executive reviewer",
            "Its promises change. Nobody can activate it before they are confirmed.",
        )
    return _of_version(
        newest, f"The check of {newest} did not pass", "Read why, and propose a mended version."
    )


def _of_version(version: ReferenceVersion, title: str, text: str) -> Turn:
    return Turn(title, text, f"/versions/{version.pk}/", "See the version")


ASKS = {
    access.SALES: _of_sales,
    access.COMPLIANCE: _of_compliance,
    access.SENIOR: _of_reviewers,
    access.EXECUTIVE: _of_executives,
    access.AUDITOR: _of_auditors,
}


def _some(
    deals: QuerySet[Deal], one: str, many: str, url: str, action: str, *, address: str = ""
) -> list[Turn]:
    """How many there are, and the first few; nothing when there are none."""
    counted = deals.values_list("pk", Window(Count("pk")))[:MOST]
    first = list(counted)
    if not first:
        return []
    count = first[0][1]
    title = f"1 deal {one}" if count == 1 else f"{count} deals {many}"
    return [Turn(title, "", url, action, [number for number, _ in first], address)]
