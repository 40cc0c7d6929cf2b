"""Public scripts over the pure engine, in memory: what the self-service pages are developed and tested on.

``python -m lab.self_service --port 8091`` serves the scripts of `lab.self_service_scripts`.
"""

from __future__ import annotations

import argparse
import asyncio
import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path
from types import MappingProxyType

from prometheus_client import CollectorRegistry

from caruso.clock import Clock, SystemClock
from caruso.errors import NotFound, RejectedInput, StorageUnavailable
from caruso.model.ids import EntryPointId, RunId, ScriptId
from caruso.script_engine import engine
from caruso.script_engine.loader import load
from caruso.script_engine.nodes import Dialog
from caruso.script_engine.runs import Phase, Run
from caruso.script_engine.turns import (
    CallService,
    Effect,
    Input,
    Refused,
    RunStart,
    ScriptChannel,
    ServiceAnswered,
    TakenOver,
    Value,
)
from caruso.web.self_service.port import Brand, Position, PublicScript, SpeakCode, Standing, UploadedFile
from caruso.web.server import WebServer
from caruso.web.settings import WebSettings
from lab.fake_callbacks import MemoryCallbacks
from lab.fake_centre import FakeCentre
from lab.fake_stores import FakePhones, MemoryCustomers, MemoryFacts, MemoryUsers
from lab.self_service_scripts import ALL

DIST = Path(__file__).resolve().parent.parent / "agent_ui" / "dist"

#: After this long without anything a run is given up.
KEPT = timedelta(hours=1)


@dataclass(slots=True, kw_only=True)
class _Held:
    dialog: Dialog
    run: Run
    touched: datetime


@dataclass(slots=True, kw_only=True)
class Mailed:
    """A link that was mailed."""

    run: RunId
    address: str
    link: str


@dataclass(slots=True)
class MemorySelfService:
    """Runs in memory; everything that goes out of the house is only noted."""

    clock: Clock = field(default_factory=SystemClock)
    whose: Brand = field(default_factory=lambda: Brand(name="Northwind Energy", time_zone="Europe/Amsterdam"))
    #: Answers of services by name; others answer null at once.
    services: Mapping[str, Callable[[Mapping[str, Value]], Value]] = field(default_factory=dict)
    #: True: nothing can be read or written.
    away: bool = False
    public: dict[ScriptId, PublicScript] = field(default_factory=dict)
    dialogs: dict[ScriptId, Dialog] = field(default_factory=dict)
    held: dict[RunId, _Held] = field(default_factory=dict)
    files: dict[str, tuple[RunId, UploadedFile]] = field(default_factory=dict)
    tokens: dict[str, RunId] = field(default_factory=dict)
    mailed: list[Mailed] = field(default_factory=list)
    called_back: list[tuple[RunId, str]] = field(default_factory=list)
    #: Inputs that were taken, in their order.
    taken: list[Input] = field(default_factory=list)

    def publish(self, source: bytes, **public: object) -> PublicScript:
        """Put a script on the web."""
        dialog = load(source, file="script.xml")
        script = ScriptId(dialog.id)
        self.dialogs[script] = dialog
        told: dict[str, object] = {
            "script": script,
            "entry_point": EntryPointId(f"web-{script}"),
            "titles": dialog.titles,
            "languages": dialog.languages,
            "call_back": True,
            "call": True,
            "mail": True,
        }
        self.public[script] = PublicScript(**(told | public))  # type: ignore[arg-type]  # the test's own words
        return self.public[script]

    # -- The port ---------------------------------------------------------------------------------------------

    def brand(self) -> Brand:
        """Return whose pages they are."""
        return self.whose

    def scripts(self) -> Mapping[ScriptId, PublicScript]:
        """Return what is on the web."""
        return self.public

    async def begin(self, script: PublicScript, *, language: str, address: str) -> Position:
        """Start a run."""
        self._require()
        dialog = self.dialogs.get(script.script)
        if dialog is None:
            raise NotFound
        begin = RunStart(
            run=RunId(secrets.token_hex(16)),
            script=script.script,
            channel=ScriptChannel.WEB,
            language=language,
            time_zone=self.whose.time_zone,
        )
        run, effects = engine.start(dialog, begin, self.clock.now())
        self.held[run.id] = _Held(dialog=dialog, run=run, touched=self.clock.now())
        self._carry_out(run.id, effects)
        return self._position(run.id)

    async def position(self, run: RunId) -> Position | None:
        """Return where a run stands."""
        self._require()
        held = self.held.get(run)
        if held is None or self.clock.now() - held.touched > KEPT:
            self.held.pop(run, None)
            return None
        return self._position(run)

    async def give(self, run: RunId, given: Input) -> Position | None:
        """Give an input."""
        if await self.position(run) is None:
            return None
        held = self.held[run]
        moved, effects = engine.step(held.dialog, held.run, given, self.clock.now())
        taken = moved is not held.run
        if taken:
            self.taken.append(given)
        self.held[run] = replace(held, run=moved, touched=self.clock.now())
        self._carry_out(run, effects)
        refused = next((effect.message for effect in effects if isinstance(effect, Refused)), "")
        return replace(self._position(run), taken=taken, refused=refused)

    async def extend(self, run: RunId) -> Position | None:
        """Keep a run longer."""
        if await self.position(run) is None:
            return None
        self.held[run].touched = self.clock.now()
        return self._position(run)

    async def keep(self, run: RunId, item: str, upload: UploadedFile) -> Mapping[str, Value]:
        """Keep a file."""
        self._require()
        if sum(1 for owner, _ in self.files.values() if owner == run) >= 20:
            raise RejectedInput(())
        identity = secrets.token_hex(8)
        self.files[identity] = (run, upload)
        return self._files(run)[identity]

    async def speak_code(self, run: RunId) -> SpeakCode:
        """Return a code."""
        self._require()
        return SpeakCode(
            number="+31201234567", code="482913", valid_until=self.clock.now() + timedelta(minutes=30)
        )

    async def call_back(self, run: RunId, *, number: str, language: str) -> None:
        """Note who wants to be called."""
        self._require()
        self.called_back.append((run, number))

    async def mail_link(self, run: RunId, *, address: str, language: str) -> None:
        """Note the link."""
        self._require()
        token = secrets.token_urlsafe(32)
        self.tokens[token] = run
        self.mailed.append(Mailed(run=run, address=address, link=f"/s/resume/{token}"))

    async def redeem(self, token: str) -> Position | None:
        """Use a token up."""
        self._require()
        run = self.tokens.pop(token, None)
        if run is None or run not in self.held:
            return None
        return await self.give(run, TakenOver(channel=ScriptChannel.WEB))

    # -- Inside -----------------------------------------------------------------------------------------------

    def _require(self) -> None:
        if self.away:
            raise StorageUnavailable

    def _carry_out(self, run: RunId, effects: tuple[Effect, ...]) -> None:
        for effect in effects:
            if isinstance(effect, CallService):
                answer = self.services[effect.service](effect.params) if effect.service in self.services else None
                held = self.held[run]
                given = ServiceAnswered(key=effect.key, result=answer)
                moved, more = engine.step(held.dialog, held.run, given, self.clock.now())
                self.held[run] = replace(held, run=moved)
                self._carry_out(run, more)

    def _position(self, run: RunId) -> Position:
        held = self.held[run]
        return position_of(held.dialog, held.run, expires_at=held.touched + KEPT, files=self._files(run))

    def _files(self, run: RunId) -> dict[str, Mapping[str, Value]]:
        return {
            identity: {
                "id": identity,
                "name": kept.name,
                "type": kept.media_type,
                "size": Decimal(len(kept.content)),
            }
            for identity, (owner, kept) in self.files.items()
            if owner == run
        }


