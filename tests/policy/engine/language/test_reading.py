"""A rulebook is read completely or refused; each refusal says where and what would be right."""

from textwrap import dedent, indent

import pytest

from policy.engine.language.condition import (
    All,
    Compare,
    Either,
    EveryRule,
    Exists,
    HasAny,
    HasEvery,
    Is,
    Losing,
    Not,
    OneOf,
    Raising,
    Rule,
    Surely,
    Term,
)
from policy.engine.language.reading import (
    ReadingError,
    read_canonical,
    read_rulebook,
    read_vocabulary,
)

VOCABULARY = """\
risk:
  kind: choice
  label: Risk
  source: derived
  values: {low: low, medium: medium, high: high, unrated: not rated}
  rising: [low, medium, high, unrated]
country:
  kind: choice
  label: Country
  source: declared
  values: [se, no, dk]
caps:
  kind: flags
  label: Capabilities
  source: derived
  ask: "1.3"
  members: {ran: radio, core: core network, filter: ""}
obliged:
  kind: yesno
  label: Obliged by law
  source: verified
  words: {true: obliged, false: not obliged}
value:
  kind: amount
  label: Value
  source: declared
  unit: EUR
name:
  kind: text
  label: Name
  source: declared
  unknown: somebody
"""
vocabulary = read_vocabulary(VOCABULARY, file="v.yaml")
HEAD = 'rulebook: test\nlabel: "1"\nsource: a policy\n'


def rules(text: str) -> str:
    return HEAD + "rules:\n" + indent(dedent(text), "  ")


def rule(when: str, **changes: str) -> str:
    """One rule; its condition stands in line 9, column 11."""
    fields = {
        "id": "R1",
        "title": "A title",
        "clause": "C1",
        "outcome": "bar",
        "when": when,
        "because": "So.",
        **changes,
    }
    lines = [f"{key}: {text}" for key, text in fields.items() if text]
    return rules("- " + "\n  ".join(lines) + "\n")


def read(text: str):
    return read_rulebook(text, vocabulary, file="r.yaml")


def refused(text: str) -> list[str]:
    with pytest.raises(ReadingError) as caught:
        read(text)
    return [str(problem) for problem in caught.value.problems]


# What is read


@pytest.mark.parametrize(
    ("when", "condition"),
    [
        ("{risk: [high]}", OneOf("risk", ("high",))),
        ("{country: [no]}", OneOf("country", ("no",))),
        ("{caps: {any: [ran, core]}}", HasAny("caps", ("ran", "core"))),
        ("{caps: {every: [ran]}}", HasEvery("caps", ("ran",))),
        ("{obliged: true}", Is("obliged", value=True)),
        ("{obliged: false}", Is("obliged", value=False)),
        ("{value: {above: 5}}", Compare("value", "above", 5)),
        ("{value: {at_most: -5}}", Compare("value", "at_most", -5)),
        ("{not: {obliged: true}}", Not(Is("obliged", value=True))),
        (
            "{all: [{obliged: true}, {risk: [low]}]}",
            All((Is("obliged", value=True), OneOf("risk", ("low",)))),
        ),
        ("{any: [{obliged: true}]}", Either((Is("obliged", value=True),))),
        ("{obliged: true, risk: [low]}", All((Is("obliged", value=True), OneOf("risk", ("low",))))),
    ],
)
def test_conditions(when: str, condition) -> None:
    assert read(rule(when)).rules[0].when == condition


def test_a_whole_rulebook() -> None:
    rulebook = read(
        HEAD
        + dedent("""\
        terms:
          later: {any: [radio, {obliged: false}]}
          radio: {caps: {any: [ran]}}
        rules:
          - id: R1
            title: A title
            clause: C1, C2a
            outcome: needs_information
            when: {all: [later, {not: radio}]}
            because: "{name} has {caps}."
            evidence: [letter]
            asks: compliance
        promises:
          - {id: P1, says: barred, surely: radio, only: [bar]}
          - {id: P2, says: known, possibly: radio, surely: later, only: [bar, needs_information]}
          - {id: P3, says: rises, raising: risk, never: milder, given: radio}
          - {id: P4, says: asked, losing: any_fact, never: milder}
          - {id: P5, says: asked, losing: [caps, risk], never: milder}
          - {id: P6, says: clears, exists: {risk: [low]}, outcome: clear}
          - {id: P7, says: fires, every_rule: can_fire}
        """)
    )
    assert rulebook.rules == (
        Rule(
            id="R1",
            title="A title",
            clause="C1, C2a",
            outcome="needs_information",
            when=All((Term("later"), Not(Term("radio")))),
            because="{name} has {caps}.",
            evidence=("letter",),
            asks="compliance",
        ),
    )
    assert rulebook.opened(Term("later")) == Either(
        (HasAny("caps", ("ran",)), Is("obliged", value=False))
    )
    assert rulebook.promises == (
        Surely("P1", "barred", ("bar",), surely=Term("radio")),
        Surely(
            "P2",
            "known",
            ("needs_information", "bar"),
            surely=Term("later"),
            possibly=Term("radio"),
        ),
        Raising("P3", "rises", ("risk",), given=Term("radio")),
        Losing("P4", "asked", ("risk", "country", "caps", "obliged", "value")),
        Losing("P5", "asked", ("caps", "risk")),
        Exists("P6", "clears", OneOf("risk", ("low",)), ("clear",)),
        EveryRule("P7", "fires", "fire"),
    )
    again = read_canonical(rulebook.canonical)
    assert (again.digest, again.rules) == (rulebook.digest, rulebook.rules)
    assert again.promises == rulebook.promises


