from django.db import migrations, models

# The vocabulary as it stood when this was written: a choice with its values, a set of flags with
# its members, yes or no as None. A migration never imports live code; `makemigrations --check`
# compares what it made with the vocabulary of today.
FACTS = {
    "country_risk": (
        "low", "medium", "high", "very_high", "unrated",
    ),
    "in_special_territory": None,
    "destination_named": None,
    "end_user_type": (
        "commercial_operator", "state_operator", "private_enterprise", "utility",
        "rail_operator", "municipality", "civil_government", "telecom_regulator",
        "emergency_services", "law_enforcement", "military", "intelligence_security",
        "unknown",
    ),
    "end_user_named": None,
    "capabilities": [
        "monitoring_centre", "intercept_storage", "intercept_analysis",
        "mass_interception", "imsi_catcher", "intrusion_spyware", "decryption_mitm",
        "covert_location_tracking", "signalling_exploitation", "retention_analytics",
        "active_surveillance_integration", "li_interface", "li_mediation",
        "li_administration", "direct_access_li", "data_retention", "lawful_disclosure",
        "url_content_filtering", "dpi_blocking", "keyword_message_filtering",
        "circumvention_blocking", "shutdown_control", "remote_biometric_id",
        "device_forensics", "social_media_monitoring", "dpi_traffic_management",
        "subscriber_analytics_individual", "location_platform", "video_surveillance",
        "anpr", "drone_video", "sms_content_inspection", "managed_access_system", "ran",
        "mobile_core", "ip_routing", "optical_transport", "submarine_cable",
        "microwave", "fixed_access", "satellite_backhaul", "oss_bss",
        "private_wireless", "railway_comms", "public_safety_radio",
        "mission_critical_ptt", "enterprise_telephony", "emergency_alerting",
        "emergency_location", "smart_metering", "iot_connectivity",
        "network_analytics_aggregate", "signalling_firewall", "ddos_protection",
        "enterprise_security_gateway", "parental_control_subscriber",
        "data_centre_fabric", "generic_storage", "general_compute", "spare_parts",
        "unclassified",
    ],
    "services": [
        "supply", "installation", "integration", "support_maintenance", "training",
        "managed_services", "li_managed_operation", "custom_development",
        "data_hosting", "change_request", "capacity_expansion", "consulting",
    ],
    "has_intermediaries": None,
    "purpose": (
        "commercial_service", "enterprise_internal", "public_safety",
        "railway_operations", "smart_city", "utility_operations", "emergency_alerting",
        "li_compliance", "data_retention_compliance", "traffic_management",
        "network_security", "child_protection", "court_ordered_blocking",
        "content_blocking_state_list", "crime_investigation",
        "national_security_monitoring", "political_content_control",
        "population_monitoring", "group_profiling", "protest_monitoring",
        "defence_communications", "border_control", "health_emergency", "research_test",
        "other",
    ),
    "purpose_stated": None,
    "legal_obligation": None,
    "legal_obligation_stated": None,
    "legal_basis_status": (
        "none", "cited", "verified",
    ),
    "law_conflict": None,
    "adverse_info": (
        "none", "alleged", "confirmed",
    ),
    "export_control": (
        "not_controlled", "licence_granted", "licence_required", "prohibited", "denied",
    ),
    "fact_conflict": None,
    "answers_complete": None,
}


def columns():
    for fact, values in FACTS.items():
        if isinstance(values, tuple):
            choices = [(value, value) for value in values]
            yield fact, models.TextField(choices=choices, null=True, db_column=fact)
        else:
            for member in values or ("",):
                column = f"{fact}__{member}" if member else fact
                name = column.replace("__", "_")
                yield name, models.BooleanField(null=True, db_column=column)


FROZEN = """
CREATE TRIGGER refuse_change BEFORE UPDATE OR DELETE ON deal_facts
    FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER refuse_truncate BEFORE TRUNCATE ON deal_facts
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
ALTER TABLE deal_facts ENABLE ALWAYS TRIGGER refuse_change;
ALTER TABLE deal_facts ENABLE ALWAYS TRIGGER refuse_truncate;
DO $$ BEGIN
    IF EXISTS (SELECT FROM pg_roles WHERE rolname = 'proviso_app') THEN
        REVOKE UPDATE, DELETE, TRUNCATE ON deal_facts FROM proviso_app;
    END IF;
END $$;
"""


class Migration(migrations.Migration):
    dependencies = [("screening", "0002_guards"), ("audit", "0002_append_only")]
    operations = [
        migrations.CreateModel(
            name="DealFacts",
            fields=[
                (
                    "pk",
                    models.CompositePrimaryKey(
                        "screening_id", "variant", primary_key=True, serialize=False
                    ),
                ),
                (
                    "screening",
                    models.ForeignKey(
                        "screening.Screening",
                        on_delete=models.PROTECT,
                        db_index=False,
                        related_name="+",
                    ),
                ),
                ("variant", models.PositiveSmallIntegerField()),
                *columns(),
            ],
            options={"db_table": "deal_facts"},
        ),
        migrations.RunSQL(FROZEN, migrations.RunSQL.noop),
    ]
