"""Screening from the command line, without database and without Django.

    python -m policy.facts.screen FILE  one deal a line (JSON), one result a line, in the same order
    python -m policy.facts.screen -     the same from standard input
    … --laws REGISTER.yaml FILE         with the laws of this register, which lines name by their id
    … --explain FILE                    each result also has "names": whom the names in the deal
                                        mean or resemble, and the words that are alike
    … --words FILE                      descriptions are read as the form reads the customer's
                                        words; some hundreds a second. --explain reads them, too

No law ships with the program, so without a register no line can name one. A law counts until its
last day in UTC.

A line is {"id": …, "facts": {…}, "derived": {…}}: `facts` as `policy.facts.declared` lists them,
`derived` optional values that replace what would be derived. Other keys are remarks and ignored.
Exit status: 0 when every line could be read, 1 when some could not (their result is
{"id": …, "error": "…"}, the others are screened all the same), 2 for wrong use. How many
descriptions were not read is said at the end, on standard error.
"""

import gc
import json
import os
import re
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from difflib import get_close_matches
from functools import lru_cache
from pathlib import Path
from typing import Any, BinaryIO, Protocol

import orjson

from policy.engine.language.facts import Facts
from policy.engine.language.words import did_you_mean, guess, shown
from policy.engine.readings.assessment import Assessment, combine
from policy.facts import in_text, shipped
from policy.facts.declared import REMARKS, given_faults, is_named, unanswered
from policy.facts.derive import ReferenceData, trace
from policy.facts.likenesses import likenesses
from policy.facts.ordinary import REMEMBERED, Ordinary
from policy.reference.laws import LawsError

USAGE = (
    "usage: ./run screen [--words] [--explain] [--laws REGISTER.yaml] FILE.jsonl"
    "   (or - for standard input)"
)
EXPLAIN, WORDS = "--explain", "--words"
KEYS = ("id", "facts", "derived")
#: Bytes of one line; a deal needs a few thousand.
LONGEST_LINE = 1_000_000
CHUNK = 1 << 16
LONGEST_ID = 1000
_ID_FIRST = re.compile(rb'\s*\{\s*"id"\s*:\s*("(?:[^"\\]|\\.){1,1000}"|-?\d{1,18})[\s,}]')
#: What sales is asked for when a derived fact says that something is not there.
ASKED_AS = {
    "destination_named": "country",
    "end_user_named": "end_user_name",
    "purpose_stated": "purpose",
    "legal_obligation_stated": "legal_obligation",
    "legal_basis_status": "legal_basis",
    "has_intermediaries": "intermediaries",
    "in_special_territory": "territories",
}


#: They are derived, and not known only where nobody knows where in a country a deal goes.
DECIDED_BY_THE_PLACE = frozenset({"country_risk", "export_control"})


class Source(Protocol):
    def read(self, size: int, /) -> bytes | None: ...


class LineError(ValueError):
    """A line that cannot be screened; the message says what is wrong and where."""


class Form:
    """A result line in which the id and the deal's own texts are left open; see `Ordinary`."""

    __slots__ = ("line", "names")

    def __init__(self, result: bytes) -> None:
        whole = result.removeprefix(b'{"id":null')
        # In JSON a NUL is \u0000, and a backslash that stands before such letters is two of them.
        first, *cut = whole.replace(b"%", b"%%").replace(rb"\\", b"\0").split(rb"\u0000")
        self.names = [name.decode() for name in cut[::2]]
        self.line = b'{"id":%s' + b"%s".join([first, *cut[1::2]]).replace(b"\0", rb"\\")

    def filled(self, name: str | int, texts: Mapping[str, str]) -> bytes:
        """The line of the deal that has this id and these texts."""
        dumps = orjson.dumps
        quoted = [dumps(texts[text])[1:-1] for text in self.names]
        return self.line % (dumps(name), *quoted)


