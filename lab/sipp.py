"""Runs SIPp callers and phones against a local Asterisk, and counts what became of their calls.

    async with caller(pbx, "100", stay_seconds=5) as call, phone() as anna:
        ...
    assert (await call.result()).successful == 1

Every run is a process of its own on free loopback ports, and ends with its block.
"""

from __future__ import annotations

import asyncio
import contextlib
import csv
import os
import random
import shutil
import signal
import socket
import subprocess
import tempfile
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from lab.asterisk import LocalAsterisk
from lab.ports import free_port

SCENARIOS = Path(__file__).parent / "scenarios"
#: Longer than any test: a phone that is to ring or talk "for ever".
FOR_EVER_SECONDS = 3600.0
#: SIPp plays RFC 4733 digits through a raw socket, a second late, and one must be over before the next begins.
CAN_PLAY_RTP_DIGITS = os.geteuid() == 0
RTP_DIGIT_SECONDS = 1.5
#: SIPp goes so far up from its first media port, four for a call, before it begins anew.
MEDIA_PORTS = 10_000
#: Ports for the media of one run: two each for as many calls as go through it at once. Every process begins
#: somewhere else: several may run on one machine. When all are taken, those in between will do for few calls.
_media_ports = [
    port
    for shift in (0, 100, 200, 300, 400)
    for port in random.sample(range(42_000 + shift, 55_000 + shift, 500), 26)
]


@dataclass(frozen=True, slots=True, kw_only=True)
class SippResult:
    """What became of a run's calls."""

    created: int
    successful: int
    failed: int
    #: SIPp's own words about what went wrong.
    errors: str = ""


class SippRun:
    """One SIPp process."""

    def __init__(self, process: subprocess.Popen[bytes], directory: Path, port: int) -> None:
        """Watch `process`, which writes into `directory`."""
        self._process = process
        self._directory = directory
        self.port = port

    @property
    def address(self) -> str:
        """Where it is reached: ``sip:phone@127.0.0.1:<port>``."""
        return f"sip:phone@127.0.0.1:{self.port}"

    @property
    def running(self) -> bool:
        """Whether it still has calls, or waits for them."""
        return self._process.poll() is None

    def invites(self) -> list[str]:
        """Return, for a phone, a line for each INVITE: caller's address and the header X-Caruso."""
        log = self._directory / "log"
        return log.read_text(errors="replace").splitlines() if log.is_file() else []

    def messages(self) -> str:
        """Return all SIP messages, for looking into a failure."""
        log = self._directory / "messages"
        return log.read_text(errors="replace") if log.is_file() else ""

    async def result(self, *, within_seconds: float = 60.0) -> SippResult:
        """Wait until all calls are over (a phone: until it has had its number) and count."""
        async with asyncio.timeout(within_seconds):
            while self.running:  # noqa: ASYNC110 -- a process of another loop is asked, it cannot tell
                await asyncio.sleep(0.02)
        return self._count()

    async def stop(self) -> SippResult:
        """End it now, calls or not, and count."""
        if self.running:
            self._process.send_signal(signal.SIGUSR1)  # takes no new calls, ends when the last is over
            with contextlib.suppress(TimeoutError):
                return await self.result(within_seconds=0.3)
            self._process.kill()
            self._process.wait()
        return self._count()

    def _count(self) -> SippResult:
        errors = self._directory / "errors"
        statistics = self._directory / "statistics"
        rows: list[dict[str, str]] = []
        if statistics.is_file():
            with statistics.open(newline="") as file:
                rows = list(csv.DictReader(file, delimiter=";"))
        last: Mapping[str, str] = rows[-1] if rows else {}
        return SippResult(
            created=int(last.get("TotalCallCreated") or 0),
            successful=int(last.get("SuccessfulCall(C)") or 0),
            failed=int(last.get("FailedCall(C)") or 0),
            errors=errors.read_text(errors="replace") if errors.is_file() else "",
        )


