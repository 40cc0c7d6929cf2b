"""Moves dialogs between calls and web pages: a link out, the agent's way back, the caller with a code, call-backs.

The run itself changes hands in `Conversations` (release, adopt) and `DurableRuns` (hold, bring_to_web); here is
who may ask for it, and what people are shown of it.
"""

from __future__ import annotations

from collections.abc import Callable

import structlog

from caruso.clock import Clock
from caruso.comm_server.conversations import Conversation, Conversations
from caruso.comm_server.fact_stream import FactStream
from caruso.comm_server.guarded_tasks import GuardedTasks
from caruso.comm_server.runs.durable import DurableRuns
from caruso.comm_server.runs.outbox import Heard
from caruso.comm_server.runs.passes import RunPasses
from caruso.comm_server.runs.views import RunLink
from caruso.comm_server.sentences import link_mail
from caruso.comm_server.sharing import Sharing, delayed, ended, shared
from caruso.errors import CarusoError, IllegalMove
from caruso.model.callbacks import Callback, CallbackState
from caruso.model.facts import CALL_BACK, ContactArrived, ContactCause, ContactEnded, ContactIdentified
from caruso.model.ids import AgentId, ContactId, CustomerId, RunId, callback_contact, is_callback
from caruso.model.run_records import OutboxAction, RunToken
from caruso.script_engine import engine
from caruso.script_engine.turns import CallService, HandOver, ScriptChannel, TakenOver, Value
from caruso.service_manager.message_channels import MessageChannel, MessageChannels

log = structlog.get_logger(__name__)

#: In the keys of what sends links.
_LINK = "/link-to-customer/"
#: Attempts after the first, and their distance in seconds.
SEND_RETRIES = 5
SEND_RETRY_WAIT_SECONDS = 30.0


