"""Every answer of the form reaches a fact that a rule or promise reads, or is one that only people
read; a graver answer never gets a milder outcome; nothing that compliance settles takes it away."""

from collections.abc import Iterator, Mapping
from typing import Any
from unittest.mock import ANY

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from policy.engine.language.condition import RANK
from policy.facts import answers_to_facts, shipped
from policy.facts.declared import DeclaredError
from policy.facts.derive import trace
from screening.form import choices, questions
from screening.form.deal_form import QUESTIONS, UNKNOWN, Kind, Question
from tests.effort import examples
from tests.screening.form.answers import SIMPLE

DATA = shipped.load()
#: A deal of which every question is asked, answered as mildly as can be.
ASKED: dict[str, Any] = SIMPLE | {
    "products": ["core-5gsa", "retained-records", "url-filter", "camera-network"],
    "customer": "A body without a name in any list",
    "customer-kind": "private_enterprise",
    "end-user": {"kind": "private_enterprise", "is_customer": False},
    "end-user-name": "Another body",
    "state-owned": "no",
    "intelligence-access": "no",
    "purposes": ["smart_city"],
    "handover": "standard",
    "obligation": "yes",
    "legal-basis": {"act": "Act 917/2014", "article": "", "date": "", "orders": "a court"},
    "stores": "no",
    "analyses": "no",
    "restricts": {"answer": "no", "text": ""},
    "follows": {"answer": "no", "text": ""},
    "law-conflict": {"answer": "no", "text": ""},
    "safeguards": ["contract_clause"],
}


def read(answers: Mapping[str, Any], given: Mapping[str, Any] | None = None) -> list[Any]:
    """What rules read of these answers, with the texts that sentences quote."""
    return [variant.facts.plain for variant in trace(declared_of(answers), DATA, given=given or {})]


def outcome(answers: Mapping[str, Any], given: Mapping[str, Any] | None = None) -> str:
    variants = trace(declared_of(answers), DATA, given=given or {})
    return max((DATA.compiled.assess(one.facts).outcome for one in variants), key=RANK.__getitem__)


def declared_of(answers: Mapping[str, Any]) -> dict[str, Any]:
    return questions.declared_facts(answers, questions.context_of(answers, DATA))


def rows(asked: Question) -> list[str]:
    name = asked.answers if asked.kind is Kind.DETAIL else asked.choices
    return [row[0] for row in choices.LABELS[name]]


def values(asked: Question) -> Iterator[Any]:
    """Every kind of answer that the page of this question gives."""
    unknown = [UNKNOWN] if asked.unknown else []
    match asked.kind:
        case Kind.CHOICE:
            yield from [*rows(asked), *unknown]
        case Kind.CHOICES:
            yield from ([one] for one in [*rows(asked), *unknown])
        case Kind.DETAIL:
            owners = [row[0] for row in choices.LABELS[asked.choices]] if asked.choices else [""]
            for answer in [*rows(asked), UNKNOWN]:
                for owner in owners if answer == "yes" else [""]:
                    yield {"answer": answer, "text": "What is known", "owner": owner}
        case Kind.END_USER:
            yield from (
                {"kind": one, "is_customer": same}
                for one in [*rows(asked), *unknown]
                for same in (False, True)
            )
        case Kind.PRODUCTS:
            yield from ([product.id] for product in DATA.catalogue.products)
        case Kind.COUNTRY:
            yield from ["RU", "XK"]
        case Kind.COUNTRIES:
            yield from ([{"place": one, "site": ""}] for one in ("FI", "BY", "UA-43"))
            yield [{"place": "FI", "site": "Simferopol"}]
        case Kind.TERRITORIES:
            yield from ({"UA": [one]} for one in ("UA-43", "MD-SN", "none", UNKNOWN))
        case Kind.PLACES:
            for run, records in (("BY", "FI"), ("FI", "BY"), (UNKNOWN, "FI"), ("FI", UNKNOWN)):
                yield {"run": run, "records": records}
        case Kind.ELSEWHERE:
            yield from ({"answer": one, "places": []} for one in ("yes", UNKNOWN))
            yield {"answer": "yes", "places": ["BY"]}
        case Kind.PARTIES:
            party = {"name": "A trader", "role": "reseller", "country": "AE"}
            yield {"answer": "yes", "parties": [party]}
            yield {"answer": "no", "parties": []}
        case Kind.BASIS:
            yield {"act": "Another act", "article": "", "date": "", "orders": "a court"}
        case Kind.TEXT:
            yield "Another name"


