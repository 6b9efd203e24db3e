"""The pages of the deal form, in the order of the task list: one question a page.

Data only. ``screening.form.questions`` says what is asked next and what the answers declare.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from django.utils.translation import gettext_lazy as _

from policy.facts import answers_to_facts

Answers = Mapping[str, Any]
#: Text, or text that is translated when it is shown.
Text = Any
UNKNOWN = answers_to_facts.UNKNOWN
TITLE = "name"
DECLARATION = "declaration"
OTHER_PLACES = "other-places"
#: Questions of an earlier form: others ask now. Where they were answered, they stay and count.
FORMER = frozenset({"deal-kind", "run-from", "elsewhere"})

HIGH = frozenset({"high", "very_high", "unrated"})
PUBLIC = frozenset(
    {
        "municipality",
        "civil_government",
        "telecom_regulator",
        "emergency_services",
        "law_enforcement",
        "military",
        "intelligence_security",
    }
)
#: Whose part in a deal is asked about, whatever it is.
SECURITY = frozenset({"law_enforcement", "military", "intelligence_security"})
INTERCEPTION_PURPOSES = frozenset(
    {
        "li_compliance",
        "data_retention_compliance",
        "crime_investigation",
        "national_security_monitoring",
        "population_monitoring",
    }
)


class Kind(StrEnum):
    TEXT = "text"
    LONG_TEXT = "long_text"
    CHOICE = "choice"
    CHOICES = "choices"
    PRODUCTS = "products"
    MONEY = "money"
    DATE = "date"
    COUNTRY = "country"
    COUNTRIES = "countries"
    PLACES = "places"
    ELSEWHERE = "elsewhere"
    PARTIES = "parties"
    END_USER = "end_user"
    DETAIL = "detail"
    TERRITORIES = "territories"
    BASIS = "basis"
    CONFIRM = "confirm"


@dataclass(frozen=True)
class Context:
    """What the draft's products and countries mean by the active reference data."""

    capabilities: frozenset[str] = frozenset()
    #: Those of them that relate to surveillance: rules speak of them beside what sales declares.
    surveillance: frozenset[str] = frozenset()
    #: Those of them that only a customer with a legal obligation may have.
    lawful: frozenset[str] = frozenset()
    #: Per declared ability those of them that mean the same to the rules.
    alike: Mapping[str, frozenset[str]] = field(default_factory=dict)
    #: Whether a feature can be built out of one of the products.
    may_be_built_out: bool = False
    #: Whether one of the products does nothing by itself: storage, servers, spare parts.
    may_be_a_part: bool = False
    #: The worst tier of the destinations; "" while none is named.
    country_risk: str = ""
    #: Rules that fire for the draft as it is.
    findings: tuple[str, ...] = ()
    #: The countries of the draft that hold or neighbour special territories.
    beside: tuple[str, ...] = ()
    #: Where the registry has the operator that signs; "" where it does not say.
    home: str = ""
    #: Agencies, vendors of surveillance systems and countries that only a text names; sentences.
    named: tuple[str, ...] = ()

    @property
    def restrictive(self) -> frozenset[str]:
        """What may limit, follow or find people without an order to intercept."""
        return self.surveillance - self.lawful


Shown = Callable[[Answers, Context], bool]


def _once_answered(slug: str) -> Shown:
    """For the questions of FORMER."""
    return lambda answers, context: bool(answers.get(slug))


