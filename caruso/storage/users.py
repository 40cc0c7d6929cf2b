"""Users and their sessions. Implements the port `UserStore`. Knows no passwords, only their hashes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import datetime

from sqlalchemy import RowMapping, delete, or_, select, update

from caruso.model.centre import Role
from caruso.model.ids import AgentId, UserId
from caruso.model.records import Session, ShutOut, User
from caruso.storage.audit import changing
from caruso.storage.engine import Database
from caruso.storage.tables.users import sessions, sign_ins, users
from caruso.storage.upsert import upsert


class Users:
    """Keeps users; a session that was revoked is gone."""

    def __init__(self, database: Database) -> None:
        """Keep them in `database`."""
        self._database = database
        self._save_user = upsert(database.dialect, users, keep=["disabled_at"])
        self._save_session = upsert(database.dialect, sessions)
        self._save_sign_in = upsert(database.dialect, sign_ins)

    async def user(self, user: UserId) -> User | None:
        """Return a user."""
        async with self._database.reading() as connection:
            row = (await connection.execute(select(users).where(users.c.id == user))).mappings().one_or_none()
        return _user(row) if row else None

    async def users(self) -> Sequence[User]:
        """Return all users."""
        async with self._database.reading() as connection:
            rows = (await connection.execute(select(users).order_by(users.c.id))).mappings().all()
        return [_user(row) for row in rows]

    async def save_user(self, user: User) -> None:
        """Create or change a user; one who is there stays disabled, or not: a new password is no way back."""
        async with changing(self._database) as connection:
            await connection.execute(self._save_user, {**asdict(user), "role": user.role.value})

    async def disable(self, user: UserId, at: datetime) -> None:
        """Let nobody sign in with this name, and forget all sessions, in one step."""
        since = update(users).where(users.c.id == user, users.c.disabled_at.is_(None)).values(disabled_at=at)
        async with changing(self._database) as connection:
            await connection.execute(since)
            await connection.execute(delete(sessions).where(sessions.c.user == user))

    async def enable(self, user: UserId) -> None:
        """Let a user sign in again."""
        async with changing(self._database) as connection:
            await connection.execute(update(users).where(users.c.id == user).values(disabled_at=None))

    async def shut_out(self) -> ShutOut:
        """Return who is disabled."""
        disabled = users.c.disabled_at.is_not(None)
        agents = select(users.c.agent).where(disabled)
        query = select(users.c.id, users.c.agent, users.c.disabled_at).where(
            or_(disabled, users.c.agent.in_(agents))
        )
        async with self._database.reading() as connection:
            rows = (await connection.execute(query)).all()
        out = [row for row in rows if row.disabled_at is not None]
        others = {row.agent for row in rows if row.disabled_at is None}
        return ShutOut(
            users=frozenset(UserId(row.id) for row in out),
            agents=frozenset(AgentId(row.agent) for row in out if row.agent and row.agent not in others),
        )

    async def last_sign_ins(self) -> Mapping[UserId, datetime]:
        """Return when users signed in last, of those who ever did."""
        async with self._database.reading() as connection:
            return {row.user: row.at for row in await connection.execute(select(sign_ins))}

    async def session(self, token_hash: str) -> Session | None:
        """Return a session that has not been revoked; expiry is the caller's business."""
        query = select(sessions).where(sessions.c.token_hash == token_hash)
        async with self._database.reading() as connection:
            row = (await connection.execute(query)).mappings().one_or_none()
        return Session(**row) if row else None

    async def sessions_of(self, user: UserId) -> Sequence[Session]:
        """Return the sessions of a user that have not been revoked, newest first."""
        query = select(sessions).where(sessions.c.user == user).order_by(sessions.c.created_at.desc())
        async with self._database.reading() as connection:
            rows = (await connection.execute(query)).mappings().all()
        return [Session(**row) for row in rows]

    async def save_session(self, session: Session) -> None:
        """Keep a session, and that its user signed in. Raises `RejectedInput` when there is no such user."""
        async with self._database.writing() as connection:
            await connection.execute(self._save_session, asdict(session))
            await connection.execute(self._save_sign_in, {"user": session.user, "at": session.created_at})

    async def revoke_session(self, token_hash: str) -> None:
        """Forget a session."""
        async with self._database.writing() as connection:
            await connection.execute(delete(sessions).where(sessions.c.token_hash == token_hash))

    async def revoke_sessions_of(self, user: UserId) -> None:
        """Forget all sessions of a user."""
        async with self._database.writing() as connection:
            await connection.execute(delete(sessions).where(sessions.c.user == user))


def _user(row: RowMapping) -> User:
    return User(**{**row, "role": Role(row["role"])})
