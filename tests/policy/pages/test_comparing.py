"""The page that compares two versions of one kind, its limits, and its way back by the address."""

from dataclasses import replace
from threading import Lock
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from policy import actions
from policy.engine.proof.proof import LIMITS, Limits, NotProved
from policy.governance import proving
from policy.governance.versions import Content
from policy.models import Kind, ReferenceVersion
from policy.pages import comparing
from tests import factories
from tests.policy.governance.test_governance import (
    STRICTER,
    WEAKER,
    changed_rulebook,
    rated,
    shipped,
)
from tests.policy.governance.test_labelled import MILDER

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _versions() -> None:
    factories.reference_data()
    comparing._found.cache_clear()


def active(kind: str) -> ReferenceVersion:
    return ReferenceVersion.objects.active().get(kind=kind)


def proposed(content: Content, actor: Any) -> tuple[ReferenceVersion, ReferenceVersion]:
    """The active version and a proposal beside it."""
    return active(content.kind), actions.propose_version(content, actor=actor)


def compare(client: Client, before: Any, after: Any, kind: str = Kind.RULEBOOK) -> Any:
    address = reverse("policy:difference", args=[kind])
    chosen = {"before": getattr(before, "pk", before), "after": getattr(after, "pk", after)}
    return client.get(address, chosen)


def body(response: Any) -> str:
    return str(response.content.decode())


