"""Fold facts into rows: contacts, queue visits, talk segments, presence intervals. Pure; knows no SQL.

A row is a plain dict with the columns of its table. `fold` never touches the rows it was given: it returns
new ones, so that a batch that could not be written leaves nothing behind. It is total: whatever order facts come
in, it returns rows, if need be with little in them. Folding the whole journal at once or in pieces gives the same.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict
from datetime import datetime
from typing import Any

from caruso.model.facts import (
    CALL_BACK,
    AnyFact,
    ContactArrived,
    ContactConnected,
    ContactEnded,
    ContactHeld,
    ContactIdentified,
    ContactLeftQueue,
    ContactQueued,
    ContactTransferred,
    DialogContinued,
    NoteWritten,
    OutsideEnded,
    PresenceChanged,
    TalkEnded,
    VoicemailBegun,
    VoicemailCalled,
    VoicemailDiscarded,
    VoicemailDone,
    VoicemailErased,
    VoicemailGiven,
    VoicemailGivenBack,
    VoicemailListened,
    VoicemailMailed,
    VoicemailReceived,
    VoicemailReplied,
    VoicemailTaken,
    WrapUpEnded,
)
from caruso.model.ids import AgentId, ContactId, QueueId
from caruso.model.voicemails import Voicemail, VoicemailState, told
from caruso.storage.projection_rows import Changes, ContactRows, Row
from caruso.storage.recording_projection import RECORDING_FOLDS


def contacts_to_load(known: Mapping[ContactId, ContactRows], facts: Iterable[AnyFact]) -> set[ContactId]:
    """Return the contacts whose rows must be read before `facts` can be folded."""
    wanted: set[ContactId] = set()
    begun: set[ContactId] = set()
    for fact in facts:
        if isinstance(fact, ContactArrived):
            begun.add(fact.contact)
        elif type(fact) in _CONTACT_FOLDS:
            contact = _contact_of(fact)
            if contact not in known and contact not in begun:
                wanted.add(contact)
    return wanted


def fold(
    contacts: Mapping[ContactId, ContactRows],
    intervals: Mapping[AgentId, Row],
    facts: Iterable[tuple[int, AnyFact]],
) -> Changes:
    """Return what `facts`, with their numbers in the journal, make of the rows known so far.

    `intervals` are the current presence intervals of the agents.
    """
    changes = Changes()
    for seq, fact in facts:
        if isinstance(fact, PresenceChanged):
            _fold_presence(changes, intervals, seq, fact)
            continue
        step = _CONTACT_FOLDS.get(type(fact))
        if step is not None:
            step(changes, _rows_of(changes, contacts, _contact_of(fact), fact.at), seq, fact)
    return changes


def _contact_of(fact: Any) -> ContactId:
    """Return whom a fact of `_CONTACT_FOLDS` is about."""
    contact: ContactId = fact.contact
    return contact


def _rows_of(
    changes: Changes, contacts: Mapping[ContactId, ContactRows], contact: ContactId, at: datetime
) -> ContactRows:
    """Return rows of `contact` that belong to `changes` and may be written to."""
    rows = changes.known_contacts.get(contact)
    if rows is None:
        before = contacts.get(contact)
        if before is None or before.contact is None:
            voicemail = before.voicemail if before is not None else None
            rows = ContactRows(contact=_new_contact(contact, at), voicemail=voicemail)
        else:
            rows = ContactRows(
                contact=before.contact.copy(),
                visits={visit: row.copy() for visit, row in before.visits.items()},
                segments={agent: row.copy() for agent, row in before.segments.items()},
                recordings={name: row.copy() for name, row in before.recordings.items()},
                voicemail=before.voicemail,
            )
        changes.known_contacts[contact] = rows
    return rows


def _new_contact(contact: ContactId, at: datetime) -> Row:
    return {
        "id": contact,
        "channel": "voice",
        "arrived_at": at,
        "ended_at": None,
        "entry_point": None,
        "caller_number": "",
        "caller_name": "",
        "dialled": "",
        "customer": None,
        "queue": None,
        "agent": None,
        "queue_outcome": "",
        "waited_seconds": 0.0,
        "talk_seconds": 0.0,
        "cause": "",
        "disposition": "",
        "note": "",
    }


def _contact(changes: Changes, rows: ContactRows) -> Row:
    """Return the contact's own row and note that it changes."""
    row = rows.contact
    assert row is not None  # noqa: S101 -- `_rows_of` made it
    changes.contacts[row["id"]] = row
    return row


