"""Follow the files of models while a server runs."""

from __future__ import annotations

import asyncio
from pathlib import Path

import structlog

from caruso.business_objects.folder import fingerprint, read_folder
from caruso.errors import RejectedInput
from caruso.storage.objects.store import Objects

log = structlog.get_logger(__name__)

#: Pause between looks at the folder, seconds.
FOLLOW_SECONDS = 1.0


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