@dataclass(frozen=True, kw_only=True)
class Question:
    """One page of the form. ``choices`` names the words in screening.form.choices, or a fact."""

    number: str
    slug: str
    section: int
    title: Text
    kind: Kind
    error: Text
    hint: Text = ""
    choices: str = ""
    #: For questions with words beside the answer: what may be answered, as named in the words.
    answers: str = "yes_no"
    unknown: bool = False
    optional: bool = False
    longest: int = 0
    too_long: Text = ""
    #: The fact that it declares; "" for a label, which no rule reads.
    fact: str = ""
    clause: str = ""
    #: What else sales is asked to write on the same page.
    detail: Text = ""
    shown: Shown = field(default=lambda answers, context: True)
    #: An answer that says more than no is asked about as long as it stands, whatever is answered
    #: before it: it speaks of what the system does or who reaches it, and does not vanish.
    stays: bool = False

    def is_asked(self, answers: Answers, context: Context) -> bool:
        return self.shown(answers, context) or (self.stays and _says_more(answers.get(self.slug)))


def _says_more(value: Any) -> bool:
    """Whether an answer says more than no."""
    answer = value.get("answer") if isinstance(value, Mapping) else value
    return answer not in (None, "", "no")


@dataclass(frozen=True)
class Section:
    number: int
    slug: str
    title: Text
    #: What it is called for those who read the answers.
    holds: Text


# ---- what the answers say ----


def end_user_kind(answers: Answers) -> str:
    """The kind of end user that the answers declare; "" while it is not answered."""
    kind: str = (answers.get("end-user") or {}).get("kind", "")
    if kind == "commercial_operator" and answers.get("state-owned") == "yes":
        return "state_operator"
    return "unknown" if kind == UNKNOWN else kind


def end_user_is_customer(answers: Answers) -> bool:
    return bool((answers.get("end-user") or {}).get("is_customer"))


def _only_signs(answers: Answers, context: Context) -> bool:
    """Whoever uses it too has said what it is; an answer that was given stays, and counts."""
    return not end_user_is_customer(answers) or bool(answers.get("customer-kind"))


def _may_be_elsewhere(answers: Answers, context: Context) -> bool:
    """Once for every reason; an earlier form asked in two questions, which say as much."""
    return not (answers.get("run-from") and answers.get("elsewhere")) or OTHER_PLACES in answers


def _is_looked_at(slug: str) -> Shown:
    """What only people read is asked where people will look at the deal, because a rule fires."""
    return lambda answers, context: bool(context.findings or answers.get(slug))


def _may_be_state_owned(answers: Answers, context: Context) -> bool:
    kind = (answers.get("end-user") or {}).get("kind")
    return kind in ("commercial_operator", "private_enterprise")


#: What may be done for a system that is somebody else's.
FOR_OTHERS = frozenset(
    {
        *("integration", "support_maintenance", "training", "managed_services", "consulting"),
        *("li_managed_operation", "custom_development", "data_hosting"),
        *("change_request", "capacity_expansion"),
    }
)


def _may_serve_others(answers: Answers, context: Context) -> bool:
    services = FOR_OTHERS.intersection(answers.get("services") or ())
    earlier_form = answers.get("deal-kind") in ("support", "change", "capacity")
    return bool(services) or earlier_form or context.may_be_a_part


def _may_reach_intelligence(answers: Answers, context: Context) -> bool:
    kind = end_user_kind(answers)
    public = kind in PUBLIC or kind in ("state_operator", "unknown")
    state = _may_be_state_owned(answers, context) and answers.get("state-owned") in ("yes", UNKNOWN)
    return public or state or _may_do_more(answers, context)


def _may_do_more(answers: Answers, context: Context) -> bool:
    """Where the products relate to surveillance, or somebody builds what no catalogue knows."""
    return bool(context.surveillance) or _is_built(answers)


def _is_built(answers: Answers) -> bool:
    """Whether something is built for it: nobody but sales can say what that does."""
    return "custom_development" in (answers.get("services") or ())


def _may_intercept(answers: Answers, context: Context) -> bool:
    purposes = INTERCEPTION_PURPOSES.intersection(answers.get("purposes") or ())
    return _may_do_more(answers, context) or bool(purposes)


def _hands_over(answers: Answers, context: Context) -> bool:
    """Asked of the product, whatever sales says of handing over; a purpose alone asks for more."""
    hands_over = answers.get("handover") not in (None, "no")
    return _may_do_more(answers, context) or (hands_over and _may_intercept(answers, context))


