"""The facts of the journal: what happened, once, in order, never changed.

Monitor, history, reports and recovery after a crash are projections of these and of nothing else.
A fact names ids, not objects. Times are aware UTC; durations are seconds.
"""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Literal

import msgspec

from caruso.model.centre import StationKind
from caruso.model.ids import (
    AgentId,
    ContactId,
    CustomerId,
    EntryPointId,
    FileId,
    LegId,
    QueueId,
    RecordingId,
    RunId,
    ScriptId,
    SkillId,
    SupervisionId,
    UserId,
)
from caruso.model.recordings import AccessKind, PauseReason
from caruso.model.supervision import Announcement, SupervisionMode, SupervisionOutcome

#: Channels of contacts.
VOICE, WEB, CALL_BACK, OUTBOUND, VOICEMAIL = "voice", "web", "call-back", "outbound", "voicemail"
#: Any of them.
Channel = Literal["voice", "web", "call-back", "outbound", "voicemail"]
#: Those of contacts that have a call of their own in the PBX.
CALLS = (VOICE, OUTBOUND)


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
    #: She takes the conversation over as a supervisor.
    TAKE_OVER = "take-over"


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
    #: Not by the agent's own wish: a supervisor took it over.
    TAKEN_OVER = "taken-over"


class LineOutcome(StrEnum):
    """Why a line to an agent's telephone is not open."""

    #: The agent signed out.
    SIGNED_OUT = "signed-out"
    #: She chose another phone, or lines are not kept open any more.
    CHANGED = "changed"
    #: Nobody answered, nobody pressed the key (a mailbox), or the phone could not be reached.
    NOT_ANSWERED = "not-answered"
    #: The agent, or the network, hung up.
    DROPPED = "dropped"
    #: It was gone when the server or the PBX came back.
    LOST = "lost"


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
    #: The caller left a message, or could have.
    VOICEMAIL = "voicemail"


class Fact(msgspec.Struct, frozen=True, kw_only=True, tag_field="kind"):
    """Something that happened `at` a time."""

    at: datetime


class ServerStarted(Fact, frozen=True, kw_only=True, tag="server-started"):
    """The server took up (or took up again) its work."""

    version: str


class ServiceChanged(Fact, frozen=True, kw_only=True, tag="service-changed"):
    """A service came, was replaced or went while the server ran."""

    #: ``added``, ``replaced``, ``removed``, or ``rolled-back``: the new one was not well.
    change: str
    service: str
    #: Version from now on, and before; empty for none.
    version: str
    before: str
    #: Whoever did it: a user's name, or where a remote service is.
    by: str


class ContactArrived(Fact, frozen=True, kw_only=True, tag="contact-arrived"):
    """Somebody dialled an entry point, or opened a page."""

    contact: ContactId
    entry_point: EntryPointId | None
    caller_number: str
    caller_name: str
    #: The number, or the script of a web page.
    dialled: str
    #: ``voice``, ``web``, ``call-back``, ``voicemail`` (a message), or ``outbound``: an agent called
    #: (`caller_number` is whom).
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


class WaitEstimated(Fact, frozen=True, kw_only=True, tag="wait-estimated", omit_defaults=True):
    """How long a contact that came into a queue would probably wait, in seconds, before anybody knew."""

    contact: ContactId
    visit: int
    queue: QueueId
    #: What each estimator said.
    guesses: dict[str, float]
    #: The one whose error was smallest lately, with the range it gave; empty when none was reliable.
    by: str = ""
    least: float = 0.0
    most: float = 0.0


class WaitAnnounced(Fact, frozen=True, kw_only=True, tag="wait-announced"):
    """A waiting caller was told between how many minutes it may still take."""

    contact: ContactId
    visit: int
    queue: QueueId
    #: Until then.
    waited_seconds: float
    #: What was said: whole minutes, in seconds.
    least: float
    most: float


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


class RecordingBegun(Fact, frozen=True, kw_only=True, tag="recording-begun"):
    """From now on what customer and agent say is recorded."""

    contact: ContactId
    recording: RecordingId
    #: Counts the recordings of a contact, from 1.
    part: int
    queue: QueueId
    #: None while the customer talks with somebody outside.
    agent: AgentId | None = None
    #: Who else takes part: colleagues, and numbers outside.
    others: tuple[str, ...] = ()
    #: A user, or empty for the rules of the queue.
    asked_by: str = ""
    #: The parties had been told.
    announced: bool = True


class RecordingPaused(Fact, frozen=True, kw_only=True, tag="recording-paused"):
    """Nothing is recorded until `RecordingResumed`: there is silence in its place."""

    contact: ContactId
    recording: RecordingId
    reason: PauseReason


class RecordingResumed(Fact, frozen=True, kw_only=True, tag="recording-resumed"):
    """It goes on."""

    contact: ContactId
    recording: RecordingId


class RecordingJoined(Fact, frozen=True, kw_only=True, tag="recording-joined"):
    """Somebody else takes part in what is recorded: colleagues, and numbers outside."""

    contact: ContactId
    recording: RecordingId
    others: tuple[str, ...]