def position_of(
    dialog: Dialog,
    run: Run,
    *,
    expires_at: datetime | None = None,
    files: Mapping[str, Value] = MappingProxyType({}),
) -> Position:
    """Return where a run stands, as the pages see it."""
    standing = Standing.OPEN
    if run.finished:
        standing = Standing.FINISHED
    elif run.phase is Phase.HANDOVER or run.channel is not ScriptChannel.WEB:
        standing = Standing.ELSEWHERE
    trail = engine.trail(dialog, run)
    return Position(
        run=run.id,
        script=run.script,
        turn=engine.present(dialog, run),
        standing=standing,
        trail=trail,
        may_go_back=dialog.back_allowed and bool(trail) and standing is Standing.OPEN,
        languages=dialog.languages,
        expires_at=expires_at,
        files=files,
    )


async def serve(port: int) -> None:
    """Serve the lab's scripts until interrupted."""
    runs = MemorySelfService()
    for source in ALL:
        script = runs.publish(source, minutes=3, about={"en": "A script of the lab."})
        print(f"/s/{script.script}")
    server = self_service_server(runs, port=port)
    await server.start()
    print(server.url, flush=True)
    await asyncio.Event().wait()


def self_service_server(
    runs: MemorySelfService, *, port: int = 0, dist: Path = DIST, settings: WebSettings | None = None
) -> WebServer:
    """Return a server with nothing but the public pages of interest."""
    return WebServer(
        settings or WebSettings(port=port, dist=dist, stop_seconds=0.5),
        centre=FakeCentre(asyncio.get_running_loop().call_later),
        users=MemoryUsers(),
        customers=MemoryCustomers(),
        facts=MemoryFacts(),
        phones=FakePhones(),
        callbacks=MemoryCallbacks(),
        clock=runs.clock,
        registry=CollectorRegistry(),
        self_service=runs,
    )


if __name__ == "__main__":
    parser = argparse.ArgumentParser(prog="python -m lab.self_service", description=__doc__)
    parser.add_argument("--port", type=int, default=8091, help="0 takes a free one")
    asyncio.run(serve(parser.parse_args().port))
