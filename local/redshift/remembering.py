"""What is remembered of statements: what was made of many short ones, and of the last long one."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache, update_wrapper
from typing import Concatenate, Generic, ParamSpec, TypeVar

P = ParamSpec("P")
T = TypeVar("T")
SHORT = 20_000  # characters below which a statement is one of many that are remembered


class Remembering(Generic[P, T]):
    """A pure function of a statement, and of what else its result hangs on, that remembers results."""

    def __init__(self, function: Callable[Concatenate[str, P], T], most: int) -> None:
        self._of_short = lru_cache(maxsize=most)(function)
        self._of_long = lru_cache(maxsize=1)(function)  # on its way one is asked of more than once
        update_wrapper(self, function)

    def __call__(self, sql: str, *args: P.args, **kwargs: P.kwargs) -> T:
        """Return the function's result for `sql`."""
        kept = self._of_short if len(sql) < SHORT else self._of_long
        return kept(sql, *args, **kwargs)  # type: ignore[arg-type]  # the cache is typed by hashables alone

    def cache_clear(self) -> None:
        """Forget all results."""
        self._of_short.cache_clear()
        self._of_long.cache_clear()


def remembered(most: int) -> Callable[[Callable[Concatenate[str, P], T]], Remembering[P, T]]:
    """Let a function remember its results: every run of dbt sends much the same statements.

    Args:
        most: results of short statements that are kept.

    >>> length = remembered(most=10)(len)
    >>> length("select 1")
    8
    """
    return lambda function: Remembering(function, most)
