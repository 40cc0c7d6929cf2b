"""Find ports on loopback that nobody uses. Knows nothing of who will use them.

A port is free when the kernel has just given it out. Between that moment and its use another process could
take it; the kernel chooses at random among some 28,000, so servers that can bind port 0 themselves should.
"""

from __future__ import annotations

import socket
from contextlib import ExitStack

LOOPBACK = "127.0.0.1"


def free_port(kind: socket.SocketKind = socket.SOCK_STREAM) -> int:
    """Return a free port of 127.0.0.1: TCP, or UDP with ``SOCK_DGRAM``."""
    return free_ports(1, kind)[0]


def free_ports(count: int, kind: socket.SocketKind = socket.SOCK_STREAM) -> list[int]:
    """Return `count` different free ports of 127.0.0.1."""
    with ExitStack() as held:
        ports = []
        for _ in range(count):
            probe = held.enter_context(socket.socket(socket.AF_INET, kind))
            probe.bind((LOOPBACK, 0))
            ports.append(probe.getsockname()[1])
        return ports
