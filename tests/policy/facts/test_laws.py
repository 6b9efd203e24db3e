"""What a law of the register does to the facts of a deal: verified where it fits, never else."""

import json
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from policy.engine.language.condition import RANK
from policy.engine.readings.assessment import combine
from policy.facts import screen, shipped
from policy.facts.declared import DeclaredError
from policy.facts.derive import ReferenceData, Variant, trace
from policy.reference.laws import Law, Laws
from tests.effort import examples
from tests.policy.laws import DATA, FINNISH, INDIAN, changed, using, without

TODAY = date(2026, 11, 28)
CORE: dict[str, Any] = {
    "country": "FI",
    "end_user_name": "Saimaa Networks",
    "end_user_type": "commercial_operator",
    "customer_name": "Saimaa Networks",
    "customer_type": "commercial_operator",
    "products": ["core-epc"],
    "services": ["supply"],
    "purpose": "commercial_service",
    "intermediaries": [],
    "legal_obligation": True,
    "agency_access": "no",
    "laws": [FINNISH],
}


def variants(data: ReferenceData = DATA, on: date | None = TODAY, **more: Any) -> list[Variant]:
    return trace({**CORE, **more}, data, on=on)


def status(*args: Any, **more: Any) -> list[str]:
    return [one.facts.plain["legal_basis_status"] for one in variants(*args, **more)]


def note(*args: Any, **more: Any) -> str:
    return variants(*args, **more)[0].origins["legal_basis_status"].note


def assessed(*args: Any, **more: Any) -> Any:
    return combine([DATA.compiled.assess(one.facts) for one in variants(*args, **more)])


def test_a_law_that_fits_is_verified_and_the_deal_clears() -> None:
    [variant] = variants()
    assert variant.facts.plain["legal_basis_status"] == "verified"
    assert assessed().outcome == "clear"
    assert variant.laws == {FINNISH: True}
    origin = variant.origins["legal_basis_status"]
    assert origin.source == "derived"
    assert "overseen by the Parliamentary Ombudsman" in origin.note
    assert "checked 2 Nov 2026, valid until 2 Nov 2035" in origin.note
    assert DATA.laws.remark in origin.note


def test_a_typed_citation_is_cited_as_before() -> None:
    assert status(laws=None, legal_basis="Act 917/2014") == ["cited"]


@pytest.mark.parametrize(
    ("more", "why"),
    [
        ({"country": "SE"}, "it is not a law of Sweden"),
        ({"country": None}, "nobody knows where the system will be used"),
        ({"end_user_type": "private_enterprise"}, "it obliges a commercial operator and"),
        ({"products": ["retained-records"]}, "it is about lawful interception"),
        ({"on": date(2035, 11, 3)}, "it was valid in the register until 2 Nov 2035"),
        ({"on": None}, "it was valid in the register until 2 Nov 2035"),
        (
            {"data": using(without(FINNISH)), "laws": [{"law": FINNISH, "cited": "Act 917"}]},
            "Act 917: it is no longer in the register",
        ),
    ],
)
def test_a_law_that_does_not_fit_is_only_cited_and_says_why(more: dict[str, Any], why: str) -> None:
    assert status(**more) == ["cited"]
    assert why in note(**more)
    assert not any(one.laws[FINNISH] for one in variants(**more))


def test_the_last_day_counts() -> None:
    assert status(on=date(2035, 11, 2)) == ["verified"]
    assert status(on=date(2035, 11, 3)) == ["cited"]


def test_each_destination_needs_its_own_law() -> None:
    places = [{"country": "FI"}, {"country": "SE"}]
    assert status(country=None, destinations=places) == ["verified", "cited"]
    both = {"country": None, "destinations": places, "laws": [FINNISH, "se-lek-9-29"]}
    assert status(**both) == ["verified", "verified"]
    assert [one.facts.plain["legal_basis"].partition(",")[0] for one in variants(**both)] == [
        "Act on Electronic Communications Services (917/2014)",
        "Electronic Communications Act (2022:482)",
    ]


