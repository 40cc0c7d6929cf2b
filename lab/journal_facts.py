"""Facts of invented calls, as the core would record them: for tests and benchmarks of storage."""

from __future__ import annotations

from datetime import datetime, timedelta

from caruso.model.centre import StationKind
from caruso.model.facts import (
    VOICEMAIL,
    AnyFact,
    Candidate,
    ConsultEnded,
    ConsultOutcome,
    ConsultStarted,
    ContactArrived,
    ContactCause,
    ContactConnected,
    ContactEnded,
    ContactHeld,
    ContactIdentified,
    ContactLeftQueue,
    ContactQueued,
    ContactResumed,
    ContactRouted,
    ContactTransferred,
    CustomerReached,
    DialogContinued,
    DialogEnded,
    DialogStarted,
    DispositionChosen,
    LeftOut,
    LineClosed,
    LineOpened,
    LineOutcome,
    MessageSeen,
    MessageSent,
    NoteWritten,
    OfferEnded,
    OfferMade,
    OfferOutcome,
    OfferPurpose,
    OutsideCalled,
    OutsideConnected,
    OutsideEnded,
    Presence,
    PresenceChanged,
    PresencePlanned,
    PriorityChanged,
    QueueOutcome,
    QueueSwitched,
    RecordingAccessed,
    RecordingBegun,
    RecordingImpossible,
    RecordingJoined,
    RecordingKept,
    RecordingLost,
    RecordingOver,
    RecordingPaused,
    RecordingResumed,
    RecordingStalled,
    ServerStarted,
    ServiceChanged,
    StationChosen,
    SupervisionBegun,
    SupervisionEnded,
    SupervisionModeChanged,
    TalkEnded,
    TaskChanged,
    TaskMade,
    TransferForm,
    VoicemailBegun,
    VoicemailCalled,
    VoicemailDiscarded,
    VoicemailDone,
    VoicemailErased,
    VoicemailGiven,
    VoicemailGivenBack,
    VoicemailListened,
    VoicemailMailed,
    VoicemailOffered,
    VoicemailOfferEnded,
    VoicemailReceived,
    VoicemailReplied,
    VoicemailTaken,
    VoicemailTranscribed,
    WaitAnnounced,
    WaitEstimated,
    WrapUpEnded,
    WrapUpProlonged,
)
from caruso.model.ids import (
    AgentId,
    ContactId,
    CustomerId,
    EntryPointId,
    FileId,
    QueueId,
    RecordingId,
    RunId,
    ScriptId,
    SkillId,
    SupervisionId,
    UserId,
    line_leg,
    voicemail_contact,
)
from caruso.model.recordings import AccessKind, PauseReason
from caruso.model.run_records import RunTurn, SavedRun
from caruso.model.supervision import Announcement, SupervisionMode, SupervisionOutcome

AGENTS = 180
QUEUES = 4


def answered_call(number: int, at: datetime, *, prefix: str = "call") -> list[AnyFact]:
    """Return the facts of a call that waits 2 s, talks 6 s and is wrapped up in 3 s."""
    contact, agent, queue = (
        ContactId(f"{prefix}-{number}"),
        AgentId(f"agent-{number % AGENTS}"),
        QueueId(f"queue-{number % QUEUES}"),
    )

    def after(seconds: float) -> datetime:
        return at + timedelta(seconds=seconds)

    return [
        arrival(contact, at),
        ContactQueued(at=after(1), contact=contact, visit=1, queue=queue, priority=0, skills={}),
        OfferMade(at=after(2), contact=contact, offer=1, queue=queue, agent=agent),
        PresenceChanged(at=after(2), agent=agent, presence=Presence.OFFERED, contact=contact),
        OfferEnded(
            at=after(3),
            contact=contact,
            offer=1,
            queue=queue,
            agent=agent,
            outcome=OfferOutcome.ACCEPTED,
            ring_seconds=1.0,
        ),
        ContactLeftQueue(
            at=after(3),
            contact=contact,
            visit=1,
            queue=queue,
            outcome=QueueOutcome.ANSWERED,
            waited_seconds=2.0,
            agent=agent,
        ),
        ContactConnected(at=after(3), contact=contact, agent=agent, queue=queue),
        PresenceChanged(at=after(3), agent=agent, presence=Presence.TALKING, contact=contact),
        TalkEnded(at=after(9), contact=contact, agent=agent, queue=queue, talk_seconds=6.0, hold_seconds=0.0),
        ContactEnded(at=after(9), contact=contact, cause=ContactCause.CALLER_HUNG_UP),
        PresenceChanged(at=after(9), agent=agent, presence=Presence.WRAP_UP, contact=contact),
        WrapUpEnded(
            at=after(12),
            contact=contact,
            agent=agent,
            queue=queue,
            disposition="done",
            note="",
            wrap_up_seconds=3.0,
        ),
        PresenceChanged(at=after(12), agent=agent, presence=Presence.READY),
    ]


