"""Requests held to AWS's own models of its services, as botocore has them.

In: a request's JSON. Out: nothing, or an ApiError with AWS's error type. It is imported by the first request: botocore
takes longer to load than the local Redshift to start.
"""

from __future__ import annotations

import re
from functools import cache
from typing import Any

import botocore.session
from botocore.model import ServiceModel, Shape, StructureShape
from botocore.validate import ParamValidator

from local.redshift.data_statement import Request
from local.redshift.data_validation import invalid


@cache
def load_model(service: str) -> ServiceModel:
    """Return botocore's model of a service."""
    description = botocore.session.get_session().get_component("data_loader").load_service_model(service, "service-2")
    return ServiceModel(description, service)


def input_shape(model: ServiceModel, operation: str) -> StructureShape:
    """Return the shape of an operation's request."""
    shape = model.operation_model(operation).input_shape
    return shape if shape is not None else StructureShape(operation, {"type": "structure", "members": {}})


def check_shape(service: str, operation: str, request: Request) -> None:
    """Check names, types and bounds against a service's model.

    Raises:
        ApiError: ValidationException.
    """
    shape = input_shape(load_model(service), operation)
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
