"""Landfall from Python: the verbs of the `landfall` command as functions with typed results; docs/python.md.

They are in `landfall.api`, which is imported when one of them is asked for: the command line imports this package too,
and need not wait for boto3. Type checkers read `__init__.pyi`.
"""

from importlib import import_module
from typing import Any

__all__ = [
    "ConfigError",
    "Export",
    "FileLine",
    "GateLine",
    "GateReport",
    "Reconciliation",
    "Replay",
    "Run",
    "Score",
    "Stack",
    "Status",
    "TransientError",
    "Undo",
    "UnsuccessfulError",
    "Upload",
    "connect",
    "connect_local",
    "gates",
    "history",
    "query",
    "reconcile",
    "replay",
    "replay_rejected",
    "status",
    "transform",
    "undo",
    "unload",
    "upload",
]


def __getattr__(name: str) -> Any:
    if name in __all__:
        return getattr(import_module("landfall.api"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
