"""Pages of sales. Each view fetches what the person may see, asks one action, answers."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID, uuid4

from django.contrib import messages
from django.core.paginator import Paginator
from django.db.models import QuerySet
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from audit.refusals import Conflict
from people import access
from people.access import SignedIn, allow
from people.verbs import Offers, does
from policy import active
from policy.reference.names.plain_text import fault
from policy.wording.outcomes import OUTCOMES_TO_SALES
from screening import actions, sales_words, verbs, wording
from screening.form import meanings, questions
from screening.form.deal_form import Question
from screening.form.forms import QuestionForm, WithdrawForm, question_form
from screening.lifecycle import Status
from screening.models import Deal

PER_PAGE = 20
TABS = {
    "yours": (_("Your turn"), _("No deal is waiting for you.")),
    "drafts": (_("Drafts"), _("You have no drafts.")),
    "others": (_("With others"), _("No deal is with compliance or reviewers.")),
    "decided": (_("Decided"), _("No deal has been decided yet.")),
}
READ = require_safe
READ_OR_SEND = require_http_methods(["GET", "HEAD", "POST"])


def _own(request: SignedIn, pk: int) -> Deal:
    seen = Deal.objects.sold_by(request.user).select_related("owner", "screening__revision")
    return get_object_or_404(wording.with_versions(seen, "screening__"), pk=pk)


# ---- my deals ----


@allow(access.SALES)
@READ
def my_deals(request: SignedIn) -> HttpResponse:
    everything = Deal.objects.sold_by(request.user)
    counts = everything.tab_counts()
    words = request.GET.get("words", "").strip()[:80]
    tab = request.GET.get("tab", "")
    tab = tab if tab in TABS else next((name for name in TABS if counts[name]), "yours")
    deals = everything.in_tab(tab).titled(words).newest_first().select_related("owner", "screening")
    page = _pages(deals, counts[tab], words).get_page(request.GET.get("page"))
    context = {
        "page": page,
        "rows": [
            (
                deal,
                sales_words.STATUS_WORDS[Status(deal.status)],
                deal.answers.get("customer", ""),
                _("You") if deal.owner == request.user else deal.owner.get_full_name(),
            )
            for deal in page
        ],
        "tabs": _tabs(counts, tab),
        "tab": tab,
        "words": words,
        "nothing": TABS[tab][1],
        "has_deals": any(counts.values()),
        "why_not_start": verbs.START.why_not(None, request.user),
    }
    return render(request, "screening/deals.html", context)


def _pages(deals: QuerySet[Deal], count: int, words: str) -> "Paginator[Deal]":
    """Without words a tab holds as many as was counted."""
    pages = Paginator(deals, PER_PAGE)
    if not words:
        pages.count = count
    return pages


def _tabs(counts: Mapping[str, int], chosen: str) -> list[dict[str, Any]]:
    return [
        {
            "url": f"{reverse('screening:deals')}?tab={name}",
            "label": label,
            "count": counts[name],
            "current": name == chosen,
        }
        for name, (label, _nothing) in TABS.items()
    ]


@does(verbs.START)
@READ_OR_SEND
def new_deal(request: SignedIn) -> HttpResponse:
    if request.method == "POST":
        return redirect(actions.start_deal(actor=request.user))
    why_not = verbs.START.why_not(None, request.user)
    return render(request, "screening/new.html", {"why_not": why_not})


# ---- one deal ----


@allow(access.SALES)
@READ
def deal(request: SignedIn, pk: int) -> HttpResponse:
    deal = _own(request, pk)
    if deal.status == Status.DRAFT:
        return _task_list(request, deal)
    data = active.reference_data()
    context = {
        "deal": deal,
        "turn": sales_words.turn(deal, may_act=verbs.SUBMIT.may(deal, request.user)),
        "status_words": sales_words.STATUS_WORDS[Status(deal.status)],
        "cards": sales_words.cards(deal.screening) if deal.screening else [],
        "reasons": _reasons_of_rejection(deal),
        "history": sales_words.history(deal, request.user),
        "answers": sales_words.answer_rows(deal, questions.context_of(deal.answers, data), data),
        "may": Offers(verbs.OF_SALES, deal, request.user),
        "successor": deal.successors.order_by("pk").first(),
    }
    return render(request, "screening/status.html", context)


def _reasons_of_rejection(deal: Deal) -> str:
    if deal.status != Status.REJECTED:
        return ""
    return deal.why(verb="deal.rejected")


def _task_list(request: SignedIn, deal: Deal) -> HttpResponse:
    data = active.reference_data()
    rows = sales_words.answer_rows(deal, questions.context_of(deal.answers, data), data)
    tasks = [_task(section, rows) for section in questions.sections()[:-1]]
    done = [task["state"] for task in tasks].count("done")
    context = {
        "deal": deal,
        "tasks": tasks,
        "done": done,
        "all_done": done == len(tasks),
        "may": Offers(verbs.OF_SALES, deal, request.user),
    }
    return render(request, "screening/tasks.html", context)


def _task(section: questions.Section, rows: list[sales_words.AnswerRow]) -> dict[str, Any]:
    own = [row for row in rows if row.asked.section == section.number]
    open_rows = [row for row in own if not row.is_answered]
    begun = any(row.lines for row in own)
    state = "begun" if begun else "untouched"
    return {
        "title": section.title,
        "url": (open_rows or own)[0].url,
        "state": state if open_rows else "done",
        "unknown": sum(row.is_unknown for row in own),
    }


# ---- the form ----


@does(verbs.SAVE)
@READ_OR_SEND
def question(request: SignedIn, pk: int, section: str, slug: str) -> HttpResponse:
    deal, asked = _own(request, pk), _asked(section, slug)
    verbs.SAVE.check(deal, request.user)
    data = active.reference_data()
    form = question_form(
        asked,
        data,
        stored=deal.answers.get(slug),
        posted=request.POST or None,
        beside=questions.beside_territories(deal.answers, data),
        answers=deal.answers,
    )
    if request.method == "POST" and form.is_valid() and not form.wants_more():
        before = dict(deal.answers)
        actions.save_answer(deal, slug=slug, value=form.answer(), actor=request.user)
        meaning = meanings.of_answer(before, deal.answers, data)
        if deal.answers.get(questions.SOFTENED, []) != before.get(questions.SOFTENED, []):
            messages.warning(
                request, _("A reviewer will look at this deal because of what you answered before.")
            )
        return _after_answer(request, deal, asked, meaning)
    return render(
        request,
        "screening/question.html",
        _question_page(request, deal, asked, form),
        status=422 if request.method == "POST" and not form.wants_more() else 200,
    )


def _asked(section: str, slug: str) -> Question:
    try:
        asked = questions.question(slug)
        if asked.section != questions.section(section).number or slug == questions.DECLARATION:
            raise Http404
    except KeyError:
        raise Http404 from None
    return asked


def _question_page(
    request: SignedIn, deal: Deal, asked: Question, form: QuestionForm
) -> dict[str, Any]:
    data = active.reference_data()
    without = {slug: value for slug, value in deal.answers.items() if slug != asked.slug}
    return {
        "deal": deal,
        "asked": asked,
        "form": form,
        "section": questions.sections()[asked.section - 1],
        "sections": len(questions.sections()),
        "meaning": meanings.of_answer(without, deal.answers, data),
        "is_answered": asked.slug in deal.answers,
        "copied": questions.copied_from(deal.answers, asked.slug),
        "check": request.GET.get("from") == "check",
        "names": Deal.objects.sold_by(request.user).customer_names(),
    }


def _after_answer(
    request: SignedIn, deal: Deal, asked: Question, meaning: meanings.Meaning
) -> HttpResponse:
    if meaning.as_text:
        messages.warning(request, meaning.as_text)
    if "later" in request.POST:
        messages.success(request, _("Saved. You can come back later."))
        return redirect(deal)
    if request.GET.get("from") == "check" or deal.status != Status.DRAFT:
        return redirect("screening:check", pk=deal.pk)
    context = questions.context_of(deal.answers, active.reference_data())
    following = questions.next_question(asked, deal.answers, context)
    return redirect(sales_words.question_url(deal, following) if following else deal)


@allow(access.SALES)
@require_POST
def meaning(request: SignedIn, pk: int, section: str, slug: str) -> HttpResponse:
    """What the answer on the page would mean; saves nothing."""
    deal, asked = _own(request, pk), _asked(section, slug)
    data = active.reference_data()
    beside = questions.beside_territories(deal.answers, data)
    form = question_form(asked, data, posted=request.POST, beside=beside, answers=deal.answers)
    without = {name: value for name, value in deal.answers.items() if name != slug}
    answers = without | ({slug: form.answer()} if form.is_valid() else {})
    # Half an answer takes nothing away yet.
    stored = deal.answers if slug in answers else answers
    context = {
        "meaning": meanings.of_answer(without, answers, data, stored=stored),
        "is_answered": slug in answers,
    }
    return render(request, "screening/meaning.html", context)


@does(verbs.SUBMIT)
@READ_OR_SEND
def check(request: SignedIn, pk: int) -> HttpResponse:
    deal = _own(request, pk)
    if _was_sent(request, deal):
        return redirect("screening:sent", pk=pk)
    verbs.SUBMIT.check(deal, request.user)
    data = active.reference_data()
    context = questions.context_of(deal.answers, data)
    rows = sales_words.answer_rows(deal, context, data)
    missing = [row for row in rows if not row.is_answered]
    declaration = question_form(
        questions.question(questions.DECLARATION), data, posted=request.POST or None
    )
    if request.method == "POST" and not missing and declaration.is_valid():
        return _send(request, deal, replies={})
    page = {
        "deal": deal,
        "form": declaration,
        "sections": _by_section(rows),
        "missing": missing,
        "unknown": [row for row in rows if row.is_unknown],
        "send_key": request.POST.get("send_key") or uuid4(),
        "asked": list(deal.questions.filter(answer=None)),
    }
    return render(
        request, "screening/check.html", page, status=422 if request.method == "POST" else 200
    )


def _by_section(rows: list[sales_words.AnswerRow]) -> list[tuple[Any, list[sales_words.AnswerRow]]]:
    return [
        (section, [row for row in rows if row.asked.section == section.number])
        for section in questions.sections()[:-1]
    ]


def _send(request: SignedIn, deal: Deal, *, replies: dict[int, str]) -> HttpResponse:
    try:
        actions.save_answer(deal, slug=questions.DECLARATION, value=True, actor=request.user)
        actions.submit_deal(deal, send_key=_send_key(request), actor=request.user, replies=replies)
    except Conflict:
        # The other of two clicks was faster: it sent the same form, so its result is ours.
        if not _was_sent(request, deal):
            raise
    return redirect("screening:sent", pk=deal.pk)


def _was_sent(request: SignedIn, deal: Deal) -> bool:
    """Whether this very form has made a revision already."""
    typed = request.POST.get("send_key")
    return bool(typed) and deal.revisions.filter(send_key=_send_key(request)).exists()


def _send_key(request: SignedIn) -> UUID:
    try:
        return UUID(request.POST.get("send_key", ""))
    except ValueError:
        raise Conflict(_("Open “Check your answers” again and send from there.")) from None


@allow(access.SALES)
@READ
def sent(request: SignedIn, pk: int) -> HttpResponse:
    deal = _own(request, pk)
    if deal.screening is None:
        return redirect(deal)
    context = {
        "deal": deal,
        "turn": sales_words.turn(deal, may_act=verbs.SUBMIT.may(deal, request.user)),
        "outcome_words": OUTCOMES_TO_SALES[deal.screening.outcome],
        "cards": sales_words.cards(deal.screening),
    }
    return render(request, "screening/sent.html", context)


@does(verbs.SUBMIT)
@READ_OR_SEND
def questions_asked(request: SignedIn, pk: int, number: int) -> HttpResponse:
    """What reviewers and rules ask of sales about revision ``number``, answered in place."""
    deal = _own(request, pk)
    if _was_sent(request, deal):
        return redirect("screening:sent", pk=pk)
    revision = get_object_or_404(deal.revisions, number=number)
    later = deal.revisions.filter(number__gt=number).order_by("number").first()
    asked = list(deal.questions.filter(answer=None))
    replies = {
        question.number: request.POST.get(f"reply_{question.number}", "").strip()
        for question in asked
    }
    data = active.reference_data()
    declaration = question_form(
        questions.question(questions.DECLARATION), data, posted=request.POST or None
    )
    problems = _unanswered(replies) if request.method == "POST" else []
    if later is None:
        verbs.SUBMIT.check(deal, request.user)
        if request.method == "POST" and not problems and declaration.is_valid():
            return _send(request, deal, replies=replies)
    context = {
        "deal": deal,
        "later": later,
        "revision": revision,
        "asked": [(question, replies[question.number]) for question in asked],
        "cards": [
            card
            for card in sales_words.cards(deal.screening)
            if card.outcome == "needs_information"
        ]
        if deal.screening
        else [],
        "rows": sales_words.answer_rows(deal, questions.context_of(deal.answers, data), data),
        "form": declaration,
        "problems": problems,
        "has_errors": bool(problems),
        "send_key": request.POST.get("send_key") or uuid4(),
    }
    return render(
        request,
        "screening/questions.html",
        context,
        status=422 if request.method == "POST" else 200,
    )


def _unanswered(replies: dict[int, str]) -> list[dict[str, str]]:
    return [
        {"text": problem, "href": f"#reply_{number}"}
        for number, reply in replies.items()
        if (problem := _why_not_answered(number, reply))
    ]


def _why_not_answered(number: int, reply: str) -> str:
    if not reply:
        return _("Answer question %(number)d") % {"number": number}
    if wrong := fault(reply, lines=True):
        return _("Answer %(number)d: remove %(what)s") % {"number": number, "what": wrong}
    return ""


# ---- copy, change, end ----


@does(verbs.COPY)
@READ_OR_SEND
def copy(request: SignedIn, pk: int) -> HttpResponse:
    deal = _own(request, pk)
    verbs.COPY.check(deal, request.user)
    if request.method == "POST":
        return redirect(actions.copy_deal(deal, actor=request.user))
    return render(request, "screening/copy.html", {"deal": deal})


@does(verbs.START_CHANGED)
@READ_OR_SEND
def start_changed(request: SignedIn, pk: int) -> HttpResponse:
    deal = _own(request, pk)
    verbs.START_CHANGED.check(deal, request.user)
    if request.method == "POST":
        return redirect(actions.start_changed_deal(deal, actor=request.user))
    return render(request, "screening/changed.html", {"deal": deal})


@does(verbs.WITHDRAW)
@READ_OR_SEND
def withdraw(request: SignedIn, pk: int) -> HttpResponse:
    deal = _own(request, pk)
    verbs.WITHDRAW.check(deal, request.user)
    form = WithdrawForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        actions.withdraw_deal(deal, because=form.cleaned_data["because"], actor=request.user)
        return redirect(deal)
    return render(
        request,
        "screening/withdraw.html",
        {"deal": deal, "form": form},
        status=422 if form.errors else 200,
    )


@does(verbs.DELETE)
@READ_OR_SEND
def delete(request: SignedIn, pk: int) -> HttpResponse:
    deal = _own(request, pk)
    verbs.DELETE.check(deal, request.user)
    if request.method == "POST":
        actions.delete_draft(deal, actor=request.user)
        messages.success(request, _("The draft was deleted."))
        return redirect("screening:deals")
    return render(request, "screening/delete.html", {"deal": deal})