def test_each_class_needs_its_own_law() -> None:
    german = {"country": "DE", "products": ["core-epc", "retained-records"]}
    assert status(**german, laws=["de-tkg-170"]) == ["cited"]
    assert "not everything that needs a law is covered" in note(**german, laws=["de-tkg-170"])
    assert status(**german, laws=["de-tkg-170", "de-tkg-176"]) == ["verified"]


@pytest.mark.parametrize(
    "abilities", [["hands_over_more"], {"yes": [], "unknown": ["hands_over_more"]}, None]
)
def test_what_sales_does_not_rule_out_needs_a_law_for_direct_access(abilities: Any) -> None:
    assert status(abilities_declared=abilities) == ["cited"]


def test_no_law_is_trusted_in_a_special_territory() -> None:
    law = replace(DATA.laws.by_id[FINNISH], id="ua", country="UA")
    data = using(Laws((law,)))
    assert status(data, country="UA", laws=["ua"]) == ["verified"]
    assert status(data, country="UA", region="UA-43", laws=["ua"]) == ["cited"]


def test_a_law_in_conflict_sets_the_conflict() -> None:
    [variant] = variants(country="IN", laws=[INDIAN])
    assert variant.facts.plain["law_conflict"] is True
    assert "no court authorises" in variant.origins["law_conflict"].note
    assert "E09" in assessed(country="IN", laws=[INDIAN]).fired
    assert variants(laws=[INDIAN])[0].facts.plain["law_conflict"] is False


def test_a_conflict_is_not_forgotten_with_its_entry() -> None:
    picked = [{"law": INDIAN, "cited": "Telecommunications Act", "conflict": True}]
    [variant] = variants(using(without(INDIAN)), country="IN", laws=picked)
    assert variant.facts.plain["law_conflict"] is True


@pytest.mark.parametrize(
    ("laws", "sentence"),
    [
        (["fi-917"], 'laws, 1: unknown law "fi-917"; did you mean fi-917-2014?'),
        ("fi-917-2014", "laws: expected a list of ids of the register of laws"),
        ([1], "laws, 1: expected the id of a law"),
        ([{"law": ""}], "laws, 1: a law needs its id"),
        ([{"law": "x", "conflict": "yes"}], "laws, 1, conflict: expected true or false"),
        ([{"law": "x\n"}], "laws, 1, law: holds a line break"),
    ],
)
def test_what_names_no_law_is_refused(laws: Any, sentence: str) -> None:
    with pytest.raises(DeclaredError) as refused:
        variants(laws=laws)
    assert any(one.startswith(sentence) for one in refused.value.problems)


def test_a_law_and_words_for_one_are_one_too_many() -> None:
    with pytest.raises(DeclaredError, match="legal_basis and laws are both given"):
        variants(legal_basis="Act 917/2014")


def test_without_a_register_no_law_is_known() -> None:
    with pytest.raises(DeclaredError, match="the register of laws is empty"):
        variants(shipped.load())


# --- Less law is never milder --------------------------------------------------------------------

DEALS = [
    CORE,
    CORE | {"products": ["core-epc", "retained-records"], "laws": [FINNISH, "de-tkg-176"]},
    CORE | {"country": "IN", "laws": [INDIAN]},
    CORE | {"country": "CH", "products": ["retained-records"], "laws": ["ch-buepf"]},
    CORE | {"country": "DE", "products": ["retained-records"], "laws": ["de-tkg-176"]},
    CORE | {"country": "FR", "products": ["core-epc"], "laws": ["fr-csi", "fr-cpp-100"]},
    CORE | {"country": "RU", "products": ["core-epc"], "laws": ["ru-svyaz-64"]},
    CORE
    | {
        "country": None,
        "destinations": [{"country": "FI"}, {"country": "DE"}],
        "laws": [FINNISH, "de-tkg-170"],
    },
    CORE | {"end_user_type": "state_operator"},
]


