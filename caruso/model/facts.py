"""The facts of the journal: what happened, once, in order, never changed.

Monitor, history, reports and recovery after a crash are projections of these and of nothing else.
A fact names ids, not objects. Times are aware UTC; durations are seconds.
"""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

import msgspec

from caruso.model.ids import (
    AgentId,
    ContactId,
    CustomerId,
    EntryPointId,
    QueueId,
    RunId,
    ScriptId,
    SkillId,
    SupervisionId,
    UserId,
)
from caruso.model.supervision import Announcement, SupervisionMode, SupervisionOutcome

#: Channels of contacts.
VOICE, WEB, CALL_BACK, OUTBOUND = "voice", "web", "call-back", "outbound"


class Presence(StrEnum):
    """What an agent is doing."""

    SIGNED_OUT = "signed-out"
    NOT_READY = "not-ready"
    READY = "ready"
    OFFERED = "offered"
    TALKING = "talking"
    WRAP_UP = "wrap-up"


class OfferOutcome(StrEnum):
    """How an offer ended."""

    ACCEPTED = "accepted"
    DECLINED = "declined"
    #: Ring on no answer.
    RONA = "rona"
    #: The station could not be reached.
    UNREACHABLE = "unreachable"
    #: The caller hung up while it rang.
    ABANDONED = "abandoned"
    #: Taken back by the centre: agent signed out, PBX or link lost.
    WITHDRAWN = "withdrawn"


class QueueOutcome(StrEnum):
    """How a visit to a queue ended (METRICS: the terms of the balance)."""

    ANSWERED = "answered"
    ABANDONED = "abandoned"
    SHORT_ABANDONED = "short-abandoned"
    FLOWED_OUT = "flowed-out"
    CALL_BACK = "call-back"
    TRANSFERRED = "transferred"
    LOST = "lost"


class OfferPurpose(StrEnum):
    """What an agent's phone is called for."""

    #: A contact out of a queue.
    QUEUE = "queue"
    #: A colleague gave the customer away.
    TRANSFER = "transfer"
    #: A colleague wants to talk first, while the customer is on hold.
    CONSULT = "consult"
    #: The agent calls somebody herself.
    OUTBOUND = "outbound"


class ConsultOutcome(StrEnum):
    """How a consultation ended."""

    #: The customer was given to whoever was consulted.
    COMPLETED = "completed"
    #: Customer, agent and whoever was consulted talk together from then on.
    JOINED = "joined"
    #: The agent ended it.
    CANCELLED = "cancelled"
    #: Whoever was consulted hung up, or was lost.
    LEFT = "left"
    #: The contact ended.
    ENDED = "ended"


class TransferForm(StrEnum):
    """How an agent gave a customer away."""

    #: Without a word to whoever gets the customer.
    BLIND = "blind"
    #: After a consultation, or while it was being rung for.
    ATTENDED = "attended"
    #: By leaving a conference to the others.
    CONFERENCE = "conference"


class ContactCause(StrEnum):
    """Why a contact ended."""

    CALLER_HUNG_UP = "caller-hung-up"
    AGENT_HUNG_UP = "agent-hung-up"
    #: Somebody outside, to whom the customer had been given, hung up.
    OUTSIDE_HUNG_UP = "outside-hung-up"
    #: The dialog came to its end and hung up.
    COMPLETED = "completed"
    #: Its dialog goes on in another contact (a page that was left for a call).
    CONTINUED = "continued"
    #: A page nobody came back to.
    LEFT = "left"
    #: The customer whom an agent called was busy, or refused; did not answer; could not be reached.
    BUSY = "busy"
    NO_ANSWER = "no-answer"
    UNREACHABLE = "unreachable"
    CLOSED = "closed"
    NO_ENTRY_POINT = "no-entry-point"
    FLOWED_OUT = "flowed-out"
    #: The PBX was restarted or lost the call.
    PBX_LOST = "pbx-lost"
    #: It ended while no server was connected.
    ENDED_UNSEEN = "ended-unseen"
    FAILED = "failed"
    #: The caller will be called back, and has hung up or was told so.
    CALL_BACK = "call-back"
    #: A call of ours that is not needed any more, or begins anew.
    WITHDRAWN = "withdrawn"


