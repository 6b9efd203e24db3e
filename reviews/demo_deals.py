"""The example deals of the demo: everyday sales, and deals of the public record, retold.

The public-record deals follow what was reported of the years named in their titles; the rest is
simplified. They are examples of what a form holds, not statements about anybody today.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from policy.reference.sites import NONE
from screening.form.questions import Context

#: Answers to questions that only some deals are asked.
OTHERWISE: Mapping[str, Any] = {
    "other-systems": {"answer": "no", "text": ""},
    "value": {"amount": "1500000", "currency": "EUR"},
    "sign-date": "2027-06-30",
    "intermediaries": {"answer": "no", "parties": []},
    "state-owned": "no",
    "intelligence-access": "no",
    "other-places": {"answer": "no", "places": []},
    "handover": "standard",
    "obligation": "yes",
    "legal-basis": {
        "act": "Electronic Communications Act",
        "article": "Article 27",
        "date": "2019-03-01",
        "orders": "A judge, for one person at a time",
    },
    "stores": "no",
    "analyses": "no",
    "restricts": {"answer": "no", "text": "", "owner": ""},
    "follows": {"answer": "no", "text": ""},
    "limits-speech": {"answer": "no", "text": ""},
    "law-conflict": {"answer": "no", "text": ""},
    "reports": {"answer": "no", "text": ""},
    "safeguards": ["contract_clause", "access_logging"],
    "declaration": True,
}


def otherwise(slug: str, context: Context) -> Any:
    """The answer to a question that a deal does not answer itself: the mildest there is."""
    if slug == "territories":
        return {country: [NONE] for country in context.beside}
    if slug == "handover" and not context.lawful:
        # Only what a law obliges the customer to have hands over anything.
        return "no"
    return OTHERWISE[slug]


@dataclass(frozen=True)
class Example:
    """One deal: who sells it, what the form says, what the rulebook must say, what happens then."""

    seller: str
    title: str
    customer: str
    country: str
    end_user: str
    purpose: str
    products: tuple[str, ...]
    outcome: str
    story: str = ""
    services: tuple[str, ...] = ("supply", "installation")
    more: Mapping[str, Any] = field(default_factory=dict)

    def answers(self) -> dict[str, Any]:
        """What this deal answers itself; OTHERWISE holds the rest."""
        return {
            "name": self.title,
            "products": list(self.products),
            "services": list(self.services),
            "customer": self.customer,
            "customer-country": self.country,
            "end-user": {"kind": self.end_user, "is_customer": True},
            "countries": [{"place": self.country, "site": ""}],
            "description": f"{self.title}, as the tender of {self.customer} describes it.",
            "purposes": [self.purpose],
            **self.more,
        }


_RESELLER = {
    "answer": "yes",
    "parties": [{"name": "Levant Network Systems", "role": "reseller", "country": "AE"}],
}
_MONITORS = {"handover": "more", "stores": "yes", "analyses": "yes", "intelligence-access": "yes"}
_BLOCKS = {"restricts": {"answer": "yes", "text": "Sites on a list", "owner": "authorities"}}

EXAMPLES = (
    # Everyday sales that clear.
    Example(
        "sofia",
        "Railway radio for the northern lines",
        "Baltic Rail Infrastructure",
        "PL",
        "rail_operator",
        "railway_operations",
        ("gsm-r", "railway-transport"),
        "clear",
    ),
    Example(
        "sofia",
        "5G radio for Tokyo and Osaka",
        "Sakura Mobile",
        "JP",
        "commercial_operator",
        "commercial_service",
        ("nr-macro", "small-cell"),
        "clear",
    ),
    Example(
        "samuel",
        "Fibre access for the coast",
        "Atlantic Fibre",
        "PT",
        "commercial_operator",
        "commercial_service",
        ("xgs-pon", "ont"),
        "clear",
    ),
    Example(
        "sonja",
        "Private 5G for the port",
        "Port of Zeeland",
        "BE",
        "private_enterprise",
        "enterprise_internal",
        ("private-5g",),
        "clear",
        services=("supply", "integration"),
    ),
    Example(
        "sonja",
        "Public warning by cell broadcast",
        "Hellenic Civil Alert",
        "GR",
        "emergency_services",
        "emergency_alerting",
        ("cell-broadcast",),
        "clear",
    ),
    Example(
        "samuel",
        "Submarine line terminals",
        "Baltic Sea Cable Group",
        "FI",
        "commercial_operator",
        "commercial_service",
        ("submarine-terminal",),
        "clear",
        "lapse",
    ),
    Example(
        "sofia",
        "Voice radio for ambulance and fire",
        "Nordic Rescue Radio",
        "NO",
        "emergency_services",
        "public_safety",
        ("tetra",),
        "clear",
        services=("managed_services", "support_maintenance"),
    ),
    # A law of the register, so nobody has to verify it again.
    Example(
        "sonja",
        "Packet core for the capital region",
        "Saimaa Networks",
        "FI",
        "commercial_operator",
        "commercial_service",
        ("core-epc",),
        "clear",
        more={
            "legal-basis": {
                "laws": [
                    {
                        "law": "fi-917-2014",
                        "cited": "Act on Electronic Communications Services, section 321",
                        "conflict": False,
                    }
                ]
            }
        },
    ),
    # Compliance has to verify the law that was cited.
    Example(
        "sonja",
        "5G core for a new operator",
        "Rheinfunk Mobil",
        "DE",
        "commercial_operator",
        "commercial_service",
        ("core-5gsa", "nr-macro"),
        "needs_information",
        "verify",
    ),
    Example(
        "samuel",
        "Packet core renewal",
        "Lusitania Movil",
        "PT",
        "commercial_operator",
        "commercial_service",
        ("core-epc",),
        "needs_information",
    ),
    Example(
        "sonja",
        "Interception gateway for the licence",
        "Ayeyar Mobile",
        "GH",
        "commercial_operator",
        "li_compliance",
        ("li-gateway",),
        "needs_information",
        "verify",
    ),
    # Sales has to answer.
    Example(
        "samuel",
        "Storage for an unnamed operator (Italy, 2010)",
        "Milano Sistemi",
        "IT",
        "unknown",
        "commercial_service",
        ("storage-array",),
        "needs_information",
        more={
            "customer-kind": "reseller_integrator",
            "end-user": {"kind": "?", "is_customer": False},
            "end-user-name": "unknown",
        },
    ),
    Example(
        "sofia",
        "Routers, use not yet known",
        "Gulf Public Networks",
        "KW",
        "civil_government",
        "?",
        ("ip-core-router",),
        "needs_information",
    ),
    Example(
        "sonja",
        "Module that product management has not classified",
        "Delta Ports",
        "NL",
        "private_enterprise",
        "enterprise_internal",
        ("custom-module",),
        "needs_information",
    ),
    # Senior review: the country.
    Example(
        "sofia",
        "5G radio for Hanoi",
        "Red River Telecom",
        "VN",
        "state_operator",
        "commercial_service",
        ("nr-macro",),
        "senior_review",
        "approve",
    ),
    Example(
        "samuel",
        "Optical transport backbone",
        "Eastern Backbone",
        "CN",
        "state_operator",
        "commercial_service",
        ("dwdm",),
        "senior_review",
    ),
    Example(
        "sonja",
        "Railway voice radio (Ningqi, 2004)",
        "Plateau Railway Bureau",
        "CN",
        "rail_operator",
        "railway_operations",
        ("gsm-r", "tetra"),
        "senior_review",
        "reject",
    ),
    Example(
        "samuel",
        "Cell broadcast for floods",
        "Gulf Flood Warning Centre",
        "AE",
        "emergency_services",
        "emergency_alerting",
        ("cell-broadcast",),
        "senior_review",
        "conditions",
    ),
    Example(
        "sofia",
        "Rural radio network",
        "Nile Valley Mobile",
        "EG",
        "commercial_operator",
        "commercial_service",
        ("lte-macro",),
        "senior_review",
        "claim",
    ),
    Example(
        "sonja",
        "Microwave for mountain villages",
        "Pamir Link",
        "TJ",
        "commercial_operator",
        "commercial_service",
        ("microwave-link",),
        "senior_review",
        "ask",
    ),
    Example(
        "samuel",
        "Billing renewal",
        "Caspian Cell",
        "AZ",
        "commercial_operator",
        "commercial_service",
        ("billing",),
        "senior_review",
        "ask_and_answer",
        services=("support_maintenance",),
    ),
    Example(
        "sofia",
        "Spare parts for radio sites",
        "Zambezi Wireless",
        "ZW",
        "commercial_operator",
        "commercial_service",
        ("spares",),
        "senior_review",
        "withdraw",
        services=("supply",),
    ),
    Example(
        "sonja",
        "Smart metering over private LTE",
        "Bosphorus Power",
        "TR",
        "utility",
        "utility_operations",
        ("private-450", "smart-meters"),
        "senior_review",
        "second_due",
    ),
    Example(
        "samuel",
        "Traffic management in the core network",
        "Andes Conecta",
        "MX",
        "commercial_operator",
        "traffic_management",
        ("dpi-gateway",),
        "senior_review",
    ),
    # Executive review.
    Example(
        "sofia",
        "Core and interception gateway (Iran, 2008)",
        "Second Mobile of Tehran",
        "IR",
        "commercial_operator",
        "li_compliance",
        ("core-gprs", "li-gateway"),
        "needs_information",
        "verify",
    ),
    Example(
        "sonja",
        "Remote console interface (Uzbekistan, 2012)",
        "Silk Road Cell",
        "UZ",
        "commercial_operator",
        "li_compliance",
        ("core-voice", "direct-access"),
        "needs_information",
        "verify",
        more={"handover": "more"},
    ),
    Example(
        "samuel",
        "Phone forensics for the police (Myanmar, 2016)",
        "National Police Force",
        "MM",
        "law_enforcement",
        "crime_investigation",
        ("x-phone-forensics",),
        "needs_information",
        "licensed",
        services=("supply", "training"),
        more={"intermediaries": _RESELLER, "handover": "no"},
    ),
    Example(
        "sofia",
        "Radio for the army",
        "Northern Army Signals",
        "BY",
        "military",
        "defence_communications",
        ("tetra",),
        "executive_review",
        "split",
    ),
    Example(
        "sonja",
        "Office telephony for an intelligence service",
        "State Protection Service",
        "AT",
        "intelligence_security",
        "enterprise_internal",
        ("ip-telephony",),
        "executive_review",
        more={"intelligence-access": "yes"},
    ),
    Example(
        "samuel",
        "Radio in the occupied east of a country",
        "Azov Mobile",
        "UA-43",
        "commercial_operator",
        "commercial_service",
        ("nr-macro",),
        "bar",
        more={"customer-country": "UA", "other-places": {"answer": "yes", "places": ["UA"]}},
    ),
    Example(
        "sonja",
        "Metro radio with senior doubts",
        "Lagoon Metro",
        "VE",
        "rail_operator",
        "railway_operations",
        ("tetra",),
        "senior_review",
        "pass_up",
    ),
    # Stopped by the policy.
    Example(
        "sofia",
        "Monitoring centre beside a GSM network (Iran, 2008)",
        "First Mobile of Iran",
        "IR",
        "state_operator",
        "li_compliance",
        ("core-voice", "x-monitoring-centre"),
        "bar",
        "changed",
        more=_MONITORS,
    ),
    Example(
        "samuel",
        "Bulk probes (Libya, 2007)",
        "Internal Security Agency of Libya",
        "LY",
        "intelligence_security",
        "national_security_monitoring",
        ("x-bulk-probe",),
        "bar",
        services=("supply", "installation", "training"),
        more=_MONITORS,
    ),
    Example(
        "sonja",
        "URL filter renewal (Yemen, 2015)",
        "Yemen Net",
        "YE",
        "state_operator",
        "content_blocking_state_list",
        ("url-filter",),
        "bar",
        services=("support_maintenance",),
        more=_BLOCKS,
    ),
    Example(
        "sofia",
        "Decryption appliance (Kazakhstan, 2012)",
        "National Security Committee",
        "KZ",
        "intelligence_security",
        "national_security_monitoring",
        ("x-tls-decryption",),
        "bar",
        more=_MONITORS,
    ),
    Example(
        "samuel",
        "Cameras with face matching (Xinjiang, 2016)",
        "Regional Public Security",
        "CN-XJ",
        "law_enforcement",
        "group_profiling",
        ("camera-network", "face-matching"),
        "bar",
        more={
            "customer-country": "CN",
            "other-places": {"answer": "yes", "places": ["CN"]},
            "follows": {"answer": "yes", "text": "Faces of people in the street"},
        },
    ),
)

#: Drafts that nobody has sent yet: title, seller, how many answers are there.
DRAFTS: tuple[tuple[str, str, dict[str, Any]], ...] = (
    ("sofia", "Small cells for a stadium", {"products": ["small-cell"], "services": ["supply"]}),
    ("samuel", "Fibre for schools", {"products": ["gpon"], "customer": "Ministry of Education"}),
    ("sonja", "Drone station for a quarry", {}),
)