def _needs_a_law(answers: Answers, context: Context) -> bool:
    """Also where only sales says, or does not rule out, that the authorities reach in."""
    hands_over_more = _may_intercept(answers, context) and answers.get("handover") in (
        "more",
        UNKNOWN,
    )
    return bool(context.lawful) or hands_over_more


def _may_restrict(answers: Answers, context: Context) -> bool:
    return bool(context.restrictive) or _is_built(answers)


def _may_follow(answers: Answers, context: Context) -> bool:
    purposes = {"smart_city", "public_safety"}.intersection(answers.get("purposes") or ())
    return bool(context.restrictive) or bool(purposes) or _is_built(answers)


def _may_conflict(answers: Answers, context: Context) -> bool:
    return context.country_risk in HIGH or bool(context.surveillance)


# ---- the questions, in the order of the task list ----

YES_NO = _("Select yes, no or I do not know")

SECTIONS = (
    Section(1, "sold", _("Say what is being sold"), _("What is sold")),
    Section(2, "parties", _("Name the customer and end user"), _("Customer and end user")),
    Section(3, "places", _("Say where it will be used"), _("Where it will be used")),
    Section(4, "purpose", _("Say what it will be used for"), _("What it will be used for")),
    Section(
        5,
        "concerns",
        _("Name known concerns, and what reviewers need"),
        _("Known concerns, and what reviewers need"),
    ),
    Section(6, "send", _("Check your answers and send"), _("Declaration")),
)

