"""The pages of the deal form with repeated rows: countries, places, parties."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from policy.facts.declared import is_named
from policy.facts.derive import ReferenceData
from policy.fields import PlainText
from screening.form.choices import LABELS, NOT_KNOWN
from screening.form.deal_form import UNKNOWN, Answers, Question
from screening.form.question_forms import BESIDE_NO, QuestionForm
from screening.form.widgets import place_choices, radios

FIRST_ROWS = 2
MOST_ROWS = 20


class RowsForm(QuestionForm):
    """A page with repeated rows; "Add another" shows one more without a script."""

    heading_field = ""
    columns: Sequence[str] = ()
    row_name: Any = gettext_lazy("Country")

    def __init__(
        self, asked: Question, data: ReferenceData, stored: Any, posted: Any, answers: Answers
    ) -> None:
        self.count = self._count(stored, posted)
        super().__init__(asked, data, stored, posted, answers)

    def _count(self, stored: Any, posted: Any) -> int:
        if posted is None:
            return min(max(FIRST_ROWS, len(self.stored_rows(stored)) + 1), MOST_ROWS)
        typed = str(posted.get("rows", ""))
        rows = int(typed) if typed.isascii() and typed.isdigit() and len(typed) < 3 else FIRST_ROWS
        return min(max(1, rows, self._last_row(posted)) + self._added(posted), MOST_ROWS)

    def _last_row(self, posted: Any) -> int:
        """How many rows something was written in: a page may say less than it sends."""
        written = (
            at + 1
            for at in range(MOST_ROWS)
            for column in self.columns
            if posted.get(f"{column}_{at}")
        )
        return max(written, default=0)

    def _added(self, posted: Any) -> int:
        return 1 if "add" in posted else 0

    def wants_more(self) -> bool:
        return self.is_bound and "add" in self.data

    @property
    def may_add(self) -> bool:
        return self.count < MOST_ROWS

    def stored_rows(self, stored: Any) -> Sequence[Mapping[str, Any]]:
        return stored or ()

    def initial_of(self, stored: Any) -> dict[str, Any]:
        return {
            f"{column}_{at}": row.get(column)
            for at, row in enumerate(self.stored_rows(stored))
            for column in self.columns
        }

    def field_of(self, column: str) -> forms.Field:
        raise NotImplementedError

    def build(self) -> None:
        for at in range(self.count):
            for column in self.columns:
                self.fields[f"{column}_{at}"] = self.field_of(column)

    @property
    def rows(self) -> list[list[forms.BoundField]]:  # type: ignore[override]
        return [[self[f"{column}_{at}"] for column in self.columns] for at in range(self.count)]

    def refuse_more(self) -> None:
        """No page shows so many rows; what a program sends beyond them must not get lost."""
        parts = (name.rpartition("_") for name, value in self.data.items() if value)
        numbers = (at for column, _bar, at in parts if column in self.columns)
        if any(at.isascii() and at.isdigit() and int(at[:9]) >= MOST_ROWS for at in numbers):
            self.add_error(
                f"{self.columns[0]}_0",
                _("A deal takes %(most)s of these. Send the others in another deal")
                % {"most": MOST_ROWS},
            )

    def refuse(self, column: str, says: Callable[[str], bool] = bool) -> None:
        """What a "no" stands above: dropping it would lose what somebody knows."""
        for at in range(self.count):
            if says(self.cleaned_data.get(f"{column}_{at}") or ""):
                self.add_error(f"{column}_{at}", BESIDE_NO)

    def filled(self) -> Iterable[dict[str, Any]]:
        """The rows in which something was entered."""
        for at in range(self.count):
            row = {column: self.cleaned_data.get(f"{column}_{at}") or "" for column in self.columns}
            if any(row.values()):
                yield row


class CountriesForm(RowsForm):
    columns = ("place", "site")

    def field_of(self, column: str) -> forms.Field:
        if column == "site":
            return PlainText(label=_("Region or site"), required=False, max_length=120)
        return forms.ChoiceField(
            label=_("Country or area"),
            required=False,
            choices=place_choices(self.reference, unknown=False, first=_("Select a country")),
        )

    def clean(self) -> None:
        self.refuse_more()
        rows = list(self.filled())
        if not rows and not self.wants_more():
            self.add_error("place_0", str(self.asked.error))
        for at in range(self.count):
            if self.cleaned_data.get(f"site_{at}") and not self.cleaned_data.get(f"place_{at}"):
                self.add_error(f"place_{at}", _("Select the country of this site"))

    def answer(self) -> Any:
        return list(self.filled())


class ElsewhereForm(RowsForm):
    heading_field = "answer"
    columns = ("place",)

    def stored_rows(self, stored: Any) -> Sequence[Mapping[str, Any]]:
        return [{"place": code} for code in (stored or {}).get("places", ())]

    def initial_of(self, stored: Any) -> dict[str, Any]:
        return {"answer": stored["answer"], **super().initial_of(stored)}

    def field_of(self, column: str) -> forms.Field:
        return forms.ChoiceField(
            label=_("If yes: country or area"),
            required=False,
            choices=place_choices(self.reference, unknown=False, first=_("Not known")),
        )

    def build(self) -> None:
        asked = self.asked
        rows = [*LABELS["yes_no"], (UNKNOWN, NOT_KNOWN, "")]
        self.fields["answer"] = radios(rows, label=asked.title, hint=asked.hint, error=asked.error)
        super().build()

    def clean(self) -> None:
        self.refuse_more()
        if self.cleaned_data.get("answer") == "no":
            self.refuse("place")

    def answer(self) -> Any:
        answer = self.cleaned_data["answer"]
        return {"answer": answer, "places": [row["place"] for row in self.filled()]}


class PartiesForm(RowsForm):
    heading_field = "answer"
    columns = ("name", "role", "country")
    row_name = gettext_lazy("Party")

    def stored_rows(self, stored: Any) -> Sequence[Mapping[str, Any]]:
        rows: Sequence[Mapping[str, Any]] = (stored or {}).get("parties", ())
        return rows

    def initial_of(self, stored: Any) -> dict[str, Any]:
        return {"answer": stored["answer"], **super().initial_of(stored)}

    def field_of(self, column: str) -> forms.Field:
        if column == "name":
            return PlainText(label=_("Name"), required=False, max_length=200)
        if column == "role":
            rows = [(value, words) for value, words, _hint in LABELS["party_role"]]
            return forms.ChoiceField(
                label=_("What they do"), required=False, choices=[("", _("Select")), *rows]
            )
        countries = place_choices(self.reference, unknown=True, first=_("Select a country"))[:-1]
        return forms.ChoiceField(label=_("Country"), required=False, choices=countries)

    def build(self) -> None:
        asked = self.asked
        self.fields["answer"] = radios(
            LABELS["yes_no"], label=asked.title, hint=asked.hint, error=asked.error
        )
        super().build()

    def clean(self) -> None:
        self.refuse_more()
        if self.cleaned_data.get("answer") == "no":
            self.refuse("name", is_named)
        if self.cleaned_data.get("answer") != "yes":
            return
        if not list(self.filled()) and not self.wants_more():
            self.add_error("name_0", _("Name at least one, or say no"))
        for at in range(self.count):
            self._clean_row(at)

    def _clean_row(self, at: int) -> None:
        row = {part: self.cleaned_data.get(f"{part}_{at}") for part in self.columns}
        if not any(row.values()):
            return
        for column, error in (
            ("name", _("Enter a name")),
            ("role", _("Select what they do")),
            ("country", _("Select a country or I do not know")),
        ):
            if not row[column] and f"{column}_{at}" not in self.errors:
                self.add_error(f"{column}_{at}", error)
        if row["name"] and not is_named(row["name"]):
            self.add_error(f"name_{at}", _("Enter the name of the organisation"))

    def answer(self) -> Any:
        answer = self.cleaned_data["answer"]
        return {"answer": answer, "parties": list(self.filled()) if answer == "yes" else []}
