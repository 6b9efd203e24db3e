"""Published lists of names are proposed: counted first, then stored beside the active registry."""

from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse

from audit.models import AuditEvent
from policy import actions, active
from policy.governance import proposals
from policy.models import CheckReport, Kind, ReferenceVersion
from tests import factories
from tests.policy.governance.test_governance import looser, work
from tests.policy.pages.test_governance_pages import INPUTS, WHY, body, upload

pytestmark = pytest.mark.django_db
LISTS = INPUTS / "lists"


@pytest.fixture(autouse=True)
def _versions() -> None:
    factories.reference_data()


def file(name: str, *change: bytes) -> SimpleUploadedFile:
    raw = (LISTS / name).read_bytes()
    return upload(raw.replace(*change) if change else raw, name)


def post(client: Client, **fields: Any) -> Any:
    given = {"label": "2.0", "edition": "2026-11-20", "note": WHY, **fields}
    return client.post(reverse("policy:propose", args=["registry"]), given)


def ofac() -> dict[str, SimpleUploadedFile]:
    return {"upload": file("sdn.csv"), "aliases": file("alt.csv")}


def seen(response: Any) -> str:
    """What the page gives back when the counts were shown."""
    assert response.status_code == 200
    digest = str(response.context["counted"]["digest"])
    assert f'name="seen" value="{digest}"' in body(response)
    return digest


def registries() -> int:
    return ReferenceVersion.objects.of(Kind.REGISTRY).count()


def test_a_list_is_counted_before_anything_is_stored(site: Client) -> None:
    counted = post(site, **ofac())
    told = body(counted)
    assert "OFAC SDN, edition 2026-11-20: 8 entries read, 5 become parties" in told
    assert "Left out: people, 1." in told
    assert "Nothing is stored yet." in told
    assert registries() == 1

    stored = post(site, **ofac(), seen=seen(counted))
    version = ReferenceVersion.objects.get(kind=Kind.REGISTRY, label="2.0")
    assert stored.headers["Location"] == reverse("policy:version", args=[version.pk])
    assert not version.is_active
    told = AuditEvent.objects.filter(subject=version.subject).values_list("verb", flat=True)
    assert list(told) == ["version.proposed"]
    assert version.source == "Public lists, see policy/data/NOTICE.md; OFAC SDN"
    assert version.edition == "1.1; OFAC SDN 2026-11-20"
    assert version.licence.startswith("CC0 1.0, MIT; Work of the U.S. Government, public domain")
    former = active.version(Kind.REGISTRY)
    assert former is not None
    new = set(active.registry(version).parties) - set(active.registry(former).parties)
    assert {(party.kind, party.source) for party in new} == {("question", "list:OFAC SDN")}
    assert len(new) == 5


def test_another_file_than_the_one_that_was_counted_is_counted_again(site: Client) -> None:
    digest = seen(post(site, **ofac()))
    other = post(site, upload=file("sdn.csv"), seen=digest)
    assert "Without ALT.CSV" in body(other)
    assert registries() == 1


def test_trying_counts_too(site: Client) -> None:
    factories.cleared_deal()
    tried = post(site, **ofac(), note="", **{"try": "1"})
    assert "8 entries read" in body(tried)
    assert "None of 1 past screenings would come out differently." in body(tried)
    assert post(site, **ofac(), seen=seen(tried)).status_code == 302


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"upload": ("sdn.csv", b"SYRIATEL", b"\xc9")}, "byte 0xc9 is not UTF-8"),
        ({"upload": ("sdn.csv",), "edition": ""}, "the field Edition: is empty"),
        ({"upload": ("plain.csv",)}, "the field Source: is empty"),
        ({"upload": ("eu.csv",), "aliases": ("alt.csv",)}, "belongs to OFAC&#x27;s SDN.CSV only"),
        ({"upload": ("README.md",), "aliases": ("alt.csv",)}, "belongs to OFAC&#x27;s SDN.CSV"),
        ({"upload": ("README.md",)}, "those of a list that is known here: OFAC, SDN.CSV with"),
        ({"upload": ("alt.csv",)}, "line 1: &#x27;36&#x27; has 5 fields, not 12"),
    ],
)
def test_what_cannot_be_read_is_refused_and_nothing_is_stored(
    site: Client, fields: dict[str, Any], said: str
) -> None:
    files = {
        name: value if isinstance(value, str) else file(*value) for name, value in fields.items()
    }
    response = post(site, **files)
    assert response.status_code == 422
    assert said in body(response)
    assert registries() == 1


def test_a_list_too_long_to_store_is_refused(site: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(proposals, "LARGEST_UPLOAD", 100_000)
    response = post(site, **ofac())
    assert response.status_code == 422
    assert "larger than 100,000 bytes" in body(response)


def test_the_next_edition_replaces_the_first_and_the_check_names_who_left(
    site: Client, anna: Any, boris: Any
) -> None:
    post(site, **ofac(), seen=seen(post(site, **ofac())))
    first = ReferenceVersion.objects.get(kind=Kind.REGISTRY, label="2.0")
    report = checked(first, anna)
    # Names that are asked about from now on let nothing through.
    assert {one["name"] for one in report.found["entries"]} == {"questions added"}
    assert looser(report) == []
    actions.activate_version(first, report=report, actor=boris)

    def newer() -> dict[str, Any]:
        sdn = file("sdn.csv", b'4691,"AUM SHINRIKYO"', b'4692,"EXAMPLE HOLDING"')
        return {"upload": sdn, "label": "1.2", "edition": "2026-11-27"}

    counted = post(site, **newer())
    assert "5 rows of its earlier edition are replaced; the others stay." in body(counted)
    post(site, **newer(), seen=seen(counted))
    second = ReferenceVersion.objects.get(kind=Kind.REGISTRY, label="1.2")
    assert second.source == first.source
    assert second.edition == "1.1; OFAC SDN 2026-11-27"
    found = {one["name"]: one["entries"] for one in checked(second, anna).found["entries"]}
    assert found["parties removed"] == ["AUM SHINRIKYO (international)"]
    assert found["questions added"] == ["EXAMPLE HOLDING (international): question"]
    assert "names lost" in found
    assert "parties edited" in found


def checked(version: ReferenceVersion, proposer: Any) -> CheckReport:
    report = actions.start_check(version, actor=proposer)
    work(actions.CHECK)
    report.refresh_from_db()
    return report
