"""What the demo's centre has outside: a mail server, and the system of the network that knows of outages.

Both are on loopback. Mails lie as files in a folder, so that somebody who plays a customer can read them.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from aiohttp import web

from lab.mail_server import MailServer, mail_server
from lab.ports import LOOPBACK

#: Postcodes that begin so are without current; the repair takes so long.
OUTAGE = "10"
_REPAIR = timedelta(hours=2)
#: How often is looked for new mails.
KEEPING_SECONDS = 0.5


@dataclass(frozen=True, slots=True, kw_only=True)
class Outside:
    """Where both are."""

    mail_port: int
    network_port: int

    def settings(self) -> str:
        """Return what the server has to know of them."""
        return f"""
[mail]
host = "{LOOPBACK}"
port = {self.mail_port}
security = "none"
sender = "Northwind Energy <service@northwind.example>"

[http.targets.network]
url = "http://{LOOPBACK}:{self.network_port}"
methods = ["GET"]
"""


@asynccontextmanager
async def outside(folder: Path) -> AsyncIterator[Outside]:
    """Run both; mails are kept in `folder`."""
    await asyncio.to_thread(folder.mkdir, parents=True, exist_ok=True)
    network = web.Application()
    network.router.add_get("/outages/{postcode}/until", _until)
    runner = web.AppRunner(network)
    await runner.setup()
    try:
        site = web.TCPSite(runner, LOOPBACK, 0)
        await site.start()
        port: int = runner.addresses[0][1]
        async with mail_server() as mails:
            keeping = asyncio.create_task(_keep(mails, folder))
            try:
                yield Outside(mail_port=mails.port, network_port=port)
            finally:
                keeping.cancel()
    finally:
        await runner.cleanup()


async def _until(request: web.Request) -> web.Response:
    """Answer with the time until which an outage lasts, with nothing where none is known."""
    if not request.match_info["postcode"].startswith(OUTAGE):
        return web.Response()
    until = (datetime.now(UTC) + _REPAIR).replace(second=0, microsecond=0)
    return web.Response(text=until.isoformat())


async def _keep(mails: MailServer, folder: Path) -> None:
    """Write each mail into a file of its own, named by its number."""
    written = 0
    while True:
        for mail in mails.mails[written:]:
            written += 1
            await asyncio.to_thread((folder / f"{written:04}.eml").write_bytes, mail.as_bytes())
        await asyncio.sleep(KEEPING_SECONDS)
