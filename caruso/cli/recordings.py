"""``caruso recordings verify``: hold every kept recording against its checksum."""

from __future__ import annotations

from argparse import Namespace

from caruso.cli.outcome import Exit
from caruso.cli.stores import opened, run, settings
from caruso.config import Config
from caruso.errors import NotFound
from caruso.model.ids import RecordingId


def verify(wanted: Namespace) -> int:
    """Read all recordings, tell those that are missing or damaged, and how many are fine."""
    return run(_verify(settings(wanted)))


async def _verify(config: Config) -> int:
    from caruso.storage.recording_files import SoundFiles

    files = SoundFiles(config.server.data_dir / "recordings")
    fine = wrong = 0
    after: RecordingId | None = None
    async with opened(config) as stores:
        while found := await stores.recordings.kept(after=after):
            for recording in found:
                try:
                    await files.sound(recording)
                    fine += 1
                except NotFound as problem:
                    wrong += 1
                    print(f"{recording.id} of contact {recording.contact}, part {recording.part}: {problem}")
            after = found[-1].id
    print(f"{fine} fine, {wrong} missing or damaged")
    return Exit.OK if not wrong else Exit.REFUSED
