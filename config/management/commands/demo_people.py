"""The people of the demo: each role at least once, with a password of this installation only."""

import json
import secrets
from pathlib import Path
from typing import Any

from django.conf import settings
from django.contrib.auth.hashers import make_password
from django.contrib.auth.models import Group, User
from django.core.management.base import BaseCommand, CommandError
from django.db import transaction

from audit.models import SYSTEM, AuditEvent
from people import teams
from people.access import (
    ADMINISTRATOR,
    AUDITOR,
    COMPLIANCE,
    EXECUTIVE,
    POLICY_OWNER,
    ROLE_NAMES,
    SALES,
    SENIOR,
    roles_of,
)
from screening.models import SalesTeam

ACCOUNTS = settings.BASE_DIR / "var" / "demo-accounts.json"

# Two of those of whom two must agree, or of whom one may not act on the other's deal.
PEOPLE = (
    ("sofia", "Sofia Lind", SALES, "North"),
    ("samuel", "Samuel Okafor", SALES, "South"),
    ("sonja", "Sonja Berg", SALES, "East"),
    ("carla", "Carla Meyer", COMPLIANCE, ""),
    ("conrad", "Conrad Silva", COMPLIANCE, ""),
    ("rosa", "Rosa Keller", SENIOR, ""),
    ("ravi", "Ravi Menon", SENIOR, ""),
    ("erik", "Erik Holm", EXECUTIVE, ""),
    ("emma", "Emma Ito", EXECUTIVE, ""),
    ("elias", "Elias Costa", EXECUTIVE, ""),
    ("paula", "Paula Novak", POLICY_OWNER, ""),
    ("pedro", "Pedro Salas", POLICY_OWNER, ""),
    ("anna", "Anna Weber", AUDITOR, ""),
    ("dora", "Dora Jensen", ADMINISTRATOR, ""),
)
WORDS = (
    "amber",
    "birch",
    "cedar",
    "clover",
    "copper",
    "coral",
    "ember",
    "fern",
    "flint",
    "harbour",
    "hazel",
    "heron",
    "indigo",
    "juniper",
    "lantern",
    "linden",
    "maple",
    "meadow",
    "otter",
    "pebble",
    "pine",
    "plover",
    "quartz",
    "raven",
    "reed",
    "river",
    "saffron",
    "sparrow",
    "thistle",
    "tundra",
    "willow",
    "winter",
)


def new_password() -> str:
    words = [secrets.choice(WORDS) for _ in range(3)]
    return "-".join((*words, str(secrets.randbelow(9000) + 1000)))


def known_password(path: Path) -> str:
    """What an earlier start gave out; "" when there was none."""
    try:
        return str(json.loads(path.read_text())[0]["password"])
    except (OSError, ValueError, LookupError, TypeError):
        return ""


def make_person(username: str, name: str, role: str, team: str, hashed: str) -> None:
    first, last = name.split(" ", 1)
    user, _ = User.objects.get_or_create(
        username=username,
        defaults={"first_name": first, "last_name": last, "email": f"{username}@example.com"},
    )
    if hashed:
        user.password = hashed
        user.save(update_fields=["password"])
    if roles_of(user) == {role} and teams.of(user).exists() == bool(team):
        return
    user.groups.set([Group.objects.get_or_create(name=role)[0]])
    if team:
        SalesTeam.objects.get_or_create(name=team)[0].members.add(user)
    AuditEvent.objects.append(
        subject=f"person:{user.pk}", actor=SYSTEM, verb="person.added", payload={"roles": [role]}
    )


class Command(BaseCommand):
    help = "Make the demo's people and write their password to var/demo-accounts.json."

    @transaction.atomic
    def handle(self, *args: Any, **options: Any) -> None:
        if settings.PRODUCTION:
            raise CommandError("These people are for the demo. In production, invite real ones.")
        names = [username for username, *_ in PEOPLE]
        complete = User.objects.filter(username__in=names).count() == len(names)
        known = known_password(ACCOUNTS) if complete else ""
        # One for everybody: who tries a role does not want to look up a word each time. It is
        # hashed once, which would be careless where people are real.
        password = known or new_password()
        hashed = "" if known else make_password(password)
        rows = []
        for username, name, role, team in PEOPLE:
            make_person(username, name, role, team, hashed)
            rows.append(
                {"role": ROLE_NAMES[role], "username": username, "name": name, "password": password}
            )
        ACCOUNTS.parent.mkdir(exist_ok=True)
        ACCOUNTS.unlink(missing_ok=True)
        ACCOUNTS.touch(mode=0o600)
        ACCOUNTS.write_text(json.dumps(rows, indent=1))
        self.stdout.write(f"{len(rows)} people")
