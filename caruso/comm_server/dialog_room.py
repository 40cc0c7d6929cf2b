"""Puts the parts of dialogs together: runs of live contacts, runs on web pages, and what scripts order."""

from __future__ import annotations

import uuid

from caruso.comm_server.centre_in_force import CentreInForce
from caruso.comm_server.conversations import Conversations, Outlet
from caruso.comm_server.fact_stream import FactStream
from caruso.comm_server.guarded_tasks import GuardedTasks
from caruso.comm_server.outside import Outside
from caruso.comm_server.run_moves import RunMoves
from caruso.comm_server.runs.action_ends import ActionEnds
from caruso.comm_server.runs.durable import DurableRuns
from caruso.comm_server.runs.outbox import Heard, Outbox
from caruso.comm_server.runs.passes import RunPasses
from caruso.comm_server.runs.spoken_answers import SpokenAnswers
from caruso.comm_server.runs.web_runs import WebRuns
from caruso.comm_server.script_library import ScriptLibrary
from caruso.model.run_records import OutboxAction


class DialogRoom:
    """All of dialogs; each part has its own module."""

    def __init__(
        self,
        outside: Outside,
        *,
        library: ScriptLibrary,
        in_force: CentreInForce,
        stream: FactStream,
        tasks: GuardedTasks,
        outlet: Outlet,
    ) -> None:
        """Begin with no run."""
        clock = outside.clock
        self.outbox = Outbox(
            store=outside.runs,
            services=outside.services,
            objects=outside.objects,
            clock=clock,
            tasks=tasks,
            owner=uuid.uuid4().hex,
            hear=self._hear,
            delayed=self._delayed,
            spoken=SpokenAnswers(recordings=outside.pbx_recordings, files=outside.files, store=outside.runs),
        )
        self.conversations = Conversations(
            library=library,
            objects=outside.objects,
            outbox=self.outbox,
            journal=outside.journal,
            stream=stream,
            clock=clock,
            tasks=tasks,
            outlet=outlet,
        )
        self.durable = DurableRuns(
            store=outside.runs,
            library=library,
            centres=outside.centres,
            objects=outside.objects,
            outbox=self.outbox,
            live=self.conversations,
            stream=stream,
            clock=clock,
            tasks=tasks,
            time_zone=lambda: in_force.centre().timezone,
            entry_point=in_force.web_entry_point,
        )
        self.passes = RunPasses(
            store=outside.runs,
            clock=clock,
            secret=outside.secret,
            public_url=outside.public_url,
            number_to_call=in_force.number_to_call,
        )
        self.moves = RunMoves(
            conversations=self.conversations,
            durable=self.durable,
            passes=self.passes,
            stream=stream,
            clock=clock,
            tasks=tasks,
            channels=outside.channels,
            agent_values=in_force.agent_values,
            changed=outlet.changed,
        )
        self.web = WebRuns(durable=self.durable, passes=self.passes, store=outside.runs, files=outside.files)
        self._ends = ActionEnds(
            store=outside.runs,
            conversations=self.conversations,
            durable=self.durable,
            moves=self.moves,
            written=outlet.written,
        )

    async def _hear(self, heard: Heard) -> None:
        await self._ends.hear(heard)

    def _delayed(self, action: OutboxAction, failure: str) -> None:
        self.moves.delayed(action, failure)
