"""Lets a run be opened elsewhere: by a link in a mail, by a code keyed in on the telephone. Each works once."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta

from caruso.clock import Clock
from caruso.comm_server.runs.tokens import (
    CODE_LIFETIME,
    HOUR_SECONDS,
    LINK_LIFETIME,
    CodeGuard,
    Quota,
    new_code,
    new_link_token,
    token_hash,
)
from caruso.comm_server.runs.views import CallCode, RunLink
from caruso.errors import NotFound, StorageUnavailable, TooMany
from caruso.model.ids import CustomerId, RunId
from caruso.model.run_records import RunToken, TokenPurpose
from caruso.ports.runs import RunStore

#: Codes and links that one run is given within an hour.
MOST_CODES = 10
MOST_LINKS = 20
#: A code that is in use already is drawn again.
MOST_DRAWS = 20

#: Where a link leads, below the server's public address.
RESUME_PATH = "/s/resume/"


class RunPasses:
    """Makes and takes one-time tokens."""

    def __init__(
        self,
        *,
        store: RunStore,
        clock: Clock,
        secret: bytes,
        public_url: str,
        number_to_call: Callable[[], str],
    ) -> None:
        """Keep hashes in `store`, made with `secret`; links begin with `public_url`."""
        self._store = store
        self._clock = clock
        self._secret = secret
        self._public_url = public_url.rstrip("/")
        self._number_to_call = number_to_call
        self._codes = Quota(MOST_CODES, HOUR_SECONDS, clock.monotonic)
        self._links = Quota(MOST_LINKS, HOUR_SECONDS, clock.monotonic)
        self._guard = CodeGuard(clock.monotonic)

    async def link(self, run: RunId, *, by: str = "", lifetime: timedelta = LINK_LIFETIME) -> RunLink:
        """Make a link; raise `TooMany`."""
        self._allow(self._links, run)
        token = new_link_token()
        kept = self._token(TokenPurpose.LINK, token, run, by, lifetime)
        await self._store.add_token(kept)
        return RunLink(token=token, url=f"{self._public_url}{RESUME_PATH}{token}", expires_at=kept.expires_at)

    async def code(self, run: RunId) -> CallCode:
        """Make a code; those made before for this run are void. Raise `TooMany`."""
        self._allow(self._codes, run)
        await self._store.void_tokens(run, TokenPurpose.CODE, self._clock.now())
        for _ in range(MOST_DRAWS):
            code = new_code()
            kept = self._token(TokenPurpose.CODE, code, run, "", CODE_LIFETIME)
            if await self._store.add_token(kept):
                return CallCode(code=code, number=self._number_to_call(), expires_at=kept.expires_at)
        raise StorageUnavailable

    async def redeem_link(self, token: str) -> RunToken:
        """Use a link up; raise `NotFound`."""
        hash_ = token_hash(TokenPurpose.LINK, token, self._secret)
        found = await self._store.redeem(hash_, TokenPurpose.LINK, self._clock.now())
        if found is None:
            raise NotFound("This link has been used, or is too old.")
        return found

    async def redeem_code(self, code: str, *, number: str) -> RunToken | None:
        """Use up a code keyed in by a caller with this `number`; None when it is wrong, or one guesses."""
        if self._guard.refuses(number):
            return None
        hash_ = token_hash(TokenPurpose.CODE, code, self._secret)
        found = await self._store.redeem(hash_, TokenPurpose.CODE, self._clock.now())
        if found is None:
            self._guard.wrong(number)
        return found

    async def redeem_for(self, customer: CustomerId) -> RunToken | None:
        """Use up the code of a customer who was recognised by number and has no need to key it in."""
        now = self._clock.now()
        waiting = await self._store.waiting_for_call(customer, now)
        return await self._store.redeem(waiting.hash, waiting.purpose, now) if waiting is not None else None

    async def restore(self, token: RunToken) -> None:
        """Let a token be used again: what it was used for did not come about."""
        await self._store.add_token(replace(token, used_at=None))

    def _allow(self, quota: Quota, run: RunId) -> None:
        if quota.used_up(run):
            raise TooMany
        quota.count(run)

    def _token(self, purpose: TokenPurpose, token: str, run: RunId, by: str, lifetime: timedelta) -> RunToken:
        now: datetime = self._clock.now()
        return RunToken(
            hash=token_hash(purpose, token, self._secret),
            run=run,
            purpose=purpose,
            created_at=now,
            expires_at=now + lifetime,
            by=by,
        )
