"""Runs a real Asterisk on free loopback ports, with its own directories, and gives it back when it answers.

The lines that matter to a company's own Asterisk come from `caruso.comm_server.asterisk.templates`.
Knows nothing of the contact centre.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import re
import resource
import secrets
import shutil
import signal
import socket
import subprocess
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Self

import aiohttp

from caruso.comm_server.asterisk.templates import render
from lab.ports import free_port

MINIMUM_VERSION = (22, 10)
#: Where its disk is full a file of so many bytes grows no more; whole samples, so that left stays left.
_FULL_BYTES = 4096
#: RTP ports of one instance: enough for 1,000 legs. Asterisk itself passes over ports that are taken.
RTP_PORTS = 4000

MODULES = (
    # timing, sound files, codecs
    "res_timing_timerfd", "format_wav", "format_pcm", "format_sln", "codec_ulaw", "codec_alaw", "codec_resample",
    "codec_opus_open_source", "res_format_attr_opus", "res_musiconhold", "res_crypto", "res_srtp",
    # recording of calls: MixMonitor needs the others
    "app_chanspy", "func_cut", "func_groupcount", "func_uri", "func_periodic_hook", "app_mixmonitor",
    # dialplan
    "pbx_config", "app_dial", "app_playback", "app_stack", "app_echo", "app_verbose", "app_senddtmf",
    "func_callerid", "func_channel", "func_logic", "func_strings", "func_timeout", "func_hangupcause",
    # sorcery, HTTP, WebSocket
    "res_sorcery_config", "res_sorcery_memory", "res_sorcery_astdb", "res_http_websocket", "res_websocket_client",
    # PJSIP
    "res_pjproject", "res_pjsip", "res_pjsip_session", "res_pjsip_pubsub", "res_pjsip_sdp_rtp",
    "res_pjsip_caller_id", "res_pjsip_header_funcs", "res_pjsip_authenticator_digest",
    "res_pjsip_outbound_authenticator_digest", "res_pjsip_endpoint_identifier_ip",
    "res_pjsip_endpoint_identifier_user", "res_pjsip_registrar", "res_pjsip_nat", "res_pjsip_rfc3326",
    "res_pjsip_dtmf_info", "res_pjsip_dlg_options", "res_pjsip_path", "res_pjsip_transport_websocket",
    "res_pjsip_notify", "res_rtp_asterisk", "chan_pjsip",
    # bridges
    "bridge_simple", "bridge_native_rtp", "bridge_softmix", "bridge_holding", "bridge_builtin_features",
    # ARI
    "res_stasis", "res_stasis_answer", "res_stasis_playback", "res_stasis_recording", "res_stasis_snoop",
    "res_stasis_device_state", "res_ari_model", "res_ari", "res_ari_applications", "res_ari_asterisk",
    "res_ari_bridges", "res_ari_channels", "res_ari_endpoints", "res_ari_events", "res_ari_playbacks",
    "res_ari_recordings", "res_ari_sounds", "res_ari_device_states", "app_stasis",
)  # fmt: skip


class NoAsterisk(Exception):
    """No Asterisk of version 22.10 or newer was found."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Installation:
    """Where an Asterisk is, and how it is started."""

    command: tuple[str, ...]
    modules: Path
    data: Path
    version: tuple[int, int, int]


def extracted_directory() -> Path:
    """Return where the set-up extracts Debian's Asterisk."""
    cache = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(cache) / "caruso" / "asterisk"


