"""Work that waits, runs or has failed, for whoever runs the program; and asking for it again."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from jobs.models import Job, JobQuerySet

MOST = 50
LONGEST = 100


class Command(BaseCommand):
    help = "List unfinished or failed jobs, or try failed ones again."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--failed", action="store_true", help="only those that have failed for good"
        )
        parser.add_argument(
            "--retry", nargs="?", type=int, const=0, metavar="ID", help="try this failed job again"
        )
        parser.add_argument("--all", action="store_true", help="with --retry: every failed job")

    def handle(self, *args: Any, **options: Any) -> None:
        pk, every = options["retry"], options["all"]
        if pk is None and not every:
            self.list(Job.objects.failed() if options["failed"] else Job.objects.not_done())
        elif every and not pk:
            self.stdout.write(f"{counted(Job.objects.retry())} will be tried again.")
        elif pk and not every:
            self.retry_one(pk)
        else:
            raise CommandError("Give either the number of one failed job or --all: --retry 17.")

    def retry_one(self, pk: int) -> None:
        job = Job.objects.filter(pk=pk).first()
        if job is None:
            raise CommandError(f"There is no job {pk}. jobs --failed lists those to retry.")
        if not Job.objects.filter(pk=pk).retry():
            raise CommandError(f"Job {pk} is {job.state}. Only a failed job can be tried again.")
        self.stdout.write(f"Job {pk} ({job.kind}) will be tried again.")

    def list(self, jobs: JobQuerySet) -> None:
        for job in jobs.order_by("pk")[:MOST]:
            self.stdout.write(line(job))
        total = jobs.count()
        if total > MOST:
            self.stdout.write(f"... and {total - MOST} more")
        self.stdout.write(f"{counted(total)}, of which {jobs.failed().count()} failed.")


def counted(number: int) -> str:
    return "1 job" if number == 1 else f"{number} jobs"


def line(job: Job) -> str:
    """Number, kind, state, attempts, when it ended or is next tried, and what went wrong last."""
    at = job.finished_at or job.lease_until or job.not_before
    word = "ended" if job.finished_at else "until" if job.lease_until else "next"
    tries = "1 attempt" if job.attempts == 1 else f"{job.attempts} attempts"
    error = " ".join(job.error.split())[:LONGEST]
    words = f"{job.pk:>8}  {job.kind:<16} {job.state:<8} {tries:<12} {word} {at:%Y-%m-%d %H:%M:%S}Z"
    return f"{words}  {error}".rstrip()
