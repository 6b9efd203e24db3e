"""The check of a version before its activation: what it found, as the text of a report."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from audit.ledger import canonical, digest
from policy import active
from policy.engine.language.charter import Charter
from policy.engine.language.condition import Rulebook
from policy.engine.proof.proof import NotProved
from policy.facts.derive import ReferenceData
from policy.governance import (
    easings,
    entries,
    labelled,
    measured,
    on_answers,
    promises,
    proving,
    sentences,
    succession,
    two_engines,
)
from policy.governance import versions as texts
from policy.governance.easings import Loosening, from_to, is_looser
from policy.governance.past import Backtest, Span, gathered, past
from policy.governance.report_data import Named, Proofs, Report, Version
from policy.models import CheckReport, Kind, ReferenceVersion
from policy.reference.names.measuring import measure

#: Kinds that leave the facts of deals as they are.
RULES_ONLY = (Kind.CHARTER, Kind.RULEBOOK)
#: Told how much is done and how much there is.
Note = Callable[[int, int], None]


@dataclass(frozen=True)
class Checked:
    """The end of a check: its state and the text that the report keeps."""

    state: str
    text: str


def baseline_digest(versions: Mapping[str, ReferenceVersion]) -> str:
    """The identity of what is active: a digest over every kind's digest."""
    return digest(canonical({kind: one.digest for kind, one in versions.items()}))


def spans(version: ReferenceVersion) -> Sequence[Span]:
    """The past cut into parts that any worker can play."""
    _, before, after = _both(version)
    return past().spans(before, after, rulebook_only=version.kind in RULES_ONLY)


def examine(version: ReferenceVersion) -> dict[str, Any]:
    """What needs no past: the proofs, and what differs from what is active."""
    now, before, after = _both(version)
    changes = entries.differences(version.kind, before, after)
    found = {
        **_proofs(version, before, after),
        "kind": version.kind,
        "version": _identity(version),
        "baseline": {kind: _identity(active) for kind, active in now.items()},
        "entries": [change.plain for change in changes],
        "labelled": labelled.play(before, after).plain,
    }
    figures = measured.figures(now[Kind.REGISTRY])
    if version.kind == Kind.REGISTRY:
        figures = found["names"] = [figure.plain for figure in measure(after.registry)]
    is_charter = version.kind == Kind.CHARTER
    proved = on_answers.proved(None if is_charter else before, after, figures)
    found["answers"] = [one.plain for one in proved]
    if is_charter:
        _compare_on_answers(found, before.charter, after)
    ruling = version if version.kind == Kind.RULEBOOK else now[Kind.RULEBOOK]
    found["engines"] = two_engines.compared(ruling.content, ruling.written, after).plain
    return {"baseline": baseline_digest(now), "found": found}


def _identity(version: ReferenceVersion) -> Version:
    return {"label": version.label, "digest": version.digest}


def play(version: ReferenceVersion, span: Span, *, note: Note) -> dict[str, Any]:
    """The version played over one part of the past."""
    now, before, after = _both(version)
    only = version.kind in RULES_ONLY
    tested = past().play(before, after, span, rulebook_only=only, note=note)
    return {"baseline": baseline_digest(now), "backtest": tested.plain}


def conclude(report: CheckReport) -> Checked:
    """The report from its parts. Passed only when every part was done and is good.

    Where all is good but for promises that are gone, changed or empty, an executive reviewer has
    to confirm these. Raises ValueError while a part is missing.
    """
    rules, *played = report.parts.order_by("number")
    if not all(part.is_finished for part in (rules, *played)):
        raise ValueError("a part of the check is missing")
    found: Report = rules.result["found"]
    results = [part.result for part in played]
    tested = gathered(Backtest.of_plain(one["backtest"]) for one in results)
    found["backtest"] = tested.plain
    eased = _looser(found, tested)
    found["looser"] = _named(eased)
    problems = _problems(found, tested)
    seen = {rules.result["baseline"], *(one["baseline"] for one in results)}
    if seen | {baseline_digest(active.governing())} != {report.baseline_digest}:
        problems.append("What is active changed while the check ran. Run the check again.")
    found["problems"] = problems
    found["unkept"] = found["agreed"] + [
        {"name": change["name"], "words": change["sentence"]}
        for change in found["charter"]
        if change["confirm"]
    ]
    return Checked(_state(found), canonical(found))


