"""Runs as they are shown, and what opens them: for pages and consoles."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from caruso.model.ids import ContactId, CustomerId, RunId
from caruso.script_engine.nodes import Dialog
from caruso.script_engine.turns import Finished, HandOver, ScriptChannel, TrailEntry, Turn


@dataclass(frozen=True, slots=True, kw_only=True)
class RunView:
    """A run as a page shows it."""

    run: RunId
    #: The version the run is pinned to.
    dialog: Dialog
    #: Where it is led now: a page that sees ``agent`` shows that an agent has it, and takes no input.
    channel: ScriptChannel
    #: Who leads it: an agent's id, or empty for the customer.
    by: str
    language: str
    #: What waits now; `kind` tells: ``question``, ``group``, ``info``, ``working``, ``handover``, ``end``.
    turn: Turn
    #: Answers so far, private ones among them: it is the customer's own run.
    trail: tuple[TrailEntry, ...]
    #: Grows with each change: two views with the same one are the same.
    revision: int
    #: In which contact it is led: another one when it went on elsewhere, or by a link.
    contact: ContactId | None = None
    customer: CustomerId | None = None
    #: While the dialog waits to be taken over elsewhere.
    hand_over: HandOver | None = None
    finished: Finished | None = None
    expires_at: datetime | None = None
    #: False when an input came too late and changed nothing.
    taken: bool = True
    #: Why the input was not taken (a correction), for the person; empty where it was.
    refused: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class RunLink:
    """A link that opens a run once. The token is known to nobody but who holds it."""

    token: str
    #: Whole address, with the token: ``https://caruso.example/s/resume/<token>``.
    url: str
    expires_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class CallCode:
    """What a customer keys in on the telephone to go on with an agent: six digits, once."""

    code: str
    #: Where to call; empty when no entry point takes codes.
    number: str
    expires_at: datetime
