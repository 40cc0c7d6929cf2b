"""Plug-ins while a command runs: what scripts and models use of theirs is known, as it is in the server."""

from __future__ import annotations

from importlib.metadata import entry_points
from pathlib import Path
from typing import TYPE_CHECKING

from caruso.config import Config

if TYPE_CHECKING:
    from caruso.service_manager.plugins import Plugins

#: Those that were loaded, by their folder: a command that looks twice does not read them twice.
_loaded: dict[Path, Plugins] = {}


def use_plugins(config: Config) -> None:
    """Let expressions use the functions of plug-ins. Where there are none nothing is loaded: it takes a moment."""
    from caruso.service_manager.plugins import ENTRY_POINTS

    if entry_points(group=ENTRY_POINTS) or any(config.services.plugins.glob("*.py")):
        plugins(config)


def plugins(config: Config) -> Plugins:
    """Return all plug-ins, the server's own among them; why one is broken is logged."""
    from caruso.built_in import plugins_of

    folder = config.services.plugins
    if folder not in _loaded:
        _loaded[folder] = plugins_of(config)
    return _loaded[folder]
