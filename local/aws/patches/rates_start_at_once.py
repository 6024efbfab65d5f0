"""A schedule with a rate and without a StartDate starts its target at once, and then after every period.

Stock ministack lets the first period pass. EventBridge Scheduler does not
(https://docs.aws.amazon.com/scheduler/latest/UserGuide/schedule-types.html#rate-based): what a schedule starts before
the deployment is complete breaks, and would be seen on AWS first.
"""

import time

from ministack.services import eventbridge, scheduler  # type: ignore[import-not-found]  # server environment

from local.aws.patches.guard import expect_source

BEFORE_ALL_TIME = 0.0


def apply() -> None:
    """Let what was made while this server runs be due when it is first looked at."""
    original = scheduler._tick_schedules
    expect_source(original, "0ece514e91205b1dfd40a5a18ba84b213cd58e1623601bdc62648a02b6b44d2f")
    started = time.time()

    def tick_schedules() -> None:
        for key, schedule in list(scheduler._schedules._data.items()):
            is_new = schedule["CreationDate"] >= max(started, scheduler._schedule_last_fired.get(key, 0.0))
            is_rate = eventbridge._parse_rate_seconds(schedule["ScheduleExpression"]) is not None
            if is_new and is_rate and not schedule.get("StartDate"):
                scheduler._schedule_last_fired[key] = BEFORE_ALL_TIME
        original()

    scheduler._tick_schedules = tick_schedules