class RecordingOver(Fact, frozen=True, kw_only=True, tag="recording-over"):
    """It is over; `RecordingKept` or `RecordingLost` follows."""

    contact: ContactId
    recording: RecordingId
    #: A user who ended it by hand.
    by: str = ""
    #: It ended some time before: the telephone system was lost, or nobody was connected to it.
    unseen: bool = False


class RecordingKept(Fact, frozen=True, kw_only=True, tag="recording-kept"):
    """It is in the recordings folder, whole."""

    contact: ContactId
    recording: RecordingId
    seconds: float
    #: Bytes, and their SHA-256.
    size: int
    sha256: str
    #: Why it does not hold all that was said; empty when it does.
    incomplete: str = ""


class RecordingLost(Fact, frozen=True, kw_only=True, tag="recording-lost"):
    """Nothing of it could be kept."""

    contact: ContactId
    recording: RecordingId
    reason: str


class RecordingStalled(Fact, frozen=True, kw_only=True, tag="recording-stalled"):
    """Nothing is written of a recording that goes on (Asterisk's disk may be full), or it is `again`."""

    contact: ContactId
    recording: RecordingId
    again: bool = False


class RecordingImpossible(Fact, frozen=True, kw_only=True, tag="recording-impossible"):
    """The conversation should be recorded, and cannot be; it goes on all the same."""

    contact: ContactId
    queue: QueueId
    #: ``pbx``, ``disk-full``, ``announcement``.
    reason: str


class RecordingAccessed(Fact, frozen=True, kw_only=True, tag="recording-accessed"):
    """Somebody heard, downloaded, deleted, held or released a recording."""

    contact: ContactId
    recording: RecordingId
    #: A user; empty for the rules of the queue.
    by: str
    what: AccessKind
    reason: str = ""


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


class TaskMade(Fact, frozen=True, kw_only=True, tag="task-made"):
    """Somebody (`by`) wants something done, by an agent or by whoever of a queue gets to it."""

    task: str
    text: str
    due_at: datetime
    agent: AgentId | None
    queue: QueueId | None
    #: What it is about.
    contact: ContactId | None
    customer: CustomerId | None
    by: UserId


class TaskChanged(Fact, frozen=True, kw_only=True, tag="task-changed"):
    """A task is this from now on: done, open again, reassigned or edited."""

    task: str
    text: str
    due_at: datetime
    agent: AgentId | None
    queue: QueueId | None
    contact: ContactId | None
    #: A `caruso.model.tasks.TaskState`.
    state: str
    by: UserId


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


class StationChosen(Fact, frozen=True, kw_only=True, tag="station-chosen"):
    """An agent is called at this phone from the next contact on."""

    agent: AgentId
    station: StationKind
    #: E.164, where it is a number.
    number: str = ""
    #: The line is kept open between calls.
    nailed_up: bool = False


class LineOpened(Fact, frozen=True, kw_only=True, tag="line-opened"):
    """The line to an agent's telephone is open: it was answered, and the key pressed where one is asked for."""

    agent: AgentId
    line: LegId
    number: str = ""


class LineClosed(Fact, frozen=True, kw_only=True, tag="line-closed"):
    """The line is not open, or not any more."""

    agent: AgentId
    line: LegId
    outcome: LineOutcome
    #: How long it was open.
    seconds: float


class PresenceChanged(Fact, frozen=True, kw_only=True, tag="presence-changed"):
    """An agent's presence is another from now on."""

    agent: AgentId
    presence: Presence
    #: Id of a `NotReadyReason`, or set by the centre: ``rona``, ``unreachable``, ``line-down``, …
    reason: str = ""
    #: The contact it is about, in `OFFERED`, `TALKING` and `WRAP_UP`.
    contact: ContactId | None = None


class PresencePlanned(Fact, frozen=True, kw_only=True, tag="presence-planned"):
    """What an agent is when she is done with the contact on her desk: asked for meanwhile, or as before it."""

    contact: ContactId
    agent: AgentId
    presence: Presence
    #: As in `PresenceChanged`.
    reason: str = ""


class VoicemailBegun(Fact, frozen=True, kw_only=True, tag="voicemail-begun"):
    """A caller begins to speak after the tone; `contact` is the message, a contact of its own."""

    contact: ContactId
    #: The call in which it is left.
    origin: ContactId
    queue: QueueId
    #: The agent it is for; None for all agents of the queue.
    owner: AgentId | None = None
    entry_point: EntryPointId | None = None
    number: str
    name: str
    #: Who he is, as far as that was known by then.
    customer: CustomerId | None = None
    #: The dialog that led him to it.
    run: RunId | None = None
    language: str
    priority: int = 0
    skills: dict[SkillId, int] = {}
    #: How often he has begun, from 1: he may record it again.
    take: int


