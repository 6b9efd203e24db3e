"""The policy from the command line, so that a rulebook can live in git and be checked there.

    ./run policy check FILE                 prove its promises and those of the shipped rulebook,
                                            find rules that never decide
    ./run policy prove FILE                 the promises alone
    ./run policy diff A B                   kinds of deals that come out differently
    ./run policy backtest FILE --deals D    play it over deals, one per line as `./run screen` takes
                                            them (- for standard input), against the shipped one
    --json                                  the same as one JSON object
    ./run manage backtest FILE              play it over the stored screenings of a database
    --against B                             a rulebook other than the shipped one, for check and
                                            backtest
    --confirmed C                           for check: a YAML file with the name of each promise
                                            that is removed, changed or empty on purpose, and why

Exit status: 0 when all is well (diff: nothing got milder), 1 when something is not (a broken or
unproved promise, one of the older rulebook removed, changed or empty without being confirmed, a
rule that never decides, a milder outcome, a line that cannot be read), 2 for
wrong usage or a file that cannot be read as a rulebook. Problems print as file:line:column: what.
"""

import argparse
import json
import sys
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, BinaryIO

from policy.engine.language.condition import RANK, Rulebook
from policy.engine.language.facts import Vocabulary
from policy.engine.language.marked import LARGEST_FILE, Problems, read_marked
from policy.engine.language.phrases import OUTCOMES, deal_in_words
from policy.engine.language.reading import ReadingError, read_canonical, read_rulebook
from policy.engine.language.shapes import Shapes
from policy.engine.proof.proof import NotProved
from policy.facts import shipped
from policy.facts.screen import Screener
from policy.facts.screen import lines as read_lines
from policy.governance import charter, proving, sentences
from policy.wording import clauses

OK, FOUND, WRONG = 0, 1, 2
#: Characters; as long as on the pages.
LEAST_REASON = 20

Found = dict[str, Any]


class Unusable(Exception):
    """Input that gives nothing to work on; the message says what and where."""


def load(name: str, vocabulary: Vocabulary | None = None) -> Rulebook:
    """The rulebook of a file, YAML or canonical. Raises Unusable with every problem.

    A text in YAML speaks of the facts of this vocabulary, or of the shipped one.
    """
    text = _text(name)
    try:
        if text.startswith("{"):
            return read_canonical(text, file=name, cited=clauses.known())
        return read_rulebook(
            text, vocabulary or shipped.vocabulary(), file=name, cited=clauses.known()
        )
    except ReadingError as error:
        raise Unusable(str(error)) from None


def _text(name: str) -> str:
    try:
        with _opened(name) as file:
            # One byte more than is allowed: the reader then says that it is too large.
            return file.read(LARGEST_FILE + 1).decode("utf-8-sig")
    except OSError as error:
        raise Unusable(f"{name}: {error.strerror}") from None
    except UnicodeDecodeError as error:
        raise Unusable(f"{name}: byte {error.start + 1} is not UTF-8") from None


# --- What each verb finds ------------------------------------------------------------------------


def prove(arguments: argparse.Namespace) -> Found:
    rulebook = load(arguments.file)
    return named(rulebook) | {"promises": [proof.plain for proof in proving.prove(rulebook)]}


def check(arguments: argparse.Namespace) -> Found:
    rulebook = load(arguments.file)
    before = load(arguments.against) if arguments.against else shipped.rulebook()
    changes = [change.plain for change in _charter(before, rulebook).changes]
    reasons = confirmations(arguments.confirmed) if arguments.confirmed else {}
    for change in changes:
        change["confirmed"] = reasons.pop(change["name"], "") if change["confirm"] else ""
    if reasons:
        raise Unusable(
            f"{arguments.confirmed}: there is nothing to confirm called {next(iter(reasons))}"
        )
    answer = prove(arguments) | {
        "against": named(before),
        "charter": changes,
        "reworded": [rewording.plain for rewording in sentences.reworded(before, rulebook)],
        "dead": _complete(proving.dead_rules, rulebook),
    }
    if not rulebook.promises:
        answer["problems"] = ["The rulebook promises nothing, so there is nothing to prove."]
    return answer


def _charter(before: Rulebook, after: Rulebook) -> charter.Charter:
    try:
        return charter.compared(before, after)
    except NotProved as reason:
        raise Unusable(f"The promises could not all be compared: {reason}.") from None


def confirmations(name: str) -> Mapping[str, str]:
    """The changes that a file confirms, each by its name and with a reason."""
    problems = Problems(name)
    shapes = Shapes(problems)
    reasons: dict[str, str] = {}
    try:
        for change, key, value in shapes.pairs(read_marked(_text(name), problems), "confirmations"):
            reason = shapes.text(value, change)
            if len(reason) < LEAST_REASON:
                problems.add(key, f"{change}: say why in at least {LEAST_REASON} characters")
            reasons[change] = reason
        problems.check()
    except ReadingError as error:
        raise Unusable(str(error)) from None
    return reasons