def test_a_table_becomes_one_rule_for_each_cell_that_is_not_clear() -> None:
    rulebook = read(
        rules("""\
        - id: T1
          title: By country
          clause: C1
          because: "{risk}"
          when: {obliged: true}
          table:
            down: country
            across: risk
            grid:
              se: {low: clear, others: senior_review}
              others: {high: bar, others: clear}
        """)
    )
    assert {rule.id: rule.outcome for rule in rulebook.rules} == {
        "T1.se.medium": "senior_review",
        "T1.se.high": "senior_review",
        "T1.se.unrated": "senior_review",
        "T1.no.high": "bar",
        "T1.dk.high": "bar",
    }
    assert rulebook.by_id["T1.no.high"].when == All(
        (Is("obliged", value=True), OneOf("country", ("no",)), OneOf("risk", ("high",)))
    )


def test_the_digest_covers_the_vocabulary_and_every_part() -> None:
    text = rule("{risk: [high]}")
    digests = {
        read_rulebook(changed, words, file="r").digest
        for changed, words in [
            (text, vocabulary),
            (text, read_vocabulary(VOCABULARY.replace("not rated", "rated by nobody"), file="v")),
            (text.replace("A title", "Another"), vocabulary),
            (text.replace("So.", "Hence."), vocabulary),
            (text.replace("[high]", "[high, unrated]"), vocabulary),
            (text.replace("bar", "senior_review"), vocabulary),
            (text.replace('label: "1"', 'label: "2"'), vocabulary),
        ]
    }
    assert len(digests) == 7
    assert read(text).digest == read("# a remark\n" + text).digest


# What is refused


