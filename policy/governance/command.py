"""The policy from the command line, so that a rulebook can live in git and be checked there.

    ./run policy check FILE                 prove the promises of the charter and its own, compare
                                            those of the former rulebook, find rules that never
                                            decide, prove the promises on answers with what ships,
                                            and screen deals with two engines; or compare a
                                            catalogue, a registry, laws or a list of countries,
                                            entry by entry
    ./run policy charter FILE               prove that the shipped rulebook keeps a charter and its
                                            promises on answers with what ships, find what becomes
                                            of the promises of the shipped one in it
    ./run policy prove FILE                 the promises alone
    ./run policy diff A B                   kinds of deals that come out differently
    ./run policy backtest FILE --deals D    play it over deals, one a line as `./run screen` takes
                                            them (- for standard input), against the shipped one
    ./run policy schema                     a JSON Schema of rulebooks: editors complete and check
                                            with it while one writes
    --json                                  the same as one JSON object
    ./run manage backtest FILE              play it over the stored screenings of a database
    --against B                             what to compare with, for check: a file, or the word
                                            shipped or active. Without it check compares with what
                                            is active in the database of DATABASE_URL, or with what
                                            ships where there is none; for backtest and charter a
                                            file in place of the one that ships
    --charter C                             for check: another charter than the shipped one
    --rulebook B                            for charter: another rulebook than the shipped one
    --kind K                                for check: rulebook, catalogue, registry, laws or
                                            countries, where the file does not tell
    --source S, --edition E, --year Y, --licence L
                                            for check: what a list of ratings does not say itself
    --confirmed C                           for check and charter: a YAML file that lists each
                                            change that is made on purpose by its name, and why:
                                              - what: rule E07 removed
                                                because: The board decided so on 12 November.
                                            One that names what does not change is an error

Exit status: 0 when all is well (diff: nothing got milder), 1 when something is not (a broken or
unproved promise, a change that has to be confirmed and is not, a rule that never decides, a milder
outcome, a line that cannot be read), 2 for wrong use or a file that cannot be read. Problems print
as file:line:column: what.
"""

import argparse
import json
import sys
from collections import Counter
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any, BinaryIO, cast

from policy.engine.language.charter import Charter
from policy.engine.language.condition import RANK, Rulebook
from policy.engine.language.facts import Vocabulary
from policy.engine.language.marked import LARGEST_FILE, Node, Problems, read_marked
from policy.engine.language.phrases import OUTCOMES, deal_in_words
from policy.engine.language.reading import ReadingError, read_canonical, read_rulebook
from policy.engine.language.reading_charter import read_canonical_charter, read_charter
from policy.engine.language.schema import rulebook_schema
from policy.engine.language.shapes import Shapes
from policy.engine.language.words import listed
from policy.engine.proof.proof import NotProved
from policy.facts import shipped
from policy.facts.derive import ReferenceData
from policy.facts.screen import Screener
from policy.facts.screen import lines as read_lines
from policy.governance import (
    easings,
    labelled,
    on_answers,
    promises,
    proving,
    report_data,
    sentences,
    standalone,
    succession,
    two_engines,
)
from policy.governance.report_data import Proofs
from policy.reference.importers.opening import is_workbook, not_utf_8, opened
from policy.reference.ratings import ListRefused
from policy.wording import clauses

OK, FOUND, WRONG = 0, 1, 2
CHARTER, RULEBOOK = "charter", "rulebook"
KINDS = (RULEBOOK, "catalogue", "registry", "laws", "countries")
#: In place of a file to compare with.
ACTIVE, SHIPPED = "active", "shipped"
#: Characters; as long as on the pages.
LEAST_REASON = 20

Found = dict[str, Any]


class Unusable(Exception):
    """Input that gives nothing to work on; the message says what and where."""


def load(
    name: str, vocabulary: Vocabulary | None = None, *, promised: Collection[str] = ()
) -> Rulebook:
    """The rulebook of a file, YAML or canonical. Raises Unusable with every problem.

    A text in YAML speaks of the facts of this vocabulary, or of the shipped one. No promise has
    one of the ids that are ``promised`` in a charter.
    """
    text = _text(name)
    known: dict[str, Any] = {"file": name, "cited": clauses.known(), "promised": promised}
    try:
        if text.startswith("{"):
            return read_canonical(text, **known)
        return read_rulebook(text, vocabulary or shipped.vocabulary(), **known)
    except ReadingError as error:
        raise Unusable(str(error)) from None


