"""PostgreSQL and polars read a rulebook as the reference does, and faults in them are noticed."""

import json
from dataclasses import replace

import polars as pl
import pytest
from django.db import connection
from hypothesis import HealthCheck, given, settings

from policy.engine.language.condition import RANK, Is, Rule, Rulebook
from policy.engine.language.facts import Facts, Flags, Vocabulary, YesNo
from policy.engine.readings import sql
from policy.engine.readings.compiled import compile_rulebook
from policy.engine.readings.kleene import truth
from policy.engine.readings.reference import assess
from policy.facts import shipped
from tests.bench import bulk
from tests.effort import examples
from tests.policy.engine.readings.mutants import drawn, mutated, told
from tests.policy.engine.strategies import DENSE, deals, screened_often

ONE = Rulebook(
    name="one",
    label="1",
    source="test",
    vocabulary=Vocabulary([YesNo("x"), Flags("flags", ("a", "b"))]),
    terms={},
    rules=(Rule("R", "t", "c", "bar", Is("x", value=True), "b"),),
)


def in_postgresql(expressions: list[str], several: list[Facts], table: str = "") -> list[tuple]:
    """The expressions over the deals as rows, in their order."""
    typed = {"id": "int", **sql.columns(several[0].vocabulary)}
    rows = [{"id": at, **sql.row(facts)} for at, facts in enumerate(several)]
    columns = ", ".join(f'"{name}" {kind}' for name, kind in typed.items())
    with connection.cursor() as cursor:
        cursor.execute(
            f"select {', '.join(expressions)} from jsonb_to_recordset(%s::jsonb)"
            f" as {table or 'deals'}({columns}) order by id",
            [json.dumps(rows)],
        )
        return cursor.fetchall()


def in_polars(rulebook: Rulebook, several: list[Facts]) -> list[int]:
    frame = bulk.frame(rulebook.vocabulary, several)
    found = bulk.with_outcomes(frame.lazy(), rank=rulebook).collect().sort("id")
    return found["rank"].to_list()


def meant(rulebook: Rulebook, several: list[Facts]) -> list[int]:
    return [RANK[assess(rulebook, facts).outcome] for facts in several]


