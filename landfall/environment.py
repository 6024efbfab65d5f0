"""OPERATE: the stack that a command speaks to. In: the process's variables. Out: that stack, which stderr names.

Where LANDFALL_STACK names none it is the local one that this checkout runs; nothing but this module knows of that. What
changes rows that have landed never goes to a stack that nobody has named.
"""

import os

import typer

from ingest_lambda.errors import ConfigError
from landfall.stack import HOW_TO_SET, STACK_VARIABLE, Stack
from local import faces
from local.errors import LocalStackError
from local.home import home_from_environment


def stack() -> Stack:
    """Open the stack that is named, else the local one that runs; say on stderr which it is.

    Raises:
        ConfigError: none is named and none runs here, or the one that is named is not deployed.
    """
    return _open(was_named=complete())


def named_stack() -> Stack:
    """Open the stack that is named, for a command that changes rows which have landed.

    Raises:
        ConfigError: none is named, or it is not deployed.
    """
    if not _is_named():
        raise ConfigError(f"which stack? What changes landed rows takes none by itself: {HOW_TO_SET}")
    return _open(was_named=True)


def stack_for_show(on: str | None) -> Stack:
    """Open the local stack that runs here, or the named one where `on` is its name: it gets data that nobody wants.

    Raises:
        ConfigError: another stack is named than `on`, or none is named and none runs here.
    """
    name = os.environ.get(STACK_VARIABLE, "").strip()
    if on is not None and on != name:
        raise ConfigError(f"--on {on}: {STACK_VARIABLE} names {name or 'none'}, and the two must be one")
    if on is None and name and not _is_local():
        raise ConfigError(
            f"{STACK_VARIABLE} names {name}, which would get made-up orders: if that is meant, --on {name}"
        )
    return stack()


def _is_local() -> bool:
    """Tell whether the environment is that of the local stack that runs here."""
    try:
        local = faces.environment(home_from_environment())
    except LocalStackError:
        return False
    return all(os.environ.get(name) == local[name] for name in (STACK_VARIABLE, "AWS_ENDPOINT_URL"))


def stack_if_any() -> Stack | None:
    """Open the stack as `stack` does; None where none is named and none runs here."""
    try:
        was_named = complete()
    except LocalStackError:
        return None
    return _open(was_named=was_named)


def complete() -> bool:
    """Set the variables of the running local stack in this process, unless a stack is named; tell whether one was.

    Raises:
        LocalStackError: no stack is named, and no local stack runs.
    """
    if _is_named():
        return True
    try:
        os.environ.update(faces.environment(home_from_environment()))
    except LocalStackError as error:
        raise LocalStackError(f"which stack? {STACK_VARIABLE} names none, and {error}") from error
    return False


def _is_named() -> bool:
    return bool(os.environ.get(STACK_VARIABLE, "").strip())


def _open(*, was_named: bool) -> Stack:
    found = Stack.from_environment()
    runs_here = "" if was_named else f", which runs on this machine ({STACK_VARIABLE} names no other)"
    typer.echo(f"stack {found.name}{found.place}{runs_here}", err=True)
    return found
