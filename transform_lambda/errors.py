"""MODEL, GATE, ALERT: the errors, named after who must act. Anything else is a bug and propagates.

A gate that fails is no error: it is an outcome (see `results.py`).
"""


class TransientError(Exception):
    """Something that may well succeed on the next attempt; the state machine retries it by this name."""


class ConfigError(Exception):
    """The deployment is wrong (a missing variable, the wrong warehouse user): the operator must act."""


class UnreadableError(ConfigError):
    """The warehouse has not what is asked for, or does not show it: somebody dropped a table, a column or a grant.

    `said`: the server's own words, which name what is not there and quote no value of a row.
    """

    def __init__(self, message: str, said: str = "") -> None:
        super().__init__(message)
        self.said = said or message


def sqlstate(error: Exception) -> str | None:
    """Return the SQLSTATE of an error that the server sent: the driver's has the fields of its message.

    >>> sqlstate(Exception({"C": "42P01"})), sqlstate(Exception("broken pipe"))
    ('42P01', None)
    """
    fields = error.args[0] if error.args else None
    return fields.get("C") if isinstance(fields, dict) else None
