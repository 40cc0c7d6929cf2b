"""Server-side sessions: an opaque token in a cookie, its SHA-256 in the store, revocable at once.

    token ──SHA-256──► hash ──► Session (store; a copy here for a few seconds) ──► User

Decides when a session ends; knows no HTTP.
"""

from __future__ import annotations

import asyncio
import dataclasses
import hashlib
import secrets
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from datetime import timedelta

import structlog

from caruso.clock import Clock
from caruso.errors import NotFound, StorageUnavailable
from caruso.model.acting import Actor
from caruso.model.centre import Role
from caruso.model.ids import AgentId, UserId
from caruso.model.records import Session, User
from caruso.ports.users import UserStore

#: How long a session is believed without asking the store again.
CACHE_SECONDS = 20.0
#: How long one seen before is believed while the store does not answer: a locked database signs nobody out.
STALE_SECONDS = 600.0
#: A later expiry is saved only when it is this much later: not a write for each request.
EXTEND_STEP = timedelta(minutes=5)
#: Attempts to read a session while others are being revoked.
_READS = 5

_RANKS = {role: rank for rank, role in enumerate(Role)}

_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class SignedIn:
    """A session and whose it is."""

    session: Session
    user: User

    @property
    def agent(self) -> AgentId | None:
        """Return the agent who signed in, or None for somebody who takes no contacts."""
        return self.user.agent

    def actor(self, channel: str, address: str) -> Actor:
        """Return who acts, for the audit of what is changed."""
        return Actor(user=self.user.id, role=self.user.role.value, channel=channel, address=address)

    def may(self, role: Role) -> bool:
        """Tell whether `role`, or more, is held."""
        return _RANKS[self.user.role] >= _RANKS[role]


@dataclass(frozen=True, slots=True)
class _Known:
    signed_in: SignedIn
    read_at: float


def token_hash(token: str) -> str:
    """Return what is kept of a token."""
    return hashlib.sha256(token.encode()).hexdigest()


