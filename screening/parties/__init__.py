"""Everybody named in a deal, what is known of them, and what two people took back of it."""
