"""``python -m lab.bench.sketch URL APP AGENTS``: the least that can be done over ARI to give callers to agents.

The next phone in turn, no queue, no journal, no screens, no thought for failures: what Asterisk's REST interface
itself costs, and with it the floor for everybody who uses it. User and password come in ``ARI_LOGIN``.
"""

from __future__ import annotations

import asyncio
import os
import sys
from itertools import count, cycle
from typing import Any

import msgspec
import uvloop
from websockets.asyncio.client import ClientConnection, connect

from caruso.scheduling import set_real_time_priority

#: Said when it is ready.
READY = "ready"


class Sketch:
    """All calls."""

    def __init__(self, socket: ClientConnection, app: str, agents: int) -> None:
        """Begin with none."""
        self._socket, self._app = socket, app
        self._phones = cycle([f"PJSIP/a{number}" for number in range(1, agents + 1)])
        self._numbers = count(1)
        #: The other leg of each leg.
        self._other: dict[str, str] = {}

    async def ask(self, method: str, uri: str, **query: str) -> None:
        """Send a request; nobody waits for the answer."""
        parameters = [{"name": name, "value": value} for name, value in query.items()]
        ask = {
            "type": "RESTRequest",
            "request_id": str(next(self._numbers)),
            "method": method,
            "uri": uri,
            "query_strings": parameters,
        }
        await self._socket.send(msgspec.json.encode(ask), text=True)

    async def take(self, message: dict[str, Any]) -> None:
        """Do what follows from a message."""
        leg = message.get("channel", {}).get("id", "")
        match message["type"]:
            case "StasisStart" if message["args"][0] == "in":
                agent = f"agent-{leg}"
                self._other[leg], self._other[agent] = agent, leg
                number = message["channel"]["caller"]["number"]
                await self.ask(
                    "POST", f"channels/{agent}", endpoint=next(self._phones), app=self._app, appArgs="agent",
                    callerId=number, originator=leg,
                )  # fmt: skip
            case "StasisStart":
                caller = self._other.get(leg)
                if caller is None:
                    await self.ask("DELETE", f"channels/{leg}")
                    return
                await self.ask("POST", f"channels/{caller}/answer")
                await self.ask("POST", f"bridges/bridge-{caller}", type="mixing")
                await self.ask("POST", f"bridges/bridge-{caller}/addChannel", channel=f"{caller},{leg}")
            case "StasisEnd" | "ChannelDestroyed":
                other = self._other.pop(leg, None)
                if other is not None and self._other.pop(other, None) is not None:
                    await self.ask("DELETE", f"channels/{other}")
                    await self.ask("DELETE", f"bridges/bridge-{min(leg, other, key=len)}")


async def run(url: str, app: str, agents: int) -> None:
    """Serve until the connection ends."""
    login = os.environ["ARI_LOGIN"]
    address = f"{url}/events?app={app}&api_key={login}"
    async with connect(address, compression=None, max_queue=None, ping_interval=None) as socket:
        sketch = Sketch(socket, app, agents)
        print(READY, flush=True)
        async for data in socket:
            await sketch.take(msgspec.json.decode(data))


if __name__ == "__main__":
    set_real_time_priority(8)
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(run(sys.argv[1], sys.argv[2], int(sys.argv[3])))