def load_charter(name: str | None) -> Charter:
    """The charter of a file, YAML or canonical, or the shipped one. Raises Unusable."""
    if not name:
        return shipped.charter()
    text = _text(name)
    try:
        if text.startswith("{"):
            return read_canonical_charter(text, file=name)
        return read_charter(
            text, shipped.vocabulary(), answers=shipped.answers(), file=name, cited=clauses.known()
        )
    except ReadingError as error:
        raise Unusable(str(error)) from None


def _text(name: str) -> str:
    try:
        with _opened(name) as file:
            text = opened(file)
            if is_workbook(text):
                raise Unusable(
                    f"{name}: The file is a workbook, and this is a text. Save the text."
                )
            # One byte more than is allowed: the reader then says that it is too large.
            raw = text.read(LARGEST_FILE + 1)
    except OSError as error:
        raise Unusable(f"{name}: {error.strerror}") from None
    except ListRefused as refusal:
        raise Unusable(f"{name}: {refusal}") from None
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        begins = raw.rfind(b"\n", 0, error.start) + 1
        why = not_utf_8(raw[begins:], line, error.start - begins)
        raise Unusable(f"{name}: {why}") from None


# --- What each verb finds ------------------------------------------------------------------------


def prove(arguments: argparse.Namespace) -> Found:
    rulebook = load(arguments.file)
    return named(rulebook) | {"promises": [promise.plain for promise in proving.prove(rulebook)]}


def check(arguments: argparse.Namespace) -> Found:
    kind = arguments.kind or _kind(arguments.file)
    if kind == CHARTER:
        raise Unusable(f"{arguments.file} is a charter. Hold it to the former one: charter FILE")
    if kind != RULEBOOK:
        return _check_entries(arguments, kind)
    charter = load_charter(arguments.charter)
    rulebook = load(arguments.file, promised=charter.ids)
    before = _former(arguments)
    compared, fewer = _compared(before, rulebook)
    changes = promises.beside(charter, before, compared.changes)
    found = named(rulebook) | {
        "promises": [promise.plain for promise in proving.prove(rulebook, charter)],
        "held_to": _named_charter(charter),
        "against": named(before),
        "charter": [change.plain for change in changes],
        "fewer": [rule.plain for rule in fewer],
        "reworded": [text.plain for text in sentences.reworded(before, rulebook)],
        "differences": _differences_beside(compared, before, rulebook),
        "dead": _complete(proving.dead_rules, rulebook),
    }
    found["labelled"] = _labelled(before, rulebook)
    eased = [
        *easings.of_rulebook(cast("Proofs", found)),
        *easings.of_labelled(found["labelled"]["changed"]),
        *succession.beyond(charter, rulebook),
        *promises.unrepeated(charter, before, compared.changes),
    ]
    found["looser"] = [asdict(easing) for easing in eased]
    found["problems"] = promises.empty(changes)
    found |= _screened(arguments.file, before, rulebook, charter)
    _confirm(found, arguments.confirmed)
    return found


def _screened(file: str, before: Rulebook, after: Rulebook, charter: Charter) -> Found:
    """The promises on answers, with what ships beside the rulebook, and what two engines say."""
    old, new = (replace(shipped.load(), rulebook=book, charter=charter) for book in (before, after))
    text = _text(file)
    written = "" if text.startswith("{") else text
    return {
        "answers": _proved_on_answers(old, new),
        "engines": two_engines.compared(after.canonical, written, new).plain,
    }


def _proved_on_answers(
    before: ReferenceData | None, after: ReferenceData
) -> list[report_data.OnAnswers]:
    """With how surely the registry that ships finds names."""
    figures = json.loads(shipped.text(shipped.MEASURED))["figures"]
    return [one.plain for one in on_answers.proved(before, after, figures)]


