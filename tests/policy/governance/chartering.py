"""Charters for tests: the shipped text changed, checked, and aged as only time can."""

from typing import Any

from policy import actions
from policy.facts import shipped
from policy.governance import proposals
from policy.governance.versions import Content
from policy.models import CheckReport, Kind, ReferenceVersion
from tests.policy.governance.test_governance import checked

WHY = "The board decided so on 12 November, see its minutes."
#: A promise that no clause of the policy says in its words.
RADIO = """  - id: CH15
    says: Radio access for a commercial operator in a medium-risk country still clears
    clause: B2
    exists:
      all:
        - country_risk: [medium]
        - end_user_type: [commercial_operator]
        - purpose: [commercial_service]
        - capabilities: {any: [ran]}
    outcome: clear
"""
#: One that says what clause C2b says.
ACTIVE = """  - id: CH01
    says: Active surveillance is barred, whatever else is true
    clause: C2b
    from_policy: true
    surely: active_surveillance
    only: [bar]
"""


#: A promise on answers that no clause says in its words.
LISTED = """    - id: A03
      says: No name that the registry finds as an intelligence body clears
      clause: C3b
      surely:
        all:
          - end_user_listed_as: {any: [intelligence_security]}
          - not: {answer_ruled: {any: [end_user_type]}}
      only: [executive_review, needs_information, bar]
"""
#: One that says what clause C2b says.
PRODUCT = """    - id: A02
      says: A product of active surveillance, in whatever line, is barred
      clause: C2b
      from_policy: true
      surely: active_surveillance
      only: [bar]
"""


def second_list() -> str:
    """The text of the promises on answers, with what is said about them."""
    written = shipped.text(shipped.CHARTER)
    return written[written.index("\n# Each is proved") :]


def text(*changes: tuple[str, str], label: str = "9.1") -> str:
    """The shipped charter with these texts replaced, under another label."""
    written = shipped.text(shipped.CHARTER)
    for old, new in (*changes, ('label: "1.1"', f'label: "{label}"')):
        assert written.count(old) == 1, old
        written = written.replace(old, new)
    return written


def content(*changes: tuple[str, str], label: str = "9.1") -> Content:
    return proposals.read(Kind.CHARTER, text(*changes, label=label), proposals.About())


def examined(proposer: Any, *changes: tuple[str, str]) -> tuple[ReferenceVersion, CheckReport]:
    return checked(content(*changes), proposer)


def unkept(report: CheckReport) -> dict[str, str]:
    return {one["name"]: one["words"] for one in report.found["unkept"]}


def confirmed(report: CheckReport, chief: Any) -> None:
    actions.confirm_promise_changes(report, names=list(unkept(report)), reason=WHY, actor=chief)
    report.refresh_from_db()


def aged(report: CheckReport, mighty: Any, days: int = 7) -> None:
    """The report as it is after so many days."""
    mighty(
        "policy_checkreport",
        "UPDATE policy_checkreport SET finished_at = finished_at - make_interval(days => %s)"
        " WHERE id = %s",
        [days, report.pk],
    )
    report.refresh_from_db()


def former() -> Content:
    """Charter 1.0, as installations keep it: promises on answers were no part of it."""
    return content((second_list(), "\n"), label="1.0")
