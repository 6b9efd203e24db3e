"""Names: what names somebody, and what a text may not hold."""
