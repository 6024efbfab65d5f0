"""LAND, load: the staged objects, the transaction that lands them, and what became of each file."""
