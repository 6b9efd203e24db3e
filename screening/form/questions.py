"""The deal form as data: its questions, when each is asked, and what the answers declare.

Pure: no model, no database. ``answers`` is a plain mapping, slug → JSON value, as the draft keeps
it; ``Context`` holds what the chosen products and countries mean by the active reference data.

How an answer is kept, by kind of question:

    text, long_text     text
    choice              the chosen value, or "?" for "I do not know"
    choices, products   list of the chosen values; "?" may be among them
    money               {"amount": whole number as text, "currency": ISO 4217}
    date                "2026-12-31"
    country             a code, or "?"
    countries           list of {"place": code, "site": text}
    places              {"run": code or "?", "records": code or "?"}
    elsewhere           {"answer": "yes" | "no" | "?", "places": [codes]}; beside 3.1b an earlier
                        form asked 3.2 and 3.3, and what was answered there counts alike
    territories         {country: [codes of territories], ["none"] or ["?"]}
    parties             {"answer": "yes" | "no", "parties": [{"name", "role", "country"}]}
    end_user            {"kind": value, "is_customer": bool}
    detail              {"answer": "yes" | "no" | "?", "text": text}, and "owner" in 4.7
    basis               {"laws": [{"law": id, "cited": text, "conflict": bool}]}, laws of the
                        register; or {"act", "article", "date", "orders"}: texts; or {"answer": "?"}

A place is a country code or the code of a special territory ("UA-43"): the territory names its
country, so one list serves for both.

Most answers about what a system does and who reaches it set a fact each, by one table
(policy.facts.answers_to_facts). Where they differ from the catalogue, a sentence in
``differences`` stands beside the fact, and the graver of the two counts. True contradictions (two
answers, or an answer for which there is no fact) become sentences in ``contradictions``; they set
the fact ``fact_conflict``, so the deal stops until compliance has looked. A country that is not
known is "XX".
"""

import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from functools import cached_property
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext as _

from policy.engine.readings.assessment import Finding
from policy.facts import answers_to_facts, in_text, shipped
from policy.facts.declared import NOT_KNOWN as UNKNOWN_SYSTEM
from policy.facts.declared import SEVERAL_LINES, UNKNOWN_WHERE, is_named
from policy.facts.derive import ReferenceData, Variant, trace
from policy.reference.capabilities import PARTS
from policy.reference.destinations import reading_rows
from policy.reference.names.folding import fold
from policy.reference.names.plain_text import without
from screening.form import named_in_text
from screening.form.deal_form import (
    DECLARATION,
    FOR_OTHERS,
    OTHER_PLACES,
    PUBLIC,
    QUESTIONS,
    SECTIONS,
    SECURITY,
    TITLE,
    UNKNOWN,
    Answers,
    Context,
    Kind,
    Question,
    Section,
    end_user_is_customer,
    end_user_kind,
)

__all__ = ("DECLARATION", "TITLE", "UNKNOWN", "Answers", "Context", "Question", "Section")

NOWHERE = "XX"
#: Letters; territories have longer codes.
COUNTRY_CODE = 2
#: Marks answers that were copied and not confirmed yet; beside the answers, never one of them.
COPIED = "_copied"
#: Marks questions whose answer was made milder after the page had said what it means.
SOFTENED = "_softened"
#: What could be done with what was sold when an answer at which executives would have looked was
#: made milder; empty for whatever is sold.
FROM_EXECUTIVES = "_from_executives"
MARKS = frozenset({COPIED, SOFTENED, FROM_EXECUTIVES})
TIERS = ("low", "medium", "high", "very_high", "unrated")
#: Who owns a block list settles the purpose; it is added to the purposes that sales ticks.
LIST_OWNERS: Mapping[str, str] = {
    "authorities": "content_blocking_state_list",
    "court": "court_ordered_blocking",
    "child_protection": "child_protection",
}
DEAL_KINDS: Mapping[str, str] = {
    "change": "change_request",
    "capacity": "capacity_expansion",
    "support": "support_maintenance",
}

