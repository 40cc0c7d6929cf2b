"""Checks whether an Asterisk has what the server needs, one line for each thing, with the file that mends it.

Makes no call and takes no call over: it uses a Stasis application of its own. What it makes, it removes.
"""

from __future__ import annotations

import asyncio
import contextlib
import secrets
from collections.abc import AsyncIterator, Coroutine
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import aiohttp
import msgspec
from websockets.asyncio.client import connect
from websockets.exceptions import InvalidStatus, WebSocketException
from websockets.typing import Subprotocol

from caruso.comm_server.asterisk import ari
from caruso.comm_server.asterisk.ami import AmiLink
from caruso.comm_server.asterisk.ari import Request
from caruso.comm_server.asterisk.commands import NO_ANSWER, Response
from caruso.comm_server.asterisk.rest import RestOverHttp, RestOverSocket
from caruso.comm_server.asterisk.settings import AsteriskSettings
from caruso.errors import CarusoError

MINIMUM_VERSION = (22, 10)
#: Modules without which something fails, and what.
MODULES = {
    "app_stasis.so": "calls cannot be handed to the server",
    "bridge_simple.so": "caller and agent cannot be joined",
    "chan_pjsip.so": "no SIP calls",
    "codec_ulaw.so": "no audio",
    "format_wav.so": "prompts cannot be played",
    "pbx_config.so": "no dialplan",
    "res_ari_applications.so": "no event filter",
    "res_ari_asterisk.so": "agents' phones cannot be made",
    "res_ari_bridges.so": "caller and agent cannot be joined",
    "res_ari_channels.so": "calls cannot be answered",
    "res_ari_endpoints.so": "agents' phones cannot be listed",
    "res_ari_events.so": "no events",
    "res_ari_playbacks.so": "prompts cannot be stopped",
    "res_musiconhold.so": "no music for waiting callers",
    "res_pjsip_authenticator_digest.so": "phones cannot sign in",
    "res_pjsip_header_funcs.so": "agents' phones are not told which call it is",
    "res_pjsip_registrar.so": "phones cannot sign in",
    "res_rtp_asterisk.so": "no audio",
    "res_sorcery_memory.so": "agents' phones cannot be made",
    "res_stasis_playback.so": "prompts cannot be played",
}
WEBRTC_MODULES = {
    "codec_opus_open_source.so": "browser phones fall back to µ-law",
    "res_http_websocket.so": "browser phones cannot connect",
    "res_pjsip_transport_websocket.so": "browser phones cannot connect",
    "res_srtp.so": "browser phones have no audio",
}
RECORDING_MODULES = {
    "app_mixmonitor.so": "calls cannot be recorded",
    "res_ari_recordings.so": "what was recorded cannot be fetched",
}
#: Opus comes under either name.
_ALTERNATIVES = {"codec_opus_open_source.so": "codec_opus.so"}
_PROBE = "caruso-check"
_SECONDS = 5.0


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckLine:
    """What was looked at, and what came out."""

    what: str
    ok: bool
    detail: str

    def __str__(self) -> str:
        """Format for a terminal."""
        return f"{'ok     ' if self.ok else 'MISSING'}  {self.what}: {self.detail}"


def _line(what: str, mistake: str, fine: str) -> CheckLine:
    return CheckLine(what=what, ok=not mistake, detail=mistake or fine)


async def check_asterisk(settings: AsteriskSettings) -> list[CheckLine]:
    """Return a line for each thing the server needs of this Asterisk."""
    authorization = {"Authorization": aiohttp.encode_basic_auth(settings.ari_user, settings.ari_password)}
    async with aiohttp.ClientSession(headers=authorization) as http:
        rest = RestOverHttp(http, settings.ari_url, _SECONDS)
        lines = [reached := await _check_ari(rest, settings)]
        if reached.ok:
            lines += await _check_version(rest)
            lines += await _check_modules(rest)
            lines.append(await _check_sounds(rest))
            lines += await _check_phones(rest)
            lines.append(await _check_events(settings, authorization))
    lines += await _check_manager(settings)
    lines.append(await _check_browser_phones(settings))
    lines.append(await _check_sip(settings))
    return lines


async def _check_ari(rest: RestOverHttp, settings: AsteriskSettings) -> CheckLine:
    answer = await rest.ask(ari.asterisk_get_info())
    mistakes = {
        NO_ANSWER: f"nothing answers at {settings.ari_url} (http.conf: enabled, bindaddr, bindport)",
        401: f"user {settings.ari_user} or its password is refused (ari.conf)",
        403: f"user {settings.ari_user} is refused (ari.conf)",
        404: f"no ARI at {settings.ari_url} (ari.conf: enabled=yes; modules res_ari*.so)",
    }
    mistake = "" if answer.ok else mistakes.get(answer.status, answer.reason)
    return _line("ARI", mistake, f"{settings.ari_url} answers to {settings.ari_user}")