def find_asterisk() -> Installation:
    """Return the machine's own Asterisk when it is new enough, else the extracted one."""
    own = shutil.which("asterisk") or shutil.which("asterisk", path="/usr/sbin:/usr/local/sbin")
    candidates: list[tuple[tuple[str, ...], Path]] = [((own,), Path("/"))] if own else []
    root = extracted_directory()
    for library in sorted((root / "usr/lib").glob("*-linux-gnu")):
        for loader in sorted((root / "usr").glob("lib*/ld-linux*.so.*")):
            start = (str(loader), "--library-path", str(library), str(root / "usr/sbin/asterisk"))
            candidates.append((start, root))
    for command, prefix in candidates:
        version = _version(command)
        modules = sorted(prefix.glob("usr/lib/*/asterisk/modules")) + sorted(
            prefix.glob("usr/lib/asterisk/modules")
        )
        data = [path for path in (prefix / "usr/share/asterisk", prefix / "var/lib/asterisk") if path.is_dir()]
        if version >= (*MINIMUM_VERSION, 0) and modules and data:
            return Installation(command=command, modules=modules[0], data=data[0], version=version)
    raise NoAsterisk(f"no asterisk >= {MINIMUM_VERSION[0]}.{MINIMUM_VERSION[1]} on PATH nor in {root}")


def _version(command: Sequence[str]) -> tuple[int, int, int]:
    try:
        text = subprocess.run([*command, "-V"], capture_output=True, text=True, timeout=10, check=False).stdout
    except OSError:
        return (0, 0, 0)
    found = re.search(r"(\d+)\.(\d+)(?:\.(\d+))?", text)
    return (int(found[1]), int(found[2]), int(found[3] or 0)) if found else (0, 0, 0)