#: Both ask where else it may be, and each counts.
ELSEWHERE = (OTHER_PLACES, "elsewhere")
#: Longer names of deals are cut off.
LONGEST_TITLE = 80

#: Between the names of systems; a comma may stand inside a name.
_APART = re.compile(r"[\n;]")

BY_SLUG: Mapping[str, Question] = {question.slug: question for question in QUESTIONS}
#: Answers that a copy does not take over: they speak of a day, or of what somebody confirmed.
NOT_COPIED = frozenset({DECLARATION, "sign-date", "reports", "limits-speech", "law-conflict"})
#: What sales knows beside the system: of misuse, of requests, of the law, of who can use it.
KNOWN_TO_SALES = frozenset(sets.slug for sets in answers_to_facts.TABLE if not sets.member)
#: The same without the law, which is of what is sold.
KNOWN_OF_END_USER = KNOWN_TO_SALES - {"law-conflict"}
#: What says what a deal contains.
CONTAINS = frozenset({"products", "other-systems"})
#: What is sold and where to, which may be chosen otherwise.
SOLD = frozenset(
    {
        *("products", "services", "deal-kind", "built-out", "intermediaries"),
        *("countries", *ELSEWHERE, "run-from"),
    }
)


#: What it is for, who uses it, what it can do and what it serves: nobody chooses that.
OF_ITS_USE = frozenset(
    {"end-user", "purposes", "other-systems"}.union(
        sets.slug for sets in answers_to_facts.TABLE if sets.member
    )
)
#: Who uses it, and who signs.
KINDS = frozenset({"end-user", "customer-kind"})


@dataclass(frozen=True)
class Reading:
    """Answers under one set of reference data. They are derived once, however many ask.

    Raises DeclaredError, when it is first asked, for answers that no form gives.
    """

    answers: Answers
    data: ReferenceData
    #: The day for which it is read: a law of the register counts until its last one.
    on: date = field(default_factory=timezone.localdate)
    #: What `declared_facts` makes of all the answers, where somebody knows it already.
    read: Mapping[str, Any] | None = None
    #: The rows of the countries that were read for it.
    rows: set[str] = field(default_factory=set, compare=False)

    @cached_property
    def context(self) -> Context:
        with reading_rows() as rows:
            context = _meaning_of(self) if self._whole else Context()
        self.rows.update(rows)
        return context

    @cached_property
    def declared(self) -> dict[str, Any]:
        """What the questions that are asked declare; differences from the catalogue among it."""
        return declared_facts(self.answers, self.context, self._whole)

    @cached_property
    def variants(self) -> Sequence[Variant]:
        """What every answer declares, those to questions that are no longer asked included."""
        with reading_rows() as rows:
            variants = trace(self._whole, self.data, on=self.on)
        self.rows.update(rows)
        return variants

    def is_of(self, declared: Mapping[str, Any]) -> bool:
        """Whether this declaration is what was derived here."""
        return declared == self._whole

    @cached_property
    def _whole(self) -> Mapping[str, Any]:
        return declared_facts(self.answers) if self.read is None else self.read


def context_of(answers: Answers, data: ReferenceData) -> Context:
    """What the answers mean so far: capabilities, worst tier of the destinations, rules fired."""
    return Reading(answers, data).context


def _meaning_of(reading: Reading) -> Context:
    answers, data = reading.answers, reading.data
    variants = [variant.facts for variant in reading.variants]
    findings = [
        finding for variant in variants for finding in data.compiled.assess(variant).findings
    ]
    plain: list[Mapping[str, Any]] = [variant.plain for variant in variants]
    capabilities = plain[0].get("capabilities") if answers.get("products") else []
    # A tier that nobody can tell before the place is known counts as the gravest.
    risks = [facts.get("country_risk") or "unrated" for facts in plain]
    tiers = risks if _destinations(answers) else []
    return meaning(
        capabilities or (),
        data,
        may_be_built_out=_may_be_built_out(answers, data),
        may_be_a_part=_may_be_a_part(answers, data),
        country_risk=max(tiers, key=TIERS.index, default=""),
        findings=tuple(
            dict.fromkeys(
                finding.rule for finding in findings if not only_misses_an_answer(finding)
            )
        ),
        beside=beside_territories(answers, data),
        home=home_of_customer(answers, data),
        named=tuple(named_in_text.sentences(answers, data, _countries_of(answers))),
    )


