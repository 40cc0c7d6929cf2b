"""What goes on with business objects while a server runs: models follow their files, old objects are erased."""

from __future__ import annotations

import asyncio
from pathlib import Path

import structlog

from caruso.business_objects.folder import fingerprint, read_folder
from caruso.clock import Clock
from caruso.errors import RejectedInput
from caruso.storage.objects.privacy import Privacy
from caruso.storage.objects.store import Objects

log = structlog.get_logger(__name__)

#: Pause between looks at the folder, seconds.
FOLLOW_SECONDS = 1.0
#: Between looks for objects that have been kept long enough, seconds.
ERASE_SECONDS = 3600.0


async def erase_old(objects: Objects, clock: Clock, *, seconds: float = ERASE_SECONDS) -> None:
    """Erase, again and again, what models say has been kept long enough."""
    while True:
        await asyncio.sleep(seconds)
        try:
            done = await Privacy(objects).tidy(clock.now())
        except Exception:
            log.exception("objects_not_erased")
        else:
            log.info("objects_erased", count=sum(done.values()))


async def follow_models(objects: Objects, folder: Path, *, seconds: float = FOLLOW_SECONDS) -> None:
    """Take what the folder of models has whenever it changes; with a mistake all stays as it is."""
    seen = await asyncio.to_thread(fingerprint, folder)
    while True:
        await asyncio.sleep(seconds)
        present = await asyncio.to_thread(fingerprint, folder)
        if present == seen:
            continue
        seen = present
        try:
            objects.replace(await asyncio.to_thread(read_folder, folder, objects.databases.names))
        except RejectedInput as error:
            log.error("model_not_taken_over", reason=str(error))
        except Exception:
            log.exception("model_not_taken_over")
        else:
            log.info("model_taken_over", classes=len(objects.model.classes))
