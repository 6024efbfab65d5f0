"""OPERATE: may an environment have this name? In: a name. Out: nothing, or a refusal.

Names divide deployments: of every bucket, queue, role and right they are a part.
"""

from __future__ import annotations

import re

from ingest_lambda.errors import ConfigError

NAME = re.compile(r"[a-z][a-z0-9-]{0,19}")  # main.yaml's pattern
# Its landing bucket would be the artifact bucket, which all environments of the Region are deployed from.
ARTIFACTS = "artifacts"
# Its stack would be one of infra/delivery, which docs/deploy.md names landfall-delivery-<env>.
DELIVERY = "delivery-"


def check_environment(name: str) -> None:
    """Refuse a name that no environment can have, or that would make it one with something else of Landfall's.

    Raises:
        ConfigError: it is such a name.

    >>> check_environment("dev")
    """
    if not NAME.fullmatch(name):
        raise ConfigError(f"{name!r} is no environment's name: it must match {NAME.pattern}")
    if name == ARTIFACTS or name.startswith(DELIVERY):
        what = (
            "the bucket that every environment is deployed from" if name == ARTIFACTS else "a stack of infra/delivery"
        )
        raise ConfigError(f"{name} can be no environment's name: landfall-{name} is {what}")