#: They say nothing about the deal: what the offer contains against misuse is evidence for
#: reviewers, and the declaration says that the others are true.
SAYS_NOTHING = frozenset({"safeguards", "declaration"})
PAIRS = [
    pytest.param(asked, value, id=f"{asked.number} {str(value)[:60]}")
    for asked in QUESTIONS
    if asked.slug not in answers_to_facts.ONLY_READ | SAYS_NOTHING
    for value in values(asked)
]


def test_what_only_people_read_is_a_short_list() -> None:
    assert {"name", "reference", "value", "sign-date", "description"} == answers_to_facts.ONLY_READ
    slugs = {asked.slug for asked in QUESTIONS}
    assert slugs >= answers_to_facts.ONLY_READ | SAYS_NOTHING


def test_what_only_people_read_changes_no_fact() -> None:
    other = {
        "name": "Other",
        "reference": "R-1",
        "value": {"amount": "1", "currency": "EUR"},
        "sign-date": "2028-01-01",
        "description": "Other words",
    }
    assert read(ASKED | other) == read(ASKED)


@pytest.mark.parametrize(("asked", "value"), PAIRS)
def test_every_answer_reaches_a_fact_that_a_rule_reads(asked: Question, value: Any) -> None:
    """Beside the deal in which the question was not answered, or has its other answers."""
    base = ASKED
    if asked.slug == "customer-country":
        # It says in which lists a name is looked up.
        base = ASKED | {"customer": "FSB", "customer-kind": "civil_government"}
    if asked.slug == "territories":
        base = ASKED | {"run-from": {"run": "UA", "records": "FI"}}
    if asked.slug == "state-owned":
        kind = "commercial_operator"
        base = ASKED | {"end-user": {"kind": kind, "is_customer": False}, "customer-kind": kind}
    if asked.slug == "end-user-name":
        assert "Another name" in str(read(base | {asked.slug: value}))
        return
    changed = {name: one for name, one in base.items() if name != asked.slug}
    others = [one for one in values(asked) if one != value]
    found = read(base | {asked.slug: value})
    differs = [one for one in others if read(base | {asked.slug: one}) != found]
    assert differs or found != read(changed), "whatever is answered, no fact is another"


@pytest.mark.parametrize(
    ("slug", "answer", "fact", "value"),
    [
        ("handover", "more", "abilities_declared", ["hands_over_more"]),
        ("stores", "later", "abilities_declared", ["stores_intercepted"]),
        ("analyses", "later", "abilities_declared", ["analyses_intercepted"]),
        ("restricts", {"answer": "yes"}, "abilities_declared", ["restricts_content"]),
        ("follows", {"answer": "yes"}, "abilities_declared", ["follows_people"]),
        ("intelligence-access", "yes", "agency_access", "yes"),
        ("limits-speech", {"answer": "included"}, "speech_limit_request", "included"),
        ("law-conflict", {"answer": "yes"}, "conflict_signs", [ANY]),
        ("reports", {"answer": "yes"}, "adverse_signs", [ANY]),
    ],
)
def test_each_answer_sets_its_own_fact(slug: str, answer: Any, fact: str, value: Any) -> None:
    """By itself: what the catalogue knows may hide that an answer is not read."""
    assert answers_to_facts.declared({slug: answer}) == {fact: value}


def test_an_answer_that_no_form_gives_is_no_answer() -> None:
    """It would be passed over otherwise, and the deal screened as if nobody had asked."""
    with pytest.raises(DeclaredError, match="handover: the form gives no answer 'sometimes'"):
        answers_to_facts.declared({"handover": "sometimes"})


def test_each_question_of_the_table_is_tried() -> None:
    tried = {"handover", "stores", "analyses", "restricts", "follows", "intelligence-access"}
    tried |= {"limits-speech", "law-conflict", "reports"}
    assert {sets.slug for sets in answers_to_facts.TABLE} == tried


