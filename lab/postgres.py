"""Run a PostgreSQL of our own for a moment: empty, on loopback, gone afterwards with all its data.

Uses the programs of Debian's package, which knows no cluster that starts by itself (lab/setup/packages.sh).
Made for tests: it does not care for its data after a power failure, and so is quick.
"""

from __future__ import annotations

import os
import pwd
import re
import secrets
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from lab.ports import LOOPBACK, free_port

SUPERUSER = "caruso"
START_TIMEOUT_S = 30.0
STOP_TIMEOUT_S = 10.0

#: Speed instead of durability, and no more memory than a test needs.
SETTINGS = {
    "listen_addresses": LOOPBACK,
    "unix_socket_directories": "",
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "shared_buffers": "32MB",
    "max_connections": "60",
    "timezone": "UTC",
}


class PostgresUnavailable(Exception):
    """PostgreSQL's programs are missing, or the server did not start; the text says which and why."""


class Postgres:
    """A running server. Its one user may do everything."""

    def __init__(self, *, port: int, password: str, programs: Path, process: subprocess.Popen[bytes]) -> None:
        self.port = port
        self._process = process
        self._password = password
        self._programs = programs

    def url(self, database: str = "postgres", *, driver: str = "postgresql+asyncpg") -> str:
        """Return the address of a database as SQLAlchemy writes it."""
        return f"{driver}://{SUPERUSER}:{self._password}@{LOOPBACK}:{self.port}/{database}"

    @contextmanager
    def hung(self) -> Iterator[None]:
        """Stop all its processes for the length of a block: connections stay, and nothing is answered."""
        server = self._process.pid
        os.kill(server, signal.SIGSTOP)  # first, so that it starts no more
        children = [int(child) for child in Path(f"/proc/{server}/task/{server}/children").read_text().split()]
        try:
            for child in children:
                os.kill(child, signal.SIGSTOP)
            yield
        finally:
            for process in (*children, server):
                with suppress(ProcessLookupError):
                    os.kill(process, signal.SIGCONT)

    def new_database(self) -> str:
        """Create an empty database and return its name."""
        name = f"caruso_{secrets.token_hex(6)}"
        command = [f"{self._programs}/createdb", "-h", LOOPBACK, "-p", str(self.port), "-U", SUPERUSER, name]
        subprocess.run(command, env=os.environ | {"PGPASSWORD": self._password}, check=True, timeout=60)
        return name


@contextmanager
def running_postgres() -> Iterator[Postgres]:
    """Start a server, and stop and forget it at the end."""
    programs = _programs()
    home = Path(tempfile.mkdtemp(prefix="caruso-postgres-"))
    try:
        account = _account(home)
        password = secrets.token_urlsafe(18)
        _make_cluster(programs, home, password, account)
        port = free_port()
        server = _start(programs, home, port, account)
        try:
            _wait_until_ready(programs, home, port, server)
            yield Postgres(port=port, password=password, programs=programs, process=server)
        finally:
            _stop(server)
    finally:
        shutil.rmtree(home, ignore_errors=True)


def _programs() -> Path:
    """Find the newest installed version: Debian keeps each in a folder of its own, on nobody's PATH."""
    versions = [p.parent for p in Path("/usr/lib/postgresql").glob("*/bin/initdb")]
    if versions:
        return max(versions, key=lambda path: [int(part) for part in re.findall(r"\d+", str(path))])
    if own := shutil.which("initdb"):
        return Path(own).resolve().parent
    message = "PostgreSQL's programs are not installed: make setup-test"
    raise PostgresUnavailable(message)


def _account(home: Path) -> str | None:
    """Return the account the server must run as: it refuses root."""
    if os.geteuid() != 0:
        return None
    for name in ("postgres", "nobody"):
        try:
            entry = pwd.getpwnam(name)
        except KeyError:
            continue
        os.chown(home, entry.pw_uid, entry.pw_gid)
        return name
    message = "PostgreSQL does not run as root, and there is no account 'postgres' or 'nobody'"
    raise PostgresUnavailable(message)


def _make_cluster(programs: Path, home: Path, password: str, account: str | None) -> None:
    secret = home / "password"
    secret.write_text(password)
    secret.chmod(0o600)
    if account:
        shutil.chown(secret, account)
    command = [f"{programs}/initdb", "-D", f"{home}/data", "-U", SUPERUSER, "--pwfile", str(secret)]
    command += ["--auth=scram-sha-256", "--encoding=UTF8", "--locale=C.UTF-8", "--no-sync"]
    made = subprocess.run(
        command, cwd=home, user=account, capture_output=True, text=True, timeout=120, check=False
    )
    secret.unlink()
    if made.returncode != 0:
        raise PostgresUnavailable(made.stderr.strip())


def _start(programs: Path, home: Path, port: int, account: str | None) -> subprocess.Popen[bytes]:
    command = [f"{programs}/postgres", "-D", f"{home}/data", "-p", str(port)]
    for name, value in SETTINGS.items():
        command += ["-c", f"{name}={value}"]
    if setpriv := shutil.which("setpriv"):  # it ends with us, whatever ends us
        command = [setpriv, "--pdeathsig", "INT", "--", *command]
    with (home / "log").open("wb") as log:
        return subprocess.Popen(command, cwd=home, user=account, stdin=subprocess.DEVNULL, stdout=log, stderr=log)


def _wait_until_ready(programs: Path, home: Path, port: int, server: subprocess.Popen[bytes]) -> None:
    ask = [f"{programs}/pg_isready", "-q", "-h", LOOPBACK, "-p", str(port)]
    deadline = time.monotonic() + START_TIMEOUT_S
    while subprocess.run(ask, check=False, timeout=10).returncode != 0:
        if server.poll() is not None or time.monotonic() > deadline:
            raise PostgresUnavailable((home / "log").read_text(errors="replace").strip())
        time.sleep(0.05)


def _stop(server: subprocess.Popen[bytes]) -> None:
    server.send_signal(2)  # "fast": roll back what runs, then end
    try:
        server.wait(STOP_TIMEOUT_S)
    except subprocess.TimeoutExpired:
        server.kill()
        server.wait()
