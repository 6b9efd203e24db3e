"""Who decides and who audits reads everything that sales wrote, as it was sent."""

import re
from html import unescape
from uuid import uuid4

import pytest
from django.utils.html import escape

from reviews import actions, written
from screening import actions as selling
from screening.form.choices import LABELS
from screening.form.deal_form import FORMER, QUESTIONS, Kind
from tests import factories as make

pytestmark = pytest.mark.django_db

PAGES = {
    "review": ("senior", "/reviews/{}/"),
    "compliance": ("compliance_officer", "/compliance/{}/"),
    "fact": ("compliance_officer", "/compliance/{}/adverse_info/"),
    "record": ("auditor", "/audit/deals/{}/"),
    "review, read by the auditor": ("auditor", "/reviews/{}/"),
}


def own_words(slug, part="text"):
    """A text that stands nowhere else, and that must not become code."""
    return f"{slug} {part}: <script>alert('{slug}')</script> & \"so\" on"


def _choice(question):
    value, label, _hint = LABELS[question.choices][-1]
    return value, [label]


def _choices(question):
    first, second = LABELS[question.choices][:2]
    return [first[0], second[0]], [first[1], second[1]]


def _parties(question):
    name = own_words(question.slug, "name")
    party = {"name": name, "role": "integrator", "country": "KE"}
    return {"answer": "yes", "parties": [party]}, [
        "Yes",
        name,
        "Installs or integrates it",
        "Kenya",
    ]


def _basis(question):
    parts = {part: own_words(question.slug, part) for part in ("act", "article", "orders")}
    parts["date"] = "2019-03-01"
    return parts, list(parts.values())


def _detail(question):
    text = own_words(question.slug)
    owner = {"owner": "court"} if question.choices else {}
    words = ["A court orders each entry"] if owner else []
    return {"answer": "yes", "text": text, **owner}, ["Yes", text, *words]


def _text(question):
    return own_words(question.slug), [own_words(question.slug)]


FILLED = {
    Kind.TEXT: _text,
    Kind.LONG_TEXT: _text,
    Kind.CHOICE: _choice,
    Kind.CHOICES: _choices,
    Kind.PRODUCTS: lambda question: (["lte-macro"], ["4G macro radio"]),
    Kind.MONEY: lambda question: (
        {"amount": "7654321", "currency": "SEK"},
        ["SEK 7\u00a0654\u00a0321"],
    ),
    Kind.DATE: lambda question: ("2027-03-31", ["31 Mar 2027"]),
    Kind.COUNTRY: lambda question: ("GE", ["Georgia"]),
    Kind.COUNTRIES: lambda question: (
        [{"place": "TR", "site": own_words(question.slug, "site")}],
        ["Türkiye", own_words(question.slug, "site")],
    ),
    Kind.PLACES: lambda question: (
        {"run": "AM", "records": "?"},
        ["Run from: Armenia", "Records in: I do not know"],
    ),
    Kind.ELSEWHERE: lambda question: (
        {"answer": "yes", "places": ["NP", "X-NCY"]},
        ["Yes", "Nepal", "Northern Cyprus"],
    ),
    Kind.TERRITORIES: lambda question: (
        {"GE": ["GE-AB", "X-SOS"], "TR": ["none"], "AM": ["?"]},
        [
            "Georgia: Abkhazia, South Ossetia",
            "Türkiye: None of these territories",
            "Armenia: I do not know",
        ],
    ),
    Kind.PARTIES: _parties,
    Kind.END_USER: lambda question: ({"kind": "utility", "is_customer": False}, ["Utility"]),
    Kind.DETAIL: _detail,
    Kind.BASIS: _basis,
    Kind.CONFIRM: lambda question: (True, ["Confirmed"]),
}


def every_answer():
    """Each question of the form with an answer of its own, and what must be read of it."""
    filled = {question.slug: FILLED[question.kind](question) for question in QUESTIONS}
    return (
        {slug: value for slug, (value, _texts) in filled.items()},
        {slug: [str(text) for text in texts] for slug, (_value, texts) in filled.items()},
    )


def rows_of(page):
    """Question → answer as text, in the order of the page; the record has the newest first."""
    body = page.split('<div class="written">')[1]
    rows = re.findall(r"<dt>(.*?)</dt>\s*<dd>(.*?)</dd>", body, re.DOTALL)
    return {_plain(title): _plain(answer) for title, answer in rows}


def _plain(html):
    return " ".join(unescape(re.sub(r"<[^>]*>", " ", html)).replace("\u00a0", "_").split())


def read(client, deal, where):
    role, url = PAGES[where]
    client.force_login(getattr(make, role)())
    return client.get(url.format(deal.pk)).content.decode()


@pytest.mark.parametrize("where", PAGES)
def test_every_question_of_the_form_is_read_with_its_answer(client, where):
    answers, texts = every_answer()
    deal = make.sent_deal(answers, alone=False)
    html = read(client, deal, where)
    rows = rows_of(html)
    titles = [_plain(f"{question.number} {escape(question.title)}") for question in QUESTIONS]
    assert [title for title in rows if title in titles] == titles
    for question, title in zip(QUESTIONS, titles, strict=True):
        for text in texts[question.slug]:
            assert _plain(escape(text)) in rows[title], question.number
    assert "<script>alert(" not in html


