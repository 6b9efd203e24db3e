"""Links with which a person chooses a password: each works once, for a day.

Nothing is stored. The link is signed over the person's present password, so whatever changes that,
the use of the link itself included, ends it, and so does a later link.
"""

from django.conf import settings
from django.contrib.auth.models import User
from django.contrib.auth.tokens import default_token_generator
from django.urls import reverse
from django.utils.encoding import force_bytes
from django.utils.http import urlsafe_base64_decode, urlsafe_base64_encode


def link_for(person: User) -> str:
    """The whole address, to be handed over by a channel that others do not read."""
    words = {
        "uid": urlsafe_base64_encode(force_bytes(person.pk)),
        "token": default_token_generator.make_token(person),
    }
    return f"{settings.SITE_URL}{reverse('choose-password', kwargs=words)}"


def person_of(uid: str, token: str) -> User | None:
    """Whom the link is for; None when it never worked or no longer does."""
    try:
        person = User.objects.filter(pk=int(urlsafe_base64_decode(uid)), is_active=True).first()
    except (ValueError, OverflowError):
        return None
    return person if person is not None and works_for(person, token) else None


def works_for(person: User, token: str) -> bool:
    return default_token_generator.check_token(person, token)
