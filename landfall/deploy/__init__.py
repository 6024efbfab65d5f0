"""OPERATE: a deployment, from the sources to a stack that lands files."""
