"""The settings. What differs between places comes from the environment, and nothing is guessed.

docs/operations.md lists the variables; a test compares that list, docker-compose.yml and this file.
"""

import os
import re
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

from django.utils.csp import CSP

BASE_DIR = Path(__file__).resolve().parent.parent


def refuse(sentence: str) -> SystemExit:
    """A program with wrong settings ends with one sentence, not with a traceback."""
    return SystemExit(f"Proviso does not start: {sentence}")


def env(name: str, hint: str, default: str | None = None) -> str:
    """The value of the variable. Without a default it must be set; the hint says to what."""
    value = os.environ.get(name, "").strip() or default
    if value is None:
        raise refuse(f"{name} is not set. Set it to {hint}.")
    return value


def env_bool(name: str, *, default: bool) -> bool:
    word = os.environ.get(name, "").strip().lower()
    words = {"": default, "1": True, "true": True, "yes": True, "on": True}
    words |= {"0": False, "false": False, "no": False, "off": False}
    if word not in words:
        raise refuse(f"{name} is {word!r}. Set it to 1, true, yes or on; or 0, false, no or off.")
    return words[word]


def env_number(name: str, hint: str, default: str, *, least: int, most: int) -> int:
    word = env(name, hint, default)
    if not (word.isascii() and word.isdigit() and least <= int(word) <= most):
        raise refuse(f"{name} is {word!r}. Set it to {hint}, {least} to {most}.")
    return int(word)


def env_list(name: str, hint: str, default: str | None = None) -> list[str]:
    return [part.strip() for part in env(name, hint, default).split(",") if part.strip()]


def secret(name: str, hint: str, default: str | None = None) -> str:
    """The value of NAME, or the content of the file that NAME_FILE names."""
    path = os.environ.get(f"{name}_FILE", "").strip()
    if not path:
        return env(name, f"{hint}, or {name}_FILE to a file that holds it", default)
    if os.environ.get(name, "").strip():
        raise refuse(f"{name} and {name}_FILE are both set. Keep one of them.")
    try:
        value = Path(path).read_text(encoding="utf-8").strip()
    except OSError as error:
        raise refuse(
            f"{name}_FILE names {path}, which cannot be read ({error.strerror})."
        ) from error
    if not value and default is None:
        raise refuse(f"{name}_FILE names {path}, which is empty. It must hold {hint}.")
    return value or default or ""


# Nobody waits longer for a lock, and no transaction that a program forgot holds one longer.
# A statement has no limit here, because a worker's may be long; config/wsgi.py sets one for pages.
SERVER_LIMITS = "-c lock_timeout=20s -c idle_in_transaction_session_timeout=5min"


def database(url: str, name: str) -> dict[str, Any]:
    """postgresql://user:password@host:port/name?option=value, as Django wants it.

    A socket folder is given as ?host=/folder, as PostgreSQL's own tools take it.
    """
    parts = urlsplit(url)
    options = {"connect_timeout": "2", "options": SERVER_LIMITS} | dict(parse_qsl(parts.query))
    if parts.scheme not in {"postgresql", "postgres"} or not parts.path.strip("/"):
        raise refuse(f"{name} must look like postgresql://user:password@host:5432/name.")
    return {
        "ENGINE": "config.postgresql",
        "NAME": unquote(parts.path.strip("/")),
        "USER": unquote(parts.username or ""),
        "PASSWORD": unquote(parts.password or ""),
        "HOST": options.pop("host", "") or unquote(parts.hostname or ""),
        "PORT": options.pop("port", "") or str(parts.port or ""),
        "OPTIONS": options,
        # psycopg2 has no pool in Django; a kept connection is checked before it is used again.
        "CONN_MAX_AGE": 60,
        "CONN_HEALTH_CHECKS": True,
        "ATOMIC_REQUESTS": False,
    }


def broker(url: str) -> str:
    """The address of Redis. Over TLS its certificate is checked, unless the address says not to."""
    parts = urlsplit(url)
    if parts.scheme != "rediss" or "ssl_cert_reqs" in dict(parse_qsl(parts.query)):
        return url
    query = f"{parts.query}&" if parts.query else ""
    return parts._replace(query=f"{query}ssl_cert_reqs=required").geturl()