class Sessions:
    """All sessions of this server."""

    def __init__(self, users: UserStore, clock: Clock, *, lifetime: timedelta, idle: timedelta) -> None:
        """Sessions end after `lifetime`, or `idle` after their last use."""
        self._users = users
        self._clock = clock
        self._lifetime = lifetime
        self._idle = idle
        self._known: dict[str, _Known] = {}
        #: Revoked here, and not yet (or never, if it failed) in the store.
        self._revoked: set[str] = set()
        #: Users who are disabled, as far as this server was told.
        self._shut_out: frozenset[UserId] = frozenset()
        #: Grows with each revocation: what was read from the store before is old.
        self._generation = 0
        self._writing = asyncio.Lock()
        self._watchers: dict[str, set[Callable[[], None]]] = {}
        self._tasks: set[asyncio.Task[None]] = set()

    async def open(self, user: User, *, address: str, agent_string: str) -> tuple[str, SignedIn]:
        """Begin a session; return its token, which is kept nowhere, and the session."""
        token = secrets.token_urlsafe(32)
        now = self._clock.now()
        session = Session(
            token_hash=token_hash(token),
            user=user.id,
            created_at=now,
            expires_at=now + min(self._idle, self._lifetime),
            csrf_token=secrets.token_urlsafe(24),
            address=address,
            agent_string=agent_string[:200],
        )
        await self._users.save_session(session)
        self._shut_out -= {user.id}  # enabled again; if not, the next look tells
        signed_in = SignedIn(session=session, user=user)
        self._remember(signed_in)
        return token, signed_in

    async def find(self, hashed: str) -> SignedIn | None:
        """Return the session if it is still one; this counts as use of it."""
        signed_in = await self._known_or_read(hashed)
        if signed_in is None or hashed in self._revoked:
            return None
        if self._clock.now() >= signed_in.session.expires_at or signed_in.user.id in self._shut_out:
            await self.revoke(hashed)
            return None
        return self._extend(signed_in)

    async def of(self, user: UserId) -> Sequence[Session]:
        """Return the sessions of a user that go on, newest first."""
        now = self._clock.now()
        kept = await self._users.sessions_of(user)
        return [s for s in kept if s.expires_at > now and s.token_hash not in self._revoked]

    async def revoke(self, hashed: str) -> None:
        """End a session, here at once: nobody finds it any more, its sockets are closed."""
        self._forget(hashed)
        async with self._writing:
            await self._users.revoke_session(hashed)
        self._generation += 1
        self._revoked.discard(hashed)

    async def revoke_of(self, user: UserId, handle: str) -> None:
        """End the session of `user` that the list shows as `handle`."""
        for session in await self.of(user):
            if handle_of(session) == handle:
                await self.revoke(session.token_hash)
                return
        raise NotFound("There is no such session.")

    def shut_out(self, users: Collection[UserId]) -> None:
        """End the sessions of `users`, who are disabled, here at once; nobody else is shut out any more.

        Of the store they are gone already.
        """
        self._shut_out = frozenset(users)
        for hashed in [h for h, known in self._known.items() if known.signed_in.user.id in self._shut_out]:
            self._forget(hashed)

    async def revoke_others(self, signed_in: SignedIn) -> None:
        """End all other sessions of the same user."""
        for session in await self.of(signed_in.user.id):
            if session.token_hash != signed_in.session.token_hash:
                await self.revoke(session.token_hash)

    def watch(self, hashed: str, ended: Callable[[], None]) -> Callable[[], None]:
        """Call `ended` when the session is revoked here; the returned function ends the watch."""
        watchers = self._watchers.setdefault(hashed, set())
        watchers.add(ended)

        def end() -> None:
            watchers.discard(ended)
            if not watchers and self._watchers.get(hashed) is watchers:
                del self._watchers[hashed]

        return end

    def replace_user(self, user: User) -> None:
        """Use a changed user at once."""
        for hashed, known in self._known.items():
            if known.signed_in.user.id == user.id:
                changed = dataclasses.replace(known.signed_in, user=user)
                self._known[hashed] = _Known(changed, known.read_at)

    async def close(self) -> None:
        """Wait for what is being written."""
        if self._tasks:
            await asyncio.wait(self._tasks, timeout=2)

    async def _known_or_read(self, hashed: str) -> SignedIn | None:
        known = self._known.get(hashed)
        age = self._clock.monotonic() - known.read_at if known else 0.0
        if known is not None and age < CACHE_SECONDS:
            return known.signed_in
        try:
            return await self._read(hashed)
        except StorageUnavailable:
            if known is None or age > STALE_SECONDS:
                raise
            return known.signed_in

    async def _read(self, hashed: str) -> SignedIn | None:
        for _ in range(_READS):
            generation = self._generation
            session = await self._users.session(hashed)
            user = await self._users.user(session.user) if session else None
            if generation != self._generation:
                continue
            if session is None or user is None or user.disabled_at is not None:
                self._known.pop(hashed, None)
                return None
            signed_in = SignedIn(session=session, user=user)
            self._remember(signed_in)
            return signed_in
        return None

    def _remember(self, signed_in: SignedIn) -> None:
        now = self._clock.monotonic()
        self._known[signed_in.session.token_hash] = _Known(signed_in, now)
        if len(self._known) % 100 == 0:  # a session nobody uses must not stay for ever
            self._known = {h: k for h, k in self._known.items() if k.read_at + STALE_SECONDS > now}

    def _forget(self, hashed: str) -> None:
        self._generation += 1
        self._revoked.add(hashed)
        self._known.pop(hashed, None)
        for ended in tuple(self._watchers.get(hashed, ())):
            ended()

    def _extend(self, signed_in: SignedIn) -> SignedIn:
        session = signed_in.session
        expires_at = min(session.created_at + self._lifetime, self._clock.now() + self._idle)
        if expires_at - session.expires_at < EXTEND_STEP:
            return signed_in
        extended = dataclasses.replace(signed_in, session=dataclasses.replace(session, expires_at=expires_at))
        self._remember(extended)
        task = asyncio.create_task(self._save(extended.session))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return extended

    async def _save(self, session: Session) -> None:
        """Save a later expiry, unless the session is revoked meanwhile. Nobody waits for it."""
        try:
            async with self._writing:
                if session.token_hash in self._known and session.token_hash not in self._revoked:
                    await self._users.save_session(session)
        except StorageUnavailable as error:  # the next request tries again
            _log.warning("session_expiry_not_saved", user_id=session.user, reason=str(error))
        except Exception:  # noqa: BLE001
            _log.exception("session_expiry_not_saved", user_id=session.user)


def handle_of(session: Session) -> str:
    """Return by what a person names a session: part of the hash, of no use to sign in."""
    return session.token_hash[:16]
