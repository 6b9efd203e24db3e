"""The policy engine: reads a rulebook, screens deals, proves, replays. Pure Python, no Django.

    from policy.engine.language.reading import ReadingError, read_rulebook, read_vocabulary
    from policy.engine.language.facts import FactError
    from policy.engine.readings.compiled import compile_rulebook
    from policy.engine.readings.assessment import combine
    from policy.engine.readings.reference import assess
    from policy.engine.readings.replay import replay

    vocabulary = read_vocabulary(text, file="vocabulary.yaml")          # ReadingError: .problems
    rulebook = read_rulebook(text, vocabulary, file="rulebook.yaml")    # file:line:column: what
    rulebook.digest                        # "sha256:…", covers the vocabulary
    read_canonical(rulebook.canonical)     # the same rulebook again, vocabulary included

    facts = vocabulary.parse({             # FactError: .problems
        "country_risk": "high",            # choice: a value; None or left out: unknown
        "capabilities": ["ran"],           # flags: exactly these, all others surely absent
        "services": {"yes": ["supply"], "unknown": ["training"]},   # flags, partly answered
        "legal_obligation": None,          # yes/no: True, False or None
    })
    facts.text, facts.digest               # canonical JSON and its "sha256:…"
    facts["country_risk"], facts.has("services", "training"), facts.replace(country_risk="low")

    compiled = compile_rulebook(rulebook)  # keep it; takes some milliseconds
    compiled.outcome(facts)                # "needs_information"; the fastest
    compiled.verdict(facts)                # (outcome, fired, open), rules by id
    compiled.verdict_of({…})               # the same from plain facts, read and screened at once
    compiled.assess(facts)                 # Assessment with findings; as assess(rulebook, facts)
    combine([assessment, …])               # one deal screened in several variants
    replay(compiled, facts_text=…, facts_digest=…, rulebook_digest=…, outcome=…)  # or Mismatch

An Assessment has outcome, fired, open, missing, review_floor (or None) and findings; a Finding has
rule, clause, outcome, because, facts, evidence, title and asks.
"""
