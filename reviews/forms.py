"""What reviewers type, parsed. Whether they may is decided elsewhere."""

from collections.abc import Iterable, Mapping
from datetime import date
from typing import Any

from django import forms
from django.core import validators
from django.utils import timezone
from django.utils.formats import date_format

from policy.fields import FilterForm, PlainText
from policy.models import Kind, ReferenceVersion
from policy.reference.names.plain_text import without
from policy.wording import clauses, outcomes
from reviews import labels
from reviews.actions import LEAST_REASONS, Duty
from reviews.assessment import CRITERIA, LEAST_REASON, Choice, Criterion
from reviews.models import Vote
from screening.models import LEVELS

MOST_CONDITIONS = 12
MOST_QUESTIONS = 3
Options = list[tuple[str, str]]
FIRST_DAY, LAST_DAY = date(2000, 1, 1), date(2199, 12, 31)
DAY = forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")


class Area(PlainText):
    """Several lines of text, between so many characters."""

    def __init__(self, *, least: int, refusal: str, rows: int = 4, **more: Any) -> None:
        attrs = {"rows": rows}
        super().__init__(
            min_length=least,
            max_length=5000,
            widget=forms.Textarea(attrs=attrs),
            error_messages={"required": refusal, "min_length": refusal},
            **more,
        )
        self._least, self._refusal = least, refusal

    def validate(self, value: Any) -> None:
        """What nobody sees makes no text longer."""
        super().validate(value)
        if value and len(without(value).strip()) < self._least:
            raise forms.ValidationError(self._refusal, code="min_length")


class QueueFilters(FilterForm):
    """The filters of the queue."""

    text = PlainText(label="Search", required=False, max_length=80)
    country = forms.ChoiceField(required=False)
    risk = forms.ChoiceField(label="Country risk", required=False)
    level = forms.ChoiceField(required=False)
    clause = forms.ChoiceField(required=False)
    claimed_by = forms.ChoiceField(label="Claimed by", required=False)

    def __init__(self, *args: Any, countries: Options, people: Iterable[Any], **more: Any) -> None:
        super().__init__(*args, **more)
        named = [(str(person.pk), labels.person(person)) for person in people]
        self.offer("country", countries)
        self.offer("risk", list(outcomes.RISKS.items()))
        self.offer("level", list(LEVELS))
        self.offer("clause", clause_options())
        self.offer("claimed_by", [("me", "Me"), ("nobody", "Nobody"), *named])
        self.fields["text"].widget.attrs["data-key"] = "/"


def clause_options() -> Options:
    return [(one.id, f"{one.id} {one.title}") for one in clauses.clauses().values()]


def _day(label: str) -> forms.DateField:
    """A day of a filter, within the years in which deals can be decided."""
    wanted = f"“{label}” needs a date such as 2026-12-31"
    return forms.DateField(
        label=label,
        required=False,
        widget=DAY,
        validators=[
            validators.MinValueValidator(FIRST_DAY, wanted),
            validators.MaxValueValidator(LAST_DAY, wanted),
        ],
        error_messages={"invalid": wanted},
    )


class HistoryFilters(FilterForm):
    """The filters of the decision history."""

    text = PlainText(label="Search", required=False, max_length=80)
    since = _day("From")
    until = _day("To")
    country = forms.ChoiceField(required=False)
    clause = forms.ChoiceField(required=False)
    rule = PlainText(required=False, max_length=20)
    outcome = forms.ChoiceField(label="Outcome of the screening", required=False)
    result = forms.ChoiceField(label="Final result", required=False)
    person = PlainText(label="Sent or voted on by", required=False, max_length=80)
    rulebook = forms.ChoiceField(required=False)

    def __init__(
        self, *args: Any, countries: Options, results: Mapping[str, str], **more: Any
    ) -> None:
        super().__init__(*args, **more)
        self.offer("country", countries)
        self.offer("clause", clause_options())
        self.offer("outcome", list(outcomes.OUTCOMES.items()))
        self.offer("rulebook", rulebook_options())
        field = self.fields["result"]
        assert isinstance(field, forms.ChoiceField)  # noqa: S101  declared above
        field.choices = [("", "Any final result"), *results.items(), ("any", "Anything")]


def rulebook_options() -> Options:
    versions = ReferenceVersion.objects.of(Kind.RULEBOOK).newest_first()
    found = versions.values_list("pk", "label")
    return [(str(number), name) for number, name in found]


class ReasonForm(forms.Form):
    """One reason, for a verb that wants one."""

    because = Area(least=1, refusal="Say why", label="Reason", rows=3)


class QuestionForm(forms.Form):
    """One question to sales, tied to a fact of the deal or to none."""

    text = Area(least=1, refusal="Write the question", label="Question", rows=3, required=False)
    fact = forms.ChoiceField(label="Which fact is it about?", required=False)

    def __init__(self, *args: Any, facts: Options, **more: Any) -> None:
        super().__init__(*args, **more)
        field = self.fields["fact"]
        assert isinstance(field, forms.ChoiceField)  # noqa: S101  declared above
        field.choices = [("", "None of them"), *facts]


