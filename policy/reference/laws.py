"""The register of laws: which provision obliges whom to provide what, and who watches over it.

YAML 1.2. An entry holds until the last day of ``valid_until`` (UTC); from then on somebody must
have read the law again. Entries are kept in the order of their ids, so that the order in which
somebody wrote them decides nothing.
"""

import re
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from functools import cached_property
from typing import Any

from policy.engine.language.facts import canonical, digest
from policy.engine.language.marked import Node, Problem, Problems, ReadingError, read_marked
from policy.engine.language.shapes import Shapes
from policy.engine.language.words import shown
from policy.reference.names.plain_text import fault
from policy.reference.registry import fold

#: What only a customer with a legal obligation may have, by class.
CLASSES: Mapping[str, frozenset[str]] = {
    "L": frozenset({"li_interface", "li_mediation", "li_administration"}),
    "X": frozenset({"direct_access_li"}),
    "T": frozenset({"data_retention", "lawful_disclosure"}),
}
CLASS_WORDS: Mapping[str, str] = {
    "L": "lawful interception",
    "X": "direct access by authorities",
    "T": "records kept or disclosed for authorities",
}
#: The class of what sales declares beside the catalogue.
CLASS_OF_ABILITY: Mapping[str, str] = {"hands_over_more": "X"}
YES_NO = ("no", "yes")
#: Characters that each text may have; a deal quotes several laws in one fact.
LONGEST: Mapping[str, int] = {
    "act": 200,
    "provision": 200,
    "orders": 300,
    "oversees": 300,
    "link": 500,
    "why": 1000,
}
LONGEST_REMARK = 500
_REQUIRED = (
    "id",
    "country",
    "act",
    "provision",
    "obliges",
    "classes",
    "orders",
    "oversees",
    "link",
    "checked",
    "valid_until",
    "conflict",
)
COLUMNS = (*_REQUIRED, "why")
_ID = re.compile(r"[a-z][a-z0-9-]{0,59}\Z")
_DAY = re.compile(r"\d{4}-\d{2}-\d{2}\Z", re.ASCII)
_LINK = re.compile(r"https?://[^\s/]+\.[^\s]+\Z")


class LawsError(ValueError):
    """A register that cannot be read; `problems` has one sentence for each line at fault."""

    def __init__(self, places: Iterable[Problem]) -> None:
        self.places = tuple(places)
        self.problems = tuple(problem.sentence for problem in self.places)
        super().__init__("\n".join(self.problems))


@dataclass(frozen=True, slots=True)
class Law:
    """One entry. `obliges` holds kinds of end user, `classes` letters of CLASSES."""

    id: str
    country: str
    act: str
    provision: str
    obliges: tuple[str, ...]
    classes: tuple[str, ...]
    orders: str
    oversees: str
    link: str
    checked: date
    valid_until: date
    #: Whether it asks for something that human-rights standards do not allow, and what.
    conflict: bool
    why: str = ""

    @property
    def citation(self) -> str:
        return f"{self.act}, {self.provision}"

    def holds_on(self, day: date | None) -> bool:
        """Whether somebody vouches for it on that day; without a day nobody knows."""
        return day is not None and day <= self.valid_until

    @property
    def plain(self) -> dict[str, Any]:
        return {
            **{name: getattr(self, name) for name in COLUMNS},
            "obliges": list(self.obliges),
            "classes": list(self.classes),
            "checked": self.checked.isoformat(),
            "valid_until": self.valid_until.isoformat(),
        }

    @property
    def digest(self) -> str:
        return digest(canonical(self.plain))


@dataclass(frozen=True)
class Laws:
    """The entries in the order of their ids, and the digest of the version."""

    laws: tuple[Law, ...] = ()
    digest: str = ""
    label: str = field(default="", compare=False)
    #: What readers must know about all of them, such as that nobody has checked them.
    remark: str = ""

    @cached_property
    def by_id(self) -> Mapping[str, Law]:
        return {law.id: law for law in self.laws}


#: Where no version is active: every law is cited by hand, and verified by hand.
NONE = Laws()