@pytest.mark.parametrize(
    ("when", "what"),
    [
        ("{rsik: [high]}", '10: rule R1: when: unknown fact "rsik"; did you mean risk?'),
        ("{risk: [hihg]}", '17: rule R1: when: risk: unknown value "hihg"; did you mean high?'),
        (
            "{risk: high}",
            '16: rule R1: when: risk: expected a list, not "high"; did you mean [high]?',
        ),
        ("{risk: []}", "16: rule R1: when: risk: the list is empty; name at least one"),
        ("{risk: [high, high]}", "23: rule R1: when: risk: high is listed twice"),
        (
            "{risk: [low, medium, high, unrated]}",
            "16: rule R1: when: risk: lists every value, so it can never be false",
        ),
        (
            "{country: [false]}",
            "20: rule R1: when: country: unknown value false; YAML reads this word as true or"
            ' false: put text in quotes, for example "false" (no and NO are text without quotes)',
        ),
        ("{country: [NO]}", '20: rule R1: when: country: unknown value "NO"; did you mean no?'),
        (
            "{obliged: no}",
            '19: rule R1: when: obliged: expected true or false, not "no"; did you mean false?',
        ),
        ("{obliged: 1}", "19: rule R1: when: obliged: expected true or false, not 1"),
        (
            "{caps: [ran]}",
            "16: rule R1: when: caps: a list alone; did you mean {any: […]} or {every: […]}?",
        ),
        ("{caps: ran}", '16: rule R1: when: caps: expected {any: …} or {every: …}, not "ran"'),
        ("{caps: {any: []}}", "22: rule R1: when: caps: the list is empty; name at least one"),
        ("{caps: {any: [rna]}}", '23: rule R1: when: caps: unknown value "rna"; did you mean ran?'),
        (
            "{caps: {some: [ran]}}",
            '17: rule R1: when: caps: unknown key "some"; it is one of any and every',
        ),
        (
            "{caps: {any: [ran], every: [ran]}}",
            "16: rule R1: when: caps: expected exactly one of any, every",
        ),
        ("{value: {above: 1.5}}", "25: rule R1: when: value: expected a whole number, not 1.5"),
        ("{value: {above: yes}}", '25: rule R1: when: value: expected a whole number, not "yes"'),
        ("{value: {over: 5}}", '18: rule R1: when: value: unknown key "over"; did you mean above?'),
        ("{name: [x]}", "10: rule R1: when: name is a text, and a condition cannot read texts"),
        ("radoi", '9: rule R1: when: unknown term "radoi"'),
        (
            "risk",
            '9: rule R1: when: unknown term "risk"; risk is a fact: write {risk: …} with a value',
        ),
        (
            "[{obliged: true}]",
            "9: rule R1: when: expected a condition or the name of a term, not a list;"
            " did you mean {all: […]} or {any: […]}?",
        ),
        ("true", "9: rule R1: when: expected a condition or the name of a term, not true"),
        ("{}", "9: rule R1: when: the condition is empty"),
        ("{all: []}", "15: rule R1: when: all with an empty list"),
        ("{all: {obliged: true}}", "15: rule R1: when: all: expected a list, not “name: value”"),
        (
            "{not: {obliged: true}, risk: [low]}",
            "10: rule R1: when: not stands beside other keys; put them into one all: […]",
        ),
        ("{obliged: true, obliged: true}", '25: duplicate key "obliged"; first on line 9'),
        ("{1: [x]}", '10: rule R1: when: expected a name as key, not 1; put it in quotes: "1"'),
        ("&a {obliged: true}", "9: an anchor (&a); anchors are not allowed"),
        ("!x {obliged: true}", "9: a tag (!x); tags are not allowed"),
    ],
)
def test_conditions_that_are_refused(when: str, what: str) -> None:
    column = int(what.partition(":")[0]) + 2
    assert refused(rule(when)) == [f"r.yaml:9:{column}:{what.partition(':')[2]}"]


@pytest.mark.parametrize(
    ("text", "what"),
    [
        (rule("{obliged: true}", clause=""), ["5:5: rule R1: missing clause; add it"]),
        (
            rule("{obliged: true}", title="", because=""),
            ["5:5: rule R1: missing title and because; add them"],
        ),
        (rule("", outcome=""), ["5:5: rule R1: missing outcome and when; add them"]),
        (rule("{obliged: true}", title='""'), ["6:12: rule R1: title: is empty"]),
        (
            rule("{obliged: true}", title="5"),
            ['6:12: rule R1: title: expected text, not 5; put it in quotes: "5"'],
        ),
        (
            rule("{obliged: true}", id="no/id"),
            [
                '5:9: rule no/id: id: "no/id" is not a valid id; an id has up to 60 letters,'
                " digits, dots, dashes and underscores and starts with a letter"
            ],
        ),
        (
            rule("{obliged: true}", outcome="clear"),
            [
                "8:14: rule R1: outcome: clear is what remains when no rule fires; a rule can only"
                " raise it"
            ],
        ),
        (
            rule("{obliged: true}", outcome="baar"),
            ['8:14: rule R1: outcome: unknown value "baar"; did you mean bar?'],
        ),
        (
            rule("{obliged: true}", evidnce="[x]"),
            ['11:5: rule R1: unknown key "evidnce"; did you mean evidence?'],
        ),
        (
            rule("{obliged: true}", evidence="[x, x]"),
            ['11:19: rule R1: evidence: "x" is listed twice'],
        ),
        (
            rule("{obliged: true}", asks="sale"),
            ['11:11: rule R1: asks: unknown value "sale"; did you mean sales?'],
        ),
        (
            rule("{obliged: true}", because='"{nmae} and {caps}."'),
            ["10:14: rule R1: because: unknown placeholder {nmae}; did you mean name?"],
        ),
        (
            rule("{obliged: true}", because='"{name and {caps}."'),
            ["10:14: rule R1: because: a brace without its partner; write {fact}"],
        ),
        (
            rule("{obliged: true}") + "  - id: R1\n    title: t\n    clause: c\n    outcome: bar\n"
            "    when: {obliged: true}\n    because: b\n",
            ["11:9: duplicate id R1; first on line 5"],
        ),
        (
            HEAD + "rules: []\n",
            ["4:8: rules: the list is empty; a rulebook without rules clears all"],
        ),
        (HEAD + "rules: {}\n", ["4:8: rules: expected a list, not “name: value”"]),
        (
            HEAD + "rules: [x]\n",
            ['4:9: rule number 1: expected lines such as “name: value”, not "x"'],
        ),
        (HEAD, ["1:1: rulebook: missing rules; add it"]),
        (
            rule("{obliged: true}").replace('"1"', "1.0"),
            ['2:8: label: expected text, not 1.0; put it in quotes: "1.0"'],
        ),
        (
            rule("{obliged: true}") + "promise: []\n",
            ['11:1: rulebook: unknown key "promise"; did you mean promises?'],
        ),
        (
            rule("radoi") + "terms: {radio: {caps: {any: [ran]}}}\n",
            ['9:11: rule R1: when: unknown term "radoi"; did you mean radio?'],
        ),
        (
            rule("{radio: true}") + "terms: {radio: {caps: {any: [ran]}}}\n",
            ['9:12: rule R1: when: unknown fact "radio"; radio is a term: write its name alone'],
        ),
        (
            rule("one") + "terms: {one: {not: two}, two: {any: [three]}, three: {all: [one]}}\n",
            [
                "11:9: term one uses itself: one → two → three → one",
                "11:26: term two uses itself: two → three → one → two",
                "11:47: term three uses itself: three → one → two → three",
            ],
        ),
        (rule("one") + "terms: {one: one}\n", ["11:9: term one uses itself: one → one"]),
        (
            rule("{obliged: true}") + "terms: {risk: {obliged: true}}\n",
            ["11:9: term: risk is already the name of a fact"],
        ),
        (
            rule("{obliged: true}") + "terms: {Radio: {obliged: true}}\n",
            [
                '11:9: term: "Radio" is not a valid name; a name has up to 60 small letters,'
                " digits and underscores and starts with a letter"
            ],
        ),
    ],
)
def test_rulebooks_that_are_refused(text: str, what: list[str]) -> None:
    assert refused(text) == [f"r.yaml:{problem}" for problem in what]


