"""What the review page puts before a reviewer."""

from uuid import uuid4

import pytest

from policy.facts import shipped
from policy.wording import clauses, outcomes
from reviews import actions, counterfactual, exhibits, precedents
from screening import actions as selling
from screening import wording
from tests import factories as make

pytestmark = pytest.mark.django_db


def page_of(client, deal, person=None):
    client.force_login(person or make.senior())
    return client.get(f"/reviews/{deal.pk}/")


def test_findings_stand_beside_their_clauses_strictest_first(client):
    deal = make.barred_deal()
    cards = exhibits.cards(deal.screening)
    assert cards[0].finding.outcome == "bar"
    ranks = [list(outcomes.OUTCOMES).index(card.finding.outcome) for card in cards]
    assert ranks == sorted(ranks, reverse=True)
    page = page_of(client, deal).content.decode()
    for card in cards:
        assert card.finding.because in page or card.finding.title in page
        for clause in card.clauses:
            assert clause.key_phrase in page


def test_a_rule_is_one_card_that_names_its_destinations(client):
    """The same rule once, whatever the number of destinations and purposes."""
    places = ["TR", "BY", "FI"]
    deal = make.sent_deal(
        {
            **make.SENIOR,
            "countries": [{"place": code, "site": ""} for code in places],
            "run-from": {"run": "FI", "records": "FI"},
            "purposes": ["commercial_service", "enterprise_internal"],
        }
    )
    stored = [finding.rule for finding in deal.screening.findings.all()]
    assert stored.count("S01") > 1
    cards = exhibits.cards(deal.screening)
    assert [card.finding.rule for card in cards] == list(dict.fromkeys(stored))
    (card,) = [card for card in cards if card.finding.rule == "S01"]
    assert card.destinations == ["Türkiye", "Belarus"]
    assert len(card.sentences) == stored.count("S01")
    for where, role in (("reviews", "senior"), ("compliance", "compliance_officer")):
        client.force_login(getattr(make, role)())
        page = " ".join(client.get(f"/{where}/{deal.pk}/").content.decode().split())
        assert page.count("Rule S01<") == 1
        assert "Destinations: Türkiye, Belarus<" in page
        assert all(sentence in page for sentence in card.sentences)


def test_a_deal_with_one_destination_does_not_repeat_it():
    for card in exhibits.cards(make.deal_in_review(level="executive").screening):
        assert card.destinations == []
        assert len(card.sentences) == 1


@pytest.mark.parametrize("where", ["reviews", "compliance"])
def test_a_barred_deal_shows_its_bars_and_folds_the_rest(client, where):
    deal = make.barred_deal()
    role = {"reviews": make.senior, "compliance": make.compliance_officer}[where]
    client.force_login(role())
    page = client.get(f"/{where}/{deal.pk}/").content.decode()
    shown, _, folded = page.partition("Also found; none of it can lift the bar")
    outcomes = {one.rule: one.outcome for one in deal.screening.findings.all()}
    bars = [rule for rule, outcome in outcomes.items() if outcome == "bar"]
    others = outcomes.keys() - bars
    assert bars
    assert others
    for rule in bars:
        assert f"Rule {rule}<" in shown
    for rule in others:
        assert f"Rule {rule}<" not in shown
        assert f"Rule {rule}<" in folded
    assert "setting a precedent" not in page
    (screened,) = [line for line in page.splitlines() if "Screened: barred (" in line] or [""]
    assert all(screened.count(rule) <= 1 for rule in outcomes)


def test_what_is_not_barred_folds_nothing(client):
    page = page_of(client, make.deal_in_review(level="executive")).content.decode()
    assert "Also found" not in page


def test_every_clause_that_a_rule_cites_is_known():
    assert len(shipped.rulebook().rules) > 40
    for rule in shipped.rulebook().rules:
        # One clause for each name in "C3a, C4": a citation that is not understood is none.
        assert len(clauses.cited(rule.clause)) == len(rule.clause.split(",")), rule.id
        for clause in clauses.cited(rule.clause):
            assert clause.asks, f"{rule.id} cites {clause.id}"
        for one in rule.evidence:
            assert one in clauses.evidence(), f"{rule.id} asks for {one}"


