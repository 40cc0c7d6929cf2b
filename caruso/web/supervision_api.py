"""The REST operations of supervisors: listening, waiting contacts, queues, messages.

Each is for supervisors, and there for the queues given to them; that is decided where it is carried out.
"""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta

from caruso.model.centre import Role
from caruso.model.ids import AgentId, ContactId, QueueId, SupervisionId
from caruso.model.supervision import SupervisionMode
from caruso.model.supervisor import Supervisor
from caruso.web.binding import mistake, operation
from caruso.web.call import Call
from caruso.web.resources import Line, Request, Resource
from caruso.web.sessions import SignedIn
from caruso.web.supervision_port import Supervision

Message = Annotated[str, Meta(min_length=1, max_length=500)]
Priority = Annotated[int, Meta(ge=-100, le=100)]


class SupervisionBody(Request, frozen=True, kw_only=True):
    """How to take part, and on which phone."""

    mode: SupervisionMode = SupervisionMode.LISTEN
    #: ``browser``, ``sip``, or a telephone number.
    phone: Line = "browser"


class SupervisionModeBody(Request, frozen=True, kw_only=True):
    """How to take part from now on."""

    mode: SupervisionMode


class SupervisionStarted(Resource, frozen=True, kw_only=True):
    """The supervisor's phone is being called; what becomes of it is on the monitor."""

    id: SupervisionId


class MoveBody(Request, frozen=True, kw_only=True):
    """Where a waiting contact is to wait."""

    queue: QueueId


class PriorityBody(Request, frozen=True, kw_only=True):
    """How urgent a waiting contact is: higher goes first."""

    priority: Priority


class QueueSwitchBody(Request, frozen=True, kw_only=True):
    """Whether somebody new gets in."""

    open: bool


class MessageBody(Request, frozen=True, kw_only=True):
    """What to tell, and whom: agents, or all of a queue who are signed in."""

    text: Message
    agents: Annotated[tuple[AgentId, ...], Meta(max_length=1000)] = ()
    queue: QueueId | None = None


class MessageReceipt(Resource, frozen=True, kw_only=True):
    """How many agents are shown it."""

    agents: int


class SupervisionApi:
    """All operations of supervisors."""

    def __init__(self, supervision: Supervision) -> None:
        """Know whom to ask."""
        self._ask = supervision

    @operation("POST", "/api/calls/{contact}/supervision", role=Role.SUPERVISOR, status=201)
    async def supervise(self, call: Call, contact: str, body: SupervisionBody) -> SupervisionStarted:
        """Listen, whisper or barge in: your phone is called."""
        supervision = self._ask.begin(supervisor(call.who), ContactId(contact), body.mode, body.phone)
        return SupervisionStarted(id=supervision)

    @operation("POST", "/api/supervisions/{supervision}/mode", role=Role.SUPERVISOR, status=204)
    async def change_supervision(self, call: Call, supervision: str, body: SupervisionModeBody) -> None:
        """Take part in another way; your phone stays connected."""
        self._ask.change_mode(supervisor(call.who), SupervisionId(supervision), body.mode)

    @operation("POST", "/api/supervisions/{supervision}/take-over", role=Role.SUPERVISOR, status=204)
    async def take_over(self, call: Call, supervision: str) -> None:
        """Take the agent's place in the conversation: it is on your console, the agent is in wrap-up."""
        self._ask.take_over(supervisor(call.who), SupervisionId(supervision))

    @operation("DELETE", "/api/supervisions/{supervision}", role=Role.SUPERVISOR, status=204)
    async def stop_supervision(self, call: Call, supervision: str) -> None:
        """End it; an admin can end everybody's."""
        self._ask.stop(supervisor(call.who), SupervisionId(supervision))

    @operation("POST", "/api/waiting/{contact}/move", role=Role.SUPERVISOR, status=204)
    async def move_waiting(self, call: Call, contact: str, body: MoveBody) -> None:
        """Let a waiting contact wait in another queue; what rings for it stops ringing."""
        self._ask.move(supervisor(call.who), ContactId(contact), body.queue)

    @operation("POST", "/api/waiting/{contact}/priority", role=Role.SUPERVISOR, status=204)
    async def prioritise_waiting(self, call: Call, contact: str, body: PriorityBody) -> None:
        """Give a waiting contact another priority; it keeps its age."""
        self._ask.set_priority(supervisor(call.who), ContactId(contact), body.priority)

    @operation("POST", "/api/queues/{queue}/open", role=Role.SUPERVISOR, status=204)
    async def switch_queue(self, call: Call, queue: str, body: QueueSwitchBody) -> None:
        """Open or close a queue by hand, across restarts; who waits goes on waiting."""
        self._ask.switch_queue(supervisor(call.who), QueueId(queue), is_open=body.open)

    @operation("POST", "/api/messages", role=Role.SUPERVISOR, status=201)
    async def send_message(self, call: Call, body: MessageBody) -> MessageReceipt:
        """Show a message on agents' consoles until they have taken note of it."""
        if not body.text.strip():
            raise mistake("text", "The message is empty.")
        if not body.agents and body.queue is None:
            raise mistake("agents", "Name agents, or a queue.")
        told = self._ask.send_message(
            supervisor(call.who), body.text.strip(), agents=body.agents, queue=body.queue
        )
        return MessageReceipt(agents=told)


def supervisor(who: SignedIn) -> Supervisor:
    """Return who asks, as the centre knows supervisors."""
    return Supervisor(user=who.user.id, name=who.user.name, role=who.user.role, agent=who.agent)
