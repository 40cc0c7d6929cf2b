"""What runs in the demo: Asterisk, the database with its customers and users, and the server.

Every run begins with a fresh centre below ``build/demo/``: no calls, no history. What is kept between runs are the
passwords (made at the first start, readable for their owner only) and what has been spoken (``data/speech``).
"""

from __future__ import annotations

import asyncio
import contextlib
import fcntl
import os
import re
import secrets
import shutil
import socket
import sys
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import aiohttp
import msgspec

from caruso.business_objects.folder import read_folder
from caruso.clock import SystemClock
from caruso.comm_server.centre_file.reading import read_centre
from caruso.model.centre import Centre, Role, StationKind
from caruso.model.facts import AnyFact
from caruso.model.ids import AgentId, UserId
from caruso.model.records import Customer, User
from caruso.part_settings import CONSOLE_DIR
from caruso.storage.customers import Customers
from caruso.storage.engine import Database
from caruso.storage.objects.databases import Databases
from caruso.storage.objects.store import Objects
from caruso.storage.users import Users
from caruso.web.passwords import hash_password
from lab.asterisk import LocalAsterisk, NoAsterisk, find_asterisk
from lab.demo.outside import Outside, outside
from lab.ports import LOOPBACK, free_port
from lab.storage import journal_of

ROOT = Path(__file__).resolve().parents[2]
PACK = ROOT / "packs" / "utility"
#: Where the console is when nobody else has this port.
USUAL_PORT = 8080
#: Country of numbers without a country code: the one the demo's centre is in.
COUNTRY = "NL"
#: Customers beside those who call: somebody to find while typing.
OTHER_CUSTOMERS = 2_000
SUPERVISOR, ADMIN = "supervisor", "admin"

_START_SECONDS = 30.0
#: A server that ends more often is not started again.
_RESTARTS = 5
_STOP_SECONDS = 20.0
_COMMAND_SECONDS = 60.0
_LETTERS = "abcdefghijkmnpqrstuvwxyz23456789"
_SIP_ADDRESS = re.compile(r'^(address = "sip:)(\w+)@127\.0\.0\.1:\d+"', re.MULTILINE)


class NotPossible(Exception):
    """The demo cannot run here; the message says why, in a sentence."""


@dataclass(slots=True, kw_only=True)
class House:
    """The running centre."""

    folder: Path
    pbx: LocalAsterisk
    centre: Centre
    customers: Sequence[Customer]
    passwords: Mapping[str, str]
    url: str
    server: asyncio.subprocess.Process
    #: Exit codes of servers that ended before they were told to.
    ended_early: list[int]

    @property
    def log_file(self) -> Path:
        """What the server writes."""
        return self.folder / "server.log"

    def log_lines(self) -> list[str]:
        """Return the server's log so far."""
        return self.log_file.read_text(encoding="utf-8", errors="replace").splitlines()

    async def facts(self) -> list[AnyFact]:
        """Return the journal."""
        async with _database(self.folder) as database:
            return [fact for _, fact in await journal_of(database)]

    async def left_in_pbx(self, *, within_seconds: float = 3.0) -> tuple[list[str], list[str]]:
        """Return the names of channels and bridges that do not go away."""
        async with aiohttp.ClientSession(headers=self.pbx.http_headers) as http, asyncio.timeout(30):
            give_up = asyncio.get_running_loop().time() + within_seconds
            while True:
                channels = [channel["name"] for channel in await self._ask_pbx(http, "channels")]
                bridges = [bridge["id"] for bridge in await self._ask_pbx(http, "bridges")]
                if not (channels or bridges) or asyncio.get_running_loop().time() > give_up:
                    return channels, bridges
                await asyncio.sleep(0.2)

    async def hang_up_callers(self) -> None:
        """End all calls from outside, as the trunk would: to callers and to the server it is an ordinary end."""
        async with aiohttp.ClientSession(headers=self.pbx.http_headers) as http, asyncio.timeout(30):
            for channel in await self._ask_pbx(http, "channels"):
                if channel["name"].startswith("PJSIP/trunk-"):
                    async with http.delete(f"{self.pbx.ari_url}/channels/{channel['id']}"):
                        pass

    async def _ask_pbx(self, http: aiohttp.ClientSession, what: str) -> list[dict[str, str]]:
        async with http.get(f"{self.pbx.ari_url}/{what}") as response:
            found: list[dict[str, str]] = await response.json()
            return found

    async def start_server_again(self) -> None:
        """Do what a service manager does when the server ended; raise `NotPossible` when that leads nowhere."""
        self.ended_early.append(await self.server.wait())
        if len(self.ended_early) > _RESTARTS:
            raise NotPossible(f"The server ended {_RESTARTS} times, see {self.log_file}.")
        self.server = await _start(self.folder, "serve")
        await _until_well(self)

    async def stop_server(self) -> int | None:
        """Ask the server to stop and return its exit code; None when it had to be killed."""
        if self.server.returncode is None:
            self.server.terminate()
            try:
                async with asyncio.timeout(_STOP_SECONDS):
                    await self.server.wait()
            except TimeoutError:
                self.server.kill()
                await self.server.wait()
                return None
        return self.server.returncode


