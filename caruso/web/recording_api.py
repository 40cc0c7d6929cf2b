"""Recordings over REST: what there is of a contact, its outline, holds and deletions, and who did what.

The sound itself is served by `RecordedSounds`, which browsers play from. Who may do what is decided where it is
carried out.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Annotated

from aiohttp import web
from msgspec import Meta, structs

from caruso.clock import Clock
from caruso.comm_server.recording.archive import Entry
from caruso.comm_server.recording.office import Asked
from caruso.errors import NotAllowed
from caruso.model.centre import Role
from caruso.model.ids import AgentId, ContactId, QueueId, RecordingId
from caruso.model.recordings import AccessesWanted, AccessKind, Gap, RecordingState
from caruso.model.sounds import Outline
from caruso.web.binding import mistake, operation
from caruso.web.call import Call
from caruso.web.centre_port import ContactCentre
from caruso.web.gate import Gate
from caruso.web.resources import Moment, Request, Resource
from caruso.web.sounds import begins, sound_response
from caruso.web.supervision_api import supervisor

#: Where browsers play and download recordings from.
PATH = "/recordings/{recording}.wav"

#: Of what accesses are listed when nobody says.
PERIOD = timedelta(days=30)
#: What happens at this moment belongs to it.
_MOMENT = timedelta(seconds=1)

Reason = Annotated[str, Meta(max_length=500)]


class RecordingLine(Resource, frozen=True, kw_only=True):
    """A recording of a contact, and what may be done with it."""

    id: RecordingId
    contact: ContactId
    #: Counts the recordings of the contact, from 1.
    part: int
    queue: QueueId
    #: None for somebody outside.
    agent: AgentId | None
    others: list[str]
    #: Who asked for it; empty for the rules of the queue.
    asked_by: str
    state: RecordingState
    #: Why it was lost or deleted, or does not hold all that was said.
    reason: str
    began_at: datetime
    ended_at: datetime | None
    seconds: float
    #: Where it is silent, and why.
    gaps: list[Gap]
    size: int
    sha256: str
    #: Under legal hold, by whom, and why.
    held: bool
    held_by: str
    held_for: str
    #: When it is deleted by itself; None: not.
    expires_at: datetime | None
    deleted_at: datetime | None
    deleted_by: str
    may_listen: bool
    #: Download, delete, hold, see who did.
    may_manage: bool


class AccessLine(Resource, frozen=True, kw_only=True):
    """Somebody did something with a recording."""

    at: datetime
    #: A user; empty for the rules of the queue.
    by: str
    what: AccessKind
    reason: str


class AccessesQuery(Request, frozen=True, kw_only=True):
    """Which accesses: in a time (the last 30 days without one), to one recording or contact, and by whom.

    `by` is part of a user's name, in capital or small letters.
    """

    since: Moment | None = None
    until: Moment | None = None
    by: str | None = None
    recording: RecordingId | None = None
    contact: ContactId | None = None
    limit: Annotated[int, Meta(ge=1, le=1_000)] = 200
    offset: Annotated[int, Meta(ge=0, le=1_000_000)] = 0


class LoggedAccessLine(AccessLine, frozen=True, kw_only=True):
    """Somebody did something with this recording."""

    recording: RecordingId
    contact: ContactId
    part: int
    #: Empty, and no agent, when the recording is not known any more.
    queue: QueueId
    agent: AgentId | None


class RecordingWish(Request, frozen=True, kw_only=True):
    """What is to become of the recording of a call."""

    wanted: Asked


class HoldBody(Request, frozen=True, kw_only=True):
    """Whether a recording is under legal hold, and why."""

    held: bool
    reason: Reason = ""


class DeleteQuery(Request, frozen=True, kw_only=True):
    """Why a recording is deleted."""

    reason: Reason = ""


class RecordingApi:
    """All operations."""

    def __init__(self, centre: ContactCentre, clock: Clock) -> None:
        """Know whom to ask."""
        self._ask = centre
        self._clock = clock

    @operation("GET", "/api/contacts/{contact}/recordings", role=Role.AGENT)
    async def recordings(self, call: Call, contact: str) -> list[RecordingLine]:
        """List the recordings of a contact; an agent sees those of her own conversations."""
        archive = self._ask.recordings.archive
        return [_line(entry) for entry in await archive.of_contact(supervisor(call.who), ContactId(contact))]

    @operation("GET", "/api/recordings/{recording}/outline", role=Role.AGENT)
    async def outline(self, call: Call, recording: str) -> Outline:
        """Return how loud it is in the course of time: the caller's channel first, then who he hears."""
        return await self._ask.recordings.archive.outline(supervisor(call.who), RecordingId(recording))

    @operation("GET", "/api/recordings/{recording}/accesses", role=Role.SUPERVISOR)
    async def accesses(self, call: Call, recording: str) -> list[AccessLine]:
        """List who heard, downloaded, held or deleted it, oldest first."""
        found = await self._ask.recordings.archive.accesses(supervisor(call.who), RecordingId(recording))
        return [AccessLine(at=one.at, by=one.by, what=one.what, reason=one.reason) for one in found]

    @operation("GET", "/api/recording-accesses", role=Role.SUPERVISOR)
    async def all_accesses(self, call: Call, query: AccessesQuery) -> list[LoggedAccessLine]:
        """List who heard, downloaded, held or deleted recordings of one's queues, newest first."""
        until = query.until or self._clock.now() + _MOMENT
        since = query.since or until - PERIOD
        if since > until:
            raise mistake("since", "The time it begins is after the one it ends.")
        wanted = AccessesWanted(
            since=since,
            until=until,
            by=query.by or "",
            recording=query.recording,
            contact=query.contact,
            limit=query.limit,
            offset=query.offset,
        )
        found = await self._ask.recordings.archive.all_accesses(supervisor(call.who), wanted)
        return [LoggedAccessLine(**structs.asdict(one)) for one in found]

    @operation("POST", "/api/recordings/{recording}/hold", role=Role.SUPERVISOR, status=204)
    async def hold(self, call: Call, recording: str, body: HoldBody) -> None:
        """Put it under legal hold, so that nobody deletes it, or release it."""
        reason = body.reason.strip()
        if body.held and not reason:
            raise mistake("reason", "Tell why it must be kept.")
        archive = self._ask.recordings.archive
        await archive.hold(supervisor(call.who), RecordingId(recording), on=body.held, reason=reason)

    @operation("DELETE", "/api/recordings/{recording}", role=Role.SUPERVISOR, status=204)
    async def delete(self, call: Call, recording: str, query: DeleteQuery) -> None:
        """Delete its sound for good; that it was there, and who deleted it, stays known."""
        archive = self._ask.recordings.archive
        await archive.delete(supervisor(call.who), RecordingId(recording), reason=query.reason.strip())

    @operation("POST", "/api/calls/{contact}/recording", role=Role.SUPERVISOR, status=204)
    async def record(self, call: Call, contact: str, body: RecordingWish) -> None:
        """Start, stop, pause or resume the recording of a call in progress."""
        self._ask.recordings.ask_as_supervisor(supervisor(call.who), ContactId(contact), body.wanted)