def home_of_customer(answers: Answers, data: ReferenceData) -> str:
    """The country in which the registry has the operator that signs; "" where it does not say."""
    customer = answers.get("customer")
    return data.registry.home_of_operator(customer) if isinstance(customer, str) else ""


def _may_be_built_out(answers: Answers, data: ReferenceData) -> bool:
    products = map(data.catalogue.find, answers.get("products") or ())
    return any(product is not None and product.removable for product in products)


def _may_be_a_part(answers: Answers, data: ReferenceData) -> bool:
    products = map(data.catalogue.find, answers.get("products") or ())
    return any(
        product is not None and PARTS.issuperset(product.capabilities) for product in products
    )


def beside_territories(answers: Answers, data: ReferenceData) -> tuple[str, ...]:
    """The countries of the deal that hold or neighbour special territories, as they were named."""
    asked = data.countries.territories_asked
    return tuple(country for country in _countries_of(answers) if asked(country))


def _countries_of(answers: Answers) -> list[str]:
    """Every country that the answers name: of a destination, of the customer, of other parties."""
    codes = [row["place"] for row in answers.get("countries") or ()]
    codes += (answers.get("run-from") or {}).values()
    codes += [code for slug in ELSEWHERE for code in (answers.get(slug) or {}).get("places") or ()]
    codes.append(answers.get("customer-country") or "")
    codes += [
        party["country"] for party in (answers.get("intermediaries") or {}).get("parties", ())
    ]
    return [code for code in dict.fromkeys(codes) if len(code) == COUNTRY_CODE]


def meaning(
    capabilities: Iterable[str],
    data: ReferenceData,
    *,
    may_be_built_out: bool = False,
    may_be_a_part: bool = False,
    country_risk: str = "",
    findings: tuple[str, ...] = (),
    beside: tuple[str, ...] = (),
    home: str = "",
    named: tuple[str, ...] = (),
) -> Context:
    """What these capabilities mean to the rules in force, beside what is known of the places."""
    able = frozenset(capabilities)
    # A rulebook from before sales could declare abilities asks what the shipped one asks.
    rules = data if "abilities_declared" in data.read else shipped.load()
    return Context(
        capabilities=able,
        surveillance=able & rules.beside["abilities_declared"],
        lawful=able & rules.beside.get("legal_obligation", frozenset()),
        alike={ability: able & same for ability, same in rules.alike.items()},
        may_be_built_out=may_be_built_out,
        may_be_a_part=may_be_a_part,
        country_risk=country_risk,
        findings=findings,
        beside=beside,
        home=home,
        named=named,
    )


def only_misses_an_answer(finding: Finding) -> bool:
    """Whether a rule only misses an answer of sales; that is not yet a finding about the deal."""
    return finding.outcome == "needs_information" and finding.asks == "sales"


def question(slug: str) -> Question:
    """The question with this slug; KeyError when there is none."""
    return BY_SLUG[slug]


def sections() -> tuple[Section, ...]:
    return SECTIONS


def section(slug: str) -> Section:
    """The section with this slug; KeyError when there is none."""
    return {part.slug: part for part in SECTIONS}[slug]


def shown_questions(answers: Answers, context: Context) -> list[Question]:
    """The questions to ask, in order, the declaration last."""
    return [question for question in QUESTIONS if question.is_asked(answers, context)]


def shown_answers(answers: Answers, context: Context) -> dict[str, Any]:
    """Without answers to questions that are not asked any more."""
    slugs = [question.slug for question in shown_questions(answers, context)]
    return {slug: answers[slug] for slug in slugs if slug in answers}


