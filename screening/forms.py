"""One form for each kind of question: it parses what was typed and gives the answer to keep.

``question_form`` makes the form of a question, filled from the draft; ``form.answer()`` is the
JSON value that ``screening.questions`` describes. Forms decide nothing.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from typing import Any

from django import forms
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from policy.derive import ReferenceData
from screening.deal_form import UNKNOWN, Kind, Question
from screening.widgets import ThreeBoxDate, checkboxes, place_choices, radios, rows_of
from screening.words import LABELS, NOT_KNOWN

FIRST_ROWS = 2
MOST_ROWS = 20
CURRENCIES = ("EUR", "USD", "GBP", "CHF", "SEK", "NOK", "DKK", "JPY", "INR", "CNY", "BRL")
LARGEST_VALUE = 10**15
NAMES = ("customer", "end-user-name")


class QuestionForm(forms.Form):
    """A page of the deal form. Its first field carries the title as the page's heading."""

    asked: Question
    heading_field = "answer"
    #: Names of further forms on the page: rows of parties or countries.
    rows: Sequence[Any] = ()

    def __init__(self, asked: Question, data: ReferenceData, stored: Any, posted: Any) -> None:
        self.asked, self.reference = asked, data
        super().__init__(posted, initial=None if stored is None else self.initial_of(stored))
        self.build()
        first = self.fields.get(self.heading_field)
        if first is not None:
            first.heading = True  # type: ignore[attr-defined]

    @property
    def has_heading(self) -> bool:
        """Whether a field of this form shows the title; otherwise the page does."""
        return self.heading_field in self.fields

    def build(self) -> None:
        """Add the fields."""
        raise NotImplementedError

    def initial_of(self, stored: Any) -> dict[str, Any]:
        return {"answer": stored}

    def answer(self) -> Any:
        """What to keep; only after is_valid."""
        return self.cleaned_data["answer"]

    def wants_more(self) -> bool:
        """Whether the button "Add another" was pressed."""
        return False


class TextForm(QuestionForm):
    def build(self) -> None:
        asked = self.asked
        long = asked.kind is Kind.LONG_TEXT
        self.fields["answer"] = forms.CharField(
            label=asked.title,
            help_text=asked.hint,
            required=not asked.optional,
            max_length=asked.longest,
            # Names that were used before are offered, so that a name is typed once.
            widget=forms.Textarea(attrs={"rows": 6})
            if long
            else forms.TextInput(attrs={"list": "names"} if asked.slug in NAMES else {}),
            error_messages={"required": asked.error, "max_length": asked.too_long},
        )


class ChoiceForm(QuestionForm):
    def build(self) -> None:
        asked = self.asked
        self.fields["answer"] = radios(
            rows_of(asked), label=asked.title, hint=asked.hint, error=asked.error
        )


class ChoicesForm(QuestionForm):
    def build(self) -> None:
        asked = self.asked
        self.fields["answer"] = checkboxes(
            rows_of(asked), label=asked.title, hint=asked.hint, error=asked.error
        )

    def clean_answer(self) -> list[str]:
        chosen: list[str] = self.cleaned_data["answer"]
        if self.asked.choices == "safeguard" and "none" in chosen and len(chosen) > 1:
            raise forms.ValidationError(_('Select "None" alone, or what is in the offer'))
        return chosen


class ProductsForm(QuestionForm):
    """Checkboxes by family; a product that left the catalogue is gone from the choices."""

    heading_field = ""

    def build(self) -> None:
        asked = self.asked
        families: dict[str, list[tuple[str, str]]] = {}
        for product in self.reference.catalogue.products:
            families.setdefault(product.family, []).append((product.id, product.name))
        rows = [
            (product.id, product.name, ", ".join(product.includes))
            for product in self.reference.catalogue.products
        ]
        field = checkboxes(rows, label=_("Products"), error=asked.error)
        field.choices = list(families.items())
        self.fields["answer"] = field


class MoneyForm(QuestionForm):
    heading_field = ""

    def build(self) -> None:
        error = self.asked.error
        self.fields["amount"] = forms.CharField(
            label=_("Amount"),
            max_length=40,
            widget=forms.TextInput(attrs={"inputmode": "numeric", "class": "medium"}),
            error_messages={"required": error, "max_length": error},
        )
        self.fields["currency"] = forms.ChoiceField(
            label=_("Currency"),
            choices=[(code, code) for code in CURRENCIES],
            widget=forms.Select(attrs={"class": "short"}),
        )

    def initial_of(self, stored: Any) -> dict[str, Any]:
        return {**stored, "amount": f"{int(stored['amount']):,}".replace(",", " ")}

    def clean_amount(self) -> str:
        typed = "".join(self.cleaned_data["amount"].split()).replace(",", "").replace("'", "")
        whole = typed.isascii() and typed.isdigit()
        if not whole or not 0 < int(typed[:20]) <= LARGEST_VALUE:
            raise forms.ValidationError(self.asked.error)
        return str(int(typed))

    def answer(self) -> Any:
        return {key: self.cleaned_data[key] for key in ("amount", "currency")}


