"""A check report in plain words, for the page that people read before they activate."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from policy.engine.language.condition import OUTCOMES, RANK
from policy.engine.language.facts import Vocabulary
from policy.engine.language.phrases import OUTCOMES as WORDS
from policy.engine.language.phrases import DealWords, deal_in_words
from policy.governance.checking import is_looser, kind_name, kind_words
from policy.models import CheckReport


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


@dataclass(frozen=True)
class Matrix:
    """Old outcomes by new ones."""

    columns: list[str]
    rows: list[tuple[str, list[tuple[int, str]]]]


#: The title of each rule by its id.
Titles = Mapping[str, str]
UNTITLED: Titles = {}


def titled(rules: Sequence[str], titles: Titles) -> list[str]:
    """The rules as a person knows them: "B01 Active surveillance is excluded"."""
    return [f"{rule} {titles[rule]}" if rule in titles else rule for rule in rules]


def promises(
    content: Mapping[str, Any], vocabulary: Vocabulary, titles: Titles = UNTITLED
) -> list[dict[str, Any]]:
    """The promises, those that are not proved first, each with its deal in words."""
    rows = [
        {
            **promise,
            "rules": titled(promise["rules"], titles),
            "deal": deal_in_words(vocabulary, promise["deal"]),
            "outcome_words": WORDS.get(promise["outcome"], ""),
            "other": deal_in_words(vocabulary, promise["other"]),
            "other_words": WORDS.get(promise["other_outcome"], ""),
            "speaks_of": deal_in_words(vocabulary, promise.get("speaks_of", {})),
        }
        for promise in content["promises"]
    ]
    return sorted(rows, key=lambda row: ("broken", "not_proved", "proved").index(row["state"]))


def charter(content: Mapping[str, Any]) -> dict[str, list[dict[str, Any]]]:
    """Promises of the former version that are no longer what they were, and mere new wording.

    Reports of earlier programs say nothing about them.
    """
    changes = content.get("charter", [])
    return {
        "unkept": [change for change in changes if change["confirm"]],
        "reworded_promises": [change for change in changes if not change["confirm"]],
    }


def differences(
    content: Mapping[str, Any], vocabulary: Vocabulary, titles: Titles = UNTITLED
) -> list[Difference]:
    """Kinds of deals that come out differently, weakened ones first."""
    touched = Counter(
        (deal["before"], deal["after"], tuple(deal["rules"]))
        for deal in content["backtest"]["changed"]
    )
    return kinds(content["differences"], vocabulary, touched=touched, titles=titles)


def kinds(
    rows: Sequence[Mapping[str, Any]],
    vocabulary: Vocabulary,
    *,
    touched: Mapping[tuple[str, str, tuple[str, ...]], int] | None = None,
    titles: Titles = UNTITLED,
) -> list[Difference]:
    """The same in words; `touched` counts past screenings by outcomes and sorted rules."""
    in_words = [
        Difference(
            Change.of(row["before"], row["after"]),
            titled(row["rules"], titles),
            deal_in_words(vocabulary, row["deal"]),
            None
            if touched is None
            else touched.get((row["before"], row["after"], tuple(sorted(row["rules"]))), 0),
        )
        for row in rows
    ]
    return sorted(in_words, key=lambda row: (not row.change.is_looser, -RANK[row.change.before]))  # type: ignore[index]


def labelled(content: Mapping[str, Any]) -> dict[str, Any]:
    """What becomes of the labelled deals; reports of earlier programs say nothing about them."""
    played = content.get("labelled", {"total": 0, "changed": [], "unread": []})
    rows = [
        {
            **example,
            "change": Change.of(example["before"], example["after"]),
            "label_words": WORDS[example["label"]],
            "is_as_demanded": example["after"] == example["label"],
        }
        for example in played["changed"]
    ]
    return {
        "total": played["total"],
        "changed": [example for example in rows if example["changed"]],
        "unlike": [example for example in rows if not example["changed"]],
        "looser": sum(example["looser"] for example in rows),
        "unread": played["unread"],
    }


def matrix(content: Mapping[str, Any]) -> Matrix:
    counted = {(before, after): n for before, after, n in content["backtest"]["matrix"]}
    used = [outcome for outcome in OUTCOMES if any(outcome in pair for pair in counted)]
    return Matrix(
        [WORDS[outcome] for outcome in used],
        [
            (
                WORDS[before],
                [(counted.get((before, after), 0), _cell(before, after)) for after in used],
            )
            for before in used
        ],
    )


def _cell(before: str, after: str) -> str:
    if before == after:
        return "same"
    return "looser" if is_looser(before, after) else "stricter"


def changed(rows: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Deals that come out differently, weakened ones first."""
    in_words = [{**row, "change": Change.of(row["before"], row["after"])} for row in rows]
    return sorted(in_words, key=lambda row: not row["change"].is_looser)


def sentence(content: Mapping[str, Any]) -> str:
    """The back-test in one sentence: "12 would newly go to review, 1 would no longer be …"."""
    counted = [(b, a, n) for b, a, n in content["backtest"]["matrix"] if b != a]
    total = content["backtest"]["total"]
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
    content = report.found
    words = {
        kind_name(difference): kind_words(
            {**difference, "rules": titled(difference["rules"], titles)}
        )
        for difference in content["differences"]
    }
    return [
        (loosening["name"], words.get(loosening["name"], loosening["words"]))
        for loosening in content["looser"]
    ]