def charter(arguments: argparse.Namespace) -> Found:
    """A charter held to the former one, and a rulebook to the charter."""
    after, before = load_charter(arguments.file), load_charter(arguments.against)
    rulebook = load(arguments.rulebook) if arguments.rulebook else shipped.rulebook()
    both = _complete(
        lambda *texts: [succession.compared(*texts), on_answers.compared(*texts)], before, after
    )
    own = replace(rulebook, promises=())
    data = replace(shipped.load(), rulebook=rulebook, charter=after)
    found = _named_charter(after) | {
        "promises": [promise.plain for promise in proving.prove(own, after)],
        "answers": _proved_on_answers(None, data),
        "against": _named_charter(before),
        "charter": [change.plain for compared in both for change in compared.changes],
        "problems": [problem for compared in both for problem in compared.problems],
    }
    on_answers.tell(found["answers"], both[1], data, stored={})
    eased = [*succession.silent(found["charter"]), *succession.beyond(after, rulebook)]
    eased += easings.other_sentences(found["charter"])
    found["looser"] = [asdict(easing) for easing in eased]
    _confirm(found, arguments.confirmed)
    return found


def _kind(name: str) -> str:
    """What a file holds. Needs no database."""
    standalone.ready()
    # Django's models can be imported only when Django is ready.
    from policy.governance import reference_check

    return reference_check.kind_of(name)


def _check_entries(arguments: argparse.Namespace, kind: str) -> Found:
    """A catalogue, a registry, laws or countries, compared with another version of them."""
    standalone.ready()
    from policy.governance import reference_check as entries

    try:
        base = entries.base_of(arguments, kind)
        found = entries.check(arguments, kind, base)
    except entries.Refused as refusal:
        raise Unusable(str(refusal)) from None
    found["charter"] = []
    _confirm(found, arguments.confirmed)
    return found


def _former(arguments: argparse.Namespace) -> Rulebook:
    """The rulebook to compare with: of a file, the active one, or the one that ships."""
    if arguments.against not in (ACTIVE, SHIPPED, None):
        return load(arguments.against)
    if arguments.against != ACTIVE and not (arguments.against is None and arguments.has_database):
        return shipped.rulebook()
    standalone.ready()
    from policy.governance import reference_check as entries

    try:
        return entries.active_rulebook()
    except entries.Refused as refusal:
        raise Unusable(str(refusal)) from None


def _labelled(before: Rulebook, after: Rulebook) -> Found:
    data = shipped.load()
    both = (replace(data, rulebook=rulebook) for rulebook in (before, after))
    return cast("Found", labelled.play(*both).plain)


def _compared(before: Rulebook, after: Rulebook) -> tuple[promises.Compared, list[promises.Fewer]]:
    try:
        return promises.compared(before, after), promises.fewer(before, after)
    except NotProved as reason:
        raise Unusable(f"The promises could not all be compared: {reason}.") from None


def _confirm(found: Found, file: str | None) -> None:
    """Write the reason of the file beside each change that it names."""
    reasons = dict(confirmations(file)) if file else {}
    for change in found["charter"]:
        change["confirmed"] = reasons.pop(change["name"], "") if change["confirm"] else ""
    for easing in found["looser"]:
        easing["confirmed"] = reasons.pop(easing["name"], "")
    if reasons:
        unused = "\n".join(f"{file}: there is nothing to confirm called {name}" for name in reasons)
        raise Unusable(unused)


def confirmations(name: str) -> Mapping[str, str]:
    """The changes that a file confirms, each by its name and with a reason.

    A list of ``what`` and ``because``, or names with a reason behind each; an empty file, or one
    with comments alone, confirms nothing.
    """
    lines = map(str.strip, _text(name).splitlines())
    if all(not line or line.startswith("#") for line in lines):
        return {}
    problems = Problems(name)
    shapes = Shapes(problems)
    reasons: dict[str, str] = {}
    try:
        root = read_marked(_text(name), problems, lists=True)
        for change, at, value in _confirmed(root, shapes):
            reason = shapes.text(value, change)
            if len(reason) < LEAST_REASON:
                problems.add(at, f"{change}: say why in at least {LEAST_REASON} characters")
            if change in reasons:
                problems.add(at, f"{change}: is confirmed twice; keep one of the reasons")
            reasons[change] = reason
        problems.check()
    except ReadingError as error:
        raise Unusable(str(error)) from None
    return reasons


