"""Seeded faults: each is a change of one piece of a compiler's source that must be noticed."""

import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from types import ModuleType

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from config.devtools.embedded import ROOT


def drawn[Example](strategy: st.SearchStrategy[Example], count: int) -> list[Example]:
    """Always the same examples of a strategy, to be used for many mutants."""
    found: list[Example] = []

    @given(strategy)
    @settings(
        max_examples=count,
        derandomize=True,
        database=None,
        deadline=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    def collect(example: Example) -> None:
        found.append(example)

    collect()
    return found


@contextmanager
def mutated(module: str, old: str, new: str, reload: Iterable[str]) -> Iterator[ModuleType]:
    """The last of the modules to reload, with the fault in `module`; then all is as before."""
    names = tuple(reload)
    kept = {name: sys.modules.get(name) for name in names}
    try:
        for name in names:
            path = ROOT.joinpath(*name.split(".")).with_suffix(".py")
            source = path.read_text()
            if path.stem == module:
                assert source.count(old) == 1, (
                    f"{module}: {old!r} stands there {source.count(old)} ×"
                )
                source = source.replace(old, new)
            fresh = ModuleType(name)
            fresh.__file__ = str(path)
            sys.modules[name] = fresh
            exec(compile(source, str(path), "exec"), fresh.__dict__)
        yield fresh
    finally:
        for name, original in kept.items():
            if original is None:
                del sys.modules[name]
            else:
                sys.modules[name] = original


def told(request: pytest.FixtureRequest, what: str, faults: int, survivors: list[str]) -> None:
    """Prints the count where it is seen, also when the test passes."""
    writer = request.config.get_terminal_writer()
    with request.getfixturevalue("capsys").disabled():
        writer.line()
        writer.line(f"faults seeded in the {what}: {faults}, noticed: {faults - len(survivors)}")
