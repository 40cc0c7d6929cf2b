"""What every handler of the self-service pages needs: who visits, where the run stands, and an answer to send."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path
from typing import Protocol
from zoneinfo import ZoneInfo

from aiohttp import hdrs, web

from caruso.clock import Clock
from caruso.errors import NotFound
from caruso.model.ids import RunId, ScriptId
from caruso.script_engine import written
from caruso.web.origin import our_origins
from caruso.web.rate_limit import network_of
from caruso.web.self_service.assets import Assets
from caruso.web.self_service.bodies import Form, read_form
from caruso.web.self_service.drafts import Drafts
from caruso.web.self_service.failures import MovedOn, SessionOver
from caruso.web.self_service.limits import Limits, SelfServiceLimits
from caruso.web.self_service.pages import Frame, Pages, languages_of
from caruso.web.self_service.port import Position, PublicScript, SelfServiceRuns, Standing
from caruso.web.self_service.seal import Seal
from caruso.web.self_service.sentences import LANGUAGES, localized, sentence, spoken
from caruso.web.self_service.visitor import Held, Visitors, address_of, check_page, language_for

#: Nothing of a page may come from elsewhere, run inline, be framed or be sent elsewhere.
PAGE_POLICY = (
    "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; connect-src 'self'; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
_HEADERS = {
    "Content-Security-Policy": PAGE_POLICY,
    "Referrer-Policy": "no-referrer",
    "X-Robots-Tag": "noindex, nofollow, noarchive",
    "Permissions-Policy": "geolocation=(self), camera=(), microphone=(self), payment=(), usb=()",
    hdrs.CACHE_CONTROL: "no-store",
    hdrs.VARY: "Cookie, Accept-Language",
}
#: Sentences that an address may ask for (``?said=``): nothing else can be put into a page from outside.
SAID = frozenset({"stale", "changed", "extended", "left", "language-changed", "help-called", "save-sent"})


@dataclass(frozen=True, slots=True, kw_only=True)
class SelfServiceSettings:
    """What the pages must know about the machine they run on."""

    #: Of at least 16 bytes; another one ends all runs in browsers.
    secret: bytes
    #: How browsers reach us, without a path, when it is not how the request was sent.
    public_origin: str = ""
    https: bool = False
    #: The folder of the built console, which holds the script that makes pages better.
    dist: Path = Path("agent_ui/dist")
    limits: SelfServiceLimits = field(default_factory=SelfServiceLimits)
    #: A request that takes longer is answered with ``busy``.
    request_seconds: float = 15.0


class Addresses(Protocol):
    """Who tells from which address a request comes (`caruso.web.gate.Gate`)."""

    def address(self, request: web.Request) -> str:
        """Return the browser's address."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Visit:
    """A request by somebody who leads a run."""

    request: web.Request
    script: PublicScript
    run: RunId
    position: Position

    @property
    def url(self) -> str:
        """Return the path of the script's pages."""
        return address_of(self.script.script)

    @property
    def language(self) -> str:
        """Return the language the run speaks."""
        return self.position.turn.language


def seen_by(held: Held, position: Position) -> Position:
    """Return what the holder of a cookie may see of a run.

    Whoever had it before somebody used a link is out (`MovedOn`): a link must not lead people to fill in what
    another browser reads. While a person leads it, the page that was left tells so, and no answers.
    """
    if held.session == position.session:
        return position
    if position.standing is Standing.ELSEWHERE:
        return replace(position, trail=(), files={})
    raise MovedOn


