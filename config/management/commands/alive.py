"""Whether a background program still moves, by its own row in the database."""

from datetime import timedelta
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from jobs.models import Clock, Heartbeat

NAMES = ("worker-short", "worker-long", "beat", "sweeper", "sweeper-long")


class Command(BaseCommand):
    help = "Exit 0 when the program was heard within so many seconds."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("name", choices=NAMES)
        parser.add_argument("--within", type=int, default=60, help="seconds")

    def handle(self, *args: Any, **options: Any) -> None:
        name, limit = options["name"], timedelta(seconds=options["within"])
        heard = Heartbeat.objects.filter(name=name, seen_at__gt=Clock() - limit)
        if not heard.exists():
            raise CommandError(f"{name} was not heard within {options['within']} seconds.")
        self.stdout.write(f"{name} is alive")
