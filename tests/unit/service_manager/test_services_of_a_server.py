"""The services of a server start after what they need; one that does not start harms nobody, and is told."""

from __future__ import annotations

import asyncio
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from caruso.clock import SystemClock
from caruso.service_manager.manager import Change
from caruso.service_manager.plugins import Plugins
from caruso.services import Services

PLUGIN = '''
from caruso.service_manager import Service, operation
from caruso.service_manager.hookspecs import hookimpl


class Made(Service):
    """Made for a test."""

    name, version = "{name}", "1.0"
    requires = {requires}

    async def start(self, services):
        {start}

    @operation(repeatable=True)
    async def ask(self, params: dict[str, str], *, key: str) -> str:
        """Answer."""
        return "{name}"


@hookimpl
def services(parts):
    return [Made()]
'''


def write(folder: Path, name: str, *, requires: tuple[str, ...] = (), start: str = "pass") -> None:
    (folder / f"{name}.py").write_text(PLUGIN.format(name=name, requires=requires, start=start))


async def test_all_that_can_start_do_and_the_others_are_told(tmp_path: Path) -> None:
    write(tmp_path, "a", requires=("b>=1", "c"))
    write(tmp_path, "b", requires=("c",), start="assert await services.call('c.ask', {}, key='') == 'c'")
    write(tmp_path, "c")
    write(tmp_path, "ill", start="raise OSError('no line')")
    write(tmp_path, "lonely", requires=("nowhere>=2",))
    (tmp_path / "broken.py").write_text("import nothing_of_the_kind")
    plugins, changes = Plugins(tmp_path), list[Change]()
    plugins.load_others()
    parts: Any = SimpleNamespace(clock=SystemClock())
    services = Services(plugins, parts, changed=changes.append)
    waiting = asyncio.create_task(services.scripts.call("a.ask", {}, key=""))
    await asyncio.sleep(0)
    await services.start()
    await services.start_others()
    assert await waiting == "a", "what still starts is waited for"
    assert [status.description.name for status in services.statuses()] == ["a", "b", "c"]
    assert changes == [], "what a start brings is no news"
    told = services.plugins()
    assert {name for name, reason in told.items() if reason} == {"ill", "lonely", "broken"}
    assert "no line" in told["ill"]
    assert "lonely needs nowhere>=2" in told["lonely"]
    await services.remove("a", by="alex")
    assert [change.kind for change in changes] == ["removed"]
    await services.close(seconds=1.0)


async def test_a_service_whose_system_is_away_comes_when_it_is_there(tmp_path: Path) -> None:
    there = tmp_path / "there"
    write(tmp_path, "crm", start=f"__import__('os').stat({str(there)!r})")
    plugins, changes = Plugins(tmp_path), list[Change]()
    plugins.load_others()
    parts: Any = SimpleNamespace(clock=SystemClock())
    services = Services(plugins, parts, changed=changes.append)
    await services.start()
    await services.start_others()
    await services.start_unwell()
    assert "No such file" in services.plugins()["crm"]
    there.touch()
    await services.start_unwell()
    assert services.plugins()["crm"] == ""
    assert await services.call("crm.ask", {}, key="") == "crm"
    assert [(change.kind, change.service) for change in changes] == [("added", "crm")], "and that is news"
    await services.start_unwell()
    await services.close(seconds=1.0)
