"""How stored answers, facts, findings, statuses and events read to sales.

Sales learns outcomes, clauses, sentences and whose turn it is; never votes, reviewers' notes or
their names, and of an adverse search only that it was made.
"""

import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, NamedTuple

from django.urls import reverse
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from audit.models import AuditEvent
from policy.engine.language.condition import OUTCOMES
from policy.facts.derive import ReferenceData
from policy.reference.sites import NONE
from policy.wording import clauses
from policy.wording.clauses import Clause
from policy.wording.outcomes import OUTCOMES_TO_SALES
from screening import wording
from screening.form import questions
from screening.form.choices import LABELS, NOT_KNOWN
from screening.form.deal_form import Kind, Question
from screening.form.questions import UNKNOWN, Context
from screening.lifecycle import Status
from screening.models import Confirmation, Deal, Screening
from screening.verbs import SENTENCES
from screening.wording import Wording

STATUS_WORDS = {
    Status.DRAFT: gettext_lazy("Draft"),
    Status.CLEARED: gettext_lazy("Cleared"),
    Status.NEEDS_INFORMATION: gettext_lazy("More information needed"),
    Status.IN_REVIEW: gettext_lazy("In review"),
    Status.APPROVED: gettext_lazy("Approved"),
    Status.APPROVED_WITH_CONDITIONS: gettext_lazy("Approved with conditions"),
    Status.REJECTED: gettext_lazy("Not approved"),
    Status.BARRED: gettext_lazy("Stopped by the policy"),
    Status.WITHDRAWN: gettext_lazy("Withdrawn"),
    Status.LAPSED: gettext_lazy("Lapsed"),
}
#: Facts whose value stays with compliance and reviewers.
KEPT_FROM_SALES = {"adverse_info": gettext_lazy("A search was made")}
#: Codes and names stand for one another; the name is enough.
BESIDE = frozenset({"country"})


class FactRow(NamedTuple):
    label: str
    value: str
    source: str


@dataclass(frozen=True)
class Card:
    """One finding: what the clauses ask beside the facts that fired the rule."""

    outcome: str
    outcome_words: Any
    title: str
    because: str
    rule: str
    clauses: list[Clause]
    facts: list[FactRow]
    evidence: list[str]


class AnswerRow(NamedTuple):
    asked: Question
    lines: list[str]
    is_answered: bool
    is_unknown: bool
    url: str
    #: What the program made of other answers, where nobody answered this question.
    note: str


class Turn(NamedTuple):
    """Whose turn it is, what is expected, and where to do it."""

    kind: str
    title: str
    text: str
    url: str = ""
    action: str = ""


class Happened(NamedTuple):
    what: str
    at: datetime
    who: str
    note: str


# ---- answers ----


def answer_rows(deal: Deal, context: Context, data: ReferenceData) -> list[AnswerRow]:
    """The answers to the questions that are asked, in the order of the form.

    What stands as it was sent is in the words of its screening; the rest was not screened yet.
    """
    sent = deal.screening.revision.answers if deal.screening else {}
    now = wording.of_data(data)
    own = wording.of(deal.screening) if deal.screening else now
    words = {
        slug: own if slug in sent and sent[slug] == answer else now
        for slug, answer in deal.answers.items()
    }
    return [
        AnswerRow(
            asked=asked,
            lines=answer_words(asked, deal.answers.get(asked.slug), words.get(asked.slug, now)),
            is_answered=questions.is_answered(asked, deal.answers, context),
            is_unknown=questions.is_unknown(asked, deal.answers),
            url=question_url(deal, asked),
            note=_made_of_others(asked, deal, context),
        )
        for asked in questions.shown_questions(deal.answers, context)
        if asked.slug != questions.DECLARATION
    ]


def _made_of_others(asked: Question, deal: Deal, context: Context) -> str:
    if asked.slug == questions.TITLE and not deal.answers.get(asked.slug) and deal.title:
        return _("It is called “%(title)s”.") % {"title": deal.title}
    if questions.is_from_registry(asked, deal.answers, context):
        return _("The registry has the customer there. Change it if that is wrong.")
    return ""


def question_url(deal: Deal, asked: Question) -> str:
    section = questions.sections()[asked.section - 1]
    return reverse(
        "screening:question", kwargs={"pk": deal.pk, "section": section.slug, "slug": asked.slug}
    )


def answer_words(asked: Question, value: Any, own: Wording) -> list[str]:
    """An answer in words, a line each; none when there is no answer."""
    if value in (None, "", [], {}):
        return []
    return [str(line) for line in _WORDS.get(asked.kind, _as_text)(asked, value, own) if line]


Words = Iterable[Any]


def _as_text(asked: Question, value: Any, own: Wording) -> Words:
    return [NOT_KNOWN if value == UNKNOWN else value]


def _label(choices: str, value: str) -> Any:
    words = {row[0]: row[1] for row in LABELS[choices]}
    return NOT_KNOWN if value == UNKNOWN else words.get(value, value)


def _choice(asked: Question, value: Any, own: Wording) -> Words:
    return [_label(asked.choices, value)]