@contextlib.asynccontextmanager
async def caller(
    pbx: LocalAsterisk,
    dialled: str,
    *,
    number: str = "4930123456",
    display: str = '"Caller"',
    stay_seconds: float = 10.0,
    digits: Sequence[tuple[float, str]] = (),
    calls: int = 1,
    per_second: float = 10.0,
    at_once: int = 1000,
    over_rtp: bool = False,
    speech: Path | None = None,
) -> AsyncIterator[SippRun]:
    """Call `dialled`, stay after the answer, press `digits` (seconds since the one before, digit), hang up.

    Digits go as SIP INFO, exactly on time, or, with `over_rtp`, as RFC 4733 events. `display`
    goes into the From header as it is. `speech` (raw µ-law) is said over and over once all digits are pressed.
    """
    steps = "".join(_digit(index, *digit, over_rtp=over_rtp) for index, digit in enumerate(digits))
    silence = RTP_DIGIT_SECONDS if digits and over_rtp else 0.01
    places = {"steps": steps, "speech": _speech(speech, silence), "stay_ms": _ms(stay_seconds)}
    places |= _who(number, display) | {"media_port": "rtpstream_audio_port" if speech else "auto_media_port"}
    async with _calling(pbx, dialled, "caller.xml", places, calls, per_second, at_once) as run:
        yield run


@contextlib.asynccontextmanager
async def caller_cancels(
    pbx: LocalAsterisk,
    dialled: str,
    *,
    after_seconds: float,
    number: str = "4930123456",
    display: str = '"Caller"',
) -> AsyncIterator[SippRun]:
    """Call, and give up when not answered in time."""
    places = {"stay_ms": _ms(after_seconds), **_who(number, display)}
    async with _calling(pbx, dialled, "caller_cancels.xml", places, 1, 10.0, 1000) as run:
        yield run


@contextlib.asynccontextmanager
async def caller_impatient(
    pbx: LocalAsterisk,
    dialled: str,
    *,
    after_seconds: float,
    number: str = "4930123456",
    display: str = '"Caller"',
) -> AsyncIterator[SippRun]:
    """Call, and give up that long after dialling, or that long after the answer when there was one."""
    places = {"stay_ms": _ms(after_seconds), **_who(number, display)}
    async with _calling(pbx, dialled, "caller_impatient.xml", places, 1, 10.0, 1000) as run:
        yield run


@contextlib.asynccontextmanager
async def caller_refused(
    pbx: LocalAsterisk, dialled: str, *, status: int, number: str = "4930123456", display: str = '"Caller"'
) -> AsyncIterator[SippRun]:
    """Call, and expect this SIP status."""
    places = {"status": str(status), **_who(number, display)}
    async with _calling(pbx, dialled, "caller_refused.xml", places, 1, 10.0, 1000) as run:
        yield run


@contextlib.asynccontextmanager
async def phone(
    *,
    port: int = 0,
    ring_seconds: float = 0.05,
    talk_seconds: float = FOR_EVER_SECONDS,
    refuse: str = "",
    echo: bool = True,
) -> AsyncIterator[SippRun]:
    """A phone at a fixed address: answers after `ring_seconds`, or refuses (``"486 Busy Here"``).

    `ring_seconds=FOR_EVER_SECONDS` never answers; `talk_seconds` makes it hang up by itself. With `echo` the
    caller hears himself.
    """
    places = {"ring_ms": _ms(ring_seconds), "talk_ms": _ms(talk_seconds), "status": refuse}
    port = port or free_port(socket.SOCK_DGRAM)
    options = ["-rtp_echo"] if echo else []
    with _directory() as directory:
        run = _start(directory, "phone_refuses.xml" if refuse else "phone.xml", places, port, options)
        try:
            await _bound(run)
            yield run
        finally:
            await run.stop()


def _who(number: str, display: str) -> dict[str, str]:
    return {"number": number, "display": f"{display} " if display else ""}


def _ms(seconds: float) -> str:
    return str(max(1, round(seconds * 1000)))


def _digit(index: int, after_seconds: float, digit: str, *, over_rtp: bool) -> str:
    wait = f'  <recv request="BYE" timeout="{_ms(after_seconds)}" ontimeout="d{index}" next="left"/>\n'
    wait += f'  <label id="d{index}"/>\n'
    if over_rtp:
        return f'{wait}  <nop><action><exec play_dtmf="{digit}"/></action></nop>\n'
    return wait + _INFO.replace("@cseq@", str(2 + index)).replace("@digit@", digit)


