"""The product catalogue: what can be sold, and what each line can do.

YAML 1.2. A line has an id, a name, capabilities, standard features, features that may be built out
with proof, and the export-control result to assume until trade compliance has looked at the deal.
"""

from collections.abc import Callable, Collection, Container, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache

from policy.engine.language.facts import digest
from policy.engine.language.marked import Node, Problem, Problems, ReadingError, read_marked
from policy.engine.language.shapes import Shapes
from policy.engine.language.words import shown
from policy.reference.names.lexicon import plainly
from policy.reference.names.readings import readings, spoken
from policy.reference.registry import fold

CONTROLS = ("not_controlled", "licence_required", "prohibited")
#: Words, and lines of a deal less the words that no product has.
REMEMBERED = 4096
_TEXTS = ("id", "name", "control")
_LISTS = ("includes", "also")
_FEATURE = ("feature", "name", "removes", "proof")


class CatalogueError(ValueError):
    """A catalogue that cannot be read; `problems` has one sentence for each line at fault."""

    def __init__(self, places: Sequence[Problem]) -> None:
        self.places = tuple(places)
        self.problems = tuple(problem.sentence for problem in places)
        super().__init__("\n".join(self.problems))


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

    def may_name(self, word: str) -> bool:
        """Whether a word stands in the name of some product, or may be one that does."""
        stem = _stem(word)
        return stem in self._all_words or word in self._folded_words

    @cached_property
    def _folded_words(self) -> frozenset[str]:
        return frozenset(word for name in self._by_name for word in name.split())

    def find(self, name: str) -> Product | None:
        """The product with this id, name or other name; None when there is none."""
        return self._by_name.get(fold(name))

    @cached_property
    def _words(self) -> Sequence[tuple[frozenset[str], Product]]:
        """The words of each name, the longest name first."""
        names = [(_stems(name), product) for name, product in self._by_name.items()]
        return sorted(names, key=lambda pair: -len(pair[0]))

    @cached_property
    def _all_words(self) -> frozenset[str]:
        return frozenset().union(*(words for words, _product in self._words))

    @cached_property
    def _with_words(self) -> Callable[[frozenset[str]], Product | None]:
        """The product whose words are among these; remembered, because lines share theirs."""

        @lru_cache(REMEMBERED)
        def find(words: frozenset[str]) -> Product | None:
            return next((product for own, product in self._words if own and own <= words), None)

        return find

    def like(self, name: str) -> Product | None:
        """The product all of whose words stand in a line that is not in the catalogue by its name,
        whatever stands there besides; None when there is none.
        """
        words = _stems(name) & self._all_words
        return self._with_words(words) if words else None


def _stems(name: str) -> frozenset[str]:
    """The words of a name as they are read, in one number."""
    return frozenset(filter(None, map(_stem, spoken(readings(name)))))


@lru_cache(REMEMBERED)
def _stem(word: str) -> str:
    plain = plainly(word)[0]
    return plain.removesuffix("s") if len(plain) > 1 else ""


def read_catalogue(
    text: str, *, capabilities: Collection[str], meant: Callable[[str], str] | None = None
) -> Catalogue:
    """The catalogue from YAML text; CatalogueError names every product that does not fit.

    ``meant`` gives the code for a name, so that a problem can say what should stand there.
    """
    problems = Problems("catalogue")
    try:
        root = read_marked(text, problems)
        label, products = _CatalogueReader(capabilities, Shapes(problems, meant)).read(root)
        problems.check()
    except ReadingError as error:
        raise CatalogueError(error.problems) from None
    return Catalogue(label, products, digest(text))