def _confirmed(root: Node, shapes: Shapes) -> Iterator[tuple[str, Node, Node | None]]:
    """Each name, where it stands, and the reason."""
    if root.parts is None:
        yield from shapes.pairs(root, "confirmations")
        return
    for number, entry in enumerate(root, start=1):
        fields = shapes.fields(entry, f"confirmation {number}", ("what", "because"))
        what = fields.get("what")
        if name := shapes.text(what, f"confirmation {number}: what"):
            yield name, what or entry, fields.get("because")


def diff(arguments: argparse.Namespace) -> Found:
    before, after = load(arguments.before), load(arguments.after)
    kinds = _differences(before, after)
    return {"before": named(before), "after": named(after), "differences": kinds}


def _differences(before: Rulebook, after: Rulebook) -> list[Found]:
    """Every kind of deal that comes out differently, the milder ones first."""
    kinds = [one.plain for one in _complete(proving.differences, before, after)]
    for one in kinds:
        one["milder"] = RANK[one["after"]] < RANK[one["before"]]
    kinds.sort(key=lambda one: (not one["milder"], -RANK[one["before"]]))
    return kinds


def _differences_beside(
    compared: promises.Compared, before: Rulebook, after: Rulebook
) -> list[Found]:
    """The differences; where there are too many to list, the promises that are not kept."""
    try:
        return _differences(before, after)
    except Unusable as reason:
        names = (
            listed([change.name for change in compared.changes if change.fate != "kept"]) or "none"
        )
        raise Unusable(
            f"{reason} Not as in version {before.label}: {names}. If this text was made from "
            "another version, compare it with that one: --against FILE"
        ) from None


def _complete(find: Callable[..., list[Any]], *texts: Rulebook | Charter) -> list[Any]:
    try:
        return find(*texts)
    except NotProved as reason:
        sentence = str(reason).rstrip(".")
        raise Unusable(f"The proof gave no complete answer: {sentence}.") from None


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
    changed.sort(key=lambda one: not one["milder"])
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
    one, other = (Screener(replace(data, rulebook=book)) for book in (before, after))
    for number, raw in enumerate(_deals(name), start=1):
        (was, readable), (now, _) = one.result(number, raw), other.result(number, raw)
        found = json.loads(was)
        if readable:
            yield found["id"], found["outcome"], json.loads(now)["outcome"]
        else:
            errors.append(f"{raw[:40].decode(errors='replace')}…: {found['error']}")


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


def _named_charter(charter: Charter) -> Found:
    return {"rulebook": charter.name, "label": charter.label, "digest": charter.digest}


def is_good(found: Mapping[str, Any]) -> bool:
    """Whether nothing was found that must stop an activation or be confirmed by name."""
    return not (
        found.get("problems")
        or found.get("dead")
        or found.get("errors")
        or any(promise["state"] != proving.PROVED for promise in found.get("promises", ()))
        or any(promise["against"] for promise in found.get("answers", ()))
        or found.get("engines", {}).get("problem")
        or any(change["confirm"] and not change["confirmed"] for change in found.get("charter", ()))
        or any(not easing["confirmed"] for easing in found.get("looser", ()))
        or any(kind["milder"] for kind in found.get("differences", ()) if "looser" not in found)
        or any(deal["milder"] for deal in found.get("changed", ()))
        or any(deal["milder"] for deal in found.get("affected", ()))
    )


# --- In words ------------------------------------------------------------------------------------


def told(found: Mapping[str, Any]) -> Iterator[str]:
    """What was found, as lines for a person."""
    for name in ("before", "after"):
        if name in found:
            yield f"{name}: {found[name]['rulebook']} {found[name]['label']}"
    if "label" in found:
        yield f"{found['rulebook']} {found['label']} {found['digest']}"
    yield from found.get("problems", ())
    for promise in found.get("promises", ()):
        yield from _promise(promise)
    for promise in found.get("answers", ()):
        yield from _on_answers(promise)
    if "engines" in found:
        yield found["engines"]["sentence"]
        yield from (f"              {label}: {value}" for label, value in found["engines"]["shown"])
    for change in found.get("charter", ()):
        yield from _kept(change)
    for text in found.get("reworded", ()):
        yield f"{'silent' if text['is_silent'] else 'reworded':<11} {text['rule']} {text['what']}"
        yield f"            before: {text['before']}"
        yield f"            now:    {text['after']}"
    if found.get("entries") == []:
        yield "No entry differs."
    for change in found.get("entries", ()):
        if not change["looser"]:
            yield f"changed     {change['words']}: {', '.join(change['entries'])}"
    for easing in found.get("looser", ()):
        yield from _loosened(easing)
    for rule in found.get("dead", ()):
        yield f"dead        {rule['rule']} {rule['title']}: {rule['what']}"
    if "differences" in found:
        yield from _kinds(found["differences"])
    if "matrix" in found:
        yield from _matrix(found)


