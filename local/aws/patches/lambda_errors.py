"""A failed Lambda reports the class of its exception, as AWS does, so that Step Functions can catch and retry by name.

Stock ministack reports every exception as `Runtime.HandlerError`; AWS reports `errorType` (the class name) and
`stackTrace`, and `Runtime.ExitError` for a process that ended
(https://docs.aws.amazon.com/lambda/latest/dg/python-exceptions.html,
https://docs.aws.amazon.com/step-functions/latest/dg/concepts-error-handling.html).
"""

from typing import Any

from ministack.core import lambda_runtime  # type: ignore[import-not-found]  # server environment
from ministack.services import lambda_svc  # type: ignore[import-not-found]  # server environment

from local.aws.patches.guard import expect_source, replace_once

_STOCK = """json.dumps({"status": "error", "error": str(e), "trace": traceback.format_exc()})"""
_WITH_CLASS = """json.dumps({"status": "error", "error": str(e), "trace": traceback.format_exc(),
                "error_type": type(e).__name__})"""
_DIED = "Worker process died"


class _NamedMessage(str):
    """An error message that carries the exception's class name through ministack's code unseen."""

    error_type: str
    stack_trace: list[str]


def apply() -> None:
    """Carry the class name from the worker to the invocation's result."""
    expect_source(lambda_svc._execute_function_warm, "62b9218bef5b948a23c3269d6fb7260f88dda21cb88a1962ab72e4dceac81153")
    lambda_runtime._PYTHON_WORKER_SCRIPT = replace_once(lambda_runtime._PYTHON_WORKER_SCRIPT, _STOCK, _WITH_CLASS)
    _name_errors_of_workers()
    _name_errors_of_invocations()


def _name_errors_of_workers() -> None:
    original = lambda_runtime.Worker.invoke

    def invoke(self: Any, *args: Any, **options: Any) -> dict[str, Any]:
        result: dict[str, Any] = original(self, *args, **options)
        error_type = "Runtime.ExitError" if result.get("error") == _DIED else result.get("error_type")
        if error_type:
            message = _NamedMessage(result["error"])
            message.error_type = error_type
            message.stack_trace = result.get("trace", "").splitlines()
            result["error"] = message
        return result

    lambda_runtime.Worker.invoke = invoke


def _name_errors_of_invocations() -> None:
    original = lambda_svc._execute_function_warm

    def execute_function_warm(*args: Any, **options: Any) -> dict[str, Any]:
        result: dict[str, Any] = original(*args, **options)
        body = result.get("body")
        message = body.get("errorMessage") if result.get("error") and isinstance(body, dict) else None
        if isinstance(message, _NamedMessage):
            result["body"] = {
                "errorMessage": str(message),
                "errorType": message.error_type,
                "stackTrace": message.stack_trace,
            }
        return result

    lambda_svc._execute_function_warm = execute_function_warm
