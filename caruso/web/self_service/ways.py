"""The ways in and out: the first page, a person instead of the machine, going on later or elsewhere, leaving."""

from __future__ import annotations

import re
import secrets
from collections import OrderedDict

import structlog
from aiohttp import web

from caruso.errors import RejectedInput
from caruso.web.refusals import Busy
from caruso.web.self_service import spam
from caruso.web.self_service.bodies import read_form
from caruso.web.self_service.failures import LinkUsedUp, MovedOn, SessionOver
from caruso.web.self_service.front import Front, Visit
from caruso.web.self_service.port import Position, PublicScript, SpeakCode, Standing
from caruso.web.self_service.sentences import sentence
from caruso.web.self_service.visitor import address_of

#: One address, without the oddities that RFC 5321 allows and nobody has.
_MAIL = re.compile(r"[A-Za-z0-9._%+'-]{1,64}@(?:[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?\.)+[A-Za-z]{2,24}")
_LONGEST_MAIL = 254
_PHONE = re.compile(r"\+?[0-9][0-9 ()/.-]{4,30}")
#: One of ours is 43 characters or fewer.
_TOKEN = re.compile(r"[A-Za-z0-9_-]{16,100}")
#: Start forms that were used, so that none begins two runs.
_MOST_NONCES = 20_000
#: So long the same form leads to the same run; afterwards somebody else may sit there.
PRESSED_TWICE_SECONDS = 10.0

_log = structlog.get_logger(__name__)


