"""The agreement tests are worth something: they notice every fault seeded in the compiler."""

from itertools import product

import pytest

from policy.engine.language.condition import All, Condition, Either, Is, OneOf, Rule, Rulebook
from policy.engine.language.facts import Facts
from policy.engine.readings.reference import assess
from tests.policy.engine.readings.mutants import drawn, mutated, told
from tests.policy.engine.strategies import DENSE, screened_often

MODULES = tuple(
    f"policy.engine.readings.{name}"
    for name in ("generated", "generated_reading", "generated_findings", "compiled")
)

FAULTS = [
    # generated.py: truth
    ("generated", '_joined(" and ", [self.surely', '_joined(" or ", [self.surely'),
    ("generated", '_joined(" or ", [self.surely', '_joined(" and ", [self.surely'),
    ("generated", "(not {self.possibly(part)})", "(not {self.surely(part)})"),
    ("generated", '_joined(" and ", [self.possibly', '_joined(" or ", [self.possibly'),
    ("generated", '_joined(" or ", [self.possibly', '_joined(" and ", [self.possibly'),
    ("generated", "(not {self.surely(part)})", "(not {self.possibly(part)})"),
    ("generated", '"(not {cell} & {others})" if surely', '"({cell} & {wanted})" if surely'),
    ("generated", 'else f"({cell} & {wanted})"', 'else f"(not {cell} & {others})"'),
    ("generated", '"({cell} == {wanted})" if surely', '"({cell} != {other})" if surely'),
    ("generated", 'else f"({cell} != {other})"', 'else f"({cell} == {wanted})"'),
    ("generated", "(YES, NO) if value else (NO, YES)", "(NO, YES) if value else (YES, NO)"),
    ("generated", "(0 if surely else 1)", "0"),
    ("generated", "(0 if surely else 1)", "1"),
    ("generated", "& {mask} == {mask})", "& {mask})"),
    ("generated", '"above": ">"', '"above": ">="'),
    ("generated", '"at_least": ">="', '"at_least": ">"'),
    ("generated", '"below": "<"', '"below": "<="'),
    ("generated", '"at_most": "<="', '"at_most": "<"'),
    ("generated", "is not None and", "is None or"),
    ("generated", 'else f"{cell} is None or"', 'else f"{cell} is not None and"'),
    ("generated", "if value in atom.values", "if value not in atom.values"),
    # generated.py: what could still fire
    ("generated", "if {self.possibly(condition)} else 0)", "if True else 0)"),
    ("generated", "(0 if {self.surely(condition)} else {inner})", "({inner})"),
    ("generated", " and not {self.surely(atom)} else 0)", " else 0)"),
    # generated.py: the pass over the rules
    ("generated", "if known & {needed} == {needed}:", "if known & {needed}:"),
    ("generated", "bits[name] for name in used)", "bits[name] for name in sorted(used)[1:])"),
    ("generated", "return fired, maybe & ~fired", "return fired, maybe"),
    ("generated", "return fired, maybe & ~fired", "return fired, 0"),
    (
        "generated",
        "mask |= self.expressions.masks(atom)[0]",
        "mask = self.expressions.masks(atom)[0]",
    ),
    ("generated", "mask |= self.expressions.mask(atom)", "mask = self.expressions.mask(atom)"),
    ("generated", "members(atom, surely=self.surely)", "members(atom, surely=True)"),
    ("generated", "if rule not in inside]", "if False]"),
    ("generated", "isinstance(part, All) else", "isinstance(part, Either) else"),
    ("generated", "isinstance(part, Either) else", "isinstance(part, All) else"),
    ("generated", "isinstance(condition, All) else", "isinstance(condition, Either) else"),
    ("generated", "members.setdefault(part.fact, {}).update(", "members.setdefault(part.fact, "),
    # generated_findings.py
    ("generated_findings", "first = at == 1 and not pieces[0]", "first = at == 1"),
    ("generated_findings", "isinstance(condition, Either) is wanted", "False"),
    (
        "generated_findings",
        "isinstance(condition, Either) is wanted",
        "isinstance(condition, Either)",
    ),
    ("generated_findings", "wanted=not wanted", "wanted=wanted"),
    ("generated_findings", "(c[{slot}] & {self._mask(fact)})", "(c[{slot}])"),
    ("generated_findings", '] & {self._mask(fact)}" for', ']" for'),
    (
        "generated_findings",
        "for member in fact.among(mask)\n        ]",
        "for member in []\n        ]",
    ),
    ("generated_findings", "or {unknown})", "or '')"),
    ("generated_findings", "({mask} if {guard} else 0)", "{mask}"),
    ("generated_findings", "{unknown} if c[{slot}] is None else ", ""),
    # compiled.py
    ("compiled", "1 << (count - 1 - at)", "1 << at"),
    ("compiled", "RANK[rule.outcome] > RANK[outcome]", "RANK[rule.outcome] >= RANK[outcome]"),
    ("compiled", "RANK[rule.outcome] > RANK[outcome]", "RANK[rule.outcome] < RANK[outcome]"),
    ("compiled", 'return "needs_information" if open_ & plan.higher else ', "return "),
    (
        "compiled",
        'outcome = "needs_information" if open_ & plan',
        'outcome = "bar" if open_ & plan',
    ),
    ("compiled", "if undecided := open_ & plan.higher:", "if undecided := open_:"),
    ("compiled", "        if not open_:", "        if not open_ & plan.higher:"),
    ("compiled", "        if not open_:", "        if True:"),
    ("compiled", "bits |= self._turning", "bits = self._turning"),
    ("compiled", "rules[0].outcome if rules", "rules[-1].outcome if rules"),
    ("compiled", "review_floor([rule.outcome for rule in rules])", "review_floor([outcome])"),
    ("compiled", "cells[at] = cell", "pass"),
    ("compiled", "if reads_once(read, Facts(vocabulary, vocabulary.blank, {})):", "if True:"),
    ("compiled", "self._ids(open_) if open_ else ()", "()"),
]