class RecordedSounds:
    """``GET /recordings/{recording}.wav``: the sound, whole or a stretch of it; ``?download=1`` to save it."""

    def __init__(self, centre: ContactCentre, gate: Gate) -> None:
        """Serve to those whom the gate admits."""
        self._centre = centre
        self._gate = gate

    async def serve(self, request: web.Request) -> web.StreamResponse:
        """Answer with the sound; raise `NotFound`, `NotAllowed` or `IllegalMove`."""
        signed_in = await self._gate.admit(request, Role.AGENT)
        if signed_in is None:
            raise NotAllowed
        recording = RecordingId(request.match_info["recording"])
        download = request.query.get("download") == "1"
        archive = self._centre.recordings.archive
        path = await archive.sound(supervisor(signed_in), recording, download=download, begins=begins(request))
        return sound_response(path, name=f"recording-{recording}.wav", download=download)


def _line(entry: Entry) -> RecordingLine:
    known = entry.recording
    return RecordingLine(
        id=known.id,
        contact=known.contact,
        part=known.part,
        queue=known.queue,
        agent=known.agent,
        others=list(known.others),
        asked_by=known.asked_by,
        state=known.state,
        reason=known.reason,
        began_at=known.began_at,
        ended_at=known.ended_at,
        seconds=known.seconds,
        gaps=list(known.gaps),
        size=known.size,
        sha256=known.sha256,
        held=known.held,
        held_by=known.held_by,
        held_for=known.held_for,
        expires_at=entry.expires_at,
        deleted_at=known.deleted_at,
        deleted_by=known.deleted_by,
        may_listen=entry.rights.listen,
        may_manage=entry.rights.manage,
    )
