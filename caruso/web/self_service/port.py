"""What the self-service pages ask of the rest of the house. The composition root implements it, `lab` fakes it.

Whoever holds a `RunId` may go on with the run: the pages give it away only inside a sealed cookie.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Protocol

from caruso.model.ids import EntryPointId, RunId, ScriptId
from caruso.script_engine.turns import Input, TrailEntry, Turn, Value


@dataclass(frozen=True, slots=True, kw_only=True)
class Brand:
    """Whose pages they are."""

    name: str = "Caruso"
    #: ``#rrggbb``; the colour of headings' bars and buttons.
    colour: str = "#0b5a6b"
    #: IANA name: in which times of day are shown.
    time_zone: str = "UTC"


@dataclass(frozen=True, slots=True, kw_only=True)
class PublicScript:
    """A script that anybody may start on the web, and what its first page says. Texts are by language."""

    script: ScriptId
    #: None for a script nobody can begin here; its runs come by links.
    entry_point: EntryPointId | None
    titles: Mapping[str, str]
    #: The first is the one to fall back on.
    languages: tuple[str, ...]
    about: Mapping[str, str] = field(default_factory=dict)
    #: How long it usually takes; 0 when nobody has said.
    minutes: int = 0
    #: False: it cannot be started now; runs that were begun go on.
    is_open: bool = True
    #: Said instead, by language.
    closed: Mapping[str, str] = field(default_factory=dict)
    #: Whether one can ask to be called back.
    call_back: bool = False
    #: Whether there is a number to call to go on with somebody.
    call: bool = False
    #: Whether a link to go on later can be mailed.
    mail: bool = False


class Standing(StrEnum):
    """Who leads a run now."""

    #: The customer, on these pages.
    OPEN = "open"
    #: It was handed to a person or to the phone; the pages only tell so.
    ELSEWHERE = "elsewhere"
    FINISHED = "finished"


@dataclass(frozen=True, slots=True, kw_only=True)
class Position:
    """Where a run stands."""

    run: RunId
    script: ScriptId
    turn: Turn
    #: Who opened it last: another one when somebody used a link, and whoever had it before is out.
    session: str = ""
    standing: Standing = Standing.OPEN
    #: What was answered, in the order of the path.
    trail: tuple[TrailEntry, ...] = ()
    may_go_back: bool = False
    #: Whether answers can be changed: while it is open, and after its end where the script keeps it.
    may_correct: bool = False
    titles: Mapping[str, str] = field(default_factory=dict)
    languages: tuple[str, ...] = ()
    #: What is kept for the run and may be named in an answer, by id: ``id``, ``name``, ``type``, ``size``.
    files: Mapping[str, Value] = field(default_factory=dict)
    #: When the run is given up if nothing happens; None for never.
    expires_at: datetime | None = None
    #: False when the input that led here came too late and changed nothing.
    taken: bool = True
    #: Why the last correction was not taken, in the run's language.
    refused: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class SpeakCode:
    """With what a run is found again on the phone."""

    #: Where to call.
    number: str
    #: Digits to key in.
    code: str
    valid_until: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class UploadedFile:
    """A file as a visitor sent it; nothing in it may be believed."""

    name: str
    media_type: str
    content: bytes


class SelfServiceRuns(Protocol):
    """Runs of public scripts. All calls may raise `StorageUnavailable`."""

    def brand(self) -> Brand:
        """Return whose pages they are."""
        ...

    def scripts(self) -> Mapping[ScriptId, PublicScript]:
        """Return the scripts that are on the web now."""
        ...

    def unlisted(self, position: Position) -> PublicScript:
        """Return the script of a run that came by a link and cannot be begun here (any more)."""
        ...

    async def begin(self, script: PublicScript, *, language: str, address: str) -> Position:
        """Start a run of somebody at this Internet address; raise `NotFound` when its script is gone."""
        ...

    async def position(self, run: RunId) -> Position | None:
        """Return where a run stands, or None when there is no such run (any more)."""
        ...

    async def give(self, run: RunId, given: Input) -> Position | None:
        """Give an input, written down before this returns; a stale one changes nothing."""
        ...

    async def extend(self, run: RunId) -> Position | None:
        """Keep a run as if something had happened; a time limit of its question begins again."""
        ...

    async def keep(self, run: RunId, item: str, upload: UploadedFile) -> Mapping[str, Value]:
        """Keep an answer's file, return it as in `Position.files`; raise `RejectedInput` when it is of no use."""
        ...

    async def speak_code(self, run: RunId) -> SpeakCode:
        """Return a code with which the run goes on when the customer calls."""
        ...

    async def call_back(self, run: RunId, *, number: str, language: str) -> None:
        """Have an agent call this number and go on with the run; raise `RejectedInput` for a wrong number."""
        ...

    async def mail_link(self, run: RunId, *, address: str, language: str) -> None:
        """Mail a one-time link with which the run goes on; raise `RejectedInput` when it cannot be mailed."""
        ...

    async def redeem(self, token: str) -> Position | None:
        """Use a resume token up and return its run, taken over to the web; None for one that leads nowhere."""
        ...
