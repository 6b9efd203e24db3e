"""Rules about the repository itself; each names the file that breaks it."""

import ast
import re
import subprocess
import tomllib

import pytest

from config.embedded import ROOT

APPS = ("audit", "jobs", "policy", "screening", "reviews")
PACKAGES = (*APPS, "config")


def tracked(*patterns):
    listed = subprocess.run(
        ["git", "ls-files", *patterns], cwd=ROOT, capture_output=True, text=True, check=True
    )
    return [ROOT / name for name in listed.stdout.splitlines() if (ROOT / name).is_file()]


def code():
    """The program's own modules: name and syntax tree."""
    for path in tracked("*.py"):
        name = str(path.relative_to(ROOT))
        if name.split("/")[0] in PACKAGES:
            yield name, ast.parse(path.read_text(), name)


def found_in_code(wanted):
    return [
        f"{name}:{node.lineno}"
        for name, tree in code()
        for node in ast.walk(tree)
        if wanted(name, node)
    ]


def test_code_is_read():
    assert len(list(code())) > 60


def test_the_contracts_are_the_ones_of_the_design():
    tool = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]
    layers, pure, servers = tool["contracts"]
    assert layers["layers"] == ["config", "reviews", "screening", "policy", "jobs", "audit"]
    assert pure["source_modules"] == ["policy.engine"]
    assert {"django", "rest_framework", "celery"} <= set(pure["forbidden_modules"])
    assert servers["forbidden_modules"][0] == "config.embedded"


def test_no_room_for_leftovers():
    rooms = {"utils", "util", "common", "helpers", "helper", "services", "service", "misc", "core"}
    named = [path for path in tracked("*.py") if rooms & {path.stem, *path.relative_to(ROOT).parts}]
    assert named == []


def test_no_signals():
    used = found_in_code(
        lambda name, node: (
            isinstance(node, ast.ImportFrom)
            and (node.module or "").startswith(("django.db.models.signals", "django.dispatch"))
        )
    )
    assert used == []


def test_one_settings_file():
    names = {str(path.relative_to(ROOT)) for path in tracked("*/settings*.py")}
    assert names == {"config/settings.py", "tests/settings.py"}


def test_settings_alone_read_the_environment():
    allowed = {
        "config/settings.py", "config/embedded/__init__.py", "config/demo.py", "config/launch.py",
        "config/check.py", "config/bootstrap.py", "config/probe.py", "config/wsgi.py",
        "config/celery.py",
    }  # fmt: skip
    used = found_in_code(
        lambda name, node: (
            name not in allowed
            and isinstance(node, ast.Attribute)
            and node.attr in {"environ", "getenv"}
            and isinstance(node.value, ast.Name)
            and node.value.id == "os"
        )
    )
    assert used == []


def test_no_bare_except_and_none_that_passes():
    def swallows(name, node):
        if not isinstance(node, ast.ExceptHandler):
            return False
        caught = ast.unparse(node.type) if node.type else "everything"
        quiet = all(isinstance(step, ast.Pass | ast.Continue) for step in node.body)
        return caught == "everything" or (caught in {"Exception", "BaseException"} and quiet)

    assert found_in_code(swallows) == []


def test_nothing_is_declared_safe_for_pages():
    """IN-6: marking text as safe is how stored text becomes a script."""
    reviewed = {"policy/places.py"}  # the map, whose words policy.maps escapes one by one
    used = found_in_code(
        lambda name, node: (
            name not in reviewed
            and isinstance(node, ast.Name | ast.Attribute)
            and getattr(node, "id", getattr(node, "attr", "")) in {"mark_safe", "SafeString"}
        )
    )
    assert used == []
    assert [
        path
        for path in tracked("*.html")
        if re.search(r"\|\s*safe\b|autoescape\s+off", path.read_text())
    ] == []


