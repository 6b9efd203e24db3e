"""CF-1 and its like: a wrong setting ends the program with a sentence that says what is right."""

import runpy

import pytest
from django.conf import settings

from config.devtools.embedded import ROOT

GOOD = {
    "PROVISO_MODE": "production",
    "DJANGO_SECRET_KEY": "k3Yx" + "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOP",
    "SITE_URL": "https://proviso.example.com",
    "DATABASE_URL": "postgresql://proviso_app:s%40cret@db.example.com:5433/proviso",
    "REDIS_URL": "redis://:secret@redis.example.com:6379/0",
    "MAIL_URL": "smtp://user:pass@mail.example.com",
}
OTHERS = (
    "DATABASE_OWNER_URL",
    "PROVISO_AS_OWNER",
    "PROVISO_SIGN_IN_AS",
    "DJANGO_DEBUG",
    "ALLOWED_HOSTS",
    "STATIC_DIR",
    "CSRF_TRUSTED_ORIGINS",
    "BEHIND_TLS_PROXY",
    "HSTS_SECONDS",
    "HSTS_SUBDOMAINS",
    "LOG_LEVEL",
    "EVIDENCE_DIR",
    "MAIL_FROM",
    "DJANGO_SECRET_KEY_FALLBACKS",
)


@pytest.fixture
def load(monkeypatch):
    """Read the settings file under the given environment; None takes a variable away."""

    def run(**changes):
        for name in OTHERS:
            monkeypatch.delenv(name, raising=False)
        for name, value in (GOOD | changes).items():
            if value is None:
                monkeypatch.delenv(name, raising=False)
            else:
                monkeypatch.setenv(name, value)
        return runpy.run_path(str(ROOT / "config/settings.py"))

    return run


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"DJANGO_SECRET_KEY": None}, "DJANGO_SECRET_KEY is not set. Set it to 50 or more random"),
        ({"DJANGO_SECRET_KEY": "short"}, "too short or an example"),
        ({"DJANGO_SECRET_KEY": "django-insecure-" + GOOD["DJANGO_SECRET_KEY"]}, "an example"),
        ({"DJANGO_SECRET_KEY": "a" * 80}, "an example"),
        ({"HSTS_SECONDS": "a year"}, "HSTS_SECONDS is 'a year'. Set it to a whole"),
        ({"DJANGO_DEBUG": "1"}, "DJANGO_DEBUG is on in production"),
        ({"DJANGO_DEBUG": "maybe"}, "DJANGO_DEBUG is 'maybe'. Set it to 1, true, yes or on"),
        ({"PROVISO_SIGN_IN_AS": "1"}, "PROVISO_SIGN_IN_AS is on outside the demo"),
        ({"PROVISO_SIGN_IN_AS": "1", "PROVISO_MODE": "test"}, "it asks for no password"),
        ({"SITE_URL": None}, "SITE_URL is not set"),
        ({"SITE_URL": "http://proviso.example.com"}, "must begin with https://"),
        ({"SITE_URL": "proviso.example.com"}, "Set it to an address such as"),
        ({"ALLOWED_HOSTS": "*"}, "ALLOWED_HOSTS has a wildcard"),
        ({"ALLOWED_HOSTS": "a.example.com, .example.com"}, "ALLOWED_HOSTS has a wildcard"),
        ({"CSRF_TRUSTED_ORIGINS": "http://a.example.com"}, "does not begin with https://"),
        ({"PROVISO_MODE": "staging"}, "Set it to production, demo or test"),
        ({"DATABASE_URL": None}, "DATABASE_URL is not set. Set it to postgresql://user"),
        ({"DATABASE_URL": "mysql://a:b@c/d"}, "DATABASE_URL must look like postgresql://"),
        ({"DATABASE_URL": "postgresql://a:b@c"}, "DATABASE_URL must look like postgresql://"),
        ({"PROVISO_AS_OWNER": "1"}, "DATABASE_OWNER_URL is not set"),
        ({"REDIS_URL": None}, "REDIS_URL is not set"),
        ({"MAIL_URL": None}, "MAIL_URL is not set"),
        ({"MAIL_URL": "mail.example.com"}, "MAIL_URL must be smtp://"),
    ],
)
def test_wrong_settings_end_the_program(load, changes, sentence):
    with pytest.raises(SystemExit) as stop:
        load(**changes)
    assert sentence in str(stop.value.code)


