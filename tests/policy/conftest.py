"""Two policy owners: one proposes, the other activates."""

from typing import Any

import pytest
from django.test import Client

from people import access
from tests import factories


@pytest.fixture
def anna() -> Any:
    return factories.person(access.POLICY_OWNER, name="Anna Berg")


@pytest.fixture
def boris() -> Any:
    return factories.person(access.POLICY_OWNER, name="Boris Lund")


@pytest.fixture
def site(client: Client, anna: Any) -> Client:
    client.force_login(anna)
    return client
