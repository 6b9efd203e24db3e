"""The `table` shorthand: a grid of two choices becomes one rule per filled cell.

    - id: T01
      title: Kinds of end user by country risk
      clause: C3a, C4
      because: "{end_user_name} is {end_user_type}, and {country_name} is rated {country_risk}."
      when: dual_use                        # optional: holds for the whole table
      table:
        down: end_user_type
        across: country_risk
        grid:
          military: {low: clear, medium: senior_review, others: executive_review}
          others: {high: senior_review, others: clear}

Every value has its cell (`others` stands for those not named), so that a forgotten one is an error
and never a deal that clears. The rules are named T01.military.medium and so on.
"""

from collections.abc import Iterator

from policy.engine.language.condition import OUTCOMES, All, Condition, OneOf, Outcome
from policy.engine.language.facts import Choice, Vocabulary
from policy.engine.language.marked import Node, Problems
from policy.engine.language.shapes import Shapes
from policy.engine.language.words import did_you_mean, listed, shown

OTHERS = "others"


class TableReader:
    def __init__(self, vocabulary: Vocabulary, problems: Problems) -> None:
        self.vocabulary = vocabulary
        self.problems = problems
        self.shapes = Shapes(problems)

    def cells(
        self, node: Node, what: str, when: Condition | None
    ) -> Iterator[tuple[str, Outcome, Condition]]:
        """Row id, outcome and condition of each cell that is not clear."""
        fields = self.shapes.fields(node, what, ("down", "across", "grid"))
        down = self._choice(fields.get("down"), f"{what}: down")
        across = self._choice(fields.get("across"), f"{what}: across")
        if down is None or across is None or "grid" not in fields:
            return
        if down.name == across.name:
            self.problems.add(fields["across"], f"{what}: down and across are the same fact")
            return
        for row, row_node in self._per_value(fields["grid"], down, f"{what}: grid"):
            for column, cell in self._per_value(row_node, across, f"{what}: {row}"):
                word = self.shapes.one_of(cell, f"{what}: {row}: {column}", OUTCOMES)
                outcome: Outcome = next((known for known in OUTCOMES if known == word), OUTCOMES[0])
                if outcome == "clear":
                    continue
                both = (OneOf(down.name, (row,)), OneOf(across.name, (column,)))
                yield f"{row}.{column}", outcome, All(both if when is None else (when, *both))

    def _choice(self, node: Node | None, what: str) -> Choice | None:
        name = self.shapes.text(node, what)
        if node is None or not name:
            return None
        fact = self.vocabulary.get(name)
        if isinstance(fact, Choice):
            return fact
        choices = [name for name, fact in self.vocabulary.items() if isinstance(fact, Choice)]
        kind = f"a {fact.kind} fact" if fact else "unknown"
        hint = did_you_mean(name, choices)
        self.problems.add(node, f"{what}: {shown(name)} is {kind}; a table needs a choice{hint}")
        return None

    def _per_value(self, node: Node, fact: Choice, what: str) -> list[tuple[str, Node]]:
        """The node of each value of the fact, `others` filled in."""
        named: dict[str, Node] = {}
        for name, key, value in self.shapes.pairs(node, what):
            if name in fact.values or name == OTHERS:
                named[name] = value
            else:
                hint = self.shapes.hint(name, [*fact.values, OTHERS])
                self.problems.add(key, f"{what}: unknown value {shown(name)}{hint}")
        others = named.pop(OTHERS, None)
        left = [value for value in fact.values if value not in named]
        if others is None and left and node.entries is not None:
            self.problems.add(node, f"{what}: no cell for {listed(left)}; add them, or others: …")
        if others is not None:
            named.update(dict.fromkeys(left, others))
        return [(value, named[value]) for value in fact.values if value in named]