class Ways:
    """Handlers."""

    def __init__(self, front: Front) -> None:
        """Begin with no form used."""
        self._front = front
        #: By the form's nonce: the run it began (None while that is going on), and when in monotonic seconds.
        self._used: OrderedDict[str, tuple[Position | None, float]] = OrderedDict()

    # -- In ---------------------------------------------------------------------------------------------------

    async def first(self, request: web.Request) -> web.Response:
        """Show the first page."""
        script = self._front.script(request)
        return self._first(request, script, running=await self._is_running(request))

    async def _is_running(self, request: web.Request) -> bool:
        try:
            visit = await self._front.visit(request)
        except (SessionOver, MovedOn):
            return False
        return visit.position.standing is not Standing.FINISHED

    def _first(
        self, request: web.Request, script: PublicScript, *, running: bool = False, notice: str = ""
    ) -> web.Response:
        language = self._front.visitors_language(request, script)
        frame = self._front.frame(request, script, language)
        token = spam.start_token(
            self._front.seal, script.script, self._front.clock.now().timestamp(), secrets.token_urlsafe(9)
        )
        text = self._front.pages.start(
            frame,
            script,
            start_token=token,
            running=running,
            notice=sentence(notice, language) if notice else "",
        )
        return self._front.page(text, 200 if script.is_open else 503)

    async def start(self, request: web.Request) -> web.Response:
        """Begin a run; the same form given twice leads to the same one."""
        self._front.check_page(request)
        script = self._front.script(request)
        form = await read_form(request)
        token, now = form.text("start"), self._front.clock.now().timestamp()
        verdict = spam.judge(self._front.seal, script.script, token, form.text(spam.TRAP), now)
        if not script.is_open:
            return self._first(request, script)
        if verdict is not spam.Verdict.PERSON:
            _log.info("start_refused", script=script.script, reason=verdict.value)
            return self._first(request, script, notice=verdict.value)
        position = await self._begun(request, script, form.text("language"), spam.nonce_of(token))
        if position is None:
            return self._first(request, script, notice=spam.Verdict.OUTDATED.value)
        response = self._front.go(f"{address_of(script.script)}/step")
        self._front.visitors.keep(response, position)
        self._front.visitors.keep_language(response, position.turn.language)
        return response

    async def _begun(
        self, request: web.Request, script: PublicScript, language: str, nonce: str
    ) -> Position | None:
        """Return the run a start form begins, or has just begun (pressed twice); None when that is long ago."""
        if nonce not in self._used:
            return await self._begin(request, script, language, nonce)
        position, at = self._used[nonce]
        if self._front.clock.monotonic() - at > PRESSED_TWICE_SECONDS:
            return None
        if position is None:
            raise Busy
        return position

    async def _begin(self, request: web.Request, script: PublicScript, language: str, nonce: str) -> Position:
        network, now = self._front.network(request), self._front.clock.monotonic()
        self._front.limits.begin(network, script.script, now)
        spoken = language if language in script.languages else self._front.visitors_language(request, script)
        self._used[nonce] = (None, now)
        try:
            address = self._front.address(request)
            position = await self._front.runs.begin(script, language=spoken, address=address)
        except BaseException:
            self._used.pop(nonce, None)
            raise
        self._used[nonce] = (position, now)
        while len(self._used) > _MOST_NONCES:
            self._used.popitem(last=False)
        self._front.limits.open_runs.seen(network, position.run, now)
        return position

    # -- To a person ------------------------------------------------------------------------------------------

    async def help(self, request: web.Request) -> web.Response:
        """Show how to speak to somebody."""
        return self._help(await self._front.visit(request))

    def _help(
        self, visit: Visit, *, typed: str = "", problem: str = "", code: SpeakCode | None = None
    ) -> web.Response:
        text = self._front.pages.help(
            self._front.run_frame(visit),
            visit.script,
            typed=typed,
            problem=sentence(problem, visit.language) if problem else "",
            code=code,
            until=self._front.clock_time(code.valid_until, visit.language) if code else "",
        )
        return self._front.page(text, 422 if problem else 200)

    async def ask_help(self, request: web.Request) -> web.Response:
        """Give a code for the phone, or have the visitor called back."""
        visit, form = await self._front.posted(request)
        if form.text("action") == "code" and visit.script.call:
            self._front.count("codes", request)
            return self._help(visit, code=await self._front.runs.speak_code(visit.run))
        number = form.text("phone").strip()
        if not visit.script.call_back or not _PHONE.fullmatch(number):
            return self._help(visit, typed=number[:40], problem="help-wrong-number")
        self._front.count("call_backs", request)
        digits = re.sub(r"[^0-9+]", "", number)
        self._front.limits.count("call_backs_to_one", digits, self._front.clock.monotonic())
        try:
            await self._front.runs.call_back(visit.run, number=digits, language=visit.language)
        except RejectedInput:
            return self._help(visit, typed=number[:40], problem="help-wrong-number")
        return self._front.go(f"{visit.url}/step?said=help-called")

    # -- Later, elsewhere -------------------------------------------------------------------------------------

    async def save(self, request: web.Request) -> web.Response:
        """Show the form that has a link mailed."""
        return self._save(await self._front.visit(request))

    def _save(self, visit: Visit, *, typed: str = "", problem: str = "") -> web.Response:
        problem = sentence(problem, visit.language) if problem else ""
        text = self._front.pages.save(self._front.run_frame(visit), typed=typed, problem=problem)
        return self._front.page(text, 422 if problem else 200)

    async def mail(self, request: web.Request) -> web.Response:
        """Mail a link to go on with. What is said tells nobody whether the address exists."""
        visit, form = await self._front.posted(request)
        address = form.text("mail").strip()
        if not visit.script.mail:
            raise Busy
        if len(address) > _LONGEST_MAIL or not _MAIL.fullmatch(address):
            return self._save(visit, typed=address[:_LONGEST_MAIL], problem="save-wrong-mail")
        self._front.count("mails", request)
        self._front.limits.count("mails_to_one", address.lower(), self._front.clock.monotonic())
        try:
            await self._front.runs.mail_link(visit.run, address=address, language=visit.language)
        except RejectedInput:
            return self._save(visit, typed=address, problem="save-failed")
        return self._front.go(f"{visit.url}/step?said=save-sent")

    async def offer_resume(self, request: web.Request) -> web.Response:
        """Show the page behind a mailed link: the same for every token, good or not, which is not even looked at.

        Programs that look at links before their readers do use nothing up: only the page's button does.
        """
        _token(request)
        frame = self._front.frame(request, None, self._front.visitors_language(request))
        return self._front.page(self._front.pages.resume(frame))

    async def resume(self, request: web.Request) -> web.Response:
        """Use the link up, and go on in this browser."""
        self._front.check_page(request)
        self._front.count("resumes", request)
        position = await self._front.runs.redeem(_token(request))
        if position is None:
            raise LinkUsedUp
        response = self._front.go(f"{address_of(position.script)}/step")
        self._front.visitors.keep(response, position)
        self._front.visitors.keep_language(response, position.turn.language)
        return response

    async def leave(self, request: web.Request) -> web.Response:
        """Forget the run in this browser; the run itself goes on being kept."""
        visit, _ = await self._front.posted(request)
        self._front.drafts.drop(visit.run)
        for nonce in [nonce for nonce, (begun, _) in self._used.items() if begun and begun.run == visit.run]:
            self._used[nonce] = (None, -PRESSED_TWICE_SECONDS)
        response = self._front.go(f"{visit.url}?said=left")
        self._front.visitors.forget(response, visit.script.script)
        return response


def _token(request: web.Request) -> str:
    token = request.match_info["token"]
    if not _TOKEN.fullmatch(token):
        raise LinkUsedUp
    return token
