"""People and deals that attacks.sql speaks of, made by the real actions; each has a name there."""

from datetime import timedelta

from django.contrib.auth.models import User
from django.db import transaction
from django.utils import timezone

from audit.models import SYSTEM
from jobs.models import Job
from people import access
from people import actions as people
from policy import actions as governing
from reviews import actions as reviewing
from screening import actions as selling
from screening.models import Deal, SalesTeam
from tests import factories
from tests.policy.governance import chartering
from tests.screening.sweep import sweeping


def make() -> dict[str, int]:
    """The numbers by name, of committed rows."""
    factories.reference_data()
    team = factories.sales_team("Attacked")
    everybody = _people(team)
    deals = _deals(everybody["sales"], everybody)
    with transaction.atomic():
        people.set_teams(everybody["left"], actor=SYSTEM, leave=[team.name])
    rows = {**everybody, **deals, "team": team}
    return {name: row.pk for name, row in rows.items()} | _versions() | _parts(deals)


def _people(team: SalesTeam) -> dict[str, User]:
    roles = {
        "auditor": (access.AUDITOR,),
        "compliance": (access.COMPLIANCE,),
        "other_compliance": (access.COMPLIANCE,),
        "senior": (access.SENIOR,),
        "other_senior": (access.SENIOR,),
        "executive": (access.EXECUTIVE,),
        "owner": (access.POLICY_OWNER,),
        "other_owner": (access.POLICY_OWNER,),
    }
    found = {name: factories.person(*held) for name, held in roles.items()}
    found["sales"] = factories.sales_person(team=team)
    found["colleague"] = factories.sales_person(team=team)
    found["other_sales"] = factories.sales_person()
    # A reviewer who belonged to the team until after the deals were sent.
    found["left"] = factories.person(access.SENIOR)
    factories.join(team, found["left"])
    found["disabled"] = factories.senior()
    with transaction.atomic():
        people.disable_person(found["disabled"], actor=SYSTEM)
    return found


def _deals(owner: User, everybody: dict[str, User]) -> dict[str, Deal]:
    deals = {
        "draft": factories.draft_deal(owner),
        "other_draft": factories.draft_deal(owner),
        "cleared": factories.cleared_deal(owner),
        "barred": factories.barred_deal(owner),
        "asked": factories.deal_for_compliance(owner),
        "reviewed": factories.deal_in_review(owner),
        "claimed": factories.deal_in_review(owner),
        "questioned": factories.deal_in_review(owner),
        "executive_deal": factories.deal_in_review(owner, level="executive"),
        "executive_open": factories.deal_in_review(owner, level="executive"),
        "conditioned": factories.deal_in_review(owner),
        "approved": factories.approved_deal(owner),
        "rejected": factories.rejected_deal(owner),
        "lapsed": factories.cleared_deal(owner),
        "withdrawn": factories.deal_in_review(owner),
    }
    reviewing.claim_deal(deals["claimed"], actor=everybody["senior"])
    reviewing.claim_deal(deals["executive_open"], actor=everybody["executive"])
    reviewing.claim_deal(deals["questioned"], actor=everybody["senior"])
    reviewing.ask_sales(
        deals["questioned"], questions=[("", "Who owns it?")], actor=everybody["senior"]
    )
    for name in ("senior", "other_senior"):
        factories.vote_on(
            deals["conditioned"],
            actor=everybody[name],
            verdict="approve_with_conditions",
            conditions=[factories.duty()],
        )
    selling.lapse_deal(deals["lapsed"], because="Its time is over.")
    selling.withdraw_deal(deals["withdrawn"], because="Not needed.", actor=owner)
    selling.rule_fact(
        deals["asked"],
        fact="adverse_info",
        value="alleged",
        because="A report names it.",
        source="Report",
        actor=everybody["compliance"],
    )
    for deal in deals.values():
        deal.refresh_from_db()
    return deals


def _versions() -> dict[str, int]:
    """A proposal whose check passed, one whose check runs, one that waits for its day."""
    found = _charters()
    for name, code, label in (("proposed", "NO", "7.1"), ("waiting", "SE", "7.3")):
        content = sweeping.rated({code: "low high"}, label=label)
        proposer = factories.person(access.POLICY_OWNER)
        version = governing.propose_version(content, actor=proposer)
        report = governing.start_check(version, actor=proposer)
        sweeping.work(governing.CHECK)
        report.refresh_from_db()
        assert report.has_passed, report.text
        found[name], found[f"{name}_report"] = version.pk, report.pk
        found[f"{name}_by"] = proposer.pk
    schedule = governing.schedule_activation(
        version,
        actor=factories.person(access.POLICY_OWNER),
        report=report,
        confirmed=[one["name"] for one in report.found["looser"]],
        on=timezone.localdate() + timedelta(days=9),
    )
    content = sweeping.rated({"DK": "low high"}, label="7.2")
    proposer = factories.person(access.POLICY_OWNER)
    checking = governing.propose_version(content, actor=proposer)
    running = governing.start_check(checking, actor=proposer)
    charter = governing.propose_version(chartering.content(label="8.3"), actor=proposer)
    running_charter = governing.start_check(charter, actor=proposer)
    return found | {
        "schedule": schedule.pk,
        "checked": checking.pk,
        "running_report": running.pk,
        "running_charter": running_charter.pk,
        "active_rulebook": sweeping.ReferenceVersion.objects.active().get(kind="rulebook").pk,
        "active_countries": sweeping.ReferenceVersion.objects.active().get(kind="countries").pk,
        "job": Job.objects.unfinished().filter(kind="mail").first().pk,
        "done_job": Job.objects.filter(state="done").first().pk,
    }


def _charters() -> dict[str, int]:
    """The active one, one whose check waits for an executive reviewer, one that was confirmed."""
    found = {}
    for name, label in (("proposed_charter", "8.1"), ("agreed_charter", "8.2")):
        proposer = factories.person(access.POLICY_OWNER)
        version = governing.propose_version(chartering.content(label=label), actor=proposer)
        report = governing.start_check(version, actor=proposer)
        sweeping.work(governing.CHECK)
        report.refresh_from_db()
        found[name] = version.pk
    chartering.confirmed(report, factories.executive())
    active = sweeping.ReferenceVersion.objects.active().get(kind="charter")
    return found | {"active_charter": active.pk}


def _parts(deals: dict[str, Deal]) -> dict[str, int]:
    """What belongs to the deals, and their newest screenings and revisions."""
    found = {}
    for name, deal in deals.items():
        if deal.screening is not None:
            found[f"{name}_screening"] = deal.screening.pk
            found[f"{name}_revision"] = deal.screening.revision_id
    for name in ("claimed", "executive_open", "questioned", "approved", "conditioned"):
        found[f"{name}_review"] = deals[name].reviews.get().pk
    decision = deals["conditioned"].decisions.get()
    return found | {
        "approved_decision": deals["approved"].decisions.get().pk,
        "condition": decision.conditions.first().pk,
        "conditioned_decision": decision.pk,
        "ruling": deals["asked"].rulings.get().pk,
        "question": deals["questioned"].questions.get().pk,
        "mail": deals["cleared"].notifications.first().pk,
    }
