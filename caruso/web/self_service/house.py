"""The pages' runs are those of the house: durable, found again on the phone, called back by its agents.

Implements `port.SelfServiceRuns`. Which scripts are public is read from the centre's description as it is now.
"""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import replace
from datetime import datetime
from decimal import Decimal

from caruso.clock import Clock
from caruso.comm_server.runs.views import RunView
from caruso.errors import IllegalMove, Located, NotFound, RejectedInput, RunExpired, TooMany
from caruso.model.centre import Centre, EntryPoint
from caruso.model.ids import RunId, ScriptId
from caruso.model.opening_hours import is_open
from caruso.model.run_records import StoredFile
from caruso.ports.scripts import ActionServices
from caruso.script_engine import written
from caruso.script_engine.nodes import Dialog, Keep
from caruso.script_engine.turns import Input, QuestionType, ScriptChannel, TakenOver, Value
from caruso.service_manager.failures import ServiceFailed
from caruso.web.refusals import Busy, TooManyAttempts
from caruso.web.runs_port import Runs
from caruso.web.self_service.controls import UPLOADS, questions_of
from caruso.web.self_service.port import Brand, Position, PublicScript, SpeakCode, Standing, UploadedFile
from caruso.web.self_service.sentences import sentence, spoken

#: What a service may take before the visitor is told to try again, seconds.
SERVICE_SECONDS = 10.0
#: After so many seconds more codes or links are given out again.
_QUOTA_SECONDS = 600.0
_PIECE = 64 * 1024


class HouseRuns:
    """Runs of public scripts."""

    def __init__(
        self,
        runs: Runs,
        *,
        centre: Callable[[], Centre],
        dialog: Callable[[ScriptId], Dialog | None],
        services: ActionServices,
        clock: Clock,
        mails: bool,
    ) -> None:
        """Know where runs live, what the centre and its scripts are now, and whether mails can be sent."""
        self._runs = runs
        self._centre = centre
        self._dialog = dialog
        self._services = services
        self._clock = clock
        self._mails = mails

    def brand(self) -> Brand:
        """Return the centre's name and colour."""
        centre = self._centre()
        return Brand(name=centre.name, colour=centre.colour, time_zone=centre.timezone)

    def scripts(self) -> Mapping[ScriptId, PublicScript]:
        """Return the scripts that entry points put on the web."""
        centre, now = self._centre(), self._clock.now()
        pages: dict[ScriptId, PublicScript] = {}
        for point in centre.entry_points.values():
            dialog = self._dialog(point.web) if point.web is not None else None
            if dialog is not None and point.web is not None and ScriptChannel.WEB in dialog.channels:
                pages[point.web] = public_script(point, dialog, centre, now, mails=self._mails)
        return pages

    def unlisted(self, position: Position) -> PublicScript:
        """Return the script of a run that came by a link; nobody calls back, for no entry point says who."""
        return PublicScript(
            script=position.script,
            entry_point=None,
            titles=position.titles,
            languages=position.languages,
            is_open=False,
            call=takes_codes(self._centre()),
            mail=self._mails,
        )

    # -- Runs -------------------------------------------------------------------------------------------------

    async def begin(self, script: PublicScript, *, language: str, address: str) -> Position:
        """Start a run."""
        return await self._position(await self._runs.start(script.script, language=language, address=address))

    async def position(self, run: RunId) -> Position | None:
        """Return where a run stands."""
        try:
            return await self._position(await self._runs.view(run))
        except (NotFound, RunExpired):
            return None

    async def give(self, run: RunId, given: Input) -> Position | None:
        """Give an input; while an agent leads the run it changes nothing."""
        try:
            return await self._position(await self._runs.give(run, given))
        except IllegalMove:
            position = await self.position(run)
            return replace(position, taken=False) if position is not None else None
        except (NotFound, RunExpired):
            return None

    async def extend(self, run: RunId) -> Position | None:
        """Let the present item begin again: time limit and expiry do, too."""
        return await self.give(run, TakenOver(channel=ScriptChannel.WEB))

    async def keep(self, run: RunId, item: str, upload: UploadedFile) -> Mapping[str, Value]:
        """Keep a file."""
        bare = item.partition("#")[0]  # of a repeat: every pass is the same item
        try:
            kept = await self._runs.keep_file(
                run, bare, name=upload.name, media_type=upload.media_type, content=_pieces(upload.content)
            )
        except NotFound as error:
            raise RejectedInput((Located(rule=error.code, message=str(error)),)) from error
        return _file_value(kept)

    # -- Elsewhere --------------------------------------------------------------------------------------------

    async def speak_code(self, run: RunId) -> SpeakCode:
        """Return number and code for the phone."""
        try:
            given = await self._runs.call_code(run)
        except TooMany as error:
            raise TooManyAttempts(_QUOTA_SECONDS) from error
        return SpeakCode(number=given.number, code=given.code, valid_until=given.expires_at)

    async def call_back(self, run: RunId, *, number: str, language: str) -> None:
        """Promise a call by an agent of the page's queue; asking again for the same number promises no other."""
        view = await self._runs.view(run)
        point = self._entry_point(ScriptId(view.dialog.id))
        params = {
            "number": number,
            "queue": point.queue,
            "customer": view.customer,
            "reason": view.dialog.title(language),
        }
        await self._ask("callback.schedule", params, key=f"{run}/web-call-back/{number}")

    async def mail_link(self, run: RunId, *, address: str, language: str) -> None:
        """Mail a link that opens the run once."""
        view = await self._runs.view(run)
        try:
            link = await self._runs.link(run)
        except TooMany as error:
            raise TooManyAttempts(_QUOTA_SECONDS) from error
        told = {
            "title": view.dialog.title(language),
            "name": self._centre().name,
            "url": link.url,
            "time": written.moment_in(link.expires_at, self._centre().timezone, spoken(language)),
        }
        params = {
            "to": address,
            "subject": sentence("mail-subject", language, **told),
            "text": sentence("mail-text", language, **told),
        }
        await self._ask("email.send", params, key=f"{run}/web-link/{secrets.token_urlsafe(9)}")

    async def redeem(self, token: str) -> Position | None:
        """Use a link up."""
        try:
            return await self._position(await self._runs.open_link(token))
        except (NotFound, RunExpired):
            return None

    # -- Inside -----------------------------------------------------------------------------------------------

    async def _ask(self, service: str, params: Mapping[str, object], *, key: str) -> None:
        try:
            async with asyncio.timeout(SERVICE_SECONDS):
                await self._services.call(service, params, key=key)
        except TimeoutError:
            raise Busy from None
        except ServiceFailed as error:
            raise RejectedInput((Located(rule=error.code, message=str(error)),)) from error

    def _entry_point(self, script: ScriptId) -> EntryPoint:
        found = next((point for point in self._centre().entry_points.values() if point.web == script), None)
        if found is None:
            raise NotFound
        return found

    async def _position(self, view: RunView) -> Position:
        asked = any(str(question.type) in UPLOADS for question in questions_of(view.turn))
        kept = await self._runs.files(view.run) if asked or _has_files(view) else ()
        return position_of(view, {file.id: _file_value(file) for file in kept})


