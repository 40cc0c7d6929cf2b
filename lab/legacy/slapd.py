"""A directory of our own for a moment: OpenLDAP's slapd on loopback, gone afterwards with all its data."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from lab.ports import LOOPBACK, free_port

READER, PASSWORD = "cn=reader,dc=example,dc=com", "directory password of the tests"

_CONFIG = """\
include /etc/ldap/schema/core.schema
include /etc/ldap/schema/cosine.schema
include /etc/ldap/schema/inetorgperson.schema
modulepath /usr/lib/ldap
moduleload back_mdb
pidfile {home}/pid
database mdb
maxsize 10485760
suffix "dc=example,dc=com"
rootdn "{reader}"
rootpw "{password}"
directory {home}/data
sizelimit 500
access to * by * none
"""

_PEOPLE = """\
dn: dc=example,dc=com
objectClass: domain
dc: example

dn: ou=people,dc=example,dc=com
objectClass: organizationalUnit
ou: people

dn: cn=Jörg Groß,ou=people,dc=example,dc=com
objectClass: inetOrgPerson
cn: Jörg Groß
sn: Groß
mail: joerg@example.com
telephoneNumber: 4711
departmentNumber: metering

dn: cn=Ada (Deputy)*,ou=people,dc=example,dc=com
objectClass: inetOrgPerson
cn: Ada (Deputy)*
sn: Ada
telephoneNumber: 4712
"""


@dataclass(frozen=True, slots=True)
class Slapd:
    """A running directory."""

    url: str
    process: subprocess.Popen[bytes]

    @contextmanager
    def hung(self) -> Iterator[None]:
        """Stop it for the length of a block: connections are taken, and nothing is answered."""
        os.kill(self.process.pid, signal.SIGSTOP)
        try:
            yield
        finally:
            os.kill(self.process.pid, signal.SIGCONT)


@contextmanager
def slapd(more: str = "") -> Iterator[Slapd]:
    """Run a directory with two people, and `more` in LDIF."""
    program = shutil.which("slapd", path=f"{os.environ.get('PATH', '')}:/usr/sbin:/usr/libexec")
    if program is None:
        raise FileNotFoundError("slapd is not installed: make setup-test")
    home = Path(tempfile.mkdtemp(prefix="caruso-slapd-"))
    try:
        config = _filled(program, home, more)
        url = f"ldap://{LOOPBACK}:{free_port()}"
        with (home / "log").open("wb") as log:
            # -d 0: stays in the foreground, so that it ends with us.
            command = [program, "-f", str(config), "-h", url, "-d", "0"]
            process = subprocess.Popen(command, stdout=log, stderr=log)
        try:
            _listening(url, process)
            yield Slapd(url, process)
        finally:
            process.kill()
            process.wait()
    finally:
        shutil.rmtree(home, ignore_errors=True)


def _filled(program: str, home: Path, more: str) -> Path:
    """Put people into a new database, and return the configuration."""
    (home / "data").mkdir()
    config = home / "slapd.conf"
    config.write_text(_CONFIG.format(home=home, reader=READER, password=PASSWORD))
    (home / "people.ldif").write_text(_PEOPLE + more)
    command = [program, "-T", "add", "-f", str(config), "-l", str(home / "people.ldif"), "-q"]
    filled = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    if filled.returncode:
        raise RuntimeError(filled.stderr)
    return config


def _listening(url: str, process: subprocess.Popen[bytes]) -> None:
    address = urlsplit(url)
    while process.poll() is None:
        try:
            socket.create_connection((address.hostname or "", address.port or 0), timeout=1.0).close()
        except OSError:
            time.sleep(0.02)
        else:
            return
    raise RuntimeError(f"slapd ended with {process.returncode}")
