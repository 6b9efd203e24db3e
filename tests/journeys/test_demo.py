"""The demo has something real to show on every page, made the way people make it."""

import time

import pytest
from django.contrib.auth.models import User
from django.core.management import CommandError, call_command
from django.db import connection, transaction
from django.urls import reverse

from reviews.demo_deals import EXAMPLES
from reviews.models import Condition, Review, Vote
from screening.lifecycle import Status
from screening.models import Deal, Question, SalesTeam

pytestmark = pytest.mark.bare


@pytest.fixture(scope="class")
def demo(django_db_setup, django_db_blocker, tmp_path_factory):
    """The demo's deals, for all tests of a class; each takes back what it adds.

    Gives the processor seconds of this process that entering the deals took.
    """
    with pytest.MonkeyPatch.context() as patch, django_db_blocker.unblock():
        accounts = tmp_path_factory.mktemp("demo") / "accounts.json"
        patch.setattr("config.management.commands.demo_people.ACCOUNTS", accounts)
        with transaction.atomic():
            call_command("demo_people", verbosity=0)
            call_command(
                "load_reference",
                proposer="paula",
                activator="pedro",
                example_laws=True,
                verbosity=0,
            )
            began = time.process_time()
            call_command("load_demo", verbosity=0)
            seconds = time.process_time() - began
            # No worker is woken, who would look for these rows when they are gone.
            connection.run_on_commit.clear()
        yield seconds
        django_db_setup.renew()


@pytest.mark.django_db
class TestDemo:
    def test_every_status_has_a_deal(self, demo):
        assert set(Deal.objects.values_list("status", flat=True)) == set(Status)
        assert len(EXAMPLES) >= 30
        assert SalesTeam.objects.filter(deals__isnull=False).distinct().count() == 3

    def test_it_is_entered_in_seconds(self, demo):
        assert demo < 10, "seconds of this process's own time; the demo's start waits for it"

    def test_every_part_of_the_work_is_shown(self, demo):
        assert Vote.objects.filter(verdict="approve_with_conditions").exists()
        assert Condition.objects.count() >= 2
        assert Question.objects.filter(answer=None).exists()
        assert Question.objects.filter(answer__isnull=False).exists()
        open_reviews = Review.objects.still_open()
        assert any(review.votes.count() == 1 for review in open_reviews), "a second vote is due"
        assert any(review.votes.count() == 2 for review in open_reviews), "a third vote is due"
        assert open_reviews.filter(claimed_by__isnull=False).exists()
        assert Deal.objects.filter(predecessor__isnull=False).exists()
        assert Deal.objects.awaiting_compliance().exists()

    @pytest.mark.parametrize(
        ("name", "page"), [("anna", "reviews:record"), ("elias", "reviews:deal")]
    )
    def test_every_deal_opens_with_its_votes(self, demo, client, name, page):
        client.force_login(User.objects.get(username=name))
        sent = Deal.objects.exclude(status=Status.DRAFT)
        assert sent.count() >= 10
        for deal in sent:
            assert client.get(reverse(page, args=[deal.pk])).status_code == 200, deal.reference

    def test_running_it_again_changes_nothing(self, demo, capsys):
        before = Deal.objects.count()
        call_command("load_demo")
        assert Deal.objects.count() == before
        assert "already" in capsys.readouterr().out


def test_it_is_not_for_production(db, settings):
    settings.PRODUCTION = True
    with pytest.raises(CommandError, match="production"):
        call_command("load_demo")


def test_people_come_first(db):
    with pytest.raises(CommandError, match="demo_people"):
        call_command("load_demo")