def is_answered(question: Question, answers: Answers, context: Context) -> bool:
    value = answers.get(question.slug)
    if question.kind is Kind.TERRITORIES:
        # A country that was added later has to be answered too.
        return all((value or {}).get(country) for country in context.beside)
    return question.optional or value not in (None, "", [], {}, False)


def is_unknown(question: Question, answers: Answers) -> bool:
    """Whether "I do not know" is (a part of) the answer."""
    return _holds_unknown(answers.get(question.slug))


def _holds_unknown(value: Any) -> bool:
    if isinstance(value, Mapping):
        return UNKNOWN in value.values() or [UNKNOWN] in value.values()
    return value == UNKNOWN or (isinstance(value, list) and UNKNOWN in value)


def _is_not_known(value: Any) -> bool:
    """Whether an answer says "I do not know" and nothing beside it that counts: no other choice,
    and no owner of a list. Words beside it are none.
    """
    if isinstance(value, Mapping):
        return UNKNOWN in (value.get("answer"), value.get("kind")) and not value.get("owner")
    return value in (UNKNOWN, [UNKNOWN])


def missing_questions(answers: Answers, context: Context) -> list[Question]:
    return [
        question
        for question in shown_questions(answers, context)
        if not is_answered(question, answers, context)
    ]


def next_question(after: Question, answers: Answers, context: Context) -> Question | None:
    """The next question of the same section, answered or not; None at its end.

    What may be left empty and no rule reads, and what the registry has answered, stands on the page
    "Check your answers" and on nobody's way.
    """
    rest = QUESTIONS[QUESTIONS.index(after) + 1 :]
    same = (question for question in rest if question.section == after.section)
    asked = (question for question in same if question.is_asked(answers, context))
    return next(
        (
            question
            for question in asked
            if not (question.optional and not question.fact)
            and not is_from_registry(question, answers, context)
        ),
        None,
    )


def is_from_registry(question: Question, answers: Answers, context: Context) -> bool:
    """Whether the registry answers it, and nobody else answered otherwise."""
    asks = question.slug == "customer-country" and context.home
    return bool(asks) and answers.get(question.slug) == context.home


def country_of(customer: str, answers: Answers, data: ReferenceData) -> str | None:
    """Where a new customer is registered, "" for: ask; None where somebody has said it already.

    What the registry said of the customer before says nothing of another one.
    """
    stored = answers.get("customer-country")
    if stored and stored != home_of_customer(answers, data):
        return None
    return home_of_customer({"customer": customer}, data)


def title_of(answers: Answers, data: ReferenceData) -> str:
    """What the deal is called: by its name, or after what is sold and to whom."""
    if named := answers.get(TITLE):
        return str(named)
    first, *rest = [data.catalogue.named(line) for line in answers.get("products") or ()] or [""]
    sold = _("%(product)s and %(more)d more") % {"product": first, "more": len(rest)}
    words = {"sold": sold if rest else first, "customer": answers.get("customer") or ""}
    title = _("%(sold)s for %(customer)s") % words if all(words.values()) else words["sold"]
    return title if len(title) <= LONGEST_TITLE else f"{title[: LONGEST_TITLE - 1]}…"


def copied(answers: Answers, *, source: str = "") -> dict[str, Any]:
    """What a copy of a deal takes over; ``source`` is the reference that each answer shows."""
    kept = {slug: value for slug, value in answers.items() if slug not in {*NOT_COPIED, *MARKS}}
    marks = {mark: answers[mark] for mark in (SOFTENED, FROM_EXECUTIVES) if mark in answers}
    if source:
        marks[COPIED] = {"source": source, "slugs": sorted(kept)}
    return {**kept, **marks}


def unseen(answers: Answers, sent: Answers) -> list[str]:
    """What a copy is asked about again, and nobody has seen since the deal was ``sent``."""
    return sorted(NOT_COPIED.intersection(_grave(answers) - _grave(sent)))


