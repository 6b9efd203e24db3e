"""`./run bench [NAME [ARGUMENT …]]`: one measurement, or all of them. Each prints its figures."""

import subprocess
import sys
from collections.abc import Sequence

POLICY = ("proofs", "charter", "whatif", "history", "sweep")
#: What a person types, and the modules that measure it, in order.
BENCHES = {
    "engine": ("engine",),
    "screen": ("screening",),
    "names": ("names",),
    "submit": ("submit",),
    "web": ("web",),
    "check": ("check",),
    "policy": POLICY,
    **{name: (name,) for name in POLICY},
}
ALL = ("engine", "screen", "names", "submit", "policy")


def measure(module: str, arguments: Sequence[str]) -> bool:
    """Whether every gate was passed."""
    sys.stdout.write(f"== {module}\n")
    sys.stdout.flush()
    # A process each: settings, memory and garbage of one are not the next one's.
    command = [sys.executable, "-m", f"tests.bench.{module}", *arguments]
    return subprocess.run(command, check=False).returncode == 0


def main(wanted: Sequence[str]) -> int:
    name, arguments = (wanted[0], wanted[1:]) if wanted else ("", ())
    if name and name not in BENCHES:
        sys.exit(f"There is no bench {name}. There are: {', '.join(BENCHES)}.")
    modules = [module for one in ([name] if name else ALL) for module in BENCHES[one]]
    # All of them run, whatever one of them missed.
    passed = [measure(module, arguments) for module in modules]
    return 0 if all(passed) else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
