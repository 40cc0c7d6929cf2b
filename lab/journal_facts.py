"""Facts of invented calls, as the core would record them: for tests and benchmarks of storage."""

from __future__ import annotations

from datetime import datetime, timedelta

from caruso.model.facts import (
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
    PriorityChanged,
    QueueOutcome,
    QueueSwitched,
    ServerStarted,
    SupervisionBegun,
    SupervisionEnded,
    SupervisionModeChanged,
    TalkEnded,
    TransferForm,
    WrapUpEnded,
    WrapUpProlonged,
)
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
        _routed(contact, agent, at),
        DispositionChosen(at=at, contact=contact, agent=agent, disposition="done", until=at),
        WrapUpProlonged(at=at, contact=contact, agent=agent, until=at),
        NoteWritten(at=at, contact=contact, agent=agent, text="will call back\n„morgen“"),
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
        MessageSent(at=at, message="m1", by=by, sender="Sue", agents=(agent,), text="Meeting at five\n„kurz“"),
        MessageSeen(at=at, message="m1", agent=agent),
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
