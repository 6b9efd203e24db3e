"""The seller's journeys, page by page: the answer, the row, the event and the mail of each step."""

import re
from typing import Any
from uuid import uuid4

import pytest
from django.test import Client
from django.urls import reverse

from screening import actions
from screening.form import deal_form
from screening.models import Deal, Notification
from tests import factories
from tests.screening.form.answers import SIMPLE

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _versions() -> None:
    factories.reference_data()


@pytest.fixture
def alice() -> Any:
    return factories.sales_person(name="Alice Sato")


@pytest.fixture
def site(client: Client, alice: Any) -> Client:
    client.force_login(alice)
    return client


def text(response: Any) -> str:
    return response.content.decode()


def url(name: str, deal: Deal, **more: Any) -> str:
    return reverse(f"screening:{name}", kwargs={"pk": deal.pk, **more})


def question_url(deal: Deal, slug: str) -> str:
    asked = deal_form.QUESTIONS[[one.slug for one in deal_form.QUESTIONS].index(slug)]
    section = deal_form.SECTIONS[asked.section - 1].slug
    return url("question", deal, section=section, slug=slug)


def send_key(html: str) -> str:
    found = re.search(r'name="send_key" value="([^"]+)"', html)
    assert found
    return found[1]


class TestMyDeals:
    def test_an_empty_list_says_what_to_do(self, site: Client) -> None:
        html = text(site.get(reverse("screening:deals")))
        assert "You have no deals yet. Start one, or copy a past one." in html
        assert reverse("screening:new") in html

    def test_each_deal_is_under_the_one_who_acts_next(self, site: Client, alice: Any) -> None:
        factories.draft_deal(alice, {"name": "A draft"})
        factories.deal_in_review(alice)
        factories.cleared_deal(alice)
        for tab, status in (("drafts", "Draft"), ("others", "In review"), ("decided", "Cleared")):
            response = site.get(reverse("screening:deals"), {"tab": tab})
            assert [words for _deal, words, *_ in response.context["rows"]] == [status]
        counts = {tab["label"]: tab["count"] for tab in response.context["tabs"]}
        assert counts == {"Your turn": 0, "Drafts": 1, "With others": 1, "Decided": 1}

    def test_words_find_a_name_a_customer_or_a_reference(self, site: Client, alice: Any) -> None:
        deal = factories.draft_deal(alice)
        for words in ("metro", "elisa", deal.reference):
            response = site.get(reverse("screening:deals"), {"tab": "drafts", "words": words})
            assert [found for found, *_ in response.context["rows"]] == [deal]
        response = site.get(reverse("screening:deals"), {"tab": "drafts", "words": "nothing"})
        assert "No deals match these filters." in text(response)

    def test_a_colleague_sees_what_was_sent_and_no_draft(self, client: Client) -> None:
        team = factories.sales_team()
        owner, colleague = factories.sales_person(team=team), factories.sales_person(team=team)
        secret, sent = factories.draft_deal(owner), factories.cleared_deal(owner)
        client.force_login(colleague)
        assert client.get(url("deal", secret)).status_code == 404
        assert client.get(url("deal", sent)).status_code == 200

    def test_a_reviewer_has_no_list_of_deals(self, client: Client) -> None:
        client.force_login(factories.senior())
        response = client.get(reverse("screening:deals"))
        assert response.status_code == 403
        assert "This page is for the role sales." in text(response)


