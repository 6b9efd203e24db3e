"""The product catalogue as it ships, and what a broken one says."""

import pytest

from policy.engine.language.facts import Flags
from policy.facts import shipped
from policy.reference.catalogue import CatalogueError, read_catalogue

REFERENCE = shipped.load()
CATALOGUE = REFERENCE.catalogue


def members():
    fact = REFERENCE.rulebook.vocabulary["capabilities"]
    assert isinstance(fact, Flags)
    return set(fact.members)


def test_there_is_something_to_pick():
    assert len(CATALOGUE.products) >= 90
    assert len({product.name for product in CATALOGUE.products}) == len(CATALOGUE.products)


def test_every_capability_is_on_some_line():
    used = {one for product in CATALOGUE.products for one in product.capabilities}
    assert used == members()


def test_some_lines_wait_for_classification():
    waiting = [p.id for p in CATALOGUE.products if "unclassified" in p.capabilities]
    assert 1 <= len(waiting) <= 2


def test_a_core_for_public_networks_intercepts():
    """Who sells a core sells its interception interface, unless the build is another one."""
    cores = {p.id for p in CATALOGUE.products if "mobile_core" in p.capabilities}
    without = {p for p in cores if "li_interface" not in CATALOGUE.by_id[p].capabilities}
    assert without == {
        "core-subscriber",
        "core-policy",
        "core-policy-dpi",
        "core-private",
        "core-priority",
        "core-exposure",
    }


@pytest.mark.parametrize(
    "name", ["core-5gsa", "5G standalone core", "5g STANDALONE core ", "5G core"]
)
def test_a_line_is_found_by_id_and_by_every_name(name):
    found = CATALOGUE.find(name)
    assert found is not None
    assert found.id == "core-5gsa"


def test_a_removable_feature_takes_its_capability_along():
    core = CATALOGUE.by_id["core-5gsa"]
    assert core.capabilities_without(["li-function"]) == ["mobile_core"]
    assert core.capabilities_without(["something else"]) == ["mobile_core", "li_interface"]


def line(**changes):
    fields = {"id": "a", "name": "A", "capabilities": "[ran]", "control": "not_controlled"}
    pairs = (fields | changes).items()
    return "\n".join(f"        {key}: {value}" for key, value in pairs).replace(
        "        id", "id", 1
    )


def catalogue(*lines):
    products = "\n".join(f"      - {one}" for one in lines)
    return f'label: "1"\nfamilies:\n  - family: F\n    products:\n{products}\n'


def test_a_small_catalogue_is_read():
    found = read_catalogue(catalogue(line()), capabilities=members())
    assert [product.name for product in found.products] == ["A"]
    assert found.digest.startswith("sha256:")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (
            catalogue(line(capabilities="[rann]")),
            'line 7, column 24: "a": unknown capability "rann"; did you mean ran',
        ),
        (catalogue(line(capabilities="[]")), "no capability; an unclassified line says so"),
        (catalogue(line(control="maybe")), '"a": control: unknown value "maybe"; it is one of'),
        (catalogue(line(colour="red")), 'unknown key "colour"'),
        (catalogue(line(name="5")), '"a": name: expected text, not 5; put it in quotes: "5"'),
        (catalogue(line(), line(id="b")), 'line 9, column 9: b: "a" already names a (line 5)'),
        (catalogue(line(), line(name="B")), 'line 9, column 9: a: "a" already names a (line 5)'),
        ("[" * 3_000, "nested deeper than 60"),
        ("families: &a [*a]", "anchors are not allowed"),
        ("families: !!python/object:os.system []", "tags are not allowed"),
        ("families:\n\t- family: F", "a tab at the beginning of the line; indent with spaces only"),
        ("families: []\nfamilies: []", 'duplicate key "families"; first on line 1'),
        ("- a", "expected lines such as “name: value”, not a list"),
        ("", "expected lines such as “name: value”, not nothing"),
        (
            catalogue(line(removable="[{feature: x, name: X, removes: mobile_core, proof: p}]")),
            '"mobile_core" is not one of its capabilities',
        ),
        ("families: [", "expected"),
        ("label: x", "catalogue: missing families"),
        ("families: [5]", "family 1: expected lines such as “name: value”, not 5"),
    ],
)
def test_a_broken_catalogue_names_line_and_value(text, said):
    with pytest.raises(CatalogueError) as raised:
        read_catalogue(text, capabilities=members())
    assert said in str(raised.value)