class DateForm(QuestionForm):
    def build(self) -> None:
        asked = self.asked
        self.fields["answer"] = ThreeBoxDate(
            label=asked.title,
            help_text=asked.hint,
            error_messages={"required": asked.error},
        )

    def initial_of(self, stored: Any) -> dict[str, Any]:
        return {"answer": date.fromisoformat(stored)}

    def clean_answer(self) -> date:
        day: date = self.cleaned_data["answer"]
        if day <= timezone.localdate():
            raise forms.ValidationError(self.asked.error)
        return day

    def answer(self) -> str:
        return str(self.cleaned_data["answer"])


class CountryForm(QuestionForm):
    def build(self) -> None:
        asked = self.asked
        self.fields["answer"] = forms.ChoiceField(
            label=asked.title,
            help_text=asked.hint,
            choices=place_choices(
                self.reference, unknown=asked.unknown, first=_("Select a country")
            )[:-1],
            widget=forms.Select(attrs={"class": "medium"}),
            error_messages={"required": asked.error, "invalid_choice": asked.error},
        )


class PlacesForm(QuestionForm):
    heading_field = ""

    def build(self) -> None:
        choices = place_choices(
            self.reference, unknown=self.asked.unknown, first=_("Select a country")
        )
        for name, label in (("run", _("It is run from")), ("records", _("Its records are in"))):
            self.fields[name] = forms.ChoiceField(
                label=label,
                choices=choices,
                widget=forms.Select(attrs={"class": "medium"}),
                error_messages={"required": self.asked.error, "invalid_choice": self.asked.error},
            )

    def initial_of(self, stored: Any) -> dict[str, Any]:
        return dict(stored)

    def answer(self) -> Any:
        return {"run": self.cleaned_data["run"], "records": self.cleaned_data["records"]}


class EndUserForm(ChoiceForm):
    def build(self) -> None:
        super().build()
        self.fields["is_customer"] = forms.BooleanField(
            label=_("The organisation that signs is the end user"),
            required=False,
        )

    def initial_of(self, stored: Any) -> dict[str, Any]:
        return {"answer": stored["kind"], "is_customer": stored["is_customer"]}

    def answer(self) -> Any:
        return {
            "kind": self.cleaned_data["answer"], "is_customer": self.cleaned_data["is_customer"]
        }  # fmt: skip


class DetailForm(QuestionForm):
    """Yes, no or "I do not know", and words for a yes."""

    def build(self) -> None:
        asked = self.asked
        rows = [*LABELS["yes_no"], (UNKNOWN, NOT_KNOWN, "")]
        self.fields["answer"] = radios(rows, label=asked.title, hint=asked.hint, error=asked.error)
        if asked.choices:
            self.fields["owner"] = radios(
                LABELS[asked.choices], label=_("If yes: who owns the list?"), error=asked.error
            )
            self.fields["owner"].required = False
        self.fields["text"] = forms.CharField(
            label=_("If yes: %(detail)s") % {"detail": asked.detail},
            required=False,
            max_length=2000,
            widget=forms.Textarea(attrs={"rows": 4}),
            error_messages={"max_length": _("Write 2000 characters or fewer")},
        )

    def initial_of(self, stored: Any) -> dict[str, Any]:
        return {**stored}

    def clean(self) -> None:
        if self.cleaned_data.get("answer") != "yes":
            return
        if not self.cleaned_data.get("text") and not self.errors.get("text"):
            self.add_error("text", _("Say what you know"))
        if "owner" in self.fields and not self.cleaned_data.get("owner"):
            self.add_error("owner", _("Select who owns the list"))

    def answer(self) -> Any:
        found = {name: self.cleaned_data[name] for name in self.fields}
        return found if found["answer"] == "yes" else {"answer": found["answer"], "text": ""}


class BasisForm(QuestionForm):
    heading_field = ""
    wanted = (
        ("act", gettext_lazy("Act or licence"), gettext_lazy("Enter the law or licence")),
        ("article", gettext_lazy("Article or condition (optional)"), ""),
        ("date", gettext_lazy("Date of the text (optional)"), ""),
        (
            "orders",
            gettext_lazy("Who can order an interception?"),
            gettext_lazy("Say who can order an interception"),
        ),
    )

    def build(self) -> None:
        for name, label, error in self.wanted:
            self.fields[name] = forms.CharField(
                label=label,
                required=bool(error),
                max_length=300,
                error_messages={
                    "required": error, "max_length": _("Write 300 characters or fewer")
                },
            )  # fmt: skip

    def initial_of(self, stored: Any) -> dict[str, Any]:
        return dict(stored)

    def answer(self) -> Any:
        return {name: self.cleaned_data[name] for name in self.fields}