class TestTheForm:
    def test_a_start_makes_a_draft_with_its_event(self, site: Client) -> None:
        assert "An ordinary deal takes five minutes" in text(site.get(reverse("screening:new")))
        response = site.post(reverse("screening:new"))
        deal = Deal.objects.get()
        assert response.url == deal.get_absolute_url()
        assert deal.audit_verbs() == ["deal.started"]

    def test_who_is_in_no_team_reads_why(self, client: Client) -> None:
        client.force_login(factories.person("sales"))
        html = text(client.get(reverse("screening:new")))
        assert "You are in no sales team yet." in html
        assert "Start now" not in html

    def test_the_task_list_blocks_sending_until_all_is_answered(
        self, site: Client, alice: Any
    ) -> None:
        deal = factories.draft_deal(alice, {"name": "Metro"})
        html = text(site.get(url("deal", deal)))
        assert html.count("Not yet started") == 4
        assert "In progress" in html
        assert "Cannot start yet" in html
        assert url("check", deal) not in html

    def test_one_answer_is_saved_with_its_event_and_leads_on(
        self, site: Client, alice: Any
    ) -> None:
        deal = factories.draft_deal(alice, {})
        response = site.post(question_url(deal, "name"), {"answer": "Metro radio"})
        # The reference may be left empty: it stands on the page "Check your answers".
        assert response.url == question_url(deal, "products")
        deal.refresh_from_db()
        assert (deal.title, deal.answers["name"]) == ("Metro radio", "Metro radio")
        assert deal.audit_verbs()[-1] == "deal.answer_changed"

    def test_come_back_later_leads_to_the_task_list(self, site: Client, alice: Any) -> None:
        deal = factories.draft_deal(alice, {})
        response = site.post(
            question_url(deal, "name"), {"answer": "Metro", "later": "1"}, follow=True
        )
        assert response.redirect_chain == [(deal.get_absolute_url(), 302)]
        assert "Saved. You can come back later." in text(response)

    def test_a_wrong_answer_is_kept_and_explained_and_not_saved(
        self, site: Client, alice: Any
    ) -> None:
        deal = factories.draft_deal(alice, {})
        response = site.post(question_url(deal, "value"), {"amount": "a lot", "currency": "EUR"})
        html = text(response)
        assert response.status_code == 422
        assert "<title>Error:" in html
        assert html.count("Enter the value, like 1 200 000") == 2
        assert 'href="#id_amount"' in html
        assert 'value="a lot"' in html
        deal.refresh_from_db()
        assert deal.answers == {}

    def test_add_another_saves_nothing(self, site: Client, alice: Any) -> None:
        deal = factories.draft_deal(alice, {})
        response = site.post(
            question_url(deal, "countries"), {"rows": "2", "place_0": "KZ", "add": "1"}
        )
        assert response.status_code == 200
        assert "id_place_2" in text(response)
        deal.refresh_from_db()
        assert deal.answers == {}

    @pytest.mark.parametrize("slug", [one.slug for one in deal_form.QUESTIONS[:-1]])
    def test_every_question_has_its_page_with_one_heading(
        self, site: Client, alice: Any, slug: str
    ) -> None:
        html = text(site.get(question_url(factories.draft_deal(alice, {}), slug)))
        assert html.count("<h1>") == 1
        assert "Changes to this answer are kept and shown to reviewers." in html

    @pytest.mark.parametrize(
        "path", ["sold/no-such", "places/name", "no-such/name", "send/declaration"]
    )
    def test_questions_that_do_not_exist_are_not_found(
        self, site: Client, alice: Any, path: str
    ) -> None:
        deal = factories.draft_deal(alice, {})
        assert site.get(f"/deals/{deal.pk}/q/{path}/").status_code == 404

    def test_nobody_else_answers(self, client: Client, alice: Any) -> None:
        deal = factories.draft_deal(alice)
        client.force_login(factories.sales_person())
        response = client.post(question_url(deal, "name"), {"answer": "Mine"})
        assert response.status_code == 404
        deal.refresh_from_db()
        assert deal.title == "Metro radio"

    def test_a_sent_deal_is_not_edited(self, site: Client, alice: Any) -> None:
        deal = factories.cleared_deal(alice)
        response = site.post(question_url(deal, "name"), {"answer": "Other"})
        assert response.status_code == 409
        assert "Its answers can no longer be changed." in text(response)
        deal.refresh_from_db()
        assert deal.title == "Metro radio"


NOT_PLAIN = ["Elisa\nForged: line", "Elisa\u202eyjO", "El\u200bisa", "Elisa\x1b[2J", "Elisa\tOyj"]


