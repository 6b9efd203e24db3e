"""The HTTP API answers as docs/api/openapi.yaml says, to whatever is sent.

schemathesis makes the requests out of the document, well-formed and not, and compares each answer
with it: status, media type, headers and body.
"""

from collections import Counter
from collections.abc import Iterator
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest
import schemathesis
from django.contrib.auth.models import User
from django.core.handlers.wsgi import WSGIHandler
from django.core.signals import request_finished, request_started
from django.db import close_old_connections
from django.test import Client
from drf_spectacular.generators import SchemaGenerator
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis import GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi import checks

from config.devtools.embedded import ROOT
from policy import api as policy_api
from policy.facts import shipped
from policy.facts.declared import NAMES
from tests import factories
from tests.test_access import people  # noqa: F401  a fixture

pytestmark = [pytest.mark.django_db, pytest.mark.example_laws]
API = schemathesis.openapi.from_path(ROOT / "docs/api/openapi.yaml")
OPERATIONS = {found.ok().label: found.ok() for found in API.get_all_operations()}
CHECKS = [
    not_a_server_error,
    checks.status_code_conformance,
    checks.content_type_conformance,
    checks.response_headers_conformance,
    checks.response_schema_conformance,
]

TOKEN = "a" * 32


@pytest.fixture(autouse=True)
def _one_connection(settings: Any) -> Iterator[None]:
    """The server's own handler would close the connection that holds the test's transaction."""
    settings.ALLOWED_HOSTS = ["localhost", "testserver"]
    ends = (request_started, request_finished)
    for signal in ends:
        signal.disconnect(close_old_connections)
    yield
    for signal in ends:
        signal.connect(close_old_connections)


def ask(case: Any, user: User | None) -> Any:
    """The answer to this request of the person; it fails when the document does not say it."""
    cookies = {"proviso-csrf": TOKEN}
    if user:
        client = Client()
        client.force_login(user)
        cookies["proviso-session"] = client.cookies["proviso-session"].value
    return case.call_and_validate(
        base_url="http://localhost",
        app=WSGIHandler(),
        checks=CHECKS,
        cookies=cookies,
        headers={"X-CSRFToken": TOKEN},
    )


@pytest.mark.parametrize("mode", list(GenerationMode), ids=lambda mode: mode.value)
@pytest.mark.parametrize("label", OPERATIONS)
def test_every_answer_is_in_the_document(
    label: str,
    mode: GenerationMode,
    people: dict[str, User],  # noqa: F811
) -> None:
    seen: Counter[int] = Counter()

    @settings(
        max_examples=30,
        derandomize=True,
        database=None,
        deadline=None,
        phases=[Phase.explicit, Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(case=OPERATIONS[label].as_strategy(generation_mode=mode))
    def try_many(case: Any) -> None:
        seen[ask(case, people["auditor"]).status_code] += 1

    try_many()
    assert seen.total() >= 10
    # A header that is left out on purpose is the CSRF token; everybody else here is let in.
    assert 401 not in seen
    assert seen.keys() != {403}


@pytest.mark.parametrize("role", ["sales", "senior_reviewer", "compliance", "auditor"])
def test_deals_of_every_kind_are_in_the_document(
    role: str,
    people: dict[str, User],  # noqa: F811
) -> None:
    made = (
        factories.draft_deal(people["sales"]),
        factories.deal_in_review(people["sales"]),
        factories.barred_deal(people["sales"]),
        factories.cleared_deal(people["sales"]),
    )
    one, many = OPERATIONS["GET /api/v1/deals/{id}"], OPERATIONS["GET /api/v1/deals"]
    seen = [ask(one.Case(path_parameters={"id": deal.pk}), people[role]) for deal in made]
    assert {answer.status_code for answer in seen[1:]} == {200}
    page = ask(many.Case(query={"page_size": 2}), people[role]).json()
    assert [deal["id"] for deal in page["results"]] == [made[3].pk, made[2].pk]
    assert page["previous"] is None
    following = dict(parse_qsl(urlsplit(page["next"]).query))
    rest = ask(many.Case(query=following), people[role]).json()
    assert rest["results"][0]["id"] == made[1].pk


@pytest.mark.parametrize("label", OPERATIONS)
def test_strangers_get_401_and_other_roles_403(label: str, people: dict[str, User]) -> None:  # noqa: F811
    words: dict[str, Any] = {"path_parameters": {"id": 1}} if "{id}" in label else {}
    if label.startswith("POST"):
        words["body"] = policy_api.EXAMPLE
    stranger = ask(OPERATIONS[label].Case(**words), None)
    assert stranger.status_code == 401
    assert stranger.headers["www-authenticate"][0].startswith("Cookie ")
    role = ask(OPERATIONS[label].Case(**words), people["administrator"])
    assert role.status_code == (200 if "rulebook" in label else 403)


def test_the_example_of_the_document_is_screened(people: dict[str, User]) -> None:  # noqa: F811
    operation = OPERATIONS["POST /api/v1/screen"]
    (example,) = operation.definition.raw["requestBody"]["content"]["application/json"][
        "examples"
    ].values()
    answer = ask(operation.Case(body=example["value"]), people["compliance"])
    assert answer.status_code == 200
    assert answer.json()["outcome"] == "bar"


def test_the_token_of_the_session_is_asked_for(people: dict[str, User]) -> None:  # noqa: F811
    client = Client(enforce_csrf_checks=True)
    client.force_login(people["compliance"])
    answer = client.post("/api/v1/screen", policy_api.EXAMPLE, content_type="application/json")
    assert answer.status_code == 403
    assert answer["Content-Type"] == "application/problem+json"


def test_an_address_that_is_not_there(people: dict[str, User]) -> None:  # noqa: F811
    client = Client()
    assert client.get("/api/v1/nothing").status_code == 401
    client.force_login(people["auditor"])
    answer = client.get("/api/v1/nothing")
    assert answer.status_code == 404
    assert answer.json()["status"] == 404


def test_every_refusal_is_in_the_document() -> None:
    """The document that is served is made anew; ./run check compares the one in docs/ with it."""
    served = SchemaGenerator().get_schema(request=None, public=True)
    for operations in served["paths"].values():
        for operation in operations.values():
            answers = operation["responses"]
            assert {"200", "400", "401", "403", "404", "406", "503"} <= answers.keys()
            for status, answer in answers.items():
                problem = "application/problem+json" in answer["content"]
                assert problem is (status != "200")


def test_every_declared_fact_is_described() -> None:
    assert set(policy_api.JSON_TYPES) <= NAMES
    checks = shipped.load().checks
    for name in NAMES - policy_api.JSON_TYPES.keys():
        assert checks.problems({name: ["x"]}), f"{name} is called a text and takes a list"
