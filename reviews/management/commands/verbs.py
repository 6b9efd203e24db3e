"""Print what people do and what the ledger calls it, for docs/; CI compares."""

from collections.abc import Iterator
from typing import Any

from django.core.management.base import BaseCommand

from jobs import models as jobs
from people import actions as people
from people.access import ROLE_NAMES
from people.verbs import Verb
from policy import verbs as governing
from reviews import verbs as reviewing
from screening import verbs as selling
from screening.parties import verbs as of_parties

ROOMS: dict[str, tuple[Verb[Any, Any], ...]] = {
    "Deals": selling.VERBS,
    "Parties": of_parties.VERBS,
    "Reviews": reviewing.VERBS,
    "Versions of reference data": governing.VERBS,
}
#: Each event that was ever written, as a sentence says it.
SENTENCES = {
    **{event: sentence.what for event, sentence in selling.SENTENCES.items()},
    **of_parties.SENTENCES,
    **reviewing.SENTENCES,
    **governing.SENTENCES,
    **people.SENTENCES,
    **jobs.SENTENCES,
}


def _lines() -> Iterator[str]:
    yield "# What people do, and what the ledger says\n"
    yield "Made by `./run manage verbs`; `./run check` compares.\n"
    for room, verbs in ROOMS.items():
        yield f"## {room}\n\n| button | who | verb | event |\n|---|---|---|---|"
        for verb in verbs:
            who = ", ".join(ROLE_NAMES[role].lower() for role in verb.who.roles)
            yield f"| {verb.button} | {who} | `{verb.name}` | `{verb.event}` |"
        yield ""
    yield "## Events\n\n| event | sentence |\n|---|---|"
    yield from (f"| `{event}` | {sentence} |" for event, sentence in SENTENCES.items())


class Command(BaseCommand):
    help = "Print the verbs of people and the events of the ledger as Markdown."

    def handle(self, *args: Any, **options: Any) -> None:
        self.stdout.write("\n".join(_lines()))
