"""The check of a version before its activation: what it found, as the text of a report."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from audit.ledger import canonical, digest
from policy import active
from policy.engine.language.condition import RANK
from policy.engine.language.phrases import OUTCOMES
from policy.engine.proof.proof import NotProved
from policy.facts.derive import ReferenceData
from policy.governance import charter, entries, labelled, proving, sentences
from policy.governance import versions as texts
from policy.governance.past import Backtest, Span, gathered, past
from policy.models import CheckReport, Kind, ReferenceVersion

#: Told how much is done and how much there is.
Note = Callable[[int, int], None]


@dataclass(frozen=True)
class Loosening:
    """A kind of change that lets more through. The activator confirms each by its name."""

    name: str
    words: str


@dataclass(frozen=True)
class Checked:
    """The end of a check: its state and the text that the report keeps."""

    state: str
    text: str


def baseline_digest(versions: Mapping[str, ReferenceVersion]) -> str:
    """The identity of what is active: a digest over every kind's digest."""
    return digest(canonical({kind: version.digest for kind, version in versions.items()}))


def spans(version: ReferenceVersion) -> Sequence[Span]:
    """The past cut into parts that any worker can play."""
    _, before, after = _both(version)
    return past().spans(before, after, rulebook_only=version.kind == Kind.RULEBOOK)


def examine(version: ReferenceVersion) -> dict[str, Any]:
    """What needs no past: the proofs, and what differs from what is active."""
    now, before, after = _both(version)
    report: dict[str, Any] = {
        "kind": version.kind,
        "version": {"label": version.label, "digest": version.digest},
        "baseline": {k: {"label": v.label, "digest": v.digest} for k, v in now.items()},
    }
    report |= _proofs(before, after) if version.kind == Kind.RULEBOOK else _no_proofs()
    report["entries"] = [
        difference.plain for difference in entries.differences(version.kind, before, after)
    ]
    report["labelled"] = labelled.play(before, after).plain
    return {"baseline": baseline_digest(now), "found": report}


def play(version: ReferenceVersion, span: Span, *, note: Note) -> dict[str, Any]:
    """The version played over one part of the past."""
    now, before, after = _both(version)
    only = version.kind == Kind.RULEBOOK
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
    content = rules.result["found"]
    results = [part.result for part in played]
    tested = gathered(Backtest.of_plain(result["backtest"]) for result in results)
    content["backtest"] = tested.plain
    content["looser"] = [
        {"name": loosening.name, "words": loosening.words} for loosening in _looser(content, tested)
    ]
    problems = _problems(content, tested)
    seen = {rules.result["baseline"], *(result["baseline"] for result in results)}
    if seen | {baseline_digest(active.versions())} != {report.baseline_digest}:
        problems.append("What is active changed while the check ran. Run the check again.")
    content["problems"] = problems
    content["unkept"] = [
        {"name": change["name"], "words": change["sentence"]}
        for change in content["charter"]
        if change["confirm"]
    ]
    return Checked(_state(content), canonical(content))


def _state(content: Mapping[str, Any]) -> str:
    if content["problems"]:
        return CheckReport.State.FAILED
    return CheckReport.State.PROMISES if content["unkept"] else CheckReport.State.PASSED


def _both(
    version: ReferenceVersion,
) -> tuple[dict[str, ReferenceVersion], ReferenceData, ReferenceData]:
    """What is active, parsed without the version and with it."""
    now = active.versions()
    others = tuple(sorted((kind, current.pk, current.digest) for kind, current in now.items()))
    return now, active.reference_data(now), _with(version.pk, version.kind, version.digest, others)


# A worker plays many parts of one check. The digests keep a copy apart from a database that was
# made again under the same ids.
@lru_cache(maxsize=2)
def _with(
    pk: int, kind: str, _digest: str, active_ones: tuple[tuple[str, int, str], ...]
) -> ReferenceData:
    ids = [number for name, number, _ in active_ones if name != kind]
    stored = ReferenceVersion.objects.filter(pk__in=[*ids, pk]).values_list("kind", "content")
    return texts.read(dict(stored))


def with_content(
    versions: Mapping[str, ReferenceVersion], kind: str, content: str
) -> ReferenceData:
    """The active reference data with one kind replaced."""
    ids = [version.pk for name, version in versions.items() if name != kind]
    stored = ReferenceVersion.objects.filter(pk__in=ids).values_list("kind", "content")
    return texts.read(dict(stored) | {kind: content})


