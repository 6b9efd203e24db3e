"""The first versions: proposed by one policy owner, activated by another, like every later one."""

from typing import Any

from django.conf import settings
from django.contrib.auth import get_user_model
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import transaction

from audit.refusals import NotAllowed
from policy import actions
from policy.governance.versions import example_laws, shipped_contents
from policy.models import Kind, ReferenceVersion


class Command(BaseCommand):
    help = "Propose and activate the reference data that ships, for kinds that have no version."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--proposer", required=True, help="user name of a policy owner")
        parser.add_argument("--activator", required=True, help="user name of another policy owner")
        parser.add_argument(
            "--example-laws",
            action="store_true",
            help="for a demo: begin with laws that nobody has checked instead of an empty register",
        )

    @transaction.atomic
    def handle(self, *args: Any, **options: Any) -> None:
        proposer, activator = person(options["proposer"]), person(options["activator"])
        contents = shipped_contents()
        if options["example_laws"]:
            if settings.PRODUCTION:
                raise CommandError("Nobody has checked the example laws. They are for the demo.")
            if not ReferenceVersion.objects.exists():
                contents = [
                    example_laws() if content.kind == Kind.LAWS else content for content in contents
                ]
        is_upgraded = ReferenceVersion.objects.of(Kind.RULEBOOK).exists()
        for content in contents:
            if ReferenceVersion.objects.of(content.kind).exists():
                continue
            if content.kind == Kind.CHARTER and is_upgraded:
                # Here people have to agree to it: it binds a rulebook that they chose without it.
                self.stdout.write("No charter is active. Propose the shipped one on its page.")
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
