"""OPERATE: the demonstration. The whole path with real parts, each step checked against what was expected of it."""