def arrival(contact: ContactId, at: datetime, *, caller_name: str = "Example") -> ContactArrived:
    """Return the fact with which every call begins."""
    return ContactArrived(
        at=at,
        contact=contact,
        entry_point=EntryPointId("main"),
        caller_number="+493012345678",
        caller_name=caller_name,
        dialled="100",
    )


def one_of_each_kind(at: datetime) -> list[AnyFact]:
    """Return a fact of every kind, with every attribute set."""
    contact, run, agent = ContactId("each"), RunId("run-each"), AgentId("agent-each")
    call = answered_call(1, at)
    return [
        ServerStarted(at=at, version="1.2.3"),
        ServiceChanged(at=at, change="replaced", service="crm", version="2.0", before="1.9", by="alex"),
        *call,
        ContactIdentified(at=at, contact=contact, customer=CustomerId("customer-1")),
        CustomerReached(at=at, contact=contact, ring_seconds=4.5),
        DialogStarted(at=at, contact=contact, run=run, script=ScriptId("meter-reading"), version="a1"),
        DialogContinued(
            at=at,
            contact=contact,
            run=run,
            script=ScriptId("meter-reading"),
            version="a1",
            channel="agent",
            by=agent,
        ),
        DialogEnded(at=at, contact=contact, run=run, outcome="read"),
        ContactQueued(
            at=at,
            contact=contact,
            visit=2,
            queue=QueueId("q"),
            priority=5,
            skills={SkillId("german"): 7, SkillId("gas"): 3},
            own_priority=5,
            own_skills={SkillId("gas"): 3},
            in_line_since=at - timedelta(minutes=4),
        ),
        ContactHeld(at=at, contact=contact, agent=agent),
        ContactResumed(at=at, contact=contact, agent=agent),
        *_given_away(contact, agent, at),
        *_supervised(contact, agent, at),
        *recorded(contact, agent, at),
        RecordingLost(at=at, contact=contact, recording=RecordingId("lost"), reason="missing"),
        RecordingStalled(at=at, contact=contact, recording=RecordingId("lost")),
        RecordingImpossible(at=at, contact=contact, queue=QueueId("q"), reason="disk-full"),
        *left_message(contact, agent, at),
        _routed(contact, agent, at),
        DispositionChosen(at=at, contact=contact, agent=agent, disposition="done", until=at),
        WrapUpProlonged(at=at, contact=contact, agent=agent, until=at),
        NoteWritten(at=at, contact=contact, agent=agent, text="will call back\n„morgen“"),
        PresencePlanned(at=at, contact=contact, agent=agent, presence=Presence.NOT_READY, reason="lunch"),
        PresenceChanged(at=at, agent=agent, presence=Presence.NOT_READY, reason="rona", contact=contact),
    ]


def _routed(contact: ContactId, agent: AgentId, at: datetime) -> ContactRouted:
    """Return why a contact is offered to an agent."""
    return ContactRouted(
        at=at,
        contact=contact,
        visit=2,
        queue=QueueId("q"),
        agent=agent,
        waited_seconds=12.5,
        priority=6,
        policy="cost-index",
        step=1,
        rule=2,
        skills={SkillId("gas"): 2},
        also=[QueueId("other")],
        value=0.25,
        candidates=[Candidate(agent=agent, rank=1, figure=0.5)],
        left_out=[LeftOut(agent=AgentId("agent-2"), reason="skill:gas")],
        presences={"ready": 1, "talking": 1},
    )


