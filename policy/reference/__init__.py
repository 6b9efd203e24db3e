"""Reference data beside the rulebook: products, bodies, destinations, ratings, and their files."""
