"""Runs the real handler in processes that it forks from itself, so that each starts in milliseconds and can be killed.

Comes in: a line of JSON on standard input with the function's environment and its batch. Goes out, as lines of JSON:
the process id of the function; then, once it has ended, the handler's answer, or null if it died without one.
"""

import json
import os
import sys
from importlib import import_module
from typing import Any

import boto3

from ingest_lambda.handler import handler
from tests.land.function_process import Context

SERVICES = ("s3", "redshift-data", "events", "sns", "sqs")


def main() -> None:
    """Serve until standard input ends."""
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)  # what functions log is no answer
    import_module("ingest_lambda.runtime")  # which the handler imports at its first invocation
    read_models()
    for line in sys.stdin:
        request = json.loads(line)
        receiver, sender = os.pipe()
        process = os.fork()
        if process == 0:
            os.environ.update(request["environment"])
            os.write(sender, json.dumps(invoke(request["records"])).encode())
            os._exit(0)
        os.close(sender)
        print(process, file=answers, flush=True)
        os.waitpid(process, 0)
        with os.fdopen(receiver) as received:
            print(received.read() or "null", file=answers, flush=True)


def invoke(records: list[dict[str, Any]]) -> list[str]:
    """Return the ids of the messages that must come back."""
    answer = handler({"Records": records}, Context())  # type: ignore[arg-type]  # a stand-in for Lambda's context
    return [str(failure["itemIdentifier"]) for failure in answer["batchItemFailures"]]


def read_models() -> None:
    """Read what boto3 knows of the function's services, which takes longer than all else of a cold start."""
    boto3.setup_default_session()
    loader = boto3.DEFAULT_SESSION._session.get_component("data_loader")  # type: ignore[union-attr]  # set just now
    for service in SERVICES:
        for kind in ("service-2", "endpoint-rule-set-1"):
            loader.load_service_model(service, kind)
    for name in ("endpoints", "partitions", "sdk-default-configuration", "_retry"):
        loader.load_data(name)


if __name__ == "__main__":
    main()