class ConfirmForm(QuestionForm):
    heading_field = ""

    def build(self) -> None:
        self.fields["answer"] = forms.BooleanField(
            label=self.asked.title, error_messages={"required": self.asked.error}
        )


class RowsForm(QuestionForm):
    """A page with repeated rows; "Add another" shows one more without a script."""

    heading_field = ""
    columns: Sequence[str] = ()
    row_name: Any = gettext_lazy("Country")

    def __init__(self, asked: Question, data: ReferenceData, stored: Any, posted: Any) -> None:
        self.count = self._count(stored, posted)
        super().__init__(asked, data, stored, posted)

    def _count(self, stored: Any, posted: Any) -> int:
        if posted is None:
            return min(max(FIRST_ROWS, len(self.stored_rows(stored)) + 1), MOST_ROWS)
        typed = str(posted.get("rows", ""))
        rows = int(typed) if typed.isascii() and typed.isdigit() and len(typed) < 3 else FIRST_ROWS
        return min(max(1, rows) + self._added(posted), MOST_ROWS)

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

    def filled(self) -> Iterable[dict[str, Any]]:
        """The rows in which something was entered."""
        for at in range(self.count):
            row = {one: self.cleaned_data.get(f"{one}_{at}") or "" for one in self.columns}
            if any(row.values()):
                yield row


class CountriesForm(RowsForm):
    columns = ("place", "site")

    def field_of(self, column: str) -> forms.Field:
        if column == "site":
            return forms.CharField(label=_("Region or site"), required=False, max_length=120)
        return forms.ChoiceField(
            label=_("Country or area"),
            required=False,
            choices=place_choices(self.reference, unknown=False, first=_("Select a country")),
        )

    def clean(self) -> None:
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

    def answer(self) -> Any:
        answer = self.cleaned_data["answer"]
        places = [row["place"] for row in self.filled()] if answer != "no" else []
        return {"answer": answer, "places": places}


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
            return forms.CharField(label=_("Name"), required=False, max_length=200)
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
        if self.cleaned_data.get("answer") != "yes":
            return
        if not list(self.filled()) and not self.wants_more():
            self.add_error("name_0", _("Name at least one, or say no"))
        for at in range(self.count):
            self._clean_row(at)

    def _clean_row(self, at: int) -> None:
        row = {one: self.cleaned_data.get(f"{one}_{at}") for one in self.columns}
        if not any(row.values()):
            return
        for column, error in (
            ("name", _("Enter a name")),
            ("role", _("Select what they do")),
            ("country", _("Select a country or I do not know")),
        ):
            if not row[column] and f"{column}_{at}" not in self.errors:
                self.add_error(f"{column}_{at}", error)

    def answer(self) -> Any:
        answer = self.cleaned_data["answer"]
        return {"answer": answer, "parties": list(self.filled()) if answer == "yes" else []}


FORMS: Mapping[Kind, type[QuestionForm]] = {
    Kind.TEXT: TextForm,
    Kind.LONG_TEXT: TextForm,
    Kind.CHOICE: ChoiceForm,
    Kind.CHOICES: ChoicesForm,
    Kind.PRODUCTS: ProductsForm,
    Kind.MONEY: MoneyForm,
    Kind.DATE: DateForm,
    Kind.COUNTRY: CountryForm,
    Kind.COUNTRIES: CountriesForm,
    Kind.PLACES: PlacesForm,
    Kind.ELSEWHERE: ElsewhereForm,
    Kind.PARTIES: PartiesForm,
    Kind.END_USER: EndUserForm,
    Kind.DETAIL: DetailForm,
    Kind.BASIS: BasisForm,
    Kind.CONFIRM: ConfirmForm,
}


def question_form(
    asked: Question, data: ReferenceData, *, stored: Any = None, posted: Any = None
) -> QuestionForm:
    """The form of one question: filled from the draft, or bound to what was posted."""
    return FORMS[asked.kind](asked, data, stored, posted)


class WithdrawForm(forms.Form):
    because = forms.CharField(
        label=gettext_lazy("Why do you withdraw it?"),
        help_text=gettext_lazy("Reviewers and auditors read this."),
        max_length=1000,
        widget=forms.Textarea(attrs={"rows": 4}),
        error_messages={
            "required": gettext_lazy("Say why you withdraw this deal"),
            "max_length": gettext_lazy("Write 1000 characters or fewer"),
        },
    )
