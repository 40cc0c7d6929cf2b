"""All about recordings that others need: those that go on, those that are brought here, those that are kept."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Mapping, Sequence
from enum import StrEnum
from typing import assert_never

from msgspec.structs import replace

from caruso.comm_server.calls.lifecycle import Call
from caruso.comm_server.conversations import Conversation
from caruso.comm_server.fact_stream import FactStream, Listener
from caruso.comm_server.guarded_tasks import GuardedTasks
from caruso.comm_server.outside import Outside
from caruso.comm_server.recording.archive import Archive
from caruso.comm_server.recording.keeper import Keeper, Shelf
from caruso.comm_server.recording.recorder import Recorder, Studio
from caruso.comm_server.recording.watching import Watched, Watching
from caruso.comm_server.supervision.scope import has_queue, scope_of
from caruso.errors import IllegalMove, LinkDown, NotFound, RecordingRefused
from caruso.model.centre import Centre
from caruso.model.facts import AnyFact
from caruso.model.ids import AgentId, ContactId
from caruso.model.supervisor import Supervisor
from caruso.model.telephony import TelephonyEvent
from caruso.model.views import RecordingView
from caruso.script_engine.sensitive import is_sensitive
from caruso.script_engine.turns import ScriptChannel

#: Why a recording is of no use though it goes on.
STALLED = "stalled"


class Asked(StrEnum):
    """What somebody wants of the recording of a call."""

    START = "start"
    STOP = "stop"
    PAUSE = "pause"
    RESUME = "resume"


class RecordingOffice:
    """Recordings, as the centre and the web see them."""

    def __init__(
        self,
        outside: Outside,
        *,
        centre: Callable[[], Centre],
        call: Callable[[ContactId], Call | None],
        conversation: Callable[[ContactId], Conversation | None],
        stream: FactStream,
        tasks: GuardedTasks,
        changed: Callable[[ContactId], None],
    ) -> None:
        """Begin with none; `changed` is told of contacts whose recording is seen differently now."""
        self._centre = centre
        self._call = call
        self._conversation = conversation
        clock, timers = outside.clock, outside.timers
        self._recorder = Recorder(
            Studio(
                deck=outside.tape_deck,
                telephony=outside.telephony,
                speech=outside.speech,
                stream=stream,
                clock=clock,
                timers=timers,
                tasks=tasks,
                centre=centre,
                call=call,
                sensitive=self._sensitive,
                room=outside.recording_room,
                new_id=lambda: uuid.uuid4().hex,
                changed=changed,
            )
        )
        self._keeper = Keeper(
            Shelf(
                deck=outside.tape_deck,
                store=outside.recording_store,
                files=outside.recording_files,
                journal=outside.journal,
                stream=stream,
                clock=clock,
                tasks=tasks,
                live=self._recorder.tapes,
            )
        )
        self._watching = Watching(
            Watched(
                deck=outside.tape_deck,
                stream=stream,
                clock=clock,
                timers=timers,
                tasks=tasks,
                changed=changed,
            )
        )
        self.archive = Archive(
            store=outside.recording_store,
            files=outside.recording_files,
            journal=outside.journal,
            stream=stream,
            clock=clock,
            centre=centre,
        )

    # -- What happens -----------------------------------------------------------------------------------------

    @property
    def listeners(self) -> Sequence[Listener]:
        """Return who follows facts here."""
        return self._recorder.hear, self._keeper.hear, self._watching.hear

    def on_telephony(self, event: TelephonyEvent) -> TelephonyEvent | None:
        """Take what is about recordings; return what is left of the event for others."""
        return self._recorder.on_telephony(event)

    def link_up(self) -> None:
        """Find out what the telephone system holds."""
        self._recorder.link_up()

    def look(self, contact: ContactId) -> None:
        """Look again at a call whose dialog has moved."""
        self._recorder.look(contact)

    def look_at_all(self) -> None:
        """Look again at all calls: the rules are others."""
        self._recorder.look_at_all()

    def restore(self, contacts: Mapping[ContactId, Sequence[AnyFact]]) -> None:
        """Take over what went on before a crash."""
        self._recorder.restore(contacts)
        self._watching.restore(fact for facts in contacts.values() for fact in facts)

    def _sensitive(self, contact: ContactId) -> bool:
        conversation = self._conversation(contact)
        if conversation is None or conversation.finished is not None or conversation.elsewhere:
            return False
        on_screen = conversation.channel is ScriptChannel.AGENT
        return on_screen and is_sensitive(conversation.dialog, conversation.run.current.item)

    # -- What people ask for ----------------------------------------------------------------------------------

    def view(self, contact: ContactId) -> RecordingView | None:
        """Return what people see of the recording of a call; None where nothing is ever recorded."""
        view = self._recorder.view(contact)
        stalled = view is not None and view.state == "on" and self._watching.is_stalled(contact)
        return replace(view, state="impossible", reason=STALLED) if view is not None and stalled else view

    def ask_as_agent(self, agent: AgentId, contact: ContactId, wanted: Asked) -> None:
        """Do what an agent wants who is in the call.

        Raises:
            IllegalMove: she is not, or the rules of the queue do not allow it.
            NotFound: the call is over.
        """
        call = self._call(contact)
        if call is None:
            raise NotFound("The call is over.")
        if not call.agent_here(agent):
            raise IllegalMove("The call is not at your desk in that way any more.")
        self._ask(contact, wanted, by=agent, supervises=False)

    def ask_as_supervisor(self, who: Supervisor, contact: ContactId, wanted: Asked) -> None:
        """Do what a supervisor wants; raise `NotFound` for a call that is none of hers, or `IllegalMove`."""
        call = self._call(contact)
        queue = call.place.queue if call is not None and call.place is not None else None
        scope = scope_of(self._centre(), who.user, who.role)
        if call is None or not has_queue(scope, queue):
            raise NotFound("This call has ended.")
        self._ask(contact, wanted, by=who.user, supervises=True)

    def _ask(self, contact: ContactId, wanted: Asked, *, by: str, supervises: bool) -> None:
        match wanted:
            case Asked.START | Asked.STOP:
                self._recorder.ask(contact, on=wanted is Asked.START, by=by, supervises=supervises)
            case Asked.PAUSE | Asked.RESUME:
                self._recorder.pause(contact, on=wanted is Asked.PAUSE)
            case _:
                assert_never(wanted)

    # -- Housekeeping -----------------------------------------------------------------------------------------

    async def resume(self) -> None:
        """Bring here what an earlier process left."""
        await self._keeper.resume()

    async def tend(self) -> None:
        """Delete what is too old, and what lies about in the telephone system; raise `StorageUnavailable`."""
        await self.archive.expire()
        try:
            await self._keeper.tidy()
        except (LinkDown, RecordingRefused):
            return  # the telephone system is away, and tidied another time

    def health(self) -> Mapping[str, object]:
        """Tell whether recordings are written, and can be brought here."""
        problem = self._watching.problem or self._keeper.problem
        return {"ok": not problem, "problem": problem}
