"""Fill deal_facts from the stored texts, where rows are missing."""

from collections.abc import Iterator
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from policy.engine.language.facts import FactError
from screening.models import Screening
from screening.sweep import deal_facts

BATCH = 1000


class Command(BaseCommand):
    help = (
        "Write the rows of deal_facts that are missing, from the facts of each screening. Running"
        " it again, or while deals are screened, is safe. Ends with 1 when a screening holds"
        " facts that have no column."
    )

    def handle(self, *args: Any, **options: Any) -> None:
        filled, problems = 0, []
        for batch in missing():
            rows = []
            for screening in batch:
                try:
                    rows += deal_facts.values_of_text(screening.pk, screening.facts)
                except FactError as error:
                    problems.append(f"screening {screening.pk}: {'; '.join(error.problems)}")
                else:
                    filled += 1
            # Whoever screens or rebuilds at the same time writes the same rows.
            deal_facts.write(rows, or_keep=True)
        self.stdout.write(f"{filled} screenings filled, {len(problems)} have no columns")
        if problems:
            raise CommandError("\n".join(problems))


def missing() -> Iterator[list[Screening]]:
    """Screenings without rows, in batches; each is met once, filled or not."""
    after = 0
    while True:
        stored = Screening.objects.filter(pk__gt=after).order_by("pk").only("facts_text")
        batch = list(deal_facts.without_rows(stored)[:BATCH])
        if not batch:
            return
        yield batch
        after = batch[-1].pk
