"""Run a MariaDB of our own for a moment: empty, on loopback, gone afterwards with all its data.

Uses the programs of Debian's package ``mariadb-server-core``, which brings no server that starts by itself
(lab/setup/packages.sh). Made for tests: it does not care for its data after a power failure, and so is quick.
"""

from __future__ import annotations

import os
import pwd
import secrets
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import text
from sqlalchemy.ext.asyncio import create_async_engine

from lab.ports import LOOPBACK, free_port

USER = "caruso"
#: The first database; others are made by whoever needs them.
DATABASE = "caruso"
START_TIMEOUT_S = 60.0
STOP_TIMEOUT_S = 10.0

#: Speed instead of durability, and no more memory than a test needs.
SETTINGS = {
    "bind-address": LOOPBACK,
    "skip-log-bin": "",
    "skip-name-resolve": "",
    "performance-schema": "OFF",
    "innodb-flush-log-at-trx-commit": "0",
    "innodb-doublewrite": "OFF",
    "innodb-flush-method": "nosync",
    "sync-frm": "OFF",
    "debug-no-sync": "",
    "innodb-buffer-pool-size": "64M",
    "innodb-log-file-size": "32M",
    "max-connections": "60",
    "character-set-server": "utf8mb4",
}
#: Where Debian and others have the statements that make the system tables, and those that are needed.
SYSTEM_TABLES = (Path("/usr/share/mysql"), Path("/usr/share/mariadb"))
SYSTEM_FILES = ("mysql_system_tables", "mysql_system_tables_data")


class MariaDbUnavailable(Exception):
    """MariaDB's programs are missing, or the server did not start; the text says which and why."""


class MariaDb:
    """A running server. Its one user may do everything."""

    def __init__(self, *, port: int, password: str, process: subprocess.Popen[bytes]) -> None:
        self.port = port
        self._password = password
        self._process = process

    def url(self, database: str = DATABASE, *, driver: str = "mariadb+asyncmy") -> str:
        """Return the address of a database as SQLAlchemy writes it."""
        return f"{driver}://{USER}:{self._password}@{LOOPBACK}:{self.port}/{database}"

    async def new_database(self) -> str:
        """Create an empty database and return its name."""
        name = f"caruso_{secrets.token_hex(6)}"
        engine = create_async_engine(self.url())
        async with engine.connect() as connection:
            await connection.execute(text(f"CREATE DATABASE {name}"))
        await engine.dispose()
        return name

    @contextmanager
    def hung(self) -> Iterator[None]:
        """Stop it for the length of a block: connections stay, and nothing is answered."""
        self._process.send_signal(signal.SIGSTOP)
        try:
            yield
        finally:
            self._process.send_signal(signal.SIGCONT)


@contextmanager
def running_mariadb() -> Iterator[MariaDb]:
    """Start a server, and stop and forget it at the end."""
    server = _program()
    home = Path(tempfile.mkdtemp(prefix="caruso-mariadb-"))
    try:
        account = _account(home)
        password = secrets.token_urlsafe(18)
        _make_data(server, home, account)
        _write_first_statements(home, password, account)
        port = free_port()
        process = _start(server, home, port, account)
        try:
            _wait_until_ready(home, port, process)
            yield MariaDb(port=port, password=password, process=process)
        finally:
            _stop(process)
    finally:
        shutil.rmtree(home, ignore_errors=True)


def _program() -> str:
    found = shutil.which("mariadbd", path=f"{os.environ.get('PATH', '')}:/usr/sbin:/usr/bin")
    if found is None:
        message = "MariaDB's programs are not installed: make setup-test"
        raise MariaDbUnavailable(message)
    return found


def _account(home: Path) -> str | None:
    """Return the account the server must run as: it refuses root."""
    if os.geteuid() != 0:
        return None
    for name in ("mysql", "nobody"):
        try:
            entry = pwd.getpwnam(name)
        except KeyError:
            continue
        os.chown(home, entry.pw_uid, entry.pw_gid)
        return name
    message = "MariaDB does not run as root, and there is no account 'mysql' or 'nobody'"
    raise MariaDbUnavailable(message)


def _make_data(server: str, home: Path, account: str | None) -> None:
    """Make the server's own tables, as ``mariadb-install-db`` does, without its help texts."""
    folder = next((path for path in SYSTEM_TABLES if path.is_dir()), None)
    if folder is None:
        message = f"MariaDB's system tables are in none of {', '.join(map(str, SYSTEM_TABLES))}"
        raise MariaDbUnavailable(message)
    statements = "".join((folder / f"{name}.sql").read_text() for name in SYSTEM_FILES)
    (home / "data").mkdir()
    if account:
        shutil.chown(home / "data", account)
    made = subprocess.run(
        [server, "--no-defaults", "--bootstrap", f"--datadir={home}/data", *_options(SETTINGS)],
        input=f"CREATE DATABASE mysql;\nUSE mysql;\n{statements}",
        cwd=home,
        user=account,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    if made.returncode != 0:
        raise MariaDbUnavailable(made.stderr.strip())


def _options(settings: dict[str, str]) -> list[str]:
    return [f"--{name}={value}" if value else f"--{name}" for name, value in settings.items()]


def _write_first_statements(home: Path, password: str, account: str | None) -> None:
    """Leave what the server does before it lets anybody in: one user with a password, and no other."""
    first = home / "first.sql"
    first.touch(mode=0o600)
    first.write_text(
        "DELETE FROM mysql.global_priv;\n"
        "FLUSH PRIVILEGES;\n"
        f"CREATE USER '{USER}'@'{LOOPBACK}' IDENTIFIED BY '{password}';\n"
        f"GRANT ALL ON *.* TO '{USER}'@'{LOOPBACK}';\n"
        f"CREATE DATABASE {DATABASE};\n"
    )
    if account:
        shutil.chown(first, account)


def _start(server: str, home: Path, port: int, account: str | None) -> subprocess.Popen[bytes]:
    command = [server, "--no-defaults", f"--datadir={home}/data", f"--port={port}", f"--socket={home}/socket"]
    command += [f"--pid-file={home}/pid", f"--init-file={home}/first.sql"]
    command += _options(SETTINGS | {"innodb-fast-shutdown": "2"})  # its data go with it
    if setpriv := shutil.which("setpriv"):  # it ends with us, whatever ends us
        command = [setpriv, "--pdeathsig", "KILL", "--", *command]
    with (home / "log").open("wb") as log:
        return subprocess.Popen(command, cwd=home, user=account, stdin=subprocess.DEVNULL, stdout=log, stderr=log)


def _wait_until_ready(home: Path, port: int, server: subprocess.Popen[bytes]) -> None:
    """Wait until the server greets."""
    deadline = time.monotonic() + START_TIMEOUT_S
    while not _greets(port):
        if server.poll() is not None or time.monotonic() > deadline:
            raise MariaDbUnavailable((home / "log").read_text(errors="replace").strip())
        time.sleep(0.05)


def _greets(port: int) -> bool:
    try:
        with socket.create_connection((LOOPBACK, port), timeout=1.0) as connection:
            return bool(connection.recv(1))
    except OSError:
        return False


def _stop(server: subprocess.Popen[bytes]) -> None:
    server.send_signal(signal.SIGTERM)
    try:
        server.wait(STOP_TIMEOUT_S)
    except subprocess.TimeoutExpired:
        server.kill()
        server.wait()
