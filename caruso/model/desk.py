"""What an agent can ask for at the desk. The console sends these; `ContactCentre.command` carries them out.

The browser sends a command with an id of its own; a `Reply` with the same id follows, and the next view shows
what became of it. A command that comes twice (same id on one socket) is carried out once.
"""

from __future__ import annotations

import msgspec


class DeskCommand(msgspec.Struct, frozen=True, kw_only=True, tag_field="type", forbid_unknown_fields=True):
    """Something the agent wants."""

    #: Chosen by the browser, unique on its socket.
    id: int


class GoReady(DeskCommand, frozen=True, kw_only=True, tag="go-ready"):
    """Be ready for contacts; also ends wrap-up early."""


class GoNotReady(DeskCommand, frozen=True, kw_only=True, tag="go-not-ready"):
    """Be not ready, with a reason; in a conversation it takes effect after wrap-up."""

    reason: str = ""


class SignOut(DeskCommand, frozen=True, kw_only=True, tag="sign-out"):
    """Leave. Refused in a conversation."""


class ChooseStation(DeskCommand, frozen=True, kw_only=True, tag="choose-station"):
    """Use another phone from the next contact on: ``browser`` or ``sip``."""

    kind: str


class Accept(DeskCommand, frozen=True, kw_only=True, tag="accept"):
    """Take the offer (a browser phone answers by itself; a SIP phone must be picked up)."""

    contact: str


class Decline(DeskCommand, frozen=True, kw_only=True, tag="decline"):
    """Refuse the offer; the contact goes to somebody else."""

    contact: str


class HangUpCall(DeskCommand, frozen=True, kw_only=True, tag="hang-up"):
    """End the conversation."""

    contact: str


class Hold(DeskCommand, frozen=True, kw_only=True, tag="hold"):
    """Let the customer hear music (`on`), or take him back."""

    contact: str
    on: bool


class MuteMe(DeskCommand, frozen=True, kw_only=True, tag="mute"):
    """Keep what the agent says from the customer."""

    contact: str
    on: bool


class PressDigits(DeskCommand, frozen=True, kw_only=True, tag="digits"):
    """Send DTMF to the customer's side."""

    contact: str
    digits: str


class CallOut(DeskCommand, frozen=True, kw_only=True, tag="call-out"):
    """Call somebody, on behalf of a queue of the agent's: her own phone rings first."""

    number: str
    queue: str


class Transfer(DeskCommand, frozen=True, kw_only=True, tag="transfer"):
    """Give the customer away without a word."""

    contact: str
    #: ``agent``, ``queue``, ``entry-point``, ``script`` or ``number``.
    kind: str
    #: An id, or the number.
    to: str


class Consult(DeskCommand, frozen=True, kw_only=True, tag="consult"):
    """Talk with somebody while the customer is on hold."""

    contact: str
    #: ``agent``, ``queue`` (whoever is free there) or ``number``.
    kind: str
    to: str


class Toggle(DeskCommand, frozen=True, kw_only=True, tag="toggle"):
    """Change between the customer and whoever is consulted."""

    contact: str


class Conference(DeskCommand, frozen=True, kw_only=True, tag="conference"):
    """Talk with the customer and whoever is consulted together."""

    contact: str


class CompleteTransfer(DeskCommand, frozen=True, kw_only=True, tag="complete-transfer"):
    """Leave the customer to whoever is consulted, or to the others in the conference."""

    contact: str


class DropParty(DeskCommand, frozen=True, kw_only=True, tag="drop-party"):
    """End the consultation, or send a party out of the conference."""

    contact: str
    #: Its `id`; 0: whoever is called or consulted.
    party: int = 0


class AnswerItem(DeskCommand, frozen=True, kw_only=True, tag="answer"):
    """Answer the current item of the dialog."""

    run: str
    turn: int
    text: str


class AnswerTogether(DeskCommand, frozen=True, kw_only=True, tag="answer-together"):
    """Answer all questions of a group that is shown at once, by item."""

    run: str
    turn: int
    answers: dict[str, str]


class KeepDraft(DeskCommand, frozen=True, kw_only=True, tag="draft"):
    """Keep what is typed and not yet sent, by item (sent at every pause in typing)."""

    run: str
    turn: int
    texts: dict[str, str]


class TimeUp(DeskCommand, frozen=True, kw_only=True, tag="time-up"):
    """The time limit of the item is over."""

    run: str
    turn: int


class UndoAction(DeskCommand, frozen=True, kw_only=True, tag="undo"):
    """Have something undone that the path does not lead by any more, or let it be (`wanted` is false)."""

    run: str
    key: str
    wanted: bool


class ConfirmItem(DeskCommand, frozen=True, kw_only=True, tag="confirm"):
    """Take note of an info."""

    run: str
    turn: int


class StepBack(DeskCommand, frozen=True, kw_only=True, tag="back"):
    """Go back one item."""

    run: str
    turn: int


class CorrectItem(DeskCommand, frozen=True, kw_only=True, tag="correct"):
    """Change an earlier answer."""

    run: str
    item: str
    text: str


class ShareDialog(DeskCommand, frozen=True, kw_only=True, tag="share-dialog"):
    """Let the customer go on with the dialog on the web: make a link, and send it unless `to` is empty."""

    run: str
    #: An e-mail address or a telephone number.
    to: str = ""


class TakeDialogBack(DeskCommand, frozen=True, kw_only=True, tag="take-dialog-back"):
    """Go on with a dialog that the customer leads on the web."""

    run: str


class SaveNote(DeskCommand, frozen=True, kw_only=True, tag="note"):
    """Keep the agent's note (sent at every pause in typing)."""

    contact: str
    text: str


class ChooseDisposition(DeskCommand, frozen=True, kw_only=True, tag="choose-disposition"):
    """Keep what came of the contact; wrap-up goes on."""

    contact: str
    disposition: str


class ExtendWrapUp(DeskCommand, frozen=True, kw_only=True, tag="extend-wrap-up"):
    """Need longer for wrap-up."""

    contact: str


class FinishContact(DeskCommand, frozen=True, kw_only=True, tag="finish"):
    """End wrap-up with a disposition."""

    contact: str
    disposition: str
    note: str = ""


class SeeMessage(DeskCommand, frozen=True, kw_only=True, tag="see-message"):
    """Take note of a supervisor's message."""

    message: str


AnyDeskCommand = (
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
    | CallOut
    | Transfer
    | Consult
    | Toggle
    | Conference
    | CompleteTransfer
    | DropParty
    | AnswerItem
    | AnswerTogether
    | KeepDraft
    | TimeUp
    | UndoAction
    | ConfirmItem
    | StepBack
    | CorrectItem
    | ShareDialog
    | TakeDialogBack
    | SaveNote
    | ChooseDisposition
    | ExtendWrapUp
    | FinishContact
    | SeeMessage
)
