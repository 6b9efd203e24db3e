"""The policy in words: clauses, evidence, and the glossary."""
