"""The one email that is about an account: a link with which its owner chooses a password."""

from django.conf import settings
from django.contrib.auth.models import User
from django.core.mail import EmailMessage
from django.template.loader import render_to_string

from jobs.kinds import ON_ANOTHER_HOST, Lane
from jobs.models import Job
from jobs.queue import performs
from people import links
from people.names import address_of

KIND = "password_mail"


@performs(KIND, lane=Lane.SHORT, retries=ON_ANOTHER_HOST)
def deliver(job: Job) -> None:
    """Send the link. It is made here, so that no row ever holds one. Raises NoAddress."""
    person = User.objects.get(pk=job.args["to"])
    words = {"person": person, "link": links.link_for(person)}
    text = render_to_string("emails/password_link.txt", words).strip()
    subject, _, body = text.partition("\n")
    EmailMessage(
        subject=subject.strip(),
        body=body.strip() + "\n",
        to=[address_of(person)],
        headers={"Message-ID": f"<password-link-{job.pk}@{settings.MAIL_DOMAIN}>"},
    ).send()
