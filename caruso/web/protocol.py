"""What travels on the console's WebSocket. Views come from `caruso.model.views`; commands are below.

The browser sends a command with an id of its own; a `Reply` with the same id follows, and the next view shows
what became of it. A command that comes twice (same id on one socket) is carried out once.
"""

from __future__ import annotations

import msgspec


class Command(msgspec.Struct, frozen=True, kw_only=True, tag_field="type", forbid_unknown_fields=True):
    """Something the agent wants."""

    #: Chosen by the browser, unique on its socket.
    id: int


class GoReady(Command, frozen=True, kw_only=True, tag="go-ready"):
    """Be ready for contacts; also ends wrap-up early."""


class GoNotReady(Command, frozen=True, kw_only=True, tag="go-not-ready"):
    """Be not ready, with a reason; in a conversation it takes effect after wrap-up."""

    reason: str = ""


class SignOut(Command, frozen=True, kw_only=True, tag="sign-out"):
    """Leave. Refused in a conversation."""


class ChooseStation(Command, frozen=True, kw_only=True, tag="choose-station"):
    """Use another phone from the next contact on: ``browser`` or ``sip``."""

    kind: str


class Accept(Command, frozen=True, kw_only=True, tag="accept"):
    """Take the offer (a browser phone answers by itself; a SIP phone must be picked up)."""

    contact: str


class Decline(Command, frozen=True, kw_only=True, tag="decline"):
    """Refuse the offer; the contact goes to somebody else."""

    contact: str


class HangUpCall(Command, frozen=True, kw_only=True, tag="hang-up"):
    """End the conversation."""

    contact: str


class Hold(Command, frozen=True, kw_only=True, tag="hold"):
    """Let the customer hear music (`on`), or take him back."""

    contact: str
    on: bool


class MuteMe(Command, frozen=True, kw_only=True, tag="mute"):
    """Keep what the agent says from the customer."""

    contact: str
    on: bool


class PressDigits(Command, frozen=True, kw_only=True, tag="digits"):
    """Send DTMF to the customer's side."""

    contact: str
    digits: str


class AnswerItem(Command, frozen=True, kw_only=True, tag="answer"):
    """Answer the current item of the dialog."""

    run: str
    turn: int
    text: str


class ConfirmItem(Command, frozen=True, kw_only=True, tag="confirm"):
    """Take note of an info."""

    run: str
    turn: int


class StepBack(Command, frozen=True, kw_only=True, tag="back"):
    """Go back one item."""

    run: str
    turn: int


class CorrectItem(Command, frozen=True, kw_only=True, tag="correct"):
    """Change an earlier answer."""

    run: str
    item: str
    text: str


class SaveNote(Command, frozen=True, kw_only=True, tag="note"):
    """Keep the agent's note (sent at every pause in typing)."""

    contact: str
    text: str


class FinishContact(Command, frozen=True, kw_only=True, tag="finish"):
    """End wrap-up with a disposition."""

    contact: str
    disposition: str
    note: str = ""


AnyCommand = (
    GoReady
    | GoNotReady
    | SignOut
    | ChooseStation
    | Accept
    | Decline
    | HangUpCall
    | Hold
    | MuteMe
    | PressDigits
    | AnswerItem
    | ConfirmItem
    | StepBack
    | CorrectItem
    | SaveNote
    | FinishContact
)


class Problem(msgspec.Struct, frozen=True, kw_only=True):
    """Why a command was refused: a stable code, and a sentence for the person."""

    code: str
    message: str


class Reply(msgspec.Struct, frozen=True, kw_only=True, tag_field="type", tag="reply"):
    """Answers the command with the same id; `problem` is None when it was accepted."""

    id: int
    problem: Problem | None = None


class Notice(msgspec.Struct, frozen=True, kw_only=True, tag_field="type", tag="notice"):
    """Something the agent must know: ``signed-in-elsewhere`` (this socket is closed), ``server-stopping``."""

    code: str
    message: str