class Fact(msgspec.Struct, frozen=True, kw_only=True, tag_field="kind"):
    """Something that happened `at` a time."""

    at: datetime


class ServerStarted(Fact, frozen=True, kw_only=True, tag="server-started"):
    """The server took up (or took up again) its work."""

    version: str


class ContactArrived(Fact, frozen=True, kw_only=True, tag="contact-arrived"):
    """Somebody dialled an entry point, or opened a page."""

    contact: ContactId
    entry_point: EntryPointId | None
    caller_number: str
    caller_name: str
    #: The number, or the script of a web page.
    dialled: str
    #: ``voice``, ``web``, ``call-back``, or ``outbound``: an agent called (`caller_number` is whom).
    channel: str = VOICE


class ContactIdentified(Fact, frozen=True, kw_only=True, tag="contact-identified"):
    """We know who it is."""

    contact: ContactId
    customer: CustomerId


class DialogStarted(Fact, frozen=True, kw_only=True, tag="dialog-started"):
    """A script began to lead the conversation."""

    contact: ContactId
    run: RunId
    script: ScriptId
    version: str


class DialogContinued(Fact, frozen=True, kw_only=True, tag="dialog-continued"):
    """A script that began elsewhere goes on in this contact."""

    contact: ContactId
    run: RunId
    script: ScriptId
    version: str
    #: ``phone``, ``agent`` or ``web``.
    channel: str
    #: An agent's id, or empty for the customer.
    by: str = ""


class DialogEnded(Fact, frozen=True, kw_only=True, tag="dialog-ended"):
    """The script came to an `end`."""

    contact: ContactId
    run: RunId
    outcome: str


class ContactQueued(Fact, frozen=True, kw_only=True, tag="contact-queued"):
    """The contact began to wait."""

    contact: ContactId
    #: Counts the queue visits of the contact, from 1.
    visit: int
    queue: QueueId
    priority: int
    skills: dict[SkillId, int]
    #: Since when it is treated as waiting, where that is earlier: a call-back keeps the place of who asked for it.
    #: Its wait in the figures begins with `at`.
    in_line_since: datetime | None = None
    #: What a script asked for, beside the queue's rules; None in the journals of older versions, which did not
    #: tell the two apart.
    own_priority: int | None = None
    own_skills: dict[SkillId, int] | None = None


class Candidate(msgspec.Struct, frozen=True, kw_only=True):
    """An agent who could have been offered a contact."""

    agent: AgentId
    #: For the queue: 1 goes first, 0 is who was talked with last, from 11 on it is overflow.
    rank: int
    #: What the policy goes by: since when idle (seconds since 1970), occupancy (0 to 1), levels.
    figure: float


class LeftOut(msgspec.Struct, frozen=True, kw_only=True):
    """An agent of the queue who could not, and why."""

    agent: AgentId
    #: A presence, ``skill:<id>``, ``offer-under-way``, ``reserved``, or ``behind`` candidates.
    reason: str


class ContactRouted(Fact, frozen=True, kw_only=True, tag="contact-routed", omit_defaults=True):
    """It was decided whom the contact is offered to; the `OfferMade` follows unless the caller was faster."""

    contact: ContactId
    visit: int
    queue: QueueId
    agent: AgentId
    waited_seconds: float
    #: With ageing.
    priority: int
    policy: str
    #: Which step of the relaxation held; 0: what the queue asks for at first.
    step: int = 0
    #: Which rule of the queue applied, from 1; 0: none.
    rule: int = 0
    #: What was needed in this step.
    skills: dict[SkillId, int] = {}
    #: Queues whose agents were asked, too.
    also: list[QueueId] = []
    #: What the pair was worth, where the policy weighs pairs.
    value: float | None = None
    #: The chosen agent and the next ones, the best first.
    candidates: list[Candidate] = []
    #: Agents of the queue who could not, the first of them where there are many.
    left_out: list[LeftOut] = []
    #: How many agents of the queue were in each presence.
    presences: dict[str, int] = {}


class OfferMade(Fact, frozen=True, kw_only=True, tag="offer-made"):
    """The contact was presented to an agent."""

    contact: ContactId
    #: Counts the offers of the contact, from 1; calls of numbers outside are counted with them.
    offer: int
    queue: QueueId
    agent: AgentId
    purpose: OfferPurpose = OfferPurpose.QUEUE
    #: The colleague who transfers or consults.
    by: AgentId | None = None