class QuestionsForm:
    """Up to three questions; the first one is required."""

    def __init__(self, data: Any = None, *, facts: Options) -> None:
        self.rows = [
            QuestionForm(data, prefix=f"q{place}", facts=facts)
            for place in range(1, MOST_QUESTIONS + 1)
        ]
        self.rows[0].fields["text"].required = True

    def is_valid(self) -> bool:
        # Every row is looked at, so that all errors show at once.
        wrong = [row for row in self.rows if not row.is_valid()]
        return not wrong

    def questions(self) -> list[tuple[str, str]]:
        """Fact and text of each question, for ``ask_sales``."""
        given = [row.cleaned_data for row in self.rows]
        return [(one["fact"], one["text"]) for one in given if one["text"]]


class AssessmentForm(forms.Form):
    """What has to be weighed before a vote."""

    def __init__(self, *args: Any, **more: Any) -> None:
        super().__init__(*args, **more)
        for criterion in CRITERIA:
            for choice in criterion.choices:
                self.fields[choice.name] = _radios(choice)
            self.fields[criterion.reason] = Area(
                least=LEAST_REASON,
                refusal=f"Give a reason for “{criterion.title}”, in {LEAST_REASON} characters "
                "or more",
                label="Why?",
                help_text=f"At least {LEAST_REASON} characters. Auditors read this.",
                rows=3,
            )

    def groups(self) -> list[tuple[Criterion, list[forms.BoundField]]]:
        return [
            (one, [self[choice.name] for choice in one.choices] + [self[one.reason]])
            for one in CRITERIA
        ]


def _radios(choice: Choice) -> forms.ChoiceField:
    return forms.ChoiceField(
        label=choice.question,
        help_text=choice.hint,
        choices=list(choice.options.items()),
        widget=forms.RadioSelect,
        error_messages={"required": f"Choose an answer: {choice.question}"},
    )


class VoteForm(forms.Form):
    """The verdict and its reasons; ``screening`` is the one that the reviewer read."""

    screening = forms.IntegerField(widget=forms.HiddenInput)
    verdict = forms.ChoiceField(
        label="Your verdict",
        choices=Vote.Verdict.choices,
        widget=forms.RadioSelect,
        error_messages={"required": "Choose a verdict"},
    )
    because = Area(
        least=LEAST_REASONS,
        refusal=f"Give your reasons, in {LEAST_REASONS} characters or more",
        label="Reasons",
        help_text="Say which facts decided it. Sales reads this when the deal is decided.",
        rows=6,
    )


class ConditionForm(forms.Form):
    """One condition. A row that is left empty is not a condition."""

    text = PlainText(
        label="What must be done?", max_length=1000, widget=forms.Textarea(attrs={"rows": 2})
    )
    due_on = forms.DateField(
        label="By when?",
        widget=forms.DateInput(attrs={"type": "date", "class": "medium"}, format="%Y-%m-%d"),
        error_messages={"invalid": "Enter the due date as year-month-day, like 2027-03-31"},
    )
    evidence = PlainText(
        label="What proves it?", max_length=1000, widget=forms.Textarea(attrs={"rows": 2})
    )

    def __init__(self, data: Any, *, number: int, last: date) -> None:
        super().__init__(
            data, prefix=f"c{number}", empty_permitted=True, use_required_attribute=False
        )
        self.number, self.last = number, last
        for name, wanted in (
            ("text", "what must be done"),
            ("due_on", "the due date"),
            ("evidence", "what proves it"),
        ):
            self.fields[name].error_messages["required"] = f"Condition {number}: enter {wanted}"

    def clean_due_on(self) -> date:
        due: date = self.cleaned_data["due_on"]
        if due <= timezone.localdate():
            raise forms.ValidationError(f"Condition {self.number}: enter a date after today")
        if due > self.last:
            raise forms.ValidationError(
                f"Condition {self.number}: the approval ends on {date_format(self.last, 'j M Y')}."
                " Enter that day or an earlier one"
            )
        return due

    def duty(self) -> Duty:
        given = self.cleaned_data
        return Duty(text=given["text"], due_on=given["due_on"], evidence=given["evidence"])


class ConditionRows:
    """The rows of conditions on the vote page; "add another" asks for one more."""

    def __init__(self, data: Any = None, *, last: date, more: int = 0) -> None:
        asked = data.get("rows", "1") if data is not None else "1"
        rows = int(asked) if asked.isascii() and asked.isdigit() and len(asked) < 4 else 1
        self.count = max(1, min(rows + more, MOST_CONDITIONS))
        self.last = last
        numbers = range(1, self.count + 1)
        self.rows = [ConditionForm(data, number=number, last=last) for number in numbers]
        self.may_add = self.count < MOST_CONDITIONS

    def is_valid(self) -> bool:
        # Every row is looked at, so that all errors show at once.
        wrong = [row for row in self.rows if not row.is_valid()]
        return not wrong

    def duties(self) -> list[Duty]:
        return [row.duty() for row in self.rows if row.has_changed()]


class RulingForm(forms.Form):
    """A fact as compliance sets it; ``screening`` is the one that was read."""

    screening = forms.IntegerField(widget=forms.HiddenInput)
    value = forms.ChoiceField(
        label="What is it?",
        widget=forms.RadioSelect,
        error_messages={"required": "Choose what it is"},
    )
    source = PlainText(
        label="Source",
        help_text="Where you read it: the act and article, the decision, the page and its date.",
        max_length=200,
        error_messages={"required": "Name the source"},
    )
    because = Area(least=1, refusal="Say why", label="Reason", rows=4)

    def __init__(self, *args: Any, options: Options, **more: Any) -> None:
        super().__init__(*args, **more)
        field = self.fields["value"]
        assert isinstance(field, forms.ChoiceField)  # noqa: S101  declared above
        field.choices = options
