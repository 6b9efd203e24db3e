"""Screen every deal that still counts with the program as it is now."""

from typing import Any

from django.core.management.base import BaseCommand
from django.db import transaction

from jobs.models import Job
from screening.sweep.rescreen import UPGRADED


class Command(BaseCommand):
    help = (
        "Have the workers screen all open, cleared and approved deals again with the program as it"
        " is now. Only those whose facts are other ones get a new screening. A migration does so"
        " after an upgrade that needs it; running it again is safe."
    )

    @transaction.atomic
    def handle(self, *args: Any, **options: Any) -> None:
        job = Job.objects.enqueue(UPGRADED)
        self.stdout.write(f"Job {job.pk} is waiting. “manage.py jobs” shows how it goes on.")
