"""The environment of the tests, and then the program's own settings, unchanged.

pytest-django reads settings before any fixture runs. The servers start when the first test needs
them, and their addresses then replace the ones given here.
"""

import os
import secrets

NOT_STARTED = "postgresql://{role}@127.0.0.1:1/not_started_yet"

# Kept under another name, for the fixture and for the processes that pytest-xdist starts.
for name in ("DATABASE_URL", "REDIS_URL"):
    os.environ.setdefault(f"GIVEN_{name}", os.environ.get(name, ""))
for name in ("DJANGO_DEBUG", "PROVISO_AS_OWNER", "SITE_URL", "ALLOWED_HOSTS", "MAIL_URL"):
    os.environ.pop(name, None)
os.environ |= {
    "PROVISO_MODE": "test",
    "DJANGO_SECRET_KEY": secrets.token_urlsafe(48),
    "DATABASE_URL": NOT_STARTED.format(role="proviso_app"),
    "DATABASE_OWNER_URL": NOT_STARTED.format(role="proviso_owner"),
    "REDIS_URL": "redis://127.0.0.1:1/0",
}

from config.settings import *  # noqa: E402, F403, TID251

# Programs that a test starts read the real file.
os.environ["DJANGO_SETTINGS_MODULE"] = "config.settings"
