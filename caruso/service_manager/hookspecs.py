"""What a plug-in can bring: one function for each, all on this page.

A plug-in is a module with some of these functions, each marked with `hookimpl`:

    from caruso.service_manager.hookspecs import hookimpl

    @hookimpl
    def services(parts):
        return [Weather()]

The server's own components come in through the same functions (`caruso.built_in`). Nothing is called on the way
of a call: hooks are asked when the server, or a plug-in, starts. How plug-ins are found is in `plugins`, and in
docs/plugins.md.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

import pluggy

from caruso.service_manager.parts import Parts
from caruso.service_manager.service import Service

if TYPE_CHECKING:  # only what things are called: nothing of the layers above is imported
    from caruso.comm_server.acd.policy import Policy
    from caruso.comm_server.speech.engines import SpeechEngine
    from caruso.reporting.formats import ReportFormat
    from caruso.script_engine.expressions.functions import Function
    from caruso.service_manager.message_channels import MessageChannel
    from caruso.storage.adapters.adapter import StorageAdapter

PROJECT = "caruso"
hookspec = pluggy.HookspecMarker(PROJECT)
hookimpl = pluggy.HookimplMarker(PROJECT)


@hookspec
def services(parts: Parts) -> Iterable[Service]:  # type: ignore[empty-body]
    """Return services that scripts and others can ask; `parts` is what the server has for them.

    They are started in the order of what they require. A plug-in that is replaced at run time is asked again.
    """


@hookspec
def script_functions() -> Mapping[str, Function]:  # type: ignore[empty-body]
    """Return functions for expressions of scripts, by name. Each is pure, quick and total: null, no error.

    They stay until the server ends: dialogs are compiled with them. What needs more than values (``known``,
    ``any``, ``today``, …) is the language itself.
    """


@hookspec
def routing_policies() -> Iterable[Policy]:  # type: ignore[empty-body]
    """Return policies that queues can name in ``centre.toml``. They stay until the server ends."""


@hookspec
def message_channels() -> Iterable[MessageChannel]:  # type: ignore[empty-body]
    """Return ways in which short messages reach people. They stay until the server ends.

    One of the same name as the server's takes its place; where two reach an address, the later one is asked.
    """


@hookspec
def report_formats() -> Iterable[ReportFormat]:  # type: ignore[empty-body]
    """Return kinds of files that reports are written as. They stay until the server ends."""


@hookspec
def speech_engines() -> Mapping[str, SpeechEngine]:  # type: ignore[empty-body]
    """Return what can speak texts, by the name that `speech.engine` of the settings gives."""


@hookspec
def storage_adapters() -> Iterable[StorageAdapter]:  # type: ignore[empty-body]
    """Return engines that `database.url` of the settings can name. They stay until the server ends."""
