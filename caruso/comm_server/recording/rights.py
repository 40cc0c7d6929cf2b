"""Decide who may do what with a recording, and when it is deleted by itself. Pure."""

from __future__ import annotations

from datetime import datetime, timedelta

import msgspec

from caruso.comm_server.supervision.scope import Scope, has_queue
from caruso.model.centre import Role
from caruso.model.recordings import Recording, RecordingRules
from caruso.model.supervisor import Supervisor


class Rights(msgspec.Struct, frozen=True, kw_only=True):
    """What somebody may do with a recording."""

    #: Know of it at all.
    see: bool = False
    listen: bool = False
    #: Download and delete it, put it under legal hold and release it, and see who did.
    manage: bool = False


def rights_of(recording: Recording, who: Supervisor, scope: Scope, rules: RecordingRules) -> Rights:
    """Return what `who` may do: supervisors all in their queues, agents hear their own where that is allowed.

    `scope` are the queues of a supervisor, and says nothing of an agent.
    """
    if who.role in (Role.SUPERVISOR, Role.ADMIN):
        hers = has_queue(scope, recording.queue)
        return Rights(see=hers, listen=hers, manage=hers)
    own = who.agent is not None and who.agent in (recording.agent, *recording.others)
    return Rights(see=own, listen=own and rules.agents_listen)


def expires_before(rules: RecordingRules, now: datetime) -> datetime | None:
    """Return before when recordings must have ended that are deleted now; None: none is."""
    return now - timedelta(days=rules.keep_days) if rules.keep_days else None


def expires_at(recording: Recording, rules: RecordingRules) -> datetime | None:
    """Return when a recording is deleted by itself; None: not."""
    if not rules.keep_days or recording.held or recording.ended_at is None:
        return None
    return recording.ended_at + timedelta(days=rules.keep_days)
