"""Pages of the policy. Each view fetches, asks one action, and answers."""
