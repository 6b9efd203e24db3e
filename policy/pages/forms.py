"""What people type on the pages of the policy, parsed. Whether they may is decided elsewhere."""

import copy
from collections.abc import Callable, Sequence
from datetime import date
from typing import Any

from django import forms
from django.utils import timezone

from audit.refusals import Conflict
from policy.actions import FARTHEST, LEAST_REASON, check_day
from policy.fields import FilterForm, PlainText
from policy.governance.proposals import About
from policy.models import Kind
from policy.reference.importers.layouts import LAYOUTS
from policy.reference.ratings import TIERS, UNRATED, Cuts
from policy.wording import outcomes

Options = Sequence[tuple[str, str]]
CONTROLS = {
    "not_controlled": "Not controlled",
    "licence_required": "Licence required",
    "denied": "Denied",
    "prohibited": "Prohibited",
}


class Filters(FilterForm):
    """The filters of every list of the policy."""

    words = PlainText(label="Search", required=False, max_length=80)


class CountryFilters(Filters):
    """The filters of the list of countries."""

    tier = forms.ChoiceField(
        label="Risk",
        required=False,
        choices=[("", "Any"), *((tier, outcomes.TIERS[tier]) for tier in (*TIERS, UNRATED))],
    )
    special = forms.ChoiceField(
        label="Places", required=False, choices=[("", "All"), ("yes", "Special territories only")]
    )


class ProductFilters(Filters):
    """The filters of the catalogue."""

    family = forms.ChoiceField(required=False)
    capability = forms.ChoiceField(label="Can do", required=False)

    def __init__(
        self,
        *args: Any,
        families: Sequence[str],
        capabilities: Sequence[str],
        say: Callable[[str], str],
        **kwargs: Any,
    ) -> None:
        super().__init__(*args, **kwargs)
        self.offer("family", [(family, family) for family in families])
        self.offer("capability", [(capability, say(capability)) for capability in capabilities])


