"""The program's own settings, with two pages more that its pages are measured against."""

from config.settings import *  # noqa: F403, TID251

ROOT_URLCONF = "tests.bench.web_urls"
