"""Who visits: which run the cookie holds, whether a form is ours, which language is spoken. Reads no run.

The cookie holds the run's id under our seal, for one script. Nobody can make one up.
"""

from __future__ import annotations

from collections.abc import Iterable
from urllib.parse import quote

from aiohttp import hdrs, web

from caruso.model.ids import RunId, ScriptId
from caruso.web.origin import is_our_page
from caruso.web.refusals import Forged
from caruso.web.self_service.seal import LONGEST, Seal
from caruso.web.self_service.sentences import choose

_RUN, _CSRF = "run", "csrf"


class Visitors:
    """Reads and writes cookies."""

    def __init__(self, seal: Seal, *, https: bool) -> None:
        """Know the seal; over https browsers send the cookie over https only."""
        self._seal = seal
        self._https = https

    @property
    def cookie(self) -> str:
        """Return the cookie's name."""
        return "__Secure-caruso-run" if self._https else "caruso-run"

    def run(self, request: web.Request, script: ScriptId) -> RunId | None:
        """Return the run that this browser leads, or None."""
        held = request.cookies.get(self.cookie, "")
        opened = self._seal.open(_RUN, held) if 0 < len(held) <= LONGEST else None
        of, _, run = (opened or "").rpartition(":")
        return RunId(run) if run and of == quote(script) else None

    def keep(self, response: web.StreamResponse, script: ScriptId, run: RunId) -> None:
        """Give the browser a run to go on with, until it is closed."""
        response.set_cookie(
            self.cookie,
            self._seal.seal(_RUN, f"{quote(script)}:{run}"),
            path=address_of(script),
            httponly=True,
            samesite="Lax",
            secure=self._https,
        )

    def forget(self, response: web.StreamResponse, script: ScriptId) -> None:
        """Take the run away from the browser."""
        response.set_cookie(
            self.cookie, "", path=address_of(script), httponly=True, samesite="Lax", secure=self._https, max_age=0
        )

    def csrf(self, run: RunId) -> str:
        """Return what a form of this run carries."""
        return self._seal.mark(_CSRF, run)

    def check_form(self, run: RunId, token: str) -> None:
        """Raise `Forged` unless a form with this token is one of the run's own."""
        if not self._seal.is_mark(token, _CSRF, run):
            raise Forged


def address_of(script: ScriptId) -> str:
    """Return the path of a script's first page."""
    return f"/s/{quote(script, safe='')}"


def check_page(request: web.Request, ours: frozenset[str]) -> None:
    """Raise `Forged` when a request says that it comes from elsewhere.

    Our pages send no referrer, and browsers then say ``Origin: null`` (Fetch, “serializing a request origin”):
    that says nothing, and `Sec-Fetch-Site` and the form's token decide.
    """
    origin = request.headers.get(hdrs.ORIGIN)
    known = None if origin == "null" else origin
    if not is_our_page(origin=known, fetch_site=request.headers.get("Sec-Fetch-Site"), ours=ours):
        raise Forged


def language_for(request: web.Request, offered: Iterable[str]) -> str:
    """Return the language to begin in: the one asked for in the address, else the one the browser likes."""
    languages = tuple(offered)
    asked = request.query.get("lang", "")
    return asked if asked in languages else choose(request.headers.get(hdrs.ACCEPT_LANGUAGE, ""), languages)
