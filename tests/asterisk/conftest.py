"""A real Asterisk for the tests of this folder: started once, on loopback, with its own directories."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator

import pytest

from lab.asterisk import LocalAsterisk


@pytest.fixture(scope="session")
def pbx(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalAsterisk]:
    """Return a running Asterisk. Leave no channel in it; a test may kill and restart it."""
    asterisk = LocalAsterisk(tmp_path_factory.mktemp("pbx"))
    asyncio.run(asterisk.start())
    yield asterisk
    asyncio.run(asterisk.__aexit__())
