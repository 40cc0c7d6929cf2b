"""Read ``centre.toml`` into a `Centre` that is consistent as a whole, or tell everything that is wrong with it.

Pure: reads no file and loads no script. Scripts' ids are known only to those who load them; they ask
`unknown_scripts` afterwards.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass, replace

from caruso.comm_server.centre_file.agents import AgentCheck, read_agent, read_stations
from caruso.comm_server.centre_file.entry_points import EntryPointCheck, read_entry_point
from caruso.comm_server.centre_file.hours import HoursCheck, opening_hours
from caruso.comm_server.centre_file.queues import QueueCheck, read_queue
from caruso.comm_server.centre_file.references import References, nearest
from caruso.comm_server.centre_file.routing import BUILT_IN, RoutingCheck
from caruso.comm_server.centre_file.tables import CentreTables, ReasonTable, SupervisorTable
from caruso.errors import Located, RejectedInput
from caruso.model.centre import Centre, NotReadyReason, Skill
from caruso.model.ids import AgentId, EntryPointId, QueueId, SkillId, UserId
from caruso.toml.shape import Shape
from caruso.toml.source import KeyPath, TomlSource, read_toml

#: Reasons that the centre sets itself (`caruso.model.facts.PresenceChanged`).
RESERVED_REASONS = frozenset({"rona", "unreachable", "link", "line-opening", "line-down"})


@dataclass(frozen=True, slots=True, kw_only=True)
class ScriptPath:
    """Where scripts are to be found, as it was written."""

    pattern: str
    where: KeyPath


@dataclass(frozen=True, slots=True, kw_only=True)
class CentreFile:
    """A description that was read, checked but for the scripts' ids."""

    centre: Centre
    scripts: tuple[ScriptPath, ...]
    #: What is allowed but hardly meant.
    warnings: tuple[Located, ...]
    source: TomlSource


def read_centre(text: str, file: str, policies: Collection[str] = BUILT_IN) -> CentreFile:
    """Read a description; raise `RejectedInput` with all mistakes in the order of the file.

    `policies`: those there are.
    """
    shape = Shape(read_toml(text, file))
    tables = shape.struct(CentreTables, shape.source.data, ())
    check = _Check(shape, policies)
    if tables is not None:
        check.everything(tables)
    if shape.findings or tables is None:
        raise RejectedInput(tuple(sorted(shape.findings, key=lambda f: (f.line, f.column))))
    return CentreFile(
        centre=_centre(tables),
        scripts=tuple(ScriptPath(pattern=p, where=("scripts", n)) for n, p in enumerate(tables.scripts)),
        warnings=tuple(_warnings(tables, shape.source)),
        source=shape.source,
    )


def unknown_scripts(read: CentreFile, known: Collection[str]) -> tuple[Located, ...]:
    """Return a finding for every script that is referred to but not among the `known` ids."""
    wanted: list[tuple[KeyPath, str | None]] = [
        *((("queues", q.id, "script"), q.script) for q in read.centre.queues.values()),
        *((("entry_points", e.id, "script"), e.script) for e in read.centre.entry_points.values()),
        *((("entry_points", e.id, "web"), e.web) for e in read.centre.entry_points.values()),
    ]
    return tuple(
        read.source.located(
            where, "unknown-script", f"There is no script “{script}”.", suggestion=nearest(script, known)
        )
        for where, script in wanted
        if script is not None and script not in known
    )


class _Check:
    """Checks what a single value cannot tell."""

    def __init__(self, shape: Shape, policies: Collection[str]) -> None:
        self._shape = shape
        self._references = References(shape)
        self._hours = HoursCheck(shape)
        self._queues = QueueCheck(shape, self._references)
        self._routing = RoutingCheck(shape, self._references, policies)
        self._agents = AgentCheck(shape, self._references)
        self._entry_points = EntryPointCheck(shape, self._references)

    def everything(self, tables: CentreTables) -> None:
        for key in ("name", "timezone"):
            if key not in self._shape.source.data:
                self._shape.add((), "missing-key", f"The file has no “{key}”.")
        if isinstance(self._shape.source.data.get("timezone"), str):
            self._hours.timezone(tables.timezone, ("timezone",))
        for reason in RESERVED_REASONS & tables.not_ready_reasons.keys():
            where = ("not_ready_reasons", reason)
            self._shape.add(where, "reserved-id", f"“{reason}” is set by the centre itself; choose another id.")
        for key, hours in tables.hours.items():
            self._hours.hours(hours, ("hours", key))
        for key, queue in tables.queues.items():
            self._queues.queue(queue, ("queues", key))
            self._routing.queue(queue, ("queues", key))
        for key, agent in tables.agents.items():
            self._agents.agent(agent, ("agents", key))
        for key, supervisor in tables.supervisors.items():
            for index, given in enumerate(supervisor.queues or ()):
                self._references.check("queues", given, ("supervisors", key, "queues", index))
        self._entry_points.everything(tables)


def _warnings(tables: CentreTables, source: TomlSource) -> Iterator[Located]:
    for key, queue in tables.queues.items():
        able = any(
            key in agent.queues and all(agent.skills.get(s, 0) >= level for s, level in queue.skills.items())
            for agent in tables.agents.values()
        )
        if not able:
            found = source.located(("queues", key), "nobody-able", f"No agent can take contacts of queue “{key}”.")
            yield replace(found, level="warning")
    for key, entry_point in tables.entry_points.items():
        told = entry_point.closed_to is None and entry_point.closed_queue is None
        told = told and not (entry_point.closed_voicemail or entry_point.voicemail)
        if entry_point.hours is not None and told and not entry_point.closed_text:
            found = source.located(
                ("entry_points", key), "no-closed-text", "Callers outside the hours hear nothing: set closed_text."
            )
            yield replace(found, level="warning")


def _centre(tables: CentreTables) -> Centre:
    return Centre(
        name=tables.name,
        timezone=tables.timezone,
        colour=tables.colour,
        queues={QueueId(key): read_queue(key, queue, tables) for key, queue in tables.queues.items()},
        entry_points={EntryPointId(key): read_entry_point(key, e) for key, e in tables.entry_points.items()},
        supervisors={UserId(key): _supervised(s) for key, s in tables.supervisors.items()},
        agents={AgentId(key): read_agent(key, agent) for key, agent in tables.agents.items()},
        skills={SkillId(key): Skill(id=SkillId(key), name=name) for key, name in tables.skills.items()},
        hours={key: opening_hours(key, hours, tables.timezone) for key, hours in tables.hours.items()},
        stations=read_stations(tables.stations),
        not_ready_reasons=tuple(_reason(key, reason) for key, reason in tables.not_ready_reasons.items()),
    )


def _reason(key: str, reason: str | ReasonTable) -> NotReadyReason:
    if isinstance(reason, str):
        return NotReadyReason(id=key, name=reason)
    limit = None if reason.limit_minutes is None else reason.limit_minutes * 60.0
    return NotReadyReason(id=key, name=reason.name, limit_seconds=limit, at_most=reason.at_most)


def _supervised(supervisor: SupervisorTable) -> frozenset[QueueId] | None:
    return None if supervisor.queues is None else frozenset(QueueId(queue) for queue in supervisor.queues)
