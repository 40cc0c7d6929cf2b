"""“Wrap your ERP in an hour” of docs/legacy.md as it stands there: a real server, an ERP, a dialog on the web."""

from __future__ import annotations

import asyncio
import io
import re
import sys
from collections.abc import AsyncIterator
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import Any

import aiohttp
import msgspec
import pytest
from aiohttp import web

from caruso.cli import main
from caruso.cli.outcome import Exit
from lab.form_browser import FormBrowser
from lab.legacy.erp import TOKEN, Erp, erp
from lab.ports import LOOPBACK, free_port

ROOT = Path(__file__).resolve().parents[3]
PAGE = (ROOT / "docs" / "legacy.md").read_text(encoding="utf-8")
#: Longer than the fastest a person is taken to be (caruso/web/self_service/spam.py).
PERSON_SECONDS = 1.0
START_SECONDS = 30.0

_CENTRE = """
name = "Northwind Energy"
timezone = "Europe/Amsterdam"
scripts = ["meter.xml"]
[queues.service]
name = "Service"
[entry_points.meter]
name = "Meter"
queue = "service"
web = "meter"
"""


def block(kind: str) -> str:
    """Return the page's one block of a kind."""
    (found,) = re.findall(rf"```{kind}\n(.*?)```", PAGE, re.DOTALL)
    return str(found)


@dataclass(kw_only=True)
class Server:
    """A server set up as the page says."""

    folder: Path
    port: int = field(default_factory=free_port)

    @property
    def url(self) -> str:
        return f"http://{LOOPBACK}:{self.port}"

    async def prepare(self, erp_url: str) -> None:
        token = self.folder / "erp.token"
        token.write_text(f"{TOKEN}\n")
        ours = (
            block("toml").replace("/etc/caruso/erp.token", str(token)).replace("https://erp.example/api", erp_url)
        )
        (self.folder / "caruso.toml").write_text(
            f'[server]\nport = {self.port}\ndata_dir = "data"\n'
            f'[asterisk]\nari_url = "http://{LOOPBACK}:{free_port()}/ari"\n{ours}'
        )
        plugins = self.folder / "plugins"
        plugins.mkdir()
        (plugins / "erp.openapi.yaml").write_text(block("yaml"))
        (plugins / "erp.py").write_text(block("python"))
        (self.folder / "meter.xml").write_text(block("xml"))
        (self.folder / "centre.toml").write_text(_CENTRE)
        (self.folder / "password").write_text("a password of the tests")
        await self.caruso("db", "upgrade")
        await self.caruso("apply", str(self.folder / "centre.toml"))
        password_file = str(self.folder / "password")
        await self.caruso("user", "add", "alex", "--role", "admin", "--password-file", password_file)

    @property
    def _config(self) -> tuple[str, str]:
        return "--config", str(self.folder / "caruso.toml")

    async def caruso(self, *arguments: str, wanted: Exit = Exit.OK) -> str:
        """Carry out a command and return what it prints."""
        said = io.StringIO()

        def carry_out() -> int:
            with redirect_stdout(said), redirect_stderr(said):
                return main([*self._config, *arguments])

        assert await asyncio.to_thread(carry_out) == wanted, said.getvalue()
        return said.getvalue()

    async def started(self) -> asyncio.subprocess.Process:
        return await asyncio.create_subprocess_exec(
            *[sys.executable, "-m", "caruso", *self._config, "serve"],
            cwd=ROOT,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
        )

    async def call(self, *asked: str) -> Any:
        return msgspec.json.decode(await self.caruso("service", "call", *asked))


@pytest.fixture
async def there() -> AsyncIterator[Erp]:
    async with erp() as running:
        yield running


@pytest.fixture
async def server(tmp_path: Path, there: Erp, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Server]:
    monkeypatch.setenv("CARUSO_USER", "alex")
    monkeypatch.setenv("CARUSO_PASSWORD", "a password of the tests")
    server = Server(folder=tmp_path)
    await server.prepare(there.url)
    process = await server.started()
    reading = asyncio.create_task(process.communicate())  # or a full pipe would stop it
    async with asyncio.timeout(START_SECONDS), aiohttp.ClientSession() as http:
        while True:
            assert process.returncode is None, (await reading)[0].decode()
            try:
                async with http.get(f"{server.url}/s/meter") as answer:
                    if answer.status == 200:
                        break
            except aiohttp.ClientError:
                await asyncio.sleep(0.1)
    yield server
    process.terminate()
    await reading


async def lead(server: Server, customer: str, kwh: str = "") -> str:
    """Lead the dialog on the web; return the last sentence."""
    async with FormBrowser(server.url) as browser:
        page = await browser.get("/s/meter")
        await asyncio.sleep(PERSON_SECONDS)
        await browser.send(page.form("/s/meter"))
        page = await browser.answer(customer)
        if kwh:
            assert page.heading == "Hello, Nora Wind. What does your meter say?"
            page = await browser.answer(kwh)
        return " ".join(page.texts("//p[@class='said']"))


async def test_the_recipe_works_as_it_stands_on_the_page(server: Server, there: Erp) -> None:
    # 4. Try it.
    assert "erp 1.0" in await server.caruso("service", "list")
    assert (await server.call("erp.get-customer", "id=7"))["name"] == "Nora Wind"
    assert Decimal(str(await server.call("erp.estimate", "kwh=100"))) == 31
    asked = ("service", "call", "erp.get-customer")
    refused = await server.caruso(*asked, "id=seven", wanted=Exit.REFUSED)
    assert "id: erp.get-customer: Expected `int`, got `str`" in refused
    assert "http-not-found" in await server.caruso(*asked, "id=9999", wanted=Exit.REFUSED)
    # 5. Ask it in a dialog.
    assert await lead(server, "7", "4711.5") == "Thank you. Your booking is 4700."
    ((key, booked),) = there.booked.items()
    assert msgspec.json.decode(booked)["kwh"] == 4711.5
    assert key.endswith("/book")
    # An ERP that says no, and one that is broken.
    assert await lead(server, "9999") == "This cannot be done at the moment."

    async def broken(_: web.Request) -> web.StreamResponse:
        return web.Response(status=503)

    there.manners = broken
    assert await lead(server, "7") == "This cannot be done at the moment."
    there.manners = None
    # It is replaced while the server runs.
    plugin = server.folder / "plugins" / "erp.py"
    plugin.write_text(plugin.read_text().replace('"0.31"', '"0.28"').replace('"1.0"', '"1.1"'))
    assert "erp" in await server.caruso("service", "replace", "erp")
    assert Decimal(str(await server.call("erp.estimate", "kwh=100"))) == 28
