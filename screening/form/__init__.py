"""The deal form: its questions as data, the pages that ask them, and what the answers declare."""
