"""Telephones with ears: Baresip calls or is called, plays a sound, and everything it hears can be measured.

    async with listening_caller(pbx, "7001", plays=beeps) as caller:
        await caller.press("1")
        heard = await caller.listen(seconds=1.0)

    async with listening_phone("anna", plays=beeps) as phone:      # found at phone.address
        await phone.rings()
        await phone.pick_up()

SIPp (`lab.sipp`) makes many calls cheaply but is deaf; this is one call by a real telephone, as a process of its
own on free loopback ports, that ends with its block.
"""

from __future__ import annotations

import array
import asyncio
import contextlib
import itertools
import json
import shutil
import socket
import subprocess
import tempfile
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from lab.asterisk import LocalAsterisk
from lab.ports import free_port
from lab.tones import RATE, loudness, share_of_tone

#: Bytes before the sound in the files it writes.
_WAV_HEADER = 44
#: What a phone takes to be there, and to do what it was told.
_PATIENCE_SECONDS = 10.0
#: Between two keys, as quick fingers do it: each sounds for 160 ms or so.
_KEY_SECONDS = 0.35


class NoBaresip(Exception):
    """The program or its modules are not on this machine."""


@dataclass(frozen=True, slots=True)
class Heard:
    """A piece of what was heard."""

    samples: Sequence[int]

    @property
    def loudness(self) -> float:
        """Root mean square, 0 to 1."""
        return loudness(self.samples)

    def share_of(self, hertz: float) -> float:
        """Which part of its power is this frequency, 0 to 1."""
        return share_of_tone(self.samples, hertz)