async def _check_version(rest: RestOverHttp) -> list[CheckLine]:
    info = msgspec.json.decode(
        (await rest.ask(ari.asterisk_get_info(only=("system",)))).body, type=ari.AsteriskInfo
    )
    version = info.system.version if info.system else ""
    new_enough = parsed_version(version) >= MINIMUM_VERSION
    least = ".".join(map(str, MINIMUM_VERSION))
    return [_line("Version", "" if new_enough else f"{version} is older than {least}", version)]


def parsed_version(text: str) -> tuple[int, ...]:
    """Return the numbers a version begins with."""
    numbers: list[int] = []
    for part in text.partition("+")[0].partition("~")[0].replace("-", ".").split("."):
        if not part.isdigit():
            break
        numbers.append(int(part))
    return tuple(numbers)


async def _check_modules(rest: RestOverHttp) -> list[CheckLine]:
    answer = await rest.ask(ari.asterisk_list_modules())
    if not answer.ok:
        return [_line("Modules", answer.reason, "")]
    modules = msgspec.json.decode(answer.body, type=list[ari.Module])
    running = {module.name for module in modules if module.status == "Running"}
    lines = []
    for what, needed in (
        ("Modules", MODULES),
        ("WebRTC modules", WEBRTC_MODULES),
        ("Recording modules", RECORDING_MODULES),
    ):
        lacking = [
            f"{name} ({why})"
            for name, why in needed.items()
            if name not in running and _ALTERNATIVES.get(name) not in running
        ]
        mistake = f"not running: {', '.join(lacking)} (modules.conf)" if lacking else ""
        lines.append(_line(what, mistake, f"all {len(needed)} run"))
    return lines


async def _check_sounds(rest: RestOverHttp) -> CheckLine:
    # A name with a slash cannot be asked for: ARI takes it for a path. These two are of the same package.
    missing = [name for name in ("beep", "vm-goodbye") if not (await rest.ask(ari.sounds_get(sound_id=name))).ok]
    mistake = f"no {', '.join(missing)} (package asterisk-core-sounds-en-wav)" if missing else ""
    return _line("Sounds", mistake, "the core sounds are there")


async def _check_phones(rest: RestOverHttp) -> list[CheckLine]:
    """Make an object as agents' phones are made, and remove it."""
    lines = []
    for kind, fields in (
        ("auth", (("auth_type", "digest"), ("username", _PROBE), ("password", _PROBE))),
        ("aor", (("max_contacts", "1"),)),
        ("endpoint", (("disallow", "all"), ("allow", "ulaw"))),
    ):
        tuples = [{"attribute": name, "value": value} for name, value in fields]
        made = await rest.ask(
            ari.asterisk_update_object(config_class="res_pjsip", object_type=kind, id_=_PROBE, fields=tuples)
        )
        removed = await rest.ask(
            ari.asterisk_delete_object(config_class="res_pjsip", object_type=kind, id_=_PROBE)
        )
        failed = next((answer for answer in (made, removed) if not answer.ok), None)
        # Both are refused with 403; only where objects cannot be kept Asterisk speaks of sorcery.
        read_only = failed is not None and failed.status == 403 and "sorcery" not in failed.reason
        hint = "ari.conf: read_only=no" if read_only else f"sorcery.conf: {kind}=memory"
        mistake = f"{failed.reason} ({hint})" if failed else ""
        lines.append(_line(f"Phones: {kind}", mistake, "can be made and removed"))
    return lines


async def _check_events(settings: AsteriskSettings, authorization: dict[str, str]) -> CheckLine:
    """Open an event socket for an application of our own, and ask something over it."""
    what = "Event socket"
    base = "ws" + settings.ari_url.rstrip("/").removeprefix("http")
    url = f"{base}/events?app={_PROBE}&subscribeAll=false"
    try:
        async with connect(
            url, additional_headers=authorization, open_timeout=_SECONDS, compression=None
        ) as socket:
            over_socket = RestOverSocket(socket, _SECONDS)
            answer: asyncio.Future[Response] = asyncio.get_running_loop().create_future()
            over_socket.submit(Request("GET", "asterisk/ping"), answer.set_result)
            async with _running(over_socket.run()), asyncio.timeout(2):
                over_socket.answered(msgspec.json.decode(await socket.recv(), type=ari.RESTResponse))
                await answer
    except TimeoutError:
        return CheckLine(what=what, ok=True, detail="events only; requests go over HTTP, which is slower")
    except (OSError, WebSocketException) as error:
        return _line(what, f"{error} (http.conf; modules res_http_websocket.so, res_ari_events.so)", "")
    return _line(what, "", "events and requests over one socket")