def soften(
    answers: dict[str, Any],
    slug: str,
    before: Any,
    outcomes: Collection[str],
    able: Collection[str],
    *,
    is_reworded: bool = False,
) -> None:
    """Mark a question whose answer no longer has these ``outcomes``, if somebody has to look.

    ``able`` is what can be done with what is sold: who would have looked at it looks at that.
    ``is_reworded`` says that words are gone that compliance would have read.

    What stops a deal is not taken back alone, nor what sales knew, nor what people would look at
    because of its use, nor what executives would, unless something else is sold, nor words that
    compliance would have read. Who did not know and has found out takes nothing back.
    """
    after = answers.get(slug)
    is_known = not _is_not_known(before)
    takes_back = (_is_grave(before, slug) and not _is_grave(after, slug)) or (
        slug in KINDS and _is_armed(before) and _kind(after) != _kind(before)
    )
    for_executives = "executive_review" in outcomes and slug not in SOLD and is_known
    for_seniors = "senior_review" in outcomes and slug in OF_ITS_USE and is_known
    in_words = slug in named_in_text.WRITTEN or slug in named_in_text.BESIDE
    serves_nothing = slug == "other-systems" and is_known and not _says_yes(after, slug)
    was_public = slug == "customer-kind" and before in PUBLIC and after not in PUBLIC
    is_asked = in_words or serves_nothing or was_public
    is_reworded |= "needs_information" in outcomes and is_asked
    if "bar" in outcomes or takes_back or for_executives or for_seniors or is_reworded:
        answers[SOFTENED] = sorted({*answers.get(SOFTENED, ()), slug})
    if for_executives:
        is_narrow = able and answers.get(FROM_EXECUTIVES) != []
        answers[FROM_EXECUTIVES] = (
            sorted({*answers.get(FROM_EXECUTIVES, ()), *able}) if is_narrow else []
        )


def is_from_executives(answers: Answers, able: Collection[str]) -> bool:
    """Whether executives would have looked at an answer that was made milder, beside something with
    which as much can be done.
    """
    marked = answers.get(FROM_EXECUTIVES)
    return marked is not None and (not marked or not able or not set(marked).isdisjoint(able))


def _grave(answers: Answers) -> set[str]:
    return {slug for slug, answer in answers.items() if _is_grave(answer, slug)}


def _is_grave(answer: Any, slug: str) -> bool:
    """Whether sales has said what it knows, and it was not no."""
    said = answer.get("answer") if isinstance(answer, Mapping) else answer
    return slug in KNOWN_TO_SALES and said not in (None, "", "no", UNKNOWN)


def _kind(answer: Any) -> Any:
    """Of organisation, as who uses it or who signs is declared."""
    return answer.get("kind") if isinstance(answer, Mapping) else answer


def _is_armed(answer: Any) -> bool:
    return _kind(answer) in SECURITY


def known_once(sent: Iterable[Answers]) -> frozenset[str]:
    """What sales knew of an end user when it sent one of these, or had said in a draft before."""
    said = (_grave(answers).union(answers.get(SOFTENED, ())) for answers in sent)
    return KNOWN_OF_END_USER & frozenset[str]().union(*said)


def unsaid(
    elsewhere: Answers,
    here: Answers,
    abilities: Collection[str],
    once: Collection[str] = frozenset(),
) -> list[str]:
    """The numbers of questions to which answers elsewhere say more than no, or ``once`` did, and
    these say no: about the end user, and whether what is sold has one of the ``abilities``.

    Who does not know is asked anyway; the law and the abilities are of what is sold, so an answer
    about them is missed only where it was asked for, or what was sold then is served now.
    """
    serves = not FOR_OTHERS.isdisjoint(here.get("services") or ())
    return [
        BY_SLUG[sets.slug].number
        for sets in answers_to_facts.TABLE
        if (not sets.member or sets.member in abilities)
        and (sets.slug in here or sets.slug in KNOWN_OF_END_USER or (serves and bool(sets.member)))
        and (sets.slug in once or _says_yes(elsewhere.get(sets.slug), sets.slug))
        and not _says_yes(here.get(sets.slug), sets.slug)
        and not _is_not_known(here.get(sets.slug))
    ]


