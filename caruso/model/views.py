"""What people see: the agent's desk and the supervisor's monitor, ready to be encoded.

The server is the truth: a view is sent whole, or (monitor) as the rows that changed. Browsers derive nothing
but ages from it; their types are generated from this page.
"""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

import msgspec

from caruso.model.facts import Presence
from caruso.model.ids import AgentId, ContactId, CustomerId, QueueId, RunId, SupervisionId, UserId
from caruso.model.supervision import SupervisionMode


class View(msgspec.Struct, frozen=True, kw_only=True):
    """Part of something shown."""


# -- The agent's desk -----------------------------------------------------------------------------------------


class Choice(View, frozen=True, kw_only=True):
    """An id and how it is called."""

    id: str
    name: str


class PresenceView(View, frozen=True, kw_only=True):
    """The confirmed presence, since when, and until when where it ends by itself (ring, wrap-up)."""

    presence: Presence
    reason: str
    since: datetime
    until: datetime | None = None
    #: When an agent who is not ready has been so for as long as the reason allows.
    late_at: datetime | None = None
    #: What follows the contact on the desk: ``not-ready`` or ``signed-out`` when that was asked for; else empty.
    next: str = ""
    next_reason: str = ""


class PartyView(View, frozen=True, kw_only=True):
    """Somebody besides customer and agent in the call."""

    id: int
    #: An agent's id, or empty for somebody outside.
    agent: str
    #: The agent's name, or the number outside.
    name: str
    #: ``ringing``, ``consulted``, ``parked``, ``joined``.
    state: str


class NoteView(View, frozen=True, kw_only=True):
    """What a colleague wrote about the contact."""

    agent: str
    name: str
    text: str


class TargetView(View, frozen=True, kw_only=True):
    """Somebody, or something, a customer can be given to."""

    #: ``agent``, ``queue``, ``entry-point``, ``script``; ``number``: any number outside can be called.
    kind: str
    id: str
    name: str
    #: Of an agent.
    presence: str = ""
    reason: str = ""
    #: Of an entry point.
    number: str = ""
    #: Of a queue: how many agents are ready.
    ready: int = 0
    possible: bool = True


class RecordingView(View, frozen=True, kw_only=True):
    """How far the recording of a conversation is, and what can be done about it."""

    #: ``off``, ``announcing`` (the parties are being told), ``beginning``, ``on``, ``paused``, ``impossible``.
    state: str
    #: Why it is paused (``hold``, ``asked``, ``sensitive``) or impossible (``pbx``, ``disk-full``,
    #: ``announcement``, ``stalled``).
    reason: str = ""
    may_start: bool = False
    may_stop: bool = False
    may_pause: bool = False
    #: Somebody paused it: it can be resumed by hand.
    paused_by_hand: bool = False


class NeededSkill(View, frozen=True, kw_only=True):
    """A skill a contact needed, and how well the agent has it."""

    name: str
    needed: int
    #: 1 to 10; 0: not at all.
    level: int


class WhyView(View, frozen=True, kw_only=True):
    """Why a contact was offered to this agent."""

    decided_at: datetime
    policy: str
    #: What the policy goes by: since when idle (seconds since 1970), occupancy (0 to 1), levels.
    figure: float | None
    #: For the queue: 1 goes first, 0 is who was talked with last, from 11 on it is overflow.
    rank: int
    #: How many agents could have been asked, this one among them; not more than a few are counted.
    candidates: int
    #: How many agents of the queue were in each presence.
    presences: dict[str, int]
    waited_seconds: float
    #: With ageing.
    priority: int
    skills: list[NeededSkill]
    #: Step of the relaxation that held, and how many there are; rule of the queue that applied; 0 for none.
    step: int
    steps: int
    rule: int
    #: Names of queues whose agents were asked, too.
    also: list[str]
    #: What the pair was worth, where the policy weighs pairs.
    value: float | None


