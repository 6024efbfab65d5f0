"""Sample data: the options that all generators take. In: a generator's description. Out: a parser; shared values."""

import argparse
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from scripts.generator_files import FORMATS, Late, Naming, Written


def base_parser(description: str, thing: str, default_format: str) -> argparse.ArgumentParser:
    """Build a parser with the shared options; `thing` is what a bad row is one of, say `orders`."""
    options = argparse.ArgumentParser(description=description, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--out", type=Path, required=True, help="folder for the files (made if missing)")
    options.add_argument("--format", choices=FORMATS, default=default_format, help=f"default {default_format}")
    options.add_argument("--seed", type=int, default=1, help="another seed, other data (default 1)")
    options.add_argument("--wave", type=positive, default=1, help="1: new; n: updates of them (default 1)")
    options.add_argument("--update-share", type=share, default=0.2, help="share that a later wave holds (default 0.2)")
    options.add_argument(
        "--delete-share",
        type=share,
        default=0.0,
        help="share of a later wave that it deletes; rows then say I, U or D in `op` (default 0: no such column)",
    )
    options.add_argument(
        "--late-share", type=share, default=0.0, help="share of rows in files of their own, under late/ (default 0)"
    )
    options.add_argument("--bad-rows", type=int, default=0, help=f"{thing} that break a business rule (default 0)")
    options.add_argument("--date", default="20251113", help="date in the files' names (default 20251113)")
    options.add_argument("--sequence", type=positive, default=1, help="number in the files' names (default 1)")
    return options


def positive(text: str) -> int:
    """Read a number of things.

    Raises:
        ArgumentTypeError: it is less than 1.
    """
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError(f"{text} is not 1 or more")
    return number


def share(text: str) -> float:
    """Read a part of a whole.

    Raises:
        ArgumentTypeError: it is not between 0 and 1.
    """
    number = float(text)
    if not 0 <= number <= 1:
        raise argparse.ArgumentTypeError(f"{text} is not between 0 and 1")
    return number


def generation_of(options: argparse.Namespace) -> dict[str, Any]:
    """Return the fields of a `Generation`."""
    names = ("seed", "wave", "update_share", "delete_share", "bad_rows")
    return {name: getattr(options, name) for name in names}


def naming_of(options: argparse.Namespace) -> Naming:
    """Return how the files are called."""
    return Naming(options.out, options.date, options.sequence)


def late_of(options: argparse.Namespace) -> Late:
    """Return which rows are late."""
    return Late(options.late_share, options.seed)


def tell(files: Iterable[Written]) -> None:
    """Print each file with its rows."""
    for written in files:
        print(f"{written.path}  {written.rows:,} rows")
