"""``caruso asterisk check`` before an Asterisk that is older than we need, played by a server of our own."""

from __future__ import annotations

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from caruso.comm_server.asterisk.check import check_asterisk
from caruso.comm_server.asterisk.settings import AsteriskSettings


@pytest.mark.parametrize(
    ("version", "too_old"), [("20.9.1", True), ("22.9.0", True), ("22.10.1~dfsg+~cs6", False), ("23.0.0", False)]
)
async def test_a_version_that_is_too_old_is_named(version: str, too_old: bool) -> None:
    async def info(_: web.Request) -> web.Response:
        return web.json_response({"system": {"version": version, "entity_id": "00:00:00:00:00:00"}})

    app = web.Application()
    app.router.add_get("/ari/asterisk/info", info)
    async with TestServer(app) as server:
        lines = await check_asterisk(
            AsteriskSettings(
                ari_url=str(server.make_url("/ari")),
                ari_password="a",
                ami_secret="b",
                server_secret="c",
                ami_port=9,
                phone_ws_url="",
                phone_sip_server="sip:127.0.0.1:9",
            )
        )
    (line,) = [line for line in lines if line.what == "Version"]
    assert line.ok is not too_old
    assert line.detail == (f"{version} is older than 22.10" if too_old else version)
