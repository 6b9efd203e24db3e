"""Complete answers of deals that tests send."""

from typing import Any

from screening.form.deal_form import FORMER

#: Radio for a Finnish operator: nothing fires, so it clears.
SIMPLE: dict[str, Any] = {
    "name": "Metro radio",
    "products": ["nr-macro"],
    "deal-kind": "new",
    "services": ["supply", "installation"],
    "value": {"amount": "1200000", "currency": "EUR"},
    "sign-date": "2027-03-31",
    "intermediaries": {"answer": "no", "parties": []},
    "customer": "Elisa Oyj",
    "customer-kind": "commercial_operator",
    "customer-country": "FI",
    "end-user": {"kind": "commercial_operator", "is_customer": True},
    "state-owned": "no",
    "countries": [{"place": "FI", "site": "Helsinki"}],
    "run-from": {"run": "FI", "records": "FI"},
    "elsewhere": {"answer": "no", "places": []},
    "description": "Mobile service for subscribers",
    "purposes": ["commercial_service"],
    "limits-speech": {"answer": "no", "text": ""},
    "reports": {"answer": "no", "text": ""},
    "declaration": True,
}

#: The same deal as the form asks for it now. What SIMPLE answers besides, an earlier form asked.
ASKED_NOW: dict[str, Any] = {
    **{
        slug: answer
        for slug, answer in SIMPLE.items()
        if slug not in FORMER | {"value", "sign-date", "customer-kind"}
    },
    "other-places": {"answer": "no", "places": []},
}