class Front:
    """Shared by all handlers."""

    def __init__(
        self, settings: SelfServiceSettings, runs: SelfServiceRuns, addresses: Addresses, clock: Clock
    ) -> None:
        """Begin with no draft and nothing counted."""
        self.settings = settings
        self.runs = runs
        self.clock = clock
        self.seal = Seal(settings.secret)
        self.visitors = Visitors(self.seal, https=settings.https)
        self.pages = Pages()
        self.assets = Assets(settings.dist)
        self.drafts = Drafts()
        self.limits = Limits(settings.limits)
        self._addresses = addresses

    # -- Who visits -------------------------------------------------------------------------------------------

    def address(self, request: web.Request) -> str:
        """Return the visitor's Internet address."""
        return self._addresses.address(request)

    def network(self, request: web.Request) -> str:
        """Return whom limits count for."""
        return network_of(self.address(request))

    def count(self, kind: str, request: web.Request) -> None:
        """Count something the visitor does; raise `TooManyAttempts`."""
        self.limits.count(kind, self.network(request), self.clock.monotonic())

    def check_page(self, request: web.Request) -> None:
        """Raise `Forged` for a form of another site."""
        check_page(
            request,
            our_origins(scheme=request.scheme, host=request.host, public_origin=self.settings.public_origin),
        )

    def script(self, request: web.Request) -> PublicScript:
        """Return the script of the address; raise `NotFound`."""
        found = self.runs.scripts().get(ScriptId(request.match_info["script"]))
        if found is None:
            raise NotFound
        return found

    async def visit(self, request: web.Request) -> Visit:
        """Return the run of the visitor's cookie; raise `NotFound` or `SessionOver` when there is none."""
        wanted = ScriptId(request.match_info["script"])
        held = self.visitors.run(request, wanted)
        position = await self.runs.position(held.run) if held is not None else None
        if held is None or position is None or position.script != wanted:
            self.script(request)
            raise SessionOver
        script = self.runs.scripts().get(wanted) or self.runs.unlisted(position)
        self.limits.open_runs.seen(self.network(request), held.run, self.clock.monotonic())
        return Visit(request=request, script=script, run=held.run, position=seen_by(held, position))

    async def posted(self, request: web.Request, *, files: bool = False) -> tuple[Visit, Form]:
        """Return visit and form of a request that changes something; raise `Forged` besides."""
        self.check_page(request)
        self.count("inputs", request)
        self.limits.count("inputs_of_script", request.match_info["script"][:100], self.clock.monotonic())
        visit = await self.visit(request)
        form = await read_form(request, files=files)
        self.visitors.check_form(visit.run, form.text("csrf"))
        return visit, form

    # -- What is answered -------------------------------------------------------------------------------------

    def frame(self, request: web.Request, script: PublicScript | None, language: str) -> Frame:
        """Return the frame of a page without a run."""
        asked = request.query.get("said", "")
        fallback = script.languages[0] if script else ""
        return Frame(
            brand=self.runs.brand(),
            language=language,
            style=self.assets.style_address,
            brand_style=self.assets.brand_address(self.runs.brand()),
            enhance=self.assets.enhance_address,
            url=address_of(script.script) if script else "",
            script_title=localized(script.titles, language, fallback) if script else "",
            notice=sentence(asked, language) if asked in SAID else "",
            languages=languages_of(script.languages) if script else (),
        )

    def run_frame(self, visit: Visit, *, notice: str = "") -> Frame:
        """Return the frame of a page of a run."""
        bare = self.frame(visit.request, visit.script, visit.language)
        position = visit.position
        is_open = position.standing is not Standing.FINISHED
        expires = position.expires_at if is_open else None
        return replace(
            bare,
            notice=notice or bare.notice,
            languages=languages_of(position.languages) if position.standing is Standing.OPEN else (),
            csrf=self.visitors.csrf(visit.run),
            answered=len(position.trail) if is_open or position.may_correct else 0,
            can_help=is_open and (visit.script.call or visit.script.call_back),
            can_save=is_open and visit.script.mail,
            expires=self.clock_time(expires, visit.language) if expires else "",
            seconds=max(0, int((expires - self.clock.now()).total_seconds())) if expires else 0,
        )

    def clock_time(self, moment: datetime, language: str) -> str:
        """Return a time at the centre in the words of a page, with its day unless that is today."""
        zone = ZoneInfo(self.runs.brand().time_zone)
        local, today = moment.astimezone(zone).replace(second=0), self.clock.now().astimezone(zone)
        write = written.clock if local.date() == today.date() else written.moment
        return write(local, spoken(language))

    def page(self, text: str, status: int = 200) -> web.Response:
        """Return a page."""
        return web.Response(text=text, status=status, content_type="text/html", headers=_HEADERS)

    def go(self, address: str) -> web.Response:
        """Send the browser to another page of ours, to be fetched by GET (RFC 9110, 15.4.4)."""
        return web.Response(status=303, headers={**_HEADERS, hdrs.LOCATION: address})

    def empty(self) -> web.Response:
        """Say that it was done, and show nothing."""
        return web.Response(status=204, headers=_HEADERS)

    def visitors_language(self, request: web.Request, script: PublicScript | None = None) -> str:
        """Return the language to speak to somebody of whom no run is known."""
        return language_for(request, script.languages if script else LANGUAGES)