#: Per question its answers from mild to grave; "I do not know" is never milder than the mildest.
RISING: dict[str, tuple[Any, ...]] = {
    "handover": ("standard", "more"),
    "stores": ("no", "later"),
    "analyses": ("no", "yes"),
    "intelligence-access": ("no", "yes"),
    "restricts": (
        {"answer": "no", "text": ""},
        {"answer": "yes", "text": "A", "owner": "subscriber"},
        {"answer": "yes", "text": "A", "owner": "authorities"},
    ),
    "follows": ({"answer": "no", "text": ""}, {"answer": "yes", "text": "A"}),
    "limits-speech": (
        {"answer": "no", "text": ""},
        {"answer": "refused", "text": "A"},
        {"answer": "included", "text": "A"},
    ),
    "law-conflict": ({"answer": "no", "text": ""}, {"answer": "yes", "text": "A"}),
    "reports": ({"answer": "no", "text": ""}, {"answer": "yes", "text": "A"}),
    "intermediaries": (
        {"answer": "no", "parties": []},
        {"answer": "yes", "parties": [{"name": "A trader", "role": "reseller", "country": "AE"}]},
    ),
    "run-from": ({"run": "FI", "records": "FI"}, {"run": "BY", "records": "FI"}),
    "elsewhere": ({"answer": "no", "places": []}, {"answer": "yes", "places": ["BY"]}),
    "other-places": ({"answer": "no", "places": []}, {"answer": "yes", "places": ["BY"]}),
    "purposes": (
        ["smart_city"],
        ["smart_city", "crime_investigation"],
        ["smart_city", "crime_investigation", "national_security_monitoring"],
    ),
    "products": (["nr-macro"], ["nr-macro", "core-5gsa"], ["nr-macro", "core-5gsa", "dpi-block"]),
    "countries": (
        [{"place": "FI", "site": ""}],
        [{"place": "FI", "site": ""}, {"place": "BY", "site": ""}],
        [{"place": "FI", "site": ""}, {"place": "BY", "site": ""}, {"place": "UA", "site": ""}],
        [
            {"place": "FI", "site": ""},
            {"place": "BY", "site": ""},
            {"place": "UA", "site": "Simferopol"},
        ],
    ),
    "territories": ({"UA": ["none"]}, {"UA": ["MD-SN"]}, {"UA": ["MD-SN", "UA-43"]}),
}
UNKNOWN_OF = {"handover", "stores", "analyses", "intelligence-access"}
SETTLED = (
    {},
    {"fact_conflict": False},
    {"legal_basis_status": "verified"},
    {"fact_conflict": False, "legal_basis_status": "verified"},
)


@given(st.data())
@settings(max_examples=examples(400), deadline=None)
def test_a_graver_answer_never_gets_a_milder_outcome(data: st.DataObject) -> None:
    levels = {slug: data.draw(st.sampled_from(rising), slug) for slug, rising in RISING.items()}
    settled = data.draw(st.sampled_from(SETTLED))
    slug = data.draw(st.sampled_from(sorted(RISING)))
    rising = RISING[slug]
    at = data.draw(st.integers(0, len(rising) - 2))
    before = ASKED | levels | {slug: rising[at]}
    after = before | {slug: rising[at + 1]}
    # A product that hands over explains a handover that the others did not: that is no easing.
    assume(slug != "products" or "contradictions" not in declared_of(before))
    assert RANK[outcome(after, settled)] >= RANK[outcome(before, settled)]


@given(st.data())
@settings(max_examples=examples(200), deadline=None)
def test_not_knowing_never_gets_what_knowing_would_not(data: st.DataObject) -> None:
    levels = {slug: data.draw(st.sampled_from(rising), slug) for slug, rising in RISING.items()}
    slug = data.draw(st.sampled_from(sorted(UNKNOWN_OF)))
    settled = data.draw(st.sampled_from(SETTLED))
    # Two answers that cannot both be true are asked again first; one alone contradicts nothing.
    assume("contradictions" not in declared_of(ASKED | levels))
    known = RANK[outcome(ASKED | levels, settled)]
    unknown = RANK[outcome(ASKED | levels | {slug: UNKNOWN}, settled)]
    assert unknown >= min(known, RANK["needs_information"])