def diff(arguments: argparse.Namespace) -> Found:
    before, after = load(arguments.before), load(arguments.after)
    kinds = [difference.plain for difference in _complete(proving.differences, before, after)]
    for difference in kinds:
        difference["milder"] = RANK[difference["after"]] < RANK[difference["before"]]
    kinds.sort(key=lambda difference: (not difference["milder"], -RANK[difference["before"]]))
    return {"before": named(before), "after": named(after), "differences": kinds}


def _complete(find: Callable[..., list[Any]], *rulebooks: Rulebook) -> list[Any]:
    try:
        return find(*rulebooks)
    except NotProved as reason:
        raise Unusable(f"The proof gave no complete answer: {reason}.") from None


def backtest(arguments: argparse.Namespace) -> Found:
    after = load(arguments.file)
    before = load(arguments.against) if arguments.against else shipped.rulebook()
    matrix: Counter[tuple[str, str]] = Counter()
    changed: list[Found] = []
    errors: list[str] = []
    for name, was, now in _played(arguments.deals, before, after, errors):
        matrix[was, now] += 1
        if was != now:
            changed.append(
                {"id": name, "before": was, "after": now, "milder": RANK[now] < RANK[was]}
            )
    changed.sort(key=lambda deal: not deal["milder"])
    return {
        "before": named(before),
        "after": named(after),
        "deals": sum(matrix.values()),
        "matrix": [[was, now, n] for (was, now), n in sorted(matrix.items())],
        "changed": changed,
        "errors": errors,
    }


def _played(
    name: str, before: Rulebook, after: Rulebook, errors: list[str]
) -> Iterator[tuple[Any, Any, Any]]:
    """Id and both outcomes of each line; a line that cannot be read goes to `errors`."""
    data = shipped.load()
    first, other = (Screener(replace(data, rulebook=book)) for book in (before, after))
    for number, raw in enumerate(_deals(name), start=1):
        (was, readable), (now, _) = first.result(number, raw), other.result(number, raw)
        answer = json.loads(was)
        if readable:
            yield answer["id"], answer["outcome"], json.loads(now)["outcome"]
        else:
            errors.append(f"{raw[:40].decode(errors='replace')}…: {answer['error']}")


def _deals(name: str) -> Iterator[bytes]:
    if name == "-":
        source: Any = sys.stdin.buffer
    else:
        source = _opened(name)
    with source:
        for part in read_lines(source):
            yield from (raw for raw in part if raw.strip())


def _opened(name: str) -> BinaryIO:
    try:
        return Path(name).open("rb")
    except OSError as error:
        raise Unusable(f"{name}: {error.strerror}") from None


def named(rulebook: Rulebook) -> Found:
    return {"rulebook": rulebook.name, "label": rulebook.label, "digest": rulebook.digest}


def is_good(answer: Mapping[str, Any]) -> bool:
    """Whether nothing was found that must stop an activation or be confirmed by name."""
    return not (
        answer.get("problems")
        or answer.get("dead")
        or answer.get("errors")
        or any(promise["state"] != proving.PROVED for promise in answer.get("promises", ()))
        or any(
            change["confirm"] and not change["confirmed"] for change in answer.get("charter", ())
        )
        or any(difference["milder"] for difference in answer.get("differences", ()))
        or any(deal["milder"] for deal in answer.get("changed", ()))
        or any(deal["milder"] for deal in answer.get("affected", ()))
    )


# --- In words ------------------------------------------------------------------------------------


def told(answer: Mapping[str, Any]) -> Iterator[str]:
    """What was found, as lines for a person."""
    for name in ("before", "after"):
        if name in answer:
            yield f"{name}: {answer[name]['rulebook']} {answer[name]['label']}"
    if "label" in answer:
        yield f"{answer['rulebook']} {answer['label']} {answer['digest']}"
    yield from answer.get("problems", ())
    for row in answer.get("promises", ()):
        yield from _promise(row)
    for row in answer.get("charter", ()):
        yield from _kept(row)
    for row in answer.get("reworded", ()):
        yield f"{'silent' if row['is_silent'] else 'reworded':<11} {row['rule']} {row['what']}"
        yield f"            before: {row['before']}"
        yield f"            now:    {row['after']}"
    for row in answer.get("dead", ()):
        yield f"dead        {row['rule']} {row['title']}: {row['what']}"
    if "differences" in answer:
        yield from _differences(answer["differences"])
    if "matrix" in answer:
        yield from _matrix(answer)


