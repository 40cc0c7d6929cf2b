"""What the server has beside its core, its own and that of plug-ins: all comes in through the same hooks."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from difflib import get_close_matches
from pathlib import Path
from typing import Any

import structlog

from caruso.comm_server.acd import built_in as routing
from caruso.comm_server.acd.policy import Policies
from caruso.comm_server.speech import engines
from caruso.comm_server.speech.engines import Speech, SpeechEngine
from caruso.config import Config
from caruso.errors import Located, RejectedInput
from caruso.reporting import formats
from caruso.reporting.formats import ReportFormats
from caruso.script_engine import built_in as language
from caruso.script_engine.expressions.functions import Function, add_function
from caruso.script_engine.turns import Value
from caruso.script_engine.values import to_value
from caruso.service_manager import built_in as services
from caruso.service_manager.message_channels import MessageChannels
from caruso.service_manager.parts import Parts
from caruso.service_manager.plugins import Plugins
from caruso.service_manager.service import Service
from caruso.storage.adapters import built_in as storage
from caruso.storage.adapters.registry import parse_url, register

log = structlog.get_logger(__name__)

#: Modules whose hooks bring the server's own.
BUILT_IN = (language, routing, engines, services, formats, storage)


def plugins_of(config: Config) -> Plugins:
    """Return the server's own and all plug-ins that are found; those that are broken are only told."""
    plugins = Plugins(config.services.plugins)
    plugins.load_built_in(*BUILT_IN)
    plugins.load_others()
    take_functions(plugins)
    take_adapters(plugins)
    return plugins


def require_engine(config: Config) -> None:
    """Raise `RejectedInput` when `database.url` names no engine, neither one of ours nor of a plug-in."""
    try:
        parse_url(config.database_url)
    except RejectedInput:
        plugins_of(config)
        parse_url(config.database_url)


def take_adapters(plugins: Plugins) -> None:
    """Let `database.url` name the engines of plug-ins."""
    for plugin, adapters in plugins.ask("storage_adapters"):
        try:
            for adapter in adapters:
                register(adapter)
        except (AttributeError, TypeError, ValueError) as problem:
            plugins.refuse(plugin, problem)


def take_functions(plugins: Plugins, *, of: str | None = None) -> None:
    """Let expressions of scripts use the functions of plug-ins, or of the one called `of`."""
    for plugin, functions in plugins.ask("script_functions", of=of):
        try:
            for name, function in dict(functions).items():
                # Our own give null themselves; asking them must not cost more.
                add_function(name, function if plugin == language.__name__ else _guarded(name, function))
        except (AttributeError, TypeError, ValueError) as problem:
            plugins.refuse(plugin, problem)


def _guarded(name: str, function: Function) -> Function:
    """Give null where somebody else's function raises: a dialog goes on."""
    call = function.call
    if call is None:
        return function

    def guarded(*arguments: Value) -> Value:
        try:
            return to_value(call(*arguments))
        except Exception:  # the guard of plug-ins
            log.exception("script_function_raised", function=name)
            return None

    return replace(function, call=guarded)


def policies_of(plugins: Plugins) -> Policies:
    """Return all policies queues can name."""
    found = Policies()
    _register_all(plugins, "routing_policies", found.register)
    return found


def channels_of(plugins: Plugins) -> MessageChannels:
    """Return all ways in which messages reach people."""
    found = MessageChannels()
    _register_all(plugins, "message_channels", found.register)
    return found


def formats_of(plugins: Plugins) -> ReportFormats:
    """Return all kinds of files reports are written as."""
    found = ReportFormats()
    _register_all(plugins, "report_formats", found.register)
    return found


def _register_all(plugins: Plugins, hook: str, register: Callable[[Any], None]) -> None:
    """Register what all plug-ins bring by a hook; one that brings what cannot be used is refused."""
    for plugin, brought in plugins.ask(hook):
        try:
            for each in brought:
                register(each)
        except (AttributeError, TypeError, ValueError) as problem:
            plugins.refuse(plugin, problem)


def speech_of(plugins: Plugins, config: Config, cache: Path) -> Speech:
    """Return what speaks texts; raise `RejectedInput` when the settings name an engine there is none of."""
    known: dict[str, SpeechEngine] = {}
    for _, more in plugins.ask("speech_engines"):
        known |= more
    wanted = config.speech.engine
    if wanted in known:
        return known[wanted](config.speech, cache)
    message = f"There is no speech engine “{wanted}”; there are: {', '.join(sorted(known))}."
    nearest = get_close_matches(wanted, known, n=1)
    suggestion = f"did you mean “{nearest[0]}”?" if nearest else ""
    raise RejectedInput(
        (Located(rule="unknown-engine", message=message, attribute="speech.engine", suggestion=suggestion),)
    )


def services_of(plugins: Plugins, parts: Parts, *, of: str | None = None) -> list[tuple[str, Service]]:
    """Return the services of all plug-ins, or of the one called `of`, each with the plug-in's name."""
    found: list[tuple[str, Service]] = []
    for plugin, brought in plugins.ask("services", of=of, parts=parts):
        try:
            found += [(plugin, _service(service)) for service in brought]
        except (TypeError, ValueError) as problem:
            plugins.refuse(plugin, problem)
    return found


def _service(given: object) -> Service:
    if not isinstance(given, Service):
        raise TypeError(f"{type(given).__name__} is no Service")
    if not hasattr(given, "name") or not hasattr(given, "version"):
        raise TypeError(f"{type(given).__name__} has no name, or no version")
    return given