QUESTIONS: tuple[Question, ...] = (
    Question(
        number="1.1",
        slug=TITLE,
        section=1,
        kind=Kind.TEXT,
        longest=80,
        optional=True,
        title=_("What do you call this deal? (optional)"),
        hint=_(
            "Your team, compliance, reviewers and auditors see it. Without a name it is called"
            " after what is sold and to whom."
        ),
        error="",
        too_long=_("Name must be 80 characters or fewer"),
    ),
    Question(
        number="1.2",
        slug="reference",
        section=1,
        kind=Kind.TEXT,
        longest=40,
        optional=True,
        title=_("What is the reference in your sales system? (optional)"),
        error="",
        too_long=_("Reference must be 40 characters or fewer"),
    ),
    Question(
        number="1.3",
        slug="products",
        section=1,
        kind=Kind.PRODUCTS,
        fact="capabilities",
        clause="C1 to C4",
        title=_("What are you selling?"),
        hint=_("Choose all that apply. The list comes from the product catalogue."),
        error=_("Select at least one product"),
    ),
    Question(
        number="1.3b",
        slug="built-out",
        section=1,
        kind=Kind.DETAIL,
        fact="capabilities",
        clause="C2",
        unknown=True,
        optional=True,
        title=_("Was a standard feature built out of it, such as the interception function?"),
        hint=_("It counts as there until compliance has asked product management. (optional)"),
        error=YES_NO,
        detail=_("Which one, and what proves it? For example a build sheet, with its number"),
        shown=lambda answers, context: context.may_be_built_out,
    ),
    Question(
        number="1.4",
        slug="deal-kind",
        section=1,
        kind=Kind.CHOICE,
        choices="deal_kind",
        fact="services",
        clause="C4",
        title=_("Is this new, an upgrade, support, or a trial?"),
        hint=_("Renewals count: conditions may have changed."),
        error=_("Select what kind of deal this is"),
        shown=_once_answered("deal-kind"),
    ),
    Question(
        number="1.4b",
        slug="services",
        section=1,
        kind=Kind.CHOICES,
        choices="services",
        fact="services",
        clause="C2b, C4",
        title=_("What is part of this deal?"),
        hint=_(
            "Tick all that apply: also upgrades, renewals, and services on a system that others"
            " delivered."
        ),
        error=_('Select at least one, or "Supply only"'),
    ),
    Question(
        number="1.4c",
        slug="other-systems",
        section=1,
        kind=Kind.DETAIL,
        fact="capabilities",
        clause="C2b",
        unknown=True,
        title=_("Does it connect to a system that is not sold here, or serve one?"),
        hint=_(
            "Of another maker, or delivered earlier. Also support and training. What that system"
            " can do counts as if we sold it now."
        ),
        error=YES_NO,
        detail=_("Which ones? Name each as the list of products does, one a line"),
        stays=True,
        shown=_may_serve_others,
    ),
    Question(
        number="1.7",
        slug="intermediaries",
        section=1,
        kind=Kind.PARTIES,
        fact="has_intermediaries",
        clause="C4a",
        title=_("Does anybody else sell, install, pay for, receive or run it?"),
        hint=_("Resellers, integrators, forwarders, partners."),
        error=_("Say yes or no"),
    ),
    Question(
        number="2.1",
        slug="customer",
        section=2,
        kind=Kind.TEXT,
        longest=200,
        fact="customer_name",
        clause="C4",
        title=_("Who signs the contract?"),
        hint=_("Legal name."),
        error=_("Enter the customer's legal name"),
        too_long=_("Name must be 200 characters or fewer"),
    ),
    Question(
        number="2.2",
        slug="customer-country",
        section=2,
        kind=Kind.COUNTRY,
        clause="C4",
        title=_("Where is the customer registered?"),
        error=_("Select a country"),
    ),
    Question(
        number="2.3",
        slug="end-user",
        section=2,
        kind=Kind.END_USER,
        choices="end_user_type",
        fact="end_user_type",
        clause="C1 to C4",
        unknown=True,
        title=_("Who will use the system day to day?"),
        hint=_(
            "Not always who pays. “Intelligence or security” includes units that watch people"
            " or content."
        ),
        error=_("Select who will use the system"),
    ),
    Question(
        number="2.4",
        slug="end-user-name",
        section=2,
        kind=Kind.TEXT,
        longest=200,
        fact="end_user_name",
        clause="C3b, C4a",
        title=_("What is the end user called?"),
        hint=_("Write “unknown” when nobody knows yet. You are asked again before a decision."),
        error=_("Enter the end user's name"),
        too_long=_("Name must be 200 characters or fewer"),
        stays=True,
        shown=lambda answers, context: not end_user_is_customer(answers),
    ),
    Question(
        number="2.4b",
        slug="customer-kind",
        section=2,
        kind=Kind.CHOICE,
        choices="customer_type",
        fact="has_intermediaries",
        clause="C3, C4",
        unknown=True,
        title=_("What kind of organisation signs?"),
        error=_("Select what kind of organisation signs"),
        shown=_only_signs,
    ),
    Question(
        number="2.5",
        slug="state-owned",
        section=2,
        kind=Kind.CHOICE,
        choices="yes_no",
        fact="end_user_type",
        clause="C3, C4",
        unknown=True,
        title=_("Does a state own or control the end user?"),
        hint=_("More than 50 %, or it appoints the head."),
        error=YES_NO,
        shown=_may_be_state_owned,
    ),
    Question(
        number="2.6",
        slug="intelligence-access",
        section=2,
        kind=Kind.CHOICE,
        choices="yes_no",
        fact="agency_access",
        clause="C3b",
        unknown=True,
        title=_(
            "Will an intelligence agency or similar body be able to use it, directly or through"
            " the end user?"
        ),
        error=YES_NO,
        stays=True,
        shown=_may_reach_intelligence,
    ),
    Question(
        number="3.1",
        slug="countries",
        section=3,
        kind=Kind.COUNTRIES,
        fact="country_risk",
        clause="C4b",
        title=_("In which countries will it be installed?"),
        hint=_("Add all, with region or site. Send each call-off of a frame agreement separately."),
        error=_("Add at least one country"),
    ),
    Question(
        number="3.1b",
        slug=OTHER_PLACES,
        section=3,
        kind=Kind.ELSEWHERE,
        fact="country_risk",
        clause="C4, C4b",
        unknown=True,
        title=_("Will it be run from another country, keep its records there, or be moved there?"),
        hint=_("Also where it may be resold to. Each country that you name counts alike."),
        error=YES_NO,
        detail=_("Name the countries that you know of"),
        shown=_may_be_elsewhere,
    ),
    Question(
        number="3.2",
        slug="run-from",
        section=3,
        kind=Kind.PLACES,
        fact="country_risk",
        clause="C4b",
        unknown=True,
        title=_("From which country will it be run, and where are its records kept?"),
        error=_("Select a country or I do not know"),
        shown=_once_answered("run-from"),
    ),
    Question(
        number="3.3",
        slug="elsewhere",
        section=3,
        kind=Kind.ELSEWHERE,
        fact="country_risk",
        clause="C4",
        unknown=True,
        title=_("Could it be moved or resold elsewhere?"),
        error=YES_NO,
        detail=_("Name the countries that you know of"),
        shown=_once_answered("elsewhere"),
    ),
    Question(
        number="3.4",
        slug="territories",
        section=3,
        kind=Kind.TERRITORIES,
        fact="in_special_territory",
        clause="C4",
        unknown=True,
        title=_("Is any of it in one of these territories?"),
        hint=_(
            "Where it is installed, run from or moved to, where its records are kept, or where a"
            " party to the deal is registered. A state's rating says nothing about them."
        ),
        error=_("Say where it is, or that you do not know"),
        shown=lambda answers, context: bool(context.beside),
    ),
    Question(
        number="4.1",
        slug="description",
        section=4,
        kind=Kind.LONG_TEXT,
        longest=2000,
        clause="C1",
        title=_("What is the purpose, in the customer's words?"),
        hint=_("Quote the tender if you can."),
        error=_("Enter the purpose"),
        too_long=_("Purpose must be 2000 characters or fewer"),
    ),
    Question(
        number="4.2",
        slug="purposes",
        section=4,
        kind=Kind.CHOICES,
        choices="purpose",
        fact="purpose",
        clause="C1, C3",
        unknown=True,
        title=_("Which of these is it for?"),
        hint=_("Tick all that apply."),
        error=_("Select at least one"),
    ),
    Question(
        number="4.3",
        slug="handover",
        section=4,
        kind=Kind.CHOICE,
        choices="handover",
        fact="abilities_declared",
        clause="C2",
        unknown=True,
        title=_("Does it hand over communications to the authorities?"),
        hint=_("Lawful interception."),
        error=_("Select one"),
        stays=True,
        shown=_may_intercept,
    ),
    Question(
        number="4.4",
        slug="obligation",
        section=4,
        kind=Kind.CHOICE,
        choices="yes_no",
        fact="legal_obligation",
        clause="C2a",
        unknown=True,
        title=_("Does a law or licence oblige the customer to do this?"),
        hint=_("The customer, not the authority."),
        error=YES_NO,
        shown=_needs_a_law,
    ),
    Question(
        number="4.4b",
        slug="legal-basis",
        section=4,
        kind=Kind.BASIS,
        fact="legal_basis_status",
        clause="C2a",
        title=_("Which law or licence?"),
        hint=_("Nobody has to check a law of the register again, if it fits."),
        error=_("Select the law, another law, or not known yet"),
        shown=lambda answers, context: (
            _needs_a_law(answers, context) and answers.get("obligation") == "yes"
        ),
    ),
    Question(
        number="4.5",
        slug="stores",
        section=4,
        kind=Kind.CHOICE,
        choices="as_sold",
        fact="abilities_declared",
        clause="C2b",
        unknown=True,
        title=_("As sold, can it store what is intercepted?"),
        hint=_("Count features that are switched off but can be switched on."),
        error=_("Select one"),
        stays=True,
        shown=_hands_over,
    ),
    Question(
        number="4.6",
        slug="analyses",
        section=4,
        kind=Kind.CHOICE,
        choices="as_sold",
        fact="abilities_declared",
        clause="C2b",
        unknown=True,
        title=_("As sold, can it analyse what is intercepted?"),
        hint=_("Search, profile, match, score."),
        error=_("Select one"),
        stays=True,
        shown=_hands_over,
    ),
    Question(
        number="4.7",
        slug="restricts",
        section=4,
        kind=Kind.DETAIL,
        fact="abilities_declared",
        clause="C1",
        unknown=True,
        title=_("Can it block, slow or change what people say or read?"),
        hint=_("Who owns the list, and who can appeal?"),
        error=YES_NO,
        detail=_("What for?"),
        choices="list_owner",
        stays=True,
        shown=_may_restrict,
    ),
    Question(
        number="4.8",
        slug="follows",
        section=4,
        kind=Kind.DETAIL,
        fact="abilities_declared",
        clause="C1, C3",
        unknown=True,
        title=_("Can it follow, find or recognise individual people?"),
        hint=_("Cameras, faces, numbers, phones."),
        error=YES_NO,
        detail=_("What for?"),
        stays=True,
        shown=_may_follow,
    ),
    Question(
        number="4.9",
        slug="limits-speech",
        section=4,
        kind=Kind.DETAIL,
        fact="speech_limit_request",
        clause="C1",
        unknown=True,
        answers="speech_request",
        title=_(
            "Has anybody asked for a change that would limit political speech, protest or the"
            " press?"
        ),
        hint=_("Also if we refused."),
        error=_("Select what was asked for, or I do not know"),
        detail=_("What was asked, and when?"),
    ),
    Question(
        number="4.10",
        slug="law-conflict",
        section=4,
        kind=Kind.DETAIL,
        fact="law_conflict",
        clause="C5",
        unknown=True,
        title=_(
            "Does local law ask for something that international human rights standards do not"
            " allow?"
        ),
        hint=_("Ask your legal contact; “I do not know” is fine."),
        error=YES_NO,
        detail=_("What does it ask for?"),
        stays=True,
        shown=_may_conflict,
    ),
    Question(
        number="5.1",
        slug="reports",
        section=5,
        kind=Kind.DETAIL,
        fact="adverse_info",
        clause="C4a",
        unknown=True,
        title=_("Do you know of reports that the customer or end user misused technology?"),
        hint=_("Press, courts, NGOs, sanctions."),
        error=YES_NO,
        detail=_("What do they say? Add links if you have them"),
    ),
    Question(
        number="5.2",
        slug="safeguards",
        section=5,
        kind=Kind.CHOICES,
        choices="safeguard",
        clause="C4",
        title=_("What will limit misuse?"),
        hint=_("Choose what is really in the offer."),
        error=_('Select at least one, or "None"'),
        shown=lambda answers, context: bool(context.findings),
    ),
    Question(
        number="5.3",
        slug="value",
        section=5,
        kind=Kind.MONEY,
        title=_("What is it worth?"),
        hint=_("An estimate is fine."),
        error=_("Enter the value, like 1 200 000"),
        shown=_is_looked_at("value"),
    ),
    Question(
        number="5.4",
        slug="sign-date",
        section=5,
        kind=Kind.DATE,
        title=_("When do you expect to sign?"),
        hint=_("This sets the review date. It rushes nobody. For example, 31 3 2027."),
        error=_("Enter a date after today"),
        shown=_is_looked_at("sign-date"),
    ),
    Question(
        number="6.3",
        slug=DECLARATION,
        section=6,
        kind=Kind.CONFIRM,
        title=_("I have told you what I know. I understand that changes are kept."),
        error=_("Confirm the declaration to send"),
    ),
)