class TestNames:
    @pytest.mark.parametrize("typed", NOT_PLAIN)
    @pytest.mark.parametrize("slug", ["name", "reference", "customer", "end-user-name"])
    def test_a_name_shows_all_that_it_holds(
        self, site: Client, alice: Any, slug: str, typed: str
    ) -> None:
        """In a multipart body, which no edge looks into."""
        deal = factories.draft_deal(alice, {"end-user": {"kind": "utility", "is_customer": False}})
        response = site.post(question_url(deal, slug), {"answer": typed})
        assert response.status_code == 422
        asked = deal_form.QUESTIONS[[one.slug for one in deal_form.QUESTIONS].index(slug)]
        (error,) = response.context["form"].errors["answer"]
        assert error.startswith("Remove a")
        assert f"from “{asked.title}”" in error
        deal.refresh_from_db()
        assert slug not in deal.answers

    @pytest.mark.parametrize("typed", NOT_PLAIN)
    def test_so_does_the_name_of_an_intermediary_and_a_law(
        self, site: Client, alice: Any, typed: str
    ) -> None:
        deal = factories.draft_deal(alice, factories.CITED)
        party = {"answer": "yes", "rows": "1", "role_0": "payer", "country_0": "FI"}
        response = site.post(question_url(deal, "intermediaries"), {**party, "name_0": typed})
        assert "from “Name”" in response.context["form"].errors["name_0"][0]
        response = site.post(
            question_url(deal, "legal-basis"), {"answer": "typed", "act": typed, "orders": typed}
        )
        assert "from “Act or licence”" in response.context["form"].errors["act"][0]

    @pytest.mark.parametrize("typed", ["????", "TBA", "未知", "n.n.", "The customer"])
    def test_who_signs_and_who_stands_between_need_names(
        self, site: Client, alice: Any, typed: str
    ) -> None:
        deal = factories.draft_deal(alice, {})
        html = text(site.post(question_url(deal, "customer"), {"answer": typed}))
        assert "Enter the customer&#x27;s legal name" in html
        party = {"answer": "yes", "rows": "1", "role_0": "payer", "country_0": "FI"}
        html = text(site.post(question_url(deal, "intermediaries"), {**party, "name_0": typed}))
        assert "Enter the name of the organisation" in html
        deal.refresh_from_db()
        assert deal.answers == {}

    @pytest.mark.parametrize("typed", ["????", "TBA", "unknown", "غير معروف"])
    def test_an_end_user_without_a_name_is_asked_for_and_never_clears(
        self, site: Client, alice: Any, typed: str
    ) -> None:
        answers = {**SIMPLE, "end-user": {"kind": "commercial_operator", "is_customer": False}}
        deal = factories.draft_deal(alice, {**answers, "end-user-name": "Telia Oyj"})
        site.post(question_url(deal, "end-user-name"), {"answer": typed})
        key = send_key(text(site.get(url("check", deal))))
        site.post(url("check", deal), {"send_key": key, "answer": "on"})
        deal.refresh_from_db()
        assert deal.status == "needs_information"
        assert "I02" in {finding.rule for finding in deal.screening.findings.all()}

    def test_an_answer_of_before_is_read_without_what_nobody_sees(
        self, site: Client, alice: Any
    ) -> None:
        deal = factories.draft_deal(
            alice, {**SIMPLE, "customer": "El\u200bisa\nOyj", "description": "a\nb"}
        )
        assert site.get(url("deal", deal)).status_code == 200
        key = send_key(text(site.get(url("check", deal))))
        site.post(url("check", deal), {"send_key": key, "answer": "on"})
        deal.refresh_from_db()
        assert deal.screening.facts[0]["customer_name"] == "Elisa Oyj"

    @pytest.mark.parametrize("typed", ["3", "1&1", "EE", "中兴", "شرکت می\u200cخواهم"])
    def test_real_names_are_kept_as_they_are(self, site: Client, alice: Any, typed: str) -> None:
        deal = factories.draft_deal(alice, {})
        assert site.post(question_url(deal, "customer"), {"answer": typed}).status_code == 302
        deal.refresh_from_db()
        assert deal.answers["customer"] == typed