class Screener:
    """Screens lines with one set of reference data.

    Each description takes longer to read than a hundred lines without one take to be screened, so a
    long file may leave them ``unread``, as many as it counts.
    """

    def __init__(
        self, reference: ReferenceData, *, explains: bool = False, reads_words: bool = True
    ) -> None:
        self.reference = reference
        self.explains = explains
        self.reads_words = reads_words
        self.unread = 0
        self.ordinary = Ordinary(reference, self._form)
        # Many kinds of deals are told the same.
        self._form_of = lru_cache(REMEMBERED)(Form)
        self.assess = reference.compiled.assess
        self.today = datetime.now(UTC).date()  # noqa: TID251  no Django and no database here
        rulebook = reference.rulebook
        self.rulebook = {"label": rulebook.label, "digest": rulebook.digest}

    def result(self, number: int, raw: bytes) -> tuple[bytes, bool]:
        """The result line for one raw line, and whether the line could be read."""
        name: Any = None
        try:
            line = _read(raw)
            name = line.get("id")
            declared, given = _parts(line)
            return self._answer(name, declared, given), True
        except LineError as error:
            kept = name if _is_id(name) else _first_id(raw)
            return orjson.dumps({"id": kept, "error": f"line {number}: {error}"}), False

    def facts(self, number: int, raw: bytes) -> list[Facts]:
        """The facts of one raw line, in all their variants; LineError where it cannot be read."""
        try:
            return self._variants(*parts(raw))
        except LineError as error:
            raise LineError(f"line {number}: {error}") from None

    def _answer(self, name: Any, declared: Mapping[str, Any], given: Mapping[str, Any]) -> bytes:
        if self.explains:
            return self._explained(name, declared, given)
        # Words are read one by one, so a line that has any is told nothing that another one was.
        told = None if self._has_words(declared) else self.ordinary.told(declared, given)
        if isinstance(told, tuple):
            form, texts = told
            return form.filled(name, texts)
        variants = self._variants(declared, given) if told is None else told
        return orjson.dumps(self.said(name, self._assessed(variants), declared))

    def _has_words(self, declared: Mapping[str, Any]) -> bool:
        """Whether there is a description, and it is to be read."""
        has_words = bool(declared.get("description"))
        if has_words and not self.reads_words:
            self.unread += 1
        return has_words and self.reads_words

    def _explained(self, name: Any, declared: Mapping[str, Any], given: Mapping[str, Any]) -> bytes:
        """The same answer, and beside it whom the names in the deal mean or resemble."""
        assessment = self._assessed(self._variants(declared, given))
        names = [likeness.plain for likeness in likenesses(declared, self.reference)]
        return orjson.dumps(self.said(name, assessment, declared) | {"names": names})

    def _assessed(self, variants: Sequence[Facts]) -> Assessment:
        return combine([self.assess(facts) for facts in variants])

    def _form(self, variants: Sequence[Facts], declared: Mapping[str, Any]) -> Form:
        """What is said to every deal with these facts; sentences quote texts as they are."""
        return self._form_of(orjson.dumps(self.said(None, self._assessed(variants), declared)))

    def _variants(self, declared: Mapping[str, Any], given: Mapping[str, Any]) -> list[Facts]:
        try:
            read = in_text.traced if self.reads_words else trace
            variants = read(declared, self.reference, given=given, on=self.today)
            return [variant.facts for variant in variants]
        except ValueError as error:
            problems = getattr(error, "problems", None) or (str(error),)
            raise LineError("; ".join(problems)) from None

    def said(
        self, name: Any, assessment: Assessment, declared: Mapping[str, Any]
    ) -> dict[str, Any]:
        findings = [
            {
                "rule": finding.rule,
                "clause": finding.clause,
                "outcome": finding.outcome,
                "because": finding.because,
                "facts": finding.facts,
            }
            for finding in assessment.findings
        ]
        return {
            "id": name,
            "outcome": assessment.outcome,
            "review_floor": assessment.review_floor,
            "missing": _missing(assessment, declared),
            "findings": findings,
            "rulebook": self.rulebook,
        }


