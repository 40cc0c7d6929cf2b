from __future__ import annotations

import socket

import pytest

from lab.ports import LOOPBACK, free_port, free_ports


@pytest.mark.parametrize("kind", [socket.SOCK_STREAM, socket.SOCK_DGRAM])
def test_a_free_port_can_be_bound(kind: socket.SocketKind) -> None:
    with socket.socket(socket.AF_INET, kind) as server:
        server.bind((LOOPBACK, free_port(kind)))


def test_free_ports_differ() -> None:
    ports = free_ports(50)
    assert len(set(ports)) == 50
