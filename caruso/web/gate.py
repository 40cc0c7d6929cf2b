"""Lets requests in: who is it, from which page, with which role. Every operation and socket passes here.

Raises a `caruso.errors.CarusoError` where somebody is not let in; the edge turns it into an answer.
"""

from __future__ import annotations

import hmac
import ipaddress

from aiohttp import hdrs, web

from caruso.errors import NotAllowed
from caruso.model.centre import Role
from caruso.web.origin import is_our_page, is_our_socket, our_origins
from caruso.web.refusals import Forged, NotSignedIn
from caruso.web.sessions import Sessions, SignedIn, token_hash
from caruso.web.settings import WebSettings

CSRF_HEADER = "X-CSRF-Token"
_FETCH_SITE = "Sec-Fetch-Site"
_FORWARDED_FOR = "X-Forwarded-For"
_SAFE = frozenset({"GET", "HEAD", "OPTIONS"})
#: A token is 43 characters; anything longer is not one of ours and is not worth a look-up.
_TOKEN_LIMIT = 100


class Gate:
    """Decides about every request."""

    def __init__(self, settings: WebSettings, sessions: Sessions) -> None:
        """Know the settings and the sessions."""
        self._settings = settings
        self._sessions = sessions

    @property
    def cookie(self) -> str:
        """Return the cookie's name; with ``__Host-`` browsers take it from this host over https only."""
        return "__Host-caruso" if self._settings.https else "caruso"

    async def admit(self, request: web.Request, role: Role | None) -> SignedIn | None:
        """Return who asks, or raise `NotSignedIn`, `NotAllowed` or `Forged`."""
        safe = request.method in _SAFE
        if not safe:
            self._check_page(request)
        if role is None:
            return None
        signed_in = await self._signed_in(request)
        if not safe:
            _check_csrf(request, signed_in)
        if not signed_in.may(role):
            raise NotAllowed
        return signed_in

    async def admit_socket(self, request: web.Request, role: Role) -> SignedIn:
        """Return who opens a WebSocket; cookies come with those of foreign pages too, so the origin counts."""
        if not is_our_socket(origin=request.headers.get(hdrs.ORIGIN), ours=self._ours(request)):
            raise Forged("The WebSocket was not opened by our own page (Origin).")
        signed_in = await self._signed_in(request)
        if not signed_in.may(role):
            raise NotAllowed
        return signed_in

    async def still(self, signed_in: SignedIn, role: Role) -> bool:
        """Tell whether a session goes on and still has the role; an open socket counts as use."""
        found = await self._sessions.find(signed_in.session.token_hash)
        return found is not None and found.may(role)

    def address(self, request: web.Request) -> str:
        """Return the browser's address: the last one that no proxy of ours has."""
        address = request.remote or ""
        if address in self._settings.trusted_proxies:
            for hop in reversed(request.headers.get(_FORWARDED_FOR, "").split(",")):
                if hop.strip():
                    address = hop.strip()[:64]
                if address not in self._settings.trusted_proxies:
                    break
        return address

    def is_on_this_machine(self, request: web.Request) -> bool:
        """Tell whether the request was made here, and not passed on by a proxy that runs here."""
        if _FORWARDED_FOR in request.headers or hdrs.FORWARDED in request.headers:
            return False
        try:
            return ipaddress.ip_address(request.remote or "").is_loopback
        except ValueError:
            return False

    async def _signed_in(self, request: web.Request) -> SignedIn:
        token = request.cookies.get(self.cookie, "")
        if not token or len(token) > _TOKEN_LIMIT:
            raise NotSignedIn
        signed_in = await self._sessions.find(token_hash(token))
        if signed_in is None:
            raise NotSignedIn
        return signed_in

    def _check_page(self, request: web.Request) -> None:
        ours = is_our_page(
            origin=request.headers.get(hdrs.ORIGIN),
            fetch_site=request.headers.get(_FETCH_SITE),
            ours=self._ours(request),
        )
        if not ours:
            raise Forged

    def _ours(self, request: web.Request) -> frozenset[str]:
        return our_origins(scheme=request.scheme, host=request.host, public_origin=self._settings.public_origin)


def _check_csrf(request: web.Request, signed_in: SignedIn) -> None:
    given = request.headers.get(CSRF_HEADER, "").encode("utf-8", "surrogateescape")
    if not hmac.compare_digest(given, signed_in.session.csrf_token.encode()):
        raise Forged