def _no_proofs() -> dict[str, Any]:
    return {
        "promises": [],
        "dead": [],
        "differences": [],
        "unfinished": [],
        "charter": [],
        "reworded": [],
    }


def _proofs(before: ReferenceData, after: ReferenceData) -> dict[str, Any]:
    old, new = before.rulebook, after.rulebook
    content = _no_proofs() | {"promises": [proof.plain for proof in proving.prove(new)]}
    content["reworded"] = [sentence.plain for sentence in sentences.reworded(old, new)]
    try:
        promises = charter.compared(old, new)
    except NotProved as reason:
        return content | {"unfinished": [f"The promises could not all be compared: {reason}."]}
    content["charter"] = [change.plain for change in promises.changes]
    for promise in content["promises"]:
        promise["speaks_of"] = promises.speaks_of.get(promise["id"], {})
    try:
        content["dead"] = proving.dead_rules(new)
        kinds = proving.differences(old, new)
    except NotProved as reason:
        return content | {"unfinished": [f"The comparison of the rules is not complete: {reason}."]}
    return content | {"differences": [kind.plain for kind in kinds]}


def _problems(content: Mapping[str, Any], tested: Backtest) -> list[str]:
    promises = content["promises"]
    broken = sum(promise["state"] == proving.BROKEN for promise in promises)
    unproved = sum(promise["state"] == proving.OPEN for promise in promises)
    counts = (
        (broken, "{} promise is broken.", "{} promises are broken."),
        (unproved, "{} promise could not be proved.", "{} promises could not be proved."),
        (len(content["dead"]), "{} rule can never decide.", "{} rules can never decide."),
        (
            len(tested.unread),
            "{} deal could not be screened with this version.",
            "{} deals could not be screened with this version.",
        ),
        (
            len(content["labelled"]["unread"]),
            "{} labelled deal could not be screened with this version.",
            "{} labelled deals could not be screened with this version.",
        ),
    )
    problems = [
        (single if count == 1 else several).format(count)
        for count, single, several in counts
        if count
    ]
    problems += content["unfinished"]
    if content["kind"] == Kind.RULEBOOK and not promises:
        problems.append("The rulebook promises nothing, so there is nothing to prove.")
    return problems


def _looser(content: Mapping[str, Any], tested: Backtest) -> list[Loosening]:
    kinds = [
        Loosening(kind_name(difference), kind_words(difference))
        for difference in content["differences"]
        if is_looser(difference["before"], difference["after"])
    ]
    kinds += [
        Loosening(entry["name"], f"{entry['words']}: {', '.join(entry['entries'])}")
        for entry in content["entries"]
        if entry["looser"]
    ]
    kinds += [
        Loosening(f"labelled {example['id']}", labelled_words(example))
        for example in content["labelled"]["changed"]
        if example["looser"]
    ]
    kinds += [
        Loosening(name, words)
        for name, words in sentences.confirmed_as(content["reworded"]).items()
    ]
    for (before, after), count in tested.matrix.items():
        if is_looser(before, after):
            words = f"{count:,} of the past screenings: {_from_to(before, after)}"
            kinds.append(Loosening(f"past {before} to {after}", words))
    return list({loosening.name: loosening for loosening in kinds}.values())


def is_looser(before: str, after: str) -> bool:
    return RANK[after] < RANK[before]  # type: ignore[index]


def kind_name(difference: Mapping[str, Any]) -> str:
    rules = " ".join(difference["rules"])
    return f"{difference['before']} to {difference['after']} by {rules}"


def kind_words(difference: Mapping[str, Any]) -> str:
    rules = ", ".join(difference["rules"])
    return f"{_from_to(difference['before'], difference['after'])}, because of {rules}"


def labelled_words(example: Mapping[str, Any]) -> str:
    demanded = OUTCOMES[example["label"]].lower()
    return (
        f"{example['id']} {example['title']}: "
        f"{_from_to(example['before'], example['after'])}, and the policy demands {demanded}"
    )


def _from_to(before: str, after: str) -> str:
    return f"{OUTCOMES[before]} becomes {OUTCOMES[after].lower()}"
