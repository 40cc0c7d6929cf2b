"""Loads the records a script declares, and finds those a question offers: a slow database never holds anybody."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import structlog

from caruso.errors import CarusoError, NotFound
from caruso.ports.scripts import ScriptObjects
from caruso.script_engine import engine
from caruso.script_engine.nodes import Dialog
from caruso.script_engine.turns import FindObjects, ObjectsFound, RunStart, Value

log = structlog.get_logger(__name__)

#: A record that has not come by then is taken for missing, seconds.
OBJECT_TIMEOUT_SECONDS = 2.0


async def load_records(
    objects: ScriptObjects, dialog: Dialog, start: RunStart, now: datetime
) -> dict[str, Mapping[str, Value]]:
    """Load what the script declares; what is missing, late or failing is empty where the script allows it.

    Raises:
        NotFound: a record is missing that the script cannot do without.
    """
    loaded: dict[str, Mapping[str, Value]] = {}
    for needed in engine.needed_objects(dialog, start, now):
        values = await _load(objects, needed.class_name, needed.key)
        if not values and not needed.may_be_missing:
            raise NotFound(f"The script cannot begin without its “{needed.name}”.")
        loaded[needed.name] = values
    return loaded


async def find_records(objects: ScriptObjects, order: FindObjects) -> ObjectsFound:
    """Look for what a question offers; a search that fails or takes too long has found nothing."""
    found: Sequence[Mapping[str, object]] = ()
    try:
        async with asyncio.timeout(OBJECT_TIMEOUT_SECONDS):
            found = await objects.find(order.class_name, order.where, order.limit)
    except (CarusoError, TimeoutError) as error:
        log.warning("objects_not_found", class_name=order.class_name, error=str(error) or "timeout")
    except Exception:
        log.exception("objects_not_found", class_name=order.class_name)
    return ObjectsFound(key=order.key, objects=found)


async def _load(objects: ScriptObjects, class_name: str, key: Any) -> Mapping[str, Value]:
    if key in (None, ""):
        return {}
    try:
        async with asyncio.timeout(OBJECT_TIMEOUT_SECONDS):
            return await objects.load(class_name, key) or {}
    except (CarusoError, TimeoutError) as error:
        log.warning("object_not_loaded", class_name=class_name, error=str(error) or "timeout")
        return {}
