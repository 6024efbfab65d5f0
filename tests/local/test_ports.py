"""Ports are free when chosen."""

import socket
import threading

from local.ports import HOST, becomes_free, choose_ports, is_answering, is_free


def test_chosen_ports_are_different_free_and_outside_the_range_of_outgoing_connections() -> None:
    ports = choose_ports(20)
    assert len(set(ports)) == 20
    assert all(is_free(port) and not is_answering(port) and 15000 <= port < 30000 for port in ports)


def test_a_port_with_a_listener_is_not_free_until_it_is_closed() -> None:
    [port] = choose_ports(1)
    with socket.create_server((HOST, port)) as listener:
        assert is_answering(port)
        assert not becomes_free(port, seconds=0.1)
        threading.Timer(0.2, listener.close).start()
        assert becomes_free(port, seconds=5)