STATES = {"proved": "proved", "broken": "BROKEN", "not_proved": "NOT PROVED"}


def _promise(promise: Mapping[str, Any]) -> Iterator[str]:
    state = STATES[promise["state"]]
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


def _on_answers(promise: Mapping[str, Any]) -> Iterator[str]:
    yield f"{STATES[promise['state']]:<11} {promise['id']} {promise['says']}"
    if promise["because"]:
        yield f"            {promise['because']}"
    if promise["answers"]:
        yield f"            these answers come out as {promise['outcome'].lower()}:"
        yield from (f"              {label}: {value}" for label, value in promise["answers"])
    if promise["was_so"]:
        yield "            the other version does not keep it either"
    if promise["bound"]:
        yield f"            {promise['bound']}"
    if "standing" in promise:
        standing = promise["standing"]
        yield f"            {standing['in_words']}"
        yield f"            It speaks of {_counted(standing['labelled'], 'labelled deal')}."


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


def _loosened(easing: Mapping[str, Any]) -> Iterator[str]:
    yield f"EASED       {easing['words']}"
    if easing["confirmed"]:
        yield f"            confirmed: {easing['confirmed']}"
    else:
        yield f"            to be confirmed as: {easing['name']}"


def _kinds(kinds: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    if not kinds:
        yield "These versions behave the same."
    for kind in kinds:
        way = "MILDER" if kind["milder"] else "stricter"
        before, after = OUTCOMES[kind["before"]], OUTCOMES[kind["after"]].lower()
        yield f"{way:<11} {before} becomes {after}, because of {', '.join(kind['rules'])}"
        yield from _deal(kind["deal"])


def _matrix(found: Mapping[str, Any]) -> Iterator[str]:
    yield _counted(found["deals"], "deal")
    for before, after, count in found["matrix"]:
        yield f"{count:>7}  {OUTCOMES[before]} → {OUTCOMES[after]}"
    yield from map(_changed, found["changed"])
    if "affected" in found:
        affected = _counted(len(found["affected"]), "open, cleared or approved deal")
        yield f"{affected} would change"
        yield from map(_changed, found["affected"])
    yield from (f"not read: {error}" for error in found["errors"])


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
    "charter": charter,
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
        if name in ("backtest", "check", "charter"):
            verb.add_argument("--against", metavar="B")
        if name in ("check", "charter"):
            verb.add_argument("--confirmed", metavar="C")
        if name == "check":
            verb.add_argument("--charter", metavar="C")
            verb.add_argument("--kind", choices=KINDS)
            for option in ("label", "source", "edition", "licence", "layout"):
                verb.add_argument(f"--{option}", default="")
            verb.add_argument("--year", type=int)
        if name == "charter":
            verb.add_argument("--rulebook", metavar="B")
        verb.add_argument("--json", action="store_true")
    verbs.add_parser("schema")
    return made


def main(arguments: Sequence[str], *, has_database: bool = False) -> int:
    """The exit status of one run. With a database, check compares with what is active there."""
    asked = parser().parse_args(arguments)
    asked.has_database = has_database
    if asked.verb == "schema":
        print(json.dumps(rulebook_schema(shipped.vocabulary()), indent=1))
        return OK
    try:
        found = VERBS[asked.verb](asked)
    except Unusable as error:
        if asked.json:
            problems = str(error).splitlines()
            print(json.dumps({"ok": False, "unusable": problems}, ensure_ascii=False, indent=1))
        else:
            print(error, file=sys.stderr)
        return WRONG
    return shown(found, as_json=asked.json, say=print)


def shown(found: Found, *, as_json: bool, say: Callable[[str], object]) -> int:
    """Say what was found; the exit status that goes with it."""
    good = is_good(found)
    if as_json:
        say(json.dumps(found | {"ok": good}, ensure_ascii=False, indent=1))
    else:
        say("\n".join(told(found)))
    return OK if good else FOUND


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:], has_database=standalone.has_database()))
