"""What the web edge asks of the centre about recordings. `caruso.comm_server.recording` implements it.

What is not somebody's to know raises `NotFound`, what is not allowed `NotAllowed`, what is not possible now
`IllegalMove`.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Protocol

from caruso.comm_server.recording.archive import Entry
from caruso.comm_server.recording.office import Asked
from caruso.model.ids import ContactId, RecordingId
from caruso.model.recordings import Access, AccessesWanted, LoggedAccess
from caruso.model.sounds import Outline
from caruso.model.supervisor import Supervisor


class RecordingArchive(Protocol):
    """Recordings that are over. `who` may also be an agent."""

    async def of_contact(self, who: Supervisor, contact: ContactId) -> Sequence[Entry]:
        """Return the recordings of a contact of which `who` may know."""
        ...

    async def sound(self, who: Supervisor, recording: RecordingId, *, download: bool, begins: bool) -> Path:
        """Return the file of a recording, held against its checksum; who heard or got it is written down."""
        ...

    async def outline(self, who: Supervisor, recording: RecordingId) -> Outline:
        """Return what a player draws."""
        ...

    async def accesses(self, who: Supervisor, recording: RecordingId) -> Sequence[Access]:
        """Return who did what with it."""
        ...

    async def all_accesses(self, who: Supervisor, wanted: AccessesWanted) -> Sequence[LoggedAccess]:
        """Return who did what with recordings of the queues that `who` supervises."""
        ...

    async def hold(self, who: Supervisor, recording: RecordingId, *, on: bool, reason: str) -> None:
        """Put a recording under legal hold, or release it."""
        ...

    async def delete(self, who: Supervisor, recording: RecordingId, *, reason: str) -> None:
        """Delete a recording."""
        ...


class Recordings(Protocol):
    """Recordings that go on, and those that are kept."""

    @property
    def archive(self) -> RecordingArchive:
        """Return those that are over."""
        ...

    def ask_as_supervisor(self, who: Supervisor, contact: ContactId, wanted: Asked) -> None:
        """Start, stop, pause or resume the recording of a call."""
        ...