@pytest.mark.parametrize(
    ("mode", "days", "is_good"),
    [
        ("production", "0", False),
        ("production", "1", True),
        ("production", "91", False),
        ("production", "a week", False),
        ("demo", "0", True),
    ],
)
def test_how_long_a_charter_waits(load, mode, days, is_good):
    change = {"PROVISO_MODE": mode, "PROVISO_CHARTER_DAYS": days}
    if is_good:
        assert load(**change)["CHARTER_DAYS"] == int(days)
        return
    with pytest.raises(SystemExit, match="PROVISO_CHARTER_DAYS is"):
        load(**change)


def test_good_settings(load):
    read = load()
    assert read["DATABASES"]["default"] | {"OPTIONS": None} == {
        "ENGINE": "config.postgresql",
        "NAME": "proviso",
        "USER": "proviso_app",
        "PASSWORD": "s@cret",
        "HOST": "db.example.com",
        "PORT": "5433",
        "OPTIONS": None,
        "CONN_MAX_AGE": 60,
        "CONN_HEALTH_CHECKS": True,
        "ATOMIC_REQUESTS": False,
    }
    assert read["ALLOWED_HOSTS"] == ["proviso.example.com"]
    assert read["SESSION_COOKIE_NAME"].startswith("__Host-")
    assert read["SESSION_COOKIE_SECURE"]
    assert read["CSRF_COOKIE_SECURE"]
    assert read["SECURE_HSTS_SECONDS"] >= 365 * 24 * 3600
    assert read["SECURE_SSL_REDIRECT"]
    assert read["PASSWORD_HASHERS"][0].endswith("Argon2PasswordHasher")
    assert read["MAILERS"]["default"]["OPTIONS"]["use_tls"]


def test_more_hosts_do_not_shut_out_the_site_itself(load):
    """The health check of the container asks under the site's name."""
    read = load(ALLOWED_HOSTS="other.example.com")
    assert read["ALLOWED_HOSTS"] == ["proviso.example.com", "other.example.com"]


def test_only_migrations_sign_in_as_owner(load):
    owner = "postgresql://proviso_owner:o@db/proviso"
    assert load(DATABASE_OWNER_URL=owner)["DATABASES"]["default"]["USER"] == "proviso_app"
    read = load(DATABASE_OWNER_URL=owner, PROVISO_AS_OWNER="1", DATABASE_URL=None)
    assert read["DATABASES"]["default"]["USER"] == "proviso_owner"


def test_demo_answers_this_machine_only(load):
    read = load(PROVISO_MODE="demo", SITE_URL="http://127.0.0.1:8000", ALLOWED_HOSTS="example.com")
    assert not read["SIGN_IN_AS"], "only where the launcher asks for it"
    assert read["ALLOWED_HOSTS"] == ["127.0.0.1", "localhost"]
    assert not read["DEBUG"]


def test_socket_folder_with_capitals_and_spaces(load):
    read = load(DATABASE_URL="postgresql://a:b@/Proviso?host=%2FVar%2Fa%20B&port=5432")
    assert read["DATABASES"]["default"]["HOST"] == "/Var/a B"
    assert read["DATABASES"]["default"]["NAME"] == "Proviso"


@pytest.mark.parametrize(
    ("url", "options"),
    [
        ("smtps://m.example.com", {"port": 465, "use_ssl": True, "use_tls": False}),
        ("smtp://m.example.com:25?tls=off", {"port": 25, "use_ssl": False, "use_tls": False}),
        ("folder:/a%20b", {"file_path": "/a b"}),
        ("none:", {}),
    ],
)
def test_mail_addresses(load, url, options):
    mailer = load(MAIL_URL=url)["MAILERS"]["default"]
    assert options.items() <= mailer.get("OPTIONS", {}).items()