class OfferEnded(Fact, frozen=True, kw_only=True, tag="offer-ended"):
    """The offer was accepted or came to nothing."""

    contact: ContactId
    offer: int
    queue: QueueId
    agent: AgentId
    outcome: OfferOutcome
    ring_seconds: float


class ContactLeftQueue(Fact, frozen=True, kw_only=True, tag="contact-left-queue"):
    """The visit to the queue is over: the only fact that the balance counts besides `ContactQueued`."""

    contact: ContactId
    visit: int
    queue: QueueId
    outcome: QueueOutcome
    waited_seconds: float
    agent: AgentId | None = None


class ContactConnected(Fact, frozen=True, kw_only=True, tag="contact-connected"):
    """Customer and agent hear each other."""

    contact: ContactId
    agent: AgentId
    queue: QueueId


class ConsultStarted(Fact, frozen=True, kw_only=True, tag="consult-started"):
    """An agent (`by`) talks with a colleague, or with somebody outside, about the customer, who is on hold."""

    contact: ContactId
    offer: int
    by: AgentId
    agent: AgentId | None = None
    #: Of somebody outside; empty for a colleague.
    number: str = ""


class ConsultEnded(Fact, frozen=True, kw_only=True, tag="consult-ended"):
    """The consultation is over."""

    contact: ContactId
    offer: int
    by: AgentId
    agent: AgentId | None = None
    number: str = ""
    outcome: ConsultOutcome
    consult_seconds: float


class ContactTransferred(Fact, frozen=True, kw_only=True, tag="contact-transferred"):
    """An agent (`by`) gave the customer away: to one of `agent`, `queue`, `entry_point`, `script` and `number`."""

    contact: ContactId
    by: AgentId
    form: TransferForm
    #: The queue for which `by` had the customer.
    from_queue: QueueId
    agent: AgentId | None = None
    queue: QueueId | None = None
    entry_point: EntryPointId | None = None
    script: ScriptId | None = None
    number: str = ""


class OutsideCalled(Fact, frozen=True, kw_only=True, tag="outside-called"):
    """A number outside is being called, on behalf of an agent."""

    contact: ContactId
    #: Counted with the offers.
    offer: int
    number: str
    purpose: OfferPurpose
    by: AgentId


class OutsideConnected(Fact, frozen=True, kw_only=True, tag="outside-connected"):
    """Somebody outside and the customer hear each other."""

    contact: ContactId
    offer: int
    number: str


class OutsideEnded(Fact, frozen=True, kw_only=True, tag="outside-ended"):
    """The call to a number outside is over; `outcome` tells whether it was answered."""

    contact: ContactId
    offer: int
    number: str
    outcome: OfferOutcome
    ring_seconds: float
    #: With the customer; consultation is counted by `ConsultEnded`.
    talk_seconds: float


class CustomerReached(Fact, frozen=True, kw_only=True, tag="customer-reached"):
    """Somebody we called has answered."""

    contact: ContactId
    ring_seconds: float


class SupervisionBegun(Fact, frozen=True, kw_only=True, tag="supervision-begun"):
    """A supervisor (`by`) asked to take part in an agent's conversation; the supervisor's phone is called."""

    supervision: SupervisionId
    contact: ContactId
    agent: AgentId
    queue: QueueId
    by: UserId
    mode: SupervisionMode
    #: ``browser``, ``sip``, or the number that was called.
    phone: str
    announced: Announcement


class SupervisionModeChanged(Fact, frozen=True, kw_only=True, tag="supervision-mode-changed"):
    """From now on the supervisor takes part in this way."""

    supervision: SupervisionId
    contact: ContactId
    agent: AgentId
    queue: QueueId
    by: UserId
    mode: SupervisionMode


class SupervisionEnded(Fact, frozen=True, kw_only=True, tag="supervision-ended"):
    """The supervisor takes no part any more."""

    supervision: SupervisionId
    contact: ContactId
    agent: AgentId
    queue: QueueId
    by: UserId
    outcome: SupervisionOutcome
    #: From the answer of the supervisor's phone on.
    seconds: float