@pytest.mark.django_db
@given(screened_often())
@settings(
    max_examples=examples(150),
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
def test_postgresql_says_what_the_reference_says(example) -> None:
    rulebook, several = example
    rules = [sql.fires(rulebook, rule.id) for rule in rulebook.ranked]
    found = in_postgresql([sql.outcome(rulebook), *rules], several)
    assert [rank for rank, *_ in found] == meant(rulebook, several)
    for (_, *truths), facts in zip(found, several, strict=True):
        assessment = assess(rulebook, facts)
        states = dict(zip((rule.id for rule in rulebook.ranked), truths, strict=True))
        assert tuple(name for name, truth in states.items() if truth is True) == assessment.fired
        assert tuple(name for name, truth in states.items() if truth is None) == assessment.open


@given(screened_often())
@settings(max_examples=examples(150), deadline=None)
def test_polars_says_what_the_reference_says(example) -> None:
    rulebook, several = example
    assert in_polars(rulebook, several) == meant(rulebook, several)
    rules = [bulk.fires(rulebook, rule.id) for rule in rulebook.ranked]
    found = bulk.frame(rulebook.vocabulary, several).select(*rules)
    for states, facts in zip(found.iter_rows(named=True), several, strict=True):
        assessment = assess(rulebook, facts)
        assert tuple(name for name, truth in states.items() if truth is True) == assessment.fired
        assert tuple(name for name, truth in states.items() if truth is None) == assessment.open


@pytest.fixture(scope="module")
def shipped_deals() -> list[Facts]:
    return drawn(deals(shipped.rulebook().vocabulary), 150)


@pytest.mark.django_db
def test_the_shipped_rulebook_reads_alike_everywhere(shipped_deals: list[Facts]) -> None:
    rulebook = shipped.rulebook()
    compiled = compile_rulebook(rulebook)
    ranks = [RANK[compiled.outcome(facts)] for facts in shipped_deals]
    assert in_polars(rulebook, shipped_deals) == ranks == meant(rulebook, shipped_deals)
    assert [rank for (rank,) in in_postgresql([sql.outcome(rulebook)], shipped_deals)] == ranks


@pytest.mark.django_db
def test_the_expression_counts_in_an_aggregate_and_takes_an_alias() -> None:
    rulebook, several = ONE, [ONE.vocabulary.parse(plain) for plain in ({}, {"x": True})]
    rank = sql.outcome(rulebook, table="d")
    assert in_postgresql([f"{rank} as rank"], several, table="d") == [(3,), (4,)]
    with connection.cursor() as cursor:
        cursor.execute(f"select sum({sql.outcome(rulebook)}) from (values (true), (false)) as d(x)")
        assert cursor.fetchone() == (4,)


def test_changes_count_the_rows_of_each_pair(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bulk, "ROWS_AT_ONCE", 2)
    several = [
        ONE.vocabulary.parse(plain) for plain in ({}, {"x": True}, {"x": True}, {"x": False})
    ]
    frame = bulk.frame(ONE.vocabulary, several)
    milder = replace(ONE, rules=(replace(ONE.rules[0], outcome="senior_review"),))
    assert bulk.changes(frame, ONE, milder).rows() == [(0, 0, 1), (3, 3, 1), (4, 1, 2)]
    assert bulk.changes(frame.clear(), ONE, milder).rows() == []


def test_a_rulebook_without_rules_of_a_rank_is_clear_there() -> None:
    facts = [ONE.vocabulary.parse({"x": False})]
    assert in_polars(ONE, facts) == [0]
    assert in_polars(replace(ONE, rules=()), facts) == [0]


def test_names_that_postgresql_would_cut_off_stay_apart() -> None:
    long = "f" * 60
    names = {sql.column(long, member) for member in ("a" * 59, "a" * 58 + "b")}
    assert len(names) == 2
    assert all(len(name) <= 63 for name in names)
    words = Vocabulary([Flags(long, ("a" * 59, "a" * 58 + "b"))])
    assert set(sql.columns(words)) == names == set(bulk.schema(words))


def test_two_facts_never_share_a_column() -> None:
    with pytest.raises(ValueError, match="two facts have the column flags__a"):
        sql.columns(Vocabulary([Flags("flags", ("a",)), YesNo("flags__a")]))


@pytest.mark.parametrize("name", ['x" or true --', "x%s", "", "ä", "X"])
def test_what_is_no_plain_name_gets_no_sql(name: str) -> None:
    rulebook = replace(
        ONE,
        vocabulary=Vocabulary([YesNo(name)]),
        rules=(replace(ONE.rules[0], when=Is(name, value=True)),),
    )
    with pytest.raises(ValueError, match="is not a plain name"):
        sql.outcome(rulebook)
    if name:
        with pytest.raises(ValueError, match="is not a plain name"):
            sql.outcome(ONE, table=name)


# Seeded faults

SQL_MODULES = ("policy.engine.readings.ranks", "policy.engine.readings.sql")
SQL_FAULTS = [
    ("sql", "fired = ASK if rank == ASK else rank", "fired = rank + 1"),
    ("sql", "else {ASK} end", "else {rank} end"),
    ("sql", "else {ASK} end", "else {text} end"),
    ("sql", "sorted(fires)[1:]", "sorted(fires)[2:]"),
    ("sql", "sorted(fires)[1:]", "sorted(fires)[:0:-1]"),
    ("sql", 'return _joined(" and ", self.condition', 'return _joined(" or ", self.condition'),
    ("sql", 'return _joined(" or ", self.condition', 'return _joined(" and ", self.condition'),
    ("sql", 'f"(not {self.condition(part)})"', "self.condition(part)"),
    ("sql", " in ({listed}))", " not in ({listed}))"),
    (
        "sql",
        "({self._column(name)} in ({listed}))",
        "coalesce({self._column(name)} in ({listed}), false)",
    ),
    ("sql", 'else f"(not {self._column(name)})"', "else self._column(name)"),
    (
        "sql",
        "return self._column(name) if value",
        "return f'({self._column(name)} is not false)' if value",
    ),
    ("sql", '_joined(" or ", lambda', '_joined(" and ", lambda'),
    ("sql", '_joined(" and ", lambda', '_joined(" or ", lambda'),
    ("sql", "{OPERATORS[comparison]} {threshold}", "{OPERATORS[comparison][0]} {threshold}"),
    ("sql", "{OPERATORS[comparison]} {threshold}", "{OPERATORS[comparison]} {threshold + 1}"),
    ("ranks", "if RANK[rule.outcome] == rank", "if RANK[rule.outcome] > rank"),
    ("ranks", "if shared in parts]", "if shared in parts][:1]"),
    ("ranks", "if shared not in parts]", "if shared not in parts][1:]"),
    ("ranks", "shared if () in rest else ", "shared if rest else "),
    ("ranks", "Either((factored, _factored(others)))", "All((factored, _factored(others)))"),
    ("ranks", "else All((shared, _factored(rest)))", "else _factored(rest)"),
]

BULK_FAULTS = [
    ("bulk", "pl.lit(ASK if at == ASK else at", "pl.lit(at - 1"),
    ("bulk", "then(pl.lit(ASK, pl.Int8))", "then(pl.lit(at, pl.Int8))"),
    ("bulk", "pl.when(fires.is_null())", "pl.when(fires.is_not_null())"),
    ("bulk", "sorted(ranks)[1:]", "sorted(ranks)[:0:-1]"),
    ("bulk", "_every(expression(part, anys)", "_any(expression(part, anys)"),
    ("bulk", "_any(expression(part, anys)", "_every(expression(part, anys)"),
    ("bulk", "return ~expression(part, anys)", "return expression(part, anys)"),
    ("bulk", "_any(pl.col(column(name)) == value", "_any(pl.col(column(name)) != value"),
    ("bulk", "pl.col(column(name)) == value", "pl.col(column(name)).eq_missing(value)"),
    ("bulk", "if value else ~pl.col(column(name))", "if value else pl.col(column(name))"),
    ("bulk", "_any(pl.col(column(name, member))", "_every(pl.col(column(name, member))"),
    ("bulk", "_every(pl.col(column(name, member))", "_any(pl.col(column(name, member))"),
    ("bulk", '"above": gt', '"above": ge'),
    ("bulk", '"at_least": ge', '"at_least": gt'),
    ("bulk", '"below": lt', '"below": le'),
    ("bulk", '"at_most": le', '"at_most": lt'),
    ("bulk", "for group in self.members if atom in group", "for group in self.members"),
    (
        "bulk",
        "stand_in.setdefault((atom.fact, member), []).append(atom)",
        "stand_in[atom.fact, member] = [atom]",
    ),
    ("bulk", "tuple(owners), []).append(", "tuple(owners), [column(name, member)]) and str("),
    ("bulk", "reduce(or_, several)", "reduce(or_, several[1:] or several)"),
    ("bulk", "reduce(and_, several)", "reduce(and_, several[:1])"),
]


@pytest.mark.parametrize(
    ("modules", "fault"),
    [
        *((SQL_MODULES, fault) for fault in SQL_FAULTS),
        *((("tests.bench.bulk",), fault) for fault in BULK_FAULTS),
    ],
)
def test_each_text_stands_once_in_its_file(modules, fault) -> None:
    with mutated(*fault, modules):
        pass


@pytest.fixture(scope="module")
def corpus():
    """Rulebooks with deals, and per deal the rank and what each rule says."""
    return [
        (rulebook, several, [_said(rulebook, facts) for facts in several])
        for rulebook, several in drawn(
            screened_often(count=10, vocabulary=DENSE, least_rules=6), 150
        )
    ]


def _said(rulebook: Rulebook, facts: Facts) -> tuple[int | bool | None, ...]:
    truths = [truth(rulebook.opened(rule.when), facts) for rule in rulebook.ranked]
    return (RANK[assess(rulebook, facts).outcome], *truths)


def agrees(reading, corpus) -> bool:
    for rulebook, several, said in corpus:
        try:
            if reading(rulebook, several) != said:
                return False
        except (LookupError, NameError, TypeError, ValueError, pl.exceptions.PolarsError):
            return False
    return True


@pytest.mark.slow
@pytest.mark.django_db
def test_every_fault_in_the_sql_is_noticed(corpus, request) -> None:
    def reading(rulebook, several):
        rules = [faulty.fires(rulebook, rule.id) for rule in rulebook.ranked]
        return in_postgresql([faulty.outcome(rulebook), *rules], several)

    survivors = []
    for module, old, new in [("sql", '"0"', '"0"'), *SQL_FAULTS]:
        with mutated(module, old, new, SQL_MODULES) as faulty:
            if agrees(reading, corpus):
                survivors.append(f"{module}: {old!r} → {new!r}")
    # The first is no fault at all: without one, everything agrees.
    assert survivors[:1] == ["sql: '\"0\"' → '\"0\"'"]
    told(request, "SQL compiler", len(SQL_FAULTS), survivors[1:])
    assert survivors[1:] == [], "\n".join(survivors)


@pytest.mark.slow
def test_every_fault_in_the_polars_expressions_is_noticed(corpus, request) -> None:
    def reading(rulebook, several):
        frame = bulk.frame(rulebook.vocabulary, several)
        rules = [faulty.fires(rulebook, rule.id) for rule in rulebook.ranked]
        return (
            faulty.with_outcomes(frame.lazy(), rank=rulebook)
            .select("rank", *rules)
            .collect()
            .rows()
        )

    survivors = []
    for module, old, new in [("bulk", "1 << 20", "1 << 20"), *BULK_FAULTS]:
        with mutated(module, old, new, ("tests.bench.bulk",)) as faulty:
            if agrees(reading, corpus):
                survivors.append(f"{module}: {old!r} → {new!r}")
    assert survivors[:1] == ["bulk: '1 << 20' → '1 << 20'"]
    told(request, "polars compiler", len(BULK_FAULTS), survivors[1:])
    assert survivors[1:] == [], "\n".join(survivors)
