"""Rulebook 1.1 as somebody would write it by hand in Python, for answered deals only.

It gives the outcome and the rules that fired, on plain values and sets, and knows nothing of
unknown facts, reasons or versions. It is the yardstick of speed, not a way to screen.
"""

from collections.abc import Mapping
from typing import Any

ACTIVE = frozenset(
    {
        "monitoring_centre",
        "intercept_storage",
        "intercept_analysis",
        "mass_interception",
        "imsi_catcher",
        "intrusion_spyware",
        "decryption_mitm",
        "covert_location_tracking",
        "signalling_exploitation",
        "retention_analytics",
        "active_surveillance_integration",
    }
)
PASSIVE = frozenset({"li_interface", "li_mediation", "li_administration"})
DIRECT = frozenset({"direct_access_li"})
RECORDS = frozenset({"data_retention", "lawful_disclosure"})
RESTRICTS = frozenset(
    {
        "url_content_filtering",
        "dpi_blocking",
        "keyword_message_filtering",
        "circumvention_blocking",
        "shutdown_control",
    }
)
BIOMETRIC = frozenset({"remote_biometric_id"})
FORENSIC = frozenset({"device_forensics", "social_media_monitoring"})
DUAL = frozenset(
    {
        "dpi_traffic_management",
        "subscriber_analytics_individual",
        "location_platform",
        "sms_content_inspection",
        "managed_access_system",
    }
)
CAMERAS = frozenset({"video_surveillance", "anpr", "drone_video"})
STANDARD = frozenset(
    {
        "ran",
        "mobile_core",
        "ip_routing",
        "optical_transport",
        "submarine_cable",
        "microwave",
        "fixed_access",
        "satellite_backhaul",
        "oss_bss",
        "private_wireless",
        "railway_comms",
        "public_safety_radio",
        "mission_critical_ptt",
        "enterprise_telephony",
        "emergency_alerting",
        "emergency_location",
        "smart_metering",
        "iot_connectivity",
        "network_analytics_aggregate",
        "signalling_firewall",
        "ddos_protection",
        "enterprise_security_gateway",
        "parental_control_subscriber",
        "data_centre_fabric",
        "generic_storage",
        "general_compute",
        "spare_parts",
    }
)
BEYOND = ACTIVE | PASSIVE | DIRECT | RECORDS | RESTRICTS | BIOMETRIC | FORENSIC | DUAL
CLASSIFIED = BEYOND | CAMERAS | STANDARD
LOCATES = frozenset({"subscriber_analytics_individual", "location_platform"})
HIGH = frozenset({"high", "very_high", "unrated"})
HIGHEST = frozenset({"very_high", "unrated"})
FORCE = frozenset({"law_enforcement", "military", "intelligence_security"})
GOVERNMENT = FORCE | {"municipality", "civil_government", "telecom_regulator", "emergency_services"}
SPYING = frozenset(
    {
        "national_security_monitoring",
        "crime_investigation",
        "li_compliance",
        "population_monitoring",
        "protest_monitoring",
        "group_profiling",
    }
)
AUTHORITIES = GOVERNMENT - {"intelligence_security"}
NETWORKS = frozenset({"commercial_operator", "state_operator"})
HANDOVER = frozenset({"li_mediation", "li_administration"}) | DIRECT
OPERATED = frozenset({"managed_services", "data_hosting", "custom_development"})
KEEPS = frozenset({"stores_intercepted", "analyses_intercepted"})
WATCHING = frozenset({"population_monitoring", "group_profiling", "protest_monitoring"})


def prepared(plain: Mapping[str, Any]) -> Mapping[str, Any]:
    """The form that `screen` takes."""
    return {
        **plain,
        "capabilities": frozenset(plain["capabilities"]),
        "abilities_declared": frozenset(plain["abilities_declared"]),
    }