class TestMeaning:
    def test_an_answer_that_stops_the_deal_says_so_with_its_clause(
        self, site: Client, alice: Any
    ) -> None:
        deal = factories.draft_deal(alice)
        address = url("meaning", deal, section="purpose", slug="purposes")
        html = text(site.post(address, {"answer": ["political_content_control"]}))
        assert "Nobody can approve a deal like this." in html
        assert "C1.i" in html
        deal.refresh_from_db()
        assert deal.answers["purposes"] == ["commercial_service"]

    def test_an_answer_that_fires_nothing_says_only_that(self, site: Client, alice: Any) -> None:
        deal = factories.draft_deal(alice)
        address = url("meaning", deal, section="purpose", slug="purposes")
        html = text(site.post(address, {"answer": ["railway_operations"]}))
        assert "No rule fires because of this answer." in html

    def test_an_intelligence_body_with_plain_equipment_is_not_said_to_be_barred(
        self, site: Client, alice: Any
    ) -> None:
        deal = factories.draft_deal(alice)
        address = url("meaning", deal, section="parties", slug="end-user")
        html = text(site.post(address, {"answer": "intelligence_security"}))
        assert "Executive review" in html
        assert "Nobody can approve" not in html

    def test_what_nobody_was_asked_yet_says_nothing(self, site: Client, alice: Any) -> None:
        """An unanswered destination is unrated for the rules, and no answer about fibre."""
        deal = factories.draft_deal(alice, {"name": "Fibre for a town"})
        address = url("meaning", deal, section="sold", slug="products")
        html = text(site.post(address, {"answer": ["gpon"]}))
        assert "No rule fires because of this answer." in html
        assert "review" not in html.lower()
        response = site.post(question_url(deal, "products"), {"answer": ["gpon"]})
        assert "What your answer means:" not in text(site.get(response.url))

    def test_what_holds_whatever_else_is_answered_is_said_at_once(
        self, site: Client, alice: Any
    ) -> None:
        deal = factories.draft_deal(alice, {"name": "A centre"})
        address = url("meaning", deal, section="sold", slug="products")
        html = text(site.post(address, {"answer": ["x-monitoring-centre"]}))
        assert "Nobody can approve a deal like this." in html

    def test_i_do_not_know_is_an_answer_that_speaks(self, site: Client, alice: Any) -> None:
        deal = factories.draft_deal(alice, {"name": "Radio", "products": ["nr-macro"]})
        address = url("meaning", deal, section="places", slug="countries")
        html = text(site.post(address, {"rows": "1", "place_0": "X-NCY"}))
        assert "review" in html.lower()

    def test_a_changed_answer_shows_what_it_takes_away(self, site: Client, alice: Any) -> None:
        deal = factories.draft_deal(alice, factories.SENIOR)
        address = url("meaning", deal, section="places", slug="countries")
        html = text(site.post(address, {"rows": "1", "place_0": "FI"}))
        assert "What this change takes away" not in html  # it is still run from Türkiye
        deal = factories.draft_deal(
            alice, {**factories.SENIOR, "purposes": ["political_content_control"]}
        )
        address = url("meaning", deal, section="purpose", slug="purposes")
        html = text(site.post(address, {"answer": ["commercial_service"]}))
        assert "What this change takes away" in html
        assert "No longer: Stopped by the policy." in html
        assert "Reviewers see what you answered before." in html
        assert "What this change takes away" not in text(site.post(address, {}))
        response = site.post(
            question_url(deal, "purposes"), {"answer": ["commercial_service"]}, follow=True
        )
        assert "No longer the case:" in text(response)

    def test_the_same_answer_takes_nothing_away(self, site: Client, alice: Any) -> None:
        deal = factories.draft_deal(alice, factories.SENIOR)
        for slug, section in (("purposes", "purpose"), ("customer-kind", "parties")):
            stored = deal.answers[slug]
            html = text(
                site.post(url("meaning", deal, section=section, slug=slug), {"answer": stored})
            )
            assert "What this change takes away" not in html

    def test_without_a_script_saving_shows_the_same(self, site: Client, alice: Any) -> None:
        deal = factories.draft_deal(alice)
        response = site.post(
            question_url(deal, "purposes"), {"answer": ["political_content_control"]}, follow=True
        )
        assert "What your answer means:" in text(response)
        assert "C1.i" in text(response)


