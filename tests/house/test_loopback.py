"""Tests that leave this machine are stopped."""

import socket

import pytest

from tests.conftest import LeftThisMachineError


@pytest.mark.parametrize("host", ["192.0.2.1", "csirt.example"])
def test_no_test_reaches_another_machine(host: str) -> None:
    with pytest.raises(LeftThisMachineError):
        socket.create_connection((host, 443), timeout=1)


def test_this_machine_can_be_reached() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server, socket.create_connection(server.getsockname()) as client:
        assert client.getpeername() == server.getsockname()
