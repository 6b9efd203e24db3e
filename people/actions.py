"""What changes a person's account. Each verb appends its event, without names or addresses.

To ask for a link changes nothing yet, and anybody may ask: it has no event.
"""

from collections.abc import Collection
from typing import Any

from django.contrib.auth import get_user_model, password_validation
from django.contrib.auth.models import Group, User
from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import transaction
from django.utils import timezone

from audit.models import Actor, AuditEvent
from audit.refusals import Conflict
from jobs.models import Job
from people import links
from people import teams as selling
from people.access import roles_of
from people.mail import KIND
from people.roles import check_role_mix

#: Persian and Indic names are spelt with these.
JOINERS = {0x200C: None, 0x200D: None}
#: Each event about a person. Who may run the commands may do all of it; no page does.
SENTENCES = {
    "person.added": "Added a person with these roles: {roles}",
    "person.roles_set": "Set the roles of a person: {after}",
    "person.teams_set": "Changed the sales teams of a person",
    "person.email_set": "Changed the email address of a person",
    "person.disabled": "Disabled an account",
    "person.enabled": "Enabled an account",
    "person.password_ended": "Ended a password, and made a link for another",
    "person.password_chosen": "Chose a password",
    "person.password_changed": "Changed a password",
    # By older versions, which took a password where links are made now.
    "person.password_set": "Set another password",
}


@transaction.atomic
def add_person(
    name: str,
    *,
    email: str,
    roles: Collection[str],
    actor: Actor,
    full_name: str = "",
    teams: Collection[str] = (),
    new_teams: Collection[str] = (),
) -> User:
    """A new account with its roles and sales teams; its owner chooses a password by a link."""
    _check_name(name)
    _check_email(email)
    _check_plain("full name", full_name)
    check_role_mix(frozenset(roles))
    first, _, last = full_name.strip().partition(" ")
    person = User(username=name, email=email, first_name=first, last_name=last)
    person.set_unusable_password()
    person.full_clean()
    person.save()
    _give(person, frozenset(roles))
    joined = _join(person, teams, new_teams)
    _record(person, actor, "person.added", roles=sorted(roles), teams=joined)
    return person


@transaction.atomic
def set_roles(person: User, roles: frozenset[str], *, actor: Actor) -> None:
    """These roles and no others. The next request of each of the person's sessions obeys."""
    _lock(person)
    check_role_mix(roles)
    before = roles_of(person)
    if before == roles:
        raise Conflict(f"{person.username} already has exactly these roles.")
    _give(person, roles)
    _record(person, actor, "person.roles_set", before=sorted(before), after=sorted(roles))


@transaction.atomic
def set_teams(
    person: User,
    *,
    actor: Actor,
    join: Collection[str] = (),
    new: Collection[str] = (),
    leave: Collection[str] = (),
) -> None:
    """Join and leave sales teams."""
    left = [_team(selling.of(person), name) for name in leave]
    joined = _join(person, join, new)
    selling.of(person).remove(*left)
    _record(person, actor, "person.teams_set", joined=joined, left=sorted(team.pk for team in left))


@transaction.atomic
def set_email(person: User, email: str, *, actor: Actor) -> None:
    """Emails go there from now on; links that were made before no longer work.

    Whoever is disabled may get another address too: theirs is free for somebody else then.
    """
    _lock(person)
    if person.email == email:
        raise Conflict(f"{email} is already the address of {person.username}.")
    _check_email(email, of=person)
    person.email = email
    person.save(update_fields=["email"])
    # Addresses stay out of the ledger, as names do: nothing can be taken out of it again.
    _record(person, actor, "person.email_set")


@transaction.atomic
def disable_person(person: User, *, actor: Actor) -> None:
    """Nobody signs in with the account any more, and its sessions end with their next request."""
    _set_active(person, value=False)
    _record(person, actor, "person.disabled")


@transaction.atomic
def enable_person(person: User, *, actor: Actor) -> None:
    _set_active(person, value=True)
    _record(person, actor, "person.enabled")


