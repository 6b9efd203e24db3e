"""`python -m config.probe`: is the web server in this container alive? For its health check."""

import os
import ssl
import sys
import urllib.error
import urllib.request
from urllib.parse import urlsplit

PORT = 8000


def main(port: int = PORT) -> int:
    # The certificate names the public host, and this connection never leaves the container.
    trusting = ssl._create_unverified_context()  # noqa: S323
    host = urlsplit(os.environ["SITE_URL"]).hostname or ""
    answer = urllib.request.Request(f"https://127.0.0.1:{port}/healthz", headers={"Host": host})
    try:
        with urllib.request.urlopen(answer, timeout=8, context=trusting):  # noqa: S310
            return 0
    except (urllib.error.URLError, OSError) as error:
        sys.stderr.write(f"{error}\n")
        return 1


if __name__ == "__main__":
    sys.exit(main())
