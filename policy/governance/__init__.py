"""Versions of the policy: proposed, checked, proved, scheduled and activated."""
