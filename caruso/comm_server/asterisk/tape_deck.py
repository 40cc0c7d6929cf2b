"""The `TapeDeck` port on Asterisk: MixMonitor by the manager interface, its files by ARI.

Option ``D`` writes what comes from the channel and what goes to it side by side, in step even where one of both
sends nothing; two channels that snoop, one in each direction, drift apart then. A muted MixMonitor writes zeros.
It lives as long as its channel, whatever becomes of us. Files lie where ARI finds its own recordings, so that an
Asterisk on another machine gives them, too.
"""

from __future__ import annotations

import asyncio
import contextlib
import re
from collections.abc import AsyncIterator, Sequence
from http import HTTPStatus
from urllib.parse import quote

import aiohttp
import msgspec

from caruso.comm_server.asterisk.ami import AmiLink, AmiRefused
from caruso.comm_server.asterisk.settings import AsteriskSettings
from caruso.errors import LinkDown, RecordingRefused
from caruso.model.ids import LegId, RecordingId

#: Our files are named after our application and the recording.
_ID = re.compile(r"[0-9a-f]{32}")
#: Variables of the channel, set by MixMonitor: the newest recording's file, and what Asterisk calls it.
_FILE, _MONITOR = "MIXMONITOR_FILENAME", "CARUSO_MONITOR"
#: From Asterisk's monitor folder, which MixMonitor begins at, to that of ARI's recordings.
_FOLDER = "../recording/"
_PIECE = 256 * 1024
#: So long after it was told to record Asterisk writes nothing: by then it is silent.
_BEFORE_SECONDS = 0.1
#: So long after the last recording on a channel Asterisk has let go of what it decodes its sound with there.
#: Debian's Asterisk (22.10) throws away what is numbered lower than the packets before it, and another person's
#: packets are numbered anew: what one recording decoded with makes the next one deaf to somebody in every second
#: case. It lets go in the moment of the next packet, every 20 ms.
_LETS_GO_SECONDS = 0.2
#: Asterisk's words for a channel that is gone: whatever was recorded there has ended.
_GONE = "No such channel"


class _Stored(msgspec.Struct):
    name: str
    format: str = ""