@asynccontextmanager
async def open_house(folder: Path, phones: Mapping[str, int], *, outside_port: int = 0) -> AsyncIterator[House]:
    """Start everything, hand it out when the first call can come, and stop everything.

    `phones`: at which port each agent's SIP phone is. `outside_port`: where numbers outside ring; 0: nowhere.
    """
    _require_what_set_up_brings()
    with _alone(folder):
        passwords = _prepare(folder)
        pbx = LocalAsterisk(folder / "asterisk")
        port = _console_port()
        centre = _write_centre(folder, phones)
        async with contextlib.AsyncExitStack() as stack:
            systems = await stack.enter_async_context(outside(folder / "mails"))
            _write_settings(folder, pbx, port, outside_port, systems)
            stack.push_async_exit(pbx)
            customers = (await asyncio.gather(_fill_database(folder, centre, passwords), pbx.start()))[0]
            server = await _start(folder, "serve")
            house = House(
                folder=folder,
                pbx=pbx,
                centre=centre,
                customers=customers,
                passwords=passwords,
                url=f"http://{LOOPBACK}:{port}",
                server=server,
                ended_early=[],
            )
            stack.push_async_callback(house.stop_server)
            await _until_well(house)
            yield house


def sip_agents() -> list[AgentId]:
    """Return the agents of the demo's centre whose phone is a SIP phone; the others are for people."""
    return [agent.id for agent in _pack().agents.values() if agent.station.kind is StationKind.SIP]


def _pack() -> Centre:
    return read_centre((PACK / "centre.toml").read_text(encoding="utf-8"), "centre.toml").centre


# -- Before anything starts -----------------------------------------------------------------------------------


def _require_what_set_up_brings() -> None:
    """Complain in one sentence, where starting would fail with a riddle."""
    missing = [program for program in ("sipp", "espeak-ng", "sox") if shutil.which(program) is None]
    try:
        find_asterisk()
    except NoAsterisk:
        missing.append("Asterisk 22.10 or newer")
    if not (CONSOLE_DIR / "index.html").is_file():
        missing.append("the built console")
    if missing:
        raise NotPossible(f"Not there: {', '.join(missing)}. Run `make setup`.")


@contextlib.contextmanager
def _alone(folder: Path) -> Iterator[None]:
    """Make sure that no other demo uses the folder; the lock goes with the process, however that ends."""
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "lock").open("a+", encoding="utf-8") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            lock.seek(0)
            who = lock.read().strip()
            raise NotPossible(
                f"Another demo is running here (process {who}): use that, or stop it first."
            ) from None
        lock.truncate(0)
        lock.write(str(os.getpid()))
        lock.flush()
        yield


def _prepare(folder: Path) -> Mapping[str, str]:
    """Clear what the last run left, and return the passwords."""
    for name in ("asterisk", "centre", "mail", "mails"):
        shutil.rmtree(folder / name, ignore_errors=True)
    (folder / "data").mkdir(exist_ok=True)
    for path in (folder / "data").glob("caruso.db*"):
        path.unlink()
    (folder / "server.log").unlink(missing_ok=True)
    kept = folder / "passwords.json"
    passwords = msgspec.json.decode(kept.read_bytes(), type=dict[str, str]) if kept.is_file() else {}
    for user in (*_pack().agents, SUPERVISOR, ADMIN):
        passwords.setdefault(user, "".join(secrets.choice(_LETTERS) for _ in range(10)))
    _write_secret(kept, msgspec.json.format(msgspec.json.encode(passwords)).decode())
    return passwords


def _write_secret(path: Path, text: str) -> None:
    """Write a file that only its owner can read, from its first byte on."""
    path.unlink(missing_ok=True)
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as file:
        file.write(text)


def _console_port() -> int:
    """Return the usual port, or a free one where it is taken."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((LOOPBACK, USUAL_PORT))
        except OSError:
            return free_port()
    return USUAL_PORT


def _write_settings(folder: Path, pbx: LocalAsterisk, port: int, outside_port: int, systems: Outside) -> None:
    dialled = f"PJSIP/trunk/sip:{{number}}@{LOOPBACK}:{outside_port}" if outside_port else ""
    _write_secret(folder / "ari-password", pbx.ari_password)
    _write_secret(folder / "ami-secret", pbx.ami_secret)
    settings = f"""# Written by `make demo` at each start.
