#!/usr/bin/env python3
"""Django's entry. Commands that change the schema sign in as the schema's owner."""

import os
import sys

from django.core.management import execute_from_command_line

AS_OWNER = {"migrate", "makemigrations", "sqlmigrate", "createcachetable", "flush"}


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    if len(sys.argv) > 1 and sys.argv[1] in AS_OWNER:
        os.environ["PROVISO_AS_OWNER"] = "1"
    execute_from_command_line(sys.argv)


if __name__ == "__main__":
    main()
