"""Versions are read once: before the first page of a process, and not by each thread of its own."""

from concurrent.futures import ThreadPoolExecutor
from threading import Event
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from policy import active
from policy.models import Kind
from policy.reference import registry
from tests import factories as make

KEPT = (
    active._together,
    active.rulebook_with,
    active.compiled_with,
    active.countries_with,
    active.catalogue_with,
)


@pytest.mark.django_db
def test_no_page_reads_a_version_after_the_start() -> None:
    deal = make.deal_in_review()
    client = Client()
    client.force_login(make.senior())
    for kept in KEPT:
        kept.cache_clear()
    active.read_ahead()
    with CaptureQueriesContext(connection) as asked:
        for path in ("/", "/reviews/", f"/reviews/{deal.pk}/"):
            assert client.get(path).status_code == 200
    assert not [one for one in asked.captured_queries if '"content"' in one["sql"]]


def test_threads_that_need_the_same_versions_read_them_once(monkeypatch: Any) -> None:
    everybody_asks, read = Event(), []

    def slowly(contents: Any) -> object:
        everybody_asks.wait(10)
        read.append(contents)
        return object()

    monkeypatch.setattr("policy.governance.versions.read", slowly)
    once = active._Once(frozenset())
    with ThreadPoolExecutor(4) as threads:
        answers = [threads.submit(once.get) for _ in range(4)]
        everybody_asks.set()
    assert len({id(answer.result()) for answer in answers}) == len(read) == 1


def test_threads_that_search_the_same_names_build_the_search_once(monkeypatch: Any) -> None:
    everybody_asks, built = Event(), []

    def slowly(names: Any) -> object:
        everybody_asks.wait(10)
        built.append(list(names))
        return object()

    monkeypatch.setattr(registry, "Matcher", slowly)
    nobody = registry.Registry((), "sha256:0")
    with ThreadPoolExecutor(4) as threads:
        answers = [threads.submit(lambda: nobody._matcher) for _ in range(4)]
        everybody_asks.set()
    assert len({id(answer.result()) for answer in answers}) == len(built) == 1


@pytest.mark.django_db
def test_a_page_asks_once_which_versions_are_active() -> None:
    make.reference_data()
    with CaptureQueriesContext(connection) as asked, active.at_one_moment():
        first = active.reference_data()
        assert active.reference_data() is first
        assert active.digests([None]) == {None: ""} | {
            version.pk: version.digest for version in active.governing().values()
        }
    assert len([one for one in asked.captured_queries if "retired_at IS NULL" in one["sql"]]) == 1
    with CaptureQueriesContext(connection) as asked:
        assert active.versions()[Kind.RULEBOOK]
    assert len(asked) == 1, "outside of a page it is asked anew"
