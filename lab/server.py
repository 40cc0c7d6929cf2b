"""A whole Caruso beside a local Asterisk, as a process of its own: to be started, killed and started again.

async with CentreServer(pbx, directory, centre_toml) as server:
    async with server.client("anna") as browser:
        ...
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Self

import aiohttp

from caruso.clock import SystemClock
from caruso.comm_server.centre_file.reading import read_centre
from caruso.model.centre import Role
from caruso.model.facts import AnyFact
from caruso.model.ids import AgentId, ScriptId, UserId
from caruso.model.records import Customer, ScriptSource, User
from caruso.script_engine.loader import load
from caruso.storage.centres import Centres
from caruso.storage.customers import Customers
from caruso.storage.engine import Database
from caruso.storage.facts import Facts
from caruso.storage.migrations import upgrade
from caruso.storage.objects.store import own_objects
from caruso.storage.users import Users
from caruso.web.passwords import Passwords
from lab.asterisk import LocalAsterisk
from lab.ports import LOOPBACK, free_port
from lab.tones import read_sound
from lab.web_client import WebClient

ROOT = Path(__file__).resolve().parent.parent
#: Everybody's password in the lab. It opens nothing but servers on loopback that end with their test.
LAB_PASSWORD = "lab-password"
SUPERVISOR = "sam"


def spoken(directory: Path) -> list[Sequence[int]]:
    """Return the sounds of what a server in this directory has had spoken until now, the newest last."""
    files = (directory / "data" / "speech").glob("*.wav")
    return [read_sound(file) for file in sorted(files, key=lambda file: file.stat().st_mtime_ns)]


class CentreServer:
    """One Caruso server process."""

    def __init__(
        self,
        pbx: LocalAsterisk,
        directory: Path,
        centre: str,
        *,
        scripts: Sequence[Path] = (),
        customers: Iterable[Customer] = (),
        database_url: str = "",
        data_dir: Path | None = None,
        ari_port: int = 0,
        ami_port: int = 0,
        program: Sequence[str] = ("-m", "caruso"),
        settings: str = "",
        outside: str = "",
        watched: bool = False,
        host: str = "",
    ) -> None:
        """Prepare a server for the description `centre` (text of a centre.toml, or none) in `directory`.

        `watched`: it is run by ``caruso watch``, which starts it again. `ari_port` and `ami_port` lead to the PBX
        some other way, for instance over a `lab.cable.Cable`; `settings` are further tables of its caruso.toml;
        `host` is the address it listens on, where that is not its usual one.
        """
        self.pbx = pbx
        self._directory = directory
        self._centre = centre
        self._scripts = scripts
        self._customers = tuple(customers)
        self._further_settings = settings
        self._outside = outside
        self._data_dir = data_dir or directory / "data"
        self._ari_port = ari_port or pbx.http_port
        self._ami_port = ami_port or pbx.ami_port
        self._port = free_port()
        self.database_url = database_url or f"sqlite:///{directory / 'caruso.db'}"
        self._process: subprocess.Popen[bytes] | None = None
        self._prepared = False
        self._program = program
        self._watched = watched
        self._host = host

    @property
    def url(self) -> str:
        """Where browsers find it."""
        return f"http://{self._host or LOOPBACK}:{self._port}"

    @property
    def data_dir(self) -> Path:
        """Where it keeps files."""
        return self._data_dir

    @property
    def pid(self) -> int:
        """The process; when it is watched, the server's, not the watcher's. 0: there is none just now."""
        assert self._process is not None
        if not self._watched:
            return self._process.pid
        children = Path(f"/proc/{self._process.pid}/task/{self._process.pid}/children").read_text().split()
        return int(children[0]) if children else 0

    @property
    def log(self) -> str:
        """Everything it has logged."""
        return (self._directory / "server.log").read_text(errors="replace")

    def log_lines(self) -> list[str]:
        """Return what it has logged, without a line that is just being written."""
        return self.log.split("\n")[:-1]

    async def __aenter__(self) -> Self:
        """Start it."""
        await self.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        """Stop it."""
        await self.stop()

    async def start(self, *, within_seconds: float = 60.0) -> None:
        """Start it and wait until it serves and has reached the PBX."""
        await self.launch()
        await self.until_healthy(within_seconds=within_seconds)

    async def launch(self) -> None:
        """Start it and wait for nothing."""
        await self.prepare()
        self._process = self._spawn()

    def _spawn(self) -> subprocess.Popen[bytes]:
        command = [sys.executable, *self._program, "--config", str(self._directory / "caruso.toml")]
        command.append("watch" if self._watched else "serve")
        if setpriv := shutil.which("setpriv"):  # so that it never outlives us, whatever kills us
            command = [setpriv, "--pdeathsig", "KILL", *command]
        with (self._directory / "server.log").open("ab") as log:
            return subprocess.Popen(
                command,
                cwd=ROOT,
                stdout=log,
                stderr=log,
                env={**os.environ, "PYTHONPATH": str(ROOT)},
            )

    async def command(self, *arguments: str) -> tuple[int, str]:
        """Run the ``caruso`` command as an admin beside the server would; return exit code and output."""
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            *("-m", "caruso", "--config", str(self._directory / "caruso.toml"), *arguments),
            cwd=ROOT,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
            env={**os.environ, "PYTHONPATH": str(ROOT)},
        )
        output, _ = await process.communicate()
        return process.returncode or 0, output.decode(errors="replace")

    def beside(self, directory: Path) -> CentreServer:
        """Return a second server on the same database and the same PBX, with a port of its own."""
        second = CentreServer(
            self.pbx, directory, self._centre, database_url=self.database_url, data_dir=self._data_dir
        )
        directory.mkdir(parents=True)
        (directory / "caruso.toml").write_text(second._settings())
        second._prepared = True
        return second

    async def ended(self, *, within_seconds: float = 15.0) -> int:
        """Wait until it ends by itself; return its exit code."""
        assert self._process is not None
        return await asyncio.to_thread(self._process.wait, within_seconds)

    def send_signal(self, what: signal.Signals) -> None:
        """Send the server a signal, also when it is watched."""
        if pid := self.pid:
            os.kill(pid, what)

    async def until_healthy(self, *, within_seconds: float = 60.0) -> None:
        """Wait until it says that everything works."""
        deadline = time.monotonic() + within_seconds
        while time.monotonic() < deadline:
            if self._process is not None and self._process.poll() is not None:
                raise RuntimeError(f"the server ended:\n{self.log[-3000:]}")
            with contextlib.suppress(aiohttp.ClientError):
                if (await self.health())["status"] == "ok":
                    return
            await asyncio.sleep(0.02)
        said: object = "nothing"
        with contextlib.suppress(aiohttp.ClientError):
            said = await self.health()
        raise TimeoutError(f"the server is not healthy: {said}\n{self.log[-3000:]}")

    async def health(self) -> Any:
        """Return what it says of its health."""
        async with aiohttp.ClientSession() as session, session.get(f"{self.url}/api/health") as answer:
            return await answer.json()

    async def stop(self) -> int:
        """End it in order; return its exit code."""
        return await self._end(signal.SIGTERM)

    async def kill(self) -> None:
        """Kill it as a crash would."""
        await self._end(signal.SIGKILL)

    async def _end(self, how: signal.Signals) -> int:
        process = self._process
        if process is None:
            return 0
        if process.poll() is None:
            process.send_signal(how)
        try:
            return await asyncio.to_thread(process.wait, 15)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
            raise
        finally:
            self._process = None

    @asynccontextmanager
    async def client(self, user: str) -> AsyncIterator[WebClient]:
        """Sign a browser in."""
        async with WebClient(self.url) as browser:
            await browser.sign_in(user, LAB_PASSWORD)
            yield browser

    async def facts(self) -> list[AnyFact]:
        """Return the whole journal."""
        database = Database(self.database_url)
        try:
            return list(await Facts(database).facts_since(datetime.fromtimestamp(0, UTC)))
        finally:
            await database.dispose()

    # -- Before the first start -------------------------------------------------------------------------------

    async def prepare(self) -> Path:
        """Write settings and database, once; return the settings' file."""
        if not self._prepared:
            await self._prepare()
            self._prepared = True
        return self._directory / "caruso.toml"

    async def _prepare(self) -> None:
        self._directory.mkdir(parents=True, exist_ok=True)
        (self._directory / "caruso.toml").write_text(self._settings())
        await upgrade(self.database_url)
        if self._centre:
            await self.apply(self._centre)
        database = Database(self.database_url)
        try:
            people = Users(database)
            hashed = await Passwords().hash(LAB_PASSWORD)
            agents = read_centre(self._centre, "centre.toml").centre.agents if self._centre else {}
            for agent in agents.values():
                await people.save_user(
                    User(
                        id=UserId(agent.id),
                        name=agent.name,
                        role=agent.role,
                        password_hash=hashed,
                        agent=AgentId(agent.id),
                    )
                )
            for name, role in ((SUPERVISOR, Role.SUPERVISOR), ("ada", Role.ADMIN)):
                await people.save_user(User(id=UserId(name), name=name, role=role, password_hash=hashed))
            known = Customers(own_objects(database, SystemClock(), region="NL"))
            for customer in self._customers:
                await known.save(customer, by="lab")
        finally:
            await database.dispose()

    async def apply(self, centre: str) -> None:
        """Put a description in force; a running server follows within a second."""
        described = read_centre(centre, "centre.toml").centre
        now = datetime.now(UTC)
        sources = []
        for path in self._scripts:
            source = path.read_bytes()
            dialog = load(source, str(path))
            sources.append(
                ScriptSource(id=ScriptId(dialog.id), version=dialog.version, source=source, applied_at=now)
            )
        database = Database(self.database_url)
        try:
            await Centres(database).apply(described, sources, by="lab", at=now)
        finally:
            await database.dispose()

    def _settings(self) -> str:
        pbx = self.pbx
        return f"""
[server]
port = {self._port}
{f'host = "{self._host}"' if self._host else ""}
country = "NL"
data_dir = "{self._data_dir}"

[database]
url = "{self.database_url}"

[asterisk]
ari_url = "http://127.0.0.1:{self._ari_port}/ari"
ari_user = "{pbx.ari_user}"
ari_password = "{pbx.ari_password}"
ami_port = {self._ami_port}
ami_user = "{pbx.ami_user}"
ami_secret = "{pbx.ami_secret}"
context = "caruso-in"
phone_ws_url = "{pbx.ws_url}"
sip_server = "127.0.0.1:{pbx.sip_port}"
outside = "{self._outside}"

[log]
format = "json"
{self._further_settings}"""
