"""Example deals for the demo, entered through the same actions that people use."""

from collections.abc import Callable
from datetime import date, timedelta
from typing import Any
from uuid import uuid4

from django.conf import settings
from django.contrib.auth.models import User
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError
from django.db import transaction

from policy import active
from reviews import actions as reviewing
from reviews.demo_deals import DRAFTS, EXAMPLES, Example, otherwise
from screening import actions as selling
from screening.form import questions
from screening.lifecycle import Status
from screening.models import Deal

REASONS = {
    "approve": "An ordinary network for subscribers; the products cannot monitor anybody.",
    "approve_with_conditions": "Acceptable when the two duties below are met and shown.",
    "reject": "The end user answers to a body that the reports name; safeguards are too weak.",
}
#: As the form of reviews.assessment stores it.
ASSESSMENT = {
    "scale": "2",
    "scope": "2",
    "remedy": "1",
    "severity_because": "The equipment carries voice and cannot record it.",
    "likelihood": "1",
    "likelihood_because": "No report names this customer or this kind of use.",
    "link": "present",
    "link_because": "Anyone who wants to listen in needs a system from another supplier.",
    "safeguards": "reduce",
    "safeguards_because": "The contract names the uses, and access is logged.",
    "conflict": "none",
}


class Command(BaseCommand):
    help = "Enter the example deals of the demo. Running it again changes nothing."

    @transaction.atomic
    def handle(self, *args: Any, **options: Any) -> None:
        if settings.PRODUCTION:
            raise CommandError("Example deals are for the demo; in production sales enters deals.")
        if Deal.objects.exists():
            self.stdout.write("The deals are already there.")
            # An earlier version of the program may have screened them.
            call_command("rebuild_deal_facts", stdout=self.stdout)
            return
        for example in EXAMPLES:
            deal = send(example)
            if example.story:
                STORIES[example.story](deal)
        for seller, title, answers in DRAFTS:
            write(person(seller), {"name": title, **answers})
        self.stdout.write(f"{Deal.objects.count()} deals")


def person(name: str) -> User:
    try:
        return User.objects.get(username=name)
    except User.DoesNotExist:
        raise CommandError(f"There is no {name}. Run `manage.py demo_people` first.") from None


def write(seller: User, answers: dict[str, Any]) -> Deal:
    deal = selling.start_deal(actor=seller)
    for slug, value in answers.items():
        selling.save_answer(deal, slug=slug, value=value, actor=seller)
    return deal


def send(example: Example) -> Deal:
    """Answer every question that the form asks of this deal, and send it."""
    seller = person(example.seller)
    deal = write(seller, example.answers())
    data = active.reference_data()
    while True:
        context = questions.context_of(deal.answers, data)
        missing = questions.missing_questions(deal.answers, context)
        if not missing:
            break
        slug = missing[0].slug
        selling.save_answer(deal, slug=slug, value=otherwise(slug, context), actor=seller)
    selling.submit_deal(deal, send_key=uuid4(), actor=seller)
    deal.refresh_from_db()
    screening = deal.last_screening
    if screening.outcome != example.outcome:
        raise CommandError(
            f"“{example.title}” should be {example.outcome}, and is {screening.outcome}: "
            f"{[finding.because for finding in screening.findings.all()]}"
        )
    return deal


def vote(deal: Deal, name: str, verdict: str, **kwargs: Any) -> None:
    reviewer = person(name)
    reviewing.claim_deal(deal, actor=reviewer)
    reviewing.vote(
        deal,
        screening=deal.last_screening,
        verdict=verdict,
        because=REASONS[verdict],
        assessment=ASSESSMENT,
        actor=reviewer,
        **kwargs,
    )


def duties() -> list[reviewing.Duty]:
    # Days, not a date: a demo that starts next year must not begin with overdue duties.
    today = date.today()  # noqa: DTZ011  a calendar day of an example
    return [
        reviewing.Duty(
            "Remove remote access before hand-over",
            today + timedelta(days=60),
            "Signed hand-over report",
        ),
        reviewing.Duty(
            "Report every half-year how the system is used",
            today + timedelta(days=180),
            "First usage report",
        ),
    ]


def approve(deal: Deal) -> None:
    vote(deal, "rosa", "approve")


def reject(deal: Deal) -> None:
    vote(deal, "ravi", "reject")


def conditions(deal: Deal) -> None:
    vote(deal, "rosa", "approve_with_conditions", conditions=duties())
    vote(deal, "ravi", "approve")


def second_due(deal: Deal) -> None:
    vote(deal, "ravi", "approve_with_conditions", conditions=duties()[:1])


def licensed(deal: Deal) -> None:
    """The licence is granted; the policy is a gate of its own, and two executives say no."""
    selling.rule_fact(
        deal,
        fact="export_control",
        value="licence_granted",
        actor=person("carla"),
        because="The authority granted the licence.",
        source="Licence 2016/0815",
    )
    vote(deal, "erik", "reject")
    vote(deal, "emma", "reject")


def split(deal: Deal) -> None:
    vote(deal, "erik", "approve")
    vote(deal, "emma", "reject")


def claim(deal: Deal) -> None:
    reviewing.claim_deal(deal, actor=person("rosa"))


def pass_up(deal: Deal) -> None:
    reviewing.claim_deal(deal, actor=person("ravi"))
    reviewing.pass_up(
        deal,
        because="The customer was named in a report that I cannot weigh alone.",
        actor=person("ravi"),
    )


def ask(deal: Deal) -> None:
    reviewing.claim_deal(deal, actor=person("rosa"))
    reviewing.ask_sales(
        deal,
        questions=[
            ("end_user_type", "Who owns the operator? Name every owner above 10 %."),
            ("services", "Will our own people have access after hand-over?"),
        ],
        actor=person("rosa"),
    )


def ask_and_answer(deal: Deal) -> None:
    ask(deal)
    selling.submit_deal(
        deal,
        send_key=uuid4(),
        actor=deal.owner,
        replies={1: "Two funds of the founders' family, 45 % each.", 2: "No. Access ends then."},
    )


def verify(deal: Deal) -> None:
    selling.rule_fact(
        deal,
        fact="legal_basis_status",
        value="verified",
        actor=person("carla"),
        because="The act says what sales cites, and orders come from a judge.",
        source="Official gazette, read in the original",
    )


def withdraw(deal: Deal) -> None:
    selling.withdraw_deal(
        deal, because="The customer repairs the old sites instead.", actor=deal.owner
    )


def lapse(deal: Deal) -> None:
    selling.lapse_deal(deal, because="The clearance was for a tender that was repeated.")


def changed(deal: Deal) -> None:
    """The closed deal is followed by one without the monitoring centre."""
    successor = selling.start_changed_deal(deal, actor=deal.owner)
    selling.save_answer(successor, slug="products", value=["nr-macro"], actor=deal.owner)
    assert successor.status == Status.DRAFT  # noqa: S101


STORIES: dict[str, Callable[[Deal], None]] = {
    story.__name__: story
    for story in (
        approve,
        reject,
        conditions,
        second_due,
        licensed,
        split,
        claim,
        pass_up,
        ask,
        ask_and_answer,
        verify,
        withdraw,
        lapse,
        changed,
    )
}
