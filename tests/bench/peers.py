"""The same rulebook in other engines. Each is translated from our tree, by one function a peer.

None of them knows a fact that is unknown, let alone one member of a set: a deal that is partly
answered is given to them with those facts left out, as their own documentation does it.
"""

import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

import cedarpy
import zen
from cel_expr_python import cel
from datalogic_py import DataHandle
from datalogic_py import Engine as DataLogic

from policy.engine.language.condition import (
    All,
    Compare,
    Condition,
    Either,
    HasAny,
    HasEvery,
    Is,
    Not,
    OneOf,
    Rulebook,
)

Plain = Mapping[str, Any]
Screen = Callable[[Any], str]
Given = Callable[[Plain], Any]
Words = Callable[[str, Sequence[str]], str]


def written(condition: Condition, atom: Callable[[Any], str], words: tuple[str, str, str]) -> str:
    """The condition as an expression; ``words`` are and, or, not of the language."""
    both, either, negated = words
    match condition:
        case All(parts):
            return "(" + f" {both} ".join(written(one, atom, words) for one in parts) + ")"
        case Either(parts):
            return "(" + f" {either} ".join(written(one, atom, words) for one in parts) + ")"
        case Not(part):
            return f"{negated}({written(part, atom, words)})"
    return atom(condition)


def quoted(values: Sequence[str]) -> str:
    return "[" + ", ".join(f'"{one}"' for one in values) + "]"


def highest_first(rulebook: Rulebook) -> list[tuple[str, Condition]]:
    return [(rule.outcome, rulebook.opened(rule.when)) for rule in rulebook.ranked]


# --- datalogic-py: JSON Logic, one compiled rule -------------------------------------------------


def datalogic(rulebook: Rulebook) -> tuple[Given, Screen]:
    """An if-chain over the rules, highest outcome first; deals are read before, by its handle."""
    session, rule = _datalogic_rule(rulebook)

    def given(plain: Plain) -> Any:
        return DataHandle(json.dumps(with_flags_as_keys(plain)))

    return given, lambda deal: str(session.evaluate_data(rule, deal))


def datalogic_plain(rulebook: Rulebook) -> tuple[Given, Screen]:
    """The same rule over plain dictionaries."""
    session, rule = _datalogic_rule(rulebook)
    return with_flags_as_keys, lambda deal: str(session.evaluate(rule, deal))


def _datalogic_rule(rulebook: Rulebook) -> tuple[Any, Any]:
    chain: list[Any] = []
    for outcome, condition in highest_first(rulebook):
        chain += [_logic(condition), outcome]
    engine = DataLogic()
    return engine.session(), engine.compile({"if": [*chain, "clear"]})


def with_flags_as_keys(plain: Plain) -> dict[str, Any]:
    """Sets as objects of truth values, so that a member is looked up and not searched for."""
    return {
        name: dict.fromkeys(value, True) if isinstance(value, list) else value
        for name, value in plain.items()
    }


def _logic(condition: Condition) -> Any:
    match condition:
        case All(parts):
            return {"and": [_logic(one) for one in parts]}
        case Either(parts):
            return {"or": [_logic(one) for one in parts]}
        case Not(part):
            return {"!": [_logic(part)]}
        case OneOf(fact, values):
            return {"in": [{"var": fact}, list(values)]}
        case HasAny(fact, members):
            return {"or": [{"var": f"{fact}.{one}"} for one in members]}
        case HasEvery(fact, members):
            return {"and": [{"var": f"{fact}.{one}"} for one in members]}
        case Is(fact, value):
            return {"===": [{"var": fact}, value]}
    raise TypeError(condition)


# --- zen-engine: a decision table, first hit -----------------------------------------------------


def zen_table(rulebook: Rulebook) -> tuple[Given, Screen]:
    """One row a rule, highest outcome first; the condition is the row's one expression."""
    rows = [
        {
            "_id": f"r{number}",
            "when": written(condition, _zen, ("and", "or", "not")),
            "out": json.dumps(outcome),
        }
        for number, (outcome, condition) in enumerate(highest_first(rulebook))
    ]
    rows.append({"_id": "last", "when": "true", "out": '"clear"'})
    table = {
        "hitPolicy": "first",
        "rules": rows,
        "inputs": [{"id": "when", "name": "When"}],
        "outputs": [{"id": "out", "name": "Outcome", "field": "outcome"}],
    }
    nodes = [
        ("in", "inputNode", {}),
        ("table", "decisionTableNode", table),
        ("out", "outputNode", {}),
    ]
    content = {
        "nodes": [{"id": i, "name": i, "type": kind, "content": what} for i, kind, what in nodes],
        "edges": [
            {"id": "1", "sourceId": "in", "targetId": "table", "type": "edge"},
            {"id": "2", "sourceId": "table", "targetId": "out", "type": "edge"},
        ],
    }
    decision = zen.ZenEngine().create_decision(json.dumps(content))
    return dict, lambda deal: str(decision.evaluate(deal)["result"]["outcome"])


