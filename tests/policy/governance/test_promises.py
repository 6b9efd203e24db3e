"""Without a charter the promises of the active rulebook are held against a new one, by name."""

from typing import Any

import pytest
from django.db import DatabaseError, connection, transaction
from django.test import Client
from django.urls import reverse

from audit.models import AuditEvent
from audit.refusals import Conflict, NotAllowed
from jobs.models import Job
from people import access
from policy import actions
from policy.governance import notices, proposals
from policy.models import CheckReport, Kind, PromiseConfirmation, ReferenceVersion
from tests import factories
from tests.policy.governance.chartering import unkept
from tests.policy.governance.hollowed import EMPTIED, REVIEWED, rulebook
from tests.policy.governance.test_governance import checked

pytestmark = [pytest.mark.django_db, pytest.mark.bare]

State = CheckReport.State
WHY = "The board decided so on 12 November, see its minutes."


@pytest.fixture(autouse=True)
def _versions() -> None:
    factories.reference_data(charter=False)


@pytest.fixture
def chief() -> Any:
    return factories.executive("Clara Holm")


def content(*changes: tuple[str, str], label: str = "9.1") -> Any:
    text = rulebook(*changes, label=label)
    return proposals.read(Kind.RULEBOOK, text, proposals.About())


def hollowed(proposer: Any) -> tuple[ReferenceVersion, CheckReport]:
    return checked(content(*EMPTIED), proposer)


def body(response: Any) -> str:
    return " ".join(response.content.decode().split())


