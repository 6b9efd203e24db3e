"""One version of each kind of reference data, parsed, as deriving and screening need them."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

from policy.engine.language.charter import Charter
from policy.engine.language.condition import HasAny, Rulebook, alternatives
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
    #: What the rulebook promises; no deal is screened with it.
    charter: Charter | None = None

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
    def sources(self) -> Mapping[str, str]:
        """Fact → where it comes from in a deal on which nobody ruled."""
        words = self.rulebook.vocabulary
        return {
            name: "derived" if fact.source == "reviewer" else fact.source
            for name, fact in words.items()
        }

    @cached_property
    def beside(self) -> Mapping[str, frozenset[str]]:
        """Fact → the capabilities of which a rule that reads the fact speaks too.

        Whoever asks about the fact asks where a deal contains one of them: a rulebook that reads
        one more capability changes by itself what is asked.
        """
        beside: dict[str, frozenset[str]] = {}
        for looks in self.rulebook.looks.values():
            capabilities = looks.get("capabilities", frozenset())
            for name in looks:
                beside[name] = beside.get(name, frozenset()) | capabilities
        return beside

    @cached_property
    def alike(self) -> Mapping[str, frozenset[str]]:
        """Declared ability → the capabilities that stand with it in one "any": to the rules it is
        the same whether sales says the one or the catalogue the other.
        """
        alike: dict[str, frozenset[str]] = {}
        for rule in self.rulebook.rules:
            for parts in alternatives(self.rulebook.opened(rule.when)):
                read = [part for part in parts if isinstance(part, HasAny)]
                flags = {part.fact: frozenset(part.members) for part in read}
                for ability in flags.get("abilities_declared", ()):
                    capabilities = flags.get("capabilities", frozenset())
                    alike[ability] = alike.get(ability, frozenset()) | capabilities
        return alike

    @cached_property
    def read(self) -> frozenset[str]:
        """The facts that some rule reads."""
        return frozenset(name for looks in self.rulebook.looks.values() for name in looks)