@transaction.atomic
def end_password(person: User, *, actor: Actor) -> None:
    """Nobody signs in with the password any more; the sessions that began with it end.

    So does every link that was made before.
    """
    _lock(person)
    person.set_unusable_password()
    person.save(update_fields=["password"])
    _record(person, actor, "person.password_ended")


@transaction.atomic
def choose_password(person: User, password: str, *, token: str) -> None:
    """The password that the person chose with a link; of two at the same time one counts."""
    _lock(person)
    if not (person.is_active and links.works_for(person, token)):
        raise Conflict("This link no longer works.")
    _choose(person, password, "person.password_chosen")


@transaction.atomic
def change_password(person: User, password: str, *, old: str) -> None:
    """Another password, by whoever knows the present one; every other session ends."""
    _lock(person)
    if not (person.is_active and person.check_password(old)):
        raise Conflict("This is no longer your password. Type the present one.")
    _choose(person, password, "person.password_changed")


@transaction.atomic
def ask_for_link(email: str) -> None:
    """Have a link emailed to whoever has the address; at most one in each hour of the clock.

    Nobody else is told.
    """
    person = User.objects.filter(email__iexact=email, is_active=True).first()
    if person is not None:
        hour = int(timezone.now().timestamp()) // 3600
        Job.objects.enqueue(KIND, key=f"password link {person.pk} {hour}", to=person.pk)


def _choose(person: User, password: str, event: str) -> None:
    password_validation.validate_password(password, person)
    person.set_password(password)
    person.save(update_fields=["password"])
    _record(person, person, event)


def _check_plain(what: str, text: str) -> None:
    """Refuse what hides in a name or changes the order of its letters, and halves of characters."""
    if not text.translate(JOINERS).isprintable():
        raise ValidationError(
            f"The {what} {text!a} holds a character that nobody sees. Type it again."
        )


def _check_name(name: str) -> None:
    User.username_validator(name)
    if get_user_model().objects.filter(username__iexact=name).exists():
        raise Conflict(f"There is already a person {name!r}.")


def _check_email(email: str, of: User | None = None) -> None:
    _check_plain("email address", email)
    try:
        validate_email(email)
    except ValidationError:
        raise ValidationError(f"{email!r} is not a valid email address.") from None
    holders = get_user_model().objects.filter(email__iexact=email)
    if any(holder != of for holder in holders):
        raise Conflict(f"The address {email} belongs to another person.")


def _give(person: User, roles: frozenset[str]) -> None:
    person.groups.set([Group.objects.get_or_create(name=role)[0] for role in sorted(roles)])
    # Asked again from now on: what was read before is kept with the object.
    vars(person).pop("_proviso_roles", None)


def _join(person: User, teams: Collection[str], new: Collection[str]) -> list[int]:
    """The numbers of the teams that the person joined."""
    every = selling.every()
    joined = [_team(every, name) for name in teams]
    for name in new:
        _check_plain("name of the team", name)
        if every.filter(name__iexact=name).exists():
            raise Conflict(f"There is already a sales team {name!r}. Join it instead.")
        team = every.model(name=name)
        team.full_clean()
        team.save()
        joined.append(team)
    selling.of(person).add(*joined)
    return sorted(team.pk for team in joined)


def _team(among: Any, name: str) -> Any:
    _check_plain("name of the team", name)
    team = among.filter(name__iexact=name).first()
    if team is None:
        names = ", ".join(among.order_by("name").values_list("name", flat=True))
        raise ValidationError(
            f"There is no sales team {name!r} here. There are: {names or 'none'}."
        )
    return team


def _set_active(person: User, *, value: bool) -> None:
    _lock(person)
    if person.is_active == value:
        raise Conflict(f"{person.username} is already {'enabled' if value else 'disabled'}.")
    person.is_active = value
    person.save(update_fields=["is_active"])


def _lock(person: User) -> None:
    person.refresh_from_db(from_queryset=User.objects.select_for_update())
    vars(person).pop("_proviso_roles", None)


def _record(person: User, actor: Actor, verb: str, **payload: Any) -> None:
    AuditEvent.objects.append(
        subject=f"person:{person.pk}", actor=actor, verb=verb, payload=payload
    )
