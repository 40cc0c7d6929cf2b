"""``caruso service list|add|replace|remove|call``: talks to a running server, as an admin.

The password comes from ``CARUSO_PASSWORD``, or is asked for.
"""

from __future__ import annotations

import os
import sys
from argparse import Namespace
from collections.abc import Awaitable, Callable
from getpass import getpass
from typing import Any
from urllib.parse import quote

import msgspec

from caruso.cli.outcome import Exit, refused
from caruso.cli.stores import run, settings
from caruso.errors import CarusoError
from caruso.web.client import Refused, ServerClient


class ServerAway(CarusoError):
    """The server cannot be reached."""

    code = "server-away"


def show(wanted: Namespace) -> int:
    """List services and plug-ins."""

    async def work(server: ServerClient) -> int:
        services = await server.call("GET", "/api/services")
        for line in services:
            state = f"NOT WELL: {line['ailment']}" if line["ailment"] else line["state"]
            calls = f"{line['calls']} calls, {line['errors']} failed, {line['under_way']} under way"
            print(f"{line['name']} {line['version']}  {line['place']}  {state}  {calls}")
        broken = [plugin for plugin in await server.call("GET", "/api/plugins") if plugin["refused"]]
        for plugin in broken:
            print(f"plug-in {plugin['name']} is not used: {plugin['refused']}")
        if not services:
            print("There are no services.")
        return Exit.REFUSED if broken or any(line["ailment"] for line in services) else Exit.OK

    return _asking(wanted, work)


def add(wanted: Namespace) -> int:
    """Take a plug-in into use."""
    return _asking(wanted, lambda server: _changed(server, "/api/plugins", wanted.plugin))


def replace(wanted: Namespace) -> int:
    """Read a plug-in anew."""
    return _asking(wanted, lambda server: _changed(server, "/api/plugins/replace", wanted.plugin))


def remove(wanted: Namespace) -> int:
    """Take a service out."""

    async def work(server: ServerClient) -> int:
        await server.call("DELETE", f"/api/services/{quote(wanted.service, safe='')}")
        print(f"{wanted.service} is gone.")
        return Exit.OK

    return _asking(wanted, work)


def call(wanted: Namespace) -> int:
    """Ask an operation and print what it answers, as JSON."""
    params: dict[str, Any] = {}
    for given in wanted.params:
        name, sign, text = given.partition("=")
        if not sign or not name:
            return refused(f"“{given}” is not NAME=VALUE")
        params[name] = _value(text)
    service, _, name = wanted.operation.partition(".")
    if not name:
        return refused(f"“{wanted.operation}” is not SERVICE.OPERATION")

    async def work(server: ServerClient) -> int:
        path = f"/api/services/{quote(service, safe='')}/{quote(name, safe='')}"
        answer = await server.call("POST", path, {"params": params, "key": wanted.key})
        print(msgspec.json.format(msgspec.json.encode(answer["result"])).decode())
        return Exit.OK

    return _asking(wanted, work)


async def _changed(server: ServerClient, path: str, plugin: str) -> int:
    answer = await server.call("POST", path, {"plugin": plugin})
    print(f"In use: {', '.join(answer['services']) or 'no service'}.")
    return Exit.OK


def _value(text: str) -> Any:
    try:
        return msgspec.json.decode(text)
    except msgspec.DecodeError:
        return text


def _asking(wanted: Namespace, work: Callable[[ServerClient], Awaitable[int]]) -> int:
    url = wanted.url or settings(wanted).public_url
    user = wanted.user or os.environ.get("CARUSO_USER", "")
    if not user:
        return refused("say who you are: --user NAME, or CARUSO_USER")
    password = os.environ.get("CARUSO_PASSWORD")
    if password is None:
        if not sys.stdin.isatty():
            return refused("there is nobody to ask for the password: set CARUSO_PASSWORD")
        password = getpass(f"Password of {user}: ")

    async def carry_out() -> int:
        try:
            async with ServerClient(url) as server:
                await server.sign_in(user, password)
                try:
                    return await work(server)
                finally:
                    await server.sign_out()
        except Refused as problem:
            return refused(str(problem))
        except (OSError, TimeoutError) as problem:
            raise ServerAway(f"{url} cannot be reached: {problem or type(problem).__name__}") from problem

    return run(carry_out())