class RegistryFilters(Filters):
    """The filters of the end-user registry."""

    kind = forms.ChoiceField(label="Class", required=False)
    country = forms.ChoiceField(required=False)

    def __init__(self, *args: Any, classes: Options, countries: Options, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.offer("kind", classes)
        self.offer("country", countries)


class LawFilters(Filters):
    """The filters of the register of laws."""

    country = forms.ChoiceField(required=False)
    kind = forms.ChoiceField(label="Obliges", required=False)
    letter = forms.ChoiceField(label="For what", required=False)
    state = forms.ChoiceField(
        required=False,
        choices=[
            ("", "Any"),
            ("valid", "Valid"),
            ("expired", "No longer valid"),
            ("conflict", "In conflict with standards"),
        ],
    )

    def __init__(
        self, *args: Any, countries: Options, kinds: Options, letters: Options, **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        self.offer("country", countries)
        self.offer("kind", kinds)
        self.offer("letter", letters)


class DifferenceForm(forms.Form):
    """Two versions of one kind to compare."""

    UNKNOWN = "Choose a version from the list"
    before = forms.ChoiceField(label="From version", error_messages={"invalid_choice": UNKNOWN})
    after = forms.ChoiceField(label="To version", error_messages={"invalid_choice": UNKNOWN})

    def __init__(self, *args: Any, versions: Options, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for field in self.fields.values():
            assert isinstance(field, forms.ChoiceField)  # noqa: S101  both are choices
            field.choices = versions

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        if cleaned.get("before") and cleaned.get("before") == cleaned.get("after"):
            self.add_error("after", "Choose a different version from the first")
        return cleaned


LEAST_NOTE = 20
#: Where the scores of a list become tiers: asked only for a list of scores.
CUTS = ("rising", "lowest", "highest", "very_high", "high", "medium")
WRONG_ORDER = (
    "Very high, high and medium must climb inside the scale where a high score means little risk,"
    " and fall inside it where it means much"
)
#: A file that holds no ratings: embargoes and bans of the destinations.
RESTRICTED = "restricted"


class ProposalForm(forms.Form):
    """A proposal: its text or file, what it is, and why."""

    text = forms.CharField(
        label="Text",
        required=False,
        strip=False,
        widget=forms.Textarea(attrs={"rows": 24, "spellcheck": "false", "class": "code"}),
    )
    upload = forms.FileField(label="Or upload a file", required=False)
    aliases = forms.FileField(
        label="ALT.CSV, with OFAC's SDN.CSV only",
        required=False,
        help_text="Other names of the entries, of the same day.",
    )
    layout = forms.ChoiceField(
        label="Layout of the file",
        required=False,
        choices=[
            ("", "Find out"),
            *((name, layout.label) for name, layout in LAYOUTS.items()),
            (RESTRICTED, "Restricted destinations, XLSX or CSV"),
        ],
    )
    label = PlainText(
        label="Label of the version", required=False, max_length=40, help_text="Such as 1.1"
    )
    source = PlainText(label="Source", required=False, max_length=200)
    edition = PlainText(label="Edition", required=False, max_length=80)
    year = forms.IntegerField(
        label="Year it covers", required=False, min_value=1900, max_value=2200
    )
    licence = PlainText(label="Licence", required=False, max_length=500)
    rising = forms.ChoiceField(
        label="What does a high score mean?",
        required=False,
        choices=[("freer", "Little risk"), ("riskier", "Much risk")],
    )
    lowest = forms.DecimalField(label="Lowest score of the scale", required=False)
    highest = forms.DecimalField(label="Highest score of the scale", required=False)
    very_high = forms.DecimalField(label="Very high risk", required=False)
    high = forms.DecimalField(label="High risk", required=False)
    medium = forms.DecimalField(label="Medium risk", required=False)
    note = PlainText(
        label="Why this change?",
        min_length=LEAST_NOTE,
        max_length=2000,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text="The person who activates it and every auditor read this.",
        error_messages={
            "required": "Say why this change is proposed",
            "min_length": f"Say why in at least {LEAST_NOTE} characters",
        },
    )

    FIELDS = {
        Kind.CHARTER: ("text", "upload", "note"),
        Kind.RULEBOOK: ("text", "upload", "note"),
        Kind.CATALOGUE: ("text", "upload", "label", "source", "note"),
        Kind.REGISTRY: ("upload", "aliases", "label", "source", "edition", "licence", "note"),
        Kind.LAWS: ("text", "upload", "label", "source", "note"),
        Kind.COUNTRIES: (
            "upload",
            "layout",
            "label",
            "source",
            "edition",
            "year",
            "licence",
            *CUTS,
            "note",
        ),
    }

    HELP = {
        (
            Kind.CHARTER,
            "text",
        ): "Give it a new label. Every promise names its clause; those from the"
        " words of the policy can be neither removed nor weakened.",
        (Kind.RULEBOOK, "text"): "Give it a new label in its second line. The outcomes of a rule"
        " are bar, executive_review, senior_review and needs_information.",
        (Kind.CATALOGUE, "text"): "Give it a new label.",
        (Kind.CATALOGUE, "upload"): "A spreadsheet (XLSX) as the page of the catalogue exports it,"
        " or the same as CSV.",
        (Kind.CATALOGUE, "label"): "Only for a spreadsheet. A text contains its label",
        (Kind.REGISTRY, "upload"): "A spreadsheet (XLSX) as the page of the registry exports it,"
        " or the same as CSV: the whole registry. Or a published list of names: OFAC's SDN.CSV,"
        " targets.simple.csv of OpenSanctions, the consolidated list of the EU as CSV, or a plain"
        " CSV with the columns name, country, aliases and kind. A list takes the place of its"
        " earlier edition, and the rest of the active registry stays.",
        (Kind.REGISTRY, "source"): "Of a plain CSV: whose list it is. The other lists say it"
        " themselves.",
        (Kind.REGISTRY, "edition"): "Of a list: its day, such as 2026-11-28. OFAC's files do not"
        " say it.",
        (Kind.REGISTRY, "licence"): "Of a plain CSV, or yours where it is another than the"
        " publisher's.",
        (Kind.LAWS, "text"): "Give it a new label. An entry says which provision obliges whom, for"
        " what, who orders and who oversees, and until when somebody vouches for it.",
        (Kind.LAWS, "upload"): "A spreadsheet (XLSX) as the page of the register exports it, or the"
        " same as CSV.",
        (Kind.LAWS, "label"): "Only for a spreadsheet. A text contains its label",
        (Kind.LAWS, "source"): "Who checked the entries",
        (Kind.COUNTRIES, "upload"): "The file of V-Dem, Freedom House or RSF as they publish it, or"
        " a plain CSV or XLSX with the columns code and tier: FI,low, or code and score. It takes"
        " the place of the list of the same source; lists of other sources stay, and the"
        " worst rating counts. Or the restricted"
        " destinations as the page of the countries exports them: they take the place of all those"
        " that are active.",
        (Kind.COUNTRIES, "rising"): "The tiers below are read accordingly.",
        (Kind.COUNTRIES, "very_high"): "Scores below this one, where a high score means little"
        " risk; above it, where it means much.",
        (Kind.COUNTRIES, "high"): "The same for high risk.",
        (Kind.COUNTRIES, "medium"): "The same for medium risk. All others are low.",
        (Kind.COUNTRIES, "source"): "Plain CSV only: who rated. The other files say it themselves.",
    }

    def __init__(
        self,
        *args: Any,
        kind: str,
        begun: str = "",
        trying: bool = False,
        left_out: str = "",
        **kwargs: Any,
    ) -> None:
        """``begun`` is the label of a version whose content is proposed again without a file.

        ``left_out`` says why a file that was sent is not there.
        """
        super().__init__(*args, **kwargs)
        self.begun, self.trying, self.left_out = begun, trying, left_out
        self.is_cutting = "lowest" in self.data
        for name in list(self.fields):
            if name not in self.FIELDS[Kind(kind)]:
                del self.fields[name]
        if not self.is_cutting:
            for name in CUTS:
                self.fields.pop(name, None)
        for name, field in self.fields.items():
            field.help_text = self.HELP.get((Kind(kind), name), field.help_text)
        if "text" not in self.fields:
            self.fields["upload"].label = "File"
            if begun:
                self.fields["upload"].label = "Another file instead"
        if kind in {Kind.COUNTRIES, Kind.REGISTRY} and not trying:
            self.fields["label"].required = True
            self.fields["label"].error_messages["required"] = "Enter a label for the version"
        if trying:
            self.fields["note"].required = False

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        if self.left_out:
            self.add_error("upload", self.left_out)
            return self._with_cuts(cleaned)
        is_begun = self.begun and "text" not in self.fields
        if not is_begun and not cleaned.get("upload") and not cleaned.get("text", "").strip():
            field = "text" if "text" in self.fields else "upload"
            self.add_error(
                field, "Enter a text or choose a file" if field == "text" else "Choose a file"
            )
        return self._with_cuts(cleaned)

    def _with_cuts(self, cleaned: dict[str, Any]) -> dict[str, Any]:
        """The cuts as one value, where they were asked for; None where they were not."""
        cleaned["cuts"] = None
        if not self.is_cutting or "lowest" not in self.fields:
            return cleaned
        numbers = [name for name in CUTS if name != "rising"]
        for name in numbers:
            if name not in self.errors and cleaned.get(name) is None:
                self.add_error(name, "Enter a number")
        if any(name in self.errors for name in numbers):
            return cleaned
        try:
            cuts = {name: cleaned[name] for name in numbers}
            cleaned["cuts"] = Cuts(**cuts, rising=cleaned["rising"] or "freer")
        except ValueError:
            self.add_error("very_high", WRONG_ORDER)
        return cleaned

    def ask_for_cuts(self) -> None:
        """Show the fields of the cuts, which are there only for a list of scores."""
        for name in CUTS:
            self.fields[name] = copy.deepcopy(self.base_fields[name])
            self.fields[name].help_text = self.HELP.get((Kind.COUNTRIES, name), "")
        self.fields["note"] = self.fields.pop("note")

    def about(self) -> About:
        names = ("label", "source", "edition", "licence")
        about = {name: self.cleaned_data.get(name, "") for name in names}
        if self.trying:
            about["label"] = about["label"] or "draft"
        return About(**about, codes=self.data.get("codes", ""))


class ActivationForm(forms.Form):
    """What one confirms before a version becomes active: each loosening, and the whole."""

    looser = forms.MultipleChoiceField(
        label="These changes let more through. Confirm each one.",
        required=False,
        widget=forms.CheckboxSelectMultiple,
    )
    starts_on = forms.DateField(
        label="When does it take effect?",
        required=False,
        widget=forms.DateInput(attrs={"type": "date", "class": "medium"}, format="%Y-%m-%d"),
        help_text=f"Today takes effect at once. A later day, {FARTHEST.days} days ahead at most,"
        " begins at midnight UTC, if what is active is still the same then.",
        error_messages={"invalid": "Enter a day such as 2026-12-31"},
    )
    understood = forms.BooleanField(
        error_messages={"required": "Confirm that you understand what activation does"}
    )
    report = forms.IntegerField(widget=forms.HiddenInput)

    def __init__(self, *args: Any, looser: Options, understood: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["understood"].label = understood
        field = self.fields["looser"]
        assert isinstance(field, forms.MultipleChoiceField)  # noqa: S101  declared above
        field.choices = looser
        if not looser:
            del self.fields["looser"]

    def clean_starts_on(self) -> date:
        day: date = self.cleaned_data["starts_on"] or timezone.localdate()
        try:
            check_day(day)
        except Conflict as refusal:
            raise forms.ValidationError(str(refusal)) from None
        return day

    def clean_looser(self) -> list[str]:
        confirmed: list[str] = self.cleaned_data["looser"]
        field = self.fields["looser"]
        assert isinstance(field, forms.MultipleChoiceField)  # noqa: S101  declared above
        missing = [str(words) for name, words in field.choices if name not in confirmed]  # type: ignore[union-attr, misc]
        if missing:
            raise forms.ValidationError(f"Confirm this change too: {missing[0]}")
        return confirmed


def reason(asked: str, missing: str, readers: str) -> PlainText:
    """Why somebody takes something back; the people who read it are named beside the field."""
    return PlainText(
        label=asked,
        min_length=LEAST_REASON,
        max_length=2000,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=readers,
        error_messages={
            "required": missing,
            "min_length": f"Say why in at least {LEAST_REASON} characters",
        },
    )


class CancelForm(forms.Form):
    """Why a version does not become active on its day."""

    reason = reason(
        "Why is it cancelled?",
        "Say why it is cancelled",
        "The proposer, the person who chose the day and every auditor read this.",
    )


class WithdrawForm(forms.Form):
    """Why nobody wants a proposal any more."""

    reason = reason(
        "Why is it withdrawn?",
        "Say why it is withdrawn",
        "The proposer, everyone who may read proposals and every auditor read this.",
    )


class PromisesForm(forms.Form):
    """Each promise that a version takes away, changes or empties, and why that is right."""

    names = forms.MultipleChoiceField(
        label="Confirm each promise",
        widget=forms.CheckboxSelectMultiple,
        error_messages={"required": "Confirm each promise, or leave the version as it is"},
    )
    reason = reason(
        "Why is this right?",
        "Say why this is right",
        "The proposer, everyone who may read proposals and every auditor read this.",
    )
    report = forms.IntegerField(widget=forms.HiddenInput)

    def __init__(self, *args: Any, promises: Options, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["names"]
        assert isinstance(field, forms.MultipleChoiceField)  # noqa: S101  declared above
        field.choices = promises