def mailer(url: str) -> dict[str, Any]:
    """smtp://user:password@host:587?tls=starttls, smtps://…, folder:/path or none:"""
    parts = urlsplit(url)
    if parts.scheme == "none":
        return {"BACKEND": "django.core.mail.backends.dummy.EmailBackend"}
    if parts.scheme == "memory":
        return {"BACKEND": "django.core.mail.backends.locmem.EmailBackend"}
    if parts.scheme == "folder":
        return {
            "BACKEND": "django.core.mail.backends.filebased.EmailBackend",
            "OPTIONS": {"file_path": unquote(parts.path)},
        }
    if parts.scheme not in {"smtp", "smtps"} or not parts.hostname:
        raise refuse(
            "MAIL_URL must be smtp://user:password@host:587 (STARTTLS), smtps://…, "
            "smtp://host:25?tls=off, folder:/path or none:."
        )
    tls_off = dict(parse_qsl(parts.query)).get("tls") == "off"
    return {
        "BACKEND": "django.core.mail.backends.smtp.EmailBackend",
        "OPTIONS": {
            "host": parts.hostname,
            "port": parts.port or (465 if parts.scheme == "smtps" else 587),
            "username": unquote(parts.username or ""),
            "password": unquote(parts.password or ""),
            "use_ssl": parts.scheme == "smtps",
            "use_tls": parts.scheme == "smtp" and not tls_off,
            "timeout": 10,
        },
    }


# --- Where this runs -----------------------------------------------------------------------------

MODE = env("PROVISO_MODE", "production, demo or test", "production")
if MODE not in {"production", "demo", "test"}:
    raise refuse(f"PROVISO_MODE is {MODE!r}. Set it to production, demo or test.")
PRODUCTION = MODE == "production"
DEMO = MODE == "demo"
TESTING = MODE == "test"

# Whoever opens the page may then be anybody, so only the demo's launcher sets it.
SIGN_IN_AS = env_bool("PROVISO_SIGN_IN_AS", default=False)
if SIGN_IN_AS and not DEMO:
    raise refuse("PROVISO_SIGN_IN_AS is on outside the demo. Remove it: it asks for no password.")

DEBUG = env_bool("DJANGO_DEBUG", default=False)
if DEBUG and PRODUCTION:
    raise refuse("DJANGO_DEBUG is on in production. Remove it: it shows deals to everybody.")

SECRET_KEY = secret("DJANGO_SECRET_KEY", "50 or more random characters")
if PRODUCTION and (
    len(SECRET_KEY) < 50 or len(set(SECRET_KEY)) < 10 or "insecure" in SECRET_KEY.lower()
):
    raise refuse(
        "DJANGO_SECRET_KEY is too short or an example. Make one with "
        "python3 -c 'import secrets; print(secrets.token_urlsafe(64))'."
    )
# Former keys, so that a change of the key ends no session; one per line or separated by commas.
SECRET_KEY_FALLBACKS = [
    key.strip()
    for key in re.split(r"[,\n]", secret("DJANGO_SECRET_KEY_FALLBACKS", "former keys", ""))
    if key.strip()
]

SITE_URL = env(
    "SITE_URL",
    "the address that people type, such as https://proviso.example.com",
    None if PRODUCTION else "http://127.0.0.1:8000",
).rstrip("/")
_site = urlsplit(SITE_URL)
if not _site.hostname or _site.scheme not in {"http", "https"}:
    raise refuse(f"SITE_URL is {SITE_URL!r}. Set it to an address such as https://example.com.")
if PRODUCTION and _site.scheme != "https":
    raise refuse(f"SITE_URL is {SITE_URL!r}. In production it must begin with https://.")

# The site's own name always: the health check of the container asks under it.
ALLOWED_HOSTS = [_site.hostname, *env_list("ALLOWED_HOSTS", "host names, separated by commas", "")]
if DEMO:
    # The demo has no TLS and shows its passwords: it answers this machine only.
    ALLOWED_HOSTS = ["127.0.0.1", "localhost"]
if any(host.startswith((".", "*")) for host in ALLOWED_HOSTS) and PRODUCTION:
    raise refuse("ALLOWED_HOSTS has a wildcard. Name each host in full.")
