"""OPERATE: may an environment have this name? In: a name. Out: nothing, or a refusal.

Names divide deployments: of every bucket, queue, role and right they are a part.
"""

from __future__ import annotations

import re

from ingest_lambda.errors import ConfigError

NAME = re.compile(r"[a-z][a-z0-9-]{0,19}")  # main.yaml's pattern
# Its landing bucket would be the artifact bucket, which all environments of the Region are deployed from.
ARTIFACTS = "artifacts"
# Stacks of infra/delivery are landfall-delivery-<env> (docs/deploy.md): `delivery-<env>` would be one of them, and the
# roles of `delivery` may change all stacks whose names begin with its own.
DELIVERY = re.compile(r"delivery(-.*)?")


def check_name(name: str) -> None:
    """Refuse a name that no environment can ever have had.

    Raises:
        ConfigError: it is such a name.

    >>> check_name("delivery-dev")  # which releases before took
    """
    if not NAME.fullmatch(name):
        raise ConfigError(f"{name!r} is no environment's name: it must match {NAME.pattern}")
    if name == ARTIFACTS:
        raise ConfigError(
            f"{name} can be no environment's name: landfall-{name} is the bucket that all of them are deployed from"
        )


def check_environment(name: str) -> None:
    """Refuse a name that no environment can have, or that would make it one with something else of Landfall's.

    Raises:
        ConfigError: it is such a name.

    >>> check_environment("dev")
    """
    check_name(name)
    if DELIVERY.fullmatch(name):
        raise ConfigError(f"{name} can be no environment's name: stacks of infra/delivery are landfall-delivery-<env>")