def recorded(contact: ContactId, agent: AgentId, at: datetime) -> list[AnyFact]:
    """Return the facts of a recording that is paused, kept, put under legal hold, and heard."""
    recording, queue = RecordingId(f"recording-{contact}"), QueueId("q")

    def after(seconds: float) -> datetime:
        return at + timedelta(seconds=seconds)

    return [
        RecordingBegun(
            at=at,
            contact=contact,
            recording=recording,
            part=1,
            queue=queue,
            agent=agent,
            others=("+4930555",),
            asked_by="olga",
        ),
        RecordingPaused(at=after(2), contact=contact, recording=recording, reason=PauseReason.SENSITIVE),
        RecordingResumed(at=after(5), contact=contact, recording=recording),
        RecordingJoined(at=after(6), contact=contact, recording=recording, others=("+4930555", "bob")),
        RecordingOver(at=after(9), contact=contact, recording=recording, by="olga"),
        RecordingKept(
            at=after(10),
            contact=contact,
            recording=recording,
            seconds=9.0,
            size=288_044,
            sha256="ab" * 32,
            incomplete="interrupted",
        ),
        RecordingAccessed(
            at=after(11),
            contact=contact,
            recording=recording,
            by="olga",
            what=AccessKind.HELD,
            reason="complaint",
        ),
        RecordingAccessed(at=after(12), contact=contact, recording=recording, by="anna", what=AccessKind.LISTENED),
    ]


def _supervised(contact: ContactId, agent: AgentId, at: datetime) -> list[AnyFact]:
    """Return what a supervisor does."""
    supervision, queue, by = SupervisionId("s1"), QueueId("q"), UserId("sue")
    return [
        SupervisionBegun(
            at=at,
            supervision=supervision,
            contact=contact,
            agent=agent,
            queue=queue,
            by=by,
            mode=SupervisionMode.LISTEN,
            phone="sip",
            announced=Announcement.AGENT,
        ),
        SupervisionModeChanged(
            at=at,
            supervision=supervision,
            contact=contact,
            agent=agent,
            queue=queue,
            by=by,
            mode=SupervisionMode.BARGE,
        ),
        SupervisionEnded(
            at=at,
            supervision=supervision,
            contact=contact,
            agent=agent,
            queue=queue,
            by=by,
            outcome=SupervisionOutcome.STOPPED,
            seconds=31.5,
        ),
        PriorityChanged(at=at, contact=contact, visit=2, queue=queue, priority=7, by=by),
        QueueSwitched(at=at, queue=queue, open=False, by=by),
        WaitEstimated(
            at=at,
            contact=contact,
            visit=2,
            queue=queue,
            guesses={"queue-length": 33.5},
            by="queue-length",
            most=60.0,
        ),
        TaskMade(
            at=at,
            task="t1",
            text="Send the form",
            due_at=at,
            agent=agent,
            queue=None,
            contact=contact,
            customer=None,
            by=by,
        ),
        TaskChanged(
            at=at,
            task="t1",
            text="Send both forms",
            due_at=at,
            agent=None,
            queue=queue,
            contact=contact,
            state="done",
            by=by,
        ),
        WaitAnnounced(at=at, contact=contact, visit=2, queue=queue, waited_seconds=9.0, least=0.0, most=60.0),
        MessageSent(at=at, message="m1", by=by, sender="Sue", agents=(agent,), text="Meeting at five\n„kurz“"),
        MessageSeen(at=at, message="m1", agent=agent),
        StationChosen(at=at, agent=agent, station=StationKind.NUMBER, number="+4930123456", nailed_up=True),
        LineOpened(at=at, agent=agent, line=line_leg(agent, 1), number="+4930123456"),
        LineClosed(at=at, agent=agent, line=line_leg(agent, 1), outcome=LineOutcome.DROPPED, seconds=12.5),
    ]


