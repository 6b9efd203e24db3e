"""The product catalogue: what can be sold, and what each line can do.

YAML 1.2. A line has an id, a name, capabilities, standard features, features that may be built out
with proof, and the export-control result to assume until trade compliance has looked at the deal.
"""

import io
from collections.abc import Container, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError

from policy.engine.facts import digest
from policy.engine.words import did_you_mean, shown
from policy.registry import fold

CONTROLS = ("not_controlled", "licence_required", "prohibited")
_KEYS = {
    "id", "name", "capabilities", "control",
    "also", "includes", "removable", "control_list",
}  # fmt: skip
_FEATURE_KEYS = {"feature", "name", "removes", "proof"}


class CatalogueError(ValueError):
    """A catalogue that cannot be read; `problems` has one sentence for each line at fault."""

    def __init__(self, problems: Sequence[str]) -> None:
        super().__init__("\n".join(problems))
        self.problems = tuple(problems)


@dataclass(frozen=True, slots=True)
class Feature:
    """Something that may be built out of a product; `removes` leaves the deal with `proof`."""

    id: str
    name: str
    removes: str
    proof: str


@dataclass(frozen=True, slots=True)
class Product:
    """One line of the catalogue."""

    id: str
    name: str
    family: str
    capabilities: tuple[str, ...]
    control: str
    includes: tuple[str, ...] = ()
    removable: tuple[Feature, ...] = ()
    also: tuple[str, ...] = ()
    control_list: str = ""

    def capabilities_without(self, features: Container[str]) -> list[str]:
        """What is left when some removable features are built out."""
        gone = {feature.removes for feature in self.removable if feature.id in features}
        return [capability for capability in self.capabilities if capability not in gone]


@dataclass(frozen=True)
class Catalogue:
    """The products, and the digest of the text that they were read from."""

    label: str
    products: tuple[Product, ...]
    digest: str

    @cached_property
    def by_id(self) -> Mapping[str, Product]:
        return {product.id: product for product in self.products}

    @cached_property
    def _by_name(self) -> Mapping[str, Product]:
        names: dict[str, Product] = {}
        for product in self.products:
            names |= {fold(name): product for name in (product.id, product.name, *product.also)}
        return names

    def named(self, line: str) -> str:
        """How a sentence names a line of a deal: an id by its name, other words as they are."""
        product = self.by_id.get(line)
        return product.name if product else line

    def find(self, name: str) -> Product | None:
        """The product with this id, name or other name; None when there is none."""
        return self._by_name.get(fold(name))


def read_catalogue(text: str, *, capabilities: Container[str]) -> Catalogue:
    """The catalogue from YAML text; CatalogueError names every product that does not fit."""
    try:
        tree = YAML(typ="rt", pure=True).load(io.StringIO(text))
    except YAMLError as error:
        raise CatalogueError([" ".join(str(error).split())]) from None
    if not isinstance(tree, Mapping) or not isinstance(tree.get("families"), list):
        raise CatalogueError(['line 1: expected the keys "label" and "families"'])
    problems: list[str] = []
    products = []
    taken: dict[str, tuple[str, int]] = {}
    for family, line in _lines(tree["families"], problems):
        wrong = _wrong(line, capabilities)
        if not wrong:
            product = _product(str(family), line)
            products.append(product)
            wrong = _taken(product, line.lc.line + 1, taken)
        problems.extend(f"line {line.lc.line + 1}: {sentence}" for sentence in wrong)
    if problems:
        raise CatalogueError(problems)
    return Catalogue(str(tree.get("label", "")), tuple(products), digest(text))


def _lines(families: Sequence[Any], problems: list[str]) -> Iterator[tuple[str, Any]]:
    for at, family in enumerate(families, start=1):
        lines = family.get("products") if isinstance(family, Mapping) else None
        if not isinstance(lines, list) or not isinstance(family.get("family"), str):
            problems.append(f'family {at}: expected the keys "family" and "products"')
            continue
        for line in lines:
            if isinstance(line, Mapping):
                yield family["family"], line
            else:
                problems.append(f"family {at}: {shown(line)} is no product")


def _wrong(line: Mapping[str, Any], capabilities: Container[str]) -> list[str]:
    name = shown(line.get("id", ""))
    wrong = [f"{name}: unknown key {shown(key)}" for key in line if key not in _KEYS]
    wrong += [
        f"{name}: {key} must be text"
        for key in ("id", "name", "control")
        if not isinstance(line.get(key), str) or not line[key].strip()
    ]
    for key in ("capabilities", "includes", "also"):
        value = line.get(key, [])
        if not isinstance(value, list) or not all(isinstance(one, str) for one in value):
            wrong.append(f"{name}: {key} must be a list of texts")
    if wrong:
        return wrong
    if not line.get("capabilities"):
        wrong.append(f"{name}: no capability; an unclassified line says so: [unclassified]")
    wrong += [_strange(name, one, capabilities) for one in line["capabilities"]]
    if line["control"] not in CONTROLS:
        wrong.append(f"{name}: control {shown(line['control'])} is none of {CONTROLS}")
    wrong += _wrong_features(name, line)
    return [sentence for sentence in wrong if sentence]


def _strange(name: str, capability: str, known: Container[str]) -> str:
    if capability in known:
        return ""
    hint = did_you_mean(capability, list(known))  # type: ignore[call-overload]
    return f"{name}: unknown capability {shown(capability)}{hint}"


def _wrong_features(name: str, line: Mapping[str, Any]) -> list[str]:
    wrong = []
    seen: set[str] = set()
    for feature in line.get("removable", []):
        if not isinstance(feature, Mapping) or set(feature) != _FEATURE_KEYS:
            wrong.append(f"{name}: a removable feature has feature, name, removes and proof")
        elif feature["removes"] not in line["capabilities"]:
            wrong.append(f"{name}: {shown(feature['removes'])} is none of its capabilities")
        elif feature["feature"] in seen:
            wrong.append(f"{name}: the feature {shown(feature['feature'])} is there twice")
        else:
            seen.add(feature["feature"])
    return wrong


def _taken(product: Product, line: int, taken: dict[str, tuple[str, int]]) -> list[str]:
    wrong = []
    for name in {fold(name) for name in (product.id, product.name, *product.also)}:
        owner, first = taken.setdefault(name, (product.id, line))
        if first != line:
            same = "the id" if owner == product.id else "the name"
            wrong.append(
                f"{product.id}: {same} {shown(name)} belongs to {owner} in line {first} already"
            )
    return sorted(wrong)


def _product(family: str, line: Mapping[str, Any]) -> Product:
    return Product(
        id=str(line["id"]),
        name=str(line["name"]),
        family=family,
        capabilities=tuple(map(str, line["capabilities"])),
        control=str(line["control"]),
        includes=tuple(map(str, line.get("includes", ()))),
        removable=tuple(
            Feature(str(one["feature"]), str(one["name"]), str(one["removes"]), str(one["proof"]))
            for one in line.get("removable", ())
        ),
        also=tuple(map(str, line.get("also", ()))),
        control_list=str(line.get("control_list", "")),
    )
