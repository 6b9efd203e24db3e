"""The engine works where Django, and everything else of this project, is not installed."""

import subprocess
import sys
from pathlib import Path

import policy.engine

ROOT = Path(policy.engine.__file__).parent.parent.parent
BLOCKED = (
    "django",
    "rest_framework",
    "celery",
    "psycopg2",
    "redis",
    "polars",
    "z3",
    "audit",
    "jobs",
    "screening",
    "reviews",
    "config",
    "policy.models",
    "policy.facts.derive",
)

PROGRAM = f"""
import sys

class Blocker:
    def find_spec(self, name, path=None, target=None):
        if any(name == blocked or name.startswith(blocked + ".") for blocked in {BLOCKED}):
            raise ImportError(f"{{name}} is not installed here")

sys.meta_path.insert(0, Blocker())
sys.path.insert(0, {str(ROOT)!r})
from policy.engine.readings.compiled import compile_rulebook
from policy.engine.language.reading import read_rulebook, read_vocabulary
from policy.engine.readings.replay import replay
from policy.engine.readings import reference

vocabulary = read_vocabulary("x: {{kind: yesno, label: X, source: declared}}", file="v")
rulebook = read_rulebook('''
rulebook: r
label: "1"
source: s
rules: [{{id: R, title: t, clause: c, outcome: bar, because: b, when: {{x: true}}}}]
''', vocabulary, file="r")
print(compile_rulebook(rulebook).outcome(vocabulary.parse({{"x": True}})))
try:
    import django
except ImportError:
    print("blocked")
"""


def test_the_engine_needs_neither_django_nor_any_app() -> None:
    done = subprocess.run(
        [sys.executable, "-I", "-c", PROGRAM], capture_output=True, text=True, check=False
    )
    assert (done.stdout.split(), done.stderr) == (["bar", "blocked"], "")
