"""Which emails a change sends, and delivering one.

An email is a row of the transaction it tells of, with its job beside it: no email without the
change, no change without its email. Emails name the deal and the status, never votes or reviewers.
"""

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from functools import lru_cache
from typing import Any, NamedTuple

from django.conf import settings
from django.contrib.auth import get_user_model
from django.contrib.auth.models import User
from django.core.mail import EmailMessage
from django.db import connection
from django.template.loader import get_template
from django.urls import reverse

from jobs.kinds import ON_ANOTHER_HOST, Lane
from jobs.models import Clock, Job
from jobs.queue import performs
from people import access
from people.names import address_of, name_of
from screening.following import Course
from screening.lifecycle import Status
from screening.models import Contributor, Deal, Notification
from screening.sweep import rows

KIND = "mail"
ROLE_OF_LEVEL = {"senior": access.SENIOR, "executive": access.EXECUTIVE}
# Of these people and deals, who shares a sales team with a seller, or sells to the end user; and of
# these, as reviewers, who had a say in what is known of a party.
APART = """
SELECT deal, person FROM unnest(%(people)s::bigint[]) AS person, unnest(%(deals)s::bigint[]) AS deal
WHERE person IN (SELECT user_id FROM screening_salesteam_members
                 UNION SELECT user_id FROM screening_pastmember)
  AND (is_colleague(deal, person) OR sells_to_end_user(deal, person))
UNION SELECT deal, person FROM unnest(%(reviewers)s::bigint[]) AS person
CROSS JOIN LATERAL deals_spoken_of(person) AS deal WHERE deal = ANY(%(deals)s)"""


class Letter(NamedTuple):
    subject: str
    body: str


Holders = Callable[[str, Deal], list[Any]]
#: Of deals in review, by number, the people at work on them: who claimed it, who voted.
Working = Callable[[Collection[Deal]], Mapping[int, Sequence[Any]]]

_working: list[Working] = []


def learn_from(working: Working) -> None:
    """This app knows no reviews; the app that does says who works on a deal (reviews/apps.py)."""
    _working[:] = [working]


def letter(
    deal: "Deal | _Blank", person: "User | _Blank", *, template: str, **words: Any
) -> Letter:
    """The text of one email, from templates/emails/<template>.txt (first line: subject)."""
    context = {"deal": deal, "person": person, "site": settings.SITE_URL, **words}
    text = get_template(f"emails/{template}.txt").render(context).strip()
    subject, _, body = text.partition("\n")
    return Letter(subject.strip()[:200], body.strip() + "\n")


def tell(deal: Deal, person: Any, *, template: str, **words: Any) -> None:
    """Write one email that says more than the deal does."""
    _post([(deal, person, letter(deal, person, template=template, **words))])


def tell_all(letters: Sequence[tuple[Deal, Any, str]]) -> None:
    """Write many emails: deal, person, template."""
    _post([(deal, person, _merged(deal, person, template)) for deal, person, template in letters])


NOTIFICATION = ("id", "deal", "to", "subject", "body")


def _post(letters: Sequence[tuple[Deal, Any, Letter]]) -> None:
    """Keep the emails, and the jobs that deliver them."""
    numbers = rows.numbers(Notification, len(letters))
    rows.insert(
        Notification,
        NOTIFICATION,
        [
            (number, deal.pk, person.pk, *text)
            for number, (deal, person, text) in zip(numbers, letters, strict=True)
        ],
    )
    Job.objects.enqueue_all(KIND, [{"notification": number} for number in numbers])


#: Stands for the number of a deal in an address.
_NUMBER = 4_242_424_242


class _Blank:
    """A deal or person with blanks for what differs between two emails of one kind."""

    reference, title_and_customer = "\1reference\1", "\1deal\1"
    pk = _NUMBER

    def __init__(self, status: str = "", turn: str = "", review_level: str = "") -> None:
        self.get_absolute_url = reverse("screening:deal", kwargs={"pk": _NUMBER})
        self.status, self.turn, self.review_level = status, turn, review_level
        self.get_status_display = Status(status).label if status else ""

    def get_full_name(self) -> str:
        return "\1name\1"


@lru_cache(maxsize=256)
def _form(template: str, status: str, turn: str, review_level: str) -> tuple[list[str], list[str]]:
    """Subject and body, cut where the blanks are: every second piece names one."""
    deal = _Blank(status, turn, review_level)
    found = letter(deal, _Blank(), template=template)
    body = found.body.replace(str(_NUMBER), "\1number\1")
    return found.subject.split("\1"), body.split("\1")


def _merged(deal: Deal, person: Any, template: str) -> Letter:
    """One email as `letter` writes it, for a template that needs nothing but blanks filled."""
    subject, body = _form(template, deal.status, deal.turn, deal.review_level)
    blanks = {
        "reference": deal.reference,
        "deal": deal.title_and_customer,
        "number": str(deal.pk),
        "name": name_of(person),
    }
    return Letter(_filled(subject, blanks)[:200], _filled(body, blanks))


