"""Tests reach this machine and nothing else; without this file nobody would know."""

import socket
import warnings

import pytest
from pytest_socket import SocketConnectBlockedError


@pytest.mark.parametrize("address", ["192.0.2.1", "10.0.0.1", "example.com"])
def test_other_machines_are_out_of_reach(address):
    with warnings.catch_warnings(), socket.socket() as link:
        warnings.simplefilter("ignore")
        link.settimeout(1)
        with pytest.raises(SocketConnectBlockedError):
            link.connect((address, 80))


def test_this_machine_is_within_reach():
    with socket.socket() as server, socket.socket() as link:
        server.bind(("127.0.0.1", 0))
        server.listen()
        link.connect(server.getsockname())


def test_socket_files_are_within_reach(tmp_path):
    with socket.socket(socket.AF_UNIX) as server, socket.socket(socket.AF_UNIX) as link:
        server.bind(str(tmp_path / "s"))
        server.listen()
        link.connect(str(tmp_path / "s"))