def _state(found: Report) -> str:
    if found["problems"]:
        return CheckReport.State.FAILED
    return CheckReport.State.PROMISES if found["unkept"] else CheckReport.State.PASSED


def _both(
    version: ReferenceVersion,
) -> tuple[dict[str, ReferenceVersion], ReferenceData, ReferenceData]:
    """What is active, parsed without the version and with it."""
    now = active.governing()
    changed = {kind: one.digest for kind, one in now.items()} | {version.kind: version.digest}
    return now, active.reference_data(now), active.parsed(changed)


def with_content(
    versions: Mapping[str, ReferenceVersion], kind: str, content: str
) -> ReferenceData:
    """The active reference data with one kind replaced."""
    ids = [one.pk for name, one in versions.items() if name != kind]
    stored = ReferenceVersion.objects.filter(pk__in=ids).values_list("kind", "content")
    return texts.read(dict(stored) | {kind: content})


def _no_proofs() -> Proofs:
    return {
        "promises": [],
        "dead": [],
        "differences": [],
        "unfinished": [],
        "charter": [],
        "fewer": [],
        "reworded": [],
        "flaws": [],
        "guard": [],
        "agreed": [],
    }


def _proofs(version: ReferenceVersion, before: ReferenceData, after: ReferenceData) -> Proofs:
    """What holds for every possible deal; each kind is held to the charter."""
    if version.kind == Kind.CHARTER:
        return _of_charter(before, after)
    if version.kind == Kind.RULEBOOK:
        return _of_rulebook(before, after)
    found = _no_proofs()
    charter = after.charter
    if charter is not None:
        own = replace(after.rulebook, promises=())
        # How long it took says nothing of this version: its rules are the active ones.
        proofs = [replace(promise, milliseconds=0) for promise in proving.prove(own, charter)]
        found["promises"] = [promise.plain for promise in proofs]
        reach = succession.out_of_reach(charter, before, after)
        if charter.on_answers is not None:
            reach += succession.out_of_reach_of_answers(charter.on_answers, before, after)
        found["guard"] = _named(reach)
    return found


def _of_charter(before: ReferenceData, after: ReferenceData) -> Proofs:
    """The active rules held to the new charter, and its promises beside those of the former."""
    found = _no_proofs()
    charter = after.charter
    assert charter is not None  # noqa: S101  the version is one
    rulebook = replace(after.rulebook, promises=())
    found["promises"] = [promise.plain for promise in proving.prove(rulebook, charter)]
    former = before.charter.label if before.charter else ""
    found["agreed"] = [succession.to_agree(charter.label, former)]
    try:
        compared = succession.compared(before.charter, charter)
    except NotProved as reason:
        found["unfinished"] = [f"The promises could not all be compared: {reason}."]
        return found
    found["charter"] = [change.plain for change in compared.changes]
    found["flaws"] = compared.problems + [
        f"Rulebook {after.rulebook.label} has a promise {name} of its own. Give it another id."
        for name in _both_have(charter, after.rulebook)
    ]
    standing = succession.standing(charter, after)
    for promise in found["promises"]:
        promise["speaks_of"] = dict(compared.speaks_of[promise["id"]])
        promise["standing"] = standing[promise["id"]]
    beside = [*succession.silent(found["charter"]), *succession.beyond(charter, after.rulebook)]
    found["guard"] = _named(beside)
    return found


def _compare_on_answers(
    found: dict[str, Any], before: Charter | None, after: ReferenceData
) -> None:
    """Write into what was found what a charter makes of the promises on answers."""
    charter = after.charter
    assert charter is not None  # noqa: S101  the version is one
    try:
        compared = on_answers.compared(before, charter)
    except NotProved as reason:
        found["unfinished"].append(f"The promises on answers could not be compared: {reason}.")
        return
    changes = [change.plain for change in compared.changes]
    found["charter"] += changes
    found["flaws"] += compared.problems
    found["guard"] += _named(succession.silent(changes))
    text = charter.on_answers
    stored = succession.stored_by_answers(text, after) if text else {}
    on_answers.tell(found["answers"], compared, after, stored)


