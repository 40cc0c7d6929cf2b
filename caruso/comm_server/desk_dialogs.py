"""Leads dialogs on agents' screens: goes on with the caller's own run, or begins the queue's script."""

from __future__ import annotations

from collections.abc import Callable

import structlog

from caruso.comm_server.agents.desks import Desks
from caruso.comm_server.agents.roster import Roster
from caruso.comm_server.calls.lifecycle import Call
from caruso.comm_server.conversations import Conversation, Conversations, call_values
from caruso.comm_server.customer_cards import CustomerCards
from caruso.comm_server.guarded_tasks import GuardedTasks
from caruso.model.centre import Centre
from caruso.model.facts import ContactConnected, ContactTransferred, OfferMade, TransferForm
from caruso.model.ids import AgentId, ContactId, QueueId, ScriptId
from caruso.script_engine.turns import Finished, ScriptChannel, TakenOver

log = structlog.get_logger(__name__)


class DeskDialogs:
    """Dialogs of contacts that agents talk with."""

    def __init__(
        self,
        *,
        centre: Callable[[], Centre],
        call: Callable[[ContactId], Call | None],
        conversations: Conversations,
        cards: CustomerCards,
        roster: Roster,
        desks: Desks,
        tasks: GuardedTasks,
    ) -> None:
        """`call` returns a call that is not over."""
        self._centre = centre
        self._call = call
        self._conversations = conversations
        self._cards = cards
        self._roster = roster
        self._desks = desks
        self._tasks = tasks

    def hear(self, fact: OfferMade | ContactConnected | ContactTransferred) -> None:
        """Show whom an agent is offered, with his history; lead the dialog at the desk of who talks with him."""
        match fact:
            case OfferMade(contact=contact) if self._cards.customer(contact) is not None:
                self._tasks.start(self._cards.load_history(contact), name="load_history")
            case ContactConnected(contact=contact, agent=agent, queue=queue):
                self._lead(contact, agent, queue)
            case ContactTransferred(contact=contact, form=TransferForm.CONFERENCE, agent=heir, from_queue=queue):
                if heir is not None:
                    self._lead(contact, heir, queue)
            case _:
                pass

    def _lead(self, contact: ContactId, agent: AgentId, queue: QueueId) -> None:
        """Go on with the caller's dialog on the agent's screen, or begin the queue's own there."""
        call = self._call(contact)
        if call is not None and call.desk is not None and call.desk.agent != agent:
            return  # a colleague in a conference looks on
        profile = self._centre().agents.get(agent)
        values = {"id": agent, "name": profile.name if profile else agent}
        conversation = self._conversations.get(contact)
        if conversation is not None and conversation.elsewhere:
            return  # the customer goes on on the web; the agent looks on, and may take it back
        if conversation is not None:
            try:
                self._conversations.give(contact, TakenOver(channel=ScriptChannel.AGENT, by=agent, agent=values))
            except Exception:
                log.exception("dialog_not_taken_over", contact_id=contact)
            return
        rules = self._centre().queues.get(queue)
        if rules is not None and rules.script is not None:
            self._tasks.start(self._begin_on_desk(contact, queue, rules.script, values), name="begin_dialog")

    def finished(self, conversation: Conversation, end: Finished) -> None:
        """Propose the dialog's disposition to the agent who leads it and has not chosen one."""
        agent, contact = AgentId(conversation.by), conversation.contact
        sheet = self._roster.worksheet(agent)
        if sheet is not None and sheet.contact == contact and end.disposition and not sheet.disposition:
            self._roster.choose(agent, contact, end.disposition)

    async def _begin_on_desk(
        self, contact: ContactId, queue: QueueId, script: ScriptId, agent: dict[str, str]
    ) -> None:
        call = self._call(contact)
        if call is None:
            return
        centre = self._centre()
        entry_point = centre.entry_points.get(call.entry_point) if call.entry_point else None
        await self._conversations.begin(
            contact,
            script,
            channel=ScriptChannel.AGENT,
            language=entry_point.language if entry_point else "en",
            call=call_values(
                contact=contact,
                caller_number=call.caller_number,
                caller_name=call.caller_name,
                dialled=call.dialled,
                customer=self._cards.customer(contact),
            ),
            agent=dict(agent),
            time_zone=centre.timezone,
            still_wanted=lambda: self._desks.has(AgentId(agent["id"]), contact),
            queue=queue,
            entry_point=call.entry_point,
        )