class AsteriskTapeDeck:
    """Records on one Asterisk."""

    def __init__(self, settings: AsteriskSettings, ami: AmiLink) -> None:
        """Use the manager's link, whether it is up or not."""
        self._settings = settings
        self._ami = ami
        self._monitors: dict[RecordingId, str] = {}

    async def load(self, leg: LegId, recording: RecordingId) -> None:
        """Begin a recording that is silent."""
        try:
            monitor = await self._ami.mix_monitor(
                leg, f"{_FOLDER}{self._name(recording)}.raw", f"Ds({_BEFORE_SECONDS})i({_MONITOR})"
            )
        except AmiRefused as refused:
            raise RecordingRefused(str(refused)) from refused
        try:
            await self._ami.mute_mix_monitor(leg, monitor, on=True)
        except AmiRefused as refused:
            with contextlib.suppress(AmiRefused, LinkDown):
                await self._ami.stop_mix_monitor(leg, monitor)
            raise RecordingRefused(str(refused)) from refused
        self._monitors[recording] = monitor

    async def silence(self, leg: LegId, recording: RecordingId, *, on: bool) -> None:
        """Keep what is said out of a recording, or let it in; nothing when the leg is gone."""
        try:
            await self._ami.mute_mix_monitor(leg, await self._monitor(leg, recording), on=on)
        except AmiRefused as refused:
            _unless_gone(refused)

    async def eject(self, leg: LegId, recording: RecordingId) -> None:
        """End a recording; the next one of this leg may be loaded when this has returned."""
        try:
            monitor = await self._monitor(leg, recording)
            if monitor:
                await self._ami.stop_mix_monitor(leg, monitor)
                await asyncio.sleep(_LETS_GO_SECONDS)
        except AmiRefused as refused:
            _unless_gone(refused)
        self._monitors.pop(recording, None)

    async def find(self, leg: LegId) -> RecordingId | None:
        """Return the newest recording of a leg, whether it goes on or has been ended."""
        try:
            file = await self._ami.variable(leg, _FILE)
        except AmiRefused as refused:
            _unless_gone(refused)
            return None
        return self._ours(file.rpartition("/")[2].removesuffix(".raw"))

    async def _monitor(self, leg: LegId, recording: RecordingId) -> str:
        """Return what Asterisk calls a recording; one of before our start goes on alone on its leg."""
        known = self._monitors.get(recording)
        return known if known is not None else await self._ami.variable(leg, _MONITOR)

    # -- Files ------------------------------------------------------------------------------------------------

    async def stored(self) -> Sequence[RecordingId]:
        """Return the recordings whose files are there."""
        async with self._session() as http, http.get(self._url()) as answer:
            if answer.status != HTTPStatus.OK:
                raise RecordingRefused(f"recordings: {answer.status}")
            found = msgspec.json.decode(await answer.read(), type=list[_Stored])
        return [ours for file in found if (ours := self._ours(file.name)) is not None]

    async def size(self, recording: RecordingId) -> int | None:
        """Return how large its file is."""
        async with self._session() as http, http.get(self._url(recording, "file")) as answer:
            size = _length(answer)
            answer.close()  # only its length was wanted
            return size

    async def fetch(self, recording: RecordingId) -> AsyncIterator[bytes]:
        """Yield its file."""
        try:
            async with self._session() as http, http.get(self._url(recording, "file")) as answer:
                if _length(answer) is None:
                    raise RecordingRefused("there is no such recording")
                async for piece in answer.content.iter_chunked(_PIECE):
                    yield piece
        except (aiohttp.ClientError, TimeoutError) as error:
            raise LinkDown("Asterisk's recordings") from error

    async def drop(self, recording: RecordingId) -> None:
        """Remove its file; no error when there is none."""
        async with self._session() as http, http.delete(self._url(recording)) as answer:
            if answer.status not in (HTTPStatus.NO_CONTENT, HTTPStatus.NOT_FOUND):
                raise RecordingRefused(f"delete: {answer.status}")

    def _session(self) -> _Session:
        return _Session(self._settings)

    def _ours(self, name: str) -> RecordingId | None:
        """Return whose file it is, None for one that is not ours."""
        app, _, recording = name.rpartition("-")
        return RecordingId(recording) if app == self._settings.app and _ID.fullmatch(recording) else None

    def _name(self, recording: RecordingId) -> str:
        return f"{self._settings.app}-{recording}"

    def _url(self, recording: RecordingId | None = None, *further: str) -> str:
        base = f"{self._settings.ari_url.rstrip('/')}/recordings/stored"
        parts = () if recording is None else (quote(self._name(recording), safe=""), *further)
        return "/".join((base, *parts))


class _Session:
    """A session whose faults in the network are `LinkDown`."""

    def __init__(self, settings: AsteriskSettings) -> None:
        timeout = aiohttp.ClientTimeout(sock_connect=settings.request_timeout_seconds, sock_read=30)
        authorization = aiohttp.encode_basic_auth(settings.ari_user, settings.ari_password)
        self._http = aiohttp.ClientSession(headers={"Authorization": authorization}, timeout=timeout)

    async def __aenter__(self) -> aiohttp.ClientSession:
        return self._http

    async def __aexit__(self, _: object, error: BaseException | None, __: object) -> None:
        await self._http.close()
        if isinstance(error, aiohttp.ClientError | TimeoutError):
            raise LinkDown("Asterisk's recordings") from error


def _length(answer: aiohttp.ClientResponse) -> int | None:
    if answer.status == HTTPStatus.NOT_FOUND:
        return None
    if answer.status != HTTPStatus.OK:
        raise RecordingRefused(f"recording: {answer.status}")
    return answer.content_length or 0


def _unless_gone(refused: AmiRefused) -> None:
    if _GONE not in str(refused):
        raise RecordingRefused(str(refused)) from refused
