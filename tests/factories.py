"""People and deals for tests. Every state is reached by the real actions, the way users do."""

from collections.abc import Mapping
from datetime import timedelta
from functools import cache
from itertools import count
from typing import Any
from uuid import uuid4

from django.contrib.auth.models import Group, User
from django.db import transaction
from django.utils import timezone

from audit.models import SYSTEM, AuditEvent
from people import access
from policy import actions as governing
from policy.facts import shipped
from policy.governance.versions import Content, example_laws, shipped_contents
from policy.models import Kind, ReferenceVersion
from reviews import actions as reviewing
from reviews.actions import Duty
from screening import actions as selling
from screening.form import questions
from screening.models import Deal, FactRuling, SalesTeam
from screening.parties import actions as parties
from screening.parties.models import Easing, Party, PartyFinding
from tests.screening.form.answers import SIMPLE

_numbers = count(1)
PASSWORD = "correct horse battery staple"


def person(*roles: str, name: str = "") -> User:
    """A user with these roles; "Ada 7" when the name does not matter."""
    number = next(_numbers)
    first, _, last = (name or f"Ada {number}").partition(" ")
    user = User.objects.create_user(
        f"user{number}", f"user{number}@example.com", PASSWORD, first_name=first, last_name=last
    )
    give(user, *roles)
    return user


@transaction.atomic
def give(user: User, *roles: str) -> None:
    """These roles besides those that the person has, with the event that PostgreSQL asks for."""
    user.groups.add(*(Group.objects.get_or_create(name=role)[0] for role in roles))
    AuditEvent.objects.append(subject=f"person:{user.pk}", actor=SYSTEM, verb="person.added")


def sales_person(*, team: SalesTeam | None = None, name: str = "") -> User:
    user = person(access.SALES, name=name)
    join(team or sales_team(), user)
    return user


@transaction.atomic
def join(team: SalesTeam, user: User) -> None:
    """Somebody more in the team, with the event that PostgreSQL asks for."""
    team.members.add(user)
    AuditEvent.objects.append(subject=f"person:{user.pk}", actor=SYSTEM, verb="person.teams_set")


def sales_team(name: str = "") -> SalesTeam:
    return SalesTeam.objects.create(name=name or f"Team {next(_numbers)}")


def senior(name: str = "") -> User:
    return person(access.SENIOR, name=name)


def executive(name: str = "") -> User:
    return person(access.EXECUTIVE, name=name)


def compliance_officer(name: str = "") -> User:
    return person(access.COMPLIANCE, name=name)


def auditor(name: str = "") -> User:
    return person(access.AUDITOR, name=name)


@cache
def _contents() -> list[Content]:
    return shipped_contents()


@cache
def laws_of_the_demo() -> Content:
    return example_laws()


def reference_data(*, laws: Content | None = None, charter: bool = True) -> None:
    """The shipped versions, proposed by one policy owner and activated by another; once.

    The tests' database has them already, unless a test is marked ``bare``; what differs needs the
    mark: other ``laws`` than the empty register that ships, or no ``charter``, as an installation
    of before there was one.
    """
    contents = _contents()
    if laws is not None:
        contents = [laws if content.kind == Kind.LAWS else content for content in contents]
    if not charter:
        contents = [content for content in contents if content.kind != Kind.CHARTER]
    known = dict(ReferenceVersion.objects.order_by("-pk").values_list("kind", "digest"))
    if known:
        differs = (laws and laws.digest != known[Kind.LAWS]) or (
            not charter and Kind.CHARTER in known
        )
        assert not differs, "The database has other reference data: mark the test bare."
        return
    proposer, activator = person(access.POLICY_OWNER), person(access.POLICY_OWNER)
    for content in contents:
        version = governing.propose_version(content, actor=proposer)
        governing.activate_version(version, actor=activator)


def in_country(code: str) -> dict[str, Any]:
    places = {
        "customer-country": code,
        "countries": [{"place": code, "site": ""}],
        "run-from": {"run": code, "records": code},
    }
    asked = shipped.load().countries.territories_asked(code)
    return {**places, "territories": {code: ["none"]}} if asked else places


