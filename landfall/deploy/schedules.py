"""OPERATE: do alarms wait for longer than the schedules that they watch? In: parameters. Out: nothing, or a refusal."""

from __future__ import annotations

import re
from collections.abc import Mapping

from ingest_lambda.errors import ConfigError

# https://docs.aws.amazon.com/scheduler/latest/UserGuide/schedule-types.html#rate-based
RATE = re.compile(r"rate\((\d+) (minute|hour|day)s?\)")
HOURS = {"minute": 1 / 60, "hour": 1.0, "day": 24.0}
# The schedule, the hours after which an alarm says that it was missed; each with main.yaml's default.
WATCHED = (
    (("SweepSchedule", "rate(1 hour)"), ("MissedAfterHours", "3")),
    (("DailySweepSchedule", "cron(30 2 * * ? *)"), ("DailySweepMissedAfterHours", "26")),
    (("FreshnessSchedule", "rate(1 hour)"), ("FreshnessMissedAfterHours", "26")),
    (("ReconcileSchedule", "cron(30 2 * * ? *)"), ("ReconcileMissedAfterHours", "26")),
)


def check_missed_after(parameters: Mapping[str, str]) -> None:
    """Refuse an alarm that would ring for ever: one that waits no longer than its schedule pauses.

    Of a cron expression the pauses are not known here.

    Raises:
        ConfigError: it would, or its hours are no number.

    >>> check_missed_after({"SweepSchedule": "rate(2 hours)"})
    """
    for (schedule, usual), (limit, hours) in WATCHED:
        expression, waits = parameters.get(schedule, usual), parameters.get(limit, hours)
        if not waits.isdecimal():
            raise ConfigError(f"{limit}={waits} is no whole number of hours: --parameter {limit}={hours}")
        rate = RATE.fullmatch(expression)
        if rate and int(rate[1]) * HOURS[rate[2]] >= int(waits):
            raise ConfigError(
                f"{schedule}={expression} pauses as long as {limit}={waits} waits, so that its alarm would never end: "
                f"--parameter {limit}=<more than one pause, in hours>"
            )
