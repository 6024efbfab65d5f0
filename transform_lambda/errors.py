"""MODEL, GATE, ALERT: the errors, named after who must act. Anything else is a bug and propagates.

A gate that fails is no error: it is an outcome (see `results.py`).
"""


class TransientError(Exception):
    """Something that may well succeed on the next attempt; the state machine retries it by this name."""


class ConfigError(Exception):
    """The deployment is wrong (a missing variable, the wrong warehouse user): the operator must act."""
