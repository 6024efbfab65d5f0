"""What is used, in US dollars. In: counts, seconds and gigabyte-seconds of a stretch of time. Out: dollars by what for.

The one formula for money: of what is played (`landfall size`) and of what was measured (benchmarks/load.py). Prices are
list prices of us-east-1 and change: give your own.
"""

from __future__ import annotations

from dataclasses import dataclass, fields

DAYS_A_MONTH = 365 / 12
# https://docs.aws.amazon.com/redshift/latest/mgmt/serverless-billing.html
BILLED_SECONDS = 60.0  # at least, for each waking
TAGGED_BYTES = 128 * 1024  # smaller files are neither tagged nor moved to a colder class: transform_lambda/archive.py
PUTS_A_LOAD = 3  # measured: rows, facts, their manifest
# Counted in transform.asl.json; a JOIN is an event that finds another run at work.
STATES_A_RUN, STATES_A_JOIN, STATES_A_SWEEP = 20, 7, 4
SWEEPS_A_DAY = 48  # of sweep and freshness: once an hour each
POLLS_A_DAY = 5 * 3 * 1_440  # of the event source's five pollers, 20 s each
NIGHT_SECONDS = 120.0  # assumed: how long reconcile and the daily sweep keep the warehouse awake
FILES_A_QUEUE_REQUEST = 5  # received and deleted by tens: two requests for ten files
TRANSFORM_GIGABYTES = 1.73  # model.yaml: 1,769 MB, a whole processor
MEGABYTES_A_GIGABYTE = 1_024


@dataclass(frozen=True)
class Prices:
    """US dollars a unit."""

    rpu_hour: float = 0.375  # https://aws.amazon.com/redshift/pricing/
    gigabyte_second: float = 0.0000166667  # https://aws.amazon.com/lambda/pricing/
    put: float = 0.000005  # https://aws.amazon.com/s3/pricing/
    get: float = 0.0000004
    queue_request: float = 0.0000004  # https://aws.amazon.com/sqs/pricing/
    state: float = 0.000025  # https://aws.amazon.com/step-functions/pricing/


@dataclass(frozen=True)
class Usage:
    """What a stretch of time used: files landed, and of them with a tag; loads; runs of the transform, and events that
    found one running; seconds that the warehouse was billed for; GB-seconds of both functions; sweeps and polls.
    """

    files: float = 0
    tagged: float = 0
    loads: float = 0
    runs: float = 0
    joins: float = 0
    awake_seconds: float = 0
    landing_gigabyte_seconds: float = 0
    modeling_gigabyte_seconds: float = 0
    sweeps: float = 0
    polls: float = 0

    def times(self, factor: float) -> Usage:
        """Return as much of everything by a factor.

        >>> Usage(files=2, loads=1).times(3).files
        6
        """
        return Usage(**{each.name: getattr(self, each.name) * factor for each in fields(self)})

    def plus(self, other: Usage) -> Usage:
        """Add up."""
        return Usage(**{each.name: getattr(self, each.name) + getattr(other, each.name) for each in fields(self)})

    def usd(self, rpu: float, prices: Prices) -> dict[str, float]:
        """Return US dollars by what they are for; storage and network are not among them. `rpu`: the base capacity.

        >>> {name: round(usd, 2) for name, usd in AT_REST.usd(8, Prices()).items()}
        {'warehouse': 0.1, 'functions': 0.0, 'requests': 0.01, 'state machine': 0.0}
        """
        puts, gets = self.loads * PUTS_A_LOAD + self.tagged, self.files + self.tagged
        queue = self.files / FILES_A_QUEUE_REQUEST + self.polls
        states = self.runs * STATES_A_RUN + self.joins * STATES_A_JOIN + self.sweeps * STATES_A_SWEEP
        function_seconds = self.landing_gigabyte_seconds + self.modeling_gigabyte_seconds
        return {
            "warehouse": self.awake_seconds / 3_600 * rpu * prices.rpu_hour,
            "functions": function_seconds * prices.gigabyte_second,
            "requests": puts * prices.put + gets * prices.get + queue * prices.queue_request,
            "state machine": states * prices.state,
        }


AT_REST = Usage(awake_seconds=NIGHT_SECONDS, sweeps=SWEEPS_A_DAY, polls=POLLS_A_DAY)
"""What a deployment uses on a day on which nothing happens."""


def billed_seconds(busy: list[tuple[float, float]]) -> float:
    """Say how long a warehouse is billed for that is asked in these spans (start, end), which may overlap, in seconds.

    A span that begins while an earlier one is still billed wakes nobody.

    >>> billed_seconds([(0, 5), (30, 40), (100, 103)]), billed_seconds([(0, 90), (80, 200)])
    (120.0, 200.0)
    """
    total, ends_at = 0.0, float("-inf")
    for start, end in sorted(busy):
        until = max(end, start + BILLED_SECONDS) if start >= ends_at else max(end, ends_at)
        total += until - max(start, ends_at) if start < ends_at else until - start
        ends_at = until
    return total
