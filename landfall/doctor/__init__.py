"""OPERATE: is everything in place? One check a part of the chain, each finding with its remedy."""