def _speech(file: Path | None, after_seconds: float) -> str:
    """Return the steps that play a file for ever (-1), as payload type 0, when the last digit is over."""
    if file is None:
        return ""
    wait = f'  <recv request="BYE" timeout="{_ms(after_seconds)}" ontimeout="speech" next="left"/>\n'
    return f'{wait}  <label id="speech"/>\n  <nop><action><exec rtp_stream="{file},-1,0"/></action></nop>\n'


_INFO = """  <send retrans="500"><![CDATA[
INFO [next_url] SIP/2.0
Via: SIP/2.0/[transport] [local_ip]:[local_port];branch=z9hG4bK-[pid]-[call_number]-info@cseq@
From: @display@<sip:@number@@[local_ip]:[local_port]>;tag=[pid]c[call_number]
To: <sip:[service]@[remote_ip]:[remote_port]>[peer_tag_param]
Call-ID: [call_id]
CSeq: @cseq@ INFO
Max-Forwards: 70
Content-Type: application/dtmf-relay
Content-Length: [len]

Signal=@digit@
Duration=160
]]></send>
  <recv response="200"/>
"""


@contextlib.asynccontextmanager
async def _calling(
    pbx: LocalAsterisk,
    dialled: str,
    scenario: str,
    places: Mapping[str, str],
    calls: int,
    per_second: float,
    at_once: int,
) -> AsyncIterator[SippRun]:
    options = ["-m", str(calls), "-r", str(max(1, round(per_second))), "-l", str(at_once), "-s", dialled]
    if per_second < 1:
        options += ["-rp", str(round(1000 / per_second))]
    with _directory() as directory:
        target = f"127.0.0.1:{pbx.sip_port}"
        run = _start(directory, scenario, places, free_port(socket.SOCK_DGRAM), [*options, target])
        try:
            yield run
        finally:
            await run.stop()


@contextlib.contextmanager
def _directory() -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="caruso-sipp-") as name:
        yield Path(name)


def _start(
    directory: Path, scenario: str, places: Mapping[str, str], port: int, options: Sequence[str]
) -> SippRun:
    text = (SCENARIOS / scenario).read_text(encoding="utf-8")
    for name in ("steps", "speech", *(name for name in places if name not in ("steps", "speech"))):
        text = text.replace(f"@{name}@", places.get(name, ""))
    (directory / "scenario.xml").write_text(text, encoding="utf-8")
    command = [
        shutil.which("sipp") or "sipp", "-sf", "scenario.xml", "-i", "127.0.0.1", "-mi", "127.0.0.1",
        "-p", str(port), "-cp", str(free_port(socket.SOCK_DGRAM)), "-mp", str(_media_port()),
        "-nostdin", "-trace_stat", "-stf", "statistics", "-fd", "1", "-trace_err", "-error_file", "errors",
        "-trace_logs", "-log_file", "log", "-skip_rlimit",
        *(["-trace_msg", "-message_file", "messages"] if os.environ.get("SIPP_MESSAGES") else []),
        *options,
    ]  # fmt: skip
    if setpriv := shutil.which("setpriv"):  # so that it never outlives us, whatever kills us
        command = [setpriv, "--pdeathsig", "KILL", *command]
    with (directory / "output").open("wb") as output:
        process = subprocess.Popen(
            command,
            cwd=directory,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            env={**os.environ, "TERM": "dumb"},
            process_group=0,  # Ctrl-C at the terminal is for us, who then end it properly
        )
    return SippRun(process, directory, port)


def _media_port() -> int:
    """Return a port where SIPp can have its media; it echoes on the second next one too."""
    for port in _media_ports:
        with contextlib.ExitStack() as held:
            try:
                for wanted in (port, port + 2):
                    probe = held.enter_context(socket.socket(socket.AF_INET, socket.SOCK_DGRAM))
                    probe.bind(("127.0.0.1", wanted))
            except OSError:
                continue
            _media_ports.append(_media_ports.pop(_media_ports.index(port)))  # the next one begins elsewhere
            return port
    raise RuntimeError("no free ports for SIPp's media")


async def _bound(run: SippRun) -> None:
    """Wait until the phone's port is taken: a call that comes earlier would be lost."""
    async with asyncio.timeout(5):
        while run.running:
            with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
                try:
                    probe.bind(("127.0.0.1", run.port))
                except OSError:
                    return
            await asyncio.sleep(0.01)
    raise RuntimeError("SIPp ended at once: " + (await run.stop()).errors)
