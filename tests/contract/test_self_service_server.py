"""The public pages of a real server process, on SQLite and on PostgreSQL: killed in the middle, with real mail.

caruso serve ── kill -9 ── caruso serve          (no PBX: the pages need none)
     └────── one browser, one cookie ──────┘
"""

from __future__ import annotations

import asyncio
import re
import signal
import sys
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import aiohttp
import pytest

from caruso.model.callbacks import CallbackState
from caruso.model.ids import RunId
from caruso.storage.callbacks import Callbacks
from caruso.storage.engine import Database
from caruso.storage.runs import Runs
from lab.form_browser import FormBrowser
from lab.mail_server import MailServer, mail_server
from lab.ports import LOOPBACK, free_port
from lab.postgres import PostgresUnavailable, running_postgres
from lab.self_service_scripts import EVERY_TYPE, READING

ROOT = Path(__file__).resolve().parents[2]
START_SECONDS = 30.0
#: Longer than the fastest a person is taken to be (caruso/web/self_service/spam.py).
PERSON_SECONDS = 1.0

_CENTRE = """
name = "Northwind Energy"
timezone = "Europe/Amsterdam"
colour = "#7a1f5c"
scripts = ["*.xml"]
[queues.service]
name = "Service"
[entry_points.reading]
name = "Reading"
queue = "service"
web = "reading"
minutes = 3
call_back = true
[entry_points.every-type]
name = "Everything"
queue = "service"
web = "every-type"
[entry_points.line]
name = "Line"
numbers = ["4711"]
queue = "service"
codes = true
"""


@dataclass(kw_only=True)
class Server:
    """A server that is started, killed and started again."""

    folder: Path
    database_url: str
    mail: MailServer
    port: int = field(default_factory=free_port)
    process: asyncio.subprocess.Process | None = None

    @property
    def url(self) -> str:
        return f"http://{LOOPBACK}:{self.port}"

    async def prepare(self) -> None:
        (self.folder / "reading.xml").write_bytes(READING)
        (self.folder / "every-type.xml").write_bytes(EVERY_TYPE)
        (self.folder / "centre.toml").write_text(_CENTRE)
        (self.folder / "caruso.toml").write_text(
            f'[server]\nport = {self.port}\ndata_dir = "data"\npublic_url = "{self.url}"\n'
            f'[database]\nurl = "{self.database_url}"\n'
            f'[asterisk]\nari_url = "http://{LOOPBACK}:{free_port()}/ari"\n'
            f'[mail]\nhost = "{LOOPBACK}"\nport = {self.mail.port}\nsecurity = "none"\n'
            'sender = "service@example.org"\n'
        )
        for arguments in (("db", "upgrade"), ("apply", "centre.toml")):
            process = await self._caruso(*arguments)
            assert await process.wait() == 0, arguments

    async def start(self) -> None:
        self.process = await self._caruso("serve")
        async with asyncio.timeout(START_SECONDS), aiohttp.ClientSession() as http:
            while True:
                assert self.process.returncode is None, "the server ended"
                try:
                    async with http.get(f"{self.url}/s/reading") as answer:
                        if answer.status == 200:
                            return
                except aiohttp.ClientError:
                    await asyncio.sleep(0.1)

    async def end(self, how: signal.Signals = signal.SIGTERM) -> None:
        if self.process is not None and self.process.returncode is None:
            self.process.send_signal(how)
            await self.process.wait()

    async def _caruso(self, *arguments: str) -> asyncio.subprocess.Process:
        command = [sys.executable, "-m", "caruso", "--config", str(self.folder / "caruso.toml"), *arguments]
        if arguments[0] == "apply":
            command[-1] = str(self.folder / "centre.toml")
        return await asyncio.create_subprocess_exec(
            *command, cwd=ROOT, stdout=asyncio.subprocess.DEVNULL, stderr=asyncio.subprocess.DEVNULL
        )


@pytest.fixture(params=["sqlite", "postgresql"], scope="module")
def database_url(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Return an empty database."""
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path_factory.mktemp('public') / 'caruso.db'}"
        return
    try:
        with running_postgres() as postgres:
            yield postgres.url(postgres.new_database(), driver="postgresql")
    except PostgresUnavailable as why:
        pytest.skip(str(why))


@pytest.fixture
async def server(database_url: str, tmp_path: Path) -> AsyncIterator[Server]:
    """Return a server that runs."""
    async with mail_server() as mail:
        server = Server(folder=tmp_path, database_url=database_url, mail=mail)
        await server.prepare()
        await server.start()
        yield server
        await server.end()


async def test_a_dialog_survives_its_server_and_goes_on_by_mail_and_telephone(server: Server) -> None:
    """Answered, killed, gone on, mailed to another device, a call-back asked for, a file sent, and done."""
    async with FormBrowser(server.url) as browser, FormBrowser(server.url) as other:
        page = await browser.get("/s/reading")
        assert "#7a1f5c" in (await browser.get(page.tree.xpath("//link[@rel='stylesheet']/@href")[1])).text
        await browser.get("/s/reading")
        await asyncio.sleep(PERSON_SECONDS)
        page = browser.page or page
        await browser.send(page.form("/s/reading"))
        page = await browser.answer("power")
        assert page.heading == "What does the meter say?"

        await server.end(signal.SIGKILL)
        await server.start()
        page = await browser.get("/s/reading/step")
        assert page.heading == "What does the meter say?"
        page = await browser.answer("4711")

        page = await browser.get("/s/reading/help")
        page = await browser.send(page.tree.xpath("//form[.//input[@name='phone']]")[0], phone="+49 30 1234567")
        assert "We will call you back" in page.notice
        page = await browser.get("/s/reading/help")
        page = await browser.send(page.form("/help"), action="code")
        assert page.texts("//dd")[0] == "4711"

        page = await browser.get("/s/reading/save")
        page = await browser.send(page.form("/save"), mail="visitor@example.org")
        assert "the link is on its way" in page.notice
        (mail,) = server.mail.mails
        assert mail["Subject"] == "Continue where you were: Meter reading"
        link = re.findall(rf"{server.url}\S+", mail.get_body().get_content())[0]  # type: ignore[union-attr]

        page = await other.get(link)
        page = await other.send(page.form())
        assert page.heading == "Is there anything we should know?"
        page = await other.answer("Nothing.")
        assert page.texts("//p[@class='said']") == ["Thank you. We have noted 4711 for Electricity."]
        page = await browser.get("/s/reading/step")
        assert (page.status, page.heading) == (410, "You went on elsewhere")
    await _look_at_the_database(server)


async def _look_at_the_database(server: Server) -> None:
    database = Database(server.database_url)
    try:
        (promised,) = await Callbacks(database).find(queues=None, states=[CallbackState.OPEN], limit=10)
        assert (promised.number, promised.queue) == ("+49301234567", "service")
        assert promised.run is not None
        events = await Runs(database).audit(RunId(promised.run))
        answered = [(event.item, event.channel) for event in events if event.event == "answered"]
        assert answered == [("product", "web"), ("reading", "web"), ("remark", "web")]
    finally:
        await database.dispose()
