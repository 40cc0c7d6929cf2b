"""Read ``centre.toml`` into a `Centre` that is consistent as a whole, or tell everything that is wrong with it.

Pure: reads no file and loads no script. Scripts' ids are known only to those who load them; they ask
`unknown_scripts` afterwards.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date, time
from itertools import pairwise
from zoneinfo import available_timezones

from msgspec import structs

from caruso.comm_server.centre_routing import BUILT_IN, RoutingCheck, relaxation, routing_rule
from caruso.comm_server.centre_tables import (
    AgentTable,
    CallBackTable,
    CentreTables,
    DispositionTable,
    EntryPointTable,
    HoursTable,
    OverflowTable,
    QueueTable,
    ReasonTable,
    SupervisorTable,
)
from caruso.errors import Located, RejectedInput
from caruso.model import public_holidays
from caruso.model.centre import (
    AgentProfile,
    CallBackRules,
    Centre,
    Disposition,
    EntryPoint,
    Hours,
    Interval,
    NotReadyReason,
    Overflow,
    Queue,
    Skill,
    Station,
    StationKind,
)
from caruso.model.ids import AgentId, EntryPointId, QueueId, ScriptId, SkillId, UserId
from caruso.toml.shape import Shape
from caruso.toml.source import KeyPath, TomlSource, did_you_mean, read_toml

#: Reasons that the centre sets itself (`caruso.model.facts.PresenceChanged`).
RESERVED_REASONS = frozenset({"rona", "unreachable", "link"})

#: Addresses below ``/s/`` that no script can have.
RESERVED_PAGES = frozenset({"resume"})

_DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_WORKING_DAYS = 5
_TIMEZONES = available_timezones()
_MIDNIGHT = time(0)
#: What callers outside the hours can get instead of words: one of these.
_OUTSIDE_HOURS = ("closed_to", "closed_queue", "closed_call_back")
_TABLES = ("skills", "not_ready_reasons", "dispositions", "hours", "queues", "agents", "entry_points")


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
    check = _Check(shape, _known_ids(shape.source), policies)
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
            where, "unknown-script", f"There is no script “{script}”.", suggestion=_nearest(script, known)
        )
        for where, script in wanted
        if script is not None and script not in known
    )


def _known_ids(source: TomlSource) -> Mapping[str, Collection[str]]:
    """Return what is defined by table, whether or not it could be read: a mistake is told once."""
    return {name: tuple(t) if isinstance(t := source.data.get(name), dict) else () for name in _TABLES}


def _nearest(word: str, known: Collection[str]) -> str:
    return did_you_mean(word, known) or (f"known: {', '.join(sorted(known)[:10])}" if known else "")


class _Check:
    """Checks what a single value cannot tell."""

    def __init__(self, shape: Shape, known: Mapping[str, Collection[str]], policies: Collection[str]) -> None:
        self._shape = shape
        self._routing = RoutingCheck(shape, self._refers, known, policies)
        self._known = known

    def everything(self, tables: CentreTables) -> None:
        for key in ("name", "timezone"):
            if key not in self._shape.source.data:
                self._shape.add((), "missing-key", f"The file has no “{key}”.")
        if isinstance(self._shape.source.data.get("timezone"), str):
            self._timezone(tables.timezone, ("timezone",))
        for reason in RESERVED_REASONS & tables.not_ready_reasons.keys():
            where = ("not_ready_reasons", reason)
            self._shape.add(where, "reserved-id", f"“{reason}” is set by the centre itself; choose another id.")
        for key, hours in tables.hours.items():
            self._hours(hours, ("hours", key))
        for key, queue in tables.queues.items():
            self._queue(queue, ("queues", key))
        for key, agent in tables.agents.items():
            self._agent(agent, ("agents", key))
        for key, supervisor in tables.supervisors.items():
            for index, given in enumerate(supervisor.queues or ()):
                self._refers("queues", given, ("supervisors", key, "queues", index))
        for key, entry_point in tables.entry_points.items():
            self._entry_point(entry_point, ("entry_points", key))
            self._outside_hours(key, tables)
        self._numbers(tables.entry_points)
        self._pages(tables.entry_points)

    def _refers(self, what: str, name: str, where: KeyPath) -> None:
        known = self._known[what]
        if name not in known:
            kind = what.removesuffix("s").replace("_", " ") if what != "hours" else what
            self._shape.add(
                where, f"unknown-{kind}", f"There is no {kind} “{name}”.", suggestion=_nearest(name, known)
            )

    def _timezone(self, name: str, where: KeyPath) -> None:
        if name not in _TIMEZONES:
            nearest = did_you_mean(name, _TIMEZONES)
            self._shape.add(where, "unknown-timezone", f"There is no time zone “{name}”.", suggestion=nearest)

    def _queue(self, queue: QueueTable, where: KeyPath) -> None:
        for skill in queue.skills:
            self._refers("skills", skill, (*where, "skills", skill))
        self._escape(queue, where)
        for index, overflow in enumerate(queue.overflow):
            self._overflow(overflow, where, index)
        if queue.call_back is not None and queue.call_back.hours is not None:
            self._refers("hours", queue.call_back.hours, (*where, "call_back", "hours"))
        for index, disposition in enumerate(queue.dispositions or ()):
            self._refers("dispositions", disposition, (*where, "dispositions", index))
        self._routing.queue(queue, where)

    def _overflow(self, overflow: OverflowTable, queue: KeyPath, index: int) -> None:
        where = (*queue, "overflow", index)
        if overflow.queue is not None:
            self._refers("queues", overflow.queue, (*where, "queue"))
            if overflow.queue == queue[-1]:
                self._shape.add((*where, "queue"), "circle", "Callers would overflow into the same queue.")
        if overflow.entry_point is not None:
            self._refers("entry_points", overflow.entry_point, (*where, "entry_point"))
        given = [name for name in ("queue", "entry_point", "text") if getattr(overflow, name)]
        if not given:
            self._shape.add(where, "no-target", "Where do callers go? Set queue, entry_point or text.")
        for name in given[1:]:
            message = f"Callers cannot get “{given[0]}” and “{name}”."
            self._shape.add((*where, name), "contradiction", message)
        if overflow.ahead is None and not overflow.after_seconds and not overflow.nobody_signed_in:
            message = "Without a condition nobody ever waits: set ahead, after_seconds or nobody_signed_in."
            self._shape.add(where, "no-condition", message)

    def _escape(self, queue: QueueTable, where: KeyPath) -> None:
        if queue.escape_to is not None:
            self._refers("entry_points", queue.escape_to, (*where, "escape_to"))
        if (queue.escape_key is None) is not (queue.escape_to is None):
            missing = "escape_key" if queue.escape_key is None else "escape_to"
            given = "escape_to" if queue.escape_key is None else "escape_key"
            self._shape.add((*where, given), "contradiction", f"“{given}” needs “{missing}”.")
        if queue.call_back is not None and queue.escape_key == queue.call_back.key:
            self._shape.add((*where, "escape_key"), "twice", "This key is that of the call-back already.")

    def _agent(self, agent: AgentTable, where: KeyPath) -> None:
        for index, queue in enumerate(agent.queues):
            self._refers("queues", queue, (*where, "queues", index))
            if queue in agent.queues[:index]:
                self._shape.add((*where, "queues", index), "twice", f"“{queue}” is in the list already.")
        for skill in agent.skills:
            self._refers("skills", skill, (*where, "skills", skill))
        for queue in agent.preference:
            if queue in self._known["queues"] and queue not in agent.queues:
                message = f"The agent does not take contacts of “{queue}”: add it to queues."
                self._shape.add((*where, "preference", queue), "contradiction", message)
            self._refers("queues", queue, (*where, "preference", queue))
        if agent.address is not None and agent.station is not StationKind.SIP:
            self._shape.add(
                (*where, "address"), "contradiction", "Only a SIP phone has an address: set station = “sip”."
            )

    def _entry_point(self, entry_point: EntryPointTable, where: KeyPath) -> None:
        self._refers("queues", entry_point.queue, (*where, "queue"))
        if entry_point.hours is not None:
            self._refers("hours", entry_point.hours, (*where, "hours"))
        if entry_point.callers and not entry_point.numbers:
            self._shape.add((*where, "callers"), "contradiction", "“callers” needs “numbers”.")
        if not entry_point.numbers and entry_point.web is None:
            message = "An entry point needs a number, or a script for the web: set numbers or web."
            self._shape.add((*where, "numbers"), "no-number", message)
        if entry_point.web is None:
            for key in ("about", "minutes", "call_back"):
                if getattr(entry_point, key):
                    self._shape.add((*where, key), "contradiction", f"“{key}” is for web pages: set web.")

    def _outside_hours(self, key: str, tables: CentreTables) -> None:
        entry_point, where = tables.entry_points[key], ("entry_points", key)
        if entry_point.closed_to is not None:
            self._refers("entry_points", entry_point.closed_to, (*where, "closed_to"))
        if entry_point.closed_queue is not None:
            self._refers("queues", entry_point.closed_queue, (*where, "closed_queue"))
        given = [name for name in _OUTSIDE_HOURS if getattr(entry_point, name)]
        for name in given[1:]:
            message = f"Callers outside the hours cannot get “{given[0]}” and “{name}”."
            self._shape.add((*where, name), "contradiction", message)
        if given and entry_point.hours is None:
            self._shape.add((*where, given[0]), "contradiction", f"“{given[0]}” needs “hours”.")
        queue = tables.queues.get(entry_point.queue)
        if entry_point.closed_call_back and queue is not None and queue.call_back is None:
            message = f"Queue “{entry_point.queue}” calls nobody back: it has no table “call_back”."
            self._shape.add((*where, "closed_call_back"), "contradiction", message)
        self._circle(key, tables)

    def _circle(self, key: str, tables: CentreTables) -> None:
        """Tell of entry points that send callers round in a circle, once for each circle."""
        passed, other = [key], tables.entry_points[key].closed_to
        while other in tables.entry_points and other not in passed:
            passed.append(other)
            other = tables.entry_points[other].closed_to
        if other == key and key == min(passed):
            message = f"Callers would go round in a circle: {' → '.join([*passed, key])}."
            self._shape.add(("entry_points", key, "closed_to"), "circle", message)

    def _pages(self, entry_points: Mapping[str, EntryPointTable]) -> None:
        taken: dict[str, str] = {}
        for key, entry_point in entry_points.items():
            if entry_point.web is None:
                continue
            where, web = ("entry_points", key, "web"), entry_point.web
            if web in RESERVED_PAGES:
                self._shape.add(where, "reserved-id", f"/s/{web} is taken by the pages themselves.")
            owner = taken.setdefault(web, key)
            if owner != key:
                self._shape.add(
                    where, "duplicate-page", f"Script “{web}” is the web page of entry point “{owner}” already."
                )

    def _numbers(self, entry_points: Mapping[str, EntryPointTable]) -> None:
        taken: dict[str, str] = {}
        for key, entry_point in entry_points.items():
            # Others may have the number of one that is for some callers only.
            for index, number in enumerate(() if entry_point.callers else entry_point.numbers):
                owner = taken.setdefault(number, f"{key} {index}")
                if owner != f"{key} {index}":
                    self._shape.add(
                        ("entry_points", key, "numbers", index),
                        "duplicate-number",
                        f"{number} leads to entry point “{owner.split()[0]}” already.",
                    )

    def _hours(self, hours: HoursTable, where: KeyPath) -> None:
        if hours.timezone:
            self._timezone(hours.timezone, (*where, "timezone"))
        if hours.holidays is not None:
            self._calendar(hours.holidays, (*where, "holidays"))
        if hours.on_holidays and hours.holidays is None:
            self._shape.add((*where, "on_holidays"), "contradiction", "“on_holidays” needs “holidays”.")
        for key in ("weekdays", "on_holidays", *_DAYS):
            self._stretches(getattr(hours, key) or (), (*where, key))
        for day, stretches in hours.special.items():
            if _date(day) is None:
                self._shape.add((*where, "special", day), "wrong-key", f"“{day}” is no day like 2026-12-24.")
            self._stretches(stretches, (*where, "special", day))

    def _calendar(self, name: str, where: KeyPath) -> None:
        country, _, region = name.partition("-")
        known = public_holidays.regions()
        if country not in known:
            message = f"There are no public holidays for a country “{country}”."
            self._shape.add(where, "unknown-country", message, suggestion=did_you_mean(country, known))
        elif region and region not in known[country]:
            message = f"There are no public holidays for a region “{region}” of {country}."
            of = [f"{country}-{each}" for each in known[country]]
            self._shape.add(where, "unknown-region", message, suggestion=_nearest(name, of))

    def _stretches(self, stretches: tuple[str, ...], where: KeyPath) -> None:
        read: list[tuple[int, int, int]] = []
        for index, stretch in enumerate(stretches):
            opens, closes = (_minutes(part) for part in stretch.split("-"))
            if opens is None or closes is None:
                self._shape.add((*where, index), "wrong-value", f"“{stretch}” holds a time that no clock shows.")
            elif closes <= opens:
                self._shape.add((*where, index), *_closes_too_early(stretch))
            else:
                read.append((opens, closes, index))
        for (_, closes, _), (opens, _, index) in pairwise(sorted(read)):
            if opens < closes:
                self._shape.add((*where, index), "overlap", f"“{stretches[index]}” overlaps another stretch.")


def _closes_too_early(stretch: str) -> tuple[str, str]:
    opens, closes = stretch.split("-")
    two = f"“{opens}-24:00”, and “00:00-{closes}” on the next day"
    return "closes-before-opening", f"“{stretch}” closes before it opens. Over midnight write {two}."


def _minutes(text: str) -> int | None:
    """Return the minutes from midnight of ``HH:MM``, up to ``24:00``."""
    hour, minute = int(text[:2]), int(text[3:])
    return hour * 60 + minute if (hour < 24 and minute < 60) or (hour, minute) == (24, 0) else None


def _date(text: str) -> date | None:
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None


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
        if entry_point.hours is not None and told and not entry_point.closed_text:
            found = source.located(
                ("entry_points", key), "no-closed-text", "Callers outside the hours hear nothing: set closed_text."
            )
            yield replace(found, level="warning")


# -- From tables to the model. Everything has been checked. ----------------------------------------------------


def _centre(tables: CentreTables) -> Centre:
    return Centre(
        name=tables.name,
        timezone=tables.timezone,
        colour=tables.colour,
        queues={QueueId(key): _queue(key, queue, tables) for key, queue in tables.queues.items()},
        entry_points={EntryPointId(key): _entry_point(key, e) for key, e in tables.entry_points.items()},
        supervisors={UserId(key): _supervised(s) for key, s in tables.supervisors.items()},
        agents={AgentId(key): _agent(key, agent) for key, agent in tables.agents.items()},
        skills={SkillId(key): Skill(id=SkillId(key), name=name) for key, name in tables.skills.items()},
        hours={key: _hours(key, hours, tables.timezone) for key, hours in tables.hours.items()},
        not_ready_reasons=tuple(_reason(key, reason) for key, reason in tables.not_ready_reasons.items()),
    )


def _reason(key: str, reason: str | ReasonTable) -> NotReadyReason:
    if isinstance(reason, str):
        return NotReadyReason(id=key, name=reason)
    limit = None if reason.limit_minutes is None else reason.limit_minutes * 60.0
    return NotReadyReason(id=key, name=reason.name, limit_seconds=limit, at_most=reason.at_most)


def _disposition(key: str, disposition: str | DispositionTable) -> Disposition:
    if isinstance(disposition, str):
        return Disposition(id=key, name=disposition)
    return Disposition(id=key, name=disposition.name, wrap_up_seconds=disposition.wrap_up_seconds)


def _supervised(supervisor: SupervisorTable) -> frozenset[QueueId] | None:
    return None if supervisor.queues is None else frozenset(QueueId(queue) for queue in supervisor.queues)


def _queue(key: str, queue: QueueTable, tables: CentreTables) -> Queue:
    dispositions = tables.dispositions if queue.dispositions is None else queue.dispositions
    return Queue(
        id=QueueId(key),
        name=queue.name,
        priority=queue.priority,
        skills=_skills(queue.skills),
        ring_seconds=queue.ring_seconds,
        wrap_up_seconds=queue.wrap_up_seconds,
        wrap_up_extension_seconds=queue.wrap_up_extension_seconds,
        wrap_up_extensions=queue.wrap_up_extensions,
        target_seconds=queue.target_seconds,
        short_abandon_seconds=queue.short_abandon_seconds,
        music=queue.music,
        ageing_per_minute=queue.ageing_per_minute,
        relax=tuple(relaxation(step) for step in queue.relax),
        rules=tuple(routing_rule(rule) for rule in queue.rules),
        policy=queue.policy,
        weight=queue.weight,
        last_agent_seconds=queue.last_agent_seconds,
        reserved_agents=queue.reserved_agents,
        announce_position_seconds=queue.announce_position_seconds,
        announce_wait_seconds=queue.announce_wait_seconds,
        max_wait_seconds=queue.max_wait_seconds,
        overflow=tuple(_overflow(table) for table in queue.overflow),
        comfort_seconds=queue.comfort_seconds,
        comfort_text=queue.comfort_text,
        escape_key=queue.escape_key or "",
        escape_to=None if queue.escape_to is None else EntryPointId(queue.escape_to),
        call_back=_call_back(queue.call_back),
        caller_id=queue.caller_id or "",
        dispositions=tuple(_disposition(key, tables.dispositions[key]) for key in dispositions),
        supervision_announced=queue.supervision_announced,
        script=None if queue.script is None else ScriptId(queue.script),
    )


def _overflow(table: OverflowTable) -> Overflow:
    return Overflow(
        ahead=table.ahead,
        after_seconds=table.after_seconds,
        nobody_signed_in=table.nobody_signed_in,
        queue=None if table.queue is None else QueueId(table.queue),
        entry_point=None if table.entry_point is None else EntryPointId(table.entry_point),
        text=table.text,
    )


def _call_back(table: CallBackTable | None) -> CallBackRules | None:
    return None if table is None else CallBackRules(**structs.asdict(table))


def _entry_point(key: str, entry_point: EntryPointTable) -> EntryPoint:
    return EntryPoint(
        id=EntryPointId(key),
        name=entry_point.name,
        numbers=entry_point.numbers,
        callers=entry_point.callers,
        queue=QueueId(entry_point.queue),
        script=None if entry_point.script is None else ScriptId(entry_point.script),
        web=None if entry_point.web is None else ScriptId(entry_point.web),
        about=entry_point.about,
        minutes=entry_point.minutes,
        call_back=entry_point.call_back,
        language=entry_point.language,
        hours=entry_point.hours,
        closed_text=entry_point.closed_text,
        closed_to=None if entry_point.closed_to is None else EntryPointId(entry_point.closed_to),
        closed_queue=None if entry_point.closed_queue is None else QueueId(entry_point.closed_queue),
        closed_call_back=entry_point.closed_call_back,
        codes=entry_point.codes,
    )


def _agent(key: str, agent: AgentTable) -> AgentProfile:
    return AgentProfile(
        id=AgentId(key),
        name=agent.name,
        queues=tuple(QueueId(queue) for queue in agent.queues),
        skills=_skills(agent.skills),
        preference={QueueId(queue): rank for queue, rank in agent.preference.items()},
        station=Station(kind=agent.station, address=agent.address or ""),
        role=agent.role,
    )


def _skills(levels: Mapping[str, int]) -> Mapping[SkillId, int]:
    return {SkillId(skill): level for skill, level in levels.items()}


def _hours(key: str, hours: HoursTable, timezone: str) -> Hours:
    weekdays: dict[int, tuple[Interval, ...]] = {}
    for number, name in enumerate(_DAYS):
        own: tuple[str, ...] | None = getattr(hours, name)
        usual = hours.weekdays if number < _WORKING_DAYS else ()
        weekdays[number] = _intervals(usual if own is None else own)
    special = {date.fromisoformat(day): _intervals(stretches) for day, stretches in hours.special.items()}
    return Hours(
        id=key,
        timezone=hours.timezone or timezone,
        weekdays=weekdays,
        special=special,
        holidays=hours.holidays or "",
        on_holidays=_intervals(hours.on_holidays),
    )


def _intervals(stretches: tuple[str, ...]) -> tuple[Interval, ...]:
    pairs = (stretch.split("-") for stretch in sorted(stretches))
    return tuple(Interval(opens=_time(opens), closes=_time(closes)) for opens, closes in pairs)


def _time(text: str) -> time:
    """Return the time of day; 24:00 is written as 00:00 (`Interval`)."""
    return _MIDNIGHT if text == "24:00" else time.fromisoformat(text)
