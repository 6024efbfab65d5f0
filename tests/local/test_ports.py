"""Ports are free when chosen."""

import socket
import threading

from local.ports import _FIRST, _LAST, HOST, becomes_free, choose_ports, is_answering, is_free


def test_chosen_ports_are_different_free_and_outside_the_range_of_outgoing_connections() -> None:
    ports = choose_ports(20)
    assert len(set(ports)) == 20
    assert all(is_free(port) and not is_answering(port) and 15000 <= port < 30000 for port in ports)


def test_a_port_of_another_is_not_chosen_although_nothing_listens_there() -> None:
    left = {_FIRST + 1, _LAST - 1}
    assert set(choose_ports(1, set(range(_FIRST, _LAST + 1)) - left)) < left


def test_a_port_with_a_listener_is_not_free_until_it_is_closed() -> None:
    [port] = choose_ports(1)
    with socket.create_server((HOST, port)) as listener:
        assert is_answering(port)
        assert not becomes_free(port, seconds=0.1)
        threading.Timer(0.2, listener.close).start()
        assert becomes_free(port, seconds=5)