def _missing(assessment: Assessment, declared: Mapping[str, Any]) -> list[str]:
    """The facts that are asked for or could still raise the outcome, by the names sales knows."""
    if assessment.outcome != "needs_information":
        return []
    missing = {ASKED_AS.get(name, name): None for name in assessment.missing}
    if not DECIDED_BY_THE_PLACE.isdisjoint(missing):
        missing["territories"] = None
    missing |= dict.fromkeys(unanswered(declared))
    for finding in assessment.findings:
        if finding.outcome == "needs_information":
            missing |= {
                ASKED_AS[name]: None
                for name, value in finding.facts.items()
                if value in (False, "none") and name in ASKED_AS
            }
            if finding.facts.get("end_user_type") == "unknown":
                missing["end_user_type"] = None
    return list(missing)


def _is_id(name: Any) -> bool:
    if isinstance(name, str):
        return 0 < len(name) <= LONGEST_ID
    return isinstance(name, int) and not isinstance(name, bool)


def _first_id(raw: bytes) -> str | int | None:
    """The id at the start of a line that cannot be read as a whole: its error can be found."""
    match = _ID_FIRST.match(raw)
    try:
        name = orjson.loads(match[1]) if match else None
    except orjson.JSONDecodeError:
        return None
    return name if _is_id(name) else None


def parts(raw: bytes) -> tuple[Mapping[str, Any], Mapping[str, Any]]:
    """The declared facts and the given ones of a raw line; LineError where it cannot be read."""
    return _parts(_read(raw))


def _read(raw: bytes) -> dict[str, Any]:
    """The JSON object of a line. NaN, repeated keys and bytes that are not UTF-8 are errors."""
    if len(raw) > LONGEST_LINE:
        raise LineError(f"longer than {LONGEST_LINE} bytes")
    try:
        raw = raw.removesuffix(b"\r")
        line = orjson.loads(raw)
        if type(line) is not dict:
            what = "is empty" if not raw.strip() else "is not a JSON object"
            raise LineError(what)
        if _may_repeat(raw, line):
            json.loads(raw, object_pairs_hook=_unrepeated)
    except orjson.JSONDecodeError as error:
        why = "is empty" if not raw.strip() else f"not readable as JSON: {error}"
        raise LineError(why) from None
    except RecursionError:
        raise LineError("nested too deeply") from None
    return line


def _may_repeat(raw: bytes, line: dict[str, Any]) -> bool:
    """False only when no key of the line can be there twice: orjson keeps the last one silently.

    Each key has a colon. As many colons as keys that survived: none was repeated. Otherwise texts
    may hold the others: with no blank before a colon, every key is followed by `":`.
    """
    keys = len(line)
    for part in line.values():
        if type(part) is dict:
            keys += len(part)
    if raw.count(b":") == keys:
        return False
    if b" :" in raw or b"\t" in raw or b"\r" in raw:
        return True
    return raw.count(b'":') != keys


def _unrepeated(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    by_name = dict(pairs)
    if len(by_name) != len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in by_name if names.count(name) > 1)
        raise LineError(f"the key {shown(twice)} appears twice")
    return by_name


def _parts(line: dict[str, Any]) -> tuple[Mapping[str, Any], Mapping[str, Any]]:
    """The declared facts and the given ones of a line."""
    if not _is_id(line.get("id")):
        raise LineError(f'"id" must be a text or a whole number, not {shown(line.get("id"))}')
    declared = line.get("facts")
    derived = line.get("derived")
    if type(declared) is not dict:
        for key in line:
            if key not in KEYS and guess(key, KEYS):
                raise LineError(f"unknown key {shown(key)}{did_you_mean(key, KEYS)}")
        raise LineError('"facts" must be an object with the declared facts')
    given: dict[str, Any] = {}
    if derived is not None:
        if type(derived) is not dict:
            raise LineError('"derived" must be an object')
        given = _given(declared, derived)
    elif "derived" not in line:
        _check_spelling(line)
    if is_named(_text(declared.get("legal_basis"))) and "legal_basis_status" not in given:
        # On the command line nobody verifies: a citation counts as cited and verified.
        given["legal_basis_status"] = "verified"
    return declared, given


def _text(value: Any) -> str | None:
    return value if isinstance(value, str) else None


