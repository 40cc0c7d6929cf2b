"""What the monitor shows of the recording of a call: a projection of facts."""

from __future__ import annotations

from msgspec.structs import replace

from caruso.model.facts import (
    RecordingBegun,
    RecordingImpossible,
    RecordingOver,
    RecordingPaused,
    RecordingResumed,
    RecordingStalled,
)
from caruso.model.views import CallRow

RecordingFact = (
    RecordingBegun | RecordingPaused | RecordingResumed | RecordingStalled | RecordingOver | RecordingImpossible
)


def recorded(row: CallRow, fact: RecordingFact) -> CallRow:
    """Return the row of a call with what a fact makes of it."""
    match fact:
        case RecordingBegun() | RecordingResumed():
            return replace(row, recording="on")
        case RecordingStalled(again=True):
            return replace(row, recording="on") if row.recording == "stalled" else row
        case RecordingStalled():
            return replace(row, recording="stalled")
        case RecordingPaused():
            return replace(row, recording="paused")
        case RecordingImpossible():
            return replace(row, recording="impossible")
        case RecordingOver():
            return replace(row, recording="")
