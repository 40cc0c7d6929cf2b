"""The REST operations for messages that callers left: agents see those of their queues, supervisors of theirs.

Every change names the version it was made on; who was slower than somebody else is refused with 409.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated

from msgspec import Meta

from caruso.comm_server.voicemail import box
from caruso.comm_server.voicemail.box import Who
from caruso.errors import NotAllowed, NotFound
from caruso.model.centre import Role
from caruso.model.ids import AgentId, ContactId, CustomerId, QueueId, RunId, SkillId
from caruso.model.sounds import Outline
from caruso.model.views import Choice
from caruso.model.voicemails import Voicemail, VoicemailState
from caruso.ports.runs import RunFiles
from caruso.ports.voicemails import VoicemailStore
from caruso.web.binding import operation
from caruso.web.call import Call
from caruso.web.centre_port import ContactCentre
from caruso.web.resources import Number, Request, Resource
from caruso.web.sessions import SignedIn
from caruso.web.supervision_api import supervisor

Note = Annotated[str, Meta(max_length=10_000)]
Disposition = Annotated[str, Meta(max_length=40)]
Version = Annotated[int, Meta(ge=1)]


class VoicemailsQuery(Request, frozen=True, kw_only=True):
    """Which messages; without a state those that wait for an answer."""

    state: VoicemailState | None = None
    queue: QueueId | None = None
    limit: Annotated[int, Meta(ge=1, le=500)] = 200


class VoicemailChange(Request, frozen=True, kw_only=True):
    """The version that was seen; another one is refused."""

    version: Version


class VoicemailGift(Request, frozen=True, kw_only=True):
    """Whose the message is from now on: a queue's, or one agent's of it."""

    version: Version
    queue: QueueId
    agent: AgentId | None = None


class VoicemailCall(Request, frozen=True, kw_only=True):
    """Whom to call about the message: the caller, or another number."""

    version: Version
    number: Number | None = None


class VoicemailEnd(Request, frozen=True, kw_only=True):
    """What came of the message."""

    version: Version
    disposition: Disposition = ""
    note: Note = ""


class VoicemailLine(Resource, frozen=True, kw_only=True):
    """A message that a caller left."""

    id: ContactId
    #: The call in which it was left.
    origin: ContactId
    #: Empty: the caller hides it.
    number: str
    name: str
    customer: CustomerId | None
    queue: QueueId
    queue_name: str
    #: The agent it is for; null for all agents of the queue.
    owner: AgentId | None
    owner_name: str
    priority: int
    #: What is needed to take it.
    skills: dict[SkillId, int]
    #: The dialog that led the caller to it.
    run: RunId | None
    language: str
    state: VoicemailState
    received_at: datetime | None
    seconds: float
    #: False: it was erased.
    sound: bool
    #: What was said; empty where it was not written down.
    text: str
    #: Who has it, or had it last.
    agent: AgentId | None
    agent_name: str
    listened_at: datetime | None
    #: The newest call to the caller about it, and when he was reached.
    call: ContactId | None
    replied_at: datetime | None
    ended_at: datetime | None
    disposition: str
    note: str
    #: Outcomes to choose from.
    dispositions: list[Choice]
    version: int


@dataclass(frozen=True, slots=True, kw_only=True)
class VoicemailSources:
    """Whom the operations ask."""

    centre: ContactCentre
    voicemails: VoicemailStore
    files: RunFiles | None


class VoicemailApi:
    """All operations for messages."""

    def __init__(self, sources: VoicemailSources) -> None:
        """Know whom to ask."""
        self._ask = sources

    @operation("GET", "/api/voicemails", role=Role.AGENT)
    async def voicemails(self, call: Call, query: VoicemailsQuery) -> list[VoicemailLine]:
        """List messages: urgent ones first, then by age; those that are done by when they were."""
        who = who_of(call.who, self._ask.centre)
        found: Sequence[Voicemail]
        if query.state in (VoicemailState.DONE, VoicemailState.DISCARDED):
            found = await self._done(who, query) if query.state is VoicemailState.DONE else []
        else:
            found = [
                message
                for message in self._ask.centre.mailboxes.visible(who)
                if query.state in (None, message.state) and query.queue in (None, message.queue)
            ][: query.limit]
        texts = await self._ask.voicemails.texts([message.contact for message in found])
        return [self._line(message, texts.get(message.contact, "")) for message in found]

    async def _done(self, who: Who, query: VoicemailsQuery) -> Sequence[Voicemail]:
        queues: Collection[QueueId] | None = who.scope if who.supervises else who.queues
        if query.queue is not None:
            queues = [query.queue] if queues is None or query.queue in queues else []
        found = await self._ask.voicemails.done(queues, query.limit)
        return [message for message in found if box.may_see(message, who)]

    @operation("GET", "/api/voicemails/{voicemail}", role=Role.AGENT)
    async def voicemail(self, call: Call, voicemail: str) -> VoicemailLine:
        """Return one message, whether it is done or not."""
        who = who_of(call.who, self._ask.centre)
        return await self._shown(await find_voicemail(self._ask, who, ContactId(voicemail)))

    @operation("GET", "/api/voicemails/{voicemail}/outline", role=Role.AGENT)
    async def voicemail_outline(self, call: Call, voicemail: str) -> Outline:
        """Return how loud a message is in the course of time, for a player to draw."""
        who = who_of(call.who, self._ask.centre)
        message = await find_voicemail(self._ask, who, ContactId(voicemail))
        if message.file is None or self._ask.files is None:
            raise NotFound("The sound of this message was erased.")
        return await self._ask.files.outline(message.file)

    @operation("POST", "/api/voicemails/{voicemail}/take", role=Role.AGENT)
    async def take_voicemail(self, call: Call, voicemail: str, body: VoicemailChange) -> VoicemailLine:
        """Take a message: from now on it is this agent's, and nobody else answers it."""
        who = who_of(call.who, self._ask.centre)
        return await self._shown(self._ask.centre.mailboxes.take(who, ContactId(voicemail), body.version))

    @operation("POST", "/api/voicemails/{voicemail}/give-back", role=Role.AGENT)
    async def give_back_voicemail(self, call: Call, voicemail: str, body: VoicemailChange) -> VoicemailLine:
        """Give a message back: it waits for somebody again."""
        who = who_of(call.who, self._ask.centre)
        return await self._shown(self._ask.centre.mailboxes.give_back(who, ContactId(voicemail), body.version))

    @operation("POST", "/api/voicemails/{voicemail}/give", role=Role.AGENT)
    async def give_voicemail(self, call: Call, voicemail: str, body: VoicemailGift) -> VoicemailLine:
        """Give a message to a queue, or to one of its agents."""
        given = self._ask.centre.mailboxes.give(
            who_of(call.who, self._ask.centre),
            ContactId(voicemail),
            body.version,
            queue=body.queue,
            owner=body.agent,
        )
        return await self._shown(given)

    @operation("POST", "/api/voicemails/{voicemail}/call", role=Role.AGENT)
    async def call_about_voicemail(self, call: Call, voicemail: str, body: VoicemailCall) -> VoicemailLine:
        """Call the caller, or another number, about a message: your own phone rings first."""
        called = self._ask.centre.mailboxes.call(
            who_of(call.who, self._ask.centre), ContactId(voicemail), body.version, body.number or ""
        )
        return await self._shown(called)

    @operation("POST", "/api/voicemails/{voicemail}/done", role=Role.AGENT)
    async def finish_voicemail(self, call: Call, voicemail: str, body: VoicemailEnd) -> VoicemailLine:
        """Tell that nothing more is to be done about a message."""
        over = self._ask.centre.mailboxes.done(
            who_of(call.who, self._ask.centre),
            ContactId(voicemail),
            body.version,
            disposition=body.disposition,
            note=body.note,
        )
        return await self._shown(over)

    async def _shown(self, message: Voicemail) -> VoicemailLine:
        texts = await self._ask.voicemails.texts([message.contact])
        return self._line(message, texts.get(message.contact, ""))

    def _line(self, message: Voicemail, text: str) -> VoicemailLine:
        centre = self._ask.centre.centre()
        queue = centre.queues.get(message.queue)

        def name(agent: AgentId | None) -> str:
            profile = centre.agents.get(agent) if agent is not None else None
            return profile.name if profile else agent or ""

        made_here = {"id", "queue_name", "owner_name", "agent_name", "sound", "text", "skills", "dispositions"}
        shared = [field for field in VoicemailLine.__struct_fields__ if field not in made_here]
        return VoicemailLine(
            **{field: getattr(message, field) for field in shared},
            id=message.contact,
            queue_name=queue.name if queue else message.queue,
            owner_name=name(message.owner),
            agent_name=name(message.agent),
            skills=dict(message.skills),
            sound=message.file is not None,
            text=text,
            dispositions=[Choice(id=each.id, name=each.name) for each in (queue.dispositions if queue else ())],
        )


def who_of(who: SignedIn, centre: ContactCentre) -> Who:
    """Return who asks, as mailboxes know people; raise `NotAllowed` for somebody without queues."""
    profile = centre.centre().agents.get(who.agent) if who.agent is not None else None
    supervises = who.may(Role.SUPERVISOR)
    if profile is None and not supervises:
        raise NotAllowed
    return Who(
        user=who.user.id,
        agent=who.agent if profile is not None else None,
        queues=profile.queues if profile is not None else (),
        skills=profile.skills if profile is not None else {},
        supervises=supervises,
        scope=centre.supervisors.scope(supervisor(who)) if supervises else (),
    )


async def find_voicemail(sources: VoicemailSources, who: Who, contact: ContactId) -> Voicemail:
    """Return a message that is there for somebody, done or not; raise `NotFound`."""
    message = sources.centre.mailboxes.get(contact) or await sources.voicemails.get(contact)
    return box.find(message, who)
