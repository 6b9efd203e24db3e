"""What is said of single capabilities, whichever product has them.

The codes are those of Annex I to Regulation (EU) 2021/821, the EU list of dual-use items, which
takes them over from the Wassenaar Arrangement. How a product of the catalogue is controlled
stands with the product; these entries speak for the lines that it does not know.
"""

#: Capability → the entry of the control list that speaks of it.
CONTROL_LIST = {
    "imsi_catcher": "5A001.f",
    "mass_interception": "5A001.j",
    "intrusion_spyware": "4D004",
    "device_forensics": "5A004.b",
    "monitoring_centre": "5D001.e",
    "intercept_analysis": "5D001.e",
}
#: Capabilities that ask by themselves for power over people without a court (clause C5).
LAW_SIGNS = ("direct_access_li", "shutdown_control")
#: Whoever delivers one of the first together with one of the second must say what the storage is
#: for; until then the deal may keep and analyse what is intercepted. Rulebook 1.1 asks for it.
HANDS_OVER = frozenset({"li_mediation", "li_administration", "direct_access_li"})
STORAGE = frozenset({"generic_storage", "general_compute", "data_centre_fabric"})
#: What does nothing by itself: it is a part of some other system.
PARTS = STORAGE | {"spare_parts"}
KEPT = ("stores_intercepted", "analyses_intercepted")
#: What a vendor of surveillance systems may bring with it.
INTEGRATION = "active_surveillance_integration"
#: A line that nobody has looked at yet.
NOT_CLASSIFIED = "unclassified"
#: Recognises faces in public.
RECOGNISES = "remote_biometric_id"