class ListeningPhone:
    """A telephone and its one call."""

    #: Where it is called.
    address = ""

    def __init__(self, directory: Path, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Steer the phone whose files are in `directory`."""
        self._directory = directory
        self._reader = reader
        self._writer = writer
        self._tokens = itertools.count(1)
        #: What happened, by Baresip's names: ``CALL_ESTABLISHED``, ``CALL_CLOSED``.
        self.events: list[str] = []
        #: Keys the other side pressed.
        self.keys_heard = ""

    async def rings(self) -> None:
        """Wait until it is called."""
        await self._until("CALL_INCOMING")

    async def pick_up(self) -> None:
        """Answer."""
        await self._do("accept", "")

    async def call(self, address: str) -> None:
        """Call; what is heard before the answer is heard too."""
        await self._do("dial", address)

    async def answered(self, *, within_seconds: float = _PATIENCE_SECONDS) -> None:
        """Wait until the call is answered."""
        await self._until("CALL_ESTABLISHED", within_seconds)

    async def press(self, keys: str) -> None:
        """Press keys one after the other."""
        for key in keys:
            await self._do("sndcode", key)
            await asyncio.sleep(_KEY_SECONDS)

    async def listen(self, *, seconds: float) -> Heard:
        """Return what is heard from now on, for so long. Where no packet comes there is silence."""
        start = len(self._samples())
        await asyncio.sleep(seconds)
        wanted = int(seconds * RATE)
        samples = self._samples()[start : start + wanted]
        return Heard([*samples, *[0] * (wanted - len(samples))])

    def heard_so_far(self, *, since: int = 0) -> Heard:
        """Return everything heard since the answer, or since so many samples had been heard."""
        return Heard(self._samples()[since:])

    async def until_keys(self, keys: str) -> None:
        """Wait until the other side has pressed these."""
        async with asyncio.timeout(_PATIENCE_SECONDS):
            while keys not in self.keys_heard:
                await self._hear()

    async def hang_up(self) -> None:
        """End the call."""
        await self._do("hangup", "")

    async def ended(self, *, within_seconds: float = _PATIENCE_SECONDS) -> None:
        """Wait until the call is over."""
        await self._until("CALL_CLOSED", within_seconds)

    def _samples(self) -> array.array[int]:
        samples = array.array("h")
        for file in sorted(self._directory.glob("dump-*-dec.wav"), key=lambda file: file.stat().st_mtime):
            sound = file.read_bytes()[_WAV_HEADER:]
            samples.frombytes(sound[: len(sound) // 2 * 2])
        return samples

    async def _do(self, command: str, parameters: str) -> None:
        token = str(next(self._tokens))
        message = json.dumps({"command": command, "params": parameters, "token": token}).encode()
        self._writer.write(b"%d:%s," % (len(message), message))
        async with asyncio.timeout(_PATIENCE_SECONDS):
            while (heard := await self._hear()).get("token") != token:
                pass
        if not heard.get("ok"):
            raise RuntimeError(f"Baresip does not {command} {parameters}: {heard.get('data')}")

    async def _until(self, event: str, within_seconds: float = _PATIENCE_SECONDS) -> None:
        async with asyncio.timeout(within_seconds):
            while event not in self.events:
                await self._hear()

    async def _hear(self) -> dict[str, object]:
        """Take the next message, a netstring of JSON."""
        length = int((await self._reader.readuntil(b":"))[:-1])
        message: dict[str, object] = json.loads((await self._reader.readexactly(length + 1))[:-1])
        if message.get("event"):
            self.events.append(str(message.get("type")))
            if message.get("type") == "CALL_DTMF_START":
                self.keys_heard += str(message.get("param"))
        return message


@contextlib.asynccontextmanager
async def listening_caller(
    pbx: LocalAsterisk, dialled: str, *, plays: Path, number: str = "4930123456", display: str = "Caller"
) -> AsyncIterator[ListeningPhone]:
    """Call `dialled`, play a WAV file once it is answered (its end is the call's), and keep what is heard."""
    account = f'"{display}" <sip:{number}@127.0.0.1;transport=udp>'
    async with _baresip(_sip_port(), plays, account) as caller:
        await caller.call(f"sip:{dialled}@127.0.0.1:{pbx.sip_port}")
        yield caller


@contextlib.asynccontextmanager
async def listening_phone(name: str, *, plays: Path) -> AsyncIterator[ListeningPhone]:
    """Plug in a telephone: it is called at its `address`, plays a WAV file once answered, keeps what is heard."""
    port = _sip_port()
    async with _baresip(port, plays, f"<sip:{name}@127.0.0.1:{port};transport=udp>") as phone:
        phone.address = f"sip:{name}@127.0.0.1:{port}"
        yield phone


@contextlib.asynccontextmanager
async def _baresip(port: int, plays: Path, account: str) -> AsyncIterator[ListeningPhone]:
    with tempfile.TemporaryDirectory(prefix="caruso-baresip-") as name:
        directory, control = Path(name), free_port()
        _configure(directory, port, control, plays, account)
        process = _start(directory)
        try:
            reader, writer = await _connect(control, process, directory)
            with contextlib.closing(writer):
                yield ListeningPhone(directory, reader, writer)
        finally:
            process.terminate()  # it hangs up
            await asyncio.to_thread(_end, process)


def _sip_port() -> int:
    """Return a port that is free for all that Baresip wants: UDP, TCP, and TLS at the next."""
    while True:
        port = free_port(socket.SOCK_DGRAM)
        with contextlib.ExitStack() as held, contextlib.suppress(OSError):
            for wanted in (port, port + 1):
                held.enter_context(socket.socket(socket.AF_INET, socket.SOCK_STREAM)).bind(("127.0.0.1", wanted))
            return port


def _modules() -> Path:
    """Return where Debian puts the modules."""
    for folder in (Path("/usr/lib/baresip/modules"), *Path("/usr/lib").glob("*/baresip/modules")):
        if (folder / "ctrl_tcp.so").is_file():
            return folder
    raise NoBaresip("Baresip's modules are not on this machine: make setup-test")


def _configure(directory: Path, sip: int, control: int, plays: Path, account: str) -> None:
    # Without a jitter buffer: on loopback nothing jitters, and Baresip 1.0's plays nothing for a while, or pieces,
    # when Asterisk goes over from handing packets through to sending its own.
    (directory / "config").write_text(f"""module_path {_modules()}
sip_listen 127.0.0.1:{sip}
ctrl_tcp_listen 127.0.0.1:{control}
module g711.so
module aufile.so
module sndfile.so
module_tmp account.so
module_app menu.so
module_app ctrl_tcp.so
audio_source aufile,{plays}
audio_player none,none
audio_srate {RATE}
audio_channels 1
jitter_buffer_delay 0-0
snd_path {directory}
""")
    (directory / "accounts").write_text(f"{account};regint=0;audio_codecs=pcmu;dtmfmode=rtpevent\n")
    (directory / "contacts").touch()


def _start(directory: Path) -> subprocess.Popen[bytes]:
    command = [shutil.which("baresip") or "baresip", "-f", str(directory)]
    if setpriv := shutil.which("setpriv"):  # so that it never outlives us, whatever kills us
        command = [setpriv, "--pdeathsig", "KILL", *command]
    with (directory / "output").open("wb") as output:
        return subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=output, stderr=output, process_group=0)


async def _connect(
    control: int, process: subprocess.Popen[bytes], directory: Path
) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    """Reach the phone as soon as it listens."""
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(_PATIENCE_SECONDS):
            while process.poll() is None:
                with contextlib.suppress(ConnectionRefusedError):
                    return await asyncio.open_connection("127.0.0.1", control)
                await asyncio.sleep(0.02)
    raise RuntimeError(f"Baresip did not start: {(directory / 'output').read_text(errors='replace')[-2000:]}")


def _end(process: subprocess.Popen[bytes]) -> None:
    try:
        process.wait(2)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
