"""A softphone with ears: baresip, whose microphone plays a tone and which keeps what it heard.

    async with softphone(directory, "anna", tone=1000) as anna:
        await anna.event("CALL_INCOMING")
        await anna.do("accept")
        mark = anna.mark()
        ...
        assert is_tone(anna.heard(mark), 400)

Driven through its `ctrl_tcp`: netstrings of JSON, commands out, answers and events in.
"""

from __future__ import annotations

import asyncio
import contextlib
import glob
import json
import math
import shutil
import socket
import subprocess
import wave
from array import array
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

from lab.ports import LOOPBACK, free_port
from lab.sound import RATE, samples

#: baresip ends a call by itself when the microphone's file is over.
TONE_SECONDS = 240
_AMPLITUDE = 10_000
#: Bytes before the first sample of a WAV, as libsndfile writes it.
_HEADER = 44
#: Where distributions have them.
_MODULES = ("/usr/lib/baresip/modules", "/usr/lib/*-linux-gnu*/baresip/modules", "/usr/local/lib/baresip/modules")

_CONFIG = """
sip_listen {host}:{port}
call_local_timeout 120
audio_source aufile,{directory}/microphone.wav
audio_player aubridge,{name}
rtp_ports {rtp}-{rtp_last}
module_path {modules}
module_app account.so
module_app menu.so
module_app ctrl_tcp.so
module g711.so
module aufile.so
module aubridge.so
module sndfile.so
snd_path {directory}
ctrl_tcp_listen {host}:{control}
"""


class Softphone:
    """One baresip."""

    def __init__(self, directory: Path, name: str, port: int, reader: asyncio.StreamReader, writer: Any) -> None:
        """Use `softphone`."""
        self._directory = directory
        self._reader = reader
        self._writer = writer
        self._events: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
        self._answers: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
        self.address = f"sip:{name}@{LOOPBACK}:{port}"

    async def listen(self) -> None:
        """Take in what baresip tells, until it ends."""
        with contextlib.suppress(asyncio.IncompleteReadError, ConnectionError):
            while True:
                length = int((await self._reader.readuntil(b":"))[:-1])
                message = json.loads((await self._reader.readexactly(length)).decode(errors="replace"))
                await self._reader.readexactly(1)
                (self._events if message.get("event") else self._answers).put_nowait(message)

    async def do(self, command: str, params: str = "") -> None:
        """Give a command of baresip's menu; raise `RuntimeError` when it is refused."""
        data = json.dumps({"command": command, "params": params}).encode()
        self._writer.write(b"%d:%s," % (len(data), data))
        async with asyncio.timeout(5):
            answer = await self._answers.get()
        if not answer.get("ok"):
            raise RuntimeError(f"{command}: {answer}")

    async def event(self, kind: str, *, seconds: float = 15.0) -> dict[str, Any]:
        """Wait for the next event of this kind; others before it are passed over."""
        async with asyncio.timeout(seconds):
            while True:
                event = await self._events.get()
                if event["type"] == kind:
                    return event

    async def press(self, digits: str) -> None:
        """Press keys, as RFC 4733 events."""
        for digit in digits:
            await self.do("sndcode", digit)
            await asyncio.sleep(0.2)
            await self.do("sndcode", "\x04")  # the key is let go
            await asyncio.sleep(0.1)

    def mark(self) -> int:
        """Return how much was heard until now."""
        return len(self._recorded())

    def heard(self, since: int = 0) -> array[int]:
        """Return what was heard since a mark: received packets only, so silence may be no sound at all."""
        return samples(self._recorded()[since:])

    async def hears_for(self, seconds: float, *, settle: float = 0.3) -> array[int]:
        """Listen for a while, once what was under way has been heard."""
        await asyncio.sleep(settle)
        mark = self.mark()
        await asyncio.sleep(seconds)
        return self.heard(mark)

    def _recorded(self) -> bytes:
        """Return all calls' received sound, one after the other."""
        recordings = sorted(self._directory.glob("dump-*-dec.wav"))
        return b"".join(recording.read_bytes()[_HEADER:] for recording in recordings)


@contextlib.asynccontextmanager
async def softphone(directory: Path, name: str, *, tone: float) -> AsyncIterator[Softphone]:
    """Run a baresip that says a tone of this pitch."""
    port, control = _ports(), free_port()
    _set_up(directory, name, tone, port, control)
    process = _start(directory)
    try:
        reader, writer = await _connect(process, control, directory)
        phone = Softphone(directory, name, port, reader, writer)
        listening = asyncio.create_task(phone.listen())
        try:
            yield phone
        finally:
            listening.cancel()
            await asyncio.gather(listening, return_exceptions=True)
            writer.close()
    finally:
        process.kill()
        process.wait()


def _set_up(directory: Path, name: str, tone: float, port: int, control: int) -> None:
    directory.mkdir(parents=True)
    _write_tone(directory / "microphone.wav", tone)
    rtp = free_port(socket.SOCK_DGRAM) & ~1
    settings = _CONFIG.format(
        host=LOOPBACK, port=port, control=control, directory=directory, name=name, rtp=rtp, rtp_last=rtp + 20,
        modules=_modules(),
    )  # fmt: skip
    (directory / "config").write_text(settings)
    (directory / "accounts").write_text(
        f"<sip:{name}@{LOOPBACK}:{port}>;regint=0;audio_codecs=PCMU/8000/1;answermode=manual\n"
    )
    (directory / "contacts").touch()


def _modules() -> str:
    for pattern in _MODULES:
        for found in glob.glob(pattern):
            return found
    raise RuntimeError("baresip has no modules: install baresip-core")


def _start(directory: Path) -> subprocess.Popen[bytes]:
    command = [shutil.which("baresip") or "baresip", "-f", str(directory)]
    if setpriv := shutil.which("setpriv"):  # so that it never outlives us, whatever kills us
        command = [setpriv, "--pdeathsig", "KILL", *command]
    with (directory / "output").open("wb") as output:
        return subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=output, stderr=output, process_group=0, cwd=directory
        )


async def _connect(
    process: subprocess.Popen[bytes], port: int, directory: Path
) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    for _ in range(200):
        with contextlib.suppress(OSError):
            return await asyncio.open_connection(LOOPBACK, port)
        if process.poll() is not None:
            break
        await asyncio.sleep(0.05)
    raise RuntimeError("baresip does not answer: " + (directory / "output").read_text(errors="replace"))


def _ports() -> int:
    """Return a port that is free for UDP and TCP, and so is the next for TCP: baresip takes that for TLS."""
    for _ in range(50):
        port = free_port(socket.SOCK_DGRAM)
        with contextlib.suppress(OSError), contextlib.ExitStack() as held:
            for kind, wanted in ((socket.SOCK_STREAM, port), (socket.SOCK_STREAM, port + 1)):
                held.enter_context(socket.socket(socket.AF_INET, kind)).bind((LOOPBACK, wanted))
            return port
    raise RuntimeError("no free ports for baresip")


def _write_tone(file: Path, hertz: float) -> None:
    """Write a tone whose whole number of periods fills each second, so that seconds can follow each other."""
    second = array("h", (round(_AMPLITUDE * math.sin(2 * math.pi * hertz * n / RATE)) for n in range(RATE)))
    with wave.open(str(file), "wb") as target:
        target.setnchannels(1)
        target.setsampwidth(2)
        target.setframerate(RATE)
        target.writeframes(second.tobytes() * TONE_SECONDS)
