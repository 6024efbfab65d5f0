"""From the tree of a statement to the SQL that PostgreSQL reads: `rules.py` lists which rule writes which node."""
