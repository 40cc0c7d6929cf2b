"""What a simulated dialog begins with: channel, time, customer, and what services answer; read from plain text."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from caruso.errors import Located, RejectedInput
from caruso.model.ids import RunId, ScriptId
from caruso.script_engine.nodes import Dialog
from caruso.script_engine.turns import RunStart, ScriptChannel, Value
from caruso.script_engine.values import to_value, to_values

#: Simulations take place between these years.
EARLIEST_YEAR, LATEST_YEAR = 1900, 2200
_FAILS = "fail:"

#: Stands for every service that has no stub of its own.
ANY_SERVICE = "*"


@dataclass(frozen=True, slots=True, kw_only=True)
class Stub:
    """What a service answers in the simulation."""

    result: Value = None
    #: A code such as ``timeout``; empty when it does not fail.
    failure: str = ""


SILENT = Stub()


@dataclass(frozen=True, slots=True, kw_only=True)
class Setting:
    """What a simulated dialog begins with."""

    channel: ScriptChannel
    at: datetime
    #: Empty: the script's first.
    language: str = ""
    time_zone: str = "UTC"
    objects: Mapping[str, Mapping[str, Value]] = field(default_factory=dict)
    call: Mapping[str, Value] = field(default_factory=dict)
    agent: Mapping[str, Value] = field(default_factory=dict)
    #: By ``service.operation``, or `ANY_SERVICE`. Without one a service answers nothing, and does not fail.
    stubs: Mapping[str, Stub] = field(default_factory=dict)
    #: Business objects that questions offer, by class.
    records: Mapping[str, Sequence[Mapping[str, Value]]] = field(default_factory=dict)
    #: Opening hours that are open, or closed, all the time.
    hours: Mapping[str, bool] = field(default_factory=dict)


def beginning(dialog: Dialog, setting: Setting) -> RunStart:
    """Return how the run of a simulation begins."""
    agent = setting.agent or ({"id": "agent"} if setting.channel is ScriptChannel.AGENT else {})
    return RunStart(
        run=RunId("simulated"),
        script=ScriptId(dialog.id),
        channel=setting.channel,
        language=setting.language,
        call=setting.call,
        objects=setting.objects,
        agent=agent,
        time_zone=setting.time_zone,
    )


def channel_for(dialog: Dialog, wanted: str) -> ScriptChannel:
    """Return the channel to begin on: the wanted one, or the script's first of phone, agent, web."""
    known = [channel for channel in ScriptChannel if channel in dialog.channels]
    if not wanted:
        return known[0]
    if wanted not in known:
        names = ", ".join(known)
        raise _wrong("channel", f"The script is not made for the channel “{wanted}”; it is for {names}.")
    return ScriptChannel(wanted)


def language_for(dialog: Dialog, wanted: str) -> str:
    """Return the language to begin in; raise `RejectedInput` when the script has it not."""
    if wanted and wanted not in dialog.languages:
        names = ", ".join(dialog.languages)
        raise _wrong("language", f"The script does not speak “{wanted}”; it speaks {names}.")
    return wanted


def time_of(text: str, zone: str) -> datetime:
    """Return the time written in ISO form, in `zone` unless it says another; raise `RejectedInput`."""
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        raise _wrong("at", f"“{text}” is no time: write for instance 2026-11-23T18:30.") from None
    if not EARLIEST_YEAR <= at.year <= LATEST_YEAR:
        raise _wrong("at", f"“{text}” is not between {EARLIEST_YEAR} and {LATEST_YEAR}.")
    return at if at.tzinfo is not None else at.replace(tzinfo=zone_of(zone))


def zone_of(name: str) -> ZoneInfo:
    """Return the time zone; raise `RejectedInput`."""
    try:
        return ZoneInfo(name)
    except (ValueError, OSError, KeyError):
        raise _wrong("zone", f"There is no time zone “{name}”: write for instance Europe/Berlin.") from None


def stub_of(service: str, written: str) -> Stub:
    """Return what a service answers, written as JSON or as ``fail:code``; raise `RejectedInput`."""
    if written.startswith(_FAILS):
        return Stub(failure=written.removeprefix(_FAILS).strip() or "failed")
    return Stub(result=to_value(json_of("stub", service, written)))


def object_of(name: str, written: str) -> Mapping[str, Value]:
    """Return an object written as JSON; raise `RejectedInput`."""
    thing = json_of("object", name, written)
    if not isinstance(thing, dict):
        raise _wrong("object", f'“{name}” is to be an object: write for instance {name}={{"name": "Jo"}}.')
    return to_values(thing)


def records_of(name: str, written: str) -> tuple[Mapping[str, Value], ...]:
    """Return the objects of a class, written as a list in JSON; raise `RejectedInput`."""
    thing = json_of("records", name, written)
    if not isinstance(thing, list) or not all(isinstance(record, dict) for record in thing):
        raise _wrong("records", f"“{name}” is to be a list of objects.")
    return tuple(to_values(record) for record in thing)


def open_of(name: str, written: str) -> bool:
    """Return whether hours are open; raise `RejectedInput`."""
    if written not in {"open", "closed"}:
        raise _wrong("hours", f"“{name}” is to be open or closed.")
    return written == "open"


def json_of(attribute: str, name: str, written: str) -> Any:
    """Return the value written as JSON; raise `RejectedInput`."""
    try:
        return json.loads(written)
    except (ValueError, RecursionError) as error:
        raise _wrong(attribute, f"“{name}” is no JSON: {error}.") from None


def split(attribute: str, written: str) -> tuple[str, str]:
    """Return name and value of ``name=value``; raise `RejectedInput`."""
    name, equals, value = written.partition("=")
    if not equals or not name.strip():
        raise _wrong(attribute, f"“{written}” is not NAME=VALUE.")
    return name.strip(), value


def check_objects(dialog: Dialog, names: Mapping[str, Any]) -> None:
    """Refuse objects that the script does not declare."""
    for name in names:
        if name not in dialog.objects:
            known = ", ".join(dialog.objects) or "none"
            raise _wrong("object", f"The script has no object “{name}”; it has: {known}.")


def check_stubs(dialog: Dialog, names: Mapping[str, Any]) -> None:
    """Refuse stubs of services that the script never asks."""
    asked = sorted({action.service for action in dialog.actions.values()})
    for name in names:
        if name not in asked and name != ANY_SERVICE:
            known = ", ".join(asked) or "none"
            raise _wrong("stub", f"The script asks no service “{name}”; it asks: {known}.")


def _wrong(attribute: str, message: str) -> RejectedInput:
    return RejectedInput((Located(rule=f"wrong-{attribute}", message=message, attribute=attribute),))