class TestTheReport:
    def test_an_emptied_promise_is_named_with_a_deal_that_lost_its_protection(
        self, anna: Any, boris: Any
    ) -> None:
        version, report = hollowed(anna)
        assert report.state == State.PROMISES
        assert report.found["problems"] == []
        assert set(unkept(report)) == {"promise P01 empty", "promise P20 empty"}
        sentence = unkept(report)["promise P01 empty"]
        assert "Active surveillance is barred" in sentence
        assert "covers no deal at all" in sentence
        assert "A deal that lost its protection: " in sentence
        with pytest.raises(Conflict, match=r"P01 .*covers no deal at all.*lost its protection"):
            actions.activate_version(version, report=report, actor=boris)

    def test_the_second_step_is_refused_even_behind_the_first(self, anna: Any, boris: Any) -> None:
        version, report = checked(content(*EMPTIED, REVIEWED), anna)
        assert not report.opens_the_way
        assert "The new rules do not keep it as it was." in unkept(report)["promise P01 empty"]
        held = {one["id"]: one["held"] for one in report.found["charter"]}
        assert held["P01"]["state"] == "broken"
        deal = held["P01"]["deal"]
        assert deal["capabilities"] or deal["abilities_declared"]
        with pytest.raises(Conflict):
            actions.activate_version(version, report=report, actor=boris)

    def test_a_term_that_shrinks_takes_its_promises_along(self, anna: Any) -> None:
        _version, report = checked(content(("        - monitoring_centre\n", "")), anna)
        assert "promise P01 changed" in unkept(report)
        lost = {one["id"]: one["lost"] for one in report.found["charter"]}
        assert lost["P01"]["capabilities"] == ["monitoring_centre"]

    def test_a_promise_that_is_gone_is_named(self, anna: Any) -> None:
        gone = (
            "  - id: P02\n    says: Surveillance technology for an intelligence body is barred\n"
            "    surely: {all: [intelligence, surveillance_beyond_cameras]}\n    only: [bar]\n",
            "",
        )
        _version, report = checked(content(gone), anna)
        assert report.state == State.PROMISES
        assert list(unkept(report)) == ["promise P02 removed"]

    def test_a_new_promise_that_speaks_of_no_deal_is_named(self, anna: Any) -> None:
        empty = (
            "  - id: P02\n",
            "  - id: P99\n    says: What is low and high at once is barred\n"
            "    surely: {all: [{country_risk: [low]}, {country_risk: [high]}]}\n"
            "    only: [bar]\n  - id: P02\n",
        )
        _version, report = checked(content(empty), anna)
        assert report.state == State.PROMISES
        assert list(unkept(report)) == ["promise P99 empty"]

    def test_a_promise_under_another_id_in_another_order_is_kept(self, anna: Any) -> None:
        moved = ("  - id: P02\n", "  - id: P92\n")
        turned = (
            "surely: {all: [intelligence, surveillance_beyond_cameras]}",
            "surely: {all: [surveillance_beyond_cameras, intelligence]}",
        )
        assert checked(content(moved), anna)[1].state == State.PASSED
        assert checked(content(turned, label="9.2"), anna)[1].state == State.PASSED

    def test_other_words_for_the_same_promise_stand_old_beside_new(
        self, anna: Any, site: Client
    ) -> None:
        says = (
            "says: Active surveillance is barred, whatever else is true",
            "says: Active surveillance is looked at",
        )
        version, report = checked(content(says), anna)
        assert report.state == State.PASSED
        [told] = report.found["charter"]
        assert (told["fate"], told["says_now"]) == ("kept", "Active surveillance is looked at")
        page = body(site.get(reverse("policy:report", args=[version.pk])))
        assert "Active surveillance is barred, whatever else is true" in page
        assert "Active surveillance is looked at" in page
        assert "What is proved is the same as before." in page

    def test_each_proved_promise_shows_a_deal_that_it_speaks_of(self, anna: Any) -> None:
        _version, report = checked(content(), anna)
        assert report.state == State.PASSED
        assert all(one["speaks_of"] for one in report.found["promises"])

    def test_a_comparison_without_an_answer_is_no_pass(
        self, anna: Any, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        from policy.engine.proof import proof

        def silent(*_books: Any, **_limits: Any) -> Any:
            raise proof.NotProved("the child process ended with 1")

        monkeypatch.setattr(proof, "compared", silent)
        _version, report = checked(content(), anna)
        assert report.state == State.FAILED
        assert "The promises could not all be compared" in report.found["problems"][0]

    def test_one_that_promises_nothing_is_no_pass(self, anna: Any, boris: Any) -> None:
        text = rulebook()
        promises = text[text.index("\npromises:\n") :]
        version, report = checked(content((promises, "\n")), anna)
        assert report.state == State.FAILED
        assert any("promises nothing" in one for one in report.found["problems"])
        with pytest.raises(Conflict, match="did not pass"):
            actions.activate_version(version, report=report, actor=boris)


class TestWords:
    RETITLED = ("title: Military in a high-risk country\n", "title: Armies are welcome\n")
    WIDER = ("high_risk: {country_risk: [high,", "high_risk: {country_risk: [medium, high,")

    def test_words_of_a_rule_are_confirmed_and_stand_old_beside_new(
        self, anna: Any, boris: Any, site: Client
    ) -> None:
        asked = "relates to surveillance.\n    evidence: [{}]"
        fewer = (asked.format("registry_correction"), asked.format("end_user_statement"))
        version, report = checked(content(self.RETITLED, fewer), anna)
        assert report.state == State.PASSED
        names = [one["name"] for one in report.found["looser"]]
        assert names == ["words of B02", "words of E14"]
        with pytest.raises(Conflict, match="words of B02"):
            actions.activate_version(version, report=report, actor=boris)
        page = body(site.get(reverse("policy:report", args=[version.pk])))
        assert "Armies are welcome" in page
        assert "Military in a high-risk country" in page
        actions.activate_version(version, report=report, confirmed=names, actor=boris)

    def test_a_condition_that_changes_under_the_same_words_is_told(
        self, anna: Any, site: Client
    ) -> None:
        version, report = checked(content(self.WIDER), anna)
        silent = {one["rule"] for one in report.found["reworded"] if one["is_silent"]}
        assert {"S01", "E14"} <= silent
        page = body(site.get(reverse("policy:report", args=[version.pk])))
        assert "Its condition is another one. Its title and reason are the same" in page
        told = unkept(report)["promise P06 changed"]
        assert "It still covers every deal that it covered." in told


class TestConfirming:
    def test_with_it_a_third_person_activates(self, anna: Any, boris: Any, chief: Any) -> None:
        version, report = hollowed(anna)
        actions.confirm_promise_changes(report, names=list(unkept(report)), reason=WHY, actor=chief)
        told = AuditEvent.objects.filter(subject=version.subject).latest("pk")
        assert (told.verb, told.actor) == ("version.promises_confirmed", f"user:{chief.pk}")
        report.refresh_from_db()
        confirmed = [one["name"] for one in report.found["looser"]]
        actions.activate_version(version, report=report, confirmed=confirmed, actor=boris)
        version.refresh_from_db()
        assert version.is_active

    def test_executive_reviewers_are_asked_by_email_and_the_proposer_hears_of_it(
        self, anna: Any, chief: Any
    ) -> None:
        _version, report = hollowed(anna)
        [asked] = notices.mails_to(chief)
        assert "P01 “Active surveillance is barred" in asked.body
        actions.confirm_promise_changes(report, names=list(unkept(report)), reason=WHY, actor=chief)
        assert WHY in notices.mails_to(anna).latest("pk").body
        assert Job.objects.filter(kind=notices.KIND).count() == 2

    def test_each_promise_needs_its_name(self, anna: Any, chief: Any) -> None:
        _version, report = hollowed(anna)
        with pytest.raises(Conflict, match="Missing: P20"):
            actions.confirm_promise_changes(
                report, names=["promise P01 empty"], reason=WHY, actor=chief
            )
        with pytest.raises(Conflict, match="at least 20 characters"):
            actions.confirm_promise_changes(
                report, names=list(unkept(report)), reason="Because.", actor=chief
            )
        assert not PromiseConfirmation.objects.exists()

    @pytest.mark.parametrize("role", [access.POLICY_OWNER, access.SENIOR, access.COMPLIANCE])
    def test_nobody_else_confirms(self, anna: Any, role: str) -> None:
        _version, report = hollowed(anna)
        with pytest.raises(NotAllowed, match="executive reviewer"):
            actions.confirm_promise_changes(
                report, names=list(unkept(report)), reason=WHY, actor=factories.person(role)
            )

    def test_the_proposer_never_does_with_whatever_roles(self, anna: Any) -> None:
        _version, report = hollowed(anna)
        anna.groups.set(factories.executive().groups.all())
        anna = type(anna).objects.get(pk=anna.pk)
        with pytest.raises(NotAllowed, match="You proposed this version"):
            actions.confirm_promise_changes(
                report, names=list(unkept(report)), reason=WHY, actor=anna
            )

    def test_nor_does_who_confirmed_activate(self, anna: Any, chief: Any, boris: Any) -> None:
        version, report = hollowed(anna)
        actions.confirm_promise_changes(report, names=list(unkept(report)), reason=WHY, actor=chief)
        chief.groups.set(boris.groups.all())
        chief = type(chief).objects.get(pk=chief.pk)
        confirmed = [one["name"] for one in report.found["looser"]]
        with pytest.raises(NotAllowed, match="You confirmed its promises"):
            actions.activate_version(version, report=report, confirmed=confirmed, actor=chief)

    def test_it_belongs_to_one_report(self, anna: Any, boris: Any, chief: Any) -> None:
        version, report = hollowed(anna)
        actions.confirm_promise_changes(report, names=list(unkept(report)), reason=WHY, actor=chief)
        with pytest.raises(Conflict, match="already been confirmed"):
            actions.confirm_promise_changes(
                report, names=list(unkept(report)), reason=WHY, actor=chief
            )
        again = actions.start_check(version, actor=anna)
        with pytest.raises(Conflict, match="still running"):
            actions.activate_version(version, report=report, actor=boris)
        with pytest.raises(Conflict, match="does not ask for promises"):
            actions.confirm_promise_changes(again, names=[], reason=WHY, actor=chief)


@pytest.mark.usefixtures("nothing_remains")
class TestPostgreSQL:
    def activated(self, version: ReferenceVersion, actor: Any) -> None:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(
                "UPDATE policy_referenceversion SET activated_at = now(), activated_by_id = %s,"
                " retired_at = now() WHERE id = %s",
                [actor.pk, version.pk],
            )

    def test_it_refuses_the_activation_without(self, anna: Any, boris: Any) -> None:
        version, _report = hollowed(anna)
        with pytest.raises(DatabaseError, match="without a check that passed"):
            self.activated(version, boris)

    def test_it_refuses_who_confirmed(self, anna: Any, boris: Any, chief: Any) -> None:
        version, report = hollowed(anna)
        actions.confirm_promise_changes(report, names=list(unkept(report)), reason=WHY, actor=chief)
        with pytest.raises(DatabaseError, match="does not activate"):
            self.activated(version, chief)
        chief.groups.set(boris.groups.all())
        with pytest.raises(DatabaseError, match="without a check that passed"):
            self.activated(version, chief)
        self.activated(version, boris)

    def test_it_refuses_the_proposer_and_names_left_out(self, anna: Any, chief: Any) -> None:
        _version, report = hollowed(anna)
        names = list(unkept(report))
        with pytest.raises(DatabaseError, match="proposer"), transaction.atomic():
            PromiseConfirmation.objects.create(
                report=report, names=names, reason=WHY, confirmed_by=anna
            )
        with pytest.raises(DatabaseError, match="by its name"), transaction.atomic():
            PromiseConfirmation.objects.create(
                report=report, names=names[:1], reason=WHY, confirmed_by=chief
            )

    def test_a_confirmation_never_changes(self, anna: Any, chief: Any) -> None:
        _version, report = hollowed(anna)
        confirmation = actions.confirm_promise_changes(
            report, names=list(unkept(report)), reason=WHY, actor=chief
        )
        confirmation.reason = "Something else."
        with pytest.raises(DatabaseError, match="permission denied"), transaction.atomic():
            confirmation.save()
        with pytest.raises(DatabaseError, match="permission denied"), transaction.atomic():
            confirmation.delete()

    def test_it_needs_no_confirmation_for_what_passed(self, anna: Any, chief: Any) -> None:
        _version, report = checked(content(), anna)
        with pytest.raises(DatabaseError, match="to be confirmed"), transaction.atomic():
            PromiseConfirmation.objects.create(
                report=report, names=[], reason=WHY, confirmed_by=chief
            )


class TestPages:
    def test_from_the_report_to_the_activation(
        self, client: Client, anna: Any, boris: Any, chief: Any
    ) -> None:
        version, report = hollowed(anna)
        client.force_login(boris)
        shown = body(client.get(reverse("policy:version", args=[version.pk])))
        assert "P01 “Active surveillance is barred" in shown
        assert "lost its protection" in shown
        refused = client.get(reverse("policy:activate", args=[version.pk]))
        assert refused.status_code == 409
        assert "P01 “Active surveillance is barred" in body(refused)

        client.force_login(chief)
        address = reverse("policy:promises", args=[version.pk])
        assert address in body(client.get(reverse("policy:report", args=[version.pk])))
        page = client.get(address)
        assert "Its sentence is the same as before." in body(page)
        short = client.post(address, {"report": report.pk, "names": [], "reason": WHY})
        assert short.status_code == 422
        sent = client.post(
            address, {"report": report.pk, "names": list(unkept(report)), "reason": WHY}
        )
        assert sent.headers["Location"] == reverse("policy:version", args=[version.pk])

        client.force_login(boris)
        page = client.get(reverse("policy:activate", args=[version.pk]))
        assert page.status_code == 200
        assert WHY in body(page)
        assert "Passed, promises confirmed" in body(
            client.get(reverse("policy:report", args=[version.pk]))
        )
