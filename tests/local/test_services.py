"""A service that cannot start says why, and what to do."""

import socket
from pathlib import Path

import pytest

from local import stack
from local.errors import LocalStackError
from local.home import Home
from local.ports import HOST
from local.services import AWS, REDSHIFT
from local.state import Ports, State, load, save
from tests.support import run_folder
from tests.support.lambdas import unique


@pytest.fixture
def home() -> Home:
    """A home of the test's own; the run ends what starts in it."""
    return Home(run_folder.folder() / unique("home"))


def test_a_service_that_ends_while_starting_is_reported_with_the_end_of_its_log(home: Home) -> None:
    home.redshift.mkdir(parents=True)
    (home.redshift / "logs").write_text("a file where a folder must be")
    with pytest.raises(LocalStackError) as caught:
        stack.start(home, print, (REDSHIFT,))
    assert "local Redshift ended while starting" in str(caught.value)
    assert "FileExistsError" in str(caught.value)
    assert "landfall local reset" in str(caught.value)
    stack.down(home, print)
    assert load(home).processes == {}


def test_a_port_that_another_program_took_meanwhile_is_named_and_nothing_starts(home: Home) -> None:
    with socket.create_server((HOST, 0)) as listener:
        port = listener.getsockname()[1]
        save(home, State(ports=Ports(aws=port, redshift=1, redshift_data=2)))
        with pytest.raises(LocalStackError, match=rf"port {port} on 127.0.0.1.*landfall local reset"):
            stack.start(home, print, (AWS,))
    assert load(home).processes == {}


def test_a_new_stack_leaves_the_ports_alone_of_one_beside_it_that_does_not_run_yet(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    save(Home(tmp_path / "beside"), State(ports=Ports(aws=1, redshift=2, redshift_data=3)))
    another = Home(tmp_path / "another").state
    another.parent.mkdir()
    another.write_text('["of another program"]')
    asked: list[set[int]] = []

    def choose(_count: int, but: set[int]) -> list[int]:
        asked.append(but)
        raise LocalStackError("no port is free")

    monkeypatch.setattr("local.services.choose_ports", choose)
    with pytest.raises(LocalStackError, match="no port is free"):
        stack.start(Home(tmp_path / "new"), print, (AWS,))
    assert asked == [{1, 2, 3}]


def test_a_stack_that_does_not_run_says_how_to_start_it(home: Home) -> None:
    with pytest.raises(LocalStackError, match="landfall local up"):
        stack.running_state(home)


def test_down_and_reset_of_a_stack_that_was_never_up_do_nothing(home: Home) -> None:
    stack.down(home, print)
    stack.reset(home, print)
    assert list(home.folder.iterdir()) == [home.lock]
