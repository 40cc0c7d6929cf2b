"""What docs/plugins.md shows works as it stands there."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from caruso.built_in import services_of, take_adapters
from caruso.service_manager import BadArguments, ServiceFailed, ServiceManager, hookspecs
from caruso.service_manager.plugins import Plugins
from caruso.storage.adapters.registry import adapters, parse_url

PAGE = (Path(__file__).parents[3] / "docs" / "plugins.md").read_text()
EXAMPLES = re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL)


async def test_the_example_is_a_plug_in_that_works(tmp_path: Path) -> None:
    (tmp_path / "weather.py").write_text(EXAMPLES[0])
    plugins = Plugins(tmp_path)
    plugins.load("weather")
    parts: Any = None
    manager = ServiceManager()
    await manager.add(*(service for _, service in services_of(plugins, parts)))
    assert await manager.call("weather.today", {"place": "Ulm"}, key="") == "fine"
    with pytest.raises(ServiceFailed, match="Nobody knows") as raised:
        await manager.call("weather.today", {"place": "Rome"}, key="")
    assert raised.value.code == "no-forecast"
    with pytest.raises(BadArguments, match=r"at `\$\.place`"):
        await manager.call("weather.today", {"place": 7}, key="")


def test_the_engine_of_the_example_is_one_that_a_database_can_have(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    known = {adapter.name: adapter for adapter in adapters()}
    monkeypatch.setattr("caruso.storage.adapters.registry._known", known)
    (tmp_path / "vault.py").write_text(next(each for each in EXAMPLES if "SqliteAdapter" in each))
    plugins = Plugins(tmp_path)
    plugins.load("vault")
    take_adapters(plugins)
    assert not plugins.refused
    url, adapter = parse_url("vault:///caruso.vault")
    assert (url.drivername, adapter.name) == ("sqlite+aiosqlite", "vault")


def test_every_hook_is_on_the_page() -> None:
    hooks = [name for name, found in vars(hookspecs).items() if hasattr(found, "caruso_spec")]
    assert hooks
    assert [hook for hook in hooks if f"| `{hook}(" not in PAGE] == []