def public_script(
    point: EntryPoint, dialog: Dialog, centre: Centre, now: datetime, *, mails: bool
) -> PublicScript:
    """Return what the first page of an entry point's script says now. Pure."""
    hours = centre.hours.get(point.hours) if point.hours is not None else None
    return PublicScript(
        script=ScriptId(dialog.id),
        entry_point=point.id,
        titles=_titles(dialog),
        languages=dialog.languages,
        about=point.about,
        minutes=point.minutes,
        is_open=hours is None or is_open(hours, now),
        closed={"": point.closed_text} if point.closed_text else {},
        call_back=point.call_back,
        call=takes_codes(centre),
        mail=mails,
    )


def position_of(view: RunView, files: Mapping[str, Value]) -> Position:
    """Return a run as the pages see it. Pure."""
    standing = Standing.OPEN
    if view.finished is not None:
        standing = Standing.FINISHED
    elif view.channel is not ScriptChannel.WEB or view.hand_over is not None:
        standing = Standing.ELSEWHERE
    return Position(
        run=view.run,
        script=ScriptId(view.dialog.id),
        turn=view.turn,
        session=view.contact or "",
        standing=standing,
        trail=view.trail,
        may_correct=standing is Standing.OPEN
        or (standing is Standing.FINISHED and view.dialog.keep is Keep.ALWAYS),
        may_go_back=view.turn.may_go_back and standing is Standing.OPEN,
        languages=view.dialog.languages,
        titles=_titles(view.dialog),
        files=files,
        expires_at=view.expires_at,
        taken=view.taken,
        refused=view.refused,
    )


def takes_codes(centre: Centre) -> bool:
    """Tell whether there is a number where codes can be keyed in. Pure."""
    return any(point.codes and point.numbers for point in centre.entry_points.values())


def _titles(dialog: Dialog) -> Mapping[str, str]:
    return {language: dialog.title(language) for language in dialog.languages}


def _has_files(view: RunView) -> bool:
    return any(entry.type in _FILE_TYPES for entry in view.trail)


_FILE_TYPES = frozenset(QuestionType(kind) for kind in UPLOADS)


def _file_value(file: StoredFile) -> Mapping[str, Value]:
    return {"id": file.id, "name": file.name, "type": file.media_type, "size": Decimal(file.size)}


async def _pieces(content: bytes) -> AsyncIterator[bytes]:
    for start in range(0, len(content), _PIECE):
        yield content[start : start + _PIECE]