def _filled(pieces: list[str], blanks: Mapping[str, str]) -> str:
    return "".join(blanks[piece] if place % 2 else piece for place, piece in enumerate(pieces))


def tell_of_status(deal: Deal) -> None:
    """The owner hears of each change of status, reviewers of each deal that needs them."""
    readers = readers_of_status(deal, holders_of)
    tell_all([(deal, person, template) for person, template in readers])


def tell_of_failure(deal: Deal, because: str) -> None:
    """The team that sells, and compliance, hear of a deal that could not be screened again."""
    team = deal.team.members.filter(is_active=True).exclude(pk=deal.owner_id).order_by("pk")
    sellers, compliance = [deal.owner, *team], holders_of(access.COMPLIANCE, deal)
    for person in [*sellers, *compliance]:
        words = {"because": because, "for_compliance": person in compliance}
        tell(deal, person, template="not_screened", **words)


def tell_of_courses(screened: Iterable[tuple[Deal, Course]]) -> None:
    """What screenings changed; each deal is where its course led."""
    told = [(deal, course) for deal, course in screened if course.is_told or course.rises]
    addresses = Addresses([deal for deal, _ in told])
    working = working_on([deal for deal, course in told if course.leaves_review])
    tell_all(
        [
            (deal, person, template)
            for deal, course in told
            for person, template in readers_of_course(deal, course, addresses.holders_of, working)
        ]
    )


def readers_of_status(deal: Deal, holders: Holders) -> Iterator[tuple[Any, str]]:
    """Who hears of the deal's status, and from which template."""
    yield deal.owner, "status"
    if deal.status == Status.IN_REVIEW:
        yield from _reviewers(deal, holders)
    if deal.turn == "compliance":
        for person in holders(access.COMPLIANCE, deal):
            yield person, "compliance_needed"


def readers_of_course(
    deal: Deal, course: Course, holders: Holders, working: Mapping[int, Sequence[Any]]
) -> Iterator[tuple[Any, str]]:
    """Who hears of a screening, and from which template."""
    if course.is_told:
        yield from readers_of_status(deal, holders)
    elif course.rises:
        # It waited for one level and waits for a higher one; to the owner it is the same.
        yield from _reviewers(deal, holders)
    if course.leaves_review:
        for person in working.get(deal.pk, ()):
            yield person, "left_review"


def working_on(deals: Collection[Deal]) -> Mapping[int, Sequence[Any]]:
    return _working[0](deals) if _working and deals else {}


def _reviewers(deal: Deal, holders: Holders) -> Iterator[tuple[Any, str]]:
    for person in holders(ROLE_OF_LEVEL[deal.review_level], deal):
        yield person, "review_needed"


def reviewers_for(deal: Deal) -> list[Any]:
    return holders_of(ROLE_OF_LEVEL[deal.review_level], deal)


def holders_of(role: str, deal: Deal) -> list[Any]:
    return Addresses([deal]).holders_of(role, deal)


class Addresses:
    """To whom emails about these deals go, with a few queries."""

    def __init__(self, deals: Collection[Deal]) -> None:
        self._deals = [deal.pk for deal in deals]
        parts = Contributor.objects.filter(deal__in=deals).values_list("deal", "user")
        self._contributors = _grouped(parts)
        self._people: dict[str, list[Any]] = {}
        self._apart: dict[str, dict[int, set[int]]] = {}

    def holders_of(self, role: str, deal: Deal) -> list[Any]:
        """Active people with the role who have no part in the deal."""
        if role not in self._people:
            people = get_user_model().objects.filter(groups__name=role, is_active=True)
            self._people[role] = list(people.order_by("pk"))
            self._apart[role] = self._apart_of(role)
        apart = self._contributors[deal.pk] | self._apart[role][deal.pk]
        return [person for person in self._people[role] if person.pk not in apart]

    def _apart_of(self, role: str) -> dict[int, set[int]]:
        people = [person.pk for person in self._people[role]]
        reviewers = people if role in access.REVIEWERS else []
        with connection.cursor() as cursor:
            asked = {"people": people, "reviewers": reviewers, "deals": self._deals}
            cursor.execute(APART, asked)
            return _grouped(cursor.fetchall())


def _grouped(pairs: Iterable[tuple[int, int]]) -> dict[int, set[int]]:
    found: dict[int, set[int]] = defaultdict(set)
    for key, value in pairs:
        found[key].add(value)
    return found


@performs(KIND, lane=Lane.SHORT, retries=ON_ANOTHER_HOST)
def deliver(job: Job) -> None:
    """Send the email of this job; its Message-ID is made from the row, so a repeat collapses.

    Raises NoAddress.
    """
    note = Notification.objects.select_related("to").get(pk=job.args["notification"])
    if note.sent_at is None:
        EmailMessage(
            subject=note.subject,
            body=note.body,
            to=[address_of(note.to)],
            headers={"Message-ID": f"<notification-{note.pk}@{settings.MAIL_DOMAIN}>"},
        ).send()
    Notification.objects.filter(pk=note.pk, sent_at=None).update(sent_at=Clock())
