"""Files on the page of proposals: names offered as codes, cuts of scores, and what is too large."""

from typing import Any

import pytest
from django.core.files.uploadhandler import TemporaryFileUploadHandler
from django.test import Client
from ruamel.yaml import YAML

from audit.models import AuditEvent
from config.settings import LARGEST_UPLOADED_FILE  # noqa: TID251  beside docker-compose.yml
from policy import active
from policy.models import Kind, ReferenceVersion
from tests import factories
from tests.config.container import ROOT
from tests.policy.pages.test_governance_pages import EXPERT, body, propose, upload

pytestmark = pytest.mark.django_db
REGISTRY = b"name,country,class,aliases,note,source\nExample,Finland,Military body,,,own\n"
SCORES = b"code;name;score\nFI;Finland;95\nSE;Sweden;60,5\nBY;Belarus;10\n"
CUTS = {
    "rising": "freer",
    "lowest": "0",
    "highest": "100",
    "very_high": "20",
    "high": "50",
    "medium": "75",
}


@pytest.fixture(autouse=True)
def _versions() -> None:
    factories.reference_data()


def count(kind: str) -> int:
    return ReferenceVersion.objects.of(kind).count()


def test_names_are_shown_with_their_codes_and_accepted_at_once(site: Client) -> None:
    events = AuditEvent.objects.count()
    shown = propose(site, "registry", label="2.0", upload=upload(REGISTRY))
    assert shown.status_code == 422
    assert "<td>Finland</td><td><code>FI</code></td>" in body(shown)
    assert "line 2, column “country”" in body(shown)
    assert (count(Kind.REGISTRY), AuditEvent.objects.count()) == (1, events)
    digest = shown.context["offered"]["digest"]
    assert f'name="codes" value="{digest}"' in body(shown)
    stored = propose(site, "registry", label="2.0", upload=upload(REGISTRY), codes=digest)
    assert stored.status_code == 302
    version = ReferenceVersion.objects.get(kind=Kind.REGISTRY, label="2.0")
    [party] = active.registry(version).parties
    assert (party.country, party.kind) == ("FI", "military")
    assert AuditEvent.objects.count() == events + 1


def test_a_pasted_text_keeps_its_names_on_the_page_until_they_are_accepted(site: Client) -> None:
    text = (
        'catalogue: products\nlabel: "2.0"\nfamilies:\n  - family: Radio\n    products:\n'
        "      - id: radio\n        name: Radio\n        capabilities: [Radio access network]\n"
        "        control: Not controlled\n"
    )
    shown = propose(site, "catalogue", text=text)
    assert shown.status_code == 422
    assert "capabilities: [Radio access network]" in body(shown)
    digest = shown.context["offered"]["digest"]
    assert propose(site, "catalogue", text=text, codes=digest).status_code == 302
    version = ReferenceVersion.objects.get(kind=Kind.CATALOGUE, label="2.0")
    assert active.catalogue(version).by_id["radio"].capabilities == ("ran",)


class TestScores:
    def propose(self, site: Client, **fields: Any) -> Any:
        return propose(site, "countries", label="2.0", **EXPERT, upload=upload(SCORES), **fields)

    def test_the_page_asks_for_the_cuts(self, site: Client) -> None:
        asked = self.propose(site)
        assert asked.status_code == 422
        assert "Its scores run from 10 to 95." in " ".join(body(asked).split())
        assert all(f'name="{name}"' in body(asked) for name in CUTS)
        assert count(Kind.COUNTRIES) == 1

    def test_the_tiers_are_shown_before_anything_is_stored(self, site: Client) -> None:
        shown = self.propose(site, **CUTS)
        assert shown.status_code == 200
        assert "Very high: 1. Belarus 10" in body(shown)
        assert "Medium: 1. Sweden 60.5" in body(shown)
        assert "Low: 1. Finland 95" in body(shown)
        assert count(Kind.COUNTRIES) == 1
        seen = shown.context["counted"]["digest"]
        assert self.propose(site, **CUTS, seen=seen).status_code == 302
        version = ReferenceVersion.objects.get(kind=Kind.COUNTRIES, label="2.0")
        ratings = next(one for one in active.countries(version).lists if one.source != "V-Dem")
        assert {one.code: one.tier for one in ratings.ratings} == {
            "FI": "low",
            "SE": "medium",
            "BY": "very_high",
        }
        assert "below 20 very high" in ratings.method

    def test_other_cuts_than_those_that_were_seen_are_shown_first(self, site: Client) -> None:
        seen = self.propose(site, **CUTS).context["counted"]["digest"]
        assert self.propose(site, **CUTS | {"medium": "60"}, seen=seen).status_code == 200
        assert count(Kind.COUNTRIES) == 1

    @pytest.mark.parametrize(
        ("cuts", "said"),
        [
            ({"high": ""}, "Enter a number"),
            ({"high": "x"}, "Enter a number"),
            ({"high": "80"}, "must climb inside the scale"),
            ({"highest": "70"}, "must climb inside the scale"),
            ({"rising": "riskier"}, "must climb inside the scale"),
        ],
    )
    def test_cuts_that_are_none_are_refused(
        self, site: Client, cuts: dict[str, str], said: str
    ) -> None:
        response = self.propose(site, **CUTS | cuts)
        assert response.status_code == 422
        assert said in body(response)
        assert count(Kind.COUNTRIES) == 1


class TestRoom:
    #: Longer than what is kept in memory.
    LARGE = b"code,tier\n" + b"FI,low\n" * 500_000

    def test_a_file_that_is_too_large_is_told_with_the_limit(
        self, site: Client, settings: Any
    ) -> None:
        settings.LARGEST_UPLOADED_FILE = 3_000_000
        response = propose(site, "countries", label="2.0", **EXPERT, upload=upload(self.LARGE))
        assert response.status_code == 422
        assert "The file is larger than 3 MB" in body(response)
        assert "Choose a file" not in body(response)

    def test_a_full_disk_is_told_too(self, site: Client, monkeypatch: pytest.MonkeyPatch) -> None:
        def full(*_: Any) -> None:
            raise OSError(28, "No space left on device")

        monkeypatch.setattr(TemporaryFileUploadHandler, "receive_data_chunk", full)
        response = propose(site, "countries", label="2.0", **EXPERT, upload=upload(self.LARGE))
        assert response.status_code == 422
        assert "There is no room left for the file" in body(response)

    def test_the_image_has_room_for_the_largest_file(self) -> None:
        stack = YAML(typ="safe").load((ROOT / "docker-compose.yml").read_text())
        [tmp] = stack["services"]["web"]["tmpfs"]
        assert tmp.startswith("/tmp:size=1g")
        assert LARGEST_UPLOADED_FILE * 1.5 < 2**30
