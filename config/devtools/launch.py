"""`./run manage COMMAND`: manage.py with the demo's servers, started when they do not run."""

import json
import os
import subprocess
import sys

from config.devtools import demo, embedded
from config.devtools.embedded import ROOT


def run(surroundings: dict[str, str], words: list[str]) -> int:
    return subprocess.run(
        [sys.executable, str(ROOT / "manage.py"), *words], env=surroundings, check=False
    ).returncode


def main() -> int:
    words = sys.argv[1:]
    demo.FOLDER.mkdir(parents=True, exist_ok=True)
    try:
        with embedded.hold(demo.VAR / "demo.lock"):
            if os.geteuid() == 0:
                demo.FOLDER.chmod(0o711)
            servers = embedded.start(demo.FOLDER, lasting=True)
            try:
                return run(demo.environment(servers, demo.FIRST_PORT), words)
            finally:
                servers.stop()
    except embedded.Busy:
        running = demo.FOLDER / "environment.json"
        if not running.exists():
            sys.exit("The demo is just starting or stopping. Try again in a few seconds.")
        return run(json.loads(running.read_text()), words)
    except embedded.ServerError as error:
        sys.exit(str(error))
    except KeyboardInterrupt:
        return 130


if __name__ == "__main__":
    sys.exit(main())