CSRF_TRUSTED_ORIGINS = env_list("CSRF_TRUSTED_ORIGINS", "origins, separated by commas", "")
if any(not origin.startswith("https://") for origin in CSRF_TRUSTED_ORIGINS) and PRODUCTION:
    raise refuse("CSRF_TRUSTED_ORIGINS has an origin that does not begin with https://.")

# PostgreSQL holds to the same days; `migrate` tells it.
CHARTER_DAYS = env_number(
    "PROVISO_CHARTER_DAYS",
    "whole days between the check of a charter and its activation",
    "7",
    least=1 if PRODUCTION else 0,
    most=90,
)

# --- Database and Redis --------------------------------------------------------------------------

# Only migrations sign in as the schema's owner; manage.py says so for them.
AS_OWNER = env_bool("PROVISO_AS_OWNER", default=False)
_login = "DATABASE_OWNER_URL" if AS_OWNER else "DATABASE_URL"
_login_hint = "postgresql://user:password@host:5432/name"
if AS_OWNER:
    DATABASES = {"default": database(secret("DATABASE_OWNER_URL", _login_hint), _login)}
else:
    DATABASES = {"default": database(secret("DATABASE_URL", _login_hint), _login)}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

REDIS_URL = broker(secret("REDIS_URL", "redis://:password@host:6379/0"))

# --- The application -----------------------------------------------------------------------------

INSTALLED_APPS = [
    "audit",
    "jobs",
    "people",
    "policy",
    "screening",
    "reviews",
    "config",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.postgres",
    "whitenoise.runserver_nostatic",
    "django.contrib.staticfiles",
    "django.forms",
    "django_htmx",
    "rest_framework",
    "drf_spectacular",
]

MIDDLEWARE = [
    "config.middleware.request_id",
    "config.middleware.fixed_headers",
    "django.middleware.security.SecurityMiddleware",
    "django.middleware.csp.ContentSecurityPolicyMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "config.middleware.refuse_control_characters",
    "config.middleware.refuse_other_sites",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "config.middleware.end_old_sessions",
    "config.middleware.refuse_strangers_in_the_api",
    "django.contrib.auth.middleware.LoginRequiredMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "config.middleware.answer_conflicts",
]

ROOT_URLCONF = "config.urls"
WSGI_APPLICATION = "config.wsgi.application"
APPEND_SLASH = False

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "config.pages.context",
            ]
        },
    }
]
FORM_RENDERER = "django.forms.renderers.TemplatesSetting"

LANGUAGE_CODE = "en"
LANGUAGES = [("en", "English")]
LOCALE_PATHS = [BASE_DIR / "locale"]
USE_I18N = True
TIME_ZONE = "UTC"
USE_TZ = True

STATIC_URL = "static/"
STATICFILES_DIRS = [BASE_DIR / "static"]
STATIC_ROOT = env("STATIC_DIR", "a folder for the collected files", str(BASE_DIR / "var/static"))
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {
        "BACKEND": (
            "whitenoise.storage.CompressedManifestStaticFilesStorage"
            if PRODUCTION
            else "django.contrib.staticfiles.storage.StaticFilesStorage"
        ),
        # Root collects them, another account serves them. Uploads below are closed instead.
        "OPTIONS": {"file_permissions_mode": 0o644, "directory_permissions_mode": 0o755},
    },
}
# Demo and tests serve straight from the apps' folders, so that nothing has to be collected first.
WHITENOISE_USE_FINDERS = not PRODUCTION
WHITENOISE_AUTOREFRESH = TESTING
WHITENOISE_ALLOW_ALL_ORIGINS = False

# Uploaded evidence; no URL leads here, a view that asks for permission serves it.
MEDIA_ROOT = env("EVIDENCE_DIR", "a folder for uploaded evidence", str(BASE_DIR / "var/evidence"))
MEDIA_URL = ""
FILE_UPLOAD_PERMISSIONS = 0o600
FILE_UPLOAD_DIRECTORY_PERMISSIONS = 0o700
# The list of V-Dem has 400 MB. docker-compose.yml gives the web service as much room in /tmp.
LARGEST_UPLOADED_FILE = 600 * 10**6
FILE_UPLOAD_HANDLERS = [
    "django.core.files.uploadhandler.MemoryFileUploadHandler",
    "policy.uploads.BoundedUpload",
]
DATA_UPLOAD_MAX_MEMORY_SIZE = 256 * 1024
DATA_UPLOAD_MAX_NUMBER_FIELDS = 1000
DATA_UPLOAD_MAX_NUMBER_FILES = 20

