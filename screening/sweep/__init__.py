"""Many stored deals at once: screened again, confirmed in place, back-tested."""
