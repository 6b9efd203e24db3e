"""What people type on the pages of the policy, parsed. Whether they may is decided elsewhere."""

from collections.abc import Callable, Sequence
from typing import Any

from django import forms

from policy.ratings import TIERS, UNRATED

Options = Sequence[tuple[str, str]]
TIER_WORDS = {
    "low": "Low",
    "medium": "Medium",
    "high": "High",
    "very_high": "Very high",
    UNRATED: "Not rated",
}
CONTROLS = {
    "not_controlled": "Not controlled",
    "licence_required": "Licence required",
    "prohibited": "Prohibited",
}


class Filters(forms.Form):
    """Filters of a list; a value that is not offered is dropped, not an error page."""

    words = forms.CharField(label="Search", required=False, max_length=80)

    def offer(self, name: str, options: Options) -> None:
        field = self.fields[name]
        assert isinstance(field, forms.ChoiceField)  # noqa: S101  only choices are offered
        field.choices = [("", "Any"), *options]

    def chosen(self) -> dict[str, Any]:
        self.is_valid()
        return {name: value for name, value in self.cleaned_data.items() if value}


class CountryFilters(Filters):
    """The filters of the list of countries."""

    tier = forms.ChoiceField(
        label="Risk",
        required=False,
        choices=[("", "Any"), *((tier, TIER_WORDS[tier]) for tier in (*TIERS, UNRATED))],
    )
    special = forms.ChoiceField(
        label="Places",
        required=False,
        choices=[("", "All"), ("yes", "Special territories only")],
    )


class ProductFilters(Filters):
    """The filters of the catalogue."""

    family = forms.ChoiceField(required=False)
    capability = forms.ChoiceField(label="Can do", required=False)

    def __init__(
        self, *args: Any, families: Sequence[str], capabilities: Sequence[str],
        say: Callable[[str], str], **more: Any,
    ) -> None:  # fmt: skip
        super().__init__(*args, **more)
        self.offer("family", [(one, one) for one in families])
        self.offer("capability", [(one, say(one)) for one in capabilities])


class RegistryFilters(Filters):
    """The filters of the end-user registry."""

    kind = forms.ChoiceField(label="Class", required=False)
    country = forms.ChoiceField(required=False)

    def __init__(self, *args: Any, classes: Options, countries: Options, **more: Any) -> None:
        super().__init__(*args, **more)
        self.offer("kind", classes)
        self.offer("country", countries)