async def _check_manager(settings: AsteriskSettings) -> list[CheckLine]:
    link = AmiLink(settings)
    where = f"{settings.ami_host}:{settings.ami_port}"
    async with _running(link.run()):
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(_SECONDS):
                while not link.up and not link.failure:  # noqa: ASYNC110 -- whichever comes first
                    await asyncio.sleep(0.02)
        if not link.up:
            return [_line("AMI", f"{where}: {link.failure or 'no answer'} (manager.conf)", "")]
        lines = [_line("AMI", "", f"{where} answers to {settings.ami_user}")]
        try:
            return lines + await _check_dialplan(link, settings)
        except CarusoError as error:
            return [*lines, _line("Dialplan", f"{error} (manager.conf: write=system,reporting)", "")]


async def _check_dialplan(link: AmiLink, settings: AsteriskSettings) -> list[CheckLine]:
    steps = await link.dialplan(settings.context)
    handed = any(name == "Stasis" and data.split(",")[0] == settings.app for _, name, data in steps)
    asks_again = any(name == "GotoIf" and "STASISSTATUS" in data for _, name, data in steps)
    mistake = ""
    if not steps:
        mistake = f"no context {settings.context} (extensions.conf)"
    elif not handed:
        mistake = (
            f"{settings.context} does not hand calls to Stasis({settings.app},in,${{EXTEN}}) (extensions.conf)"
        )
    elif not asks_again:
        mistake = f"{settings.context} drops callers while no server is connected: STASISSTATUS is not looked at"
    lines = [_line("Dialplan", mistake, f"{settings.context} hands calls to {settings.app}")]
    reachable = await link.dialplan(f"{settings.context}-phones")
    mistake = f"agents' phones can dial what is in {settings.context}-phones" if reachable else ""
    return [*lines, _line("Phones' context", mistake, "agents' phones can dial nothing")]


async def _check_browser_phones(settings: AsteriskSettings) -> CheckLine:
    what, url = "Browser phones", settings.phone_ws_url
    if not url:
        return CheckLine(what=what, ok=True, detail="not set up: agents need SIP phones (phone_ws_url)")
    try:
        async with connect(url, subprotocols=[Subprotocol("sip")], open_timeout=_SECONDS):
            return _line(what, "", f"can connect to {url}")
    except InvalidStatus as error:
        return _line(
            what, f"{url} answers {error.response.status_code} (pjsip.conf: transport of protocol ws)", ""
        )
    except (OSError, WebSocketException, TimeoutError) as error:
        return _line(what, f"{url}: {error or type(error).__name__} (http.conf: tlsenable, certificate)", "")


class _Sip(asyncio.DatagramProtocol):
    def __init__(self) -> None:
        self.answered = asyncio.Event()

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        if data.startswith(b"SIP/2.0 "):
            self.answered.set()


async def _check_sip(settings: AsteriskSettings) -> CheckLine:
    """Ask over UDP; any answer will do."""
    what = "SIP"
    parts = urlsplit("//" + settings.phone_sip_server.removeprefix("sip:"))
    host, port = parts.hostname or "localhost", parts.port or 5060
    transport = None
    try:
        transport, sip = await asyncio.get_running_loop().create_datagram_endpoint(_Sip, remote_addr=(host, port))
        own_host, own_port = transport.get_extra_info("sockname")[:2]
        own = f"{own_host}:{own_port}"
        request = _OPTIONS.format(host=host, port=port, own=own, branch=secrets.token_hex(8))
        request = request.replace("\n", "\r\n")
        for _ in range(3):
            transport.sendto(request.encode())
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(0.5):
                    await sip.answered.wait()
                    return _line(what, "", f"{host}:{port} answers over UDP")
        mistake = f"nothing answers at {host}:{port} over UDP (pjsip.conf: transport)"
    except OSError as error:
        mistake = f"{host}:{port}: {error} (pjsip.conf: transport)"
    finally:
        if transport is not None:
            transport.close()
    return _line(what, mistake, "")


_OPTIONS = """OPTIONS sip:{host}:{port} SIP/2.0
Via: SIP/2.0/UDP {own};branch=z9hG4bK{branch};rport
From: <sip:caruso-check@{own}>;tag=caruso-check
To: <sip:{host}:{port}>
Call-ID: caruso-check-{own}
CSeq: 1 OPTIONS
Contact: <sip:caruso-check@{own}>
Max-Forwards: 70
Content-Length: 0

"""


@contextlib.asynccontextmanager
async def _running(work: Coroutine[Any, Any, None]) -> AsyncIterator[None]:
    task = asyncio.create_task(work)
    try:
        yield
    finally:
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task
