"""``GET /voicemails/{voicemail}/sound``: what a caller said, as WAV; for those who may see the message.

A browser asks for parts of it when somebody moves along it (RFC 9110, 14).
"""

from __future__ import annotations

from aiohttp import hdrs, web

from caruso.errors import NotAllowed, NotFound
from caruso.model.centre import Role
from caruso.model.ids import ContactId
from caruso.ports import RunFiles
from caruso.web.gate import Gate
from caruso.web.voicemail_api import VoicemailSources, find_voicemail, who_of

PATH = "/voicemails/{voicemail}/sound"


class VoicemailSound:
    """Plays messages."""

    def __init__(self, sources: VoicemailSources, files: RunFiles, gate: Gate) -> None:
        """Read sounds from `files`."""
        self._ask = sources
        self._files = files
        self._gate = gate

    async def serve(self, request: web.Request) -> web.StreamResponse:
        """Answer with the sound, or the part of it that is asked for.

        Raises:
            NotFound: no such message, or its sound was erased.
        """
        signed_in = await self._gate.admit(request, Role.AGENT)
        if signed_in is None:
            raise NotAllowed
        who = who_of(signed_in, self._ask.centre)
        message = await find_voicemail(self._ask, who, ContactId(request.match_info["voicemail"]))
        if message.file is None:
            raise NotFound("The sound of this message was erased.")
        _, sound = await self._files.content(message.file)
        first, last, partly = _part(request, len(sound))
        if partly and first >= last:
            raise web.HTTPRequestRangeNotSatisfiable
        if first == 0:
            self._ask.centre.mailboxes.listen(who, message)
        answer = self._answer(sound[first:last], status=206 if partly else 200)
        if partly:
            answer.headers[hdrs.CONTENT_RANGE] = f"bytes {first}-{last - 1}/{len(sound)}"
        return answer

    @staticmethod
    def _answer(sound: bytes, *, status: int) -> web.Response:
        return web.Response(
            body=sound,
            status=status,
            content_type="audio/wav",
            headers={hdrs.ACCEPT_RANGES: "bytes", hdrs.CACHE_CONTROL: "private, no-store"},
        )


def _part(request: web.Request, length: int) -> tuple[int, int, bool]:
    """Return from where to where it is asked for, and whether that is a part; what is not understood is all of it."""
    try:
        asked = request.http_range
    except ValueError:
        return 0, length, False
    first, last, _ = asked.indices(length)
    return first, last, (asked.start, asked.stop) != (None, None)