_ASKED_IN_HIGH_RISK: dict[str, Any] = {
    "law-conflict": {"answer": "no", "text": ""},
    "safeguards": ["contract_clause"],
}
#: Radio for an operator in a country of high risk: S01, senior review.
SENIOR = {**SIMPLE, **in_country("TR"), **_ASKED_IN_HIGH_RISK, "customer": "Anadolu Telekom"}
#: Radio for an army in such a country: E14, executive review.
EXECUTIVE = {
    **SENIOR,
    **in_country("BY"),
    "customer": "Army of the north",
    "customer-kind": "military",
    "end-user": {"kind": "military", "is_customer": True},
    "intelligence-access": "no",
    "purposes": ["defence_communications"],
}
#: An interception gateway with a law cited: I09, compliance verifies; then a review.
CITED = {
    **SENIOR,
    "products": ["li-gateway"],
    "handover": "standard",
    "obligation": "yes",
    "legal-basis": {
        "act": "Electronic Communications Act",
        "article": "27",
        "date": "2020-01-01",
        "orders": "a court",
    },
    "stores": "no",
    "analyses": "no",
    "intelligence-access": "no",
    "restricts": {"answer": "no", "text": "", "owner": ""},
    "follows": {"answer": "no", "text": ""},
}
#: A monitoring centre: B01, barred for everybody.
BARRED = {**CITED, **in_country("BY"), "products": ["x-monitoring-centre"]}
#: Sales does not know whether a state owns the end user: I07, compliance settles it.
DOUBTFUL = {**SENIOR, "state-owned": "?", "intelligence-access": "no"}


def draft_deal(owner: User | None = None, answers: dict[str, Any] | None = None) -> Deal:
    owner = owner or sales_person()
    deal = selling.start_deal(actor=owner)
    answer(deal, SIMPLE if answers is None else answers)
    return deal


def answer(deal: Deal, answers: Mapping[str, Any]) -> None:
    """What the owner says in the form, saved as one: twenty saves took most of a test's time.

    The last is saved by the verb, which looks at all of them and writes its event.
    """
    if not answers:
        return
    *others, (slug, value) = answers.items()
    for other, said in others:
        deal.answers[other] = said
        questions.confirm(deal.answers, other)
    deal.title = str(deal.answers.get(questions.TITLE, ""))
    deal.save(update_fields=["answers", "title"])
    selling.save_answer(deal, slug=slug, value=value, actor=deal.owner)


def sent_deal(answers: dict[str, Any], owner: User | None = None, *, alone: bool = True) -> Deal:
    """A deal with these answers. Alone, its customer has no other deal to be linked with."""
    reference_data()
    if alone:
        answers = {**answers, "customer": f"{answers['customer']} {next(_numbers)}"}
    deal = draft_deal(owner, answers)
    selling.submit_deal(deal, send_key=uuid4(), actor=deal.owner)
    return deal


def ruled(deal: Deal, fact: str, value: Any, *, actor: User | None = None) -> FactRuling:
    """A fact as compliance sets it; the deal is screened again."""
    ruling = selling.rule_fact(
        deal,
        fact=fact,
        value=value,
        because="The register shows it.",
        source="Official gazette",
        actor=actor or compliance_officer(),
    )
    deal.refresh_from_db()
    return ruling


def party_of(deal: Deal, role: str = "end_user") -> Party:
    """Who takes this part in the newest revision of a deal."""
    return Party.objects.get(parts__revision=deal.newest_revision(), parts__role=role)


def known_of(
    party: Party, fact: str = "adverse_info", value: Any = "confirmed", *, actor: Any = None
) -> PartyFinding:
    """What compliance records of a party; its deals are screened by a job."""
    return parties.raise_finding(
        party,
        fact=fact,
        value=value,
        because="Two papers report it.",
        source="Press archive",
        source_date=None,
        review_by=None,
        actor=actor or compliance_officer(),
    )


def agreed(easing: Easing, *, actor: Any = None) -> None:
    """A second person agrees."""
    because = "I read it too."
    parties.agree(easing, because=because, actor=actor or compliance_officer())


def cleared_deal(owner: User | None = None) -> Deal:
    return sent_deal(SIMPLE, owner)


def deal_in_review(owner: User | None = None, *, level: str = "senior") -> Deal:
    return sent_deal(EXECUTIVE if level == "executive" else SENIOR, owner)


def barred_deal(owner: User | None = None) -> Deal:
    return sent_deal(BARRED, owner)


def deal_for_compliance(owner: User | None = None) -> Deal:
    return sent_deal(CITED, owner)


def duty(text: str = "Send a usage report each half-year") -> Duty:
    """A condition that is due in half a year."""
    due = timezone.localdate() + timedelta(days=182)
    return Duty(text=text, due_on=due, evidence="The signed report")


REASONS = "The end user is a network operator and the offer is radio only."


def vote_on(deal: Deal, *, actor: User, verdict: str = "approve", **more: Any) -> Any:
    """Claim, then vote on the newest screening."""
    reviewing.claim_deal(deal, actor=actor)
    deal.refresh_from_db()
    return reviewing.vote(
        deal,
        screening=deal.screening,
        verdict=verdict,
        actor=actor,
        because=more.pop("because", REASONS),
        **more,
    )


def approved_deal(owner: User | None = None) -> Deal:
    deal = deal_in_review(owner)
    vote_on(deal, actor=senior())
    deal.refresh_from_db()
    return deal


def rejected_deal(owner: User | None = None) -> Deal:
    deal = deal_in_review(owner)
    vote_on(deal, actor=senior(), verdict="reject")
    deal.refresh_from_db()
    return deal
