"""OPERATE: all SQL text of the operator's commands, as pure functions; names and values are quoted by LAND's builders.

Bookkeeping is one table a dataset, so what spans datasets is one UNION ALL, not a statement each.
"""
