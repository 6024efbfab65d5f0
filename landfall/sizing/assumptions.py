"""What the model takes for granted: what each step takes, and what AWS allows; each with its unit and where it is from.

`measured` names the command and the file of the figure, a URL the page that says it, `assumed` that nobody could
measure it without an account. Change what you know better: every one of them is a parameter of the model.
"""

from __future__ import annotations

from dataclasses import Field, dataclass, field, fields

_LAMBDA = "https://docs.aws.amazon.com/lambda/latest/dg"
_S3 = "https://docs.aws.amazon.com/AmazonS3/latest/userguide/optimizing-performance.html"


def _from(value: float, unit: str, source: str) -> float:
    """Declare a constant; a Field for dataclasses, the constant for those who read it."""
    told: float = field(default=value, metadata={"unit": unit, "source": source})
    return told


@dataclass(frozen=True)
class Steps:
    """What the steps of a file's way take. Defaults: on AWS."""

    file_cpu: float = _from(0.006, "s of CPU a file", "measured: benchmarks/README.md, landing many small files")
    megabyte_cpu: float = _from(0.0078, "s of CPU a MB rewritten", "measured: benchmarks/results/rewrite_cpu.json")
    read_large_cpu: float = _from(0.02, "s of CPU a file that is copied as it is", "measured: benchmarks/README.md")
    s3_request: float = _from(0.15, "s a request", _S3)
    cold_start_cpu: float = _from(0.47, "s of CPU", "measured: benchmarks/README.md, cold start")
    warm_for: float = _from(300.0, "s that an idle function stays warm", "assumed")
    receive: float = _from(0.05, "s a round of requests for messages", "assumed")
    data_api_call: float = _from(0.1, "s a call, beside the statements", "assumed")
    calls_a_load: float = _from(9, "calls", "measured: benchmarks/README.md")
    copy: float = _from(1.5, "s a COPY, whatever is in it", "assumed")
    copy_rate: float = _from(5.0, "MB a second and RPU", "assumed")
    insert: float = _from(0.8, "s a load's transaction", "assumed")
    insert_rate: float = _from(100_000.0, "rows a second and RPU", "assumed")
    commit: float = _from(0.3, "s in the queue of commits, one after the other", "assumed")
    event: float = _from(0.5, "s from a commit to the state machine's start", "assumed")
    run: float = _from(60.0, "s a run of the transform, whatever is new", "assumed")
    run_rate: float = _from(20_000.0, "rows checked and merged a second and RPU", "assumed")


@dataclass(frozen=True)
class Limits:
    """What AWS allows, by default."""

    pollers: int = _from(5, "batches that are gathered at once", f"{_LAMBDA}/services-sqs-scaling.html")  # type: ignore[assignment]
    payload_files: int = _from(6_000, "messages in 6 MB", f"{_LAMBDA}/invocation-eventsourcemapping.html")  # type: ignore[assignment]
    function_cpu_megabytes: float = _from(1_769, "MB for a whole processor", f"{_LAMBDA}/configuration-memory.html")
    functions: float = _from(1_000, "functions at once", f"{_LAMBDA}/gettingstarted-limits.html")
    processors: float = _from(
        1_000, "functions that work at once, each at its full share", f"{_LAMBDA}/configuration-memory.html"
    )
    in_flight: float = _from(
        120_000,
        "messages in flight",
        "https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/quotas-messages.html",
    )
    connections: float = _from(
        500,
        "connections of a provisioned cluster; more where it is serverless",
        "https://docs.aws.amazon.com/redshift/latest/mgmt/amazon-redshift-limits.html",
    )
    data_api_calls: float = _from(20, "calls a second that run statements", "assumed: look at Service Quotas")
    build: float = _from(900, "s a build", f"{_LAMBDA}/gettingstarted-limits.html")


@dataclass(frozen=True)
class Assumption:
    """A constant as it is shown."""

    name: str
    value: float
    unit: str
    source: str


def listed(steps: Steps, limits: Limits) -> list[Assumption]:
    """List every constant that a play rests on.

    >>> listed(Steps(), Limits())[0].name
    'file_cpu'
    """
    return [_shown(each, getattr(of, each.name)) for of in (steps, limits) for each in fields(of)]


def _shown(each: Field[float], value: float) -> Assumption:
    return Assumption(each.name, float(value), each.metadata["unit"], each.metadata["source"])