class VoicemailReceived(Fact, frozen=True, kw_only=True, tag="voicemail-received"):
    """What a caller said is kept, and waits for an agent."""

    contact: ContactId
    queue: QueueId
    owner: AgentId | None = None
    customer: CustomerId | None = None
    seconds: float
    file: FileId


class VoicemailDiscarded(Fact, frozen=True, kw_only=True, tag="voicemail-discarded"):
    """The caller said nothing, or too little to be kept."""

    contact: ContactId
    queue: QueueId


class VoicemailTranscribed(Fact, frozen=True, kw_only=True, tag="voicemail-transcribed"):
    """What was said has been written down; the text is not in the journal, so that it can be erased."""

    contact: ContactId
    queue: QueueId


class VoicemailMailed(Fact, frozen=True, kw_only=True, tag="voicemail-mailed"):
    """Mails with the message were ordered; how each ended is in the outbox."""

    contact: ContactId
    queue: QueueId
    #: How many.
    mails: int


class VoicemailOffered(Fact, frozen=True, kw_only=True, tag="voicemail-offered"):
    """An agent who is ready is asked to take a message."""

    contact: ContactId
    queue: QueueId
    agent: AgentId


class VoicemailOfferEnded(Fact, frozen=True, kw_only=True, tag="voicemail-offer-ended"):
    """What came of the offer of a message."""

    contact: ContactId
    queue: QueueId
    agent: AgentId
    outcome: OfferOutcome
    offered_seconds: float


class VoicemailTaken(Fact, frozen=True, kw_only=True, tag="voicemail-taken"):
    """An agent has claimed a message."""

    contact: ContactId
    queue: QueueId
    agent: AgentId
    age_seconds: float


class VoicemailGivenBack(Fact, frozen=True, kw_only=True, tag="voicemail-given-back"):
    """A message that an agent had waits for somebody again."""

    contact: ContactId
    queue: QueueId
    agent: AgentId | None
    by: UserId


class VoicemailGiven(Fact, frozen=True, kw_only=True, tag="voicemail-given"):
    """A message was given to a queue, or to one of its agents (`owner`)."""

    contact: ContactId
    queue: QueueId
    owner: AgentId | None = None
    from_queue: QueueId
    by: UserId


class VoicemailListened(Fact, frozen=True, kw_only=True, tag="voicemail-listened"):
    """Somebody hears a message; with `first` nobody had before."""

    contact: ContactId
    queue: QueueId
    by: UserId
    first: bool
    age_seconds: float


class VoicemailCalled(Fact, frozen=True, kw_only=True, tag="voicemail-called"):
    """An agent calls the caller about his message; `call` is that contact."""

    contact: ContactId
    queue: QueueId
    agent: AgentId
    call: ContactId


class VoicemailReplied(Fact, frozen=True, kw_only=True, tag="voicemail-replied"):
    """The caller was reached in the call about his message."""

    contact: ContactId
    queue: QueueId
    agent: AgentId
    call: ContactId
    #: With `first` he had not been reached before.
    first: bool
    age_seconds: float


class VoicemailDone(Fact, frozen=True, kw_only=True, tag="voicemail-done"):
    """Nothing more is to be done about a message."""

    contact: ContactId
    queue: QueueId
    agent: AgentId | None
    by: UserId
    disposition: str
    note: str
    age_seconds: float


class VoicemailErased(Fact, frozen=True, kw_only=True, tag="voicemail-erased"):
    """Sound and text of a message are gone: the queue's retention is over."""

    contact: ContactId
    queue: QueueId


#: With these a call, or what is done in it, is not what it was.
CallFact = (
    ContactArrived
    | DialogStarted
    | DialogContinued
    | DialogEnded
    | ContactQueued
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
    | ContactHeld
    | ContactResumed
    | TalkEnded
    | ContactEnded
)

#: What happens to a recording.
RecordingFact = (
    RecordingBegun
    | RecordingPaused
    | RecordingResumed
    | RecordingJoined
    | RecordingOver
    | RecordingKept
    | RecordingLost
    | RecordingStalled
    | RecordingImpossible
    | RecordingAccessed
)

#: What happens to a message.
VoicemailFact = (
    VoicemailBegun
    | VoicemailReceived
    | VoicemailDiscarded
    | VoicemailTranscribed
    | VoicemailMailed
    | VoicemailOffered
    | VoicemailOfferEnded
    | VoicemailTaken
    | VoicemailGivenBack
    | VoicemailGiven
    | VoicemailListened
    | VoicemailCalled
    | VoicemailReplied
    | VoicemailDone
    | VoicemailErased
)

AnyFact = (
    ServerStarted
    | ServiceChanged
    | ContactArrived
    | ContactIdentified
    | DialogStarted
    | DialogContinued
    | DialogEnded
    | ContactQueued
    | WaitEstimated
    | WaitAnnounced
    | TaskMade
    | TaskChanged
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
    | RecordingFact
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
    | StationChosen
    | LineOpened
    | LineClosed
    | PresenceChanged
    | PresencePlanned
    | VoicemailFact
)
