"""What travels on the WebSockets beside views (`caruso.model.views`) and `caruso.model.desk`."""

from __future__ import annotations

import msgspec


class Problem(msgspec.Struct, frozen=True, kw_only=True):
    """Why a command was refused: a stable code, and a sentence for the person."""

    code: str
    message: str


class Reply(msgspec.Struct, frozen=True, kw_only=True, tag_field="type", tag="reply"):
    """Answers the command with the same id; `problem` is None when it was accepted."""

    id: int
    problem: Problem | None = None


class Notice(msgspec.Struct, frozen=True, kw_only=True, tag_field="type", tag="notice"):
    """Something the agent must know before the socket is closed, by `code` and close code.

    ``signed-in-elsewhere`` (4001), ``session-ended`` (4003: sign in again), ``flooding`` (4008),
    ``server-stopping`` (1001: try again soon), or what the centre closes the desk for (4000).
    """

    code: str
    message: str


class Beat(msgspec.Struct, frozen=True, kw_only=True, tag_field="type", tag="beat"):
    """Nothing new, and the link is up: sent after 5 s of silence, because a page cannot see WebSocket pings."""