def _check_spelling(line: Mapping[str, Any]) -> None:
    """A misspelt "derived" would silently be derived instead."""
    for key in get_close_matches("derived", line.keys() - set(KEYS), n=1, cutoff=0.75):
        raise LineError(f"unknown key {shown(key)}; did you mean derived?")


def _given(declared: Mapping[str, Any], derived: dict[str, Any]) -> dict[str, Any]:
    given = derived.copy()
    for remark in REMARKS:
        given.pop(remark, None)
    if faults := given_faults(declared, given):
        raise LineError(f"derived: {'; '.join(faults)}")
    return given


def lines(source: Source) -> Iterator[list[bytes]]:
    """The lines of a stream, as many at a time as came with one read; no line is kept for long.

    Of a line that is too long only its beginning is kept, one byte more than is allowed.
    """
    rest = b""
    first = True
    while chunk := source.read(CHUNK):
        if first:
            chunk = chunk.removeprefix(b"\xef\xbb\xbf")
            first = False
        *whole, tail = chunk.split(b"\n")
        if whole:
            whole[0] = rest + whole[0]
            rest = tail
            yield whole
        else:
            rest += tail
        rest = rest[: LONGEST_LINE + 1]
    if rest:
        yield [rest]


def screen(source: Source, out: BinaryIO, screener: Screener) -> bool:
    """Screens every line of `source`; whether all could be read."""
    every = True
    number = 0
    for some in lines(source):
        results = []
        for raw in some:
            number += 1
            result, readable = screener.result(number, raw)
            every = every and readable
            results.append(result)
        results.append(b"")
        out.write(b"\n".join(results))
        out.flush()
    return every


def _register(arguments: list[str]) -> tuple[str, list[str]]:
    """The file behind --laws, or "", and the other arguments."""
    if arguments[:1] == ["--laws"] and len(arguments) > 1:
        return arguments[1], arguments[2:]
    return "", arguments


def _reference(register: str) -> ReferenceData:
    data = shipped.load()
    if not register:
        return data
    written = Path(register).read_text(encoding="utf-8-sig")
    laws = shipped.written_laws(written, data.rulebook.vocabulary, data.countries)
    return replace(data, laws=laws)


def main(arguments: list[str]) -> int:
    """The exit status of one run."""
    if arguments in (["-h"], ["--help"]):
        print(__doc__)
        return 0
    explains = EXPLAIN in arguments
    reads_words = explains or WORDS in arguments
    arguments = [argument for argument in arguments if argument not in (EXPLAIN, WORDS)]
    register, arguments = _register(arguments)
    if len(arguments) != 1 or (arguments[0].startswith("-") and arguments[0] != "-"):
        print(USAGE, file=sys.stderr)
        return 2
    try:
        screener = Screener(_reference(register), explains=explains, reads_words=reads_words)
    except (OSError, UnicodeDecodeError) as error:
        print(f"cannot read {register}: {getattr(error, 'strerror', error)}", file=sys.stderr)
        return 2
    except LawsError as error:
        print("\n".join(f"{register}: {problem}" for problem in error.problems), file=sys.stderr)
        return 2
    # Reference data stays, and only an error leaves garbage: looking for it often costs a tenth.
    gc.freeze()
    gc.set_threshold(20_000)
    try:
        if arguments[0] == "-":
            # Unbuffered: what has come is answered before more is waited for.
            with open(sys.stdin.fileno(), "rb", buffering=0, closefd=False) as source:
                every = screen(source, sys.stdout.buffer, screener)
        else:
            with Path(arguments[0]).open("rb", buffering=0) as source:
                every = screen(source, sys.stdout.buffer, screener)
    except BrokenPipeError:
        # The reader of the results went away; Python would complain again when it flushes.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    except OSError as error:
        print(f"cannot read {arguments[0]}: {error.strerror or error}", file=sys.stderr)
        return 2
    if screener.unread:
        print(
            f"descriptions that were not read: {screener.unread:,}. With {WORDS} what they name and"
            " ask for counts, too.",
            file=sys.stderr,
        )
    return 0 if every else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
