"""`./run bench [NAME]`: one measurement, or all of them. Each prints its figures."""

import runpy
import sys
from pathlib import Path


def main() -> None:
    names = sorted(path.stem for path in Path(__file__).parent.glob("[a-z]*.py"))
    wanted, sys.argv[1:] = sys.argv[1:2], sys.argv[2:]
    if unknown := set(wanted) - set(names):
        sys.exit(f"There is no bench {', '.join(unknown)}. There are: {', '.join(names)}.")
    for name in wanted or names:
        sys.stdout.write(f"== {name}\n")
        sys.stdout.flush()
        runpy.run_module(f"tests.bench.{name}", run_name="__main__")


if __name__ == "__main__":
    main()
