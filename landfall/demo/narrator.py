"""OPERATE, demo: what the audience sees, and the checks. In: facts. Out: lines; an error for a missed expectation."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from rich.console import Console
from rich.markup import escape
from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn
from rich.rule import Rule

from landfall import output


class MissedExpectationError(Exception):
    """The demonstration found something else than it expected."""


@dataclass
class Narrator:
    """Tells the story and keeps what was expected and found, step by step."""

    console: Console
    step: str = ""
    steps: int = 0
    checks: int = 0
    summary: list[tuple[str, int, str]] = field(default_factory=list)

    def begin(self, title: str) -> None:
        """Begin a step."""
        self.steps += 1
        self.step = title
        self.checks = 0
        self.console.print()
        self.console.print(Rule(f"[bold]{self.steps}. {escape(title)}[/bold]", align="left", style="dim"))

    def say(self, text: str) -> None:
        """Tell something that is no check."""
        self.console.print(f"  {escape(text)}", style="dim", soft_wrap=True)

    def command(self, text: str) -> None:
        """Show the command that does the same by hand."""
        self.console.print(f"  [dim]$[/dim] [cyan]{escape(text)}[/cyan]", soft_wrap=True)

    @contextmanager
    def busy(self, text: str) -> Iterator[None]:
        """Show that something is under way, and for how long."""
        columns = (SpinnerColumn(), TextColumn("[dim]{task.description}[/dim]"), TimeElapsedColumn())
        with Progress(*columns, console=self.console, transient=True, disable=not self.console.is_terminal) as progress:
            progress.add_task(escape(text), total=None)
            yield

    def expect(self, what: str, found: Any, expected: Any, shown: str | None = None) -> None:
        """Check one expectation; `shown` is what to print where the found value is long.

        Raises:
            MissedExpectationError: the two differ.
        """
        if found != expected:
            self.console.print(f"  [red]\u2717 {escape(what)}[/red]", soft_wrap=True)
            if isinstance(found, dict) and isinstance(expected, dict):
                found, expected = _differing(found, expected), _differing(expected, found)
            raise MissedExpectationError(
                f"step {self.steps} ({self.step}), {what}: expected {_brief(expected)}, found {_brief(found)}"
            )
        text = shown if shown is not None else _spell(found)
        self.checks += 1
        self.console.print(f"  [green]\u2713[/green] {escape(what)}: [bold]{escape(text)}[/bold]", soft_wrap=True)

    def sum_up(self, *facts: str) -> None:
        """End a step with what came of it."""
        self.summary.append((f"{self.steps}. {self.step}", self.checks, "; ".join(facts)))

    def summarise(self) -> None:
        """Lay out what happened, a row a step."""
        self.console.print()
        columns = ("step", "expectations met", "what happened")
        self.console.print(output.table("What happened", columns, self.summary))


def _spell(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return f"{value:,}" if isinstance(value, int) else str(value)


def _differing(one: dict[Any, Any], other: dict[Any, Any]) -> dict[Any, Any]:
    """Keep what the other has not, or has otherwise.

    >>> _differing({"a": 1, "b": 2, "c": 3}, {"a": 1, "b": 5})
    {'b': 2, 'c': 3}
    """
    return {key: value for key, value in one.items() if key not in other or other[key] != value}


def _brief(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 600 else f"{text[:600]}... ({len(text):,} characters)"