def _says_yes(answer: Any, slug: str) -> bool:
    """Whether it is what sales knows of the end user, or that the system can do it."""
    said = answer.get("answer") if isinstance(answer, Mapping) else answer
    return _is_grave(answer, slug) or said in ("yes", "later", "more")


def copied_from(answers: Answers, slug: str) -> str:
    """The deal that an answer was copied from, until it is confirmed; empty for one's own."""
    marks = answers.get(COPIED) or {}
    return str(marks["source"]) if slug in marks.get("slugs", ()) else ""


def confirm(answers: dict[str, Any], slug: str) -> None:
    """The answer is one's own from now on; the declaration makes all of them one's own."""
    marks = answers.pop(COPIED, None)
    if marks and slug != DECLARATION:
        left = [other for other in marks["slugs"] if other != slug]
        if left:
            answers[COPIED] = {**marks, "slugs": left}


# ---- what the answers declare ----


def declared_facts(
    answers: Answers, context: Context | None = None, read: Mapping[str, Any] | None = None
) -> dict[str, Any]:
    """The answers as policy.facts.derive reads them; what is not answered is left out.

    With a context, answers to questions that are no longer asked are left out too, and the
    answers that are compared with the catalogue are compared. ``read`` is what all the answers
    declare without one: where every question is still asked, nothing is read again.
    """
    if context is None:
        return _declared(answers)
    shown = shown_answers(answers, context)
    is_all_asked = answers.keys() - shown.keys() <= MARKS
    declared = dict(read) if is_all_asked and read is not None else _declared(shown)
    for name, compared in (
        ("contradictions", [*_unheard_of(shown, context), *_in_own_words(shown, context)]),
        ("differences", [*_differences(shown, context)]),
    ):
        if compared:
            told = (without(sentence) for sentence in compared)
            declared[name] = [*declared.get(name, ()), *told]
    return declared


def _declared(answers: Answers) -> dict[str, Any]:
    declared = {
        "products": answers.get("products"),
        "removal_proof": _removal_proof(answers),
        "other_systems": _other_systems(answers),
        "services": _services(answers),
        "intermediaries": _intermediaries(answers),
        "customer_name": answers.get("customer"),
        "customer_type": _customer_type(answers),
        "customer_country": _code(answers.get("customer-country")),
        "end_user_type": end_user_kind(answers) or None,
        "end_user_name": _end_user_name(answers),
        "destinations": _destinations(answers),
        "territories": _territories(answers),
        "description": answers.get("description"),
        "purposes": _purposes(answers),
        "legal_obligation": _yes_no(answers.get("obligation")),
        "legal_basis": _legal_basis(answers),
        "laws": _laws(answers),
        "contradictions": list(_for_compliance(answers)),
        **answers_to_facts.declared(answers),
    }
    names = ("services", "intermediaries", "abilities_declared")
    # Answers from before forms refused what nobody sees; a name is judged without it.
    declared = {
        name: _without_unseen(value, lines=name in SEVERAL_LINES)
        for name, value in declared.items()
    }
    return {name: value for name, value in declared.items() if value not in (None, [])} | {
        name: [] for name in names if declared.get(name) == []
    }


def _without_unseen(value: Any, *, lines: bool) -> Any:
    if isinstance(value, str):
        return without(value, lines=lines)
    if isinstance(value, list):
        return [_without_unseen(item, lines=lines) for item in value]
    if isinstance(value, dict):
        return {key: _without_unseen(item, lines=lines) for key, item in value.items()}
    return value


def _services(answers: Answers) -> list[str] | None:
    chosen = answers.get("services")
    if not chosen:
        return None
    added = DEAL_KINDS.get(answers.get("deal-kind") or "")
    return list(dict.fromkeys([*chosen, added] if added else chosen))


def _removal_proof(answers: Answers) -> str | None:
    """What is to prove that features were built out of the products; none that says nothing."""
    answer = answers.get("built-out") or {}
    proof: str = answer.get("text") or ""
    return proof if answer.get("answer") == "yes" and is_named(proof) else None


