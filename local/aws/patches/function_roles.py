"""Lambda itself acts as a function's role: to start it, to write its log, to read the queue that is its event source.

Stock ministack gives a function its role and does the rest as nobody. On AWS a role that Lambda may not assume starts
nothing, one that may not write logs leaves none, and one that may not receive and delete messages is sent none, or the
same ones again (https://docs.aws.amazon.com/lambda/latest/dg/lambda-intro-execution-role.html,
https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-configure.html#events-sqs-permissions).
"""

import logging
from collections.abc import Iterator
from functools import wraps
from typing import Any

from ministack.core import lambda_runtime  # type: ignore[import-not-found]  # server environment
from ministack.services import lambda_svc, sqs  # type: ignore[import-not-found]  # server environment

from local.aws.patches.guard import expect_source
from local.aws.patches.roles import Actor, Deed, distrust, refusal

_SERVICE = "lambda.amazonaws.com"
_logger = logging.getLogger(__name__)


def apply() -> None:
    """Ask before each of the three."""
    _start_as_role()
    _log_as_role()
    _read_queues_as_role()


def _start_as_role() -> None:
    credentials = lambda_runtime.execution_credentials
    expect_source(credentials, "cffaadc4f396f6e44a2490ca7e3e49fafba0d30ee1a22d6f991a995bc9078463")

    def credentials_of_trusting_role(function: dict[str, Any]) -> dict[str, str]:
        refused = distrust(_actor(function))
        if refused:
            raise PermissionError(refused)
        given: dict[str, str] = credentials(function)
        return given

    lambda_runtime.execution_credentials = credentials_of_trusting_role


def _log_as_role() -> None:
    emit = lambda_svc._emit_lambda_logs
    expect_source(emit, "111efbf06968bb207427d25f6070f8048962a56385e2f7c62bb76b5f9d051720")

    @wraps(emit)
    def emit_as_role(function: dict[str, Any], *log: Any, **options: Any) -> None:
        settings = function.get("config") or function
        name = (settings.get("LoggingConfig") or {}).get("LogGroup") or f"/aws/lambda/{settings['FunctionName']}"
        where = ":".join(settings["FunctionArn"].split(":")[3:5])
        stream = f"arn:aws:logs:{where}:log-group:{name}:log-stream:{settings['FunctionName']}"
        deeds = [Deed(action, stream) for action in ("logs:CreateLogStream", "logs:PutLogEvents")]
        if not _refused(settings, *deeds):
            emit(function, *log, **options)

    lambda_svc._emit_lambda_logs = emit_as_role


def _read_queues_as_role() -> None:
    receive, delete = sqs._receive_messages_for_esm, sqs._delete_messages_for_esm
    expect_source(delete, "c1686f29b48b42eea5a69e1c24da77bd47e96f44372ac765f24fbcb8cf68362b")

    @wraps(receive)
    def receive_as_role(queue_url: str, batch_size: int | str) -> list[dict[str, Any]]:
        arn = sqs._get_q(queue_url)["attributes"]["QueueArn"]
        deeds = [Deed(action, arn) for action in ("sqs:ReceiveMessage", "sqs:GetQueueAttributes")]
        if any(_refused(function, *deeds) for function in _readers(arn)):
            return []
        batch: list[dict[str, Any]] = receive(queue_url, batch_size)
        return batch

    @wraps(delete)
    def delete_as_role(queue_url: str, receipts: set[str]) -> None:
        arn = sqs._get_q(queue_url)["attributes"]["QueueArn"]
        if not any(_refused(function, Deed("sqs:DeleteMessage", arn)) for function in _readers(arn)):
            delete(queue_url, receipts)

    sqs._receive_messages_for_esm, sqs._delete_messages_for_esm = receive_as_role, delete_as_role


def _readers(queue: str) -> Iterator[dict[str, Any]]:
    """Yield the settings of the functions whose event source the queue is."""
    for _account, _region, source in lambda_svc._iter_all_esms():
        if source.get("EventSourceArn") == queue:
            function, settings = lambda_svc._get_func_record_for_qualifier(
                source["FunctionName"], source.get("Qualifier")
            )
            if function:
                yield settings


def _refused(function: dict[str, Any], *deeds: Deed) -> bool:
    for deed in deeds:
        refused = refusal(_actor(function), deed)
        if refused:
            _logger.error("not done for a function: %s", refused)
            return True
    return False


def _actor(function: dict[str, Any]) -> Actor:
    return Actor(_SERVICE, function["Role"], function["FunctionArn"])
