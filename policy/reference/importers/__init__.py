"""Files of the rating sources → normalised rating lists.  Pure Python, no Django, no database."""
