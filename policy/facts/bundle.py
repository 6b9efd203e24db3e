"""One version of each kind of reference data, parsed, as deriving and screening need them."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

from policy.engine.language.condition import Rulebook
from policy.engine.language.facts import Choice, Flags
from policy.engine.readings.compiled import Compiled, compile_rulebook
from policy.facts.declared import Checks
from policy.reference.catalogue import Catalogue
from policy.reference.destinations import Countries
from policy.reference.laws import NONE, Laws
from policy.reference.registry import Registry


@dataclass(frozen=True)
class ReferenceData:
    """One version of each kind of reference data, parsed."""

    rulebook: Rulebook
    countries: Countries
    catalogue: Catalogue
    registry: Registry
    laws: Laws = NONE

    @property
    def digests(self) -> dict[str, str]:
        """Kind → "sha256:…" of the version that is used; "" for laws where there is none."""
        return {
            "rulebook": self.rulebook.digest,
            "countries": self.countries.digest,
            "catalogue": self.catalogue.digest,
            "registry": self.registry.digest,
            "laws": self.laws.digest,
        }

    @cached_property
    def compiled(self) -> Compiled:
        return compile_rulebook(self.rulebook)

    @cached_property
    def checks(self) -> Checks:
        return Checks(self.rulebook.vocabulary, self.countries, self.laws)

    @cached_property
    def capabilities(self) -> tuple[str, ...]:
        fact = self.rulebook.vocabulary["capabilities"]
        return fact.members if isinstance(fact, Flags) else ()

    @cached_property
    def kind_words(self) -> Mapping[str, str]:
        fact = self.rulebook.vocabulary["end_user_type"]
        return {kind: fact.say(kind) for kind in fact.values} if isinstance(fact, Choice) else {}

    @cached_property
    def read(self) -> frozenset[str]:
        """The facts that some rule reads."""
        return frozenset(name for looks in self.rulebook.looks.values() for name in looks)
