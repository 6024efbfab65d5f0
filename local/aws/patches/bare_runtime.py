"""Lambda workers run in an environment that holds only the standard library.

Stock ministack runs them with its own interpreter, where botocore, yaml and others can be imported: a package missing
from a Lambda's zip would be found there and be missing on AWS. The empty environment also lacks semaphores, as AWS
Lambda does (local/aws/runtime/sitecustomize.py).
"""

import os

from ministack.core import lambda_runtime  # type: ignore[import-not-found]  # server environment

from local.aws.patches.guard import expect_source

RUNTIME_PYTHON = "LANDFALL_LAMBDA_PYTHON"


def apply() -> None:
    """Make Python workers start with the interpreter named by the environment variable RUNTIME_PYTHON."""
    original = lambda_runtime._detect_runtime_binary
    expect_source(original, "222e200df2c093f826646602ec435c624ba56f50002aec951aac125c8c8b0169")
    python = os.environ[RUNTIME_PYTHON]

    def detect_runtime_binary(runtime: str) -> tuple[str, str]:
        binary, script = original(runtime)
        return (python if runtime.startswith("python") else binary), script

    lambda_runtime._detect_runtime_binary = detect_runtime_binary