def _other_systems(answers: Answers) -> list[str] | str | None:
    """The systems of other makers, as they were named; "unknown" when nobody can name them, or when
    there are more than were named.
    """
    answer = answers.get("other-systems")
    if not answer or answer["answer"] == "no":
        return None
    named = [line.strip() for line in _APART.split(answer.get("text") or "") if is_named(line)]
    if not named:
        return UNKNOWN_SYSTEM
    return named if answer["answer"] == "yes" else [*named, UNKNOWN_SYSTEM]


def _intermediaries(answers: Answers) -> list[dict[str, str]] | None:
    answer = answers.get("intermediaries")
    if not answer:
        return None
    # Whom somebody named counts, whatever was ticked above.
    return [
        {key: _code(party[key]) or "" if key == "country" else party[key] for key in party}
        for party in answer["parties"]
    ]


def _customer_type(answers: Answers) -> str | None:
    kind = answers.get("customer-kind")
    if not kind and end_user_is_customer(answers):
        # One body, which was asked once what it is.
        return end_user_kind(answers) or None
    return "unknown" if kind == UNKNOWN else kind


def _end_user_name(answers: Answers) -> str | None:
    name: str | None = answers.get("customer" if end_user_is_customer(answers) else "end-user-name")
    return name


def _destinations(answers: Answers) -> list[dict[str, str]] | None:
    """Where it is installed, run from, recorded, or may be moved to: each counts alike."""
    rows = answers.get("countries") or ()
    places = [
        _place(row["place"]) | ({"site": row["site"]} if row.get("site") else {}) for row in rows
    ]
    codes = list((answers.get("run-from") or {}).values())
    for elsewhere in (answers.get(slug) or {} for slug in ELSEWHERE):
        # A place that was named counts, whatever was ticked beside it.
        named = elsewhere.get("places") or ()
        codes += named
        # Who names one place and does not know the rest does not know it; nor does a "yes" alone.
        if elsewhere.get("answer") == UNKNOWN or (elsewhere.get("answer") == "yes" and not named):
            codes.append(UNKNOWN)
    installed = {row["place"] for row in rows}
    places += [_place(code) for code in dict.fromkeys(codes) if code not in installed]
    return places or None


def _territories(answers: Answers) -> dict[str, Any] | None:
    """Where in a country it is, for the countries that are still part of the deal."""
    given = answers.get("territories") or {}
    return {
        country: UNKNOWN_WHERE if UNKNOWN in given[country] else given[country]
        for country in _countries_of(answers)
        if given.get(country)
    } or None


def _place(code: str) -> dict[str, str]:
    if code == UNKNOWN:
        return {"country": NOWHERE}
    # Territories have longer codes ("UA-43", "X-NCY"); the countries know where they lie.
    return {"country": code} if len(code) == COUNTRY_CODE else {"region": code}


def _code(value: str | None) -> str | None:
    return NOWHERE if value == UNKNOWN else value


def _purposes(answers: Answers) -> list[str | None] | None:
    chosen = answers.get("purposes")
    if not chosen:
        return None
    purposes: list[str | None] = [None if purpose == UNKNOWN else purpose for purpose in chosen]
    restricts = answers.get("restricts") or {}
    if restricts.get("answer") in ("yes", UNKNOWN) and restricts.get("owner") in LIST_OWNERS:
        purposes.append(LIST_OWNERS[restricts["owner"]])
    return list(dict.fromkeys(purposes))


def purposes(answers: Answers) -> frozenset[str]:
    """Those that were ticked, and those of the owner of a list."""
    return frozenset(purpose for purpose in _purposes(answers) or () if purpose)


def _yes_no(value: str | None) -> bool | None:
    return {"yes": True, "no": False}.get(value or "")


def _legal_basis(answers: Answers) -> str | None:
    basis = answers.get("legal-basis")
    if not basis or "act" not in basis or answers.get("obligation") != "yes":
        return None
    cited = ", ".join(basis[key] for key in ("act", "article", "date") if basis.get(key))
    return f"{cited} (ordered by {basis['orders']})" if basis.get("orders") else cited


