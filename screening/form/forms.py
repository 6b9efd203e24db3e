"""One form for each kind of question: it parses what was typed and gives the answer to keep.

``question_form`` makes the form of a question, filled from the draft; ``form.answer()`` is the
JSON value that ``screening.form.questions`` describes. Forms decide nothing.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy

from policy.facts.derive import ReferenceData
from policy.fields import PlainText
from screening.form.deal_form import Answers, Kind, Question
from screening.form.question_forms import (
    BasisForm,
    ChoiceForm,
    ChoicesForm,
    ConfirmForm,
    CountryForm,
    DateForm,
    DetailForm,
    EndUserForm,
    MoneyForm,
    PlacesForm,
    ProductsForm,
    QuestionForm,
    TerritoriesForm,
    TextForm,
)
from screening.form.row_forms import CountriesForm, ElsewhereForm, PartiesForm

__all__ = ("QuestionForm", "WithdrawForm", "question_form")

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

NO_ANSWERS: Answers = {}


def question_form(
    asked: Question,
    data: ReferenceData,
    *,
    stored: Any = None,
    posted: Any = None,
    beside: Sequence[str] = (),
    answers: Answers = NO_ANSWERS,
) -> QuestionForm:
    """The form of one question: filled from the draft, or bound to what was posted.

    ``beside``: the countries of the draft that hold or neighbour special territories.
    ``answers`` are those of the draft: what they say decides which laws are offered first.
    """
    if asked.kind is Kind.TERRITORIES:
        return TerritoriesForm(asked, data, stored, posted, answers, beside)
    return FORMS[asked.kind](asked, data, stored, posted, answers)


class WithdrawForm(forms.Form):
    because = PlainText(
        label=gettext_lazy("Why do you withdraw it?"),
        help_text=gettext_lazy("Reviewers and auditors read this."),
        max_length=1000,
        widget=forms.Textarea(attrs={"rows": 4}),
        error_messages={
            "required": gettext_lazy("Say why you withdraw this deal"),
            "max_length": gettext_lazy("Write 1000 characters or fewer"),
        },
    )
