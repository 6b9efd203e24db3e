"""Form fields for what people type: only text that shows all that it holds."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy

from policy.plain_text import fault


class PlainText(forms.CharField):
    """One line of text, or several when the widget is a text area.

    A line break in one line would forge a line of an email, an invisible character a name.
    """

    default_error_messages = {
        "unseen": gettext_lazy("Remove %(what)s from “%(field)s”, or type it again"),
    }

    def validate(self, value: Any) -> None:
        super().validate(value)
        if what := fault(value, lines=isinstance(self.widget, forms.Textarea)):
            raise forms.ValidationError(
                self.error_messages["unseen"],
                code="unseen",
                params={"what": what, "field": self.label or "the text"},
            )
