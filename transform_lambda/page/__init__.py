"""ALERT: the operator's page: what landed, what became of it and what to do, as one self-contained HTML file.

`questions` has the SQL, `content` makes of answers what is `shown`, `render` writes it, `publish` puts it there.
"""
