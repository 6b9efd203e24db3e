"""Make the groups that the roles are."""

from typing import Any

from django.contrib.auth.models import Group
from django.core.management.base import BaseCommand

from people.access import ROLE_NAMES


class Command(BaseCommand):
    help = "Create the group of each role. Running it again changes nothing."

    def handle(self, *args: Any, **options: Any) -> None:
        for role in ROLE_NAMES:
            Group.objects.get_or_create(name=role)
