"""Run the local AWS server in the foreground: ministack with the patches, its state kept in one folder.

Runs inside the server's own environment (local/aws/environment.py), so it and the patches import nothing but the
standard library, ministack and each other:

    python -m local.aws.server --home DIR --port PORT

State is loaded from DIR/state and DIR/s3 at the start and saved at SIGTERM (orderly end) and SIGUSR1 (checkpoint: what
survives if the process is killed later; DIR/checkpoint says that it is written). S3 objects are on disk at once.
"""

import argparse
import os
import signal
import sys
import threading
from pathlib import Path

REGION = "us-east-1"
ACCOUNT_ID = "000000000000"


def configure(home: Path, port: int) -> None:
    """Set ministack's switches, which it reads from the environment when it is imported."""
    os.environ.update(
        BIND_HOST="127.0.0.1",
        MINISTACK_HOST="127.0.0.1",  # the host in queue URLs
        GATEWAY_PORT=str(port),
        MINISTACK_REGION=REGION,
        MINISTACK_ACCOUNT_ID=ACCOUNT_ID,
        PERSIST_STATE="1",
        STATE_DIR=str(home / "state"),
        S3_PERSIST="1",
        S3_DATA_DIR=str(home / "s3"),
        SFTP_ENABLED="0",  # listeners on fixed ports that nothing here uses
        IOT_MTLS_ENABLED="0",
        AUTH="true",  # roles of functions and services and policies of resources are enforced
        LANDFALL_RIGHTS_FILE=str(rights_path(home)),
    )


def main() -> None:
    """Serve until SIGTERM."""
    parser = argparse.ArgumentParser(description="local AWS server")
    parser.add_argument("--home", type=Path, required=True, help="folder that holds the server's state")
    parser.add_argument("--port", type=int, required=True, help="port on 127.0.0.1")
    arguments = parser.parse_args()
    configure(arguments.home.resolve(), arguments.port)
    # Only now: these modules read their configuration when they are imported.
    from ministack import app  # type: ignore[import-not-found]  # server environment

    from local.aws import patches

    names = patches.apply_all()
    print(f"local AWS on port {arguments.port}, patches: {', '.join(names)}", flush=True)
    _save_on_sigusr1(app, checkpoint_path(arguments.home.resolve()))
    sys.argv = sys.argv[:1]  # ministack reads options of its own from the command line
    app.main()


def rights_path(home: Path) -> Path:
    """Return the file of what was allowed so far (patches/recorded_rights.py)."""
    return home / "rights.jsonl"


def checkpoint_path(home: Path) -> Path:
    """Return the file that appears when a checkpoint is written."""
    return home / "checkpoint"


def _save_on_sigusr1(app: object, written: Path) -> None:
    """Save all state when the signal comes, in a thread of its own so that requests are still answered."""

    def save() -> None:
        app.save_all(app._build_persistence_save_dict())  # type: ignore[attr-defined]  # module of another environment
        written.touch()

    signal.signal(signal.SIGUSR1, lambda _signal, _frame: threading.Thread(target=save, name="checkpoint").start())


if __name__ == "__main__":
    main()