def _laws(answers: Answers) -> list[dict[str, Any]] | None:
    """The laws of the register, as they were when they were picked: they may have left it."""
    basis = answers.get("legal-basis")
    return basis.get("laws") if basis and answers.get("obligation") == "yes" else None


def picked_laws(answers: Answers) -> list[str]:
    """The laws of the register that the answers name, by their ids."""
    return [law["law"] for law in _laws(answers) or ()]


def _for_compliance(answers: Answers) -> Iterator[str]:
    """What only compliance can settle, a sentence each."""
    kind = end_user_kind(answers)
    if answers.get("state-owned") == UNKNOWN:
        yield "Sales does not know whether a state owns or controls the end user."
    if answers.get("state-owned") == "yes" and kind == "private_enterprise":
        yield "The end user is declared a private enterprise and owned or controlled by a state."
    if end_user_is_customer(answers) and _kinds_differ(answers):
        yield "The customer is also the end user, but two kinds of organisation are declared."
    if end_user_is_customer(answers) and _names_differ(answers):
        yield (
            f"The customer is also the end user, but an end user is named: "
            f"{answers['end-user-name']}."
        )


def _kinds_differ(answers: Answers) -> bool:
    as_customer, as_user = answers.get("customer-kind"), answers["end-user"]["kind"]
    return bool(as_customer) and as_customer != as_user and UNKNOWN not in (as_customer, as_user)


def _names_differ(answers: Answers) -> bool:
    named = answers.get("end-user-name")
    return is_named(named) and fold(named) != fold(answers.get("customer") or "")


def _unheard_of(answers: Answers, context: Context | None) -> Iterator[str]:
    """A handover that sales sees and the catalogue does not: nobody knows where it comes from."""
    hands_over = answers.get("handover") in ("standard", "more")
    if context is not None and hands_over and not (context.lawful or _acts(context)):
        yield "Sales says that it hands over communications; the catalogue does not."


def _in_own_words(answers: Answers, context: Context | None) -> Iterator[str]:
    """What a text asks for and no product does: somebody may build it, or call it otherwise."""
    if context is None or not answers.get("products"):
        return
    known = in_text.explained_by(
        context.capabilities, context.lawful, context.restrictive, context.alike
    )
    explained = frozenset(known)
    for called, text in named_in_text.texts(answers):
        yield from in_text.acts(called, text, explained, is_able=bool(context.surveillance))
    yield from context.named


def _acts(context: Context) -> frozenset[str]:
    """The active surveillance that the catalogue names."""
    return context.alike.get("stores_intercepted", frozenset())


def _differences(answers: Answers, context: Context | None) -> Iterator[str]:
    """A sentence for each answer that differs from what the catalogue says about the products."""
    if context is None:
        return
    yield from _handover_difference(answers.get("handover"), context)
    restricts = context.alike.get("restricts_content", frozenset())
    for slug, act, able in (
        ("stores", "store what is intercepted", _acts(context)),
        ("analyses", "analyse what is intercepted", _acts(context)),
        ("restricts", "block, slow or change content", restricts),
        ("follows", "follow or find people", context.restrictive - restricts - _acts(context)),
    ):
        answer = answers.get(slug)
        if isinstance(answer, Mapping):
            answer = answer["answer"]
        # What can be switched on later is there as sold.
        if answer in ("yes", "later") and not able:
            yield f"Sales says that it can {act}; the catalogue does not."
        if answer == "no" and able:
            yield f"Sales says that it cannot {act}; by the catalogue it may."


def _handover_difference(answer: str | None, context: Context) -> Iterator[str]:
    does_more = context.alike.get("hands_over_more") or _acts(context)
    if answer == "no" and (context.lawful or does_more):
        yield "Sales says that it hands over nothing; by the catalogue it may."
    if answer == "standard" and does_more:
        yield "Sales says that it only has a standard handover; by the catalogue it does more."
    if answer == "more" and context.lawful and not does_more:
        yield "Sales says that it does more than a standard handover; the catalogue does not."
