"""The local stack as a whole: up, down, reset, and what it says of itself.

Comes in: a home folder. Goes out: two running services with the product deployed on them by the same code that deploys
to AWS. One command at a time works on a home; the others wait for its lock.
"""

import shutil

from local.deployment import Deploy, deploy_product
from local.errors import LocalStackError
from local.files import locked
from local.home import Home
from local.recovery import resume_interrupted_transform
from local.services import AWS, LABELS, REDSHIFT, Progress, checkpoint, start_services, stop_service
from local.state import State, load

_SERVICES = (AWS, REDSHIFT)


def start(home: Home, progress: Progress, services: tuple[str, ...] = _SERVICES) -> State:
    """Start the services without deploying anything on them."""
    with locked(home.lock):
        state = load(home)
        start_services(home, state, services, progress)
    return state


def up(home: Home, deploy: Deploy, progress: Progress) -> State:
    """Start the services that do not run and have what has changed deployed; repeat it freely.

    Raises:
        LocalStackError: a service or the deployment failed; what did start keeps running, for a look at its logs.
    """
    with locked(home.lock):
        state = load(home)
        start_services(home, state, _SERVICES, progress)
        deploy_product(home, state, deploy, progress)
        if state.ports is not None:
            resume_interrupted_transform(state.ports, state.deployment["outputs"], progress)
        checkpoint(home, state)
    return state


def down(home: Home, progress: Progress) -> None:
    """Stop every process of the stack; what it holds stays on disk."""
    with locked(home.lock):
        _stop_all(home, progress)


def reset(home: Home, progress: Progress) -> None:
    """Stop the stack and delete everything that it holds."""
    with locked(home.lock):
        _stop_all(home, progress)
        progress("deleting the stack's data")
        for entry in home.folder.iterdir():
            if entry.is_dir():
                shutil.rmtree(entry)
            elif entry != home.lock:
                entry.unlink()


def running_state(home: Home) -> State:
    """Return the state of a stack that runs.

    Raises:
        LocalStackError: it does not run.
    """
    state = load(home)
    if not all(state.running(name) for name in _SERVICES):
        raise LocalStackError("the local stack is not running. Start it with `landfall local up`.")
    return state


def _stop_all(home: Home, progress: Progress) -> None:
    state = load(home)
    # AWS first: its Lambda workers use the warehouse until they end.
    for name in [name for name in _SERVICES if name in state.processes]:
        progress(f"{LABELS[name]}: stopping")
        stop_service(home, state, name)
