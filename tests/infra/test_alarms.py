"""Every alarm can ring, and none rings for ever: it watches a metric that is written, and knows what no data means.

The metrics that services write, with their dimensions, what it means that one has no data, and the page that says so,
are in metrics.tsv; those of Landfall's own are compared with the code in tests/alert/test_topics.py.
"""

import csv
import json
import re
from pathlib import Path
from typing import Any

import pytest

from ingest_lambda.errors import ConfigError
from landfall.deploy.schedules import HOURS, WATCHED, check_missed_after
from landfall.operate import pausing
from tests.infra.templates import FOLDER, NAMES, load, of_type

METRICS = Path(__file__).with_name("metrics.tsv")
PARAMETER_FILES = sorted((FOLDER / "parameters").glob("*.json"))
ALARMS = {
    name: alarm["Properties"]
    for template in NAMES
    for name, alarm in of_type(load(template), "AWS::CloudWatch::Alarm").items()
}
# https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_PutMetricAlarm.html: Period x EvaluationPeriods
SECONDS_A_DAY, SECONDS_A_WEEK, SECONDS_AN_HOUR = 86_400, 604_800, 3_600


def metrics() -> dict[tuple[str, str], dict[str, str]]:
    """Return the rows of the table by namespace and metric."""
    with METRICS.open(encoding="utf-8", newline="") as file:
        return {(row["namespace"], row["metric"]): row for row in csv.DictReader(file, delimiter="\t")}


def most(value: Any) -> int:
    """Return a number of a template, the largest that a parameter of that name may have."""
    if isinstance(value, int):
        return value
    allowed = [load(name)["Parameters"].get(value["Ref"]) for name in NAMES]
    return max(int(parameter["MaxValue"]) for parameter in allowed if parameter)


@pytest.mark.parametrize("name", ALARMS)
def test_an_alarm_watches_a_metric_by_the_dimensions_that_it_is_written_with(name: str) -> None:
    alarm = ALARMS[name]
    row = metrics()[alarm["Namespace"], alarm["MetricName"]]
    assert [each["Name"] for each in alarm["Dimensions"]] == row["dimensions"].split(",")
    assert row["page"].startswith("https://docs.aws.amazon.com/")


@pytest.mark.parametrize("name", ALARMS)
def test_no_data_is_what_the_alarm_is_about_or_that_all_is_well(name: str) -> None:
    alarm = ALARMS[name]
    is_about_absence = alarm["ComparisonOperator"] == "LessThanThreshold"
    assert alarm["TreatMissingData"] == ("breaching" if is_about_absence else "notBreaching")
    if is_about_absence:  # while schedules are kept from running, nothing is missed
        assert alarm["ActionsEnabled"] == {"Fn::If": ["HasRunningSchedules", True, False]}
        assert alarm["Statistic"] == "Sum"  # of a count that has no value while nothing happens


@pytest.mark.parametrize("name", ALARMS)
def test_no_alarm_looks_back_further_than_cloudwatch_does(name: str) -> None:
    alarm = ALARMS[name]
    longest = SECONDS_A_WEEK if alarm["Period"] >= SECONDS_AN_HOUR else SECONDS_A_DAY
    assert alarm["Period"] * most(alarm["EvaluationPeriods"]) <= longest
    assert alarm.get("DatapointsToAlarm", 1) <= most(alarm["EvaluationPeriods"])


def test_each_schedule_of_the_state_machine_is_alone_in_a_group_whose_starts_an_alarm_watches() -> None:
    model = load("model")
    watched = {
        dimension["Value"]["Ref"]: alarm["Condition"]
        for alarm in of_type(model, "AWS::CloudWatch::Alarm").values()
        for dimension in alarm["Properties"]["Dimensions"]
        if alarm["Properties"]["Namespace"] == "AWS/Scheduler"
    }
    schedules = of_type(model, "AWS::Scheduler::Schedule")
    groups = [each["Properties"]["GroupName"]["Ref"] for each in schedules.values()]
    assert sorted(groups) == sorted(watched) == sorted(of_type(model, "AWS::Scheduler::ScheduleGroup"))
    for schedule in schedules.values():
        group = schedule["Properties"]["GroupName"]["Ref"]
        condition = schedule["Condition"]
        assert (watched[group], model["Resources"][group]["Condition"]) == (condition, condition)


def test_an_alarm_of_starts_first_looks_when_its_schedule_is_there() -> None:
    resources = load("model")["Resources"]
    for alarm in resources.values():
        given = alarm["Properties"]
        if alarm["Type"] == "AWS::CloudWatch::Alarm" and given["Namespace"] == "AWS/Scheduler":
            (dimension,) = given["Dimensions"]
            schedule = resources[alarm["DependsOn"]]["Properties"]
            assert schedule["GroupName"] == dimension["Value"]


