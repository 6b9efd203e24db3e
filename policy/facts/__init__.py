"""From what sales declares to the facts that rules read."""
