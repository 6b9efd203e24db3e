"""The run script and config/devtools/bootstrap.py, in a copy that needs no package index."""

import json
import os
import pwd
import shutil
import stat
import subprocess
import sys
import tempfile
import threading
from pathlib import Path

import pytest

from config.devtools import bootstrap
from config.devtools.embedded import ROOT

ECHO = """
import os, sys
print(sys.argv[1:], os.getcwd(), sys.prefix)
"""


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """A project with nothing to install, set up once."""
    folder = tmp_path_factory.mktemp("run") / "with a space"
    (folder / "config/devtools").mkdir(parents=True)
    shutil.copy(ROOT / "run", folder / "run")
    shutil.copy(ROOT / "config/devtools/bootstrap.py", folder / "config/devtools/bootstrap.py")
    (folder / "requirements").mkdir()
    for name in ("demo", "test", "check", "bench"):
        (folder / "requirements" / f"{name}.txt").write_text(f"# nothing for {name}\n")
    (folder / "policy/facts").mkdir(parents=True)
    (folder / "policy/facts/screen.py").write_text(ECHO)
    done = run(folder, "screen", "first.jsonl")
    assert done.returncode == 0, done.stderr
    assert "Making .venv" in done.stderr
    return folder


@pytest.fixture(scope="module")
def project(made, tmp_path_factory):
    """The same at another place, its .venv included, as after a move; repaired there once."""
    folder = tmp_path_factory.mktemp("moved") / "moved here"
    shutil.copytree(made, folder, symlinks=True)
    done = run(folder, "screen")
    assert "was made elsewhere" in done.stderr
    assert str(folder / ".venv") in done.stdout
    assert run(folder, "screen").stderr == ""
    return folder


def run(folder, *words, cwd=None, **environment):
    return subprocess.run(
        [str(folder / "run"), *words],
        cwd=cwd or folder,
        env={"PATH": os.environ["PATH"], "HOME": "/nowhere", "PROVISO_PYTHON": sys.executable}
        | environment,
        capture_output=True,
        text=True,
        check=False,
    )


def test_alone_it_lists_the_verbs(made):
    done = run(made)
    assert done.returncode == 0
    for verb in ("demo", "test", "check", "screen", "policy", "bench", "mutants", "manage"):
        assert f"./run {verb}" in done.stdout
    assert all(len(line) <= 100 for line in done.stdout.splitlines())


def test_unknown_verb(made):
    done = run(made, "dmeo")
    assert done.returncode == 1
    assert "There is no ./run dmeo." in done.stderr
    assert "./run demo" in done.stderr
    assert done.stdout == ""


def test_second_start_installs_nothing_and_says_nothing(made):
    done = run(made, "screen", "a b", "-", "--x=1")
    assert done.stderr == ""
    assert done.stdout.startswith("['a b', '-', '--x=1']")
    assert str(made / ".venv") in done.stdout


def test_file_names_mean_what_they_mean_to_the_caller(made, tmp_path):
    assert str(tmp_path) in run(made, "screen", cwd=tmp_path).stdout


def test_what_a_program_imports_is_compiled_once(made):
    """Nothing is compiled when it is installed, whatever a machine sets for all its programs."""
    (made / "policy/facts/imported.py").write_text("")
    (made / "policy/facts/screen.py").write_text(f"import policy.facts.imported{ECHO}")
    assert run(made, "screen", PYTHONDONTWRITEBYTECODE="1").returncode == 0
    assert list((made / "policy/facts/__pycache__").glob("imported.*.pyc"))


def test_exit_code_and_output_are_the_programs_own(made):
    (made / "policy/facts/screen.py").write_text("import sys\nprint('out')\nsys.exit(2)\n")
    try:
        done = run(made, "screen")
        assert (done.returncode, done.stdout, done.stderr) == (2, "out\n", "")
    finally:
        (made / "policy/facts/screen.py").write_text(ECHO)


def test_changed_requirements_are_installed(project):
    run(project, "screen")
    (project / "requirements/demo.txt").write_text("# another lock\n")
    assert "Installing packages" in run(project, "screen").stderr
    assert run(project, "screen").stderr == ""


def test_interrupted_installation_is_done_again(project):
    run(project, "screen")
    (project / ".venv/installed.json").unlink()
    assert "Installing packages" in run(project, "screen").stderr
    (project / ".venv/installed.json").write_text('{"demo": {"lo')
    assert "Installing packages" in run(project, "screen").stderr
    assert run(project, "screen").stderr == ""


def test_vanished_python(project):
    run(project, "screen")
    for link in (project / ".venv/bin").glob("python*"):
        if link.readlink().is_absolute():
            link.unlink()
            link.symlink_to("/nowhere/python3")
    done = run(project, "screen")
    assert done.returncode == 0
    assert "no longer works" in done.stderr
    assert run(project, "screen").stderr == ""