class RunMoves:
    """Dialogs on their way."""

    def __init__(
        self,
        *,
        conversations: Conversations,
        durable: DurableRuns,
        passes: RunPasses,
        stream: FactStream,
        clock: Clock,
        tasks: GuardedTasks,
        channels: MessageChannels,
        agent_values: Callable[[AgentId], dict[str, Value]],
        changed: Callable[[ContactId], None],
    ) -> None:
        """`agent_values` is what scripts see as ``agent``; `changed` is told whose desk to show anew."""
        self._conversations = conversations
        self._durable = durable
        self._passes = passes
        self._clock = clock
        self._channels = channels
        self._tasks = tasks
        self._agent_values = agent_values
        self._changed = changed
        self._stream = stream
        self._sharing: dict[ContactId, Sharing] = {}
        #: The call-back that an agent makes.
        self._aside: dict[AgentId, ContactId] = {}

    def sharing(self, contact: ContactId) -> Sharing | None:
        """Return what became of the link made in this contact."""
        return self._sharing.get(contact)

    def forget(self, contact: ContactId) -> None:
        """Drop what is kept for a contact that is over."""
        self._sharing.pop(contact, None)

    # -- The agent --------------------------------------------------------------------------------------------

    def share(self, agent: AgentId, contact: ContactId, to: str = "") -> None:
        """Make a link with which the customer goes on; send it `to` an address or number, or show it.

        Raises:
            IllegalMove: the dialog is not this agent's, or is over, or cannot be led on the web.
        """
        conversation = self._expect(agent, contact)
        if conversation.elsewhere or conversation.run.finished:
            raise IllegalMove("This dialog cannot be sent now.")
        if ScriptChannel.WEB not in conversation.dialog.channels:
            raise IllegalMove("This dialog is not made for the web.")
        channel = self._channels.reaching(to.strip()) if to else None
        if to and channel is None:
            raise IllegalMove("This is neither an e-mail address nor a telephone number.")
        self._tasks.start(
            self._share(agent, contact, conversation.run.id, to.strip(), channel), name="share_dialog"
        )

    async def _share(
        self, agent: AgentId, contact: ContactId, run: RunId, to: str, channel: MessageChannel | None
    ) -> None:
        try:
            link = await self._passes.link(run, by=agent)
        except CarusoError as error:
            self._show(contact, Sharing(problem=str(error)))
            return
        key = f"{run}{_LINK}{link.expires_at.timestamp():.6f}"
        self._show(contact, shared(link, to, key))
        if channel is not None and self._conversations.of_run(run) is not None:
            self._conversations.order(contact, self._message(run, to, link, key, channel))

    def _message(self, run: RunId, to: str, link: RunLink, key: str, channel: MessageChannel) -> CallService:
        conversation = self._conversations.of_run(run)
        language = conversation.run.spoken_language if conversation else "en"
        title = conversation.dialog.title(language) if conversation else ""
        zone = conversation.run.time_zone if conversation else "UTC"
        subject, text = link_mail(language, title=title, url=link.url, until=link.expires_at, zone=zone)
        params: dict[str, Value] = {**channel.params(to, text, subject)}
        return CallService(
            key=key,
            service=channel.service,
            params=params,
            wait=False,
            timeout_seconds=30.0,
            retries=SEND_RETRIES,
            retry_wait_seconds=SEND_RETRY_WAIT_SECONDS,
        )

    def delayed(self, action: OutboxAction, failure: str) -> None:
        """Show that a link could not be sent yet."""
        self._show_delivery(action, lambda sharing: delayed(sharing, failure))

    def heard(self, heard: Heard) -> None:
        """Show that a link was sent, or could not be."""
        self._show_delivery(heard.action, lambda sharing: ended(sharing, heard.failure))

    def _show_delivery(self, action: OutboxAction, now: Callable[[Sharing], Sharing]) -> None:
        conversation = self._conversations.of_run(action.run)
        sharing = self._sharing.get(conversation.contact) if conversation is not None else None
        # Another link may have been made since.
        if conversation is not None and sharing is not None and sharing.key == action.key:
            self._show(conversation.contact, now(sharing))

    def take_back(self, agent: AgentId, contact: ContactId) -> None:
        """Let the agent go on with a dialog that the customer leads on the web.

        Raises:
            IllegalMove: the contact is not this agent's, or the dialog is not on the web.
        """
        conversation = self._expect(agent, contact)
        if not conversation.elsewhere:
            raise IllegalMove("This dialog is at your desk.")
        self._tasks.start(self._take_back(agent, contact, conversation.run.id), name="take_dialog_back")

    async def _take_back(self, agent: AgentId, contact: ContactId, run: RunId) -> None:
        try:
            saved = await self._durable.hold(run)
        except CarusoError as error:
            self._show(contact, Sharing(problem=str(error)))
            return
        if self._conversations.get(contact) is None:  # the desk was left meanwhile
            await self._durable.give_back(run)
            return
        self._sharing.pop(contact, None)
        self._conversations.adopt(contact, saved, by=agent)
        self._conversations.give(
            contact,
            TakenOver(channel=ScriptChannel.AGENT, by=agent, agent=self._agent_values(agent)),
        )

    def _expect(self, agent: AgentId, contact: ContactId) -> Conversation:
        conversation = self._conversations.get(contact)
        if conversation is None or (conversation.by != agent and not conversation.elsewhere):
            raise IllegalMove("This dialog is not at your desk any more.")
        return conversation

    def _show(self, contact: ContactId, sharing: Sharing) -> None:
        if self._conversations.get(contact) is not None:
            self._sharing[contact] = sharing
            self._changed(contact)

    # -- Call-backs -------------------------------------------------------------------------------------------

    def callback_moved(self, callback: Callback) -> None:
        """Show the dialog of a call-back on the desk of who takes it; let it go when it is over, or given back."""
        for contact in [c for c in self._aside.values() if c.startswith(f"back-{callback.id}-")]:
            self._leave_callback(contact)
        if callback.state is CallbackState.TAKEN and callback.agent is not None and callback.run is not None:
            self._tasks.start(self._take_callback(callback, callback.agent, callback.run), name="take_callback")

    def aside(self, agent: AgentId) -> ContactId | None:
        """Return the call-back that an agent makes."""
        return self._aside.get(agent)

    def restored(self) -> None:
        """Put call-backs back on the desks they were on before a restart."""
        for conversation in self._conversations.everywhere():
            if is_callback(conversation.contact) and conversation.by:
                self._aside[AgentId(conversation.by)] = conversation.contact

    async def _take_callback(self, callback: Callback, agent: AgentId, run: RunId) -> None:
        contact = callback_contact(callback.id, callback.version)
        before = self._aside.get(agent)
        if before is not None:
            self._leave_callback(before)
        self._aside[agent] = contact
        try:
            conversation = await self.bring(
                contact,
                run,
                lambda: self._aside.get(agent) == contact,
                by=agent,
                announce=lambda: self._tell_callback(contact, callback),
            )
        except CarusoError as error:
            # The call-back is made all the same; only its dialog is not at hand.
            log.warning("callback_without_dialog", agent_id=agent, run_id=run, error=str(error))
            conversation = None
        if conversation is None:
            if self._aside.get(agent) == contact:
                del self._aside[agent]
            return
        self._conversations.give(
            contact, TakenOver(channel=ScriptChannel.AGENT, by=agent, agent=self._agent_values(agent))
        )

    def _tell_callback(self, contact: ContactId, callback: Callback) -> None:
        now = self._clock.now()
        arrived = ContactArrived(
            at=now,
            contact=contact,
            entry_point=None,
            caller_number=callback.number,
            caller_name=callback.name,
            dialled="",
            channel=CALL_BACK,
        )
        self._stream.publish(arrived)
        if callback.customer is not None:
            self._stream.publish(ContactIdentified(at=now, contact=contact, customer=callback.customer))

    def _leave_callback(self, contact: ContactId) -> None:
        for agent in [agent for agent, shown in self._aside.items() if shown == contact]:
            del self._aside[agent]
        conversation = self._conversations.get(contact)
        if conversation is None:
            return
        self._conversations.forget(contact)
        self.forget(contact)
        cause = ContactCause.COMPLETED if conversation.run.finished else ContactCause.CONTINUED
        self._stream.publish(ContactEnded(at=self._clock.now(), contact=contact, cause=cause))
        self._changed(contact)

    # -- Callers ----------------------------------------------------------------------------------------------

    async def token_of(self, code: str, number: str) -> RunToken | None:
        """Use up a code a caller keyed in; None when it is wrong. Raises `StorageUnavailable`."""
        return await self._passes.redeem_code(code, number=number)

    async def token_for(self, customer: CustomerId) -> RunToken | None:
        """Use up the code of a customer who calls from a known number; None when there is none."""
        return await self._passes.redeem_for(customer)

    async def bring_to_call(
        self, contact: ContactId, token: RunToken, still_wanted: Callable[[], bool]
    ) -> Conversation | None:
        """Lead the run of a token in a call from now on; None when that was not possible."""
        try:
            conversation = await self.bring(contact, token.run, still_wanted)
        except CarusoError as error:
            log.warning("dialog_not_continued", contact_id=contact, run_id=token.run, error=str(error))
            return None
        if conversation is None:
            await self._passes.restore(token)
        return conversation

    async def bring(
        self,
        contact: ContactId,
        run: RunId,
        still_wanted: Callable[[], bool],
        *,
        by: str = "",
        announce: Callable[[], None] = lambda: None,
    ) -> Conversation | None:
        """Lead a run in a contact from now on (a call with a code, a call-back); None when nobody wants it now.

        `by` is the agent who goes on with it; `announce` is called before the contact is given the run.
        What was shown on the web is shown where the contact goes next. Raises `NotFound`, `RunExpired`,
        `IllegalMove` (another contact leads it), `StorageUnavailable`.
        """
        saved = await self._durable.hold(run)
        if self._conversations.get(contact) is not None or not still_wanted():
            await self._durable.give_back(run)
            return None
        await self._durable.dialog(saved.script, saved.version)
        announce()
        return self._conversations.adopt(contact, saved, by=by)

    def order_of(self, conversation: Conversation) -> HandOver | None:
        """Return where the dialog wanted to be handed over to, or None when it waits for something else."""
        effects = engine.resume(conversation.dialog, conversation.run, self._clock.now())
        order = next((effect for effect in effects if isinstance(effect, HandOver)), None)
        return order if order is not None and order.channel is ScriptChannel.AGENT else None
