"""Requests to the Data API, held to the rules that its pages state (service_models.py: to AWS's own model).

In: a request's JSON. Out: nothing, or an ApiError with AWS's error type.
"""

from __future__ import annotations

from local.redshift.data_statement import Request, parameter_names

STATEMENT_BYTES = 100_000  # https://docs.aws.amazon.com/redshift/latest/mgmt/data-api.html: a query is at most 100 KB
_SESSION_EXCLUDES = ("ClusterIdentifier", "WorkgroupName", "Database", "DbUser", "SecretArn")


class ApiError(Exception):
    """An error answer: its AWS type, message and further members."""

    def __init__(self, kind: str, message: str, **members: str) -> None:
        super().__init__(message)
        self.kind = kind
        self.body = {"__type": kind, "Message": message, **members}


def invalid(message: str) -> ApiError:
    """Return a ValidationException."""
    return ApiError("ValidationException", message)


def not_found(message: str, resource_id: str) -> ApiError:
    """Return a ResourceNotFoundException."""
    return ApiError("ResourceNotFoundException", message, ResourceId=resource_id)


def check_execution(request: Request, sqls: list[str]) -> None:
    """Check what a request to run SQL must hold beyond its shape.

    Raises:
        ApiError: ValidationException.
    """
    for sql in sqls:
        if not sql.strip():
            raise invalid("Sql must not be empty")
        if len(sql.encode()) > STATEMENT_BYTES:
            raise invalid(f"Statement is larger than {STATEMENT_BYTES} bytes")
    _check_parameters(request, sqls)
    if request.get("WithEvent"):
        raise invalid("WithEvent is not offered by the local Redshift")
    if request.get("ResultFormat", "JSON") != "JSON":
        raise invalid("ResultFormat CSV is not offered by the local Redshift")
    if request.get("SessionId"):
        given = [name for name in _SESSION_EXCLUDES if request.get(name)]
        if given:
            raise invalid(f"{', '.join(given)} cannot be given with SessionId: the session has its own connection")
        return
    if not request.get("Database"):
        raise invalid("Database name is required")
    if not request.get("SecretArn"):
        raise invalid("SecretArn is required: temporary credentials are not offered by the local Redshift")
    if not request.get("WorkgroupName") and not request.get("ClusterIdentifier"):
        raise invalid("Either ClusterIdentifier or WorkgroupName is required")
    if request.get("WorkgroupName") and request.get("ClusterIdentifier"):
        raise invalid("ClusterIdentifier and WorkgroupName cannot be given together")


def _check_parameters(request: Request, sqls: list[str]) -> None:
    """Parameters are strings that are not empty; each must be used, and each one used must be given."""
    given = [parameter["name"] for parameter in request.get("Parameters") or []]
    if any(not parameter["value"] for parameter in request.get("Parameters") or []):
        raise invalid("Parameter values must not be empty")
    if len(set(given)) != len(given):
        raise invalid("Duplicate parameter names")
    used = set().union(*(parameter_names(sql) for sql in sqls))
    if set(given) - used:
        raise invalid(f"Parameters not used in the statement: {', '.join(sorted(set(given) - used))}")
    if used - set(given):
        raise invalid(f"Parameters without a value: {', '.join(sorted(used - set(given)))}")
