from typing import Any

from django.db import migrations

LIVE = ("needs_information", "in_review", "cleared", "approved", "approved_with_conditions")


def screen_again(apps: Any, schema_editor: Any) -> None:
    """Special territories in words and in names of parties, and what sales itself says that
    something can do: what was cleared without them is screened again.

    The row is the job; the sweeper finds it. A new installation has no deals.
    """
    if apps.get_model("screening", "Deal").objects.filter(status__in=LIVE).exists():
        Job = apps.get_model("jobs", "Job")
        Job.objects.get_or_create(kind="screen_after_upgrade", key="territories in words")


class Migration(migrations.Migration):
    dependencies = [
        ("jobs", "__first__"),
        ("screening", "0033_screen_for_what_was_replaced"),
    ]

    operations = [migrations.RunPython(screen_again, migrations.RunPython.noop)]
