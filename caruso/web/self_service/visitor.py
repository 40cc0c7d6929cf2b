"""Who visits: which run the cookie holds, whether a form is ours, which language is spoken. Reads no run.

The cookie holds the run's id under our seal, for one script and until a link is used. Nobody can make one up.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from urllib.parse import quote

from aiohttp import hdrs, web

from caruso.model.ids import RunId, ScriptId
from caruso.web.origin import is_our_page
from caruso.web.refusals import Forged
from caruso.web.self_service.port import Position
from caruso.web.self_service.seal import LONGEST, Seal
from caruso.web.self_service.sentences import choose

LANGUAGE_COOKIE = "caruso-language"
_RUN, _CSRF = "run", "csrf"


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """What a cookie says."""

    run: RunId
    #: As in `Position.session`.
    session: str


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

    def run(self, request: web.Request, script: ScriptId) -> Held | None:
        """Return the run that this browser leads, or None."""
        held = request.cookies.get(self.cookie, "")
        opened = self._seal.open(_RUN, held) if 0 < len(held) <= LONGEST else None
        parts = (opened or "").split(":")
        if len(parts) != 3 or parts[0] != quote(script, safe=""):
            return None
        return Held(run=RunId(parts[1]), session=parts[2])

    def keep(self, response: web.StreamResponse, position: Position) -> None:
        """Give the browser a run to go on with, until it is closed."""
        response.set_cookie(
            self.cookie,
            self._seal.seal(_RUN, f"{quote(position.script, safe='')}:{position.run}:{position.session}"),
            path=address_of(position.script),
            httponly=True,
            samesite="Lax",
            secure=self._https,
        )

    def keep_language(self, response: web.StreamResponse, language: str) -> None:
        """Let pages that know no run, such as those of failures, speak the language that was chosen."""
        response.set_cookie(
            LANGUAGE_COOKIE, language, path="/s", httponly=True, samesite="Lax", secure=self._https
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
    """Return the language to begin in: the one asked for in the address, or chosen before, or liked best."""
    languages = tuple(offered)
    for wanted in (request.query.get("lang", ""), request.cookies.get(LANGUAGE_COOKIE, "")):
        if wanted in languages:
            return wanted
    return choose(request.headers.get(hdrs.ACCEPT_LANGUAGE, ""), languages)
