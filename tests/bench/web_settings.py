"""The program's own settings, with two pages more that its pages are measured against; its web
server starts as in production.
"""

from config.settings import *  # noqa: F403, TID251

TESTING = False
ROOT_URLCONF = "tests.bench.web_urls"
