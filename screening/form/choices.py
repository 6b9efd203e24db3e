"""The words of the form's choices: value, label, hint. The values of facts are the vocabulary's."""

from collections.abc import Mapping, Sequence
from typing import Any

from django.utils.translation import gettext_lazy as _

#: Text, or text that is translated when it is shown.
Text = Any
Row = tuple[str, Text, Text]

_END_USERS: Sequence[Row] = (
    (
        "commercial_operator",
        _("Commercial operator"),
        _("A company licensed to sell phone or internet service to the public."),
    ),
    ("state_operator", _("State-owned operator"), _("The same, owned or controlled by a state.")),
    (
        "private_enterprise",
        _("Private enterprise"),
        _("A factory, mine, port, bank or any other company, for its own use."),
    ),
    ("utility", _("Utility"), _("Electricity, gas or water.")),
    ("rail_operator", _("Rail operator"), _("Railways and metros.")),
    ("municipality", _("Municipality"), _("A city, town or district.")),
    (
        "civil_government",
        _("Civil government body"),
        _("A ministry or agency that has no police, military or intelligence tasks."),
    ),
    ("telecom_regulator", _("Telecom regulator"), ""),
    ("emergency_services", _("Emergency service"), _("Fire, ambulance, civil protection.")),
    ("law_enforcement", _("Law-enforcement body"), _("Police, border guard, prisons, customs.")),
    ("military", _("Military body"), ""),
    (
        "intelligence_security",
        _("Intelligence or security body"),
        _("Also units inside a ministry, the police or the army that watch people or content."),
    ),
)

LABELS: Mapping[str, Sequence[Row]] = {
    "yes_no": (("yes", _("Yes"), ""), ("no", _("No"), "")),
    "speech_request": (
        ("no", _("No"), ""),
        ("refused", _("Yes, and we refused"), ""),
        ("included", _("Yes, and it is part of this deal"), ""),
    ),
    "deal_kind": (
        ("new", _("New"), ""),
        ("change", _("Upgrade that changes what it does"), _("New features or functions.")),
        ("capacity", _("Upgrade that only adds capacity"), _("More of the same.")),
        ("support", _("Support, or its renewal"), ""),
        ("trial", _("Trial or test"), ""),
    ),
    "end_user_type": _END_USERS,
    "customer_type": (
        *_END_USERS,
        (
            "reseller_integrator",
            _("Reseller or integrator"),
            _("Buys to sell on, or builds it for somebody else."),
        ),
    ),
    "services": (
        ("supply", _("Supply only"), _("Hardware or software without any other service.")),
        ("installation", _("Installation"), ""),
        ("integration", _("Integration"), _("Connecting it with other systems.")),
        ("support_maintenance", _("Support and maintenance"), _("Also its renewal.")),
        ("training", _("Training"), ""),
        ("managed_services", _("Managed services"), _("We run it for the customer.")),
        (
            "li_managed_operation",
            _("Operating lawful interception"),
            _("Our own people would carry out interceptions."),
        ),
        ("custom_development", _("Custom development"), ""),
        ("data_hosting", _("Data hosting"), ""),
        (
            "change_request",
            _("Change of a delivered system"),
            _("An upgrade that changes what it does: new features or functions."),
        ),
        (
            "capacity_expansion",
            _("More capacity"),
            _("An upgrade of a delivered system that only adds more of the same."),
        ),
        ("consulting", _("Consulting"), ""),
    ),
    "purpose": (
        ("commercial_service", _("Commercial service for subscribers"), ""),
        ("enterprise_internal", _("Internal use in an enterprise"), ""),
        ("public_safety", _("Public safety"), ""),
        ("railway_operations", _("Railway operations"), ""),
        ("smart_city", _("Smart city"), ""),
        ("utility_operations", _("Utility operations"), ""),
        ("emergency_alerting", _("Emergency alerting"), ""),
        ("network_security", _("Network security"), ""),
        ("traffic_management", _("Traffic management"), ""),
        ("li_compliance", _("Compliance with lawful-interception duties"), ""),
        ("data_retention_compliance", _("Compliance with data-retention duties"), ""),
        ("child_protection", _("Child protection"), ""),
        ("court_ordered_blocking", _("Blocking ordered by a court"), ""),
        ("content_blocking_state_list", _("Blocking by a list that the authorities draw up"), ""),
        ("crime_investigation", _("Crime investigation"), ""),
        ("national_security_monitoring", _("Monitoring for national security"), ""),
        ("political_content_control", _("Control of political content"), ""),
        ("population_monitoring", _("Monitoring of the population"), ""),
        ("group_profiling", _("Profiling of groups"), ""),
        ("protest_monitoring", _("Monitoring of protests"), ""),
        ("defence_communications", _("Defence communications"), ""),
        ("border_control", _("Border control"), ""),
        ("health_emergency", _("Health emergency"), ""),
        ("research_test", _("Research or test"), ""),
        ("other", _("Another purpose"), _("Compliance will read what it is.")),
    ),
    "handover": (
        ("no", _("No"), ""),
        (
            "standard",
            _("Yes, standard handover only"),
            _("One person at a time, on an order, by the operator; nothing is kept."),
        ),
        (
            "more",
            _("Yes, more than that"),
            _("Stores, searches, or lets the authorities reach in by themselves."),
        ),
    ),
    "as_sold": (
        ("yes", _("Yes"), ""),
        ("later", _("Only if switched on later"), _("Counts as yes.")),
        ("no", _("No"), ""),
    ),
    "list_owner": (
        ("authorities", _("The authorities draw up the list"), ""),
        ("court", _("A court orders each entry"), ""),
        ("child_protection", _("A body that fights child abuse"), ""),
        ("subscriber", _("The subscriber or enterprise chooses"), ""),
        ("none", _("There is no list"), ""),
    ),
    "safeguard": (
        (
            "features_removed",
            _("Features removed in the build"),
            _("Counts only with proof, checked by compliance."),
        ),
        ("contract_clause", _("A contract clause against misuse"), ""),
        ("audit_right", _("The right to audit"), ""),
        ("access_logging", _("Logging of access"), ""),
        ("training", _("Training for the people who use it"), ""),
        ("remote_off", _("A remote off switch"), ""),
        ("none", _("None"), ""),
    ),
    "party_role": (
        ("reseller", _("Sells it on"), ""),
        ("integrator", _("Installs or integrates it"), ""),
        ("payer", _("Pays for it"), ""),
        ("consignee", _("Receives or forwards it"), ""),
        ("operator", _("Runs it"), ""),
        ("partner", _("Another partner"), ""),
    ),
}

NOT_KNOWN = _("I do not know")