def _arrived(changes: Changes, rows: ContactRows, _seq: int, fact: ContactArrived) -> None:
    row = _contact(changes, rows)
    row["channel"] = fact.channel
    row["arrived_at"] = fact.at
    row["entry_point"] = fact.entry_point
    row["caller_number"] = fact.caller_number
    row["caller_name"] = fact.caller_name
    row["dialled"] = fact.dialled


def _identified(changes: Changes, rows: ContactRows, _seq: int, fact: ContactIdentified) -> None:
    _contact(changes, rows)["customer"] = fact.customer


def _continued(changes: Changes, rows: ContactRows, _seq: int, fact: DialogContinued) -> None:
    """Of a call-back nobody is connected: who goes on with its dialog makes it."""
    if rows.contact is not None and rows.contact["channel"] == CALL_BACK and fact.by:
        _contact(changes, rows)["agent"] = fact.by


def _queued(changes: Changes, rows: ContactRows, _seq: int, fact: ContactQueued) -> None:
    row = _contact(changes, rows)
    row["queue"] = fact.queue
    row["queue_outcome"] = ""
    visit = _new_visit(fact.contact, fact.visit, fact.queue, fact.at)
    visit["priority"] = fact.priority
    rows.visits[fact.visit] = visit
    changes.visits[fact.contact, fact.visit] = visit


def _new_visit(contact: ContactId, visit: int, queue: QueueId, at: datetime) -> Row:
    return {
        "contact": contact,
        "visit": visit,
        "queue": queue,
        "priority": 0,
        "entered_at": at,
        "left_at": None,
        "outcome": "",
        "waited_seconds": 0.0,
        "agent": None,
    }


def _left_queue(changes: Changes, rows: ContactRows, _seq: int, fact: ContactLeftQueue) -> None:
    visit = rows.visits.get(fact.visit)
    if visit is None:
        visit = rows.visits[fact.visit] = _new_visit(fact.contact, fact.visit, fact.queue, fact.at)
    changes.visits[fact.contact, fact.visit] = visit
    visit["left_at"] = fact.at
    visit["outcome"] = fact.outcome.value
    visit["waited_seconds"] = fact.waited_seconds
    visit["agent"] = fact.agent
    row = _contact(changes, rows)
    row["queue"] = fact.queue
    row["queue_outcome"] = fact.outcome.value
    row["waited_seconds"] += fact.waited_seconds
    if fact.agent is not None:
        row["agent"] = fact.agent


def _connected(changes: Changes, rows: ContactRows, seq: int, fact: ContactConnected) -> None:
    _contact(changes, rows)["agent"] = fact.agent
    _begin_segment(changes, rows, seq, fact)


def _begin_segment(changes: Changes, rows: ContactRows, seq: int, fact: ContactConnected | TalkEnded) -> Row:
    segment: Row = {
        "seq": seq,
        "contact": fact.contact,
        "agent": fact.agent,
        "queue": fact.queue,
        "connected_at": fact.at,
        "ended_at": None,
        "talk_seconds": 0.0,
        "hold_seconds": 0.0,
        "holds": 0,
        "wrapped_up_at": None,
        "wrap_up_seconds": 0.0,
        "disposition": "",
        "note": "",
    }
    rows.segments[fact.agent] = segment
    changes.segments[seq] = segment
    return segment


def _held(changes: Changes, rows: ContactRows, _seq: int, fact: ContactHeld) -> None:
    segment = rows.segments.get(fact.agent)
    if segment is not None:
        segment["holds"] += 1
        changes.segments[segment["seq"]] = segment


def _talk_ended(changes: Changes, rows: ContactRows, seq: int, fact: TalkEnded) -> None:
    segment = rows.segments.get(fact.agent) or _begin_segment(changes, rows, seq, fact)
    changes.segments[segment["seq"]] = segment
    segment["ended_at"] = fact.at
    segment["talk_seconds"] = fact.talk_seconds
    segment["hold_seconds"] = fact.hold_seconds
    _contact(changes, rows)["talk_seconds"] += fact.talk_seconds


def _ended(changes: Changes, rows: ContactRows, _seq: int, fact: ContactEnded) -> None:
    row = _contact(changes, rows)
    row["ended_at"] = fact.at
    row["cause"] = fact.cause.value


def _note_written(changes: Changes, rows: ContactRows, _seq: int, fact: NoteWritten) -> None:
    _contact(changes, rows)["note"] = fact.text


