"""``GET /voicemails/{voicemail}/sound``: what a caller said, as WAV; for those who may see the message.

``?download`` saves it. Who listens is written down when it is asked for from its beginning.
"""

from __future__ import annotations

from aiohttp import web

from caruso.errors import NotAllowed, NotFound
from caruso.model.centre import Role
from caruso.model.ids import ContactId
from caruso.ports.runs import RunFiles
from caruso.web.gate import Gate
from caruso.web.sounds import begins, sound_response
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
        file, path = await self._files.located(message.file)
        if begins(request):
            self._ask.centre.mailboxes.listen(who, message)
        return sound_response(path, name=file.name, download="download" in request.query)
