"""Print the lifecycle as a diagram for docs/; CI compares what it prints with what is there."""

from typing import Any

from django.core.management.base import BaseCommand

from screening.lifecycle import CLOSED, MOVES, OWNER, VERB, Status


def diagram() -> str:
    """Markdown with a Mermaid state diagram and the table of moves."""
    lines = [
        "# States of a deal",
        "",
        "Made by `./run manage statemachine`; `./run check` compares.",
        "",
        "```mermaid",
        "stateDiagram-v2",
        "    [*] --> draft",
    ]
    lines += [f"    {start} --> {to}" for start, targets in MOVES.items() for to in targets]
    lines += [f"    {status} --> [*]" for status in Status if status in CLOSED]
    lines += ["```", "", "| from | turn | to | audit verb |", "|---|---|---|---|"]
    lines += [
        f"| {start} | {OWNER[start]} | {to} | `{VERB[start, to]}` |"
        for start, targets in MOVES.items()
        for to in targets
    ]
    return "\n".join(lines) + "\n"


class Command(BaseCommand):
    help = "Print the state diagram of deals as Markdown."

    def handle(self, *args: Any, **options: Any) -> None:
        self.stdout.write(diagram(), ending="")
