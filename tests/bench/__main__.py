"""`./run bench [NAME]`: one measurement, or all of them. Each prints its figures."""

import runpy
import sys

#: What a person types, and the module that measures it.
BENCHES = {"engine": "engine", "screen": "screening"}


def run(name: str) -> bool:
    """Whether every gate of this measurement was passed."""
    sys.stdout.write(f"== {name}\n")
    sys.stdout.flush()
    try:
        runpy.run_module(f"tests.bench.{BENCHES[name]}", run_name="__main__")
    except SystemExit as end:
        if isinstance(end.code, str):
            sys.stderr.write(f"{end.code}\n")
        return not end.code
    return True


def main() -> None:
    wanted, sys.argv[1:] = sys.argv[1:2], sys.argv[2:]
    if unknown := set(wanted) - set(BENCHES):
        sys.exit(f"There is no bench {', '.join(unknown)}. There are: {', '.join(BENCHES)}.")
    passed = [run(name) for name in wanted or BENCHES]
    sys.exit(0 if all(passed) else 1)


if __name__ == "__main__":
    main()
