"""Assess, vote, confirm: three pages that carry what was typed in hidden fields.

Nothing is stored before the last one, so another window, a lost session or a deal that moved on
leaves no half vote. Each step renews the claim.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods

from audit.refusals import Conflict
from people.access import SignedIn
from people.verbs import does
from reviews import actions, exhibits, labels, panel, verbs
from reviews import assessment as weighing
from reviews.forms import AssessmentForm, ConditionRows, VoteForm
from reviews.models import Review, Vote
from reviews.precedents import deciding_facts
from reviews.review_pages import find_deal, overtaken
from screening import following
from screening.models import Deal, Screening

ASSESSED = tuple(
    name
    for criterion in weighing.CRITERIA
    for name in (*(choice.name for choice in criterion.choices), criterion.reason)
)


@dataclass
class Draft:
    """The vote as it stands on the page: what was posted, and the forms that read it."""

    deal: Deal
    data: QueryDict
    assessment: AssessmentForm = field(init=False)
    vote: VoteForm = field(init=False)
    conditions: ConditionRows = field(init=False)

    def __post_init__(self) -> None:
        self.assessment = AssessmentForm(self.data)
        self.vote = VoteForm(self.data)
        self.conditions = self.rows_of_conditions()

    def rows_of_conditions(self, *, more: int = 0) -> ConditionRows:
        """None of them is due after the approval ends."""
        last = following.last_day(self.deal.last_screening)
        return ConditionRows(self.data, last=last, more=more)

    def screening(self) -> Screening:
        """The screening that the reviewer read; it must be one of this deal."""
        number = self.data.get("screening", "")
        screenings = Screening.objects.filter(revision__deal=self.deal)
        if not number.isascii() or not number.isdigit() or len(number) > 18:
            raise Http404
        screening = screenings.filter(pk=int(number)).first()
        if screening is None:
            raise Http404
        return screening

    def carried(self, *shown: str) -> list[tuple[str, str]]:
        """Hidden fields for everything but what the page itself asks, and the two of the form."""
        left = {*shown, "csrfmiddlewaretoken", "step"}
        return [
            (name, text)
            for name in self.data
            if name not in left
            for text in self.data.getlist(name)
        ]

    def typed(self) -> Iterator[tuple[str, str]]:
        """What the reviewer wrote, for the page that says the deal moved on."""
        for criterion in weighing.CRITERIA:
            yield criterion.title, self.data.get(criterion.reason, "")
        yield "Reasons", self.data.get("because", "")
        for row in self.conditions.rows:
            parts = (row["text"].value(), row["due_on"].value(), row["evidence"].value())
            yield f"Condition {row.number}", " · ".join(part for part in parts if part)

    def is_complete(self) -> bool:
        """Verdict and reasons fit, and conditions stand exactly where the verdict has some."""
        fine = self.vote.is_valid()
        fine = self.conditions.is_valid() and fine
        if fine:
            wanted = self.vote.cleaned_data["verdict"] == Vote.Verdict.CONDITIONS
            if wanted and not self.conditions.duties():
                self.vote.add_error("verdict", "Write at least one condition")
            if not wanted and self.conditions.duties():
                self.vote.add_error("verdict", "Empty the conditions, or approve with conditions")
        return fine and not self.vote.errors


def _draft(request: SignedIn, pk: int) -> Draft:
    """What was posted, on the deal of the address. Renews the claim, so it may raise Conflict."""
    deal = find_deal(request, pk)
    draft = Draft(deal, request.POST)
    if request.POST.get("step") == "again":
        draft.data = request.POST.copy()
        draft.data["screening"] = str(deal.screening_id)
        draft.__post_init__()
    return draft


def _renew(draft: Draft, request: SignedIn) -> None:
    """Keep the claim, or say why this reviewer does not have it any more."""
    actions.check_not_overtaken(draft.deal, draft.screening())
    verbs.VOTE.check(draft.deal, request.user)
    actions.claim_deal(draft.deal, actor=request.user)


@does(verbs.VOTE)
@require_http_methods(["GET", "HEAD", "POST"])
def assess(request: SignedIn, pk: int) -> HttpResponse:
    if request.method != "POST":
        return _begin(request, pk)
    draft = _draft(request, pk)
    try:
        _renew(draft, request)
    except Conflict as refusal:
        return _overtaken(request, draft, refusal)
    if request.POST.get("step") in {"again", "change"}:
        return _assess_page(request, draft, AssessmentForm(initial=draft.data.dict()))
    if not draft.assessment.is_valid():
        return _assess_page(request, draft, draft.assessment)
    return _vote_page(request, draft, bound="verdict" in draft.data)


def _begin(request: SignedIn, pk: int) -> HttpResponse:
    deal = find_deal(request, pk)
    data = QueryDict(mutable=True)
    data["screening"] = str(deal.screening_id)
    try:
        verbs.VOTE.check(deal, request.user)
    except Conflict as refusal:
        return overtaken(request, deal, refusal)
    return _assess_page(request, Draft(deal, data), AssessmentForm())


@does(verbs.VOTE)
@require_http_methods(["GET", "HEAD", "POST"])
def vote(request: SignedIn, pk: int) -> HttpResponse:
    if request.method != "POST":
        return redirect("reviews:assess", pk=pk)
    draft = _draft(request, pk)
    try:
        _renew(draft, request)
    except Conflict as refusal:
        return _overtaken(request, draft, refusal)
    if not draft.assessment.is_valid():
        return _assess_page(request, draft, draft.assessment)
    step = request.POST.get("step")
    if step in {"add", "change"}:
        draft.conditions = draft.rows_of_conditions(more=int(step == "add"))
        return _vote_page(request, draft, bound=False)
    if not draft.is_complete():
        return _vote_page(request, draft, bound=True)
    return _confirm_page(request, draft)


@does(verbs.VOTE)
@require_http_methods(["GET", "HEAD", "POST"])
def confirm(request: SignedIn, pk: int) -> HttpResponse:
    """Record the vote on the screening that was read."""
    if request.method != "POST":
        return redirect("reviews:assess", pk=pk)
    draft = _draft(request, pk)
    try:
        _renew(draft, request)
    except Conflict as refusal:
        return _overtaken(request, draft, refusal)
    if not draft.assessment.is_valid():
        return _assess_page(request, draft, draft.assessment)
    if not draft.is_complete():
        return _vote_page(request, draft, bound=True)
    cleaned = draft.vote.cleaned_data
    try:
        actions.vote(
            draft.deal,
            screening=draft.screening(),
            verdict=cleaned["verdict"],
            because=cleaned["because"],
            assessment={name: draft.assessment.cleaned_data[name] for name in ASSESSED},
            conditions=draft.conditions.duties(),
            actor=request.user,
        )
    except Conflict as refusal:
        return _overtaken(request, draft, refusal)
    messages.success(request, f"Your vote on {draft.deal.reference} is recorded.")
    return redirect("reviews:deal", pk=pk)


def _overtaken(request: SignedIn, draft: Draft, refusal: Conflict) -> HttpResponse:
    return overtaken(request, draft.deal, refusal, draft.typed(), draft.carried("screening"))


def _assess_page(request: SignedIn, draft: Draft, form: AssessmentForm) -> HttpResponse:
    context = {
        "deal": draft.deal,
        "form": form,
        "carried": draft.carried(*ASSESSED),
        "cards": _cards(draft.deal),
    }
    return render(request, "reviews/assess.html", context)


def _vote_page(request: SignedIn, draft: Draft, *, bound: bool) -> HttpResponse:
    """Bound shows errors; unbound takes up what was typed so far."""
    initial = {name: draft.data.get(name, "") for name in ("verdict", "because")}
    form = draft.vote if bound else VoteForm(initial=initial)
    own = {"verdict", "because", "rows"}
    for row in draft.conditions.rows:
        own |= {field.html_name for field in row}
    context = {
        "deal": draft.deal,
        "form": form,
        "conditions": draft.conditions,
        "show_row_errors": bound,
        "problems": _row_problems(draft) if bound else [],
        "carried": draft.carried(*own),
        "lines": weighing.in_words(draft.data),
        "severity": weighing.severity(draft.data),
    }
    return render(request, "reviews/vote.html", context)


def _row_problems(draft: Draft) -> list[dict[str, Any]]:
    return [
        {"text": text, "href": f"#{bound.id_for_label}"}
        for row in draft.conditions.rows
        for bound in row
        for text in bound.errors
    ]


def _confirm_page(request: SignedIn, draft: Draft) -> HttpResponse:
    deal, cleaned = draft.deal, draft.vote.cleaned_data
    screening = draft.screening()
    review = Review.objects.current_of(deal)
    votes = review.votes.count() if review else 0
    context = {
        "deal": deal,
        "cards": _cards(deal),
        "facts": labels.fact_rows(screening, deciding_facts(screening)),
        "lines": weighing.in_words(draft.data),
        "verdict": Vote.Verdict(cleaned["verdict"]),
        "because": cleaned["because"],
        "duties": draft.conditions.duties(),
        "consequence": panel.consequence(deal.review_level, votes, cleaned["verdict"]),
        "carried": draft.carried(),
        "rulebook": screening.rulebook,
    }
    return render(request, "reviews/confirm.html", context)


def _cards(deal: Deal) -> list[exhibits.Card]:
    return exhibits.cards(deal.last_screening)