class ContactView(View, frozen=True, kw_only=True):
    """The contact on the desk."""

    id: ContactId
    #: ``offered``, ``dialling`` (the agent calls), ``talking``, ``held``, ``consulted`` (a colleague asks),
    #: ``wrap-up``.
    phase: str
    caller_number: str
    caller_name: str
    entry_point: str
    queue: QueueId
    queue_name: str
    queued_at: datetime
    waited_seconds: float
    offered_at: datetime
    connected_at: datetime | None = None
    ended_at: datetime | None = None
    muted: bool = False
    dispositions: list[Choice] = []
    #: What the dialog's end suggests, or the agent has chosen; or empty.
    disposition: str = ""
    #: How often wrap-up can still be extended, and by how much each time.
    extensions_left: int = 0
    extension_seconds: float = 0.0
    #: Autosaved note of the agent.
    note: str = ""
    #: Whether the agent decides about the call: who only takes part can hang up and mute.
    mine: bool = True
    #: Who else takes part, or is called.
    parties: list[PartyView] = []
    #: The colleague who transfers or consults, and which of both: ``transfer``, ``consult``.
    from_agent: str = ""
    purpose: str = ""
    #: Whether the centre calls the customer back, and whether he is on the line already; else his phone rings when
    #: the agent has answered.
    called_back: bool = False
    reached: bool = True
    #: What was written about this contact before: by colleagues, and by the agent when she had it earlier.
    notes: list[NoteView] = []
    #: Names of supervisors who listen, whisper or have barged in, as far as the agent is to know.
    watchers: list[str] = []
    #: None where nothing is ever recorded.
    recording: RecordingView | None = None
    #: Why it came to this agent; None where no rule chose her (a transfer, a call of her own).
    why: WhyView | None = None
    #: The supervisor who took the conversation over, in wrap-up; empty when nobody did.
    taken_over_by: str = ""


class OptionView(View, frozen=True, kw_only=True):
    """One possible answer."""

    value: str
    label: str
    key: str = ""
    #: Cannot be chosen together with others.
    exclusive: bool = False
    #: Takes an answer in the person's own words.
    other: bool = False


class LinkView(View, frozen=True, kw_only=True):
    """Signs `start` to `end` of the text with this number lead to an address."""

    text: int
    start: int
    end: int
    to: str


class UndoView(View, frozen=True, kw_only=True):
    """Something was done that the path does not lead by any more: it may be undone, or let be."""

    key: str
    service: str
    item: str
    #: What was asked, or said, where it was done; empty when there is no telling.
    question: str = ""


class TurnView(View, frozen=True, kw_only=True):
    """The item that waits for an answer."""

    number: int
    item: str
    kind: str
    texts: list[str]
    hints: list[str] = []
    type: str = ""
    options: list[OptionView] = []
    required: bool = True
    minimum: str = ""
    maximum: str = ""
    pattern: str = ""
    #: As it is typed: several options stand on a line each, what is stored goes by its id.
    answer: str = ""
    #: As a person would write it.
    shown: str = ""
    error: str = ""
    warning: bool = False
    #: Where the texts lead.
    links: list[LinkView] = []
    #: How an entry is shown while it is typed: ``hidden``, ``groups-of-4``, …
    mask: str = ""
    currency: str = ""
    read_only: bool = False
    private: bool = False
    #: None for no limit.
    time_limit_seconds: float | None = None
    #: Of the group it is in, or is.
    title: str = ""
    #: Of a group: its questions and infos.
    questions: list[TurnView] = []
    offers: list[UndoView] = []
    #: Whether there is an item to go back to, and the script lets one.
    may_go_back: bool = False
    #: Of a hand-over: where the dialog is to go on, ``phone``, ``agent`` or ``web``; else empty.
    hand_to: str = ""


class TrailView(View, frozen=True, kw_only=True):
    """An answer given before, on whatever channel."""

    item: str
    question: str
    type: str
    value: str
    shown: str
    #: ``phone``, ``agent``, ``web``.
    channel: str
    by: str
    at: datetime
    correctable: bool
    options: list[OptionView] = []
    currency: str = ""
    private: bool = False


