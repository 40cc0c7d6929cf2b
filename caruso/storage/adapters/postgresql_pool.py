"""Lend no connection to PostgreSQL that is dead, without asking the server each time: that took three round trips.

The driver knows at once when the server has closed a connection (it was stopped, somebody ended the session). It
cannot know that a firewall has forgotten one, which happens to connections that nobody uses for a while.
"""

from __future__ import annotations

import time
from typing import Any

from sqlalchemy import Engine, event
from sqlalchemy.exc import DisconnectionError, InvalidatePoolError

#: Seconds without use after which the server is asked whether a connection is still one.
ASKED_AFTER_SECONDS = 5.0
_FREE_SINCE = "caruso_free_since"


def lend_no_dead_ones(engine: Engine) -> None:
    """Have the pool of `engine` replace connections that are closed, and ask about those that were long unused."""
    dialect: Any = engine.dialect

    @event.listens_for(engine, "checkin")
    def _given_back(_connection: Any, record: Any) -> None:
        record.info[_FREE_SINCE] = time.monotonic()

    @event.listens_for(engine, "checkout")
    def _lent(connection: Any, record: Any, _proxy: Any) -> None:
        if connection.driver_connection.is_closed():
            raise InvalidatePoolError("the server has closed it, and others perhaps")
        if time.monotonic() - record.info.get(_FREE_SINCE, time.monotonic()) < ASKED_AFTER_SECONDS:
            return
        try:
            dialect.do_ping(connection)
        except (dialect.dbapi.Error, OSError) as error:
            raise DisconnectionError("it does not lead to the server any more") from error