def left_message(origin: ContactId, agent: AgentId, at: datetime) -> list[AnyFact]:
    """Return a message that is heard, answered and erased, with every attribute set."""
    contact, queue, other, by, call = (
        voicemail_contact(origin),
        QueueId("q"),
        QueueId("other"),
        UserId(agent),
        ContactId("out-1"),
    )
    return [
        VoicemailBegun(
            at=at,
            contact=contact,
            origin=origin,
            queue=queue,
            owner=agent,
            entry_point=EntryPointId("main"),
            number="+493012345678",
            name="Example",
            customer=CustomerId("customer-1"),
            run=RunId("run-each"),
            language="de",
            priority=3,
            skills={SkillId("gas"): 2},
            take=2,
        ),
        ContactArrived(
            at=at,
            contact=contact,
            entry_point=EntryPointId("main"),
            caller_number="+493012345678",
            caller_name="Example",
            dialled="100",
            channel=VOICEMAIL,
        ),
        VoicemailReceived(
            at=at,
            contact=contact,
            queue=queue,
            owner=agent,
            customer=CustomerId("customer-1"),
            seconds=12.5,
            file=FileId("f1"),
        ),
        VoicemailTranscribed(at=at, contact=contact, queue=queue),
        VoicemailMailed(at=at, contact=contact, queue=queue, mails=2),
        VoicemailListened(at=at, contact=contact, queue=queue, by=by, first=True, age_seconds=3.0),
        VoicemailOffered(at=at, contact=contact, queue=queue, agent=agent),
        VoicemailOfferEnded(
            at=at,
            contact=contact,
            queue=queue,
            agent=agent,
            outcome=OfferOutcome.ACCEPTED,
            offered_seconds=4.5,
        ),
        VoicemailTaken(at=at, contact=contact, queue=queue, agent=agent, age_seconds=4.0),
        VoicemailGivenBack(at=at, contact=contact, queue=queue, agent=agent, by=by),
        VoicemailGiven(at=at, contact=contact, queue=other, owner=agent, from_queue=queue, by=by),
        VoicemailTaken(at=at, contact=contact, queue=other, agent=agent, age_seconds=5.0),
        VoicemailCalled(at=at, contact=contact, queue=other, agent=agent, call=call),
        VoicemailReplied(
            at=at, contact=contact, queue=other, agent=agent, call=call, first=True, age_seconds=60.0
        ),
        VoicemailDone(
            at=at,
            contact=contact,
            queue=other,
            agent=agent,
            by=by,
            disposition="solved",
            note="answered\n„morgen“",
            age_seconds=61.0,
        ),
        ContactEnded(at=at, contact=contact, cause=ContactCause.COMPLETED),
        VoicemailErased(at=at, contact=contact, queue=other),
        VoicemailDiscarded(at=at, contact=voicemail_contact(contact), queue=queue),
    ]


def _given_away(contact: ContactId, agent: AgentId, at: datetime) -> list[AnyFact]:
    """Return a consultation with somebody outside, who gets the customer."""
    number, colleague = "+4930555", AgentId("colleague")
    return [
        OutsideCalled(at=at, contact=contact, offer=2, number=number, purpose=OfferPurpose.CONSULT, by=agent),
        ConsultStarted(at=at, contact=contact, offer=2, by=agent, agent=colleague, number=number),
        ConsultEnded(
            at=at,
            contact=contact,
            offer=2,
            by=agent,
            agent=colleague,
            number=number,
            outcome=ConsultOutcome.COMPLETED,
            consult_seconds=7.5,
        ),
        ContactTransferred(
            at=at,
            contact=contact,
            by=agent,
            form=TransferForm.ATTENDED,
            from_queue=QueueId("q"),
            agent=colleague,
            queue=QueueId("other"),
            entry_point=EntryPointId("main"),
            script=ScriptId("meter-reading"),
            number=number,
        ),
        OutsideConnected(at=at, contact=contact, offer=2, number=number),
        OutsideEnded(
            at=at,
            contact=contact,
            offer=2,
            number=number,
            outcome=OfferOutcome.ACCEPTED,
            ring_seconds=2.0,
            talk_seconds=8.0,
        ),
    ]


def turn_of(run: SavedRun) -> RunTurn:
    """Return a turn that writes nothing but the state of a run."""
    return RunTurn(run=run)


def saved_run(contact: ContactId, at: datetime, *, step: int = 1, finished: bool = False) -> SavedRun:
    """Return the state of the run of a contact after so many steps."""
    return SavedRun(
        id=RunId(f"run-{contact}"),
        contact=contact,
        script=ScriptId("meter-reading"),
        version="a1",
        state={"item": f"item-{step}", "answers": {"reading": 12345, "street": "Große Straße"}},
        updated_at=at,
        finished=finished,
        answers=(("What does the meter show?", str(step)),),
        revision=step,
        turn=step,
        channel="phone",
        live=True,
    )