def test_quotations_of_the_policy_are_short():
    phrases = [clause.key_phrase for clause in clauses.clauses().values()]
    assert sum(map(bool, phrases)) > 8
    for phrase in phrases:
        assert len(phrase.split()) <= 25


def test_facts_have_their_source(client):
    page = page_of(client, make.deal_in_review()).content.decode()
    assert "From reference data" in page
    assert "V-Dem" in page
    assert "Said by sales" in page


def test_an_unknown_fact_reads_as_unknown():
    own = wording.of(make.deal_in_review().screening)
    assert own.value("legal_obligation", None) == "not known"
    assert own.value("services", ["supply"]) == "supply"
    assert own.value("services", {"yes": ["supply"], "unknown": ["training"]}) == (
        "supply; 1 not known"
    )
    assert own.value("services", []) == "none"
    assert own.value("has_intermediaries", False) == "no"


def test_the_difference_to_the_screening_before(client):
    deal = make.deal_for_compliance()
    officer = make.compliance_officer()
    selling.rule_fact(
        deal,
        fact="legal_basis_status",
        value="verified",
        because="Read it",
        source="Gazette",
        actor=officer,
    )
    deal.refresh_from_db()
    former = exhibits.former_screening(deal)
    changes = {
        one.label: (one.before, one.after) for one in exhibits.changes(former, deal.screening)
    }
    label = wording.of(deal.screening).label("legal_basis_status")
    assert changes[label] == ("cited, not yet verified", "cited and verified")
    assert label in page_of(client, deal, make.executive()).content.decode()


def test_a_changed_deal_is_compared_with_the_closed_one(client):
    closed = make.rejected_deal()
    changed = selling.start_changed_deal(closed, actor=closed.owner)
    for slug, value in {**make.SENIOR, **make.in_country("IN")}.items():
        selling.save_answer(changed, slug=slug, value=value, actor=closed.owner)
    selling.submit_deal(changed, send_key=uuid4(), actor=closed.owner)
    page = page_of(client, changed)
    assert page.context["former"] == closed.screening
    assert "Since the deal that this one follows" in page.content.decode()
    assert "<del>Türkiye</del>" in page.content.decode()


def test_the_first_of_its_kind_sets_a_precedent(client):
    page = page_of(client, make.deal_in_review()).content.decode()
    assert "You are setting a precedent." in page


def test_precedents_are_nearest_first_and_never_of_ones_own_team(client):
    reviewer = make.senior()
    alike, rejected = make.approved_deal(), make.rejected_deal()
    own = make.approved_deal()
    own.team.members.add(reviewer)
    core = make.sent_deal({**make.SENIOR, "products": ["nr-macro", "small-cell"]})
    make.vote_on(core, actor=make.senior())
    again = make.deal_in_review()
    found = precedents.nearest(again.screening, reviewer)
    assert [one.decision.deal for one in found] == [rejected.pk, alike.pk, core.pk]
    assert found[0].alike == [
        "Rules: S01 (Every sale to a high-risk country)",
        "Products: 5G macro radio",
        "What they can do: radio access network",
        "End user: a commercial operator",
        "Country risk: very high",
    ]
    assert found[0].different == []
    assert found[2].different == ["Products: only there Indoor and outdoor small cells"]


def test_a_precedent_says_what_differs(client):
    decided = make.sent_deal({**make.SENIOR, "products": ["lte-macro"]})
    make.vote_on(decided, actor=make.senior())
    deal = make.sent_deal({**make.SENIOR, **make.in_country("IN")})
    page = page_of(client, deal).content.decode()
    assert "Products: only here 5G macro radio; only there 4G macro radio" in page
    assert "Country risk: only here high; only there very high" in page
    assert "What they can do: radio access network" in page


