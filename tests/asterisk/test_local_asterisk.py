"""The Asterisk every other test of this folder stands on."""

from __future__ import annotations

import time
from pathlib import Path

import aiohttp

from lab.asterisk import LocalAsterisk
from lab.figures import measured


async def test_asterisk_comes_back_on_the_same_ports(pbx: LocalAsterisk) -> None:
    """Kill and start again; ARI answers at the same address with the same password."""
    first = pbx.pid
    began = time.monotonic()
    await pbx.restart()
    measured("Asterisk restarted", answering=time.monotonic() - began)
    assert pbx.pid != first
    async with (
        aiohttp.ClientSession(headers=pbx.http_headers) as http,
        http.get(f"{pbx.ari_url}/asterisk/info") as response,
    ):
        assert response.status == 200
        assert (await response.json())["system"]["version"].split(".")[0] >= "22"


async def test_all_modules_run_and_nothing_is_complained_about(tmp_path: Path) -> None:
    """A module that does not load would be missed only later, by somebody else."""
    async with LocalAsterisk(tmp_path) as fresh:
        assert "Not Running" not in await fresh.cli("module show")
    complaints = [
        line for line in fresh.log_file.read_text().splitlines() if "WARNING[" in line or "ERROR[" in line
    ]
    assert complaints == []


async def test_music_and_sounds_are_there(pbx: LocalAsterisk) -> None:
    """Both come from the distribution's packages."""
    assert "File:" in await pbx.cli("moh show files")
    async with (
        aiohttp.ClientSession(headers=pbx.http_headers) as http,
        http.get(f"{pbx.ari_url}/sounds/beep") as response,
    ):
        assert response.status == 200
