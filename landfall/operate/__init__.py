"""OPERATE: what the commands do, apart from how they speak."""
