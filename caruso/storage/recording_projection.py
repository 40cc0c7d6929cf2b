"""Fold facts about recordings into rows: what is known of each, what people did with it. Pure; knows no SQL."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

from caruso.model.facts import (
    RecordingAccessed,
    RecordingBegun,
    RecordingJoined,
    RecordingKept,
    RecordingLost,
    RecordingOver,
    RecordingPaused,
    RecordingResumed,
)
from caruso.model.recordings import UNSEEN, AccessKind, RecordingState
from caruso.storage.projection_rows import Changes, ContactRows, Row


def _begun(changes: Changes, rows: ContactRows, _seq: int, fact: RecordingBegun) -> None:
    row: Row = {
        "id": fact.recording,
        "contact": fact.contact,
        "part": fact.part,
        "queue": fact.queue,
        "agent": fact.agent,
        "others": list(fact.others),
        "asked_by": fact.asked_by,
        "state": RecordingState.RECORDING.value,
        "began_at": fact.at,
        "ended_at": None,
        "seconds": 0.0,
        "gaps": [],
        "size": 0,
        "sha256": "",
        "reason": "",
        "held": False,
        "held_by": "",
        "held_for": "",
        "deleted_at": None,
        "deleted_by": "",
    }
    rows.recordings[fact.recording] = row
    changes.recordings[fact.recording] = row


def _changed(changes: Changes, rows: ContactRows, _seq: int, fact: Any) -> None:
    """Take what happened to a recording; of one whose beginning was lost nothing is known."""
    row = rows.recordings.get(fact.recording)
    if row is None:
        return
    changes.recordings[fact.recording] = row
    match fact:
        case RecordingPaused(reason=reason):
            _end_gap(row, fact.at)
            row["gaps"] = [*row["gaps"], {"begins": _offset(row, fact.at), "ends": None, "reason": reason.value}]
        case RecordingResumed():
            _end_gap(row, fact.at)
        case RecordingJoined(others=others):
            row["others"] = list(others)
        case RecordingOver(unseen=unseen):
            row["reason"] = UNSEEN if unseen else ""
            _end_gap(row, fact.at)
            row["ended_at"] = fact.at
            row["state"] = RecordingState.COLLECTING.value
        case RecordingKept():
            row["state"] = RecordingState.KEPT.value
            row["seconds"], row["size"], row["sha256"] = fact.seconds, fact.size, fact.sha256
            row["reason"] = fact.incomplete
        case RecordingLost(reason=reason):
            row["state"], row["reason"] = RecordingState.LOST.value, reason


def _end_gap(row: Row, at: datetime) -> None:
    if row["gaps"] and row["gaps"][-1]["ends"] is None:
        row["gaps"] = [*row["gaps"][:-1], {**row["gaps"][-1], "ends": _offset(row, at)}]


def _offset(row: Row, at: datetime) -> float:
    """Return how far into a recording a moment is, seconds."""
    began_at: datetime = row["began_at"]
    return round(max(0.0, (at - began_at).total_seconds()), 3)


def _accessed(changes: Changes, rows: ContactRows, seq: int, fact: RecordingAccessed) -> None:
    changes.recording_accesses[seq] = {
        "seq": seq,
        "recording": fact.recording,
        "contact": fact.contact,
        "at": fact.at,
        "by_user": fact.by,
        "what": fact.what.value,
        "reason": fact.reason,
    }
    row = rows.recordings.get(fact.recording)
    if row is None:
        return
    match fact.what:
        case AccessKind.HELD:
            row["held"], row["held_by"], row["held_for"] = True, fact.by, fact.reason
        case AccessKind.RELEASED:
            row["held"], row["held_by"], row["held_for"] = False, "", ""
        case AccessKind.DELETED:
            row["state"], row["reason"] = RecordingState.DELETED.value, fact.reason
            row["deleted_at"], row["deleted_by"] = fact.at, fact.by
        case _:
            return
    changes.recordings[fact.recording] = row


RECORDING_FOLDS: dict[type, Callable[[Changes, ContactRows, int, Any], None]] = {
    RecordingBegun: _begun,
    RecordingPaused: _changed,
    RecordingResumed: _changed,
    RecordingJoined: _changed,
    RecordingOver: _changed,
    RecordingKept: _changed,
    RecordingLost: _changed,
    RecordingAccessed: _accessed,
}