class LocalAsterisk:
    """One Asterisk process on loopback. Ports and passwords stay the same when it is restarted.

    `sections` are further lines by file name (``{"pjsip.conf": "...", "extensions.conf": "..."}``), `modules`
    further modules by name (``app_queue``). `real_time`: it runs at real-time priority where that is allowed, as
    Debian's service has it.
    """

    def __init__(
        self,
        work_dir: Path,
        *,
        sections: Mapping[str, str] | None = None,
        modules: Sequence[str] = (),
        app: str = "caruso",
        context: str = "caruso-in",
        real_time: bool = False,
    ) -> None:
        """Choose ports and secrets; nothing is written or started yet."""
        self.work_dir = work_dir.resolve()
        self.app = app
        self.context = context
        self.sip_port = free_port(socket.SOCK_DGRAM)
        self.http_port = free_port()
        self.ami_port = free_port()
        self.rtp_start = 10_000 + (self.sip_port % 5) * RTP_PORTS
        self.ari_user = self.ami_user = "caruso"
        self.ari_password = secrets.token_urlsafe(16)
        self.ami_secret = secrets.token_urlsafe(16)
        self.installation = find_asterisk()
        self._sections = dict(sections or {})
        self._modules = tuple(modules)
        self._real_time = real_time
        # Not asyncio's own: it must survive the loop of the test that started it.
        self._process: subprocess.Popen[bytes] | None = None
        # A Unix socket's path may have 108 characters at most, and a test's directory is often longer.
        self._run_dir = Path(tempfile.gettempdir()) / f"caruso-pbx-{self.http_port}"

    @property
    def ari_url(self) -> str:
        """``http://127.0.0.1:<port>/ari``."""
        return f"http://127.0.0.1:{self.http_port}/ari"

    @property
    def ws_url(self) -> str:
        """Where browser phones connect."""
        return f"ws://127.0.0.1:{self.http_port}/ws"

    @property
    def pid(self) -> int:
        """Return the process id; raise when it does not run."""
        if self._process is None or self._process.poll() is not None:
            raise RuntimeError("Asterisk does not run")
        return self._process.pid

    @property
    def log_file(self) -> Path:
        """Warnings and errors of Asterisk."""
        return self.work_dir / "log" / "messages.log"

    async def __aenter__(self) -> Self:
        """Start."""
        await self.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        """Stop and remove the run directory."""
        await self.stop()
        shutil.rmtree(self._run_dir, ignore_errors=True)

    async def start(self, *, within_seconds: float = 15.0) -> None:
        """Write the configuration, start, return when ARI answers."""
        self.write_configuration()
        command = [*self.installation.command, "-f", "-C", str(self.work_dir / "etc" / "asterisk.conf")]
        if self._real_time:
            command.append("-p")
        if setpriv := shutil.which("setpriv"):  # so that it never outlives us, whatever kills us
            command = [setpriv, "--pdeathsig", "KILL", *command]
        self._process = process = self._spawn(command)
        try:
            async with asyncio.timeout(within_seconds):
                await self._answers(process)
        except TimeoutError:
            await self.kill()
            raise RuntimeError(f"Asterisk did not answer within {within_seconds} s: {self.tail()}") from None

    async def stop(self) -> None:
        """Ask it to end, and make sure that it does."""
        await self._end(signal.SIGTERM)

    async def kill(self) -> None:
        """End it as a crash would."""
        await self._end(signal.SIGKILL)

    async def restart(self) -> None:
        """Kill it and start it again on the same ports."""
        await self.kill()
        await self.start()

    @contextlib.contextmanager
    def no_more_written(self) -> Iterator[None]:
        """Let none of its files grow for the length of a block, as if the disk was full; needs no rights."""
        before = resource.prlimit(self.pid, resource.RLIMIT_FSIZE)
        resource.prlimit(self.pid, resource.RLIMIT_FSIZE, (_FULL_BYTES, before[1]))
        try:
            yield
        finally:
            resource.prlimit(self.pid, resource.RLIMIT_FSIZE, before)

    def tail(self, lines: int = 20) -> str:
        """Return the last lines it wrote, for error messages."""
        texts = [
            path.read_text(errors="replace")
            for path in (self.work_dir / "console.log", self.log_file)
            if path.is_file()
        ]
        return "\n".join("\n".join(text.splitlines()[-lines:]) for text in texts)

    async def cli(self, command: str) -> str:
        """Return what Asterisk's own console prints for `command` (for people and tests only)."""
        remote = [*self.installation.command, "-C", str(self.work_dir / "etc" / "asterisk.conf"), "-rx", command]
        process = await asyncio.create_subprocess_exec(
            *remote, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT
        )
        output, _ = await process.communicate()
        return output.decode(errors="replace")

    def _spawn(self, command: Sequence[str]) -> subprocess.Popen[bytes]:
        with (self.work_dir / "console.log").open("ab") as console:
            return subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=console,
                stderr=console,
                process_group=0,  # Ctrl-C at the terminal is for us, who then end it properly
            )

    @property
    def http_headers(self) -> dict[str, str]:
        """The sign-in of ARI."""
        return {"Authorization": aiohttp.encode_basic_auth(self.ari_user, self.ari_password)}

    def values(self) -> dict[str, str]:
        """Return what the templates need."""
        return {
            "app": self.app,
            "context": self.context,
            "ari_user": self.ari_user,
            "ari_password": self.ari_password,
            "http_address": "127.0.0.1",
            "http_port": str(self.http_port),
            "ami_user": self.ami_user,
            "ami_secret": self.ami_secret,
            "ami_address": "127.0.0.1",
            "ami_permit": "127.0.0.1/255.255.255.255",
            "ami_port": str(self.ami_port),
        }

    def write_configuration(self) -> None:
        """Write all files below the work directory."""
        etc = self.work_dir / "etc"
        for directory in (
            etc,
            *(self.work_dir / name for name in ("log", "lib/keys", "spool/recording")),
            self._run_dir,
        ):
            directory.mkdir(parents=True, exist_ok=True)
        self._link_data()
        values = self.values()
        files = {
            name: render(name, values) for name in ("ari.conf", "extensions.conf", "http.conf", "manager.conf")
        }
        files |= {name: render(name, values) for name in ("sorcery.conf", "stasis.conf")}
        files |= {
            "asterisk.conf": self._asterisk_conf(),
            "modules.conf": self._modules_conf(),
            "pjsip.conf": render("pjsip.conf", values)
            + _LAB_PJSIP.format(port=self.sip_port, context=self.context),
            "rtp.conf": self._rtp_conf(),
            "musiconhold.conf": "[default]\nmode=files\ndirectory=moh\n",
            "logger.conf": "[general]\n[logfiles]\nmessages.log => warning,error\n",
            "cdr.conf": "[general]\nenable=no\n",
            "cel.conf": "[general]\nenable=no\n",
            "features.conf": "[general]\n",
            "websocket_client.conf": "",
            "codecs.conf": "",
            "pjproject.conf": "",
            "pjsip_notify.conf": "",
            "udptl.conf": "[general]\n",
            "acl.conf": "",
            "ccss.conf": "[general]\n",
            "indications.conf": _INDICATIONS,
        }
        for name, lines in self._sections.items():
            files[name] = f"{files.get(name, '')}\n{lines}\n"
        for name, text in files.items():
            (etc / name).write_text(text, encoding="utf-8")

    def _link_data(self) -> None:
        """Make a data directory of links: Debian's sounds have no ``en`` until an alternative is chosen."""
        data = self.work_dir / "data"
        (data / "sounds").mkdir(parents=True, exist_ok=True)
        source = self.installation.data
        links = {data / name: source / name for name in ("moh", "rest-api", "documentation")}
        english = [path for path in (source / "sounds/en", *sorted(source.glob("sounds/en_*"))) if path.is_dir()]
        if english:
            links[data / "sounds/en"] = english[0]
        for link, target in links.items():
            if not link.is_symlink():
                link.symlink_to(target)

    def _asterisk_conf(self) -> str:
        return f"""[directories]
astetcdir => {self.work_dir}/etc
astmoddir => {self.installation.modules}
astvarlibdir => {self.work_dir}/lib
astdbdir => {self.work_dir}/lib
astkeydir => {self.work_dir}/lib
astdatadir => {self.work_dir}/data
astagidir => {self.work_dir}/lib
astspooldir => {self.work_dir}/spool
astcachedir => {self.work_dir}/spool
astrundir => {self._run_dir}
astlogdir => {self.work_dir}/log
[options]
maxfiles = 65536
nocolor = yes
"""

    def _modules_conf(self) -> str:
        return "[modules]\nautoload=no\n" + "".join(f"load={name}.so\n" for name in (*MODULES, *self._modules))

    def _rtp_conf(self) -> str:
        """SIPp sends keys and speech from two ports: a strict Asterisk takes the second for an intruder's."""
        last = self.rtp_start + RTP_PORTS - 1
        return f"[general]\nrtpstart={self.rtp_start}\nrtpend={last}\nstrictrtp=no\n"

    async def _answers(self, process: subprocess.Popen[bytes]) -> None:
        async with aiohttp.ClientSession(headers=self.http_headers) as session:
            while True:
                if process.poll() is not None:
                    raise RuntimeError(f"Asterisk ended with {process.returncode}: {self.tail()}")
                try:
                    async with session.get(f"{self.ari_url}/applications") as response:
                        if response.status == 200:
                            return
                except aiohttp.ClientError:
                    pass
                await asyncio.sleep(0.05)

    async def _end(self, how: signal.Signals) -> None:
        process, self._process = self._process, None
        if process is None:
            return
        process.send_signal(how)  # does nothing when it has ended already
        give_up = asyncio.get_running_loop().time() + 5
        while process.poll() is None:
            if asyncio.get_running_loop().time() > give_up:
                process.kill()
            await asyncio.sleep(0.02)


_LAB_PJSIP = """
[udp]
type=transport
protocol=udp
bind=127.0.0.1:{port}

; The trunk: whatever comes from loopback and is no known phone.
[trunk]
type=endpoint
context={context}
disallow=all
allow=ulaw,alaw,opus
direct_media=no
trust_id_inbound=yes

[trunk]
type=identify
endpoint=trunk
match=127.0.0.1
"""

_INDICATIONS = """[general]
country=us
[us]
description = United States
ringcadence = 2000,4000
dial = 350+440
busy = 480+620/500,0/500
ring = 440+480/2000,0/4000
congestion = 480+620/250,0/250
"""
