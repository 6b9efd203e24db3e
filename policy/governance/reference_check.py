"""`./run policy check` of a catalogue, a registry, a register of laws or a list of countries.

As strict as the page that activates: what can make a deal milder is named entry by entry, and each
has to be confirmed; promises on answers are proved, and two engines are compared. Needs Django,
but a database only to compare with what is active there.
"""

import argparse
import json
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any, BinaryIO

from django.db import DatabaseError

from policy.engine.language.condition import Rulebook
from policy.facts import shipped
from policy.governance import (
    easings,
    entries,
    labelled,
    on_answers,
    proposals,
    succession,
    two_engines,
    versions,
)
from policy.governance.easings import Loosening
from policy.governance.proposals import About, Base, ProposalRefused
from policy.governance.versions import Content
from policy.models import Kind
from policy.reference import spreadsheets
from policy.reference.importers import name_lists
from policy.reference.importers.opening import opened
from policy.reference.importers.sheet import has_columns
from policy.reference.names.measuring import measure
from policy.reference.ratings import ListRefused

Found = dict[str, Any]
LONGEST_HEAD = 8192
#: What stands in the first column of the only file of its kind.
_TOP = {
    "charter:": Kind.CHARTER,
    "families:": Kind.CATALOGUE,
    "laws:": Kind.LAWS,
    "rules:": Kind.RULEBOOK,
}


class Refused(Exception):
    """A file, or something to compare it with, that gives nothing to work on."""


def base_of(arguments: argparse.Namespace, kind: str) -> Base:
    """What the file is compared with and read beside. Raises Refused."""
    against = arguments.against
    if against == "active" or (against is None and arguments.has_database):
        return active_base()
    base = Base.shipped()
    if against in ("shipped", None):
        return base
    former = read(argparse.Namespace(**vars(arguments) | {"file": against}), kind, base)
    return Base({**base.contents, kind: former})


def active_rulebook() -> Rulebook:
    """The active rulebook of the database. Raises Refused."""
    return versions.read_rulebook_text(_rulebook(active_base()).text)


def _rulebook(base: Base) -> Content:
    content = base.of(Kind.RULEBOOK)
    if content is None:
        raise Refused(
            "No rulebook is active yet. Compare with the one that ships: --against shipped"
        )
    return content


def active_base() -> Base:
    """What is active in the database of this installation. Raises Refused."""
    try:
        base = Base.active()
    except DatabaseError as error:
        reason = str(error).strip().splitlines()[0]
        raise Refused(
            f"The database does not answer ({reason}). Compare with what ships: --against shipped"
        ) from None
    if not base.contents:
        raise Refused(
            "Nothing is active in the database yet. Compare with what ships: --against shipped"
        )
    return base


def kind_of(name: str) -> str:
    """What a file holds, by its first lines; a rulebook where nothing else is recognised."""
    try:
        with Path(name).open("rb") as file:
            start = opened(file)
            for kind, columns in (
                (Kind.CATALOGUE, spreadsheets.PRODUCTS),
                (Kind.LAWS, spreadsheets.LAWS),
                (Kind.REGISTRY, spreadsheets.PARTIES),
            ):
                if spreadsheets.names_columns(start, columns):
                    return kind
            if spreadsheets.is_restricted(start):
                return Kind.COUNTRIES
            text = start.read().decode("utf-8-sig", errors="replace")
    except (OSError, ListRefused):
        return Kind.RULEBOOK
    for line in text.splitlines():
        for top, kind in _TOP.items():
            if line.startswith(top):
                return kind
    is_list = has_columns(text[:LONGEST_HEAD], ("code", "tier"))
    return Kind.COUNTRIES if is_list else Kind.RULEBOOK


def check(arguments: argparse.Namespace, kind: str, base: Base) -> Found:
    """What a file changes of these versions, with everything that has to be confirmed."""
    former = base.of(kind)
    content = read(arguments, kind, base)
    texts = {name: one.text for name, one in base.contents.items()}
    before, after = versions.read(texts), versions.read(texts | {kind: content.text})
    changes = entries.differences(kind, before, after)
    played = labelled.play(before, after).plain
    charter = after.charter
    reach = succession.out_of_reach(charter, before, after) if charter else []
    if charter and charter.on_answers:
        reach += succession.out_of_reach_of_answers(charter.on_answers, before, after)
    figures = json.loads(shipped.text(shipped.MEASURED))["figures"]
    if kind == Kind.REGISTRY:
        figures = [figure.plain for figure in measure(after.registry)]
    rules = _rulebook(base)
    eased = [
        Loosening(f"{change.name}: {entry}", f"{change.words}: {entry}")
        for change in changes
        if change.looser
        for entry in change.entries
    ]
    return {
        "kind": kind,
        "rulebook": Kind(kind).label,
        "label": content.label,
        "digest": content.digest,
        "against": _named(former),
        "entries": [change.plain for change in changes],
        "labelled": played,
        "answers": [one.plain for one in on_answers.proved(before, after, figures)],
        "engines": two_engines.compared(rules.text, rules.written, after).plain,
        "looser": [
            asdict(one) for one in (*eased, *reach, *easings.of_labelled(played["changed"]))
        ],
        "problems": played["unread"],
    }


def _named(content: Content | None) -> Mapping[str, str]:
    if content is None:
        return {"label": "", "digest": ""}
    return {"label": content.label, "digest": content.digest}


def read(arguments: argparse.Namespace, kind: str, base: Base) -> Content:
    """The version that the file gives. Raises Refused with every problem, one on each line."""
    about = About(
        arguments.label or "draft", arguments.source, arguments.edition, arguments.licence
    )
    try:
        with Path(arguments.file).open("rb") as file:
            return _content(file, kind, about, base, year=arguments.year, layout=arguments.layout)
    except OSError as error:
        raise Refused(f"{arguments.file}: {error.strerror}") from None
    except ProposalRefused as refusal:
        problems = "\n".join(f"{arguments.file}: {one}" for one in refusal.problems)
        raise Refused(problems) from None


def _content(
    file: BinaryIO, kind: str, about: About, base: Base, *, year: int | None, layout: str
) -> Content:
    if kind == Kind.COUNTRIES and spreadsheets.is_restricted(file):
        return proposals.import_restricted(file, about, base)
    if kind == Kind.COUNTRIES:
        made = proposals.import_countries(file, layout=layout, about=about, year=year, base=base)
        return made.content
    if kind == Kind.REGISTRY and name_lists.layout_of(file) not in {"", "plain"}:
        listed = proposals.import_names(file, about, base=base)
        if listed is not None:
            return listed.content
    return proposals.of_upload(kind, file, about, base)