def kept(deal: dict[str, Any]) -> dict[str, Any]:
    """The deal as the form keeps it: entries may leave the register."""
    entries = [DATA.laws.by_id[law] for law in deal["laws"]]
    return deal | {
        "laws": [
            {"law": law.id, "cited": law.citation, "conflict": law.conflict} for law in entries
        ]
    }


@st.composite
def less(draw: st.DrawFn) -> tuple[Laws, date]:
    """The examples after some were removed, narrowed, shortened or found in conflict."""
    laws: list[Law] = []
    for law in DATA.laws.laws:
        match draw(
            st.sampled_from(["keep", "keep", "remove", "kinds", "classes", "end", "conflict"])
        ):
            case "remove":
                continue
            case "kinds":
                law = replace(law, obliges=law.obliges[:1])
            case "classes":
                law = replace(law, classes=law.classes[:1])
            case "end":
                law = replace(law, valid_until=TODAY - timedelta(days=1))
            case "conflict":
                law = replace(law, conflict=True, why=law.why or "found since")
        laws.append(law)
    return Laws(tuple(laws)), draw(st.sampled_from([TODAY, date(2036, 1, 1)]))


@given(st.sampled_from(DEALS), less())
@settings(max_examples=examples(300), deadline=None)
def test_less_law_is_never_milder(deal: dict[str, Any], after: tuple[Laws, date]) -> None:
    laws, on = after
    was = combine([DATA.compiled.assess(one.facts) for one in trace(kept(deal), DATA, on=TODAY)])
    found = trace(kept(deal), using(laws), on=on)
    now = combine([DATA.compiled.assess(one.facts) for one in found])
    assert RANK[now.outcome] >= RANK[was.outcome]
    assert RANK[now.review_floor or "clear"] >= RANK[was.review_floor or "clear"]


def test_the_deals_of_the_property_are_of_every_outcome_that_a_law_decides() -> None:
    found = {
        combine([DATA.compiled.assess(one.facts) for one in trace(deal, DATA, on=TODAY)]).outcome
        for deal in DEALS
    }
    assert found >= {"clear", "senior_review", "executive_review", "needs_information"}


# --- From the command line -----------------------------------------------------------------------


def line(**more: Any) -> bytes:
    return json.dumps({"id": 1, "facts": {**CORE, **more}}).encode()


def test_a_line_names_a_law_by_its_id() -> None:
    screener = screen.Screener(DATA)
    screener.today = TODAY
    [result, is_read] = screener.result(1, line())
    assert (json.loads(result)["outcome"], is_read) == ("clear", True)
    result, is_read = screener.result(2, line(laws=["fi-917"]))
    assert not is_read
    assert 'line 2: laws, 1: unknown law "fi-917"; did you mean' in json.loads(result)["error"]
    screener.today = date(2036, 1, 1)
    assert json.loads(screener.result(1, line())[0])["outcome"] == "needs_information"


def test_the_command_takes_a_register(tmp_path: Any, capsysbinary: Any) -> None:
    deals = tmp_path / "deals.jsonl"
    deals.write_bytes(line())
    register = str(shipped.FOLDER / shipped.EXAMPLE_LAWS)
    assert screen.main(["--laws", register, str(deals)]) == 0
    assert json.loads(capsysbinary.readouterr().out)["outcome"] in ("clear", "needs_information")
    assert screen.main([str(deals)]) == 1
    assert b"the register of laws is empty" in capsysbinary.readouterr().out


def test_a_register_that_cannot_be_read_is_wrong_use(tmp_path: Any, capsys: Any) -> None:
    wrong = tmp_path / "laws.yaml"
    wrong.write_text("label: x\nlaws: 1\n")
    for register, sentence in (
        (str(wrong), "line 2, column 7: laws: expected a list"),
        (str(tmp_path / "nothing.yaml"), "cannot read"),
    ):
        assert screen.main(["--laws", register, "-"]) == 2
        assert sentence in capsys.readouterr().err
    assert screen.main(["--laws", str(wrong)]) == 2


def test_an_edited_law_is_told_from_the_one_that_was_picked() -> None:
    assert status(using(changed(FINNISH, obliges=("state_operator",)))) == ["cited"]
