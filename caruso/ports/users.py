"""Who may sign in."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from caruso.model.ids import (
    UserId,
)
from caruso.model.records import (
    Session,
    User,
)


class UserStore(Protocol):
    """Users and their sessions."""

    async def user(self, user: UserId) -> User | None:
        """Return a user."""
        ...

    async def users(self) -> Sequence[User]:
        """Return all users."""
        ...

    async def save_user(self, user: User) -> None:
        """Create or change a user."""
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