@pytest.mark.parametrize(
    ("promise", "what"),
    [
        ("surely: {obliged: true}", "missing only"),
        ("surely: {obliged: true}, only: []", "only: the list is empty; name at least one"),
        ("surely: {obliged: true}, only: [bra]", 'only: unknown value "bra"; did you mean bar?'),
        (
            "surely: {obliged: true}, only: [clear, senior_review, executive_review,"
            " needs_information, bar]",
            "only: lists every outcome, so it promises nothing",
        ),
        (
            "says_so: true",
            "expected exactly one of the keys surely, possibly, raising, losing, exists,",
        ),
        (
            "raising: risk, losing: caps, never: milder",
            "expected exactly one of the keys surely, possibly, raising, losing, exists,",
        ),
        ("raising: risk, never: mild", 'never: unknown value "mild"; did you mean milder?'),
        ("raising: rsik, never: milder", 'raising: unknown value "rsik"; did you mean risk?'),
        ("raising: name, never: milder", "raising: unknown value"),
        (
            "raising: country, never: milder",
            "raising: the vocabulary gives the values of country no order",
        ),
        ("losing: [cap], never: milder", 'losing: unknown value "cap"; did you mean caps?'),
        ("losing: anyfact, never: milder", 'unknown value "anyfact"; did you mean any_fact?'),
        ("exists: {risk: [low]}, outcome: clean", 'unknown value "clean"; did you mean clear?'),
        ("exists: {rsk: [low]}, outcome: clear", 'unknown fact "rsk"; did you mean risk?'),
        ("every_rule: can_fly", 'every_rule: unknown value "can_fly"; did you mean can_fire?'),
    ],
)
def test_promises_that_are_refused(promise: str, what: str) -> None:
    text = rule("{obliged: true}") + f"promises:\n  - {{id: P1, says: x, {promise}}}\n"
    (problem,) = refused(text)
    assert problem.startswith("r.yaml:12:")
    assert f"promise P1: {what}" in problem or what in problem


