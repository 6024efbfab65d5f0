"""Values: their types, and what several of them make together. No rule here knows a node of the tree."""
