"""Parts of forms: text that shows all that it holds, and filters of lists."""

from collections.abc import Sequence
from functools import lru_cache
from typing import Any

from django import forms
from django.forms.utils import flatatt
from django.utils.html import format_html, format_html_join
from django.utils.translation import gettext, gettext_lazy

from policy.reference.names.plain_text import fault


class PlainText(forms.CharField):
    """One line of text, or several when the widget is a text area.

    A line break in one line would forge a line of an email, an invisible character a name.
    """

    default_error_messages = {
        "unseen": gettext_lazy("Remove %(what)s from “%(field)s”, or type it again")
    }

    def validate(self, value: Any) -> None:
        super().validate(value)
        if what := fault(value, lines=isinstance(self.widget, forms.Textarea)):
            raise forms.ValidationError(
                self.error_messages["unseen"],
                code="unseen",
                params={"what": what, "field": self.label or "the text"},
            )


class Options(forms.Select):
    """One of many, without groups. Django's asks a template for each option, and to write the
    countries of the world so takes longer than all the rest of a page.
    """

    def render(
        self, name: str, value: Any, attrs: dict[str, Any] | None = None, renderer: Any = None
    ) -> Any:
        options = tuple((str(option), str(label)) for option, label in self.choices)
        chosen = next(
            (option for option in self.format_value(value) if option in dict(options)), ""
        )
        words = flatatt({"name": name, **self.build_attrs(self.attrs, attrs)})
        return format_html("<select{}>\n{}\n</select>", words, _written(options, chosen))


@lru_cache(maxsize=64)
def _written(options: Sequence[tuple[str, str]], chosen: str) -> str:
    """The same for everybody who reads the same list."""
    lines = (
        (flatatt({"value": option, "selected": option == chosen}), label)
        for option, label in options
    )
    return format_html_join("\n", "<option{}>{}</option>", lines)


class FilterForm(forms.Form):
    """Filters of a list. One that cannot be read is an error: without it the list would be longer
    than what was asked for.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name, field in self.fields.items():
            if isinstance(field, forms.ChoiceField):
                field.widget, choices = Options(), field.choices
                field.choices = choices
                label = field.label or name.replace("_", " ").capitalize()
                wanted = gettext("“%(field)s”: choose from the list") % {"field": label}
                field.error_messages["invalid_choice"] = wanted

    def offer(self, name: str, options: Sequence[tuple[str, str]]) -> None:
        field = self.fields[name]
        assert isinstance(field, forms.ChoiceField)  # noqa: S101  only choices are offered
        field.choices = [("", "Any"), *options]

    def chosen(self) -> dict[str, Any]:
        """The filters that are set and can be read; `errors` has the others."""
        self.is_valid()
        return {name: value for name, value in self.cleaned_data.items() if value}

    @property
    def status(self) -> int:
        """The status of a page that shows these filters."""
        return 422 if self.errors else 200

    @property
    def refusal(self) -> str:
        """The errors as sentences, for an answer that is not a page."""
        return " ".join(f"{error}." for several in self.errors.values() for error in several)
