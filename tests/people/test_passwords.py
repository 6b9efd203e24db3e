"""People change their own password, and get a link by email when they forgot it."""

import re
from datetime import timedelta

import pytest
import time_machine
from django.conf import settings
from django.contrib.auth.models import User
from django.core import mail
from django.test import Client
from django.utils import timezone

from audit.models import SYSTEM, AuditEvent
from audit.refusals import Conflict
from jobs import queue
from jobs.models import Job
from people import access, actions
from people.mail import KIND
from tests import factories

pytestmark = pytest.mark.django_db

NEW = "another long-winded badger"
CHANGE, FORGOT = "/account/password/", "/sign-in/forgot/"


@pytest.fixture
def ada() -> User:
    return factories.person(access.AUDITOR)


def signed_in(person: User, password: str = factories.PASSWORD) -> Client:
    client = Client()
    assert client.login(username=person.username, password=password)
    return client


def events(person: User) -> list[str]:
    about = AuditEvent.objects.about(f"person:{person.pk}").in_order()
    return list(about.values_list("verb", flat=True))


def typed(old: str = factories.PASSWORD, new: str = NEW, again: str = "") -> dict[str, str]:
    return {"old_password": old, "new_password1": new, "new_password2": again or new}


def test_a_changed_password_ends_the_other_sessions_only(ada: User) -> None:
    here, elsewhere = signed_in(ada), signed_in(ada)
    answer = here.post(CHANGE, typed(), follow=True)
    assert "Your password is changed." in answer.content.decode()
    assert here.get("/account/").status_code == 200
    assert elsewhere.get("/account/").status_code == 302
    assert not Client().login(username=ada.username, password=factories.PASSWORD)
    assert signed_in(ada, NEW)
    assert events(ada)[-1] == "person.password_changed"


@pytest.mark.parametrize(
    ("values", "sentence"),
    [
        (typed(old="wrong"), "old password was entered incorrectly"),
        (typed(new="short"), "too short"),
        (typed(again="something else entirely"), "password fields didn"),
        (typed(old="a\x00b"), ""),
    ],
)
def test_what_changes_nothing(ada: User, values: dict[str, str], sentence: str) -> None:
    before = events(ada)
    answer = signed_in(ada).post(CHANGE, values)
    assert answer.status_code in {400, 422}
    assert sentence in answer.content.decode()
    assert signed_in(ada)
    assert events(ada) == before


def test_of_two_changes_with_one_old_password_one_counts(ada: User) -> None:
    actions.change_password(ada, NEW, old=factories.PASSWORD)
    with pytest.raises(Conflict, match="no longer your password"):
        actions.change_password(ada, "a third long-winded badger", old=factories.PASSWORD)


def test_a_forgotten_password_is_chosen_anew_behind_an_emailed_link(ada: User) -> None:
    answer = Client().post(FORGOT, {"email": ada.email.upper()}, follow=True)
    assert "a link is on its way" in answer.content.decode()
    job = Job.objects.get(kind=KIND)
    assert job.args == {"to": ada.pk}, "no row holds a link"
    assert queue.perform(job.pk) is True
    (sent,) = mail.outbox
    assert sent.to == [ada.email]
    (path,) = re.findall(rf"{settings.SITE_URL}(/sign-in/link/\S+)", sent.body)
    ada.refresh_from_db()
    assert ada.check_password(factories.PASSWORD), "it works until another is chosen"
    chosen = Client().post(path, {"new_password1": NEW, "new_password2": NEW})
    assert chosen.status_code == 302
    assert signed_in(ada, NEW)
    assert Client().get(path).status_code == 410
    assert events(ada)[-1] == "person.password_chosen"


def test_strangers_learn_nothing_and_make_no_work(ada: User) -> None:
    actions.disable_person(ada, actor=SYSTEM)
    answers = []
    for email in (ada.email, "nobody@example.org", factories.person().email):
        answer = Client().post(FORGOT, {"email": email}, follow=True)
        answers.append((answer.status_code, answer.redirect_chain))
    assert len({str(answer) for answer in answers}) == 1
    assert Job.objects.filter(kind=KIND).count() == 1


def test_one_link_an_hour(ada: User) -> None:
    with time_machine.travel(timezone.now().replace(minute=0), tick=False) as clock:
        for _ in range(3):
            Client().post(FORGOT, {"email": ada.email})
            clock.shift(timedelta(minutes=10))
    assert Job.objects.filter(kind=KIND).count() == 1


@pytest.mark.parametrize("email", ["", "no address", "a@b\nBcc: c@example.com"])
def test_what_is_no_address(email: str) -> None:
    answer = Client().post(FORGOT, {"email": email})
    assert answer.status_code in {200, 422}
    assert not Job.objects.filter(kind=KIND).exists()
