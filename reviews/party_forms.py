"""What compliance types about a party, parsed. Whether they may is decided elsewhere."""

from collections.abc import Iterable
from datetime import date
from typing import Any

from django import forms
from django.utils import timezone

from policy.fields import FilterForm, PlainText
from reviews.forms import DAY, Area, Options
from screening.parties.models import Party, PartyIdentifier

#: The filters of the list: what is known, and what waits.
SHOWN = {
    "any": "Anything known",
    "adverse_info": "Misuse",
    "end_user_type": "Kind of body",
    "agency_access": "Acts for an intelligence agency",
    "state_owned": "Owned by a state",
    "ruled": "Set for a deal: country, export, law",
    "cleared": "Cleared match",
    "waiting": "Waits for a second person",
    "due": "To be looked at again",
}


class PartyFilters(FilterForm):
    """The filters of the list of parties."""

    text = PlainText(label="Name", required=False, max_length=80)
    country = forms.ChoiceField(required=False)
    known = forms.ChoiceField(label="What is known", required=False)

    def __init__(self, *args: Any, countries: Options, **keywords: Any) -> None:
        super().__init__(*args, **keywords)
        self.offer("country", countries)
        self.offer("known", list(SHOWN.items()))
        self.fields["text"].widget.attrs["data-key"] = "/"


def _source(**keywords: Any) -> PlainText:
    return PlainText(
        label="Source",
        help_text="Where you read it: the register, the decision, the page.",
        max_length=200,
        error_messages={"required": "Name the source"},
        **keywords,
    )


def _day(label: str, help_text: str, *, required: bool) -> forms.DateField:
    return forms.DateField(
        label=label,
        help_text=help_text,
        required=required,
        widget=DAY,
        error_messages={
            "invalid": f"“{label}” needs a date such as 2026-12-31",
            "required": f"“{label}” needs a date such as 2026-12-31",
        },
    )


class _Sourced(forms.Form):
    """Source, its date and the reason; a day on which somebody looks again."""

    source = _source()
    source_date = _day("Date of the source", "When it was published, if you know.", required=False)
    review_by = _day("Look again by", "It holds until two people take it back.", required=False)
    because = Area(least=1, refusal="Say why", label="Reason", rows=4)

    def clean_source_date(self) -> date | None:
        day: date | None = self.cleaned_data["source_date"]
        if day is not None and day > timezone.localdate():
            raise forms.ValidationError("The source cannot be from a day after today")
        return day

    def clean_review_by(self) -> date | None:
        day: date | None = self.cleaned_data["review_by"]
        if day is not None and day <= timezone.localdate():
            raise forms.ValidationError("“Look again by” needs a day after today")
        return day


class FindingForm(_Sourced):
    """What is known of a party from now on."""

    field_order = ("known", "source", "source_date", "review_by", "because")
    known = forms.ChoiceField(
        label="What is known?",
        widget=forms.RadioSelect,
        error_messages={"required": "Choose what is known of the party"},
    )

    def __init__(self, *args: Any, options: Options, **keywords: Any) -> None:
        super().__init__(*args, **keywords)
        field = self.fields["known"]
        assert isinstance(field, forms.ChoiceField)  # noqa: S101  declared above
        field.choices = options


class MatchForm(_Sourced):
    """Why the party is none of those whose name it bears; ``hits`` are the matches as read."""

    hits = forms.CharField(widget=forms.HiddenInput, max_length=20_000)

    def __init__(self, *args: Any, **keywords: Any) -> None:
        super().__init__(*args, **keywords)
        field = self.fields["review_by"]
        field.required = True
        field.help_text = "Until then the match is not asked about again."


class SameForm(forms.Form):
    """Another party that is the same body: one that is known, or a name to add."""

    other = forms.ChoiceField(
        label="Which party is the same?",
        help_text="Parties of the same name, or with the same number in a register.",
        required=False,
    )
    name = PlainText(
        label="Another name",
        help_text="In any script, as it is written there. Leave it empty if you chose a party.",
        required=False,
        max_length=200,
    )
    country = forms.ChoiceField(label="Country of that name", required=False)
    because = Area(least=1, refusal="Say why they are the same", label="Reason", rows=3)

    def __init__(
        self, *args: Any, others: Iterable[Party], countries: Options, **keywords: Any
    ) -> None:
        super().__init__(*args, **keywords)
        for name, choices in (
            ("other", [("", "None of them"), *((str(party.pk), str(party)) for party in others)]),
            ("country", [("", "Not known"), *countries]),
        ):
            field = self.fields[name]
            assert isinstance(field, forms.ChoiceField)  # noqa: S101  declared above
            field.choices = choices

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or {}
        if bool(cleaned.get("other")) == bool(cleaned.get("name")) and "name" not in self.errors:
            self.add_error("name", "Choose a party or enter another name, one of the two")
        return cleaned


class IdentifierForm(forms.Form):
    """A number by which a register knows the party."""

    scheme = forms.ChoiceField(
        label="Which register?", choices=PartyIdentifier.Scheme.choices, widget=forms.RadioSelect
    )
    value = PlainText(
        label="Number", max_length=60, error_messages={"required": "Enter the number"}
    )

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or {}
        value = str(cleaned.get("value", "")).strip().upper()
        if cleaned.get("scheme") == PartyIdentifier.Scheme.LEI and value and not is_lei(value):
            self.add_error(
                "value",
                "Enter an LEI of 20 letters and digits whose last two digits fit, such as "
                "5493001KJTIIGC8Y1R12",
            )
        return cleaned


def is_lei(value: str) -> bool:
    """ISO 17442: 20 letters and digits, of which the last two check the others (ISO 7064)."""
    if len(value) != 20 or not (value.isascii() and value.isalnum()):
        return False
    return int("".join(str(int(letter, 36)) for letter in value)) % 97 == 1


class ParentForm(forms.Form):
    """Who owns the party."""

    parent = PlainText(
        label="Number of the party that owns it",
        help_text="The last number in the address of its page. Leave it empty for nobody.",
        required=False,
        max_length=12,
    )
    because = Area(least=1, refusal="Say why", label="Reason", rows=3)

    def clean_parent(self) -> Party | None:
        number: str = self.cleaned_data["parent"]
        if not number:
            return None
        digits = number.isascii() and number.isdigit()
        owner = Party.objects.filter(pk=int(number)).first() if digits else None
        if owner is None:
            raise forms.ValidationError(
                f"No party has the number {number}. Open its page and copy it from the address"
            )
        return owner
