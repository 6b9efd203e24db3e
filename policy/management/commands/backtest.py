"""A rulebook of a file played over every stored screening; nothing is stored or proposed."""

import sys
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from audit.refusals import Conflict
from policy import active
from policy.engine.language.condition import RANK
from policy.governance import command
from policy.governance.past import ChangedDeal, past


class Command(BaseCommand):
    help = (
        "Play the rulebook of FILE over every stored screening, against the active one. Exit status"
        " as with ./run policy: 0 when nothing gets milder, 1 when something does or a deal cannot"
        " be screened, 2 when the file cannot be read or nothing is active."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", metavar="FILE")
        parser.add_argument("--json", action="store_true", help="the same as one JSON object")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            answer = played(options["file"])
        except (command.Unusable, Conflict) as problem:
            raise CommandError(str(problem), returncode=command.WRONG) from None
        status = command.shown(answer, as_json=options["json"], say=self.stdout.write)
        if status != command.OK:
            sys.exit(status)


def played(name: str) -> command.Found:
    """What the rulebook of this file does to stored screenings, as `./run policy` says it."""
    before = active.reference_data()
    after = command.load(name)
    tested = past().backtest(
        before, replace(before, rulebook=after), rulebook_only=True, note=_unheard
    )
    return {
        "before": command.named(before.rulebook),
        "after": command.named(after),
        "deals": tested.total,
        "matrix": [[was, now, n] for (was, now), n in sorted(tested.matrix.items())],
        "changed": _plain(tested.changed),
        "affected": _plain(tested.affected),
        "errors": list(tested.unread),
    }


def _plain(deals: Sequence[ChangedDeal]) -> list[dict[str, Any]]:
    rows = [
        {
            "id": deal.reference,
            "before": deal.before,
            "after": deal.after,
            "milder": RANK[deal.after] < RANK[deal.before],  # type: ignore[index]
            "rules": list(deal.rules),
        }
        for deal in deals
    ]
    return sorted(rows, key=lambda row: not row["milder"])


def _unheard(_done: int, _total: int) -> None:
    """Nobody waits for the progress of a command."""