class TestSending:
    def test_missing_answers_are_named_and_nothing_is_sent(self, site: Client, alice: Any) -> None:
        deal = factories.draft_deal(alice, {**SIMPLE, "description": "", "customer": ""})
        html = text(site.get(url("check", deal)))
        assert "You cannot send yet: 2 answers are missing" in html
        assert question_url(deal, "customer") in html
        assert "Send for screening" not in html
        response = site.post(url("check", deal), {"send_key": str(uuid4()), "answer": "on"})
        assert response.status_code == 422
        assert deal.revisions.count() == 0

    def test_unknown_answers_come_first(self, site: Client, alice: Any) -> None:
        deal = factories.draft_deal(alice, {**SIMPLE, "state-owned": "?"})
        response = site.get(url("check", deal))
        assert [row.asked.slug for row in response.context["unknown"]] == ["state-owned"]
        assert text(response).index("What you do not know") < text(response).index("Send it")

    def test_the_declaration_is_needed(self, site: Client, alice: Any) -> None:
        deal = factories.draft_deal(alice)
        response = site.post(url("check", deal), {"send_key": str(uuid4())})
        assert "Confirm the declaration to send" in text(response)
        assert deal.revisions.count() == 0

    def test_a_clear_deal_is_sent_screened_told_and_mailed(self, site: Client, alice: Any) -> None:
        deal = factories.draft_deal(alice)
        key = send_key(text(site.get(url("check", deal))))
        response = site.post(url("check", deal), {"send_key": key, "answer": "on"}, follow=True)
        deal.refresh_from_db()
        assert response.redirect_chain == [(url("sent", deal), 302)]
        assert "You can go on." in text(response)
        assert deal.status == "cleared"
        assert deal.audit_verbs()[-3:] == ["deal.sent", "deal.screened", "deal.cleared"]
        assert Notification.objects.filter(deal=deal, to=alice).count() == 1

    def test_a_second_click_finds_the_first_result(self, site: Client, alice: Any) -> None:
        deal = factories.draft_deal(alice)
        key = send_key(text(site.get(url("check", deal))))
        site.post(url("check", deal), {"send_key": key, "answer": "on"})
        response = site.post(url("check", deal), {"send_key": key, "answer": "on"})
        assert response.status_code == 302
        assert response.url == url("sent", deal)
        assert deal.revisions.count() == 1
        assert deal.audit_verbs().count("deal.screened") == 1

    def test_a_strange_key_is_refused_in_words(self, site: Client, alice: Any) -> None:
        deal = factories.draft_deal(alice)
        response = site.post(url("check", deal), {"send_key": "x", "answer": "on"})
        assert response.status_code == 409
        assert deal.revisions.count() == 0

    def test_a_barred_deal_names_the_clause_and_offers_only_a_changed_deal(
        self, site: Client, alice: Any
    ) -> None:
        deal = factories.barred_deal(alice)
        html = text(site.get(url("deal", deal)))
        assert "Nobody can approve this deal" in html
        assert "active surveillance" in html
        assert url("start-changed", deal) in html
        for name in ("withdraw", "check"):
            assert url(name, deal) not in html

    def test_an_honest_draft_deal_has_no_result_page(self, site: Client, alice: Any) -> None:
        deal = factories.draft_deal(alice)
        assert site.get(url("sent", deal)).url == url("deal", deal)


