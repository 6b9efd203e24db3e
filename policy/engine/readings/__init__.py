"""What a rulebook says of a deal: the reference meaning, and readings that agree with it."""
