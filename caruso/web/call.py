"""The request an operation is carried out for: who asks, from where, and what happens to the cookie."""

from __future__ import annotations

from dataclasses import dataclass, field

from aiohttp import web

from caruso.web.refusals import NotSignedIn
from caruso.web.sessions import SignedIn


@dataclass(slots=True, kw_only=True)
class Call:
    """Given to every operation."""

    signed_in: SignedIn | None
    #: Of the browser, as far as it is known.
    address: str
    agent_string: str
    #: Set to give the browser another session's token; empty takes it away.
    new_token: str | None = field(default=None)

    @property
    def who(self) -> SignedIn:
        """Return who is signed in."""
        if self.signed_in is None:
            raise NotSignedIn
        return self.signed_in

    def keep_cookie(self, response: web.StreamResponse, *, name: str, secure: bool) -> None:
        """Carry out what was decided about the cookie."""
        if self.new_token is None:
            return
        value = self.new_token
        response.set_cookie(
            name,
            value,
            path="/",
            httponly=True,
            samesite="Lax",
            secure=secure,
            max_age=None if value else 0,
        )
