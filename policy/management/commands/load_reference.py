"""The first versions: proposed by one policy owner, activated by another, like every later one."""

from typing import Any

from django.contrib.auth import get_user_model
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import transaction

from audit.refusals import NotAllowed
from policy import actions
from policy.governance.versions import shipped_contents
from policy.models import ReferenceVersion


class Command(BaseCommand):
    help = "Propose and activate the reference data that ships, for kinds that have no version."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--proposer", required=True, help="user name of a policy owner")
        parser.add_argument("--activator", required=True, help="user name of another policy owner")

    @transaction.atomic
    def handle(self, *args: Any, **options: Any) -> None:
        proposer, activator = person(options["proposer"]), person(options["activator"])
        for content in shipped_contents():
            if ReferenceVersion.objects.of(content.kind).exists():
                continue
            try:
                version = actions.propose_version(
                    content, note="Shipped with the program.", actor=proposer
                )
                actions.activate_version(version, actor=activator)
            except NotAllowed as refusal:
                raise CommandError(str(refusal)) from refusal
            self.stdout.write(f"{version} is active")


def person(name: str) -> Any:
    user = get_user_model().objects.filter(username=name, is_active=True).first()
    if user is None:
        raise CommandError(f"There is no active user {name!r}. Name a policy owner.")
    return user
