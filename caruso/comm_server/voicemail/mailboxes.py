"""All messages that somebody has to do something about, and what people ask to be done with them.

What may be done is decided in `box`; what a message is follows from the facts alone (`caruso.model.voicemails`).
Everything happens in one turn of the loop: of two agents who claim a message at once, one is the first.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime

import structlog

from caruso.clock import Clock
from caruso.comm_server.fact_stream import FactStream
from caruso.comm_server.voicemail import box
from caruso.comm_server.voicemail.box import Who
from caruso.errors import IllegalMove
from caruso.model import ids
from caruso.model.centre import Centre, VoicemailRules
from caruso.model.facts import AnyFact, ContactConnected, VoicemailFact
from caruso.model.ids import AgentId, ContactId, QueueId
from caruso.model.voicemails import WAITING, Voicemail, VoicemailState, told

log = structlog.get_logger(__name__)

#: Calls a number for an agent and a queue; returns the call. Raises `IllegalMove`.
CallOut = Callable[[AgentId, QueueId, str], ContactId]


class Mailboxes:
    """Messages by contact."""

    def __init__(
        self,
        *,
        centre: Callable[[], Centre],
        stream: FactStream,
        clock: Clock,
        call_out: CallOut,
        changed: Callable[[], None],
    ) -> None:
        """Begin with none; `changed` is called when others wait than before."""
        self._centre = centre
        self._stream = stream
        self._clock = clock
        self._call_out = call_out
        self._changed = changed
        #: Grows whenever a message is not what it was: consoles read them anew.
        self.changes = 0
        self._messages: dict[ContactId, Voicemail] = {}
        #: Messages by the newest call about them.
        self._calls: dict[ContactId, ContactId] = {}

    # -- Facts ------------------------------------------------------------------------------------------------

    def restore(self, messages: Iterable[Voicemail]) -> None:
        """Know the messages of before a restart."""
        for message in messages:
            self._put(message)
        self.touch()

    def touch(self) -> None:
        """Let everybody know that messages are not what they were."""
        self.changes += 1
        self._changed()

    def hear(self, fact: VoicemailFact | ContactConnected) -> None:
        """Let messages be what the facts tell; notice callers who are reached."""
        if isinstance(fact, ContactConnected):
            self._reached(fact)
            return
        before = self._messages.get(fact.contact)
        message = told(before, fact)
        if message is not None and message is not before:
            self._put(message)
            self.touch()

    def _put(self, message: Voicemail) -> None:
        if message.call is not None:
            self._calls[message.call] = message.contact
        if message.state in WAITING or message.state is VoicemailState.RECORDING:
            self._messages[message.contact] = message
            return
        self._messages.pop(message.contact, None)
        if message.call is not None:
            self._calls.pop(message.call, None)

    def _reached(self, fact: ContactConnected) -> None:
        contact = self._calls.get(fact.contact)
        message = self._messages.get(contact) if contact is not None else None
        if message is not None:
            self._stream.publish(*box.replied(message, fact.agent, fact.at))

    # -- Looking ----------------------------------------------------------------------------------------------

    def get(self, contact: ContactId) -> Voicemail | None:
        """Return a message that is not over."""
        return self._messages.get(contact)

    def left_in(self, origin: ContactId) -> Voicemail | None:
        """Return the message that is left in a call."""
        return self._messages.get(ids.voicemail_contact(origin))

    def recording(self) -> Sequence[Voicemail]:
        """Return the messages that have not been fetched from the PBX."""
        return [message for message in self._messages.values() if message.state is VoicemailState.RECORDING]

    def waiting(self) -> Sequence[Voicemail]:
        """Return the messages that wait for an agent, or that one has: urgent ones first, then by age."""
        found = [message for message in self._messages.values() if message.state in WAITING]
        return sorted(found, key=lambda message: (-message.priority, message.received_at or message.begun_at))

    def visible(self, who: Who) -> Sequence[Voicemail]:
        """Return those of them that are there for somebody."""
        return [message for message in self.waiting() if box.may_see(message, who)]

    def open_in(self, queue: QueueId) -> tuple[int, datetime | None]:
        """Return how many messages of a queue nobody has taken, and since when the oldest waits."""
        since = [
            message.received_at
            for message in self._messages.values()
            if message.queue == queue and message.state is VoicemailState.OPEN and message.received_at is not None
        ]
        return len(since), min(since, default=None)

    def rules(self, queue: QueueId) -> VoicemailRules:
        """Return how messages are left for a queue; the usual way when that was taken away."""
        known = self._centre().queues.get(queue)
        return (known.voicemail if known is not None else None) or VoicemailRules()

    # -- What people ask for ----------------------------------------------------------------------------------

    def take(self, who: Who, contact: ContactId, version: int) -> Voicemail:
        """Claim a message for an agent."""
        message = box.find(self.get(contact), who)
        return self._move(message, box.take(message, who, version, self._clock.now()))

    def give_back(self, who: Who, contact: ContactId, version: int) -> Voicemail:
        """Let a message wait for somebody again."""
        message = box.find(self.get(contact), who)
        return self._move(message, box.give_back(message, who, version, self._clock.now()))

    def give(
        self, who: Who, contact: ContactId, version: int, *, queue: QueueId, owner: AgentId | None
    ) -> Voicemail:
        """Give a message to a queue, or to one of its agents; raise `IllegalMove` when there are no such."""
        message = box.find(self.get(contact), who)
        centre = self._centre()
        if queue not in centre.queues:
            raise IllegalMove("There is no such queue.")
        agent = centre.agents.get(owner) if owner is not None else None
        if owner is not None and (agent is None or queue not in agent.queues):
            raise IllegalMove("There is no such agent in this queue.")
        return self._move(message, box.give(message, who, version, queue, owner, self._clock.now()))

    def listen(self, who: Who, message: Voicemail) -> None:
        """Note that somebody hears a message that is not over."""
        if message.contact in self._messages and message.state in WAITING:
            self._stream.publish(*box.listen(message, who, self._clock.now()))

    def call(self, who: Who, contact: ContactId, version: int, number: str) -> Voicemail:
        """Call the caller, or another number, about a message; raise `IllegalMove`."""
        message = box.find(self.get(contact), who)
        agent, wanted = box.call(message, who, version, number)
        call = self._call_out(agent, message.queue, wanted)
        return self._move(message, box.called(message, agent, call, self._clock.now()))

    def done(self, who: Who, contact: ContactId, version: int, *, disposition: str, note: str) -> Voicemail:
        """Say that nothing more is to be done about a message."""
        message = box.find(self.get(contact), who)
        queue = self._centre().queues.get(message.queue)
        known = {each.id for each in queue.dispositions} if queue is not None else set()
        if disposition and disposition not in known:
            raise IllegalMove("There is no such disposition in this queue.")
        facts = box.done(message, who, version, disposition=disposition, note=note.strip(), now=self._clock.now())
        return self._move(message, facts)

    def _move(self, message: Voicemail, facts: Sequence[AnyFact]) -> Voicemail:
        after: Voicemail = message
        for fact in facts:
            after = told(after, fact) or after
        log.info("voicemail_moved", contact_id=message.contact, state=after.state, queue=after.queue)
        self._stream.publish(*facts)
        return after

    def counts(self) -> Mapping[QueueId, tuple[int, datetime | None]]:
        """Return how many wait in each queue of the centre, and since when the oldest does."""
        return {queue: self.open_in(queue) for queue in self._centre().queues}
