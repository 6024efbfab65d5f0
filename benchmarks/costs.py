"""What a day costs: files in, US dollars out, by the formula that docs/costs.md explains.

Counts are measured (benchmarks/README.md) or follow from settings; what nobody could measure without an account is an
assumption, named as such. Prices are list prices of us-east-1 and change: give your own.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from dataclasses import dataclass, fields

DAY = 86_400
# Measured: CPU of the function, the import of pyarrow left out; a file that is copied as it is takes none a megabyte.
FUNCTION_SECONDS_A_FILE = 0.006
FUNCTION_SECONDS_A_MEGABYTE = 0.026
PUTS_A_LOAD = 3  # rows, facts, their manifest
STATES_A_RUN, STATES_A_SWEEP = 20, 4
# Assumed, since no Redshift could be measured: how long a load and a run keep the warehouse, and a night's two runs.
LOAD_SECONDS, RUN_SECONDS, NIGHT_SECONDS = 5, 60, 120
BILLED_SECONDS = 60  # at least: https://docs.aws.amazon.com/redshift/latest/mgmt/serverless-billing.html
SWEEPS = 48  # of sweep and freshness, a day
POLLS = 5 * 3 * 1_440  # by five pollers of the queue, of 20 s each
TAGGED_BYTES = 128 * 1024  # smaller files are neither tagged nor moved to a colder class
INGEST_GIGABYTES, TRANSFORM_GIGABYTES = 1.0, 1.73


@dataclass(frozen=True)
class Prices:
    """US dollars a unit."""

    rpu_hour: float = 0.375
    gigabyte_second: float = 0.0000166667
    put: float = 0.000005
    get: float = 0.0000004
    queue_request: float = 0.0000004
    state: float = 0.000025


@dataclass(frozen=True)
class Day:
    """What lands on a day, evenly over `hours` of it, and how the deployment is set.

    `batch`, `window` and `debounce` are BatchSize, BatchingWindowSeconds and DebounceSeconds; `rpu` is the capacity in
    RPUs at which the warehouse works.
    """

    files: int = 1_000
    gigabytes: float = 1.0
    datasets: int = 1
    hours: float = 24.0
    batch: int = 50
    window: int = 10
    debounce: int = 60
    rpu: int = 8

    @property
    def batches(self) -> float:
        """How often the function is called: when so many files are there, or so many seconds have gone by.

        >>> Day(files=86_400, batch=1000, window=10).batches, Day(files=10, window=10).batches
        (8640.0, 10.0)
        """
        a_second = self.files / (self.hours * 3_600)
        return self.files / max(1.0, min(self.batch, a_second * self.window)) if self.files else 0.0

    @property
    def loads(self) -> float:
        """Transactions that land files: one a dataset and batch."""
        return min(float(self.files), self.batches * self.datasets)

    @property
    def runs(self) -> float:
        """Runs of the transform: one a batch, unless they come faster than runs end.

        >>> Day(files=0).runs, Day(files=86_400, batch=1000, window=10, debounce=60).runs
        (0.0, 720.0)
        """
        return min(self.batches, self.hours * 3_600 / (self.debounce + RUN_SECONDS))

    @property
    def awake(self) -> float:
        """Seconds that the warehouse is billed for; no more than the hours in which files come, and the night."""
        loading = self.loads * LOAD_SECONDS if self.loads > self.batches else 0.0
        busy = max(self.batches * BILLED_SECONDS, loading) + self.runs * max(BILLED_SECONDS, RUN_SECONDS)
        return min(DAY, min(self.hours * 3_600, busy) + NIGHT_SECONDS)

    @property
    def tags(self) -> int:
        """Files whose tag is read and written, so that they move to a colder class."""
        return self.files if self.files and self.gigabytes * 1024**3 / self.files >= TAGGED_BYTES else 0

    def costs(self, prices: Prices) -> dict[str, float]:
        """Return US dollars a day by what they are for; storage and network are not among them.

        >>> {name: round(usd, 2) for name, usd in Day(files=0, gigabytes=0).costs(Prices()).items()}
        {'warehouse': 0.1, 'functions': 0.0, 'requests': 0.01, 'state machine': 0.0}
        """
        landing = self.loads * LOAD_SECONDS + self.files * FUNCTION_SECONDS_A_FILE
        landing += self.gigabytes * 1024 * FUNCTION_SECONDS_A_MEGABYTE
        modeling = self.runs * RUN_SECONDS
        puts, gets = self.loads * PUTS_A_LOAD + self.tags, self.files + self.tags
        return {
            "warehouse": self.awake / 3_600 * self.rpu * prices.rpu_hour,
            "functions": (landing * INGEST_GIGABYTES + modeling * TRANSFORM_GIGABYTES) * prices.gigabyte_second,
            "requests": puts * prices.put + gets * prices.get + (self.files / 5 + POLLS) * prices.queue_request,
            "state machine": (self.runs * STATES_A_RUN + SWEEPS * STATES_A_SWEEP) * prices.state,
        }


def main(arguments: Sequence[str] | None = None) -> None:
    """Print what a day comes to."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    for of in (Day, Prices):
        group = parser.add_argument_group(of.__name__.lower())
        for each in fields(of):
            name, default = each.name.replace("_", "-"), each.default
            group.add_argument(f"--{name}", type=type(default), default=default, help=f"default: {default:g}")
    asked = vars(parser.parse_args(arguments))
    day = Day(**{each.name: asked[each.name] for each in fields(Day)})
    prices = Prices(**{each.name: asked[each.name] for each in fields(Prices)})
    print(f"{day.batches:,.0f} batches, {day.loads:,.0f} loads, {day.runs:,.0f} runs")
    print(f"warehouse awake for {day.awake / 3_600:.1f} h: {day.awake / 3_600 * day.rpu:.1f} RPU-hours")
    costs = day.costs(prices)
    for name, usd in (*costs.items(), ("a day", sum(costs.values()))):
        print(f"{name:<14}{usd:8.2f} USD")


if __name__ == "__main__":
    main()