class DialogView(View, frozen=True, kw_only=True):
    """The dialog that leads the conversation."""

    run: RunId
    script: str
    title: str
    language: str
    turn: TurnView
    trail: list[TrailView]
    finished: bool = False
    outcome: str = ""
    #: Another agent leads it: this one looks on.
    read_only: bool = False
    #: ``phone``, ``agent`` or ``web``: on the web the customer goes on, and the agent only looks on.
    channel: str = "agent"
    #: Whether the customer can go on with it on the web.
    shareable: bool = False
    #: With what the customer can go on on the web, and until when; empty when there is none.
    link: str = ""
    link_until: datetime | None = None
    #: ``shown``, ``sending``, ``delayed`` (tried in vain, and tried again), ``sent`` or ``failed``.
    link_state: str = ""
    #: Where it is sent; empty when it is to be read out.
    link_to: str = ""
    #: Why the last link could not be made or sent, or the dialog not taken back.
    link_problem: str = ""
    #: What was typed to the turn that waits and has not been sent, by item.
    draft: dict[str, str] = {}


class HistoryView(View, frozen=True, kw_only=True):
    """A line of the customer's contact history."""

    id: ContactId
    at: datetime
    channel: str
    queue: str
    agent: str
    disposition: str
    note: str
    talk_seconds: float
    answers: list[tuple[str, str]] = []


class CustomerView(View, frozen=True, kw_only=True):
    """The customer card."""

    id: CustomerId
    name: str
    numbers: list[str]
    email: str
    attributes: dict[str, str]
    history: list[HistoryView]


class QueueTile(View, frozen=True, kw_only=True):
    """What an agent sees of a queue of hers."""

    id: QueueId
    name: str
    waiting: int
    #: When the contact that waits longest began to.
    oldest: datetime | None
    ready: int
    #: Call-backs that nobody has taken yet.
    callbacks: int = 0
    #: Messages that nobody has taken yet, and when the oldest was left.
    voicemails: int = 0
    oldest_voicemail: datetime | None = None
    #: Another number: some message is not what it was.
    voicemail_changes: int = 0


class StationView(View, frozen=True, kw_only=True):
    """The agent's phone."""

    #: ``browser``, ``sip`` or ``number``.
    kind: str
    #: None where it is not known: the phone need not register (`fixed`), or the PBX cannot be asked.
    reachable: bool | None = None
    #: At a fixed address, where it is called whether it has registered or not.
    fixed: bool = False
    #: The telephone number in use, or the one that was used last.
    number: str = ""
    #: The line is kept open between calls, and where it is: ``closed``, ``calling`` or ``open``.
    nailed_up: bool = False
    line: str = ""
    #: Whether numbers may be chosen, and lines kept open.
    numbers: bool = False
    lines: bool = False
    #: What is pressed at a telephone outside to take a call; empty: nothing.
    confirm_key: str = ""


class MessageView(View, frozen=True, kw_only=True):
    """What a supervisor wrote to an agent who has not taken note of it."""

    id: str
    sender: str
    text: str
    at: datetime


class MessageOfferView(View, frozen=True, kw_only=True):
    """A message that a caller left, and that an agent is asked to take."""

    id: ContactId
    queue: QueueId
    queue_name: str
    #: Empty: the caller hides it.
    number: str
    name: str
    received_at: datetime
    seconds: float
    #: It is for her alone.
    for_me: bool
    priority: int
    #: When she is asked no longer.
    until: datetime
    why: WhyView | None = None


class DeskView(View, frozen=True, kw_only=True, tag_field="type", tag="desk"):
    """All an agent's console shows, sent whole after each change."""

    #: Grows with each view sent to this agent; a lower one is old.
    seq: int
    #: Server's wall time, so that ages are right on a machine whose clock is not.
    now: datetime
    agent: AgentId
    name: str
    station: StationView
    presence: PresenceView
    reasons: list[Choice]
    queues: list[QueueTile]
    #: False while the PBX cannot be reached: nothing can be offered.
    telephony: bool = True
    messages: list[MessageView] = []
    #: Grows with each change of a task, whoever made it: then a list of tasks is read again.
    tasks: int = 0
    #: Whether numbers outside can be called.
    outside: bool = False
    contact: ContactView | None = None
    #: In the place of a contact: a message that is offered, and the one she has accepted and is not done with.
    message_offer: MessageOfferView | None = None
    message: ContactId | None = None
    dialog: DialogView | None = None
    customer: CustomerView | None = None


