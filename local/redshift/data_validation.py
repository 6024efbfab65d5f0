"""Requests to the Data API, held to AWS's own service model and to the rules that its pages state.

In: a request's JSON. Out: nothing, or an ApiError with AWS's error type.
"""

from __future__ import annotations

import re
from typing import Any

import botocore.session
from botocore.model import ServiceModel, Shape, StructureShape
from botocore.validate import ParamValidator

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


def load_model(service: str = "redshift-data") -> ServiceModel:
    """Return botocore's model of a service."""
    description = botocore.session.get_session().get_component("data_loader").load_service_model(service, "service-2")
    return ServiceModel(description, service)


def input_shape(model: ServiceModel, operation: str) -> StructureShape:
    """Return the shape of an operation's request."""
    shape = model.operation_model(operation).input_shape
    return shape if shape is not None else StructureShape(operation, {"type": "structure", "members": {}})


def check_shape(model: ServiceModel, operation: str, request: Request) -> None:
    """Check names, types and bounds against the service model.

    Raises:
        ApiError: ValidationException.
    """
    shape = input_shape(model, operation)
    unknown = set(request) - set(shape.members)
    if unknown:
        raise invalid(f"Unknown parameters: {', '.join(sorted(unknown))}")
    report = ParamValidator().validate(request, shape)
    if report.has_errors():
        raise invalid(report.generate_report())
    for name, value in request.items():
        _check_bounds(name, value, shape.members[name])


def _check_bounds(name: str, value: Any, shape: Shape) -> None:
    bounds = shape.metadata
    measure = value if shape.type_name == "integer" else len(value) if shape.type_name in ("string", "list") else None
    if measure is not None and not bounds.get("min", measure) <= measure <= bounds.get("max", measure):
        raise invalid(
            f"1 validation error detected: Value at '{name[0].lower() + name[1:]}' failed to satisfy constraint: "
            f"Member must have a value or length between {bounds.get('min', 0)} and {bounds.get('max')}"
        )
    pattern = getattr(shape, "metadata", {}).get("pattern")
    if pattern and isinstance(value, str) and not re.fullmatch(pattern, value):
        raise invalid(f"1 validation error detected: Value '{value}' at '{name}' must satisfy pattern: {pattern}")


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