def test_two_at_once_make_it_once(project):
    """After a set-up that was interrupted at its very beginning."""
    shutil.rmtree(project / ".venv")
    (project / ".venv").mkdir()
    answers = []
    threads = [
        threading.Thread(target=lambda: answers.append(run(project, "screen"))) for _ in range(2)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [done.returncode for done in answers] == [0, 0]
    said = sorted(done.stderr for done in answers)
    assert said[0] == "Another ./run is installing packages; waiting for it ...\n"
    assert "Making .venv" in said[1]


def test_larger_set_answers_for_smaller_ones(project):
    (project / "tests").mkdir()
    (project / "tests/bench.py").write_text("print('measured')")
    assert run(project, "bench").stdout == "measured\n"
    assert run(project, "screen").stderr == ""
    stamps = json.loads((project / ".venv/installed.json").read_text())
    assert "bench" in stamps


def test_failed_installation_says_what_to_do(project):
    # CF-6: a package whose hash is not the one in the lock is not installed.
    kept = (project / "requirements/demo.txt").read_text()
    (project / ".venv/installed.json").unlink()
    (project / "requirements/demo.txt").write_text("six==1.17.0 --hash=sha256:" + "0" * 64 + "\n")
    done = run(project, "screen", PIP_NO_INDEX="1", PIP_CONFIG_FILE="/dev/null")
    assert done.returncode == 1
    assert "Check that this machine reaches a package index" in done.stderr
    assert "No matching distribution found for six==1.17.0" in done.stderr
    assert done.stdout == ""
    (project / "requirements/demo.txt").write_text(kept)
    assert run(project, "screen").returncode == 0


def test_how_far_an_installation_is(capsys):
    """85 seconds without a word look like a program that hangs."""
    lines = [
        "Looking in indexes: https://index.example\n",
        "WARNING: Location is ignored\n",
        *("Collecting a==1 (from -r demo.txt)\n" for _ in range(7)),
        *("Processing ./b-1-py3-none-any.whl\n" for _ in range(14)),
        "Installing collected packages: a, b\n",
    ]
    bootstrap.tell(lines, 21)
    assert capsys.readouterr().err.splitlines() == [
        "  10 of 21 packages fetched",
        "  20 of 21 packages fetched",
        "  Unpacking them ...",
    ]


def test_of_a_failed_installation_the_errors_are_told():
    errors = ["ERROR: the hashes differ\n", "    six from https://index.example\n"]
    warnings = ["WARNING: Location is ignored\n"] * 30
    assert bootstrap.tell([*warnings, *errors], 1) == "".join(errors)
    assert bootstrap.tell(["Killed\n"], 1) == "Killed\n"


def test_no_python_at_all(made):
    done = subprocess.run(
        ["/bin/sh", str(made / "run"), "screen"],
        env={"PATH": "/nowhere", "HOME": "/nowhere", "PYENV_ROOT": "/nowhere"},
        capture_output=True,
        text=True,
        check=False,
    )
    if Path("/usr/local/bin/python3").exists() or Path("/opt/homebrew/bin/python3").exists():
        pytest.fail("this machine has a Python where the script looks last; move the test there")
    assert done.returncode == 1


def test_no_home(made):
    done = subprocess.run(
        [str(made / "run"), "screen"],
        env={"PATH": os.environ["PATH"], "PROVISO_PYTHON": sys.executable},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become somebody else")
def test_the_folder_of_somebody_else(made, tmp_path_factory):
    """What is installed there can be used; what would have to be written is refused, with a way."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name) / "theirs"
        Path(name).chmod(0o755)
        shutil.copytree(made, folder, symlinks=True)
        shutil.rmtree(folder / ".venv")
        nobody = pwd.getpwnam("nobody")
        done = subprocess.run(
            ["/usr/bin/python3", "-I", str(folder / "config/devtools/bootstrap.py"), "screen"],
            env={"PATH": "/usr/bin:/bin"},
            cwd="/",
            user=nobody.pw_uid,
            group=nobody.pw_gid,
            extra_groups=[],
            capture_output=True,
            text=True,
            check=False,
        )
    assert done.returncode == 1
    assert "belongs to root. Work in a copy of your own: git clone" in done.stderr
    assert "Traceback" not in done.stderr


def test_shims_that_fail_are_passed_over(made, tmp_path):
    shim = tmp_path / "python3"
    shim.write_text("#!/bin/sh\necho 'python3: command not found' >&2\nexit 127\n")
    shim.chmod(0o755)
    real = tmp_path / "python"
    real.symlink_to(sys.executable)
    done = run(made, "screen", PROVISO_PYTHON="", PATH=f"{tmp_path}:/usr/bin:/bin")
    assert done.returncode == 0


def test_run_is_short_posix_shell():
    text = (ROOT / "run").read_text()
    assert text.startswith("#!/bin/sh\n")
    assert len(text.splitlines()) < 40
    assert (ROOT / "run").stat().st_mode & stat.S_IXUSR