def _choices(asked: Question, value: Any, own: Wording) -> Words:
    return [_label(asked.choices, choice) for choice in value]


def _products(asked: Question, value: Any, own: Wording) -> Words:
    return map(own.product, value)


def _money(asked: Question, value: Any, own: Wording) -> Words:
    amount = f"{int(value['amount']):,}".replace(",", "\u00a0")
    return [f"{value['currency']} {amount}"]


def _date(asked: Question, value: Any, own: Wording) -> Words:
    return [day(date.fromisoformat(value))]


def place_name(code: str, own: Wording) -> Any:
    return NOT_KNOWN if code == UNKNOWN else own.place(code)


def _country(asked: Question, value: Any, own: Wording) -> Words:
    return [place_name(value, own)]


def _countries(asked: Question, value: Any, own: Wording) -> Words:
    for row in value:
        name = place_name(row["place"], own)
        yield f"{name}, {row['site']}" if row["site"] else name


def _places(asked: Question, value: Any, own: Wording) -> Words:
    yield _("Run from: %(place)s") % {"place": place_name(value["run"], own)}
    yield _("Records in: %(place)s") % {"place": place_name(value["records"], own)}


def _elsewhere(asked: Question, value: Any, own: Wording) -> Words:
    yield _label("yes_no", value["answer"])
    yield from (place_name(code, own) for code in value["places"])


def _territories(asked: Question, value: Any, own: Wording) -> Words:
    for country, chosen in value.items():
        names = [
            _("None of these territories") if one == NONE else place_name(one, own)
            for one in chosen
        ]
        yield f"{place_name(country, own)}: {', '.join(map(str, names))}"


def _parties(asked: Question, value: Any, own: Wording) -> Words:
    yield _label("yes_no", value["answer"])
    for party in value["parties"]:
        role, country = _label("party_role", party["role"]), place_name(party["country"], own)
        yield f"{party['name']} ({role}, {country})"


def _end_user(asked: Question, value: Any, own: Wording) -> Words:
    yield _label(asked.choices, value["kind"])
    if value["is_customer"]:
        yield _("The same organisation that signs")


def _confirm(asked: Question, value: Any, own: Wording) -> Words:
    return [_("Confirmed")]


def _detail(asked: Question, value: Any, own: Wording) -> Words:
    # An answer from before the form asked which kind of yes is a plain yes.
    yield _label("yes_no" if value["answer"] == "yes" else asked.answers, value["answer"])
    if value.get("owner"):
        yield _label("list_owner", value["owner"])
    yield value.get("text", "")


def _basis(asked: Question, value: Any, own: Wording) -> Words:
    if value.get("answer") == UNKNOWN:
        return [_("Not known yet")]
    if "laws" in value:
        return [
            _("%(law)s, from the register of laws") % {"law": entry["cited"]}
            for entry in value["laws"]
        ]
    return [value.get(name, "") for name in ("act", "article", "date", "orders")]


_WORDS: Mapping[Kind, Callable[[Question, Any, Wording], Words]] = {
    Kind.CHOICE: _choice,
    Kind.CHOICES: _choices,
    Kind.PRODUCTS: _products,
    Kind.MONEY: _money,
    Kind.DATE: _date,
    Kind.COUNTRY: _country,
    Kind.COUNTRIES: _countries,
    Kind.PLACES: _places,
    Kind.ELSEWHERE: _elsewhere,
    Kind.TERRITORIES: _territories,
    Kind.PARTIES: _parties,
    Kind.END_USER: _end_user,
    Kind.DETAIL: _detail,
    Kind.BASIS: _basis,
    Kind.CONFIRM: _confirm,
}


def day(moment: date) -> str:
    return date_format(moment, "j M Y")


# ---- facts and findings ----


def card(finding: Any, sources: Mapping[str, Mapping[str, str]], own: Wording) -> Card:
    """A finding, stored or just assessed, as sales reads it."""
    rows = []
    for name, value in finding.facts.items():
        if name not in own.vocabulary or name in BESIDE:
            continue
        words = KEPT_FROM_SALES.get(name) or own.value(name, value)
        rows.append(FactRow(own.label(name), str(words), sources.get(name, {}).get("note", "")))
    return Card(
        outcome=finding.outcome,
        outcome_words=OUTCOMES_TO_SALES[finding.outcome],
        title=finding.title,
        because=finding.because,
        rule=finding.rule,
        clauses=clauses.cited(finding.clause),
        facts=rows,
        evidence=[clauses.evidence().get(kind, kind) for kind in finding.evidence],
    )


def cards(screening: Screening) -> list[Card]:
    """One card a finding, strictest first, in the words of the screening."""
    own = wording.of(screening)
    findings = sorted(
        screening.findings.all(),
        key=lambda finding: (-OUTCOMES.index(finding.outcome), finding.position),
    )
    return [card(finding, screening.sources, own) for finding in findings]


# ---- whose turn it is ----


def turn(deal: Deal, *, may_act: bool) -> Turn:
    """What sales is told about the status of a deal; who may not act gets no button."""
    turn = _turn(deal)
    return turn if may_act or deal.turn != "sales" or deal.is_clearance else turn._replace(url="")


