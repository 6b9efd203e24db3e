"""The rule language: facts, conditions, and reading both from YAML with line and column."""
