"""What the demo's centre has outside really takes mails and knows of outages."""

from __future__ import annotations

import asyncio
import smtplib
import tomllib
from datetime import UTC, datetime
from email import message_from_bytes
from email.message import Message
from pathlib import Path
from typing import Any

import aiohttp

from lab.demo.outside import KEEPING_SECONDS, outside


def _send(port: int) -> None:
    with smtplib.SMTP("127.0.0.1", port) as server:
        server.sendmail("a@example.com", ["b@example.com"], "Subject: Your move\n\nAll is prepared.\n")


def _mails(folder: Path) -> list[Message]:
    return [message_from_bytes(file.read_bytes()) for file in folder.glob("*.eml")]


async def test_mails_are_kept_as_files_and_an_outage_is_known_by_its_postcode(tmp_path: Path) -> None:
    async with outside(tmp_path / "mails") as systems:
        told: dict[str, Any] = tomllib.loads(systems.settings())
        await asyncio.to_thread(_send, told["mail"]["port"])
        async with aiohttp.ClientSession() as http:
            url = told["http"]["targets"]["network"]["url"]
            async with http.get(f"{url}/outages/1012/until") as known:
                until = datetime.fromisoformat(await known.text())
            async with http.get(f"{url}/outages/2000/until") as unknown:
                assert (unknown.status, await unknown.text()) == (200, "")
        assert until > datetime.now(UTC)
        await asyncio.sleep(2 * KEEPING_SECONDS)
        mails = await asyncio.to_thread(_mails, tmp_path / "mails")
    assert [mail["Subject"] for mail in mails] == ["Your move"]
