"""The meaning of a rulebook: the plain interpreter that every other reading must agree with.

Unknown is a third truth value (Kleene): a part decides the whole only when it would decide it
whatever the unknown turns out to be. A rule is fired (surely true), quiet (surely false) or open.
It is written to be read; `compiled.py` is written to be fast.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from policy.engine.language.condition import (
    RANK,
    All,
    Atom,
    Compare,
    Condition,
    Either,
    HasAny,
    HasEvery,
    Is,
    Not,
    OneOf,
    Rule,
    Rulebook,
    Term,
)
from policy.engine.language.facts import Facts, Flags, Plain
from policy.engine.readings.assessment import (
    Assessment,
    Finding,
    decided,
    highest,
    members_there,
    review_floor,
    sentence,
)
from policy.engine.readings.kleene import truth
from policy.engine.readings.undecided import facts_that_could_fire


def assess(rulebook: Rulebook, facts: Facts) -> Assessment:
    """Screens one deal; FactError when the facts do not fit the rulebook's vocabulary."""
    facts = rulebook.vocabulary.adopt(facts)
    truths = {rule.id: truth(rulebook.opened(rule.when), facts) for rule in rulebook.rules}
    fired = [rule for rule in rulebook.ranked if truths[rule.id] is True]
    open_ = [rule for rule in rulebook.ranked if truths[rule.id] is None]
    reached = highest(rule.outcome for rule in fired)
    undecided: set[str] = set()
    for rule in open_:
        if RANK[rule.outcome] > RANK[reached]:
            undecided |= facts_that_could_fire(rulebook.opened(rule.when), facts)
    return Assessment(
        outcome=decided(reached, highest(rule.outcome for rule in open_)),
        fired=tuple(rule.id for rule in fired),
        open=tuple(rule.id for rule in open_),
        missing=tuple(name for name in rulebook.vocabulary if name in undecided),
        review_floor=review_floor(rule.outcome for rule in fired),
        findings=tuple(_finding(rulebook, rule, facts) for rule in fired),
    )


def _finding(rulebook: Rulebook, rule: Rule, facts: Facts) -> Finding:
    return Finding(
        rule=rule.id,
        clause=rule.clause,
        outcome=rule.outcome,
        because=sentence(rule.because, facts, rulebook.looks[rule.id]),
        facts=_grounds(rulebook.opened(rule.when), facts),
        evidence=rule.evidence,
        title=rule.title,
        asks=rule.asks,
    )


def _grounds(condition: Condition, facts: Facts) -> dict[str, Plain]:
    """The plain values that make the condition true or false, whichever it is."""
    looks: dict[str, frozenset[str]] = {}
    for atom in _deciding(condition, facts):
        members = atom.members if isinstance(atom, HasAny | HasEvery) else ()
        looks[atom.fact] = looks.get(atom.fact, frozenset()) | frozenset(members)
    grounds: dict[str, Plain] = {}
    for name, fact in facts.vocabulary.items():
        if name not in looks:
            continue
        if isinstance(fact, Flags):
            grounds[name] = members_there(fact, facts, looks[name])
        elif (value := facts[name]) is not None:
            grounds[name] = value
    return grounds


def _deciding(condition: Condition, facts: Facts) -> Iterator[Atom]:
    """The atoms that decide a condition that is known to be true or false."""
    match condition:
        case All(parts) | Either(parts):
            # One false part decides a false `all`, one true part a true `any`; otherwise all do.
            whole = truth(condition, facts)
            for part in parts:
                if truth(part, facts) is whole:
                    yield from _deciding(part, facts)
        case Not(part):
            yield from _deciding(part, facts)
        case Term(name):
            raise ValueError(f"the term {name} is not opened")
        case _:
            yield condition


@dataclass(frozen=True, slots=True)
class Explanation:
    """A condition with the deal's own values: what it says, its truth, and whether it decided."""

    says: str
    truth: bool | None
    decided: bool
    parts: tuple["Explanation", ...] = ()

    def lines(self, depth: int = 0) -> Iterator[str]:
        """One line a part, indented; an arrow marks what decided."""
        word = {True: "true", False: "false", None: "unknown"}[self.truth]
        yield f"{'  ' * depth}{'→ ' if self.decided else '  '}{word}: {self.says}"
        for part in self.parts:
            yield from part.lines(depth + 1)

    def __str__(self) -> str:
        return "\n".join(self.lines())


def explain(rulebook: Rulebook, rule_id: str, facts: Facts) -> Explanation:
    """The condition of a rule as a tree with the deal's own values and the parts that decided."""
    facts = rulebook.vocabulary.adopt(facts)
    return _explained(rulebook, rulebook.by_id[rule_id].when, facts, decides=True)


def _explained(
    rulebook: Rulebook, condition: Condition, facts: Facts, *, decides: bool
) -> Explanation:
    whole = truth(rulebook.opened(condition), facts)
    match condition:
        case All(parts):
            says, inner = "all of", parts
        case Either(parts):
            says, inner = "any of", parts
        case Not(part):
            says, inner = "not", (part,)
        case Term(name):
            says, inner = name.replace("_", " "), (rulebook.terms[name],)
        case _:
            return Explanation(_said(condition, facts), whole, decides)
    explained = []
    for part in inner:
        same = truth(rulebook.opened(part), facts) is whole or isinstance(condition, Not)
        explained.append(_explained(rulebook, part, facts, decides=decides and same))
    return Explanation(says, whole, decides, tuple(explained))


def _said(atom: Atom, facts: Facts) -> str:
    """An atom as a sentence: "Purpose (other) is one of public safety, …"."""
    fact = facts.vocabulary[atom.fact]
    match atom:
        case HasAny(_, members) | HasEvery(_, members):
            words = ", ".join(
                f"{fact.say(member)} ({_PRESENCE[facts.has(fact.name, member)]})"
                for member in members
            )
            asked = "any of" if isinstance(atom, HasAny) else "every one of"
            return f"{fact.label} with {asked}: {words}"
        case OneOf(_, values):
            wanted = f"one of {', '.join(fact.say(value) for value in values)}"
        case Is(_, value):
            wanted = fact.say("true" if value else "false")
        case Compare(_, comparison, threshold):
            wanted = f"{comparison.replace('_', ' ')} {fact.say(str(threshold))}"
    known = facts[fact.name]
    own = "not known" if known is None else fact.say(str(known).lower())
    return f"{fact.label} ({own}) is {wanted}"


_PRESENCE = {True: "there", False: "absent", None: "not known"}