def classes_of(capabilities: Iterable[str], abilities: Iterable[str] = ()) -> frozenset[str]:
    """The classes for which these capabilities and declared abilities need a law."""
    there = frozenset(capabilities)
    letters = {letter for letter, members in CLASSES.items() if not there.isdisjoint(members)}
    return frozenset(
        letters
        | {CLASS_OF_ABILITY[ability] for ability in abilities if ability in CLASS_OF_ABILITY}
    )


def day_words(day: date) -> str:
    return f"{day.day} {day:%b %Y}"


# --- Kept as text --------------------------------------------------------------------------------


def canonical_text(laws: Laws) -> str:
    """The content of a version: canonical JSON."""
    return canonical(
        {"label": laws.label, "laws": [law.plain for law in laws.laws], "remark": laws.remark}
    )


def of_canonical(plain: Mapping[str, Any], text_digest: str) -> Laws:
    """What `canonical_text` kept; it was judged when it was proposed."""
    laws = (
        Law(
            **{
                **entry,
                "obliges": tuple(entry["obliges"]),
                "classes": tuple(entry["classes"]),
                "checked": date.fromisoformat(entry["checked"]),
                "valid_until": date.fromisoformat(entry["valid_until"]),
            }
        )
        for entry in plain["laws"]
    )
    return Laws(tuple(laws), text_digest, plain["label"], plain["remark"])


# --- Reading what people write -------------------------------------------------------------------


def read_laws(
    text: str,
    *,
    kinds: Collection[str],
    countries: Collection[str],
    meant: Callable[[str], str] | None = None,
) -> Laws:
    """The register from YAML; LawsError names every line that does not fit.

    ``meant`` gives the code for a name, so that a problem can say what should stand there.
    `kinds` are the values of end_user_type, `countries` the codes that exist.
    """
    problems = Problems("laws")
    try:
        root = read_marked(text, problems)
        label, remark, laws = _LawsReader(kinds, countries, Shapes(problems, meant)).read(root)
        problems.check()
    except ReadingError as error:
        raise LawsError(error.problems) from None
    register = Laws(tuple(sorted(laws, key=lambda law: law.id)), "", label, remark)
    return Laws(register.laws, digest(canonical_text(register)), label, remark)


