"""What schemathesis makes of the API's own description is sent to a real server: no 500, and answers as described.

All operations are asked as an admin, but for those that would sign him out. The seed is fixed: what fails, fails
again.
"""

from __future__ import annotations

import asyncio
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import requests
import schemathesis
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis.errors import Unsatisfiable
from schemathesis import GenerationMode
from schemathesis.specs.openapi.checks import response_schema_conformance

from caruso.cli import main
from caruso.clock import SystemClock
from caruso.model.ids import CustomerId
from caruso.model.records import Customer
from caruso.storage.customers import Customers
from caruso.storage.engine import Database
from caruso.storage.objects.store import own_objects
from lab.ports import LOOPBACK, free_port
from lab.self_service_scripts import READING

ROOT = Path(__file__).resolve().parents[2]
START_SECONDS = 60.0
#: Requests for each operation that are as described, and such that are not; there are about a hundred operations.
EXAMPLES = {GenerationMode.POSITIVE: 5, GenerationMode.NEGATIVE: 2}
#: They would sign the admin out, or slow everybody from this address down.
_LEFT_OUT = {"POST /api/session", "DELETE /api/session", "PUT /api/session/password"}
#: What there is, by the names of the parts of a path.
KNOWN = {
    "agent": "anna",
    "queue": "service",
    "report": "queues",
    "format_name": "csv",
    "customer": "c1",
    "script": "reading",
}
_CENTRE = """
name = "Northwind Energy"
timezone = "Europe/Amsterdam"
scripts = ["reading.xml"]
[queues.service]
name = "Service"
[entry_points.line]
name = "Line"
numbers = ["4711"]
queue = "service"
[agents.anna]
name = "Anna"
queues = ["service"]
"""


@dataclass
class Told:
    """What came of it."""

    problems: list[str] = field(default_factory=list)
    #: How many answers there were, by their status.
    answered: Counter[int] = field(default_factory=Counter)
    #: Operations of which there is no wrong request.
    nothing_wrong: set[str] = field(default_factory=set)


class Admin:
    """A browser of an admin, at a server of its own."""

    def __init__(self, url: str, log: Path) -> None:
        self.url = url
        self.log = log
        self.http = requests.Session()

    def sign_in(self) -> None:
        answer = self.http.post(f"{self.url}/api/session", json={"user": "alex", "password": "of the tests only"})
        answer.raise_for_status()
        self.http.headers["X-CSRF-Token"] = answer.json()["csrf_token"]

    def raised(self) -> str:
        """Return what the server says of requests that broke it."""
        lines = self.log.read_text(errors="replace").splitlines()
        return "\n".join(line for line in lines if "request_failed" in line)


@contextmanager
def serving(folder: Path) -> Iterator[Admin]:
    """Run a server with one admin."""
    port = free_port()
    config = folder / "caruso.toml"
    config.write_text(
        f'[server]\nport = {port}\ndata_dir = "data"\n[asterisk]\nari_url = "http://{LOOPBACK}:{free_port()}/ari"\n'
    )
    (folder / "centre.toml").write_text(_CENTRE)
    (folder / "reading.xml").write_bytes(READING)
    (folder / "password").write_text("of the tests only")
    given_password = ("--password-file", str(folder / "password"))
    for arguments in (
        ("db", "upgrade"),
        ("apply", str(folder / "centre.toml")),
        ("user", "add", "alex", "--role", "admin", *given_password),
    ):
        assert main(["--config", str(config), *arguments]) == 0, arguments
    asyncio.run(_known_customer(f"sqlite:///{folder / 'data' / 'caruso.db'}"))
    admin = Admin(f"http://{LOOPBACK}:{port}", folder / "log")
    with admin.log.open("wb") as log:
        command = [sys.executable, "-m", "caruso", "--config", str(config), "serve"]
        process = subprocess.Popen(command, cwd=ROOT, stdout=log, stderr=log)
    try:
        deadline = time.monotonic() + START_SECONDS
        while True:
            assert process.poll() is None, admin.log.read_text()
            assert time.monotonic() < deadline, "the server does not start"
            try:
                admin.sign_in()
                break
            except requests.ConnectionError:
                time.sleep(0.1)
        yield admin
    finally:
        process.terminate()
        process.wait()


async def _known_customer(url: str) -> None:
    database = Database(url)
    customer = Customer(id=CustomerId(KNOWN["customer"]), name="Nora Wind", numbers=("+49731700",))
    await Customers(own_objects(database, SystemClock(), region="DE")).save(customer, by="lab")
    await database.dispose()


@pytest.fixture(scope="module")
def admin(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Admin]:
    with serving(tmp_path_factory.mktemp("fuzzed")) as found:
        yield found


def test_no_request_breaks_the_server_and_answers_are_as_described(admin: Admin) -> None:
    described = admin.http.get(f"{admin.url}/api/openapi.json").json()
    for item in described["paths"].values():
        for each in item.values():
            each["security"] = []  # he is signed in; it would make up sessions of its own
    schema: Any = schemathesis.openapi.from_dict(described)
    told = Told()
    for found in schema.get_all_operations():
        operation = found.ok()
        if operation.label not in _LEFT_OUT:
            for mode, examples in EXAMPLES.items():
                _ask(admin, operation, mode, examples, told)
    assert told.problems == [], admin.raised()
    assert admin.raised() == ""
    assert admin.http.get(f"{admin.url}/api/session").status_code == 200, "still signed in, and the server is well"
    done = sum(times for status, times in told.answered.items() if status < 300)
    refused = sum(times for status, times in told.answered.items() if status in (400, 404, 422))
    assert done > 60, "what is described is carried out"
    assert refused > 60
    assert told.answered[401] < 20, "he is who he says"


def _ask(admin: Admin, operation: Any, mode: GenerationMode, examples: int, told: Told) -> None:
    @seed(4711)
    @settings(
        max_examples=examples,
        deadline=None,
        database=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(case=operation.as_strategy(generation_mode=mode))
    def send(case: Any) -> None:
        case.headers = {**(case.headers or {}), "X-CSRF-Token": str(admin.http.headers["X-CSRF-Token"])}
        if mode is GenerationMode.POSITIVE:
            case.path_parameters = {**(case.path_parameters or {}), **_known(case)}
        answer = case.call(base_url=admin.url, session=admin.http, timeout=20)
        told.answered[answer.status_code] += 1
        if answer.status_code == 500:
            told.problems.append(f"{operation.label}: {answer.text[:200]}: {case.as_curl_command()[:500]}")
            return
        try:
            case.validate_response(answer, checks=[response_schema_conformance])
        except Exception as problem:  # noqa: BLE001  # a group of findings
            told.problems.append(f"{operation.label}: {answer.status_code} {str(problem)[:500]}")

    def _known(case: Any) -> dict[str, str]:
        """Return what there is: with ids made by chance nothing would ever be found."""
        return {name: KNOWN[name] for name in case.path_parameters or {} if name in KNOWN}

    try:
        send()
    except Unsatisfiable:
        told.nothing_wrong.add(operation.label)  # without arguments nothing can be wrong
