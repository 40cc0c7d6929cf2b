"""The REST operations for call-backs: agents see those of their queues, supervisors those given to them.

Every change names the version it was made on; who was slower than somebody else is refused with 409.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated

from msgspec import Meta

from caruso.clock import Clock
from caruso.errors import IllegalMove, NotAllowed, NotFound
from caruso.model.callbacks import Callback, CallbackId, CallbackMove, CallbackState, moved
from caruso.model.centre import Role
from caruso.model.ids import AgentId, CustomerId, QueueId, RunId
from caruso.ports.callbacks import CallbackStore
from caruso.web.binding import operation
from caruso.web.call import Call
from caruso.web.centre_port import ContactCentre
from caruso.web.resources import Request, Resource
from caruso.web.sessions import SignedIn
from caruso.web.supervision_api import supervisor

#: Call-backs that wait for somebody.
_WAITING = (CallbackState.OPEN, CallbackState.TAKEN)

#: Told of a call-back that has changed hands: its run goes with it.
MovedListener = Callable[[Callback], None]


class CallbacksQuery(Request, frozen=True, kw_only=True):
    """Which call-backs; without a state those that are still to be made."""

    state: CallbackState | None = None
    queue: QueueId | None = None
    limit: Annotated[int, Meta(ge=1, le=500)] = 200


class CallbackChange(Request, frozen=True, kw_only=True):
    """The version that was seen; another one is refused."""

    version: Annotated[int, Meta(ge=1)]


class CallbackLine(Resource, frozen=True, kw_only=True):
    """A call-back, due from `due_at` until `until` where that was promised."""

    id: CallbackId
    number: str
    queue: QueueId
    queue_name: str
    due_at: datetime
    until: datetime | None
    name: str
    customer: CustomerId | None
    reason: str
    #: The dialog in which it was promised.
    run: RunId | None
    state: CallbackState
    #: How often somebody tried and gave it back.
    attempts: int
    #: Who has it, or had it last.
    agent: AgentId | None
    agent_name: str
    created_at: datetime
    changed_at: datetime
    #: Since when the customer waits, where he asked for it in a queue: he keeps his place.
    waiting_since: datetime | None
    #: Not called again by the centre before this time.
    next_at: datetime | None
    #: What came of the last attempt: `busy`, `no-answer`, `unreachable`, `reached`, `got-through`, …
    result: str
    version: int


@dataclass(frozen=True, slots=True, kw_only=True)
class CallbackSources:
    """Whom the operations ask."""

    centre: ContactCentre
    callbacks: CallbackStore
    clock: Clock
    moved: MovedListener


class CallbackApi:
    """All operations for call-backs."""

    def __init__(self, sources: CallbackSources) -> None:
        """Know whom to ask."""
        self._ask = sources

    @operation("GET", "/api/callbacks", role=Role.AGENT)
    async def callbacks(self, call: Call, query: CallbacksQuery) -> list[CallbackLine]:
        """List call-backs by the time they are due; an agent sees those of her queues."""
        states = _WAITING if query.state is None else (query.state,)
        mine = self._queues_of(call.who)
        queues: Collection[QueueId] | None = mine
        if query.queue is not None:
            queues = [query.queue] if mine is None or query.queue in mine else []
        found = await self._ask.callbacks.find(queues=queues, states=states, limit=query.limit)
        return [self._line(callback) for callback in found]

    @operation("POST", "/api/callbacks/{callback}/take", role=Role.AGENT)
    async def take_callback(self, call: Call, callback: str, body: CallbackChange) -> CallbackLine:
        """Take a call-back: from now on it is this agent's, and so is the dialog it was promised in."""
        return self._line(await self._move(call.who, callback, CallbackMove.TAKE, body.version))

    @operation("POST", "/api/callbacks/{callback}/give-back", role=Role.AGENT)
    async def give_back_callback(self, call: Call, callback: str, body: CallbackChange) -> CallbackLine:
        """Give a call-back back, because nobody answered: it is open again, with an attempt more."""
        return self._line(await self._move(call.who, callback, CallbackMove.GIVE_BACK, body.version))

    @operation("POST", "/api/callbacks/{callback}/done", role=Role.AGENT)
    async def finish_callback(self, call: Call, callback: str, body: CallbackChange) -> CallbackLine:
        """Tell that the customer was called."""
        return self._line(await self._move(call.who, callback, CallbackMove.DONE, body.version))

    @operation("POST", "/api/callbacks/{callback}/cancel", role=Role.AGENT)
    async def cancel_callback(self, call: Call, callback: str, body: CallbackChange) -> CallbackLine:
        """Cancel a call-back: nobody calls any more."""
        return self._line(await self._move(call.who, callback, CallbackMove.CANCEL, body.version))

    async def _move(self, who: SignedIn, callback: str, move: CallbackMove, version: int) -> Callback:
        before = await self._ask.callbacks.get(CallbackId(callback))
        queues = self._queues_of(who)
        if before is None or (queues is not None and before.queue not in queues):
            raise NotFound("There is no such call-back.")
        if before.state is CallbackState.TAKEN and before.agent != who.agent and not who.may(Role.SUPERVISOR):
            raise IllegalMove("Another agent has taken this call-back.")
        after = moved(before, move, version=version, agent=who.agent, by=who.user.id, now=self._ask.clock.now())
        if not await self._ask.callbacks.change(after):
            raise IllegalMove("Somebody has changed this call-back meanwhile; look at it again.")
        self._ask.moved(after)
        return after

    def _queues_of(self, who: SignedIn) -> Collection[QueueId] | None:
        """Return whose call-backs may be seen, None for all."""
        if who.may(Role.SUPERVISOR):
            return self._ask.centre.supervisors.scope(supervisor(who))
        profile = self._ask.centre.centre().agents.get(who.agent) if who.agent is not None else None
        if profile is None:
            raise NotAllowed
        return profile.queues

    def _line(self, callback: Callback) -> CallbackLine:
        centre = self._ask.centre.centre()
        queue = centre.queues.get(callback.queue)
        agent = centre.agents.get(callback.agent) if callback.agent is not None else None
        shared = (name for name in CallbackLine.__struct_fields__ if not name.endswith("_name"))
        return CallbackLine(
            **{name: getattr(callback, name) for name in shared},
            queue_name=queue.name if queue else callback.queue,
            agent_name=agent.name if agent else callback.agent or "",
        )
