"""The people of an installation, from its command line."""

from collections.abc import Callable
from typing import Any

from django.contrib.auth.models import User
from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError, CommandParser

from audit.models import SYSTEM
from audit.refusals import Conflict, NotAllowed
from people import actions, links, roles
from people import teams as selling
from people.access import ROLE_NAMES, SALES, roles_of


class Command(BaseCommand):
    help = (
        "Add people, change their roles, sales teams and addresses, disable and enable them, and"
        " make the link with which a person chooses a password. No password is ever typed here."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        verbs = parser.add_subparsers(dest="verb", required=True)
        for verb, make in PARSERS.items():
            command = verbs.add_parser(verb, help=make.__doc__)
            command.add_argument("name", help="the name to sign in with")
            make(command)

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            sentences = VERBS[options["verb"]](options)
        except ValidationError as refusal:
            raise CommandError(sentence(refusal)) from refusal
        except (Conflict, NotAllowed) as refusal:
            raise CommandError(str(refusal)) from refusal
        self.stdout.write("\n".join(sentences))


def for_add(parser: CommandParser) -> None:
    """a new person; prints the link with which they choose a password"""
    parser.add_argument("--email", required=True)
    parser.add_argument("--full-name", default="", help='as pages show it: "Ada Berg"')
    parser.add_argument("--role", action="append", default=[], help=", ".join(ROLE_NAMES))
    parser.add_argument("--team", action="append", default=[], help="a sales team that exists")
    parser.add_argument("--new-team", action="append", default=[], help="a sales team to make")


def for_roles(parser: CommandParser) -> None:
    """show the roles, or set, add or remove some"""
    for option in ("--set", "--add", "--remove"):
        parser.add_argument(option, action="append", default=[], metavar="ROLE")


def for_teams(parser: CommandParser) -> None:
    """show the sales teams, or join or leave some"""
    for option in ("--join", "--new", "--leave"):
        parser.add_argument(option, action="append", default=[], metavar="TEAM")


def for_email(parser: CommandParser) -> None:
    """another address for the emails; links that were made before no longer work"""
    parser.add_argument("address")


def for_disable(parser: CommandParser) -> None:
    """nobody can sign in with the account any more"""


def for_enable(parser: CommandParser) -> None:
    """people can sign in with the account again"""


def for_password(parser: CommandParser) -> None:
    """the old password ends; prints the link with which the person chooses another"""


def add(options: dict[str, Any]) -> list[str]:
    person = actions.add_person(
        options["name"],
        email=options["email"],
        full_name=options["full_name"],
        roles=roles.named(options["role"]),
        teams=options["team"],
        new_teams=options["new_team"],
        actor=SYSTEM,
    )
    return [f"{person.username} is added.", *standing(person), *invitation(person)]


def change_roles(options: dict[str, Any]) -> list[str]:
    person = find(options["name"])
    wanted = roles.named(options["set"]) if options["set"] else roles_of(person)
    wanted = (wanted | roles.named(options["add"])) - roles.named(options["remove"])
    if options["set"] or options["add"] or options["remove"]:
        actions.set_roles(person, wanted, actor=SYSTEM)
    return standing(person)


def change_teams(options: dict[str, Any]) -> list[str]:
    person = find(options["name"])
    chosen = {word: options[word] for word in ("join", "new", "leave")}
    if any(chosen.values()):
        actions.set_teams(person, **chosen, actor=SYSTEM)
    return standing(person)


def change_email(options: dict[str, Any]) -> list[str]:
    actions.set_email(find(options["name"]), options["address"], actor=SYSTEM)
    return [f"Emails to {options['name']} go to {options['address']} from now on."]


def disable(options: dict[str, Any]) -> list[str]:
    actions.disable_person(find(options["name"]), actor=SYSTEM)
    return [f"{options['name']} is disabled."]


def enable(options: dict[str, Any]) -> list[str]:
    actions.enable_person(find(options["name"]), actor=SYSTEM)
    return [f"{options['name']} is enabled."]


def password(options: dict[str, Any]) -> list[str]:
    person = find(options["name"])
    actions.end_password(person, actor=SYSTEM)
    return [f"The password of {person.username} no longer works.", *invitation(person)]


PARSERS: dict[str, Callable[[CommandParser], None]] = {
    "add": for_add,
    "roles": for_roles,
    "teams": for_teams,
    "email": for_email,
    "disable": for_disable,
    "enable": for_enable,
    "password": for_password,
}
VERBS: dict[str, Callable[[dict[str, Any]], list[str]]] = {
    "add": add,
    "roles": change_roles,
    "teams": change_teams,
    "email": change_email,
    "disable": disable,
    "enable": enable,
    "password": password,
}


def find(name: str) -> User:
    # What is not printable names nobody, and PostgreSQL takes no half of a character.
    person = User.objects.filter(username=name).first() if name.isprintable() else None
    if person is None:
        raise CommandError(f"There is no person {name!r}.")
    return person


def invitation(person: User) -> list[str]:
    return [
        f"To choose a password, {person.username} opens this link within 24 hours. It works once:",
        links.link_for(person),
    ]


def sentence(refusal: ValidationError) -> str:
    """What is wrong, with the name of the field where the sentence does not say it."""
    if not hasattr(refusal, "error_dict"):
        return " ".join(refusal.messages)
    messages = refusal.message_dict.items()
    return " ".join(f"{field.replace('_', ' ')}: {' '.join(words)}" for field, words in messages)


def standing(person: User) -> list[str]:
    """What the person is now, and what is still missing."""
    held = roles_of(person)
    teams = list(selling.of(person).order_by("name").values_list("name", flat=True))
    names = [ROLE_NAMES[role] for role in ROLE_NAMES if role in held]
    sentences = [f"Roles: {', '.join(names) or 'none'}. Sales teams: {', '.join(teams) or 'none'}."]
    if SALES in held and not teams:
        sentences.append(f"{person.username} needs a sales team to start deals: person teams.")
    return sentences
