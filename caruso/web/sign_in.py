"""Check names and passwords, not too often, and in the same time whether the user exists, is disabled, or not.

Knows no HTTP. Only failures count towards the limits, so that a whole centre behind one address can begin work.
"""

from __future__ import annotations

import asyncio
import dataclasses

import structlog

from caruso.clock import Clock
from caruso.model.ids import UserId
from caruso.model.records import User
from caruso.ports.users import UserStore
from caruso.web.passwords import CONCURRENCY, Passwords
from caruso.web.rate_limit import RateLimit, network_of
from caruso.web.refusals import TooManyAttempts, WrongPassword
from caruso.web.sessions import Sessions, SignedIn
from caruso.web.settings import WebSettings

_log = structlog.get_logger(__name__)


class SignIn:
    """The way in."""

    def __init__(
        self, settings: WebSettings, users: UserStore, passwords: Passwords, sessions: Sessions, clock: Clock
    ) -> None:
        """Begin with no failures counted."""
        self._users = users
        self._passwords = passwords
        self._sessions = sessions
        self._clock = clock
        self._by_user = RateLimit(settings.sign_ins_per_user)
        self._by_address = RateLimit(settings.sign_ins_per_address)
        self._at_once = asyncio.Semaphore(CONCURRENCY)

    async def sign_in(self, name: str, password: str, *, address: str, agent_string: str) -> tuple[str, SignedIn]:
        """Return a new session and its token; raise `WrongPassword`, `TooManyAttempts` or `Busy`."""
        self._check_limits(name, address)
        user = await self._users.user(UserId(name))
        if not await self._matches(name, user, password, address) or user is None:
            _log.info("sign_in_refused", pii_user=name, pii_address=address)
            raise WrongPassword
        user = await self._renew_hash(user, password)
        opened = await self._sessions.open(user, address=address, agent_string=agent_string)
        _log.info("signed_in", user_id=user.id, role=user.role)
        return opened

    async def change_password(self, signed_in: SignedIn, old: str, new: str, *, address: str) -> None:
        """Give a user another password and end all other sessions; raise `WrongPassword` for the old one."""
        self._check_limits(signed_in.user.id, address)
        user = await self._users.user(signed_in.user.id)
        if not await self._matches(signed_in.user.id, user, old, address) or user is None:
            raise WrongPassword("The old password is wrong.")
        await self._keep_hash(user, new)
        await self._sessions.revoke_others(signed_in)
        _log.info("password_changed", user_id=user.id)

    async def _matches(self, name: str, user: User | None, password: str, address: str) -> bool:
        """Verify, counting the attempt before it is made: many at the same time are no way round the limit."""
        network = network_of(address)
        async with self._at_once:
            self._check_limits(name, address)
            now = self._clock.monotonic()
            self._by_user.count(name, now)
            self._by_address.count(network, now)
            kept = user.password_hash if user is not None and user.disabled_at is None else None
            matches = await self._passwords.verify(kept, password)
        if matches:
            self._by_user.take_back(name)
            self._by_address.take_back(network)
        return matches

    def _check_limits(self, name: str, address: str) -> None:
        now = self._clock.monotonic()
        wait = max(self._by_user.retry_after(name, now), self._by_address.retry_after(network_of(address), now))
        if wait > 0:
            raise TooManyAttempts(wait)

    async def _renew_hash(self, user: User, password: str) -> User:
        """Hash with today's parameters, now that the password is at hand."""
        if not self._passwords.is_outdated(user.password_hash):
            return user
        return await self._keep_hash(user, password)

    async def _keep_hash(self, user: User, password: str) -> User:
        changed = dataclasses.replace(user, password_hash=await self._passwords.hash(password))
        await self._users.save_user(changed)
        self._sessions.replace_user(changed)
        return changed
