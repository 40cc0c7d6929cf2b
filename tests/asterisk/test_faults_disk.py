"""The disk that holds database, log and spoken texts is full while calls come and go."""

from __future__ import annotations

import asyncio
import subprocess
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from caruso.model.facts import ContactConnected, ContactEnded
from lab.asterisk import LocalAsterisk
from lab.figures import measured
from lab.listening import clear
from lab.server import LAB_PASSWORD
from lab.sipp import caller
from lab.staffed import balanced_facts, nothing_left, of, phases, staffed
from lab.web_client import Refused, WebClient

#: An alarm is raised by then.
ALARM_SECONDS = 5.0


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """Return a folder on a disk of its own, of 24 MB."""
    folder = tmp_path / "disk"
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=24m,mode=755", "tmpfs", str(folder)]
    done = subprocess.run(mount, capture_output=True, text=True, check=False)
    if done.returncode:
        pytest.skip(f"a small disk cannot be mounted here: {done.stderr.strip()}")
    yield folder
    subprocess.run(["umount", "--lazy", str(folder)], check=True)


def fill(folder: Path) -> Path:
    """Write a file until nothing more can be written anywhere on the disk."""
    file = folder / "ballast"
    with file.open("ab", buffering=0) as ballast:
        for size in (65536, 512, 1):
            try:
                while ballast.write(b"\0" * size) == size:
                    pass
            except OSError:
                continue
    return file


async def test_calls_go_on_while_the_disk_is_full(pbx: LocalAsterisk, small_disk: Path) -> None:
    """Calls and a dialog of which no text has been spoken yet work; afterwards the journal is whole.

    6 calls ──► disk full ──► 6 calls, 1 in the dialog presses 0 ──► room again ──► 1 call hears the dialog
    """
    speech = small_disk / "server" / "data" / "speech"
    told = ["journal_writing_failed", "speech_failed", "log_lines_lost"]
    async with staffed(pbx, small_disk / "server", agents=3, wrap_up_seconds=0, told=told) as centre:
        async with caller(pbx, "7001", stay_seconds=0.5, calls=6, per_second=3) as first:
            assert (await first.result()).successful == 6
        ballast = fill(small_disk)
        disk_alarm = await centre.until_health("disk", "degraded", seconds=ALARM_SECONDS)
        alarm = asyncio.create_task(centre.until_health("journal", "degraded", seconds=ALARM_SECONDS))
        async with caller(pbx, "7001", stay_seconds=0.5, calls=6, per_second=3) as second:
            assert (await second.result()).successful == 6
        journal_alarm = await alarm
        async with WebClient(centre.server.url) as browser:
            with pytest.raises(Refused) as refused:
                await browser.sign_in("a0", LAB_PASSWORD)
        assert refused.value.code == "storage-unavailable"
        async with caller(pbx, "7002", stay_seconds=600, digits=[(1.0, "0"), (1.0, "0")]):
            await centre.until(lambda view: phases(view) == Counter(dialog=1))
            await centre.until(lambda view: phases(view) == Counter(talking=1), seconds=20)
            await clear(pbx)
        await centre.until(lambda view: not view.calls)
        assert not list(speech.glob("**/*.wav")), "half a text would be spoken for ever"

        ballast.unlink()
        recovered = await centre.until_health("journal", "ok", seconds=10)
        await centre.until_health("disk", "ok")
        async with caller(pbx, "7002", stay_seconds=600):
            await centre.until(lambda view: phases(view) == Counter(dialog=1))
            async with asyncio.timeout(10):
                while not list(speech.glob("**/*.wav")):  # noqa: ASYNC110 -- the disk tells nobody
                    await asyncio.sleep(0.1)
            await clear(pbx)
        await centre.until(lambda view: not view.calls)
        await nothing_left(pbx)
        assert "log_lines_lost" in centre.server.log
        facts = await balanced_facts(centre.server)
    assert len(of(facts, ContactEnded)) == 14
    assert len(of(facts, ContactConnected)) == 13
    measured("disk full", disk_alarm=disk_alarm, journal_alarm=journal_alarm, recovered=recovered)
