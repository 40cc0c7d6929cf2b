"""Examples of wrappers at work in a service manager, each in front of a system of the lab."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from caruso.built_in import services_of
from caruso.service_manager import Service, ServiceManager
from caruso.service_manager.parts import Parts, System
from caruso.service_manager.plugins import Plugins
from caruso.toml.shape import Secret

EXAMPLES = Path(__file__).parents[2] / "examples" / "legacy"


class _Parts:
    """Only systems: wrappers need nothing else."""

    def __init__(self, system: System) -> None:
        self.systems = {system.name: system}

    def system(self, name: str) -> System:
        """Do as the server's parts do."""
        return Parts.system(SimpleNamespace(systems=self.systems), name)  # type: ignore[arg-type]  # has what it takes


def system(name: str, *, secret: str = "", **given: Any) -> System:
    """Return a system as the settings say it."""
    return System(name=name, secret=Secret(secret), **given)


def example(plugin: str, there: System, folder: Path = EXAMPLES) -> Service:
    """Load the one service of a plug-in, as the server does."""
    plugins = Plugins(folder)
    plugins.load(plugin)
    parts: Any = _Parts(there)
    found = services_of(plugins, parts)
    if plugins.refused:
        raise ValueError(plugins.refused)
    ((_, service),) = found
    return service


@asynccontextmanager
async def managed(
    *services: Service, changed: Callable[[Any], None] = lambda change: None
) -> AsyncIterator[ServiceManager]:
    """Give a manager with these services, which have started."""
    manager = ServiceManager(changed=changed)
    try:
        await manager.add(*services)
        yield manager
    finally:
        await manager.close(seconds=1.0)
