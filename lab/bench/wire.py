"""A UDP socket that tells when the kernel received a datagram, so that our own slowness is not measured."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import struct
import time
from collections.abc import Callable

from lab.ports import LOOPBACK

#: Linux, asm-generic/socket.h: stamps with nanoseconds; Python does not name it.
SO_TIMESTAMPNS = 35
_BUFFER_BYTES = 16 * 1024 * 1024
_SO_RCVBUFFORCE = 33
#: Datagrams taken in one turn of the loop.
_BATCH = 64
_STAMP = struct.Struct("ll")

#: What came, when the kernel had it (`now_ns`), from where.
Receive = Callable[[bytes, int, tuple[str, int]], None]


def now_ns() -> int:
    """Return the time by the clock of the kernel's stamps."""
    return time.clock_gettime_ns(time.CLOCK_REALTIME)


class Wire:
    """One socket on loopback."""

    def __init__(self, receive: Receive) -> None:
        """Bind a free port and read from now on, in the running loop."""
        self._receive = receive
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.bind((LOOPBACK, 0))
        self._socket.setblocking(False)
        self._socket.setsockopt(socket.SOL_SOCKET, SO_TIMESTAMPNS, 1)
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, _BUFFER_BYTES)
        with contextlib.suppress(OSError):  # beyond the machine's limit only with privileges
            self._socket.setsockopt(socket.SOL_SOCKET, _SO_RCVBUFFORCE, _BUFFER_BYTES)
        self.port: int = self._socket.getsockname()[1]
        self.unsent = 0
        asyncio.get_running_loop().add_reader(self._socket, self._readable)

    def send(self, data: bytes, to: tuple[str, int]) -> None:
        """Send; what the kernel does not take is lost, as on any wire."""
        try:
            self._socket.sendto(data, to)
        except OSError:
            self.unsent += 1

    def close(self) -> None:
        """Stop reading."""
        asyncio.get_running_loop().remove_reader(self._socket)
        self._socket.close()

    def _readable(self) -> None:
        for _ in range(_BATCH):
            try:
                data, ancillary, _, sender = self._socket.recvmsg(65_535, 64)
            except BlockingIOError:
                return
            except OSError:
                continue  # an ICMP error of an earlier datagram
            at = 0
            for _level, kind, stamp in ancillary:
                if kind == SO_TIMESTAMPNS and len(stamp) >= _STAMP.size:
                    seconds, nanoseconds = _STAMP.unpack_from(stamp)
                    at = seconds * 1_000_000_000 + nanoseconds
            self._receive(data, at or now_ns(), sender)


class Sink:
    """A port for audio that nobody listens to: the kernel drops it, and nobody is told that the port is closed."""

    def __init__(self) -> None:
        """Bind a free port and never read."""
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        self._socket.bind((LOOPBACK, 0))
        self.port: int = self._socket.getsockname()[1]

    def close(self) -> None:
        """Give the port back."""
        self._socket.close()
