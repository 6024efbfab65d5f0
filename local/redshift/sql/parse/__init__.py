"""From the text of a statement to its tree, or to a syntax error: `statements.py` begins."""
