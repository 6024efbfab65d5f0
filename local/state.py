"""What is known of a local stack between commands: its ports, its processes, what is deployed. Kept in info.json."""

from dataclasses import asdict, dataclass, field
from typing import Any

from local.files import read_json, write_json
from local.home import Home
from local.processes import ProcessIdentity, is_running


@dataclass(frozen=True)
class Ports:
    """TCP ports on 127.0.0.1."""

    aws: int
    redshift: int
    redshift_data: int

    @property
    def aws_url(self) -> str:
        """Endpoint of every AWS service but the one below."""
        return f"http://127.0.0.1:{self.aws}"

    @property
    def redshift_data_url(self) -> str:
        """Endpoint of the Redshift Data API."""
        return f"http://127.0.0.1:{self.redshift_data}"


@dataclass
class State:
    """A local stack as the last command left it; processes may have died since."""

    ports: Ports | None = None
    processes: dict[str, ProcessIdentity] = field(default_factory=dict)
    deployment: dict[str, Any] = field(default_factory=dict)

    def running(self, service: str) -> bool:
        """Tell whether the service's process is alive now."""
        return service in self.processes and is_running(self.processes[service])


def load(home: Home) -> State:
    """Return the home's state; that of a home never used is empty."""
    raw = read_json(home.state)
    return State(
        ports=Ports(**raw["ports"]) if raw.get("ports") else None,
        processes={name: ProcessIdentity(**identity) for name, identity in raw.get("processes", {}).items()},
        deployment=raw.get("deployment", {}),
    )


def save(home: Home, state: State) -> None:
    """Write the home's state."""
    write_json(home.state, asdict(state))
