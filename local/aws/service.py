"""Start and stop the local AWS server of one home.

Comes in: the home's folder, a port, the address of the local Redshift's Data API. Goes out: a running process whose
Lambda workers see only what AWS gives them and these addresses.
"""

import os
import shutil
from pathlib import Path

from local.aws.environment import AwsEnvironment
from local.processes import ProcessIdentity, start_detached, stop

# In-flight requests are given 3 s by the server, then it saves its state, Lambda code included.
_STOP_SECONDS = 20.0
ACCESS_KEY_ID = "test"
SECRET_ACCESS_KEY = "test"  # noqa: S105 - the local server's fixed root key; it listens on 127.0.0.1 alone


def log_path(home: Path) -> Path:
    """Return where the server's output goes."""
    return home / "server.log"


def start(
    home: Path, root: Path, port: int, redshift_data_url: str | None, environment: AwsEnvironment
) -> ProcessIdentity:
    """Start the server, detached; it answers on 127.0.0.1:`port` a moment later."""
    _fresh_temporary_folder(home)
    return start_detached(
        [str(environment.server_python), "-m", "local.aws.server", "--home", str(home), "--port", str(port)],
        _process_environment(home, redshift_data_url, environment),
        root,
        log_path(home),
    )


def end(home: Path, server: ProcessIdentity) -> None:
    """Stop the server and its Lambda workers; its state stays, its temporary files go."""
    stop(server, _STOP_SECONDS)
    shutil.rmtree(_temporary_folder(home), ignore_errors=True)


def _temporary_folder(home: Path) -> Path:
    return home / "tmp"


def _fresh_temporary_folder(home: Path) -> None:
    shutil.rmtree(_temporary_folder(home), ignore_errors=True)
    _temporary_folder(home).mkdir(parents=True)


def _process_environment(home: Path, redshift_data_url: str | None, environment: AwsEnvironment) -> dict[str, str]:
    """Build a small environment: Lambda workers inherit it, so nothing of the user's shell may leak into it."""
    variables = {
        "PATH": os.environ.get("PATH", os.defpath),
        "HOME": str(_temporary_folder(home)),  # no ~/.aws, no ~/.dbt
        "TMPDIR": str(_temporary_folder(home)),
        "LANG": "C.UTF-8",
        "TZ": "UTC",  # as on AWS Lambda
        "PYTHONDONTWRITEBYTECODE": "1",
        "AWS_ACCESS_KEY_ID": ACCESS_KEY_ID,
        "AWS_SECRET_ACCESS_KEY": SECRET_ACCESS_KEY,
        "LANDFALL_LAMBDA_PYTHON": str(environment.runtime_python),
    }
    if redshift_data_url:
        variables["AWS_ENDPOINT_URL_REDSHIFT_DATA"] = redshift_data_url
    return variables