class _LawsReader:
    def __init__(self, kinds: Collection[str], countries: Collection[str], shapes: Shapes) -> None:
        self.kinds = [kind for kind in kinds if kind != "unknown"]
        self.countries = countries
        self.problems = shapes.problems
        self.shapes = shapes
        self.ids: dict[str, int] = {}
        #: Country, act and provision, folded, with the entries that cite them and their lines.
        self.cited: dict[tuple[str, ...], list[tuple[Law, int]]] = {}

    def read(self, root: Node) -> tuple[str, str, list[Law]]:
        fields = self.shapes.fields(root, "laws", ("label", "laws"), ("remark",))
        label = self.shapes.text(fields.get("label"), "label")
        remark = self._line(fields.get("remark"), "remark", LONGEST_REMARK)
        return label, remark, list(self._laws(fields.get("laws")))

    def _laws(self, node: Node | None) -> Iterator[Law]:
        for entry in self.shapes.parts(node, "laws"):
            if self.problems.full:
                return
            before = len(self.problems.found)
            law = self._law(entry)
            if len(self.problems.found) == before:
                self._keep_apart(law, entry)
                yield law

    def _law(self, entry: Node) -> Law:
        what = _called(entry)
        fields = self.shapes.fields(entry, what, _REQUIRED, ("why",))
        texts = {
            name: self._line(fields.get(name), f"{what}: {name}", most)
            for name, most in LONGEST.items()
        }
        law = Law(
            id=self._id(fields.get("id"), what),
            country=self._country(fields.get("country"), what),
            obliges=self._several(fields.get("obliges"), f"{what}: obliges", self.kinds),
            classes=self._several(
                fields.get("classes"), f"{what}: classes", list(CLASSES), CLASS_WORDS
            ),
            checked=self._day(fields.get("checked"), f"{what}: checked"),
            valid_until=self._day(fields.get("valid_until"), f"{what}: valid_until"),
            conflict=self._yes_no(fields.get("conflict"), f"{what}: conflict"),
            **texts,
        )
        self._check(law, fields, what)
        return law

    def _check(self, law: Law, fields: Mapping[str, Node], what: str) -> None:
        if law.link and not _LINK.match(law.link):
            self.problems.add(
                fields["link"],
                f"{what}: link: {shown(law.link)} is not an address (https://…); write one"
                " such as https://laws.example/1",
            )
        if "valid_until" in fields and date.min < law.valid_until <= law.checked:
            self.problems.add(
                fields["valid_until"],
                f"{what}: valid_until: {law.valid_until} is not after {law.checked}, the day on"
                " which it was checked",
            )
        if law.conflict and not law.why:
            self.problems.add(
                fields["conflict"], f"{what}: conflict is yes; say why in the field why"
            )
        if law.why and not law.conflict and "conflict" in fields:
            self.problems.add(
                fields["why"],
                f"{what}: why says what conflicts, and conflict is not yes; write yes there, or"
                " remove why",
            )

    def _keep_apart(self, law: Law, entry: Node) -> None:
        """No two entries say the same of the same provision: which of them counted?"""
        key = (law.country, fold(law.act), fold(law.provision))
        for other, line in self.cited.setdefault(key, []):
            if set(law.obliges) & set(other.obliges) and set(law.classes) & set(other.classes):
                what = f"{law.id}: the same provision for the same kinds and classes as {other.id}"
                self.problems.add(entry, f"{what} (line {line})")
        self.cited[key].append((law, entry.line))

    def _id(self, node: Node | None, what: str) -> str:
        value = self.shapes.text(node, f"{what}: id")
        if not value or node is None:
            return value
        if not _ID.match(value):
            self.problems.add(
                node,
                f"{shown(value)} is not a valid id; an id has up to 60 small letters, digits and"
                " hyphens and starts with a letter",
            )
        elif value in self.ids:
            self.problems.add(
                node, f"{what}: the id {value} is already taken (line {self.ids[value]})"
            )
        else:
            self.ids[value] = node.line
        return value

    def _country(self, node: Node | None, what: str) -> str:
        value = self.shapes.text(node, f"{what}: country")
        if value and node is not None and value not in self.countries:
            code = self.shapes.code_for(value, self.countries)
            hint = f"; did you mean {code}?" if code else ""
            self.problems.add(
                node,
                f"{what}: country {shown(value)} is not a valid ISO 3166-1 alpha-2 code"
                f"; write two letters, such as FI{hint}",
                code=code,
            )
        return value

    def _several(
        self,
        node: Node | None,
        what: str,
        known: Collection[str],
        words: Mapping[str, str] | None = None,
    ) -> tuple[str, ...]:
        return tuple(sorted(self.shapes.several_of(node, what, known, words)))

    def _line(self, node: Node | None, what: str, most: int) -> str:
        """One line of text that shows all that it holds."""
        value = self.shapes.text(node, what)
        if node is None or not value:
            return value
        if len(value) > most:
            self.problems.add(node, f"{what}: {len(value)} characters; at most {most} are read")
        wrong = fault(value, lines=False)
        if wrong:
            self.problems.add(node, f"{what}: holds {wrong}; remove it")
        return value

    def _day(self, node: Node | None, what: str) -> date:
        value = self.shapes.text(node, what)
        if node is None or not value:
            return date.min
        try:
            if not _DAY.match(value):
                raise ValueError
            return date.fromisoformat(value)
        except ValueError:
            self.problems.add(node, f"{what}: {shown(value)} is not a date; write it as 2026-12-31")
            return date.min

    def _yes_no(self, node: Node | None, what: str) -> bool:
        if node is not None and isinstance(node.value, bool):
            meant = YES_NO[node.value]
            self.problems.add(
                node, f"{what}: expected yes or no, not {node.described}; did you mean {meant}?"
            )
            return node.value
        return self.shapes.one_of(node, what, YES_NO) == "yes"


def _called(entry: Node) -> str:
    """How an error calls an entry: by its id as it stands in the text."""
    for key, value in entry.entries or ():
        if key.value == "id" and isinstance(value.value, str) and value.value:
            return value.value[:80]
    return "a law"
