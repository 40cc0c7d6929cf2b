"""A network that leads to another machine, and can be cut by the kernel: a namespace at the end of a virtual wire.

with remote_network() as net:            # None where it cannot be made (no privileges, no `ip`)
    socket = net.socket()                # as if a program on the other machine had opened it
    net.cut()                            # packets are lost in both directions, and nobody is told
    net.mend()
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import secrets
import shutil
import socket
import subprocess
from collections.abc import Iterator
from pathlib import Path

_CLONE_NEWNET = 0x40000000


class RemoteNetwork:
    """A machine at the other end of a wire; `address` is ours, as it sees us."""

    def __init__(self, name: str, address: str) -> None:
        """Use `remote_network`."""
        self._name = name
        self.address = address

    def socket(self) -> socket.socket:
        """Return a TCP socket of the other machine: it stays there, whoever uses it."""
        libc = ctypes.CDLL(None, use_errno=True)
        with Path("/proc/thread-self/ns/net").open() as here, Path(f"/run/netns/{self._name}").open() as there:
            if libc.setns(there.fileno(), _CLONE_NEWNET):
                raise OSError(ctypes.get_errno(), "setns")
            try:
                return socket.socket(socket.AF_INET, socket.SOCK_STREAM | socket.SOCK_NONBLOCK)
            finally:
                libc.setns(here.fileno(), _CLONE_NEWNET)

    def cut(self) -> None:
        """Lose every packet."""
        self._set("down")

    def mend(self) -> None:
        """Carry packets again."""
        self._set("up")

    def _set(self, state: str) -> None:
        # The other end of the wire: our own address stays, as that of a server does when a user's line breaks.
        _ip("-n", self._name, "link", "set", f"{self._name}b", state)


@contextlib.contextmanager
def remote_network() -> Iterator[RemoteNetwork | None]:
    """Make it for the length of a block."""
    name = f"lab{os.getpid() % 100_000:x}"
    third, fourth = secrets.randbelow(256), secrets.randbelow(64) * 4
    ours, theirs = f"10.231.{third}.{fourth + 1}", f"10.231.{third}.{fourth + 2}"
    try:
        _ip("netns", "add", name)
        _ip("link", "add", f"{name}a", "type", "veth", "peer", "name", f"{name}b")
        _ip("link", "set", f"{name}b", "netns", name)
        _ip("addr", "add", f"{ours}/30", "dev", f"{name}a")
        _ip("link", "set", f"{name}a", "up")
        _ip("-n", name, "addr", "add", f"{theirs}/30", "dev", f"{name}b")
        _ip("-n", name, "link", "set", f"{name}b", "up")
    except (OSError, subprocess.CalledProcessError):
        _remove(name)
        yield None
        return
    try:
        yield RemoteNetwork(name, ours)
    finally:
        _remove(name)


def _remove(name: str) -> None:
    with contextlib.suppress(OSError, subprocess.CalledProcessError):
        _ip("netns", "del", name)  # the wire goes with it
    with contextlib.suppress(OSError, subprocess.CalledProcessError):
        _ip("link", "del", f"{name}a")


def _ip(*arguments: str) -> None:
    command = shutil.which("ip") or shutil.which("ip", path="/usr/sbin:/sbin") or "ip"
    subprocess.run([command, *arguments], check=True, capture_output=True)
