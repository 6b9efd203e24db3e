"""Everything that must be there before the demo's pages are, made where it is missing.

One program, so that Django starts once; a later start of the demo finds nothing to do.
"""

import subprocess
import sys

import django
from django.core.management import call_command

from config.devtools.demo import step
from config.devtools.embedded import ROOT

#: What each step says, and the commands that do nothing when it was done before.
STEPS = (
    ("People", "demo_people", ()),
    (
        "Charter, rulebook, countries, catalogue, registry, laws",
        "load_reference",
        ("--proposer", "paula", "--activator", "pedro", "--example-laws"),
    ),
    ("Example deals", "load_demo", ()),
)


def migrate() -> None:
    """As the owner of the schema, which this program is not; so it is another program."""
    from django.db import connection
    from django.db.migrations.executor import MigrationExecutor

    executor = MigrationExecutor(connection)
    if executor.migration_plan(executor.loader.graph.leaf_nodes()):
        words = ["manage.py", "migrate", "--no-input", "--verbosity", "0"]
        subprocess.run([sys.executable, *words], cwd=ROOT, stdout=sys.stderr, check=True)


def main() -> None:
    with step("Database tables"):
        django.setup()
        migrate()
    for what, command, words in STEPS:
        with step(what):
            # The terminal is for the steps; what a command says goes to the log.
            call_command(command, *words, stdout=sys.stderr)


if __name__ == "__main__":
    main()