class TestStatus:
    def test_in_review_says_whose_turn_it_is_and_names_no_reviewer(
        self, site: Client, alice: Any
    ) -> None:
        deal = factories.deal_in_review(alice)
        reviewer = factories.senior(name="Rita Rev")
        factories.reviewing.claim_deal(deal, actor=reviewer)
        html = text(site.get(url("deal", deal)))
        assert "With a senior reviewer, due by" in html
        assert "Rita" not in html

    def test_executive_reviews_are_said_to_be_two(self, site: Client, alice: Any) -> None:
        deal = factories.deal_in_review(alice, level="executive")
        assert "With two executive reviewers, due by" in text(site.get(url("deal", deal)))

    def test_compliance_has_the_turn_and_sales_nothing_to_do(
        self, site: Client, alice: Any
    ) -> None:
        deal = factories.deal_for_compliance(alice)
        html = text(site.get(url("deal", deal)))
        assert "It is compliance&#x27;s turn" in html
        assert "Answer and send" not in html

    def test_a_rejected_deal_shows_the_reasons_and_no_name(self, site: Client, alice: Any) -> None:
        deal = factories.rejected_deal(alice)
        html = text(site.get(url("deal", deal)))
        assert "Not approved" in html
        assert factories.REASONS in html
        assert url("start-changed", deal) in html

    def test_the_votes_reasons_stay_out_of_the_history(self, site: Client, alice: Any) -> None:
        deal = factories.approved_deal(alice)
        assert factories.REASONS not in text(site.get(url("deal", deal)))

    def test_a_missing_deal_and_a_strangers_deal_look_the_same(self, site: Client) -> None:
        other = factories.cleared_deal()
        theirs, none = site.get(url("deal", other)), site.get("/deals/987654/")
        assert theirs.status_code == none.status_code == 404

        def body(response: Any) -> str:
            return re.sub(r"<code>.*?</code>|value=\"\w{64}\"", "", text(response))

        assert body(theirs) == body(none)


class TestQuestions:
    @pytest.fixture
    def asked(self, alice: Any) -> Deal:
        deal = factories.deal_in_review(alice)
        reviewer = factories.senior()
        factories.reviewing.claim_deal(deal, actor=reviewer)
        deal.refresh_from_db()
        factories.reviewing.ask_sales(
            deal, questions=[("end_user_type", "Who runs the control room?")], actor=reviewer
        )
        deal.refresh_from_db()
        return deal

    def test_the_deal_says_that_it_is_my_turn(self, site: Client, asked: Deal) -> None:
        html = text(site.get(url("deal", asked)))
        assert "It is your turn" in html
        assert url("questions", asked, number=1) in html

    def test_an_empty_reply_is_asked_for(self, site: Client, asked: Deal) -> None:
        address = url("questions", asked, number=1)
        key = send_key(text(site.get(address)))
        response = site.post(address, {"send_key": key, "reply_1": " ", "answer": "on"})
        assert response.status_code == 422
        assert "Answer question 1" in text(response)
        assert asked.revisions.count() == 1

    def test_replies_make_the_next_revision(self, site: Client, asked: Deal) -> None:
        address = url("questions", asked, number=1)
        key = send_key(text(site.get(address)))
        response = site.post(
            address, {"send_key": key, "reply_1": "The operator itself.", "answer": "on"}
        )
        assert response.url == url("sent", asked)
        asked.refresh_from_db()
        assert asked.revisions.count() == 2
        assert asked.questions.get().answer.text == "The operator itself."
        assert asked.status == "in_review"
        assert "deal.question_answered" in asked.audit_verbs()
        html = text(site.get(address))
        assert "These questions were answered on" in html
        assert "Send answers" not in html


