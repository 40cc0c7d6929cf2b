"""Lets whoever waits for an action of a script know how it ended, wherever the run is led now.

Of some actions nobody waits for the end: records that are written beside the dialog, spoken answers that are
fetched, and mails about messages.
"""

from __future__ import annotations

from collections.abc import Callable

import structlog

from caruso.comm_server.conversations import Conversations
from caruso.comm_server.run_moves import RunMoves
from caruso.comm_server.runs.durable import DurableRuns
from caruso.comm_server.runs.ledger import KEEP_SPOKEN, SAVE_OBJECT
from caruso.comm_server.runs.outbox import Heard
from caruso.model import ids
from caruso.model.ids import ContactId
from caruso.ports.runs import RunStore

log = structlog.get_logger(__name__)


class ActionEnds:
    """How actions ended, for those whom it concerns."""

    def __init__(
        self,
        *,
        store: RunStore,
        conversations: Conversations,
        durable: DurableRuns,
        moves: RunMoves,
        written: Callable[[ContactId], None],
    ) -> None:
        """`written` is told of contacts whose script has written to a record."""
        self._store = store
        self._conversations = conversations
        self._durable = durable
        self._moves = moves
        self._written = written

    async def hear(self, heard: Heard) -> None:
        """Let the run know, and have the outcome written; raise `StorageUnavailable`."""
        self._moves.heard(heard)
        if heard.action.service == SAVE_OBJECT:
            await self._saved(heard)
        elif heard.action.service == KEEP_SPOKEN:
            await self._kept(heard)
        elif ids.is_voicemail(ContactId(heard.action.run)):
            await self._mailed(heard)
        elif not self._conversations.hear(heard):
            await self._durable.hear(heard)

    async def _mailed(self, heard: Heard) -> None:
        """Take note how a mail about a message ended."""
        if heard.failure:
            log.error("voicemail_not_mailed", key=heard.action.run, code=heard.failure)
        if heard.outcome is not None:
            await self._store.settle(heard.outcome)

    async def _kept(self, heard: Heard) -> None:
        """Take note that a spoken answer was kept, or is lost."""
        if heard.failure:
            log.error("spoken_answer_not_kept", run_id=heard.action.run, code=heard.failure)
        if heard.outcome is not None:
            await self._store.settle(heard.outcome)

    async def _saved(self, heard: Heard) -> None:
        """Take note that a record was written."""
        if heard.outcome is not None:
            await self._store.settle(heard.outcome)
        conversation = self._conversations.of_run(heard.action.run)
        if conversation is not None and not heard.failure:
            self._written(conversation.contact)
