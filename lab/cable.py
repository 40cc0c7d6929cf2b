"""A TCP cable between two programs on loopback that can be pulled: cut, or dead without anybody noticing.

async with Cable(pbx.http_port) as cable:
    server = CentreServer(..., ari_port=cable.port)
    cable.cut()      # every connection ends, none is taken any more
    cable.freeze()   # nothing comes through, and nobody is told (half-open)
    cable.freeze_new()   # the same, but connections there are go on
    cable.mend()
"""

from __future__ import annotations

import asyncio
import socket
from typing import Self, cast

from lab.network import RemoteNetwork
from lab.ports import LOOPBACK


class Cable:
    """One listening port whose connections lead to another port."""

    def __init__(self, to_port: int, *, to: str = LOOPBACK, remote: RemoteNetwork | None = None) -> None:
        """Nothing listens before it is entered. Connections leave from the other machine of a `remote` network."""
        self.to, self.to_port = to, to_port
        self._remote = remote
        self.frozen = False
        #: Whether new connections lead anywhere.
        self.leads_on = True
        self.ends: set[_End] = set()
        self._takes = True
        self._server: asyncio.Server | None = None
        self.port = 0

    async def __aenter__(self) -> Self:
        """Listen."""
        loop = asyncio.get_running_loop()
        self._server = await loop.create_server(lambda: _Near(self), LOOPBACK, 0)
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(self, *_: object) -> None:
        """End all connections."""
        assert self._server is not None
        self._server.close()
        self.cut()

    def cut(self) -> None:
        """End every connection, and every new one at once, until `mend`."""
        self._takes, self.frozen = False, False
        for end in tuple(self.ends):
            end.abort()

    def freeze(self) -> None:
        """Let nothing through, in connections there are and in new ones, until `mend` or `cut`."""
        self.frozen = True

    def freeze_new(self) -> None:
        """Let nothing through in connections made until `mend`, neither then nor later. Those there are go on."""
        self.leads_on = False

    def mend(self) -> None:
        """Be whole again. What was frozen goes on; what was cut has to be connected anew."""
        self._takes, self.frozen, self.leads_on = True, False, True
        for end in tuple(self.ends):
            end.go_on()

    async def far_socket(self) -> socket.socket | None:
        """Return a connected socket of the remote machine, where there is one; raise `OSError`."""
        if self._remote is None:
            return None
        made = self._remote.socket()
        try:
            await asyncio.get_running_loop().sock_connect(made, (self._remote.address, self.to_port))
        except BaseException:
            made.close()
            raise
        return made

    @property
    def takes(self) -> bool:
        """Whether connections are taken."""
        return self._takes


class _End(asyncio.Protocol):
    """One end of a connection. What it hears goes out at its peer."""

    def __init__(self, cable: Cable) -> None:
        self.cable = cable
        self.peer: _End | None = None
        self.transport: asyncio.Transport | None = None
        self._held: list[bytes] = []
        self._lost = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast("asyncio.Transport", transport)
        self.cable.ends.add(self)

    def data_received(self, data: bytes) -> None:
        self._held.append(data)
        self.go_on()

    def connection_lost(self, exc: Exception | None) -> None:
        self._lost = True
        self._held.clear()  # as in a network: what was on its way when an end gave up is gone
        self.go_on()

    def go_on(self) -> None:
        """Hand on what is held, unless the cable is frozen or the far end not there yet."""
        if self.cable.frozen or self.peer is None or self.peer.transport is None:
            return
        if self._held:
            if not self.peer.transport.is_closing():
                self.peer.transport.write(b"".join(self._held))
            self._held.clear()
        if self._lost:
            self.peer.abort()
            self.cable.ends.discard(self)

    def abort(self) -> None:
        """End at once."""
        if self.transport is not None:
            self.transport.abort()


class _Near(_End):
    """The end somebody connected to; it makes the far one."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        super().connection_made(transport)
        if not self.cable.leads_on:
            return
        if self.cable.takes:
            self._making = asyncio.ensure_future(self._make_far())
        else:
            self.abort()

    async def _make_far(self) -> None:
        loop = asyncio.get_running_loop()
        try:
            if (made := await self.cable.far_socket()) is not None:
                _, far = await loop.create_connection(lambda: _End(self.cable), sock=made)
            else:
                _, far = await loop.create_connection(lambda: _End(self.cable), self.cable.to, self.cable.to_port)
        except OSError:
            self.abort()
            return
        self.peer, far.peer = far, self
        self.go_on()
        far.go_on()
