"""A server is killed (-9) at every point of a turn: no answer is lost, and no mail is sent twice.

The counterparts are real: an SMTP server and an HTTP server that count what they are asked.
"""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web
from aiosmtpd.smtp import SMTP

from caruso.model.ids import RunId
from caruso.model.run_records import ActionState
from caruso.script_engine.turns import Answered
from lab.fake_runs import RunsInMemory
from lab.run_scripts import MOVING
from tests.contract.storage.turn_victim import runs_on

VICTIM = Path(__file__).with_name("turn_victim.py")
ROOT = Path(__file__).parents[3]
POINTS = ("before-commit", "after-commit", "after-claim", "during", "after-action")
#: The tariff is checked by a service that may be asked twice, or by one that sends a mail.
CHECKED_BY = ("tariff.check", "email.send")


@dataclass
class Counterparts:
    """What arrived at the other side, by idempotency key."""

    mails: Counter[str] = field(default_factory=Counter)
    requests: Counter[str] = field(default_factory=Counter)
    #: Set when the other side has been asked, and does not answer before it is told to.
    asked: asyncio.Event = field(default_factory=asyncio.Event)
    answer: asyncio.Event = field(default_factory=asyncio.Event)
    smtp: int = 0
    http: int = 0

    async def handle_DATA(self, _server: Any, _session: Any, envelope: Any) -> str:  # noqa: N802 -- aiosmtpd's name
        """Take a mail."""
        text = envelope.content.decode()
        subject = next(line for line in text.splitlines() if line.startswith("Subject: "))
        self.mails[subject.removeprefix("Subject: ").strip()] += 1
        self.asked.set()
        await self.answer.wait()
        return "250 OK"

    async def request(self, request: web.Request) -> web.Response:
        """Take a request."""
        self.requests[request.path.lstrip("/")] += 1
        self.asked.set()
        await self.answer.wait()
        return web.Response(text="Plus")


@asynccontextmanager
async def counterparts() -> AsyncIterator[Counterparts]:
    there = Counterparts()
    loop = asyncio.get_running_loop()
    smtp = await loop.create_server(lambda: SMTP(there, enable_SMTPUTF8=True), "127.0.0.1", 0)
    application = web.Application()
    application.router.add_post("/{key:.*}", there.request)
    runner = web.AppRunner(application)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    there.smtp = smtp.sockets[0].getsockname()[1]
    there.http = runner.addresses[0][1]
    try:
        yield there
    finally:
        there.answer.set()
        await runner.cleanup()
        smtp.close()


async def lead_and_die(url: str, folder: Path, there: Counterparts, point: str, script: Path) -> RunId:
    """Let a process lead a run until it dies at `point`."""
    told = folder / "run"
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        str(VICTIM),
        url,
        str(script),
        str(there.smtp),
        str(there.http),
        point,
        str(told),
        env=os.environ | {"PYTHONPATH": str(ROOT)},
    )
    if point == "during":
        await there.asked.wait()
        process.kill()
        there.answer.set()
    else:
        there.answer.set()
    assert await process.wait() == -signal.SIGKILL
    return RunId(told.read_text())


async def finish(runs: RunsInMemory, run: RunId) -> None:
    """Go on as the customer does who finds the page dead and loads it again."""
    looks = asyncio.create_task(runs.outbox.run())
    view = await runs.web.view(run)
    assert [entry.value for entry in view.trail][:1] == ["Main Street 1"], "no answer is lost"
    if view.turn.item == "people" and view.turn.kind == "question":
        await runs.web.give(run, Answered(turn=view.turn.number, text="3"), patience_seconds=30)
    async with asyncio.timeout(30):
        while (view := await runs.web.view(run)).turn.kind == "working":
            await runs.web.changed(run, view.revision, seconds=1)
    assert view.turn.item == "check"
    view = await runs.web.give(run, Answered(turn=view.turn.number, text="yes"))
    assert view.finished is not None
    await runs.outbox.quiet()
    looks.cancel()


@pytest.mark.parametrize("service", CHECKED_BY)
@pytest.mark.parametrize("point", POINTS)
async def test_whenever_the_server_dies_no_answer_is_lost_and_no_mail_is_doubled(
    url: str, tmp_path: Path, point: str, service: str
) -> None:
    source = MOVING.replace(b"tariff.check", service.encode())
    if service == "email.send":
        source = source.replace(
            b'<param name="people" as="answers.people"/>', b"""<param name="to" as="'ben@example.org'"/>"""
        )
    script = tmp_path / "moving.xml"
    script.write_bytes(source)
    async with counterparts() as there:
        run = await lead_and_die(url, tmp_path, there, point, script)
        async with runs_on(url, source, there.smtp, there.http) as (runs, store):
            await finish(runs, run)
            check, mail = f"{run}/check-tariff", f"{run}/mail"
            action = await store.action(check)
            assert action is not None
            asked = there.mails[check] if service == "email.send" else there.requests[check]
            assert there.mails[mail] == 1
            assert max(there.mails.values()) == 1, "no mail is sent twice"
            certain = service == "tariff.check" or point in ("before-commit", "after-commit")
            assert action.state is (ActionState.DONE if certain else ActionState.FAILED)
            if not certain:
                assert action.failure == "outcome-unknown"
                assert asked == (0 if point == "after-claim" else 1)
            elif point in ("during", "after-action"):
                assert asked == 2, "asking twice is harmless here, and tells what became of it"
            else:
                assert asked == 1