def _promise(promise: Mapping[str, Any]) -> Iterator[str]:
    state = {"proved": "proved", "broken": "BROKEN", "not_proved": "NOT PROVED"}[promise["state"]]
    yield f"{state:<11} {promise['id']} {promise['says']} ({promise['milliseconds']} ms)"
    if promise["because"]:
        yield f"            {promise['because']}"
    if promise["state"] == proving.BROKEN:
        if promise["rules"]:
            yield f"            to blame: {', '.join(promise['rules'])}"
        if promise["outcome"]:
            yield f"            this deal comes out as {OUTCOMES[promise['outcome']].lower()}:"
        yield from _deal(promise["deal"])
        if promise["other"]:
            yield f"            this one comes out as {OUTCOMES[promise['other_outcome']].lower()}:"
            yield from _deal(promise["other"])


def _kept(change: Mapping[str, Any]) -> Iterator[str]:
    """A promise of the older rulebook, old beside new, and the name that one confirms."""
    state = change["fate"].upper() if change["confirm"] else "reworded"
    yield f"{state:<11} {change['sentence']}"
    if change["says"] != change["says_now"]:
        yield f"            its sentence is now: {change['says_now'] or '-'}"
    if change["condition"] != change["condition_now"]:
        yield f"            before: {change['condition'] or '-'}"
        yield f"            now:    {change['condition_now'] or '-'}"
    if change["confirmed"]:
        yield f"            confirmed: {change['confirmed']}"
    elif change["confirm"]:
        yield f"            to be confirmed as: {change['name']}"


def _differences(kinds: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    if not kinds:
        yield "These versions behave the same."
    for difference in kinds:
        way = "MILDER" if difference["milder"] else "stricter"
        before, after = OUTCOMES[difference["before"]], OUTCOMES[difference["after"]].lower()
        yield f"{way:<11} {before} becomes {after}, because of {', '.join(difference['rules'])}"
        yield from _deal(difference["deal"])


def _matrix(answer: Mapping[str, Any]) -> Iterator[str]:
    yield _counted(answer["deals"], "deal")
    for before, after, count in answer["matrix"]:
        yield f"{count:>7}  {OUTCOMES[before]} → {OUTCOMES[after]}"
    yield from map(_changed, answer["changed"])
    if "affected" in answer:
        affected = _counted(len(answer["affected"]), "open, cleared or approved deal")
        yield f"{affected} would change"
        yield from map(_changed, answer["affected"])
    yield from (f"not read: {error}" for error in answer["errors"])


def _counted(count: int, noun: str) -> str:
    return f"{count} {noun}{'' if count == 1 else 's'}"


def _changed(deal: Mapping[str, Any]) -> str:
    way = "MILDER" if deal["milder"] else "stricter"
    return f"{way:<9}{deal['id']}: {OUTCOMES[deal['before']]} → {OUTCOMES[deal['after']]}"


def _deal(plain: Mapping[str, Any]) -> Iterator[str]:
    for label, value in deal_in_words(shipped.vocabulary(), plain).rows:
        yield f"              {label}: {value}"


# --- The command ---------------------------------------------------------------------------------

VERBS: Mapping[str, Callable[[argparse.Namespace], Found]] = {
    "check": check,
    "prove": prove,
    "diff": diff,
    "backtest": backtest,
}


def parser() -> argparse.ArgumentParser:
    made = argparse.ArgumentParser(
        prog="./run policy",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    verbs = made.add_subparsers(dest="verb", required=True, metavar="VERB")
    for name in VERBS:
        verb = verbs.add_parser(name)
        if name == "diff":
            verb.add_argument("before", metavar="A")
            verb.add_argument("after", metavar="B")
        else:
            verb.add_argument("file", metavar="FILE")
        if name == "backtest":
            verb.add_argument("--deals", required=True, metavar="D")
        if name in ("backtest", "check"):
            verb.add_argument("--against", metavar="B")
        if name == "check":
            verb.add_argument("--confirmed", metavar="C")
        verb.add_argument("--json", action="store_true")
    return made


def main(arguments: Sequence[str]) -> int:
    """The exit status of one run."""
    asked = parser().parse_args(arguments)
    try:
        answer = VERBS[asked.verb](asked)
    except Unusable as error:
        print(error, file=sys.stderr)
        return WRONG
    return shown(answer, as_json=asked.json, say=print)


def shown(answer: Found, *, as_json: bool, say: Callable[[str], object]) -> int:
    """Say what was found; the exit status that goes with it."""
    good = is_good(answer)
    if as_json:
        say(json.dumps(answer | {"ok": good}, ensure_ascii=False, indent=1))
    else:
        say("\n".join(told(answer)))
    return OK if good else FOUND


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