@pytest.mark.parametrize(
    ("table", "what"),
    [
        (
            "{down: country, across: risk, grid: {se: {others: bar}}}",
            "5:109: rule T: table: grid: no cell for no and dk; add them, or others: …",
        ),
        (
            "{down: country, across: risk, grid: {others: {low: clear, high: bar}}}",
            "5:118: rule T: table: se: no cell for medium and unrated; add them, or others: …",
        ),
        (
            "{down: country, across: risk, grid: {sw: {others: bar}, others: {others: bar}}}",
            '5:110: rule T: table: grid: unknown value "sw"; it is one of dk, no, others and se',
        ),
        (
            "{down: country, across: risk, grid: {others: {others: baar}}}",
            '5:127: rule T: table: se: low: unknown value "baar"; did you mean bar?',
        ),
        (
            "{down: caps, across: risk, grid: {others: {others: bar}}}",
            '5:80: rule T: table: down: "caps" is a flags fact; a table needs a choice',
        ),
        (
            "{down: rsik, across: country, grid: {others: {others: bar}}}",
            '5:80: rule T: table: down: "rsik" is unknown; a table needs a choice; did you mean'
            " risk?",
        ),
        (
            "{down: risk, across: risk, grid: {others: {others: bar}}}",
            "5:94: rule T: table: down and across are the same fact",
        ),
        ("{down: country, across: risk}", "5:73: rule T: table: missing grid; add it"),
    ],
)
def test_tables_that_are_refused(table: str, what: str) -> None:
    text = rules(
        f"- {{id: T, title: t, clause: c, because: b, evidence: [letter], table: {table}}}\n"
    )
    assert refused(text)[0] == f"r.yaml:{what}"


def test_rows_of_a_table_and_rules_share_their_ids() -> None:
    text = rules("""\
        - {id: T.se.low, title: t, clause: c, because: b, outcome: bar, when: {obliged: true}}
        - {id: T, title: t, clause: c, because: b,
           table: {down: country, across: risk, grid: {others: {low: bar, others: clear}}}}
        """)
    assert refused(text) == ["r.yaml:6:5: duplicate id T.se.low; first on line 5"]


def test_all_problems_come_in_one_pass_in_the_order_of_the_file() -> None:
    text = rules("""\
        - id: R1
          title: A title
          outcome: baar
          when: {all: [{rsik: [high]}, {risk: [hihg]}, {obliged: no}]}
          because: "{nmae}"
        - id: R1
          title: ""
          clause: C1
          outcome: bar
          when: nothing_known
          because: So.
        """)
    assert [problem.split(":")[1:3] for problem in refused(text)] == [
        ["5", "5"],
        ["7", "14"],
        ["8", "19"],
        ["8", "42"],
        ["8", "60"],
        ["9", "14"],
        ["10", "9"],
        ["11", "12"],
        ["14", "11"],
    ]


# The vocabulary


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ("{}", "1:1: vocabulary: names no fact"),
        ("x: {label: X, source: declared}", "1:4: x: missing kind; it is one of choice"),
        ("x: {kind: chioce}", '1:11: x: kind: unknown value "chioce"; did you mean choice?'),
        ("x: {kind: yesno, label: X}", "1:4: x: missing source"),
        (
            "x: {kind: yesno, label: X, source: declred}",
            '1:36: x: source: unknown value "declred"; did you mean declared?',
        ),
        (
            "x: {kind: yesno, label: X, source: declared, absent: true}",
            '1:46: x: unknown key "absent"',
        ),
        (
            "x: {kind: choice, label: X, source: declared, values: [one]}",
            "1:55: x: values: name at least 2",
        ),
        (
            "x: {kind: choice, label: X, source: declared, values: [one, one, two]}",
            '1:61: x: values: "one" is listed twice',
        ),
        (
            "x: {kind: choice, label: X, source: declared, values: [true, false]}",
            "1:56: x: values: expected text, not true; YAML reads this word as true or false",
        ),
        (
            "x: {kind: choice, label: X, source: declared, values: [one, two], rising: [tow]}",
            '1:76: x: rising: unknown value "tow"; did you mean two?',
        ),
        (
            "x: {kind: flags, label: X, source: declared, members: []}",
            "1:55: x: members: name at least 1",
        ),
        ("all: {kind: yesno, label: X, source: declared}", "1:1: fact: all is a word of the rule"),
        ("X: {kind: yesno, label: X, source: declared}", '1:1: fact: "X" is not a valid name'),
        (
            "x: {kind: yesno, label: X, source: declared, words: {yes: obliged}}",
            "1:54: x: words: expected the keys true and false",
        ),
        (
            "x: {kind: yesno, label: X, source: declared, words: [obliged]}",
            "1:53: x: words: expected lines such as “name: value”, not a list",
        ),
        (
            "x: {kind: yesno, label: X, source: declared, words: {true: a, TRUE: b}}",
            "1:63: duplicate key true",
        ),
        ("x: choice", "1:4: x: missing kind"),
        (
            "x: {kind: yesno, label: X, source: declared}\nx: {kind: text}",
            '2:1: duplicate key "x"; first on line 1',
        ),
    ],
)
def test_vocabularies_that_are_refused(text: str, what: str) -> None:
    with pytest.raises(ReadingError) as caught:
        read_vocabulary(text, file="v.yaml")
    assert any(str(problem).startswith(f"v.yaml:{what}") for problem in caught.value.problems)
