"""Widgets of the deal form: choices with a hint each, three boxes for a date, places by name."""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from policy.facts.derive import ReferenceData
from screening.form.choices import LABELS, NOT_KNOWN
from screening.form.deal_form import UNKNOWN, Question

#: Text, or text that is translated when it is shown.
Text = Any


class Hinted(forms.widgets.ChoiceWidget):
    """Choices with a hint each, and "I do not know" set apart."""

    hints: Mapping[str, Text] = {}

    def create_option(self, name: str, value: Any, *args: Any, **kwargs: Any) -> dict[str, Any]:
        option: dict[str, Any] = super().create_option(name, value, *args, **kwargs)
        option["hint"] = self.hints.get(str(value), "")
        option["apart"] = str(value) == UNKNOWN
        return option


class HintedRadios(Hinted, forms.RadioSelect):
    pass


class HintedCheckboxes(Hinted, forms.CheckboxSelectMultiple):
    pass


class ThreeBoxes(forms.MultiWidget):
    """Day, month and year, typed."""

    template_name = "screening/widgets/three_boxes.html"
    parts = (
        ("day", gettext_lazy("Day"), 2),
        ("month", gettext_lazy("Month"), 2),
        ("year", gettext_lazy("Year"), 4),
    )

    def __init__(self) -> None:
        boxes: dict[str, Any] = {
            name: forms.TextInput(attrs={"inputmode": "numeric", "maxlength": length})
            for name, _label, length in self.parts
        }
        super().__init__(widgets=boxes)

    def decompress(self, value: Any) -> list[Any]:
        return [value.day, value.month, value.year] if value else [None, None, None]

    def get_context(self, name: str, value: Any, attrs: Any) -> dict[str, Any]:
        context = super().get_context(name, value, attrs)
        boxes = zip(context["widget"]["subwidgets"], self.parts, strict=True)
        context["boxes"] = [(box, label, part) for box, (part, label, _length) in boxes]
        return context


class ThreeBoxDate(forms.Field):
    widget = ThreeBoxes

    def to_python(self, value: Any) -> date | None:
        if not any(value or ()):
            return None
        try:
            day, month, year = (int(part) for part in value)
            return date(year, month, day)
        except (TypeError, ValueError, OverflowError):
            raise forms.ValidationError(self.error_messages["required"], code="required") from None


def hinted(widget: type, rows: Sequence[tuple[str, Text, Text]], **attrs: Any) -> Any:
    made = widget(attrs=attrs)
    made.hints = {value: hint for value, _label, hint in rows}
    return made


def radios(
    rows: Sequence[tuple[str, Text, Text]], *, label: Text, error: Text, hint: Text = ""
) -> forms.ChoiceField:
    return forms.ChoiceField(
        label=label,
        help_text=hint,
        choices=[(value, words) for value, words, _hint in rows],
        widget=hinted(HintedRadios, rows),
        error_messages={"required": error, "invalid_choice": error},
    )


def checkboxes(
    rows: Sequence[tuple[str, Text, Text]], *, label: Text, error: Text, hint: Text = ""
) -> forms.MultipleChoiceField:
    return forms.MultipleChoiceField(
        label=label,
        help_text=hint,
        choices=[(value, words) for value, words, _hint in rows],
        widget=hinted(HintedCheckboxes, rows),
        error_messages={"required": error, "invalid_choice": error},
    )


def rows_of(asked: Question) -> list[tuple[str, Text, Text]]:
    """The choices of a question, with "I do not know" last where it is offered."""
    rows = list(LABELS[asked.choices])
    return [*rows, (UNKNOWN, NOT_KNOWN, "")] if asked.unknown else rows


def place_choices(data: ReferenceData, *, unknown: bool, first: Text) -> list[Any]:
    """Countries by name, then the territories for which a country code alone misleads."""
    countries = data.countries
    names = sorted(countries.names.items(), key=lambda pair: pair[1])
    areas = sorted(
        (code, place.name)
        for code, place in countries.territories.items()
        if code not in countries.names
    )
    choices: list[Any] = [("", first)]
    if unknown:
        choices.append((UNKNOWN, NOT_KNOWN))
    return [*choices, (_("Countries"), names), (_("Areas with their own rating"), areas)]