def test_secret_from_file(load, tmp_path):
    path = tmp_path / "key"
    path.write_text(GOOD["DJANGO_SECRET_KEY"] + "\n")
    read = load(DJANGO_SECRET_KEY=None, DJANGO_SECRET_KEY_FILE=str(path))
    assert read["SECRET_KEY"] == GOOD["DJANGO_SECRET_KEY"]
    old = tmp_path / "old"
    old.write_text("one\ntwo\n")
    assert load(DJANGO_SECRET_KEY=None, DJANGO_SECRET_KEY_FALLBACKS_FILE=str(old))[
        "SECRET_KEY_FALLBACKS"
    ] == ["one", "two"]


@pytest.mark.parametrize(
    ("content", "sentence"), [(None, "cannot be read (No such file"), ("", "which is empty")]
)
def test_secret_file_that_holds_nothing(load, tmp_path, content, sentence):
    path = tmp_path / "key"
    if content is not None:
        path.write_text(content)
    with pytest.raises(SystemExit) as stop:
        load(DJANGO_SECRET_KEY=None, DJANGO_SECRET_KEY_FILE=str(path))
    assert sentence in str(stop.value.code)


def test_secret_given_twice(load, tmp_path):
    with pytest.raises(SystemExit, match="Keep one of them"):
        load(DJANGO_SECRET_KEY_FILE=str(tmp_path / "key"))


def test_work_survives_workers_and_redis():
    """The queue's settings, each of which a measured loss asked for (assurance: F2, F3)."""
    wanted = {
        "CELERY_TASK_ACKS_LATE": True,
        "CELERY_TASK_REJECT_ON_WORKER_LOST": True,
        "CELERY_TASK_IGNORE_RESULT": True,
        "CELERY_WORKER_PREFETCH_MULTIPLIER": 1,
        "CELERY_WORKER_MAX_TASKS_PER_CHILD": 500,
        "CELERY_TASK_SOFT_TIME_LIMIT": 60,
        "CELERY_TASK_TIME_LIMIT": 75,
    }
    assert {name: getattr(settings, name) for name in wanted} == wanted
    options = settings.CELERY_BROKER_TRANSPORT_OPTIONS
    assert options["visibility_timeout"] == 300
    assert options["unacked_restore_interval"] == 5
    assert options["unacked_restore_throttle"] == 1
    assert options["socket_timeout"] == options["socket_connect_timeout"] == 2
    assert options["health_check_interval"] == 15


def test_the_certificate_of_redis_is_checked(load):
    for url in ("rediss://:x@redis.example.com:6379/0", "rediss://h/0?ssl_ca_certs=/ca"):
        assert load(REDIS_URL=url)["CELERY_BROKER_URL"].endswith("ssl_cert_reqs=required")
    given = "rediss://h/0?ssl_cert_reqs=none"
    assert load(REDIS_URL=given)["CELERY_BROKER_URL"] == given
    assert load()["CELERY_BROKER_URL"] == GOOD["REDIS_URL"]


def test_postgresql_is_told_how_to_check_its_server(load):
    given = GOOD["DATABASE_URL"] + "?sslmode=verify-full&sslrootcert=/ca"
    options = load(DATABASE_URL=given)["DATABASES"]["default"]["OPTIONS"]
    assert (options["sslmode"], options["sslrootcert"]) == ("verify-full", "/ca")


def test_how_long_browsers_insist_on_tls_is_a_setting(load):
    read = load(HSTS_SECONDS="3600", HSTS_SUBDOMAINS="no")
    assert read["SECURE_HSTS_SECONDS"] == 3600
    assert read["SECURE_HSTS_INCLUDE_SUBDOMAINS"] is False
    assert read["SECURE_HSTS_PRELOAD"] is False
    assert load(HSTS_SECONDS="0")["SECURE_HSTS_SECONDS"] == 0
