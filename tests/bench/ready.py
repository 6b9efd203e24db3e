"""Settings and apps of a measurement that is a process of its own; importing it is enough."""

import os

import django

os.environ["DJANGO_SETTINGS_MODULE"] = "tests.settings"
django.setup()
