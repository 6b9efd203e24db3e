"""gunicorn's entry."""

import os

from django.conf import settings
from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
application = get_wsgi_application()

from config.ops import limit_pages, read_ahead, refuse_mighty_login  # noqa: E402  Django must be set up first
from config.startup import refuse_open_views  # noqa: E402  for the same reason

refuse_open_views()
refuse_mighty_login()
limit_pages()
if not settings.TESTING:
    read_ahead()
