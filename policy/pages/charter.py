"""The charter as people read it: each promise, what it rests on, its proof and its history."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from policy import active
from policy.engine.language import phrases
from policy.engine.language.charter import Charter
from policy.engine.language.condition import Promise
from policy.engine.language.phrases import DealWords, PromiseWords, deal_in_words
from policy.engine.proof.promises import meaning
from policy.facts import shipped
from policy.governance import measured, on_answers, proving, report_data, versions
from policy.models import CheckReport, Kind, ReferenceVersion
from policy.verbs import PROPOSE
from policy.wording import clauses
from policy.wording.clauses import Clause

#: Days as they are written beside the times of events.
DAY = "j M Y"


@dataclass(frozen=True)
class Step:
    """A version of the charter in which a promise became another one."""

    version: ReferenceVersion
    words: str


@dataclass(frozen=True)
class Article:
    """One promise of the charter."""

    id: str
    says: str
    #: What its conditions say, whatever its own sentence says.
    in_words: str
    clauses: list[Clause]
    from_policy: bool
    #: The kind of a badge, and how it was proved.
    proof: tuple[str, str]
    #: The plainest deal that breaks it, or else the plainest that it speaks of; empty for none.
    breaks: DealWords
    speaks_of: DealWords
    history: list[Step]
    #: What is measured and not proved.
    bound: str = ""


def shown(user: Any) -> dict[str, Any]:
    """The charter for the page of the policy, and whether this person may propose one."""
    version = active.version(Kind.CHARTER)
    charter = active.charter(version)
    about = {
        "charter": version,
        "waits": _waits(),
        "may_propose_charter": PROPOSE.may(Kind.CHARTER, user),
    }
    if version is None or charter is None:
        return {**about, "articles": [], "on_answers": []}
    return {
        **about,
        "articles": _articles(charter, version),
        "on_answers": _on_answers(charter),
        "is_on_answers_shipped": charter.on_answers is None,
    }


def _waits() -> str:
    return ngettext("%(days)d day", "%(days)d days", settings.CHARTER_DAYS) % {
        "days": settings.CHARTER_DAYS
    }


def _articles(charter: Charter, version: ReferenceVersion) -> list[Article]:
    report = _proof(version)
    proofs = _by_id(report)
    otherwise = _unproved_here(charter)
    histories = _histories(charter)
    proved = _("Proved on %(day)s for every possible deal")
    return [
        Article(
            promise.id,
            promise.says,
            phrases.in_words(charter.without_rules, promise),
            clauses.cited(charter.grounds[promise.id].clause),
            charter.grounds[promise.id].from_policy,
            _proved(proofs.get(promise.id), report, proved) or otherwise,
            _deal(charter, proofs.get(promise.id), "deal"),
            _deal(charter, proofs.get(promise.id), "speaks_of"),
            histories[promise.id],
        )
        for promise in charter.promises
    ]


def _on_answers(charter: Charter) -> list[Article]:
    """The promises on answers; those that ship where the charter has none of its own."""
    text = on_answers.text_of(charter)
    report = _newest([active.version(kind) for kind in Kind.values])
    rows = report.found.get("answers", []) if report else []
    proofs = {row["id"]: row for row in rows}
    otherwise = _unproved_on_answers()
    histories = _histories(text, lambda of: of.on_answers)
    registry = active.version(Kind.REGISTRY)
    figures = measured.figures(registry) if registry else []
    proved = _("Proved on %(day)s for every possible set of answers")
    return [
        Article(
            promise.id,
            promise.says,
            phrases.in_words(text.without_rules, promise),
            clauses.cited(text.grounds[promise.id].clause),
            text.grounds[promise.id].from_policy,
            _proved(proofs.get(promise.id), report, proved) or otherwise,
            DealWords(proofs[promise.id]["answers"] if promise.id in proofs else [], []),
            DealWords(_premise(proofs.get(promise.id)), []),
            histories[promise.id],
            on_answers.bound_of(text, promise, figures),
        )
        for promise in text.promises
    ]


def _premise(found: report_data.OnAnswers | None) -> list[tuple[str, str]]:
    return found.get("speaks_of", []) if found else []


def _proof(version: ReferenceVersion) -> CheckReport | None:
    """The check of the pair that is active: of the charter or the rulebook, whichever came last."""
    return _newest([version, active.version(Kind.RULEBOOK)])


def _newest(versions: Sequence[ReferenceVersion | None]) -> CheckReport | None:
    """The check of the version that became active last."""
    last = max((one for one in versions if one), key=lambda one: (str(one.activated_at), one.pk))
    report: CheckReport | None = (
        last.reports.filter(state__in=(CheckReport.State.PASSED, CheckReport.State.PROMISES))
        .newest_first()
        .first()
    )
    return report


def _by_id(report: CheckReport | None) -> Mapping[str, report_data.Promise]:
    promises = report.found["promises"] if report else []
    return {one["id"]: one for one in promises if one.get("of") == proving.CHARTER}


def _proved(
    found: report_data.Promise | report_data.OnAnswers | None,
    report: CheckReport | None,
    words: str,
) -> tuple[str, str] | None:
    """The kind of a badge and its words; None where no check speaks of the promise."""
    if found is None or report is None or report.finished_at is None:
        return None
    if found["state"] != proving.PROVED:
        return "failed", _("Not proved")
    return "met", words % {"day": date_format(report.finished_at, DAY)}


def _unproved_here(charter: Charter) -> tuple[str, str]:
    """An installation begins with versions that are proved by the tests of the program."""
    rulebook = active.version(Kind.RULEBOOK)
    ours = {meaning(shipped.charter().without_rules, one) for one in shipped.charter().promises}
    own = {meaning(charter.without_rules, one) for one in charter.promises}
    if rulebook and rulebook.digest == shipped.load().rulebook.digest and own <= ours:
        return "met", _("Proved for every possible deal before this program was released")
    return "soon", _("No check has proved it here")


def _unproved_on_answers() -> tuple[str, str]:
    """The same of answers, to which the catalogue, the countries and the registry belong."""
    own = {
        kind: version.digest
        for kind in (Kind.RULEBOOK, Kind.COUNTRIES, Kind.CATALOGUE, Kind.REGISTRY)
        if (version := active.version(kind))
    }
    ours = {content.kind: content.digest for content in versions.shipped_contents()}
    if own.items() <= ours.items():
        words = _("Proved for every possible set of answers before this program was released")
        return "met", words
    return "soon", _("No check has proved it here")


def _deal(charter: Charter, found: report_data.Promise | None, name: str) -> DealWords:
    deal: Any = found.get(name, {}) if found else {}
    return deal_in_words(charter.vocabulary, deal)


def _histories(
    charter: Charter, part: Callable[[Charter], Charter | None] = lambda of: of
) -> dict[str, list[Step]]:
    """For each promise the versions in which it changed, the newest first.

    ``part`` is the list of a version that has them.
    """
    stored = ReferenceVersion.objects.of(Kind.CHARTER).filter(activated_at__isnull=False)
    versions = stored.defer("content", "written").order_by("activated_at", "pk")
    read = [(version, active.charter(version)) for version in versions]
    editions = [(version, part(of)) for version, of in read if of is not None]
    return {promise.id: _history(promise, editions) for promise in charter.promises}


def _history(
    promise: Promise, editions: list[tuple[ReferenceVersion, Charter | None]]
) -> list[Step]:
    steps: list[Step] = []
    before: tuple[str, Promise] | None = None
    for version, charter in editions:
        own = charter.by_id.get(promise.id) if charter else None
        now = (own.says, meaning(charter.without_rules, own)) if charter and own else None
        words = _change(before, now)
        if words:
            steps.append(Step(version, words))
        before = now
    return steps[::-1]


def _change(before: tuple[str, Promise] | None, now: tuple[str, Promise] | None) -> str:
    if before is None or now is None:
        return _("New") if now else _("Removed") if before else ""
    if before[1] != now[1]:
        return _("Another condition")
    return _("Other words") if before[0] != now[0] else ""


def additions(charter: Charter | None, rulebook: Any) -> list[PromiseWords]:
    """What a rulebook promises besides the charter; all of it where there is none."""
    guarded = (
        {meaning(charter.without_rules, one) for one in charter.promises} if charter else set()
    )
    return [
        phrases.promise(rulebook, promise)
        for promise in rulebook.promises
        if meaning(rulebook, promise) not in guarded
    ]
