"""The pages of the deal form with one answer: what was typed, parsed; the answer to keep."""

from collections.abc import Sequence
from datetime import date
from typing import Any

from django import forms
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from policy.facts.declared import is_named
from policy.facts.derive import ReferenceData
from policy.fields import PlainText
from policy.reference.sites import NONE
from screening.form import laws
from screening.form.choices import LABELS, NOT_KNOWN
from screening.form.deal_form import UNKNOWN, Answers, Kind, Question
from screening.form.widgets import ThreeBoxDate, checkboxes, place_choices, radios, rows_of

CURRENCIES = ("EUR", "USD", "GBP", "CHF", "SEK", "NOK", "DKK", "JPY", "INR", "CNY", "BRL")
LARGEST_VALUE = 10**15
#: Answers that need no words beside them; None where nothing valid was chosen.
NO_WORDS = (None, "no", UNKNOWN)
BESIDE_NO = gettext_lazy("You answered no: change that answer, or remove this")
NAMES = ("customer", "end-user-name")


class QuestionForm(forms.Form):
    """A page of the deal form. Its first field carries the title as the page's heading."""

    asked: Question
    heading_field = "answer"
    #: Names of further forms on the page: rows of parties or countries.
    rows: Sequence[Any] = ()

    def __init__(
        self, asked: Question, data: ReferenceData, stored: Any, posted: Any, answers: Answers
    ) -> None:
        self.asked, self.reference, self.answers = asked, data, answers
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
        self.fields["answer"] = PlainText(
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

    def clean_answer(self) -> str:
        typed: str = self.cleaned_data["answer"]
        # Who the end user is may be unknown, and a rule asks again; who signs is known.
        if self.asked.slug == "customer" and not is_named(typed):
            raise forms.ValidationError(self.asked.error)
        return typed


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
            label=asked.title, help_text=asked.hint, error_messages={"required": asked.error}
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


class TerritoriesForm(QuestionForm):
    """For each country that holds or neighbours territories: which, none, or not known."""

    heading_field = ""

    def __init__(
        self,
        asked: Question,
        data: ReferenceData,
        stored: Any,
        posted: Any,
        answers: Answers,
        beside: Sequence[str],
    ) -> None:
        self.beside = beside
        super().__init__(asked, data, stored, posted, answers)

    def build(self) -> None:
        countries = self.reference.countries
        for country in self.beside:
            asked = countries.territories_asked(country)
            rows: list[tuple[str, Any, Any]] = [
                (territory.code, territory.name, "") for territory in asked
            ]
            rows += [(NONE, _("None of these"), ""), (UNKNOWN, NOT_KNOWN, "")]
            self.fields[f"in_{country}"] = checkboxes(
                rows, label=countries.names[country], error=self.asked.error
            )

    def initial_of(self, stored: Any) -> dict[str, Any]:
        return {f"in_{country}": chosen for country, chosen in stored.items()}

    def clean(self) -> None:
        for name in self.fields:
            chosen = self.cleaned_data.get(name, ())
            if len(chosen) > 1 and not {NONE, UNKNOWN}.isdisjoint(chosen):
                self.add_error(name, _("Select territories, or one of the last two answers alone"))

    def answer(self) -> Any:
        return {country: self.cleaned_data[f"in_{country}"] for country in self.beside}


class EndUserForm(ChoiceForm):
    def build(self) -> None:
        super().build()
        self.fields["is_customer"] = forms.BooleanField(
            label=_("The organisation that signs is the end user"), required=False
        )

    def initial_of(self, stored: Any) -> dict[str, Any]:
        return {"answer": stored["kind"], "is_customer": stored["is_customer"]}

    def answer(self) -> Any:
        return {
            "kind": self.cleaned_data["answer"],
            "is_customer": self.cleaned_data["is_customer"],
        }


class DetailForm(QuestionForm):
    """Yes, no or "I do not know", and words for a yes, whatever kind of yes it is."""

    def build(self) -> None:
        asked = self.asked
        rows = [*LABELS[asked.answers], (UNKNOWN, NOT_KNOWN, "")]
        self.fields["answer"] = radios(rows, label=asked.title, hint=asked.hint, error=asked.error)
        if asked.choices:
            self.fields["owner"] = radios(
                LABELS[asked.choices], label=_("If yes: who owns the list?"), error=asked.error
            )
            self.fields["owner"].required = False
        self.fields["text"] = PlainText(
            label=_("If yes: %(detail)s") % {"detail": asked.detail},
            required=False,
            max_length=2000,
            widget=forms.Textarea(attrs={"rows": 4}),
            error_messages={"max_length": _("Write 2000 characters or fewer")},
        )

    def initial_of(self, stored: Any) -> dict[str, Any]:
        return {**stored}

    def clean(self) -> None:
        if self.cleaned_data.get("answer") == "no":
            # Dropping it would lose what somebody knows; keeping it beside a "no" would hide it.
            for name in ("text", "owner"):
                if self.cleaned_data.get(name):
                    self.add_error(name, BESIDE_NO)
        if self.cleaned_data.get("answer") in NO_WORDS:
            return
        if not self.cleaned_data.get("text") and not self.errors.get("text"):
            self.add_error("text", _("Say what you know"))
        if "owner" in self.fields and not self.cleaned_data.get("owner"):
            self.add_error("owner", _("Select who owns the list"))

    def answer(self) -> Any:
        cleaned = {name: self.cleaned_data[name] for name in self.fields}
        if cleaned["answer"] in NO_WORDS and not cleaned.get("owner"):
            cleaned.pop("owner", None)
        return cleaned


class BasisForm(QuestionForm):
    """Laws of the register, or another one in words, or "not known yet"."""

    REGISTERED, TYPED = "registered", "typed"
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
        asked, offered = self.asked, laws.offer(self.answers, self.reference, timezone.localdate())
        rows = [
            (law.id, f"{law.country}: {law.citation}", laws.hint(law)) for law in offered.fitting
        ]
        rows += [
            (
                law.id,
                f"{law.country}: {law.citation}",
                _("Does not fit: %(why)s. Compliance has to look.") % {"why": why},
            )
            for law, why in offered.others
        ]
        ways = [(self.TYPED, _("Another law or licence"), ""), (UNKNOWN, _("Not known yet"), "")]
        if rows:
            ways.insert(0, (self.REGISTERED, _("A law of the register"), ""))
        self.fields["answer"] = radios(ways, label=asked.title, hint=asked.hint, error=asked.error)
        if rows:
            self.fields["laws"] = checkboxes(
                rows,
                label=_("If a law of the register: which?"),
                hint=self.reference.laws.remark,
                error=_("Choose from the list"),
            )
            self.fields["laws"].required = False
        for name, label, error in self.wanted:
            self.fields[name] = PlainText(
                label=label,
                help_text=_("If another law or licence") if name == "act" else "",
                required=False,
                max_length=300,
                error_messages={
                    "required": error,
                    "max_length": _("Write 300 characters or fewer"),
                },
            )

    def initial_of(self, stored: Any) -> dict[str, Any]:
        if "laws" in stored:
            picked = [entry["law"] for entry in stored["laws"]]
            return {"answer": self.REGISTERED, "laws": picked}
        return {"answer": self.TYPED, **stored}

    def clean(self) -> None:
        answer = self.cleaned_data.get("answer")
        # What is not in the list was refused before.
        if answer == self.REGISTERED and self.cleaned_data.get("laws") == []:
            self.add_error("laws", _("Tick the law, or choose another answer"))
        for name, _label, error in self.wanted if answer == self.TYPED else ():
            if error and not self.cleaned_data.get(name) and name not in self.errors:
                self.add_error(name, str(error))

    def answer(self) -> Any:
        answer = self.cleaned_data["answer"]
        if answer == UNKNOWN:
            return {"answer": UNKNOWN}
        if answer == self.TYPED:
            return {name: self.cleaned_data[name] for name, _label, _error in self.wanted}
        register = self.reference.laws.by_id
        picked = (register[law] for law in self.cleaned_data["laws"])
        return {
            "laws": [
                {"law": law.id, "cited": law.citation, "conflict": law.conflict} for law in picked
            ]
        }


class ConfirmForm(QuestionForm):
    heading_field = ""

    def build(self) -> None:
        self.fields["answer"] = forms.BooleanField(
            label=self.asked.title, error_messages={"required": self.asked.error}
        )