def _wrap_up_ended(changes: Changes, rows: ContactRows, _seq: int, fact: WrapUpEnded) -> None:
    row = _contact(changes, rows)
    # An agent who gave the contact away and writes nothing takes nothing from those who did.
    row["disposition"] = fact.disposition or row["disposition"]
    row["note"] = fact.note or row["note"]
    segment = rows.segments.get(fact.agent)
    if segment is not None:
        changes.segments[segment["seq"]] = segment
        segment["wrapped_up_at"] = fact.at
        segment["wrap_up_seconds"] = fact.wrap_up_seconds
        segment["disposition"] = fact.disposition
        segment["note"] = fact.note


def _transferred(changes: Changes, rows: ContactRows, seq: int, fact: ContactTransferred) -> None:
    goals = {
        "agent": fact.agent,
        "queue": fact.queue,
        "entry-point": fact.entry_point,
        "script": fact.script,
        "number": fact.number,
    }
    kind, whom = next(((kind, str(goal)) for kind, goal in goals.items() if goal), ("", ""))
    changes.transfers[seq] = {
        "seq": seq,
        "contact": fact.contact,
        "at": fact.at,
        "by_agent": fact.by,
        "form": fact.form.value,
        "from_queue": fact.from_queue,
        "to_kind": kind,
        "to_whom": whom,
    }


def _outside_ended(changes: Changes, rows: ContactRows, seq: int, fact: OutsideEnded) -> None:
    changes.outside_calls[seq] = {
        "seq": seq,
        "contact": fact.contact,
        "number": fact.number,
        "ended_at": fact.at,
        "outcome": fact.outcome.value,
        "ring_seconds": fact.ring_seconds,
        "talk_seconds": fact.talk_seconds,
    }


def _message(changes: Changes, rows: ContactRows, _seq: int, fact: Any) -> None:
    """Let a message be what the fact tells; it is a contact only once something was said."""
    before = rows.voicemail
    message = told(before, fact)
    if message is None:
        return
    rows.voicemail = message
    changes.voicemails[message.contact] = voicemail_row(message)
    if message.received_at is None:
        return
    row = _contact(changes, rows)
    row["queue"] = message.queue
    row["agent"] = message.agent or message.owner
    row["customer"] = message.customer
    row["disposition"], row["note"] = message.disposition, message.note
    if message.taken_at is not None:
        row["waited_seconds"] = max(0.0, (message.taken_at - message.received_at).total_seconds())


def voicemail_row(message: Voicemail) -> Row:
    """Return the row of a message."""
    return {**asdict(message), "state": message.state.value}


def read_voicemail(row: Mapping[str, Any]) -> Voicemail:
    """Return the message of a row."""
    return Voicemail(**{**row, "state": VoicemailState(row["state"])})


def _fold_presence(changes: Changes, intervals: Mapping[AgentId, Row], seq: int, fact: PresenceChanged) -> None:
    """End the agent's interval where the next begins: no gap, no overlap."""
    current = changes.known_intervals.get(fact.agent)
    if current is None:
        before = intervals.get(fact.agent)
        current = before.copy() if before is not None else None
    if current is not None:
        current["ended_at"] = fact.at
        changes.intervals[current["seq"]] = current
    interval: Row = {
        "seq": seq,
        "agent": fact.agent,
        "presence": fact.presence.value,
        "reason": fact.reason,
        "contact": fact.contact,
        "began_at": fact.at,
        "ended_at": None,
    }
    changes.intervals[seq] = interval
    changes.known_intervals[fact.agent] = interval


_CONTACT_FOLDS: dict[type, Callable[[Changes, ContactRows, int, Any], None]] = {
    ContactArrived: _arrived,
    ContactIdentified: _identified,
    DialogContinued: _continued,
    ContactQueued: _queued,
    ContactLeftQueue: _left_queue,
    ContactConnected: _connected,
    ContactHeld: _held,
    TalkEnded: _talk_ended,
    ContactTransferred: _transferred,
    OutsideEnded: _outside_ended,
    ContactEnded: _ended,
    NoteWritten: _note_written,
    WrapUpEnded: _wrap_up_ended,
    **RECORDING_FOLDS,
    **dict.fromkeys(
        (
            VoicemailBegun,
            VoicemailReceived,
            VoicemailDiscarded,
            VoicemailMailed,
            VoicemailTaken,
            VoicemailGivenBack,
            VoicemailGiven,
            VoicemailListened,
            VoicemailCalled,
            VoicemailReplied,
            VoicemailDone,
            VoicemailErased,
        ),
        _message,
    ),
}
