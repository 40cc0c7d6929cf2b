"""What holds for every test: no task is left behind, no exception goes unseen, and no surprise in CI."""

from __future__ import annotations

import asyncio
import gc
import inspect
import os
from collections.abc import AsyncIterator
from typing import Any

import hypothesis
import pytest

#: What is being cancelled when the test returns may finish; what runs on afterwards was forgotten.
GRACE_S = 0.1

# Examples are random on a desk, where a new one is a find, and always the same in CI, where it is a nuisance.
hypothesis.settings.register_profile("desk", deadline=None)
hypothesis.settings.register_profile("ci", deadline=None, derandomize=True)
hypothesis.settings.load_profile("ci" if os.environ.get("CI") else "desk")


@pytest.fixture(autouse=True)
def nothing_left_behind(request: pytest.FixtureRequest) -> None:
    """Watch the event loop of an asynchronous test; set up first, so it looks when all else is torn down."""
    if inspect.iscoroutinefunction(getattr(request.node, "obj", None)):
        request.getfixturevalue("watched_loop")


@pytest.fixture
async def watched_loop() -> AsyncIterator[None]:
    """Fail when tasks are still running after the test, or an exception was never looked at."""
    loop = asyncio.get_running_loop()
    unseen: list[str] = []
    before = asyncio.all_tasks()
    usual = loop.get_exception_handler()
    loop.set_exception_handler(lambda _, context: unseen.append(_in_words(context)))
    yield
    forgotten = await _still_running(before)
    gc.collect()  # an exception nobody retrieved is reported when its task is thrown away
    loop.set_exception_handler(usual)
    complaints = forgotten + unseen
    if complaints:
        pytest.fail("\n".join(complaints), pytrace=False)


async def _still_running(before: set[asyncio.Task[Any]]) -> list[str]:
    """Return in words what has not ended, and end it."""
    here = asyncio.current_task()
    pending = {task for task in asyncio.all_tasks() - before if task is not here}
    if pending:
        _, pending = await asyncio.wait(pending, timeout=GRACE_S)
    complaints = [f"task left running: {task!r}" for task in pending]
    for task in pending:
        task.cancel()
    return complaints


def _in_words(context: dict[str, Any]) -> str:
    where = context.get("future") or context.get("task") or ""
    return f"{context.get('message')}: {context.get('exception')!r} {where}"


def pytest_collection_finish() -> None:
    """Take what the imports made out of the collector's sight: looking after each test is then quick."""
    gc.collect()
    gc.freeze()