def _turn(deal: Deal) -> Turn:
    status = Status(deal.status)
    until = day(deal.valid_until) if deal.valid_until else ""
    edit = reverse("screening:check", kwargs={"pk": deal.pk})
    if status == Status.NEEDS_INFORMATION:
        return _information_turn(deal)
    if status == Status.IN_REVIEW:
        return _review_turn(deal)
    return {
        Status.CLEARED: Turn(
            "cleared", _("Cleared until %(date)s") % {"date": until}, _("You can go on.")
        ),
        Status.APPROVED: Turn(
            "approved", _("Approved until %(date)s") % {"date": until}, _("You can go on.")
        ),
        Status.APPROVED_WITH_CONDITIONS: Turn(
            "approved_with_conditions",
            _("Approved with conditions until %(date)s") % {"date": until},
            _("You can go on while each condition is met in time."),
            "/conditions/",
            _("See the conditions"),
        ),
        Status.REJECTED: Turn(
            "rejected",
            _("Not approved"),
            _("The reasons and the clauses are below. You can start a changed deal."),
        ),
        Status.BARRED: Turn(
            "barred",
            _("Nobody can approve this deal"),
            _(
                "The policy stops it. The clauses and facts are below."
                " You can start a changed deal."
            ),
        ),
        Status.WITHDRAWN: Turn("withdrawn", _("Withdrawn"), _("This deal is closed.")),
        Status.LAPSED: Turn(
            "lapsed",
            _("It is your turn: this deal has lapsed"),
            _("%(why)s Do not go ahead. Check the answers and send it again.")
            % {"why": deal.why(verb="deal.lapsed")},
            edit,
            _("Check the answers"),
        ),
        Status.DRAFT: Turn("draft", _("Draft, not sent"), ""),
    }[status]


def _information_turn(deal: Deal) -> Turn:
    if deal.turn == "compliance":
        return Turn(
            "needs_information",
            _("It is compliance's turn"),
            _("Compliance is checking what you said. You have nothing to do."),
        )
    asked = open_questions(deal)
    count = ngettext("Answer %(count)d question", "Answer %(count)d questions", len(asked)) % {
        "count": len(asked)
    }
    floor = deal.screening.review_floor if deal.screening else ""
    after = {
        "senior_review": _("At least a senior review follows."),
        "executive_review": _("An executive review follows."),
    }.get(floor, "")
    revision = deal.screening.revision.number if deal.screening else 1
    return Turn(
        "your-turn",
        _("It is your turn"),
        f"{count}. {after}"
        if asked
        else _("Some answers are missing. %(after)s") % {"after": after},
        reverse("screening:questions", kwargs={"pk": deal.pk, "number": revision}),
        _("Answer and send"),
    )


def _review_turn(deal: Deal) -> Turn:
    who = (
        _("With two executive reviewers")
        if deal.review_level == "executive"
        else _("With a senior reviewer")
    )
    due = _(", due by %(date)s") % {"date": day(deal.due_at)} if deal.due_at else ""
    return Turn(
        "in_review",
        f"{who}{due}",
        _("It is the reviewers' turn. You get an email when they ask or decide."),
    )


def open_questions(deal: Deal) -> list[str]:
    """What is asked of sales now: by reviewers, and by rules that miss an answer."""
    asked = [question.text for question in deal.questions.filter(answer=None)]
    if deal.screening is not None:
        asked += [
            finding.because
            for finding in deal.screening.findings.all()
            if finding.outcome == "needs_information" and finding.asks == "sales"
        ]
    return asked


# ---- what happened ----

#: The reasons that sales reads; the reasons of a vote stay with the reviewers.
_TOLD = frozenset({"deal.withdrawn", "deal.lapsed"})


def history(deal: Deal, user: Any) -> list[Happened]:
    """The deal's events in words, newest first."""
    told = [verb for verb, sentence in SENTENCES.items() if sentence.to_sales]
    events = deal.events().filter(verb__in=told)
    entries = [_happened(event, deal, user) for event in reversed(list(events))]
    confirmed = Confirmation.objects.of(deal).select_related("rulebook").defer("rulebook__content")
    entries += [_confirmed(confirmation) for confirmation in confirmed]
    return sorted(entries, key=lambda entry: entry.at, reverse=True)


def _confirmed(confirmation: Confirmation) -> Happened:
    words = _(SENTENCES["deals.confirmed"].to_sales).format(rulebook=confirmation.rulebook)
    return Happened(words, confirmation.created_at, "", "")


def _happened(event: AuditEvent, deal: Deal, user: Any) -> Happened:
    payload = json.loads(event.payload)
    by = {f"user:{deal.owner_id}": deal.owner.get_full_name(), f"user:{user.pk}": _("You")}
    note = str(payload.get("because", "")) if event.verb in _TOLD else ""
    outcome = str(OUTCOMES_TO_SALES.get(payload.get("outcome"), "")).lower()
    words = _(SENTENCES[event.verb].to_sales).format(**{**payload, "outcome": outcome})
    return Happened(words, event.at, by.get(event.actor, ""), note)