def _named(easings: Iterable[Loosening]) -> list[Named]:
    return [{"name": one.name, "words": one.words} for one in easings]


def _both_have(charter: Charter, rulebook: Rulebook) -> list[str]:
    """Ids of the charter's promises that the rulebook has, too: it was proposed before that one."""
    return sorted(charter.ids & {promise.id for promise in rulebook.promises})


def _of_rulebook(before: ReferenceData, after: ReferenceData) -> Proofs:
    old, new, charter = before.rulebook, after.rulebook, after.charter
    found = _no_proofs()
    found["promises"] = [promise.plain for promise in proving.prove(new, charter)]
    found["reworded"] = [change.plain for change in sentences.reworded(old, new)]
    try:
        compared, fewer = promises.compared(old, new), promises.fewer(old, new)
    except NotProved as reason:
        found["unfinished"] = [f"The promises could not all be compared: {reason}."]
        return found
    changes = promises.beside(charter, old, compared.changes)
    found["charter"] = [change.plain for change in changes]
    found["fewer"] = [rule.plain for rule in fewer]
    for promise in found["promises"]:
        promise["speaks_of"] = dict(compared.speaks_of.get(promise["id"], {}))
    if charter is not None:
        found["flaws"] = promises.empty(changes) + [
            f"The charter has a promise {name}, too. Give the rulebook's own another id."
            for name in _both_have(charter, new)
        ]
        beside = succession.beyond(charter, new)
        beside += promises.unrepeated(charter, old, compared.changes)
        found["guard"] = _named(beside)
    try:
        found["dead"] = proving.dead_rules(new)
        kinds = proving.differences(old, new)
    except NotProved as reason:
        found["unfinished"] = [f"The comparison of the rules is not complete: {reason}."]
        return found
    found["differences"] = [kind.plain for kind in kinds]
    return found


def _problems(found: Report, tested: Backtest) -> list[str]:
    proved = found["promises"]
    broken = sum(one["state"] == proving.BROKEN for one in proved)
    unproved = sum(one["state"] == proving.OPEN for one in proved)
    said = (
        (broken, "{} promise is broken.", "{} promises are broken."),
        (unproved, "{} promise could not be proved.", "{} promises could not be proved."),
        (
            sum(one["against"] for one in found["answers"]),
            "{} promise on answers is not kept.",
            "{} promises on answers are not kept.",
        ),
        (len(found["dead"]), "{} rule can never decide.", "{} rules can never decide."),
        (
            len(tested.unread),
            "{} deal could not be screened with this version.",
            "{} deals could not be screened with this version.",
        ),
        (
            len(found["labelled"]["unread"]),
            "{} labelled deal could not be screened with this version.",
            "{} labelled deals could not be screened with this version.",
        ),
    )
    problems = [(one if count == 1 else more).format(count) for count, one, more in said if count]
    problems += [*found["flaws"], *found["unfinished"]]
    if found["kind"] == Kind.RULEBOOK and not proved:
        problems.append("The rulebook promises nothing, so there is nothing to prove.")
    if found["engines"]["problem"]:
        problems.append(found["engines"]["problem"])
    return problems


def _looser(found: Report, tested: Backtest) -> list[Loosening]:
    kinds = easings.of_rulebook(found)
    kinds += [
        Loosening(change["name"], f"{change['words']}: {', '.join(change['entries'])}")
        for change in found["entries"]
        if change["looser"]
    ]
    kinds += easings.of_labelled(found["labelled"]["changed"])
    for (before, after), count in tested.matrix.items():
        if is_looser(before, after):
            words = f"{count:,} of the past screenings: {from_to(before, after)}"
            kinds.append(Loosening(f"past {before} to {after}", words))
    kinds += [Loosening(one["name"], one["words"]) for one in found["guard"]]
    return list({kind.name: kind for kind in kinds}.values())