def test_templates_hold_no_script_style_or_foreign_address():
    """The pages' policy has no nonce: whatever is inline would simply not run."""
    wrong = []
    for path in tracked("*.html"):
        text = path.read_text()
        text = re.sub(r"\{#.*?#\}|\{% comment %\}.*?\{% endcomment %\}", "", text, flags=re.S)
        for pattern in (
            r"<style\b", r"\sstyle=", r"\son[a-z]+=", r"(?:src|href|action)=[\"']?(?:https?:)?//",
            r"<script(?![^>]*\bsrc=)(?![^>]*type=.application/json)",
        ):  # fmt: skip
            wrong += [f"{path.relative_to(ROOT)}: {hit}" for hit in re.findall(pattern, text)]
    assert wrong == []


def test_forms_list_their_fields():
    """IN-3: a field that nobody thought of must not be writable."""
    used = found_in_code(
        lambda name, node: (
            isinstance(node, ast.Assign)
            and any(getattr(target, "id", "") in {"fields", "exclude"} for target in node.targets)
            and (
                getattr(node.targets[0], "id", "") == "exclude"
                or (isinstance(node.value, ast.Constant) and node.value.value == "__all__")
            )
        )
    )
    assert used == []


def test_only_the_sweeper_speaks_to_celery():
    used = found_in_code(
        lambda name, node: (
            name != "jobs/tasks.py"
            and isinstance(node, ast.Attribute)
            and node.attr in {"delay", "apply_async", "delay_on_commit", "send_task"}
        )
    )
    assert used == []


@pytest.mark.parametrize("name", ["image", "demo", "test", "check", "bench"])
def test_requirements_are_locked(name):
    """CF-6; and psycopg 3 would silently replace psycopg2."""
    text = (ROOT / f"requirements/{name}.txt").read_text()
    packages = re.findall(r"^([a-z0-9][a-z0-9._-]*)==\S+(.*(?:\n    .*)*)", text, re.M | re.I)
    assert len(packages) > 20
    assert [package for package, rest in packages if "--hash=sha256:" not in rest] == []
    assert {"psycopg", "psycopg-binary", "psycopg-c"}.isdisjoint(package for package, _ in packages)
    assert ("psycopg2" if name == "image" else "psycopg2-binary") in dict(packages)


def test_larger_locks_contain_the_smaller_ones():
    def pins(name):
        text = (ROOT / f"requirements/{name}.txt").read_text()
        return set(re.findall(r"^[a-z0-9][a-z0-9._-]*==[^\s;]+", text, re.M | re.I))

    assert pins("demo") <= pins("test") <= pins("check")
    assert pins("test") <= pins("bench")


def test_files_name_no_machine():
    """Nothing here may depend on, or tell of, the place where somebody worked."""
    # Written in two parts, so that this file does not hold what it looks for.
    words = ("/wo" "rk/", "/ro" "ot/", "/home/" "runner", "pypi" ".org", "find-" "links",
             "index-" "url", "registry." "npmjs")  # fmt: skip
    allowed = {"requirements/compile"}
    wrong = []
    for path in tracked():
        name = str(path.relative_to(ROOT))
        if name in allowed or path.suffix in {".png", ".xlsx", ".gz", ".woff2"}:
            continue
        text = path.read_text(errors="replace")
        wrong += [f"{name}: {word}" for word in words if word in text]
    assert wrong == []


#: Rewritten by whoever changes these pages next; no other may join them.
LONG_LINES = {
    "templates/audit/deal.html",
    "templates/compliance/deal.html",
    "templates/compliance/fact.html",
    "templates/components/README.md",
    "templates/policy/activate.html",
    "templates/policy/report.html",
    "templates/policy/version.html",
    "templates/reviews/assess.html",
    "templates/reviews/card.html",
    "templates/reviews/deal.html",
}


def test_lines_of_templates_fit_a_screen():
    wide = {
        str(path.relative_to(ROOT))
        for path in tracked("templates")
        if any(len(line) > 119 for line in path.read_text().splitlines())
    }
    assert wide - LONG_LINES == set()


def test_templates_name_pages_instead_of_writing_addresses():
    typed = [
        f"{path.relative_to(ROOT)}: {address}"
        for path in tracked("templates/*.html")
        for address in re.findall(r'(?:href|action)="/[^"]*"', path.read_text())
    ]
    assert typed == []
