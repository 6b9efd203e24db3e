"""A check report in plain words, for the page that people read before they activate.

What the page shows, and in which order, is decided here; its templates loop and print.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from jobs.models import Job
from people.names import name_of
from policy.engine.language.condition import OUTCOMES, RANK
from policy.engine.language.facts import Vocabulary
from policy.engine.language.phrases import OUTCOMES as WORDS
from policy.engine.language.phrases import DealWords, deal_in_words
from policy.governance.easings import is_looser, kind_name, kind_words
from policy.governance.proving import BROKEN
from policy.governance.report_data import (
    Backtest,
    ChangedDeal,
    Different,
    Labelled,
    Promise,
    PromiseChange,
    Report,
)
from policy.models import CheckReport, Kind, Schedule


@dataclass(frozen=True)
class Change:
    """One way in which an outcome changes."""

    before: str
    after: str
    before_words: str
    after_words: str
    is_looser: bool

    @classmethod
    def of(cls, before: str, after: str) -> "Change":
        return cls(before, after, WORDS[before], WORDS[after], is_looser(before, after))


@dataclass(frozen=True)
class Difference:
    """One kind of deal that comes out differently, with its example."""

    change: Change
    rules: list[str]
    example: DealWords
    #: Past screenings that change this way; None where nothing was played over the past.
    touched: int | None


class Cell(NamedTuple):
    """How many came out so; ``kind`` is none, same, looser or stricter, in words where it moves."""

    number: int
    kind: str
    words: str


_DIRECTIONS = {True: ("looser", "milder"), False: ("stricter", "stricter")}


@dataclass(frozen=True)
class Matrix:
    """Old outcomes by new ones."""

    columns: list[str]
    rows: list[tuple[str, list[Cell]]]


@dataclass(frozen=True)
class Example:
    """A deal that breaks a promise, under what is said of it."""

    title: str
    text: str
    deal: DealWords


#: The title of each rule by its id.
Titles = Mapping[str, str]
UNTITLED: Titles = {}


def titled(rules: Sequence[str], titles: Titles) -> list[str]:
    """The rules as a person knows them: "B01 Active surveillance is excluded"."""
    return [f"{rule} {titles[rule]}" if rule in titles else rule for rule in rules]


def sections(report: CheckReport, shown: Mapping[str, Any]) -> list[str]:
    """The templates of the page in their order; `shown` is what the page knows beside it."""
    results = report.found
    is_finished, is_rulebook = bool(results), report.version.kind == Kind.RULEBOOK
    is_there = {
        "running": report.is_running,
        "unfinished": not report.is_running and not is_finished,
        "stale": shown["is_stale"],
        "problems": results.get("problems"),
        "unkept": shown.get("unkept") or results.get("agreed"),
        "next": shown["may_mend"] or shown["may_check_again"],
        "promises": is_finished and (is_rulebook or results.get("promises")),
        "answers": results.get("answers"),
        "reworded": is_rulebook and shown.get("reworded"),
        "dead": is_finished and is_rulebook,
        "kinds": is_finished and is_rulebook,
        "entries": results.get("entries"),
        "effect": is_finished,
        "affected": is_finished,
        "names": results.get("names"),
        "otherwise": shown.get("otherwise"),
        "labelled": is_finished and shown["labelled"]["total"],
        "engines": results.get("engines"),
        "about": is_finished,
    }
    return [f"policy/report/{name}.html" for name, there in is_there.items() if there]


def badge(report: CheckReport) -> tuple[str, str]:
    """How the check ended: the kind of a badge and its words."""
    if report.has_passed:
        return "met", _("Passed")
    if report.is_running:
        return "soon", _("Running")
    if report.opens_the_way:
        return "met", _("Passed, promises confirmed")
    return "failed", report.get_state_display()


def next_step(shown: Mapping[str, Any]) -> dict[str, Any]:
    """What happens next with a proposal, from what its page knows: a warning and sentences."""
    report, is_stale = shown["report"], shown["is_stale"]
    if shown["is_waiting"]:
        return _until_its_day(shown["schedule"], is_stale=is_stale)
    if report is None:
        step = _(
            "The check has not run yet. It proves the promises and plays the change over past"
            " deals."
        )
    elif report.is_running:
        step = _("The check is running.")
    elif is_stale:
        step = _("What is active has changed since the check. Run the check again.")
    elif report.has_passed and shown["is_own"]:
        step = _("The check passed. You proposed this version, so somebody else must activate it.")
    elif report.has_passed:
        step = _("The check passed. Another person than the proposer can activate it.")
    elif report.has_changed_promises:
        return _about_promises(report)
    elif report.state == CheckReport.State.CRASHED:
        step = _("The check could not be finished. That is not a pass. Run it again.")
    else:
        step = _("The check did not pass. Read the report, and propose a mended version.")
    return {"sentences": [step]}


def _until_its_day(schedule: Schedule, *, is_stale: bool) -> dict[str, Any]:
    due = _("It becomes active on %(day)s (UTC). %(name)s chose the day.") % {
        "day": date_format(schedule.effective_on, "j M Y"),
        "name": name_of(schedule.scheduled_by),
    }
    if not is_stale:
        unchanged = _(
            "If the active versions change before then, it stays a proposal, and both people are"
            " told."
        )
        return {"sentences": [due, unchanged]}
    warning = _(
        "The active versions have changed since the check, so it will not become active on that"
        " day."
    )
    return {"warning": warning, "sentences": [due, _("Cancel it and run the check again.")]}


def _about_promises(report: CheckReport) -> dict[str, Any]:
    if report.confirmation is not None and report.version.kind == Kind.CHARTER:
        until = report.version.waits_until
        agreed = _(
            "%(name)s, executive reviewer, confirmed it. From %(time)s (UTC) on, another policy"
            " owner than the proposer can activate it."
        ) % {
            "name": name_of(report.confirmation.confirmed_by),
            "time": date_format(timezone.localtime(until), "j M Y, H:i") if until else "",
        }
        return {"sentences": [agreed]}
    if report.confirmation is not None:
        confirmed = _(
            "%(name)s, executive reviewer, confirmed what becomes of the promises. A person who"
            " neither proposed nor confirmed it can activate it."
        ) % {"name": name_of(report.confirmation.confirmed_by)}
        return {"sentences": [confirmed]}
    if report.version.kind == Kind.CHARTER:
        waits = _(
            "An executive reviewer must confirm the charter, and each promise that it weakens or"
            " takes away, by name, before anybody can activate it:"
        )
        return {"sentences": [waits], "unkept": report.found["unkept"]}
    unkept = _(
        "It does not keep every promise of the active version. An executive reviewer must confirm"
        " each of these by name before anybody can activate it:"
    )
    return {"sentences": [unkept], "unkept": report.found["unkept"]}


def progress(job: Job | None) -> str:
    """How far a running check is."""
    if job is None or not job.progress_total:
        return _("It waits for a worker, or proves the promises.")
    return _("%(done)s of %(total)s screenings played again.") % {
        "done": f"{job.progress_done:,}",
        "total": f"{job.progress_total:,}",
    }


def promises(
    results: Report, vocabulary: Vocabulary, titles: Titles = UNTITLED
) -> list[dict[str, Any]]:
    """The promises, those that are not proved first, each with its deal in words."""
    rows = [
        {
            **promise,
            "rules": titled(promise["rules"], titles),
            "is_broken": promise["state"] == BROKEN,
            "examples": _examples(promise, vocabulary),
            "speaks_of": deal_in_words(vocabulary, promise.get("speaks_of", {})),
        }
        for promise in results["promises"]
    ]
    return sorted(rows, key=lambda row: ("broken", "not_proved", "proved").index(row["state"]))


def _examples(promise: Promise, vocabulary: Vocabulary) -> list[Example]:
    """The plainest deal that breaks a promise and, where it compares two, the other one."""
    deal, other = (deal_in_words(vocabulary, promise[name]) for name in ("deal", "other"))
    outcome, compared = (WORDS.get(promise[name], "") for name in ("outcome", "other_outcome"))
    examples = [Example("", "", deal)]
    if outcome:
        text = _("It would come out as: %(outcome)s") % {"outcome": outcome}
        examples = [Example(_("The plainest deal that breaks it"), text, deal)]
    if other:
        title = _("Compared with this one, which comes out as: %(outcome)s")
        examples.append(Example(title % {"outcome": compared}, "", other))
    return examples


def charter(results: Report) -> dict[str, list[PromiseChange]]:
    """Promises of the former version that are no longer what they were, and mere new wording.

    Reports of earlier programs say nothing about them.
    """
    changes = results.get("charter", [])
    return {
        "unkept": [change for change in changes if change["confirm"]],
        "reworded_promises": [change for change in changes if not change["confirm"]],
    }


def differences(
    results: Report, vocabulary: Vocabulary, titles: Titles = UNTITLED
) -> list[Difference]:
    """Kinds of deals that come out differently, weakened ones first."""
    touched = Counter(
        (deal["before"], deal["after"], tuple(deal["rules"]))
        for deal in results["backtest"]["changed"]
    )
    return kinds(results["differences"], vocabulary, touched=touched, titles=titles)


def kinds(
    rows: Sequence[Different],
    vocabulary: Vocabulary,
    *,
    touched: Mapping[tuple[str, str, tuple[str, ...]], int] | None = None,
    titles: Titles = UNTITLED,
) -> list[Difference]:
    """The same in words; `touched` counts past screenings by outcomes and sorted rules."""
    in_words = [
        Difference(
            Change.of(kind["before"], kind["after"]),
            titled(kind["rules"], titles),
            deal_in_words(vocabulary, kind["deal"]),
            None
            if touched is None
            else touched.get((kind["before"], kind["after"], tuple(sorted(kind["rules"]))), 0),
        )
        for kind in rows
    ]
    return sorted(in_words, key=lambda row: (not row.change.is_looser, -RANK[row.change.before]))


def labelled(results: Report) -> dict[str, Any]:
    """What becomes of the labelled deals; reports of earlier programs say nothing about them."""
    nothing: Labelled = {"total": 0, "changed": [], "unread": []}
    deals = results.get("labelled", nothing)
    rows = [
        {
            **deal,
            "change": Change.of(deal["before"], deal["after"]),
            "label_words": WORDS[deal["label"]],
            "is_as_demanded": deal["after"] == deal["label"],
        }
        for deal in deals["changed"]
    ]
    return {
        "total": deals["total"],
        "changed": [row for row in rows if row["changed"]],
        "unlike": [row for row in rows if not row["changed"]],
        "looser": sum(row["looser"] for row in rows),
        "unread": deals["unread"],
    }


def matrix(tested: Backtest) -> Matrix:
    counted = {(before, after): n for before, after, n in tested["matrix"]}
    used = [outcome for outcome in OUTCOMES if any(outcome in pair for pair in counted)]
    return Matrix(
        [WORDS[outcome] for outcome in used],
        [
            (
                WORDS[before],
                [_cell(before, after, counted.get((before, after), 0)) for after in used],
            )
            for before in used
        ],
    )


def _cell(before: str, after: str, count: int) -> Cell:
    if not count or before == after:
        return Cell(count, "same" if count else "none", "")
    return Cell(count, *_DIRECTIONS[is_looser(before, after)])


def changed(rows: Sequence[ChangedDeal]) -> list[dict[str, Any]]:
    """Deals that come out differently, weakened ones first."""
    deals = [{**row, "change": Change.of(row["before"], row["after"])} for row in rows]
    return sorted(deals, key=lambda row: not row["change"].is_looser)


def sentence(tested: Backtest) -> str:
    """The back-test in one sentence: "12 would newly go to review, 1 would no longer be …"."""
    counted = [(b, a, n) for b, a, n in tested["matrix"] if b != a]
    total = tested["total"]
    if not counted:
        return f"None of {total:,} past screenings would come out differently."
    looser = sum(n for before, after, n in counted if is_looser(before, after))
    stricter = sum(n for _before, _after, n in counted) - looser
    parts = [
        f"{n:,} would be {words}"
        for n, words in ((looser, "treated more mildly"), (stricter, "treated more strictly"))
        if n
    ]
    return f"Of {total:,} past screenings, {' and '.join(parts)}."


def confirmations(report: CheckReport, titles: Titles = UNTITLED) -> list[tuple[str, str]]:
    """Each looser kind of change by its name, and in words."""
    results = report.found
    words = {
        kind_name(kind): kind_words({**kind, "rules": titled(kind["rules"], titles)})
        for kind in results["differences"]
    }
    return [(kind["name"], words.get(kind["name"], kind["words"])) for kind in results["looser"]]