# --- Signing in ----------------------------------------------------------------------------------

LOGIN_URL = "/sign-in/"
LOGIN_REDIRECT_URL = "/"
LOGOUT_REDIRECT_URL = "/sign-in/"
PASSWORD_HASHERS = [
    "django.contrib.auth.hashers.Argon2PasswordHasher",
    # Only to read what an older installation wrote; it is rewritten at the next sign-in.
    "django.contrib.auth.hashers.PBKDF2PasswordHasher",
]
AUTH_PASSWORD_VALIDATORS = [
    {
        "NAME": "django.contrib.auth.password_validation.MinimumLengthValidator",
        "OPTIONS": {"min_length": 12},
    },
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
]
#: How long a link to choose a password works (people/links.py).
PASSWORD_RESET_TIMEOUT = 24 * 3600

# Sessions lie in PostgreSQL: Redis may be lost at any time without anybody noticing.
SESSION_ENGINE = "django.contrib.sessions.backends.db"
SESSION_COOKIE_AGE = 30 * 60
# Of pages opened one after the other only the first writes when the session was last used.
SESSION_NOTED_EVERY = timedelta(minutes=1)
SESSION_LONGEST = timedelta(hours=8)
SESSION_COOKIE_SAMESITE = "Lax"
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SECURE = PRODUCTION
SESSION_COOKIE_NAME = "__Host-session" if PRODUCTION else "proviso-session"
CSRF_COOKIE_SECURE = PRODUCTION
CSRF_COOKIE_HTTPONLY = True
CSRF_COOKIE_SAMESITE = "Lax"
CSRF_COOKIE_NAME = "__Host-csrf" if PRODUCTION else "proviso-csrf"
CSRF_FAILURE_VIEW = "config.pages.csrf_failure"
MESSAGE_STORAGE = "django.contrib.messages.storage.session.SessionStorage"
CACHES = {"default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}}

# --- Browser -------------------------------------------------------------------------------------

SECURE_CSP = {
    "default-src": [CSP.NONE],
    "script-src": [CSP.SELF],
    "style-src": [CSP.SELF],
    "img-src": [CSP.SELF],
    "font-src": [CSP.SELF],
    "connect-src": [CSP.SELF],
    "form-action": [CSP.SELF],
    "base-uri": [CSP.NONE],
    "frame-ancestors": [CSP.NONE],
    "object-src": [CSP.NONE],
}
SECURE_REFERRER_POLICY = "same-origin"
SECURE_CROSS_ORIGIN_OPENER_POLICY = "same-origin"
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_SSL_REDIRECT = PRODUCTION
# The container's own health check speaks plain HTTP when a proxy in front brings TLS.
SECURE_REDIRECT_EXEMPT = [r"^healthz$"]
# Browsers remember it that long: begin with an hour where a certificate may still be wrong.
HSTS_SECONDS = env_number(
    "HSTS_SECONDS", "a whole number of seconds", "63072000", least=0, most=999_999_999
)
SECURE_HSTS_SECONDS = HSTS_SECONDS if PRODUCTION else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = env_bool("HSTS_SUBDOMAINS", default=PRODUCTION)
SECURE_HSTS_PRELOAD = SECURE_HSTS_INCLUDE_SUBDOMAINS
X_FRAME_OPTIONS = "DENY"
if env_bool("BEHIND_TLS_PROXY", default=False):
    # Only where a proxy always sets this header itself; otherwise anybody could send it.
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")

REST_FRAMEWORK = {
    "DEFAULT_PERMISSION_CLASSES": ["rest_framework.permissions.IsAuthenticated"],
    "DEFAULT_AUTHENTICATION_CLASSES": ["rest_framework.authentication.SessionAuthentication"],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_PARSER_CLASSES": ["config.parsers.OneValueParser"],
    "DEFAULT_SCHEMA_CLASS": "config.openapi.Schema",
    "EXCEPTION_HANDLER": "config.problems.answer",
    "STRICT_JSON": True,
    "UNAUTHENTICATED_USER": "django.contrib.auth.models.AnonymousUser",
}
SPECTACULAR_SETTINGS = {
    "TITLE": "Proviso",
    "VERSION": "1",
    "DESCRIPTION": (
        "Screens export sales of telecom technology for human-rights risk. A program uses the "
        "session of a person; in production its cookie is called __Host-session."
    ),
    "OAS_VERSION": "3.1.0",
    "SERVE_INCLUDE_SCHEMA": False,
    "SERVE_PERMISSIONS": ["rest_framework.permissions.IsAuthenticated"],
    "SCHEMA_PATH_PREFIX": "/api/v1",
    "ENUM_NAME_OVERRIDES": {
        "Status": "screening.lifecycle.Status",
        "Turn": "screening.api.TURNS",
        "Outcome": "policy.api.OUTCOME_CHOICES",
        "ReviewFloor": "policy.api.FLOOR_CHOICES",
        "Strength": "screening.api.STRENGTHS",
    },
}

# --- Mail ----------------------------------------------------------------------------------------

MAILERS = {
    "default": mailer(
        secret(
            "MAIL_URL",
            "smtp://user:password@host:587",
            None if PRODUCTION else ("memory:" if TESTING else f"folder:{BASE_DIR}/var/demo/mail"),
        )
    )
}
DEFAULT_FROM_EMAIL = env("MAIL_FROM", "the sender's address", f"proviso@{_site.hostname}")
SERVER_EMAIL = DEFAULT_FROM_EMAIL
MAIL_DOMAIN = DEFAULT_FROM_EMAIL.rpartition("@")[2].rstrip(">")

# --- Celery --------------------------------------------------------------------------------------

CELERY_BROKER_URL = REDIS_URL
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
# Rows are the truth, so a result that Redis forgets loses nothing, and none is kept.
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_SERIALIZER = "json"
CELERY_ACCEPT_CONTENT = ["json"]
CELERY_TASK_ACKS_LATE = True
CELERY_TASK_REJECT_ON_WORKER_LOST = True
CELERY_TASK_TIME_LIMIT = 75
CELERY_TASK_SOFT_TIME_LIMIT = 60
# The queue of long work; jobs.kinds names the other one.
CELERY_TASK_DEFAULT_QUEUE = "proviso"
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_WORKER_MAX_TASKS_PER_CHILD = 500
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_WORKER_CANCEL_LONG_RUNNING_TASKS_ON_CONNECTION_LOSS = True
CELERY_TIMEZONE = "UTC"
CELERY_REDIS_SOCKET_TIMEOUT = 2
CELERY_REDIS_SOCKET_CONNECT_TIMEOUT = 2
CELERY_BROKER_TRANSPORT_OPTIONS = {
    "visibility_timeout": 300,
    "unacked_restore_interval": 5,
    "unacked_restore_throttle": 1,
    "socket_timeout": 2,
    "socket_connect_timeout": 2,
    "health_check_interval": 15,
    # A web page that wants work writes a row; nobody waits long for a Redis that is gone.
    "max_retries": 0,
}

# --- Logs: JSON lines on standard error, without deal text, names or query strings ---------------

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"json": {"()": "config.logs.JsonLines"}},
    "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "json"}},
    "root": {
        "handlers": ["stderr"],
        "level": env("LOG_LEVEL", "DEBUG, INFO, WARNING or ERROR", "INFO").upper(),
    },
    "loggers": {
        # Django's own handlers would mail administrators the whole page, deal text included.
        "django": {"handlers": [], "level": "INFO", "propagate": True},
        "django.server": {"handlers": [], "level": "WARNING", "propagate": True},
        # SQL carries the facts of deals.
        "django.db.backends": {"level": "WARNING"},
        "celery": {"level": "INFO"},
        "gunicorn.error": {"handlers": ["stderr"], "level": "INFO", "propagate": False},
        "kombu": {"level": "WARNING"},
    },
}