class TestEndings:
    def test_withdrawing_needs_a_reason(self, site: Client, alice: Any) -> None:
        deal = factories.deal_in_review(alice)
        response = site.post(url("withdraw", deal), {"because": ""})
        assert response.status_code == 422
        assert "Say why you withdraw this deal" in text(response)
        deal.refresh_from_db()
        assert deal.status == "in_review"

    def test_withdrawing_closes_the_deal_with_event_and_mail(
        self, site: Client, alice: Any
    ) -> None:
        deal = factories.deal_in_review(alice)
        mails = Notification.objects.filter(to=alice).count()
        response = site.post(url("withdraw", deal), {"because": "The tender is over."})
        assert response.url == url("deal", deal)
        deal.refresh_from_db()
        assert deal.status == "withdrawn"
        assert deal.audit_verbs()[-1] == "deal.withdrawn"
        assert Notification.objects.filter(to=alice).count() == mails + 1
        assert "The tender is over." in text(site.get(url("deal", deal)))

    def test_a_decided_deal_is_not_withdrawn(self, site: Client, alice: Any) -> None:
        deal = factories.approved_deal(alice)
        response = site.post(url("withdraw", deal), {"because": "Too late."})
        assert response.status_code == 409
        assert "It can no longer be withdrawn." in text(response)

    def test_a_draft_is_deleted_and_its_events_stay(self, site: Client, alice: Any) -> None:
        deal = factories.draft_deal(alice)
        events = deal.events()
        assert "deleted for good" in text(site.get(url("delete", deal)))
        response = site.post(url("delete", deal))
        assert response.url == reverse("screening:deals")
        assert not Deal.objects.filter(pk=deal.pk).exists()
        assert events.last().verb == "deal.draft_deleted"

    def test_a_sent_deal_is_never_deleted(self, site: Client, alice: Any) -> None:
        deal = factories.cleared_deal(alice)
        assert site.post(url("delete", deal)).status_code == 409
        assert Deal.objects.filter(pk=deal.pk).exists()

    def test_a_changed_deal_names_the_closed_one(self, site: Client, alice: Any) -> None:
        closed = factories.barred_deal(alice)
        site.post(url("start-changed", closed))
        changed = Deal.objects.get(predecessor=closed)
        html = text(site.get(url("deal", changed)))
        assert f"This deal follows {closed.reference}" in html
        assert changed.status == "draft"

    def test_an_open_deal_has_no_changed_deal(self, site: Client, alice: Any) -> None:
        deal = factories.deal_in_review(alice)
        assert site.post(url("start-changed", deal)).status_code == 409
        assert not deal.successors.exists()

    def test_copied_answers_say_so_until_they_are_confirmed(self, site: Client, alice: Any) -> None:
        source = factories.cleared_deal(alice)
        site.post(url("copy", source))
        copied = Deal.objects.newest_first().first()
        assert copied is not None
        assert "declaration" not in copied.answers
        mark = f"Copied from {source.reference}. Check it."
        address = question_url(copied, "customer")
        assert mark in text(site.get(address))
        site.post(address, {"answer": "Elisa Oyj"})
        assert mark not in text(site.get(address))
        assert mark in text(site.get(question_url(copied, "purposes")))


@pytest.mark.parametrize("name", ["withdraw", "delete", "start-changed", "copy", "check"])
def test_a_colleague_who_may_see_may_not_act(client: Client, name: str) -> None:
    team = factories.sales_team()
    owner, colleague = factories.sales_person(team=team), factories.sales_person(team=team)
    deal = factories.deal_in_review(owner)
    client.force_login(colleague)
    before = deal.audit_verbs()
    response = client.post(url(name, deal), {"because": "Mine now.", "answer": "on"})
    assert response.status_code == 403
    assert "Only the owner of this deal in sales may do this." in text(response)
    assert deal.audit_verbs() == before


@pytest.mark.parametrize(
    "name", ["deals", "new", "deal", "check", "sent", "copy", "withdraw", "delete"]
)
def test_pages_are_clean_of_inline_script_style_and_other_hosts(
    site: Client, alice: Any, name: str
) -> None:
    deal = (
        factories.draft_deal(alice)
        if name in ("check", "delete")
        else factories.sent_deal(factories.SENIOR, alice)
    )
    address = reverse(f"screening:{name}") if name in ("deals", "new") else url(name, deal)
    html = text(site.get(address))
    assert not re.search(r"<style|\sstyle=|\son\w+=|(src|href)=\"https?:", html)
    assert not re.search(r"<script(?![^>]*src=)", html)


def test_what_sales_types_is_text_on_every_page(site: Client, alice: Any) -> None:
    deal = factories.draft_deal(
        alice, {**SIMPLE, "name": "<img src=x>", "customer": "<b>Elisa</b>"}
    )
    actions.submit_deal(deal, send_key=uuid4(), actor=alice)
    for address in (reverse("screening:deals") + "?tab=decided", url("deal", deal)):
        html = text(site.get(address))
        assert "<img src=x>" not in html
        assert "<b>Elisa</b>" not in html