UNLIKE = {
    "what is sold": {"products": ["dwdm"]},
    "who uses it": {
        "customer-kind": "utility",
        "end-user": {"kind": "utility", "is_customer": True},
    },
}


@pytest.mark.parametrize("part", UNLIKE)
def test_an_unlike_deal_is_no_precedent(client, part):
    """The same rule fires, because of the country; that alone is no likeness."""
    decided = make.sent_deal({**make.SENIOR, **UNLIKE[part]})
    make.vote_on(decided, actor=make.senior())
    deal = make.deal_in_review()
    rules = {one.rule for one in decided.screening.findings.all()}
    assert rules & {one.rule for one in deal.screening.findings.all()}
    assert precedents.nearest(deal.screening, make.senior()) == []
    assert "You are setting a precedent." in page_of(client, deal).content.decode()


def test_two_end_users_that_nobody_knows_are_not_alike():
    decided, deal = make.approved_deal(), make.deal_in_review()
    unknown = [{**facts, "end_user_type": "unknown"} for facts in deal.screening.facts]
    deal.screening.facts = unknown
    decided.screening.facts = unknown
    assert precedents.Pattern.of_screening(decided.screening).end_users == set()
    assert precedents.nearest(deal.screening, make.senior()) == []


def test_no_precedent_without_a_shared_finding():
    make.approved_deal()
    cleared = make.cleared_deal()
    assert precedents.nearest(cleared.screening, make.senior()) == []


def test_questions_and_answers_are_told(client):
    deal, reviewer = make.deal_in_review(), make.senior("Anna Keller")
    actions.claim_deal(deal, actor=reviewer)
    actions.ask_sales(deal, questions=[("purpose", "What is it for?")], actor=reviewer)
    assert "Not answered yet" in page_of(client, deal).content.decode()
    deal.refresh_from_db()
    selling.submit_deal(
        deal, send_key=uuid4(), actor=deal.owner, replies={1: "For subscribers only"}
    )
    page = page_of(client, deal).content.decode()
    assert "What is it for?" in page
    assert "For subscribers only" in page


def test_the_history_is_in_words_and_without_the_drafting(client):
    page = page_of(client, make.approved_deal()).content.decode()
    for sentence in ("Sent revision 1", "Screened: senior review (S01)", "Went to review"):
        assert sentence in page
    assert "Changed the answer" not in page


def test_text_of_a_deal_is_never_code(client):
    attack = "<script>alert(1)</script>\"'><img src=x onerror=alert(1)>{{ 7|add:7 }}"
    deal = make.sent_deal({**make.SENIOR, "name": attack[:80], "customer": attack}, alone=False)
    page = page_of(client, deal).content.decode()
    assert "<script>alert" not in page
    assert "<img src=x" not in page
    assert "&lt;script&gt;" in page
    assert "{{ 7|add:7 }}" in page


def test_what_would_change_the_outcome(client):
    barred = counterfactual.ways(make.barred_deal().screening)
    # Four capabilities of the monitoring centre bar it: no one or two of them alone.
    assert barred.found == []
    assert not barred.country_helps
    radio = counterfactual.ways(make.deal_in_review().screening)
    assert radio.found == []
    assert radio.country_helps
    operates = {
        "services": ["supply", "li_managed_operation"],
        "other-systems": {"answer": "no", "text": ""},
    }
    managed = make.sent_deal({**make.SENIOR, **operates})
    (way,) = counterfactual.ways(managed.screening).found
    assert managed.screening.outcome == "executive_review"
    assert way.changes == ["without operation of lawful interception by our own staff"]
    assert (way.outcome, way.clauses) == ("senior_review", ["C4b"])
    page = page_of(client, managed).content.decode()
    assert "Without operation of lawful interception by our own staff" in page


def test_sales_never_reads_what_would_change_the_outcome(client):
    deal = make.barred_deal()
    client.force_login(deal.owner)
    assert "would change" not in client.get(f"/deals/{deal.pk}/").content.decode()
