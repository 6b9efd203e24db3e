"""A salesperson without a script, who answers the pages of the form until a deal can be sent."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from django.forms import Select
from django.test import Client

from screening.form.forms import QuestionForm
from screening.models import Deal

#: What is typed on a page, by the question; nothing for what may be left empty.
Typed = Mapping[str, Mapping[str, Any]]


@dataclass
class Walk:
    """The pages that were opened on the way, and how many answers each of them demands."""

    deal: Deal
    pages: list[str] = field(default_factory=list)
    demanded: dict[str, int] = field(default_factory=dict)

    @property
    def answers(self) -> int:
        """How many answers the salesperson has to give before the declaration."""
        return sum(self.demanded.values())


def walk(client: Client, typed: Typed) -> Walk:
    """Through the task list and every page that one page leads to, in the order of the form."""
    started = client.post("/deals/new/")
    home = started["Location"]
    steps = Walk(Deal.objects.get(pk=home.split("/")[2]))
    while url := _next_task(client, home):
        while "/q/" in url:
            slug = url.split("/")[5]
            assert slug not in steps.pages, f"{slug} is asked again"
            steps.pages.append(slug)
            steps.demanded[slug] = _demanded(client, url, typed.get(slug, {}))
            answer = _post(client, url, typed.get(slug, {}))
            assert answer.status_code == 302, (slug, answer.context["form"].errors)
            url = answer["Location"]
    steps.deal.refresh_from_db()
    return steps


def _next_task(client: Client, home: str) -> str:
    tasks = client.get(home).context["tasks"]
    return next((task["url"] for task in tasks if task["state"] != "done"), "")


def _demanded(client: Client, url: str, typed: Mapping[str, Any]) -> int:
    """How many of the fields the page does not do without: each is left out once."""
    form = client.get(url).context["form"]
    given = [name for name in typed if name in form.fields and not _says_itself(form, name)]
    left_out = [{key: value for key, value in typed.items() if key != name} for name in given]
    return sum(_post(client, url, rest).status_code == 422 for rest in left_out)


def _says_itself(form: QuestionForm, name: str) -> bool:
    """A list that begins with its first choice, such as the currency, is answered already."""
    choices = [value for value, _ in getattr(form.fields[name].widget, "choices", [])]
    return isinstance(form.fields[name].widget, Select) and "" not in choices


def _post(client: Client, url: str, typed: Mapping[str, Any]) -> Any:
    return client.post(url, {"sent": "by the button", **typed})