class _CatalogueReader:
    def __init__(self, capabilities: Collection[str], shapes: Shapes) -> None:
        self.capabilities = capabilities
        self.problems = shapes.problems
        self.shapes = shapes
        #: Names that are taken, folded, with the product and the line that has them.
        self.taken: dict[str, tuple[str, int]] = {}

    def read(self, root: Node) -> tuple[str, tuple[Product, ...]]:
        fields = self.shapes.fields(root, "catalogue", ("families",), ("catalogue", "label"))
        label = self.shapes.text(fields.get("label"), "label")
        return label, tuple(self._products(fields.get("families")))

    def _products(self, node: Node | None) -> Iterator[Product]:
        for at, family in enumerate(self.shapes.parts(node, "families"), start=1):
            what = f"family {at}"
            fields = self.shapes.fields(family, what, ("family", "products"))
            name = self.shapes.text(fields.get("family"), what)
            for line in self.shapes.parts(fields.get("products"), what):
                if self.problems.full:
                    return
                product = self._product(name, line)
                self._take(product, line)
                yield product

    def _product(self, family: str, line: Node) -> Product:
        what = _called(line)
        fields = self.shapes.fields(
            line, what, (*_TEXTS, "capabilities"), (*_LISTS, "removable", "control_list")
        )
        capabilities = self._capabilities(fields.get("capabilities"), what)
        also, includes = fields.get("also"), fields.get("includes")
        return Product(
            id=self.shapes.text(fields.get("id"), f"{what}: id"),
            name=self.shapes.text(fields.get("name"), f"{what}: name"),
            family=family,
            capabilities=capabilities,
            control=self.shapes.one_of(fields.get("control"), f"{what}: control", CONTROLS),
            includes=self._texts(includes, f"{what}: includes"),
            removable=tuple(self._features(fields.get("removable"), what, capabilities)),
            also=self._texts(also, f"{what}: also"),
            control_list=self.shapes.text(fields.get("control_list"), f"{what}: control_list"),
        )

    def _capabilities(self, node: Node | None, what: str) -> tuple[str, ...]:
        if node is not None and node.parts == []:
            self.problems.add(
                node, f"{what}: no capability; an unclassified line says so: write [unclassified]"
            )
        parts = self.shapes.parts(node, f"{what}: capabilities")
        return tuple(name for part in parts if (name := self._capability(part, what)))

    def _capability(self, part: Node, what: str) -> str:
        if isinstance(part.value, str) and part.value in self.capabilities:
            return part.value
        hint = self.shapes.hint(part.value, self.capabilities)
        code = self.shapes.code_for(part.value, self.capabilities)
        self.problems.add(part, f"{what}: unknown capability {part.described}{hint}", code=code)
        return ""

    def _texts(self, node: Node | None, what: str) -> tuple[str, ...]:
        return tuple(self.shapes.text(part, what) for part in self.shapes.parts(node, what))

    def _features(
        self, node: Node | None, what: str, capabilities: Container[str]
    ) -> Iterator[Feature]:
        seen: set[str] = set()
        for part in self.shapes.parts(node, f"{what}: removable"):
            fields = self.shapes.fields(part, f"{what}: removable feature", _FEATURE)
            named = [
                self.shapes.text(fields.get(name), f"{what}: removable feature: {name}")
                for name in _FEATURE
            ]
            feature = Feature(*named)
            if feature.id in seen:
                self.problems.add(part, f"{what}: the feature {shown(feature.id)} appears twice")
            seen.add(feature.id)
            if feature.removes and feature.removes not in capabilities:
                self.problems.add(
                    part, f"{what}: {shown(feature.removes)} is not one of its capabilities"
                )
            yield feature

    def _take(self, product: Product, line: Node) -> None:
        """No two products have a name in common: a deal names its products, nothing else."""
        own = (product.id, product.name, *product.also)
        for name in sorted({fold(name) for name in own if name}):
            if name in self.taken:
                owner, taken_in = self.taken[name]
                what = f"{product.id}: {shown(name)} already names {owner} (line {taken_in})"
                self.problems.add(line, what)
            else:
                self.taken[name] = product.id, line.line


def _called(line: Node) -> str:
    """How an error calls a product: by its id as it stands in the text."""
    for key, value in line.entries or ():
        if key.value == "id":
            return value.described
    return "a product"