class TestRulebooks:
    def test_an_example_says_what_is_not_known_of_it(self, site: Client, anna: Any) -> None:
        page = compare(site, *proposed(changed_rulebook(MILDER), anna))
        kinds = {(one.change.before, one.change.after): one for one in page.context["differences"]}
        known = kinds["executive_review", "senior_review"].example.remarkable
        open_ = kinds["executive_review", "needs_information"].example.remarkable
        assert [row for row in open_ if row not in known] == [
            ("Local law conflicts with human-rights standards", "not known")
        ]

    def test_what_got_weaker_comes_first_with_a_plain_deal(self, site: Client, anna: Any) -> None:
        page = compare(site, *proposed(changed_rulebook(STRICTER, WEAKER), anna))
        kinds = page.context["differences"]
        assert [kinds[0].change.is_looser, kinds[-1].change.is_looser] == [True, False]
        assert "B01 Active surveillance is excluded" in kinds[0].rules
        assert kinds[0].example.remarkable
        assert "Lets more through." in body(page)
        assert "past screening" not in body(page)

    def test_the_other_way_round_what_was_weaker_is_stricter(self, site: Client, anna: Any) -> None:
        old, new = proposed(changed_rulebook(STRICTER), anna)
        there, back = (
            compare(site, *pair).context["differences"] for pair in ((old, new), (new, old))
        )
        assert {one.change.is_looser for one in there} == {False}
        assert {one.change.is_looser for one in back} == {True}

    def test_a_sentence_alone_changes_no_deal(self, site: Client, anna: Any) -> None:
        title = ("title: Military in a high-risk country", "title: Armies in such a country")
        page = compare(site, *proposed(changed_rulebook(title), anna))
        assert page.context["differences"] == []
        assert "No kind of deal differs." in body(page)
        assert len(page.context["rewritten"]) == 1
        assert f"with no effect on any outcome: {page.context['rewritten'][0]}." in body(page)

    def test_the_same_pair_is_proved_once(
        self, site: Client, anna: Any, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        asked = []
        whole = proving.differences

        def counted(*rulebooks: Any, limits: Limits) -> Any:
            asked.append(limits)
            return whole(*rulebooks, limits=limits)

        monkeypatch.setattr(proving, "differences", counted)
        pair = proposed(changed_rulebook(STRICTER), anna)
        first, second = (compare(site, *pair).context["differences"] for _ in range(2))
        assert first == second
        (limits,) = asked
        assert 0 < limits.effort_in_all < LIMITS.effort_in_all
        assert 0 < limits.seconds <= 20

    def test_without_an_answer_in_time_nothing_is_said(
        self, site: Client, anna: Any, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(comparing, "LIMITS", replace(comparing.LIMITS, seconds=0.01))
        pair = proposed(changed_rulebook(STRICTER), anna)
        page = compare(site, *pair)
        assert "The comparison could not be finished" in body(page)
        assert "could not be proved, try again: it took longer than 0.01 seconds" in body(page)
        assert "No kind of deal differs" not in body(page)
        monkeypatch.undo()
        assert compare(site, *pair).context["differences"]

    def test_nobody_waits_without_end_for_the_proof_of_another(
        self, anna: Any, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        taken = Lock()
        taken.acquire()
        monkeypatch.setattr(comparing, "_proofs", taken)
        monkeypatch.setattr(comparing, "PATIENCE", 0.01)
        with pytest.raises(NotProved, match="another comparison is running"):
            comparing.kinds_of_deals("sha256:a", "sha256:b")


class TestEntries:
    def test_countries_with_their_map(self, site: Client, anna: Any) -> None:
        page = compare(site, *proposed(rated("TR", "very_high", "low"), anna), Kind.COUNTRIES)
        (change,) = page.context["entries"]
        assert (change["entries"], change["looser"]) == (["Türkiye"], True)
        assert "<svg" in body(page)

    def test_no_entry_differs(self, site: Client, anna: Any) -> None:
        content = replace(shipped(Kind.REGISTRY), label="2.0")
        page = compare(site, *proposed(content, anna), Kind.REGISTRY)
        assert "No entry differs." in body(page)

    def test_products(self, site: Client, anna: Any) -> None:
        content = shipped(Kind.CATALOGUE)
        changed = content.text.replace("capabilities: [ran]", "capabilities: [ran, li_interface]")
        assert changed != content.text
        pair = proposed(replace(content, label="1.1", text=changed), anna)
        (change,) = compare(site, *pair, Kind.CATALOGUE).context["entries"]
        assert change["name"] == "capabilities gained"
        assert "4G macro radio (lawful-interception interface)" in change["entries"]


class TestTheAddress:
    def test_a_bare_one_offers_the_choice(self, site: Client, anna: Any) -> None:
        proposed(changed_rulebook(), anna)
        page = site.get(reverse("policy:difference", args=["rulebook"]))
        assert page.status_code == 200
        assert "Compare two versions" in body(page)
        assert "1.2 (proposed)" in body(page)

    def test_it_begins_with_the_active_and_the_newest(self, site: Client, anna: Any) -> None:
        was, newest = proposed(changed_rulebook(), anna)
        form = site.get(reverse("policy:difference", args=[Kind.RULEBOOK])).context["form"]
        assert form.initial == {"before": str(was.pk), "after": str(newest.pk)}

    def test_one_version_alone_has_nothing_beside_it(self, site: Client) -> None:
        alone = active(Kind.RULEBOOK)
        for chosen in ({}, {"after": alone.pk}):
            page = site.get(reverse("policy:difference", args=["rulebook"]), chosen)
            assert page.status_code == 200
            assert "There is only one version" in body(page)

    def test_one_that_names_one_version_takes_the_active_one_beside_it(
        self, site: Client, anna: Any
    ) -> None:
        old, new = proposed(changed_rulebook(), anna)
        page = compare(site, "", new)
        assert (page.context["before"], page.context["after"]) == (old, new)
        page = compare(site, "", old)
        assert (page.context["before"], page.context["after"]) == (new, old)

    def test_it_holds_the_choice_over_a_reload(self, site: Client, anna: Any) -> None:
        old, new = proposed(changed_rulebook(), anna)
        page = compare(site, old, new)
        again = site.get(page.request["PATH_INFO"] + "?" + page.request["QUERY_STRING"])
        assert f'<option value="{old.pk}" selected>' in body(again)
        assert f'<option value="{new.pk}" selected>' in body(again)

    def test_twice_the_same_is_no_comparison(self, site: Client, anna: Any) -> None:
        old, _new = proposed(changed_rulebook(), anna)
        page = compare(site, old, old)
        assert page.status_code == 422
        assert "Choose a different version from the first" in body(page)

    @pytest.mark.parametrize("wrong", ["0", "x", "9" * 30, "-1"])
    def test_what_is_not_in_the_list_is_refused(self, site: Client, anna: Any, wrong: str) -> None:
        _old, new = proposed(changed_rulebook(), anna)
        page = compare(site, wrong, new)
        assert page.status_code == 422
        assert "Choose a version from the list" in body(page)

    def test_a_version_of_another_kind_is_not_in_the_list(self, site: Client, anna: Any) -> None:
        _old, new = proposed(changed_rulebook(), anna)
        assert compare(site, active(Kind.COUNTRIES), new).status_code == 422

    def test_an_unknown_kind_is_no_page(self, site: Client) -> None:
        assert site.get(reverse("policy:difference", args=["weather"])).status_code == 404

    def test_the_versions_link_here(self, site: Client, anna: Any) -> None:
        _old, new = proposed(changed_rulebook(), anna)
        page = body(site.get(reverse("policy:versions", args=["rulebook"])))
        link = f"{reverse('policy:difference', args=['rulebook'])}?after={new.pk}"
        assert link in page
        assert link in body(site.get(reverse("policy:version", args=[new.pk])))

    def test_sales_reads_no_proposals_here(self, client: Client, anna: Any) -> None:
        pair = proposed(changed_rulebook(), anna)
        client.force_login(factories.sales_person())
        assert compare(client, *pair).status_code == 403
        page = body(client.get(reverse("policy:versions", args=["rulebook"])))
        assert "difference" not in page
