"""What facts are folded into: rows of the projections, by what they are found by. Knows no SQL."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from caruso.model.ids import AgentId, ContactId, RecordingId
from caruso.model.voicemails import Voicemail

#: A row with the columns of its table.
Row = dict[str, Any]


@dataclass(slots=True)
class ContactRows:
    """The rows of one contact: itself, its visits by number, its latest talk segment with each agent."""

    contact: Row | None = None
    visits: dict[int, Row] = field(default_factory=dict)
    segments: dict[AgentId, Row] = field(default_factory=dict)
    recordings: dict[RecordingId, Row] = field(default_factory=dict)
    #: Of a message that the caller left, what is known of it.
    voicemail: Voicemail | None = None


@dataclass(slots=True)
class Changes:
    """Rows that are new or different, each whole."""

    contacts: dict[ContactId, Row] = field(default_factory=dict)
    visits: dict[tuple[ContactId, int], Row] = field(default_factory=dict)
    segments: dict[int, Row] = field(default_factory=dict)
    intervals: dict[int, Row] = field(default_factory=dict)
    transfers: dict[int, Row] = field(default_factory=dict)
    outside_calls: dict[int, Row] = field(default_factory=dict)
    recordings: dict[RecordingId, Row] = field(default_factory=dict)
    recording_accesses: dict[int, Row] = field(default_factory=dict)
    voicemails: dict[ContactId, Row] = field(default_factory=dict)
    #: What is known from now on, by contact and by agent.
    known_contacts: dict[ContactId, ContactRows] = field(default_factory=dict)
    known_intervals: dict[AgentId, Row] = field(default_factory=dict)
