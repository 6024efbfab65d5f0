"""`python -m local start|stop --home DIR`: local AWS and the local Redshift, with nothing deployed on them.

For what needs a warehouse and AWS but not the product. `start` prints what finds them, as JSON: `environment`, the
variables for any SDK, and `redshift`, what the local Redshift says of itself. They run until `stop`.
"""

import argparse
import json
import sys
from collections.abc import Sequence
from pathlib import Path

from local import stack
from local.errors import LocalStackError
from local.home import Home
from local.services import aws_environment, redshift_facts


def main(arguments: Sequence[str] | None = None) -> int:
    """Start or stop the services of a home; return 1, and say why on stderr, if they do not."""
    parser = argparse.ArgumentParser(prog="python -m local", description=__doc__)
    parser.add_argument("command", choices=("start", "stop"))
    parser.add_argument("--home", type=Path, required=True, help="folder that holds all that the services keep")
    options = parser.parse_args(arguments)
    home = Home(options.home.resolve())
    try:
        if options.command == "stop":
            stack.down(home, _say)
            return 0
        ports = stack.start(home, _say).ports
    except LocalStackError as error:
        print(f"local: {error}", file=sys.stderr)
        return 1
    if ports is not None:
        print(json.dumps({"environment": aws_environment(ports), "redshift": redshift_facts(home)}))
    return 0


def _say(line: str) -> None:
    print(line, file=sys.stderr)


if __name__ == "__main__":
    sys.exit(main())