def _zen(atom: Any) -> str:
    match atom:
        case OneOf(fact, values):
            return f"{fact} in {quoted(values)}"
        case HasAny(fact, members):
            return f"some({fact}, # in {quoted(members)})"
        case HasEvery(fact, members):
            return "(" + " and ".join(f'"{one}" in {fact}' for one in members) + ")"
        case Is(fact, value):
            return f"{fact} == {str(value).lower()}"
    raise TypeError(atom)


# --- cedarpy: one policy a rule; the highest of those that determine the answer -------------------


def cedar(rulebook: Rulebook) -> tuple[Given, Screen]:
    policies = "\n".join(
        f'@id("{number}") permit (principal, action, resource) when {{ '
        f"{written(condition, _cedar, ('&&', '||', '!'))} }};"
        for number, (_, condition) in enumerate(highest_first(rulebook))
    )
    handle = cedarpy.PolicySet.from_str(policies)
    nobody = cedarpy.Entities.from_json_str("[]")
    outcomes = [outcome for outcome, _ in highest_first(rulebook)]

    def given(plain: Plain) -> Any:
        return {
            "principal": 'User::"a"',
            "action": 'Action::"screen"',
            "resource": 'Deal::"d"',
            "context": dict(plain),
        }

    def screen(request: Any) -> str:
        fired = cedarpy.is_authorized(request, handle, nobody).diagnostics.reasons
        numbers = [int(one.removeprefix("policy")) for one in fired]
        return outcomes[min(numbers)] if numbers else "clear"

    return given, screen


def _cedar(atom: Any) -> str:
    match atom:
        case OneOf(fact, values):
            return f"{quoted(values)}.contains(context.{fact})"
        case HasAny(fact, members):
            return f"context.{fact}.containsAny({quoted(members)})"
        case HasEvery(fact, members):
            return f"context.{fact}.containsAll({quoted(members)})"
        case Is(fact, value):
            return f"context.{fact} == {str(value).lower()}"
    raise TypeError(atom)


# --- cel-expr-python: one program ----------------------------------------------------------------


def cel_program(rulebook: Rulebook) -> tuple[Given, Screen]:
    """A chain of ?: over the rules; an error (a fact that is not there) is no clearance."""
    kinds = {"Choice": cel.Type.STRING, "YesNo": cel.Type.BOOL, "Amount": cel.Type.INT}
    variables = {
        name: kinds.get(type(fact).__name__, cel.Type.DYN)
        for name, fact in rulebook.vocabulary.items()
    }
    # Rules of one outcome are one condition: nesting is limited.
    by_outcome: dict[str, list[str]] = {}
    for outcome, condition in highest_first(rulebook):
        by_outcome.setdefault(outcome, []).append(written(condition, _cel, ("&&", "||", "!")))
    text = "'clear'"
    for outcome, conditions in reversed(by_outcome.items()):
        text = f"({' || '.join(conditions)}) ? '{outcome}' : ({text})"
    program = cel.NewEnv(variables=variables).compile(text)

    def screen(deal: Any) -> str:
        try:
            value = program.eval(data=deal)
        except Exception:
            return "error"
        return str(value.value()) if value.type() == cel.Type.STRING else "error"

    return with_flags_as_keys, screen


def _cel(atom: Any) -> str:
    match atom:
        case OneOf(fact, values):
            return f"{fact} in {quoted(values)}"
        case HasAny(fact, members):
            return "(" + " || ".join(f'("{one}" in {fact})' for one in members) + ")"
        case HasEvery(fact, members):
            return "(" + " && ".join(f'("{one}" in {fact})' for one in members) + ")"
        case Is(fact, value):
            return fact if value else f"!{fact}"
        case Compare():
            raise TypeError("rulebook 1.0 has no amounts")
    raise TypeError(atom)


class Peer(NamedTuple):
    """An engine, and how many times slower than ours it must be.

    ``is_prepared``: it takes deals that were read before the clock starts, as ours does; the
    others take plain dictionaries and are compared with ours reading and screening.
    """

    translate: Callable[[Rulebook], tuple[Given, Screen]]
    gate: float
    goal: float
    is_prepared: bool = False


PEERS = {
    "datalogic-py, read before": Peer(datalogic, 1.5, 2, is_prepared=True),
    "datalogic-py, dictionaries": Peer(datalogic_plain, 0, 0),
    "cel-expr-python, one program": Peer(cel_program, 3, 5),
    "zen-engine, decision table": Peer(zen_table, 20, 40),
    "cedarpy": Peer(cedar, 20, 30),
}
