"""Who supervises."""

from __future__ import annotations

import msgspec

from caruso.model.centre import Role
from caruso.model.ids import AgentId, UserId


class Supervisor(msgspec.Struct, frozen=True, kw_only=True):
    """Somebody signed in who supervises."""

    user: UserId
    name: str
    role: Role
    #: Who she is where she takes contacts herself: then she has phones.
    agent: AgentId | None = None