# -- The live monitor -----------------------------------------------------------------------------------------


class OfferedKind(StrEnum):
    """What an agent is asked to take."""

    CALL = "call"
    #: The centre calls a customer to whom that was promised.
    CALL_BACK = "call-back"
    #: A colleague gives a customer away, or asks about one.
    TRANSFER = "transfer"
    CONSULT = "consult"
    #: She calls somebody herself: her own phone rings first.
    OUTBOUND = "outbound"
    #: A voicemail.
    MESSAGE = "message"


class AgentRow(View, frozen=True, kw_only=True):
    """An agent on the monitor."""

    id: AgentId
    name: str
    presence: Presence
    reason: str
    since: datetime
    #: Queue and caller while offered, talking or in wrap-up.
    queue: str = ""
    caller: str = ""
    handled: int = 0
    #: When who is not ready has been so for as long as the reason allows.
    late_at: datetime | None = None
    #: What she is asked to take, while `presence` is offered.
    offered: OfferedKind | None = None


class WaitingRow(View, frozen=True, kw_only=True):
    """A waiting contact."""

    id: ContactId
    queue: QueueId
    caller: str
    since: datetime
    priority: int
    offered_to: str = ""


class CallRow(View, frozen=True, kw_only=True):
    """A conversation in progress."""

    id: ContactId
    #: ``dialog``, ``waiting``, ``dialling`` (an agent calls), ``talking``, ``held``, ``transferring`` (rung for
    #: after an agent gave him away), ``outside`` (with somebody there).
    phase: str
    caller: str
    #: Who has the call; empty when nobody does.
    agent: str
    queue: str
    since: datetime
    #: ``on``, ``paused``, ``stalled`` (nothing is written), ``impossible``, or empty.
    recording: str = ""


class QueueRow(View, frozen=True, kw_only=True):
    """A queue since local midnight."""

    id: QueueId
    name: str
    waiting: int
    oldest: datetime | None
    ready: int
    talking: int
    entered: int
    answered: int
    answered_in_target: int
    abandoned: int
    short_abandoned: int
    flowed_out: int
    lost: int
    #: Per cent, "exclude short": A_T / (A + B - B_s); None while nothing is to be counted.
    service_level: float | None
    target_seconds: float
    average_answer_seconds: float | None
    longest_wait_seconds: float
    #: Left to be called back, and moved by a supervisor.
    call_back: int = 0
    transferred: int = 0
    #: Call-backs that nobody has taken yet.
    callbacks: int = 0
    #: Messages that nobody has taken yet, and when the oldest was left.
    voicemails: int = 0
    oldest_voicemail: datetime | None = None
    #: Messages of the day: left, and done; how long it took until they were heard first, and answered, on average.
    voicemails_received: int = 0
    voicemails_handled: int = 0
    voicemail_listen_seconds: float | None = None
    voicemail_reply_seconds: float | None = None
    #: False: closed by hand.
    open: bool = True


class SupervisionRow(View, frozen=True, kw_only=True):
    """A supervisor in a conversation, or who just was."""

    id: SupervisionId
    contact: ContactId
    queue: QueueId
    agent: AgentId
    #: Who supervises.
    by: UserId
    mode: SupervisionMode
    #: ``calling`` (the supervisor's phone rings), ``active``, ``ended``.
    stage: str
    since: datetime
    #: How it ended.
    outcome: str = ""


class MonitorView(View, frozen=True, kw_only=True, tag_field="type", tag="monitor"):
    """Everything (`whole`), or the rows that changed since `seq` - 1."""

    seq: int
    now: datetime
    whole: bool
    agents: list[AgentRow] = []
    waiting: list[WaitingRow] = []
    calls: list[CallRow] = []
    queues: list[QueueRow] = []
    #: All there are, each time; those that ended are shown for half a minute.
    supervisions: list[SupervisionRow] = []
    #: Ids of rows that are gone: ``waiting``, ``calls``, ``agents``.
    gone_waiting: list[str] = []
    gone_calls: list[str] = []
    gone_agents: list[str] = []
    telephony: bool = True
    #: While the PBX cannot be reached: since when nothing has been heard of calls.
    unheard_since: datetime | None = None
    centre: str = ""
