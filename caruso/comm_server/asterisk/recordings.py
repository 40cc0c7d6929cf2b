"""The `Recordings` port on a real Asterisk: asks for and removes sounds in Asterisk's own folder, over HTTP.

Not over the event socket: a sound of minutes would keep the commands behind it waiting, and is no text.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from urllib.parse import quote

import aiohttp

from caruso.comm_server.asterisk.settings import AsteriskSettings
from caruso.errors import LinkDown
from caruso.model.ids import RecordingId

#: What fetching a sound may take, seconds.
READ_SECONDS = 30.0
#: More is no message: ten minutes are 10 MB.
MOST_BYTES = 20_000_000
_PIECE = 64 * 1024
_NOT_FOUND = 404


class AriRecordings:
    """What one Asterisk has recorded."""

    def __init__(self, settings: AsteriskSettings) -> None:
        """Nothing is connected before it is asked."""
        self._settings = settings

    async def is_live(self, recording: RecordingId) -> bool:
        """Tell whether it is being recorded now."""
        async with self._asked("GET", f"live/{_segment(recording)}") as answer:
            return answer.status != _NOT_FOUND

    async def read(self, recording: RecordingId) -> bytes | None:
        """Return what was stored; None when there is nothing, or far too much."""
        async with self._asked("GET", f"stored/{_segment(recording)}/file") as answer:
            if answer.status == _NOT_FOUND:
                return None
            file = bytearray()
            async for piece in answer.content.iter_chunked(_PIECE):
                file += piece
                if len(file) > MOST_BYTES:
                    return None
            return bytes(file)

    async def drop(self, recording: RecordingId) -> None:
        """Remove what was stored."""
        async with self._asked("DELETE", f"stored/{_segment(recording)}"):
            pass

    @asynccontextmanager
    async def _asked(self, method: str, path: str) -> AsyncIterator[aiohttp.ClientResponse]:
        """Ask; raise `LinkDown` when no answer comes, or none that says whether it is there."""
        settings = self._settings
        headers = {"Authorization": aiohttp.encode_basic_auth(settings.ari_user, settings.ari_password)}
        url = f"{settings.ari_url.rstrip('/')}/recordings/{path}"
        limit = aiohttp.ClientTimeout(total=READ_SECONDS)
        try:
            async with (
                aiohttp.ClientSession(headers=headers, timeout=limit) as http,
                http.request(method, url) as answer,
            ):
                if not answer.ok and answer.status != _NOT_FOUND:
                    raise LinkDown(f"Asterisk's recordings: {answer.status}")
                yield answer
        except (aiohttp.ClientError, TimeoutError) as error:
            raise LinkDown(f"Asterisk's recordings: {type(error).__name__}") from error


def _segment(recording: RecordingId) -> str:
    return quote(recording, safe="")
