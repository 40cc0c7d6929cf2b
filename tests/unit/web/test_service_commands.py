"""``caruso service …`` talks to a running server, as an admin."""

from __future__ import annotations

import asyncio

import pytest

from caruso.cli import main

from .conftest import House
from .test_services_api import WEATHER, plugin


async def test_services_are_managed_from_the_command_line(
    house: House, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("CARUSO_USER", "alex")
    monkeypatch.setenv("CARUSO_PASSWORD", "alex")

    async def caruso(*arguments: str) -> tuple[int, str, str]:
        code = await asyncio.to_thread(main, ["service", *arguments, "--url", house.server.url])
        out, err = capsys.readouterr()
        return code, out, err

    assert await caruso("list") == (0, "There are no services.\n", "")
    plugin(house, WEATHER)
    assert await caruso("add", "weather") == (0, "In use: weather.\n", "")
    assert (await caruso("call", "weather.today", "place=Ulm"))[:2] == (0, '"fine in Ulm"\n')
    assert (await caruso("call", "weather.today", "place=7"))[0] == 1
    plugin(house, WEATHER.replace("fine", "rain").replace('"1.0"', '"1.1"'))
    assert (await caruso("replace", "weather"))[0] == 0
    assert (await caruso("call", "weather.today", "place=Ulm"))[1] == '"rain in Ulm"\n'
    assert "weather 1.1  here  ready  3 calls, 1 failed" in (await caruso("list"))[1]
    plugin(house, "x =")
    code, _, err = await caruso("replace", "weather")
    assert (code, "SyntaxError" in err) == (1, True)
    assert (await caruso("call", "weather.today", "Ulm"))[2] == "caruso: “Ulm” is not NAME=VALUE\n"
    assert (await caruso("call", "weather", "place=Ulm"))[0] == 1
    assert await caruso("remove", "weather") == (0, "weather is gone.\n", "")
    assert "There is no service “weather”" in (await caruso("remove", "weather"))[2]
    monkeypatch.setenv("CARUSO_USER", "sam")
    monkeypatch.setenv("CARUSO_PASSWORD", "sam")
    code, _, err = await caruso("list")
    assert (code, "not-allowed" in err) == (1, True)


async def test_a_server_that_is_not_there_is_told(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("CARUSO_PASSWORD", "x")
    arguments = ["service", "list", "--url", "http://127.0.0.1:9", "--user", "alex"]
    assert await asyncio.to_thread(main, arguments) == 3
    assert "cannot be reached" in capsys.readouterr().err