def test_every_schedule_that_can_be_paused_is_missed_by_an_alarm_that_resume_lets_ring() -> None:
    about_absence = {
        alarm["AlarmName"]["Fn::Sub"].removeprefix("landfall-${EnvironmentName}-")
        for alarm in ALARMS.values()
        if alarm["ComparisonOperator"] == "LessThanThreshold"
    }
    assert about_absence == set(pausing.ALARMS)
    schedules = [each for name in NAMES for each in of_type(load(name), "AWS::Scheduler::Schedule").values()]
    made = {each["Properties"]["Name"]["Fn::Sub"].replace("${EnvironmentName}", "dev") for each in schedules}
    assert made == {pausing.places("dev", name)[0]["Name"] for name in pausing.SCHEDULES}
    assert len(about_absence) == len(made) + 1  # nothing-started is about all that start


def test_the_schedules_of_releases_before_are_replaced_and_not_changed_since_scheduler_would_not_find_them() -> None:
    # They had these logical names, the names landfall-<env>-sweep, -daily-sweep and -freshness, and the default group.
    assert not {"Sweep", "DailySweep", "Freshness"} & load("model")["Resources"].keys()
    schedules = of_type(load("model"), "AWS::Scheduler::Schedule").values()
    names = {each["Properties"]["Name"]["Fn::Sub"] for each in schedules}
    assert names == {f"landfall-${{EnvironmentName}}-{name}" for name in pausing.ALONE.values()}
    assert not names & {f"landfall-${{EnvironmentName}}-{name}" for name in pausing.SCHEDULES}


def test_a_function_that_is_called_seldom_is_told_to_be_throttled_by_what_happens_within_its_retries() -> None:
    # A run asks six times within two minutes, and then an hour may pass; an asynchronous call is tried again after
    # five minutes at most: https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-error-handling.html
    build, reconcile = ALARMS["BuildThrottled"], ALARMS["ReconcileThrottled"]
    assert build["EvaluationPeriods"] == 1
    retries = json.loads((FOLDER / "transform.asl.json").read_text(encoding="utf-8"))["States"]["Build"]["Retry"]
    assert build["Threshold"] <= retries[0]["MaxAttempts"]
    assert reconcile["DatapointsToAlarm"] * 2 <= reconcile["EvaluationPeriods"]


@pytest.mark.parametrize("path", PARAMETER_FILES, ids=lambda path: path.name)
def test_the_environments_that_ship_watch_their_schedules_for_longer_than_a_period(path: Path) -> None:
    check_missed_after(json.loads(path.read_text(encoding="utf-8"))["Parameters"])


def test_what_an_alarm_waits_by_default_is_what_the_template_says() -> None:
    given = load("main")["Parameters"]
    for watched in WATCHED:
        assert [str(given[name]["Default"]) for name, _ in watched] == [default for _, default in watched]


@pytest.mark.parametrize(
    ("name", "expression", "limit", "hours"),
    [
        ("SweepSchedule", "rate(3 hours)", "MissedAfterHours", "3"),
        ("SweepSchedule", "rate(1 day)", "MissedAfterHours", "24"),
        ("SweepSchedule", "rate(60 minutes)", "MissedAfterHours", "1"),
        ("DailySweepSchedule", "rate(2 days)", "DailySweepMissedAfterHours", "26"),
        ("FreshnessSchedule", "rate(26 hours)", "FreshnessMissedAfterHours", "26"),
        ("ReconcileSchedule", "rate(2 days)", "ReconcileMissedAfterHours", "26"),
    ],
)
def test_a_deployment_whose_alarm_would_never_end_is_refused_with_the_parameter_to_raise(
    name: str, expression: str, limit: str, hours: str
) -> None:
    with pytest.raises(ConfigError, match=rf"--parameter {limit}="):
        check_missed_after({name: expression, limit: hours})
    check_missed_after({name: expression, limit: "72"})
    number, unit = re.fullmatch(r"rate\((\d+) (minute|hour|day)s?\)", expression).groups()  # type: ignore[union-attr]
    least = str(int(int(number) * HOURS[unit]) + 1)
    with pytest.raises(ConfigError, match=r"<more than one pause, in hours>"):
        check_missed_after({name: expression, limit: str(int(least) - 1)})
    check_missed_after({name: expression, limit: least})  # as the message says
    check_missed_after({name: "", limit: hours})
    check_missed_after({name: "cron(0 6 * * ? *)", limit: hours})
    with pytest.raises(ConfigError, match=f"{limit}=a day is no whole number of hours"):
        check_missed_after({name: expression, limit: "a day"})