def corner(joined: Condition) -> tuple[Rulebook, list[Facts]]:
    """One rule over three facts, with every partly answered deal."""
    rule = Rule("R", "t", "c", "bar", joined, "b")
    rulebook = Rulebook("corner", "1", "s", DENSE, {}, (rule,))
    answers = product((True, False, None), (True, False, None), ("high", "low", None))
    names = ("first_yesno", "second_yesno", "choice")
    return rulebook, [DENSE.parse(dict(zip(names, drawn, strict=True))) for drawn in answers]


FIRST, SECOND = Is("first_yesno", value=True), Is("second_yesno", value=True)
HIGH = OneOf("choice", ("high",))
CORNERS = [
    corner(All((Either((FIRST, SECOND)), HIGH))),
    corner(Either((All((FIRST, SECOND)), HIGH))),
]


@pytest.fixture(scope="module")
def corpus():
    """Rulebooks with deals and what the reference says about them; always the same."""
    random = drawn(screened_often(), 120)
    dense = drawn(screened_often(count=10, vocabulary=DENSE, least_rules=7), 240)
    return [
        (rulebook, [(facts, assess(rulebook, facts)) for facts in several])
        for rulebook, several in (*CORNERS, *random, *dense)
    ]


def agrees(compile_rulebook, corpus) -> bool:
    for rulebook, several in corpus:
        try:
            compiled = compile_rulebook(rulebook)
            for facts, meant in several:
                verdict = (meant.outcome, meant.fired, meant.open)
                if (compiled.assess(facts), compiled.verdict(facts)) != (meant, verdict):
                    return False
                if compiled.outcome(facts) != meant.outcome:
                    return False
        except (ArithmeticError, LookupError, NameError, SyntaxError, TypeError, ValueError):
            return False
    return True


@pytest.mark.parametrize(("module", "old", "new"), FAULTS)
def test_each_text_stands_once_in_its_file(module, old, new) -> None:
    with mutated(module, old, new, MODULES):
        pass


@pytest.mark.slow
def test_the_compiler_without_a_fault_agrees(corpus) -> None:
    with mutated("compiled", "class Verdict(", "class Verdict(", MODULES) as module:
        assert agrees(module.compile_rulebook, corpus)


@pytest.mark.slow
def test_every_fault_is_noticed(corpus, request) -> None:
    survivors = []
    for module, old, new in FAULTS:
        with mutated(module, old, new, MODULES) as compiled:
            if agrees(compiled.compile_rulebook, corpus):
                survivors.append(f"{module}: {old!r} → {new!r}")
    told(request, "Python compiler", len(FAULTS), survivors)
    assert len(FAULTS) >= 30
    assert survivors == []