def screen(deal: Mapping[str, Any]) -> tuple[str, list[str]]:
    """Outcome, and the ids of the rules that fired, of a deal whose every fact is answered."""
    has = deal["capabilities"]
    user, risk, purpose = deal["end_user_type"], deal["country_risk"], deal["purpose"]
    adverse, export = deal["adverse_info"], deal["export_control"]
    says = deal["abilities_declared"]
    spy, high = user == "intelligence_security", risk in HIGH
    authority = user in AUTHORITIES
    active = not (has.isdisjoint(ACTIVE) and says.isdisjoint(KEEPS))
    direct = "hands_over_more" in says or not has.isdisjoint(DIRECT)
    records = not has.isdisjoint(RECORDS)
    passive = not has.isdisjoint(PASSIVE)
    lawful = passive or direct or records
    restricts = "restricts_content" in says or not has.isdisjoint(RESTRICTS)
    biometric = not has.isdisjoint(BIOMETRIC)
    follows = "follows_people" in says or not has.isdisjoint(DUAL)
    dual = follows or not has.isdisjoint(CAMERAS)
    beyond = active or lawful or restricts or follows or not has.isdisjoint(BEYOND)
    surveils = beyond or dual
    handover = direct or not has.isdisjoint(HANDOVER)
    speech = deal["speech_limit_request"]
    by_list = purpose == "content_blocking_state_list"
    fired: list[str] = []
    add = fired.append
    if active:
        add("B01")
    if spy and beyond:
        add("B02")
    if spy and purpose in SPYING:
        add("B03")
    if purpose == "political_content_control":
        add("B04")
    if purpose in WATCHING:
        add("B05")
    if by_list and high:
        add("B06")
    if lawful and not deal["legal_obligation"]:
        add("B07")
    if adverse == "confirmed" and surveils:
        add("B08")
    if export in ("prohibited", "denied"):
        add("B09")
    if handover and authority:
        add("B10")
    if speech == "included":
        add("B11")
    bars = len(fired)
    if lawful and (
        not deal["legal_obligation_stated"]
        or (deal["legal_obligation"] and deal["legal_basis_status"] == "none")
    ):
        add("I01")
    if user == "unknown" or not deal["end_user_named"]:
        add("I02")
    if not deal["destination_named"]:
        add("I03")
    if (restricts or biometric or follows) and (not deal["purpose_stated"] or purpose == "other"):
        add("I04")
    if not deal["purpose_stated"]:
        add("I05")
    if "unclassified" in has or has.isdisjoint(CLASSIFIED):
        add("I06")
    if deal["fact_conflict"]:
        add("I07")
    if export == "licence_required":
        add("I08")
    if lawful and deal["legal_obligation"] and deal["legal_basis_status"] == "cited":
        add("I09")
    if not deal["answers_complete"]:
        add("I10")
    asks = len(fired)
    if direct:
        add("E01")
    if passive and risk in HIGHEST:
        add("E02")
    if "li_managed_operation" in deal["services"] or (
        (handover or records) and not OPERATED.isdisjoint(deal["services"])
    ):
        add("E03")
    if spy:
        add("E04")
    if biometric and risk != "low":
        add("E05")
    if restricts and high:
        add("E06")
    if restricts and by_list:
        add("E07")
    if records and high:
        add("E08")
    if deal["law_conflict"]:
        add("E09")
    if not has.isdisjoint(FORENSIC):
        add("E10")
    if deal["in_special_territory"]:
        add("E11")
    if adverse == "confirmed" or (adverse == "alleged" and surveils):
        add("E12")
    if dual and user in FORCE and high:
        add("E13")
    if user == "military" and high:
        add("E14")
    if deal["agency_access"] == "yes":
        add("E15")
    if speech == "refused":
        add("E16")
    if by_list:
        add("E17")
    if purpose == "national_security_monitoring":
        add("E18")
    if records and authority:
        add("E19")
    executive = len(fired)
    if high:
        add("S01")
    if passive and risk == "medium":
        add("S02")
    if records:
        add("S03")
    if restricts:
        add("S04")
    if biometric:
        add("S05")
    if dual and risk == "medium":
        add("S06")
    if dual and user in FORCE:
        add("S07")
    if deal["has_intermediaries"] and surveils:
        add("S08")
    if user == "military":
        add("S09")
    if adverse == "alleged":
        add("S10")
    if "change_request" in deal["services"] and surveils:
        add("S11")
    if user in GOVERNMENT and not has.isdisjoint(LOCATES):
        add("S12")
    if purpose == "crime_investigation":
        add("S13")
    if purpose in ("defence_communications", "border_control"):
        add("S14")
    if deal["follows_stopped_deal"]:
        add("S15")
    if deal["eased_by_ruling"]:
        add("S16")
    if follows and user not in NETWORKS:
        add("S17")
    if "li_interface" in has and authority:
        add("S18")
    if bars:
        return "bar", fired
    if asks:
        return "needs_information", fired
    if executive > asks:
        return "executive_review", fired
    return ("senior_review" if fired else "clear"), fired
