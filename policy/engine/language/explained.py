"""Why a text is not YAML, in a sentence for its author, who may know nothing about YAML."""

import re

from policy.engine.language.words import shown

_MERGE = re.compile(r"(<{7}|={7}|>{7})( |$)")
_INDENT = re.compile(r"[ ]*\t")
_KEY = re.compile(r"(?P<key>\s*(?:- )?[A-Za-z_][\w .-]*: )(?P<rest>.*)")
_QUOTE = "a quotation mark without its partner; close the text with one"


def explained(text: str, line: int, column: int, problem: str) -> tuple[int, int, str]:
    """Line, column and sentence for what the parser complains of at this place."""
    lines = text.splitlines()
    for number, row in enumerate(lines, 1):
        if is_merge_marker(row):
            return number, 1, merge_left(row)
    for number, row in enumerate(lines[:line], 1):
        if tab := _INDENT.match(row):
            return number, tab.end(), "a tab at the beginning of the line; indent with spaces only"
    here = lines[line - 1] if line <= len(lines) else ""
    if "mapping values are not allowed" in problem and (key := _KEY.match(here)):
        return line, column, _colon(key["key"].strip(" -"), key["rest"].strip())
    message = " ".join(problem.split())
    opened = [pair for pair in enumerate(lines[: line - 1], 1) if _is_unclosed(pair[1])]
    if opened and "expected" in message:
        number, row = opened[-1]
        return number, _value_at(row), _QUOTE
    if "expected <block end>" in message or "could not find expected ':'" in message:
        return line, column, _out_of_line(here)
    if "quoted scalar" in message:
        return line, column, _QUOTE
    return line, column, f"not YAML: {message}"


def _is_unclosed(line: str) -> bool:
    """Whether a text begins here with a quotation mark that does not come again on the line."""
    key = _KEY.match(line)
    return (
        key is not None
        and key["rest"][:1] in ('"', "'")
        and (key["rest"].count(key["rest"][0]) == 1)
    )


def _value_at(line: str) -> int:
    """The column, from 1, at which the text after the name begins."""
    key = _KEY.match(line)
    return 1 if key is None else key.start("rest") + 1


def is_merge_marker(line: str) -> bool:
    return _MERGE.match(line) is not None


def merge_left(line: str) -> str:
    """What a marker of a merge in a text or a table means."""
    return (
        f"{shown(line.strip())} was left by a merge of two texts; keep the lines of one of them and"
        " remove the lines that begin with <<<<<<<, ======= and >>>>>>>"
    )


def _colon(key: str, rest: str) -> str:
    quoted = rest.replace('"', "'")
    return (
        "a colon with a space after it inside a text; put the text in quotation marks:"
        f' {key} "{quoted}"'
    )


def _out_of_line(line: str) -> str:
    return (
        f"{shown(line.strip())} does not belong to what stands above it; see that it is indented"
        " like its neighbours and has a name, a colon and a space"
    )
