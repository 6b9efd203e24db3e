"""Each gate of `./run check` sees what it forbids, and none is green over nothing."""

import re
import subprocess
import sys

import pytest
from django.http import HttpResponse
from django.urls import URLPattern, URLResolver
from django.urls.resolvers import RegexPattern, RoutePattern

from config import startup
from config.devtools import check
from config.devtools.embedded import ROOT
from people.access import allow, public, signed_in


def test_a_program_that_fails_fails_its_gate():
    said = check.program("-c", "import sys; print('three faults'); sys.exit(1)")()
    assert said.problem == "three faults"


def test_a_program_that_looked_at_nothing_fails_its_gate():
    silent = check.program("-c", "print('All is well')", counted=r"\d+ files")
    assert "does not say what it looked at" in silent().problem
    assert check.program("-c", "print('7 files')", counted=r"\d+ files")().looked_at == "7 files"


def test_every_gate_counts_what_it_looked_at():
    """A bare program does not: its output may be empty because it read nothing."""
    text = (ROOT / "config/devtools/check.py").read_text()
    gates = re.findall(r"program\((?:[^()]|\([^()]*\))*\)", text.partition("GATES = (")[2])
    assert len(gates) >= 4
    assert [gate for gate in gates if "counted=" not in gate] == []


@pytest.fixture
def elsewhere(tmp_path, monkeypatch):
    """A folder with a repository and nothing in it, where the gates look."""
    subprocess.run(["git", "init", "-q", str(tmp_path)], check=True)
    # Otherwise the settings of a project around the folder for temporary files hold here too.
    (tmp_path / "ruff.toml").touch()
    monkeypatch.setattr(check, "ROOT", tmp_path)
    return tmp_path


def test_no_files_are_no_success(elsewhere):
    assert check.templates().problem == "There are no templates."
    assert check.linted().problem == "There are no files to judge."


def test_the_linter_and_the_templates_are_judged(elsewhere):
    (elsewhere / "a.py").write_text("import os\n")
    (elsewhere / "a.html").write_text("{%load static%}\n{{x}}\n")
    assert "a.py" in check.linted().problem
    assert check.linted().looked_at == "1 files"
    assert "a.html" in check.templates().problem


def test_a_document_that_differs_or_is_empty_is_told(elsewhere, monkeypatch):
    monkeypatch.setattr(check, "GENERATED", {"made.md": ["print"]})
    program = elsewhere / "manage.py"
    program.write_text("print('# One')")
    assert "made.md is not what the program prints" in check.generated().problem
    (elsewhere / "made.md").write_text("# One\n")
    assert check.generated().problem == ""
    program.write_text("pass")
    (elsewhere / "made.md").write_text("")
    assert "manage.py print failed" in check.generated().problem


def test_an_unknown_gate_is_named():
    done = subprocess.run(
        [sys.executable, "-m", "config.devtools.check", "tpyes"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1
    assert "No gate is called tpyes. There are: ruff check" in done.stderr


# --- The check at the start of the program -------------------------------------------------------


def view(request):
    return HttpResponse("x")


class Root:
    def __init__(self, *patterns):
        self.url_patterns = patterns


def test_a_view_that_names_no_readers_stops_the_program(monkeypatch):
    nested = URLResolver(RegexPattern(r"^deals/"), [URLPattern(RoutePattern("open/"), view)])
    root = Root(URLPattern(RoutePattern("secret/"), view), nested)
    monkeypatch.setattr(startup, "get_resolver", lambda: root)
    found = startup.every_view_names_its_readers()
    assert [one.id for one in found] == ["proviso.E001"] * 2
    assert "/secret/ does not say who may open it" in found[0].msg
    assert "open/" in found[1].msg
    with pytest.raises(SystemExit, match="Proviso does not start: The view at /secret/"):
        startup.refuse_open_views()


@pytest.mark.parametrize("readers", [allow("auditor"), signed_in, public])
def test_each_declaration_is_enough(monkeypatch, readers):
    def fresh(request):
        return HttpResponse("x")

    root = Root(URLPattern(RoutePattern("page/"), readers(fresh)))
    monkeypatch.setattr(startup, "get_resolver", lambda: root)
    assert startup.every_view_names_its_readers() == []


def test_the_program_has_views_to_check():
    assert len(list(startup.patterns(startup.get_resolver()))) > 60