[server]
host = "{LOOPBACK}"
port = {port}
country = "{COUNTRY}"
data_dir = "data"

[asterisk]
ari_url = "{pbx.ari_url}"
ari_user = "{pbx.ari_user}"
ari_password_file = "ari-password"
ami_host = "{LOOPBACK}"
outside = "{dialled}"
ami_port = {pbx.ami_port}
ami_user = "{pbx.ami_user}"
ami_secret_file = "ami-secret"
app = "{pbx.app}"
context = "{pbx.context}"
phone_ws_url = "{pbx.ws_url}"
sip_server = "{LOOPBACK}:{pbx.sip_port}"
{systems.settings()}"""
    (folder / "caruso.toml").write_text(settings, encoding="utf-8")


def _write_centre(folder: Path, phones: Mapping[str, int]) -> Centre:
    """Copy the pack, with the agents' phones where they are, and return the centre it describes."""
    shutil.copytree(PACK, folder / "centre")
    file = folder / "centre" / "centre.toml"
    text = _SIP_ADDRESS.sub(
        lambda found: f'{found[1]}{found[2]}@{LOOPBACK}:{phones[found[2]]}"', file.read_text(encoding="utf-8")
    )
    file.write_text(text, encoding="utf-8")
    return read_centre(text, str(file)).centre


# -- Starting -------------------------------------------------------------------------------------------------


async def _fill_database(folder: Path, centre: Centre, passwords: Mapping[str, str]) -> Sequence[Customer]:
    """Make the tables, apply the centre, and put customers and users in."""
    from lab.demo.customers import make_customers
    from lab.demo.utility_data import add_objects, fill

    await _caruso(folder, "db", "upgrade")
    await _caruso(folder, "pack", "install", str(folder / "centre"))
    made = make_customers()
    model = read_folder(folder / "models", ("own",))
    async with _database(folder) as database:
        customers = Customers(Objects(Databases(database), model, SystemClock(), region=COUNTRY))
        for customer in made:
            await customers.save(customer, by="demo")
        await add_objects(database, model, {n: customer.id for n, customer in enumerate(made)})
        await fill(database, model, first=len(made), count=OTHER_CUSTOMERS)
        users = Users(database)
        for name, password in passwords.items():
            await users.save_user(await asyncio.to_thread(_user, name, password, centre))
    return made


def _user(name: str, password: str, centre: Centre) -> User:
    agent = next((agent for agent in centre.agents.values() if agent.id == name), None)
    role = agent.role if agent else Role.ADMIN if name == ADMIN else Role.SUPERVISOR
    return User(
        id=UserId(name),
        name=agent.name if agent else name.capitalize(),
        role=role,
        password_hash=hash_password(password),
        agent=agent.id if agent else None,
    )


@asynccontextmanager
async def _database(folder: Path) -> AsyncIterator[Database]:
    database = Database(f"sqlite:///{folder / 'data' / 'caruso.db'}")
    try:
        yield database
    finally:
        await database.dispose()


async def _caruso(folder: Path, *arguments: str) -> None:
    """Run a command of ours; complain with its last words."""
    process = await _start(folder, *arguments)
    async with asyncio.timeout(_COMMAND_SECONDS):
        if await process.wait() != 0:
            raise NotPossible(f"`caruso {' '.join(arguments)}` failed, see {folder / 'set-up.log'}.")


async def _start(folder: Path, *arguments: str) -> asyncio.subprocess.Process:
    command = [sys.executable, "-m", "caruso", "--config", str(folder / "caruso.toml"), *arguments]
    if setpriv := shutil.which("setpriv"):  # so that it never outlives us, whatever kills us
        command = [setpriv, "--pdeathsig", "TERM", *command]
    log = folder / ("server.log" if arguments == ("serve",) else "set-up.log")
    with log.open("ab") as output:
        return await asyncio.create_subprocess_exec(
            *command,
            cwd=ROOT,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            process_group=0,  # Ctrl-C at the terminal is for us, who then end it properly
        )


async def _until_well(house: House) -> None:
    """Wait until the server says that all its parts work."""
    try:
        async with asyncio.timeout(_START_SECONDS), aiohttp.ClientSession() as http:
            while house.server.returncode is None:
                with contextlib.suppress(aiohttp.ClientError, OSError):
                    async with http.get(f"{house.url}/api/health") as response:
                        if (await response.json())["status"] == "ok":
                            return
                await asyncio.sleep(0.1)
    except TimeoutError:
        raise NotPossible(f"The server is not well after {_START_SECONDS:.0f} s, see {house.log_file}.") from None
    raise NotPossible(f"The server ended with {house.server.returncode}, see {house.log_file}.")
