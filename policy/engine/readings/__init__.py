"""What a rulebook says about a deal: the reference meaning, and readings that agree with it."""