class PriorityChanged(Fact, frozen=True, kw_only=True, tag="priority-changed"):
    """A supervisor (`by`) gave a waiting contact another priority; it keeps its age."""

    contact: ContactId
    visit: int
    queue: QueueId
    priority: int
    by: UserId


class QueueSwitched(Fact, frozen=True, kw_only=True, tag="queue-switched"):
    """A supervisor (`by`) opened or closed a queue by hand."""

    queue: QueueId
    open: bool
    by: UserId


class MessageSent(Fact, frozen=True, kw_only=True, tag="message-sent"):
    """A supervisor (`by`) wrote to agents."""

    message: str
    by: UserId
    #: The name they see.
    sender: str
    agents: tuple[AgentId, ...]
    text: str


class MessageSeen(Fact, frozen=True, kw_only=True, tag="message-seen"):
    """An agent has taken note of a message."""

    message: str
    agent: AgentId


class ContactHeld(Fact, frozen=True, kw_only=True, tag="contact-held"):
    """The customer hears music while the agent does something else."""

    contact: ContactId
    agent: AgentId


class ContactResumed(Fact, frozen=True, kw_only=True, tag="contact-resumed"):
    """The agent took the customer back from hold."""

    contact: ContactId
    agent: AgentId


class TalkEnded(Fact, frozen=True, kw_only=True, tag="talk-ended"):
    """The talk segment of one agent with one contact is over."""

    contact: ContactId
    agent: AgentId
    queue: QueueId
    talk_seconds: float
    hold_seconds: float


class ContactEnded(Fact, frozen=True, kw_only=True, tag="contact-ended"):
    """The contact is over; only wrap-up may follow."""

    contact: ContactId
    cause: ContactCause


class NoteWritten(Fact, frozen=True, kw_only=True, tag="note-written"):
    """The agent's note on the contact is this from now on (sent at pauses in typing)."""

    contact: ContactId
    agent: AgentId
    text: str


class DispositionChosen(Fact, frozen=True, kw_only=True, tag="disposition-chosen"):
    """The agent chose what came of the contact; it can be changed until wrap-up ends."""

    contact: ContactId
    agent: AgentId
    disposition: str
    #: When wrap-up ends by itself from now on; None before it has begun.
    until: datetime | None = None


class WrapUpProlonged(Fact, frozen=True, kw_only=True, tag="wrap-up-prolonged"):
    """The agent needs longer: wrap-up ends by itself at `until` from now on."""

    contact: ContactId
    agent: AgentId
    until: datetime


class WrapUpEnded(Fact, frozen=True, kw_only=True, tag="wrap-up-ended"):
    """The agent finished the contact: disposition chosen, or time up (`disposition` empty)."""

    contact: ContactId
    agent: AgentId
    queue: QueueId
    disposition: str
    note: str
    wrap_up_seconds: float


class PresenceChanged(Fact, frozen=True, kw_only=True, tag="presence-changed"):
    """An agent's presence is another from now on."""

    agent: AgentId
    presence: Presence
    #: Id of a `NotReadyReason`, or ``rona``, ``unreachable``, ``link`` (set by the centre).
    reason: str = ""
    #: The contact it is about, in `OFFERED`, `TALKING` and `WRAP_UP`.
    contact: ContactId | None = None


AnyFact = (
    ServerStarted
    | ContactArrived
    | ContactIdentified
    | DialogStarted
    | DialogContinued
    | DialogEnded
    | ContactQueued
    | ContactRouted
    | OfferMade
    | OfferEnded
    | ContactLeftQueue
    | ContactConnected
    | CustomerReached
    | ConsultStarted
    | ConsultEnded
    | ContactTransferred
    | OutsideCalled
    | OutsideConnected
    | OutsideEnded
    | SupervisionBegun
    | SupervisionModeChanged
    | SupervisionEnded
    | PriorityChanged
    | QueueSwitched
    | MessageSent
    | MessageSeen
    | ContactHeld
    | ContactResumed
    | TalkEnded
    | ContactEnded
    | NoteWritten
    | DispositionChosen
    | WrapUpProlonged
    | WrapUpEnded
    | PresenceChanged
)
