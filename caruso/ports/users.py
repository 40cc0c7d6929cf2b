"""Who may sign in."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Protocol

from caruso.model.ids import UserId
from caruso.model.records import Session, ShutOut, User


class UserStore(Protocol):
    """Users and their sessions."""

    async def user(self, user: UserId) -> User | None:
        """Return a user."""
        ...

    async def users(self) -> Sequence[User]:
        """Return all users."""
        ...

    async def save_user(self, user: User) -> None:
        """Create or change a user; one who is there stays disabled, or not."""
        ...

    async def disable(self, user: UserId, at: datetime) -> None:
        """Let nobody sign in with this name, and forget all sessions; who is disabled stays so since before."""
        ...

    async def enable(self, user: UserId) -> None:
        """Let a user sign in again."""
        ...

    async def shut_out(self) -> ShutOut:
        """Return who is disabled."""
        ...

    async def last_sign_ins(self) -> Mapping[UserId, datetime]:
        """Return when users signed in last, of those who ever did."""
        ...

    async def session(self, token_hash: str) -> Session | None:
        """Return a session that has not been revoked; expiry is the caller's business."""
        ...

    async def sessions_of(self, user: UserId) -> Sequence[Session]:
        """Return the sessions of a user that have not been revoked, newest first."""
        ...

    async def save_session(self, session: Session) -> None:
        """Keep a session, or the later expiry of one that is kept (same token hash)."""
        ...

    async def revoke_session(self, token_hash: str) -> None:
        """Forget a session."""
        ...

    async def revoke_sessions_of(self, user: UserId) -> None:
        """Forget all sessions of a user."""
        ...
