"""Documentation that cannot rot: every setting, verb and guide that exists is named."""

import re
import tomllib
from pathlib import Path

import pytest

from config.devtools.bootstrap import VERBS
from jobs import kinds
from jobs.queue import PERFORMERS
from people.access import ROLE_NAMES

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text()
OPERATIONS = (ROOT / "docs" / "operations.md").read_text()
SETTINGS = (ROOT / "config" / "settings.py").read_text()
DOCUMENTS = [*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")]


def test_every_setting_is_explained():
    names = set(re.findall(r'\b(?:env|env_bool|env_list|secret)\(\s*"([A-Z_]+)"', SETTINGS))
    assert len(names) >= 12
    assert {name for name in names if f"`{name}`" not in OPERATIONS} == set()


@pytest.mark.parametrize("verb", VERBS)
def test_every_verb_is_in_the_readme(verb):
    assert f"`{verb}" in README or f"./run {verb}" in README


def test_every_dependency_has_a_reason():
    """In the table of packages, where a reason stands beside it; elsewhere it is only a word."""
    listed = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["dependencies"]
    names = {re.split("[~=<>]", line)[0] for line in listed}
    reasons = dict(re.findall(r"^\| ([^|]+) \| ([^|]+) \|$", README, re.MULTILINE))
    explained = {
        name.strip().lower().replace(".", "-")
        for cell, reason in reasons.items()
        if len(reason.split()) > 1
        for name in re.sub(r"\(.*?\)", "", cell).split(",")
    }
    assert len(names) >= 15
    assert names - explained == set()


def test_every_role_has_a_guide():
    guides = {path.stem for path in (ROOT / "docs" / "guides").glob("*.md")}
    of_role = {"senior_reviewer": "reviewers", "executive_reviewer": "reviewers"}
    for role in set(ROLE_NAMES) - {"administrator"}:
        assert of_role.get(role, role.replace("_", "-")) in guides


def test_documents_and_links_are_read():
    links = [link for path in DOCUMENTS for link in links_of(path) if "://" not in link]
    assert len(DOCUMENTS) >= 12
    assert len(links) >= 10


def links_of(path):
    return re.findall(r"\]\(([^)#]+)[)#]", path.read_text())


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: path.name)
def test_links_lead_somewhere(path):
    for link in links_of(path):
        if "://" not in link:
            assert (path.parent / link).exists(), link


def test_every_kind_of_job_is_in_the_manual_with_its_lane_and_attempts():
    section = OPERATIONS.partition("## Jobs that wait or fail")[2].partition("\n## ")[0]
    rows = [line for line in section.splitlines() if line.startswith("| `")]
    told = {
        kind: (re.search(r"(short|long) work", row)[1], int(re.search(r"(\d+) times", row)[1]))
        for row in rows
        for kind in re.findall(r"`(\w+)`", row)
    }
    held = {
        kind: (kinds.of(kind).lane.value, kinds.of(kind).retries.attempts)
        for kind in PERFORMERS
        if not kind.startswith("test_")
    }
    assert told == held
    assert len(held) >= 7


def test_every_file_that_the_guide_for_contributors_names_exists():
    text = (ROOT / "CONTRIBUTING.md").read_text()
    tops = "|".join(path.name for path in ROOT.iterdir() if path.is_dir() and path.name[0] != ".")
    named = re.findall(rf"`((?:{tops})/[^` ]*)`", text)
    assert len(named) > 40
    assert [name for name in named if not list(ROOT.glob(name.rstrip("/")))] == []


def test_every_room_is_on_the_plan():
    plan = (ROOT / "CONTRIBUTING.md").read_text()
    rooms = {
        f"{path.parent.relative_to(ROOT)}/"
        for package in ("audit", "config", "jobs", "people", "policy", "reviews", "screening")
        for path in (ROOT / package).rglob("__init__.py")
    }
    inner = ("management", "migrations", "templatetags", "importers", "names", "embedded")
    wanted = {room for room in rooms if not set(room.split("/")) & set(inner)} - {"policy/engine/"}
    assert len(wanted) > 15
    assert {room for room in wanted if f"| `{room}` |" not in plan} == set()


def test_the_walk_from_a_sentence_to_the_code_is_true():
    """The four places of the example: clause and rule, derivation, page, verb."""
    rulebook = (ROOT / "policy/data/rulebook-1.1.yaml").read_text()
    assert re.search(r"id: B02\n.*\n +clause: C3b", rulebook)
    assert re.search(r"id: B03\n.*\n +clause: C3b", rulebook)
    for name, text in {
        "policy/data/clauses.yaml": "  C3b:",
        "policy/facts/parties.py": "def end_user(",
        "screening/form/deal_form.py": 'slug="end-user"',
        "screening/sales_pages.py": "def question(",
        "policy/pages/rulebook.py": "def rule(",
        "screening/actions.py": "def submit_deal(",
        "policy/actions.py": "def activate_version(",
    }.items():
        assert text in (ROOT / name).read_text(), name
