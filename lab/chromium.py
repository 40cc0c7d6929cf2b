"""A Chromium without a screen, with a microphone that is not one, and a person's page in it.

The page's parts are called by their names (agent_ui/README.md). Knows nothing of what a page should show.
"""

from __future__ import annotations

import contextlib
import shutil
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from playwright.async_api import Browser, Locator, Page, async_playwright

#: The built console.
DIST = Path(__file__).resolve().parent.parent / "agent_ui" / "dist"

#: What a page takes at most to show what it should.
PATIENCE_SECONDS = 10.0
#: No screen, no phoning home, and a beep for a microphone.
ARGUMENTS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
    "--disable-quic",
    "--use-fake-ui-for-media-stream",
    "--use-fake-device-for-media-stream",
    "--disable-features=WebRtcHideLocalIpsWithMdns",
)

#: Keeps the page's connections where a test can ask them what came in.
_KEEP_CONNECTIONS = """
window.keptConnections = [];
window.RTCPeerConnection = class extends RTCPeerConnection {
  constructor(...rest) { super(...rest); window.keptConnections.push(this); }
};
"""
_SOUND = """async () => {
  const open = window.keptConnections.filter(one => one.connectionState === "connected");
  const sound = { received: 0, sent: 0, lost: 0, energy: 0, seconds: 0, connections: open.length };
  for (const connection of open) {
    for (const report of (await connection.getStats()).values()) {
      if (report.type === "inbound-rtp" && report.kind === "audio") {
        sound.received += report.packetsReceived; sound.lost += report.packetsLost;
        sound.energy += report.totalAudioEnergy; sound.seconds += report.totalSamplesDuration;
      }
      if (report.type === "outbound-rtp" && report.kind === "audio") sound.sent += report.packetsSent;
    }
  }
  return sound;
}"""
#: The loudest frequency for a while, on the sound that comes in; 0 when it is silent.
_PITCH = """async (seconds) => {
  const open = window.keptConnections.filter(one => one.connectionState === "connected");
  const track = open.at(-1)?.getReceivers().find(one => one.track.kind === "audio")?.track;
  if (track === undefined) return 0;
  const context = new AudioContext();
  await context.resume();
  const analyser = new AnalyserNode(context, { fftSize: 4096, smoothingTimeConstant: 0 });
  context.createMediaStreamSource(new MediaStream([track])).connect(analyser);
  const powers = new Float64Array(analyser.frequencyBinCount);
  const decibels = new Float32Array(analyser.frequencyBinCount);
  for (const end = performance.now() + 1000 * seconds; performance.now() < end;) {
    await new Promise(resolve => setTimeout(resolve, 50));
    analyser.getFloatFrequencyData(decibels);
    decibels.forEach((value, bin) => { if (value > -60) powers[bin] += 10 ** (value / 10); });
  }
  const loudest = powers.indexOf(Math.max(...powers));
  const hertz = powers[loudest] > 0 ? loudest * context.sampleRate / analyser.fftSize : 0;
  await context.close();
  return hertz;
}"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sound:
    """What a page's telephone connections have carried so far, as the browser counts it."""

    #: Packets.
    received: int
    sent: int
    lost: int
    #: What came in: the sum of squared loudness over time, and that time.
    energy: float
    seconds: float
    #: How many are open.
    connections: int


class Console:
    """One page of one person."""

    def __init__(self, page: Page, url: str) -> None:
        """Look at `page`; nothing is loaded yet."""
        self.page = page
        self.url = url
        #: What the page's scripts failed with.
        self.failures: list[str] = []
        page.on("pageerror", lambda error: self.failures.append(str(error)))

    def part(self, name: str, **data: str) -> Locator:
        """Return the part called `name`, in the state that `data` tells: ``part("presence", state="ready")``."""
        attributes = "".join(f'[data-{key}="{value}"]' for key, value in data.items())
        return self.page.locator(f'[data-testid="{name}"]{attributes}')

    async def until(self, name: str, *, seconds: float = PATIENCE_SECONDS, **data: str) -> Locator:
        """Wait until the part is seen in that state."""
        part = self.part(name, **data)
        await part.first.wait_for(timeout=seconds * 1000)
        return part

    async def until_gone(self, name: str, *, seconds: float = PATIENCE_SECONDS, **data: str) -> None:
        """Wait until the part is not seen in that state."""
        await self.part(name, **data).first.wait_for(state="hidden", timeout=seconds * 1000)

    async def text(self, name: str, **data: str) -> str:
        """Return what a part says."""
        return await self.part(name, **data).first.inner_text()

    async def sign_in(self, user: str, password: str) -> None:
        """Sign in and wait for the first page."""
        await self.page.goto(self.url)
        await self.part("sign-in-user").fill(user)
        await self.part("sign-in-password").fill(password)
        await self.part("sign-in-submit").click()
        await self.part("user-menu").wait_for()

    async def press(self, keys: str) -> None:
        """Press keys, as Playwright writes them: ``Alt+r``."""
        await self.page.keyboard.press(keys)

    async def sound(self) -> Sound:
        """Return what the open calls have carried so far."""
        return Sound(**await self._ask(_SOUND))

    async def pitch(self, *, seconds: float = 1.0) -> float:
        """Return the loudest frequency that comes in, in hertz; 0 for silence."""
        return float(await self._ask(_PITCH, seconds))

    async def _ask(self, program: str, *values: object) -> Any:
        return await self.page.evaluate(program, *values)


@contextlib.asynccontextmanager
async def chromium(*, microphone: Path | None = None) -> AsyncIterator[Browser]:
    """Run a browser for the length of a block. `microphone`: a WAV file to be heard in it, over and over."""
    program = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if program is None:
        raise RuntimeError("there is no Chromium: make setup-test")
    arguments = [*ARGUMENTS, *([f"--use-file-for-fake-audio-capture={microphone}"] if microphone else [])]
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=program, args=arguments)
        try:
            yield browser
        finally:
            await browser.close()


async def open_console(
    browser: Browser, url: str, *, width: int = 1280, height: int = 800, **options: Any
) -> Console:
    """Open a page in a fresh profile; `options` are those of Playwright's contexts."""
    context = await browser.new_context(viewport={"width": width, "height": height}, locale="en-GB", **options)
    context.set_default_timeout(PATIENCE_SECONDS * 1000)
    await context.add_init_script(_KEEP_CONNECTIONS)
    return Console(await context.new_page(), url)