def test_what_was_not_asked_is_named(client):
    deal = make.deal_in_review()
    html = read(client, deal, "review")
    unanswered = html.partition("Not asked, or left empty:")[2]
    assert "What is the reference in your sales system? (optional)" in unanswered
    assert "4.3" not in rows_of(html)


def test_what_an_earlier_form_asked_is_no_gap_of_this_one(client):
    asked_now = {slug: answer for slug, answer in make.SENIOR.items() if slug not in FORMER}
    other_places = {"other-places": {"answer": "no", "places": []}}
    deal = make.sent_deal({**asked_now, **other_places})
    assert deal.status == "in_review"
    unanswered = read(client, deal, "review").partition("Not asked, or left empty:")[2]
    titles = {question.slug: str(question.title) for question in QUESTIONS}
    assert [slug for slug in FORMER if titles[slug] in unanswered] == []
    # What it was told is shown.
    assert titles["run-from"] in read(client, make.deal_in_review(), "review")


def sent_again(deal, **answers):
    reviewer = make.senior()
    actions.claim_deal(deal, actor=reviewer)
    actions.ask_sales(deal, questions=[("purpose", "Who is it for?")], actor=reviewer)
    deal.refresh_from_db()
    for slug, value in answers.items():
        selling.save_answer(deal, slug=slug, value=value, actor=deal.owner)
    reply = "<i>For subscribers</i> only"
    selling.submit_deal(deal, send_key=uuid4(), actor=deal.owner, replies={1: reply})
    deal.refresh_from_db()


@pytest.mark.parametrize("where", PAGES)
def test_a_changed_answer_stands_beside_what_was_sent_before(client, where):
    deal = make.sent_deal({**make.SENIOR, "description": "Listening to everybody"})
    sent_again(deal, description="Mobile service")
    rows = rows_of(read(client, deal, where))
    purpose = rows["4.1 What is the purpose, in the customer's words?"]
    assert purpose == "Mobile service Changed Revision 1 said: Listening to everybody"
    assert [title for title, answer in rows.items() if "Changed" in answer] == [
        "4.1 What is the purpose, in the customer's words?"
    ]


@pytest.mark.parametrize("where", ["review", "compliance", "record"])
def test_replies_of_sales_are_read_too(client, where):
    deal = make.deal_in_review()
    sent_again(deal)
    html = read(client, deal, where)
    assert "Who is it for?" in html
    assert "&lt;i&gt;For subscribers&lt;/i&gt; only" in html


@pytest.mark.parametrize("where", PAGES)
def test_a_changed_deal_stands_beside_the_one_that_it_follows(client, where):
    closed = make.rejected_deal()
    deal = selling.start_changed_deal(closed, actor=closed.owner)
    changed = {**make.SENIOR, "customer": closed.answers["customer"], "products": ["lte-macro"]}
    del changed["safeguards"]
    for slug, value in changed.items():
        selling.save_answer(deal, slug=slug, value=value, actor=closed.owner)
    selling.save_answer(deal, slug="safeguards", value=["none"], actor=closed.owner)
    selling.submit_deal(deal, send_key=uuid4(), actor=closed.owner)
    rows = rows_of(read(client, deal, where))
    said = f"Changed {closed.reference} said:"
    assert rows["1.3 What are you selling?"] == f"4G macro radio {said} 5G macro radio"
    assert rows["5.2 What will limit misuse?"] == f"None {said} A contract clause against misuse"
    assert "Changed" not in rows["4.2 Which of these is it for?"]


def test_an_answer_that_was_taken_back_is_still_read(client):
    deal = make.sent_deal({**make.SENIOR, "reference": "CRM-77 for the second site"})
    sent_again(deal, reference="")
    rows = rows_of(read(client, deal, "review"))
    title = "1.2 What is the reference in your sales system? (optional)"
    assert rows[title] == ("No answer any more Changed Revision 1 said: CRM-77 for the second site")


def test_an_answer_to_a_question_that_the_form_no_longer_has_is_shown_as_it_is():
    deal = make.deal_in_review()
    screening = deal.screening
    answers = {**screening.revision.answers, "old-question": {"text": "an old answer"}}
    source = written.Source("", answers, written.of_deal(deal).now.own)
    last = written.Written(source, []).parts[-1]
    assert last.title == "Questions that the form no longer asks"
    assert [(row.title, row.lines) for row in last.rows] == [
        ("old-question", ['{"text": "an old answer"}'])
    ]


def test_only_plain_choices_are_folded():
    """What was changed, is not known, or is told in own words is open when the page opens."""
    deal = make.deal_in_review()
    parts = written.of_deal(deal).parts
    assert [part.is_open for part in parts] == [False, False, False, True, False, False]
    sent_again(deal, customer="Another customer", reports={"answer": "?", "text": ""})
    parts = written.of_deal(deal).parts
    assert [part.is_open for part in parts] == [False, True, False, True, True, False]
    assert (parts[1].changed, parts[4].unknown) == (1, 1)


def test_what_is_not_known_from_the_start_is_open_too():
    deal = make.sent_deal({**make.SENIOR, "reports": {"answer": "?", "text": ""}})
    part = written.of_deal(deal).parts[4]
    assert (part.changed, part.unknown, part.is_open) == (0, 1, True)
    assert not any(row.explains for row in part.rows)
