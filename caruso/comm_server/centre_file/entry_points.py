"""Check entry points in ``centre.toml``, each alone and against one another, and read them. Pure."""

from __future__ import annotations

from collections.abc import Mapping

from caruso.comm_server.centre_file.queues import no_voicemail
from caruso.comm_server.centre_file.references import References
from caruso.comm_server.centre_file.tables import CentreTables, EntryPointTable
from caruso.model.centre import EntryPoint
from caruso.model.ids import AgentId, EntryPointId, QueueId, ScriptId
from caruso.toml.shape import Shape
from caruso.toml.source import KeyPath

#: Addresses below ``/s/`` that no script can have.
RESERVED_PAGES = frozenset({"resume"})

#: What callers outside the hours can get instead of words: one of these.
_OUTSIDE_HOURS = ("closed_to", "closed_queue", "closed_call_back", "closed_voicemail")


class EntryPointCheck:
    """Finds what is wrong with entry points."""

    def __init__(self, shape: Shape, references: References) -> None:
        """Add findings to `shape`."""
        self._shape = shape
        self._references = references

    def everything(self, tables: CentreTables) -> None:
        """Check all entry points."""
        for key, entry_point in tables.entry_points.items():
            self._what_it_has(entry_point, ("entry_points", key))
            self._outside_hours(key, tables)
            self._voicemail(entry_point, ("entry_points", key), tables)
            self._outcomes(key, tables)
        self._numbers(tables.entry_points)
        self._pages(tables.entry_points)

    def _what_it_has(self, entry_point: EntryPointTable, where: KeyPath) -> None:
        self._references.check("queues", entry_point.queue, (*where, "queue"))
        if entry_point.hours is not None:
            self._references.check("hours", entry_point.hours, (*where, "hours"))
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
            self._references.check("entry_points", entry_point.closed_to, (*where, "closed_to"))
        if entry_point.closed_queue is not None:
            self._references.check("queues", entry_point.closed_queue, (*where, "closed_queue"))
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

    def _voicemail(self, entry_point: EntryPointTable, where: KeyPath, tables: CentreTables) -> None:
        queue = tables.queues.get(entry_point.queue)
        for key in ("voicemail", "closed_voicemail"):
            if getattr(entry_point, key) and queue is not None and queue.voicemail is None:
                self._shape.add((*where, key), *no_voicemail(entry_point.queue))
        for key in ("script", "codes"):
            if entry_point.voicemail and getattr(entry_point, key):
                message = f"Callers of a voicemail are not led by “{key}”."
                self._shape.add((*where, key), "contradiction", message)
        if entry_point.voicemail_for is None:
            return
        self._references.check("agents", entry_point.voicemail_for, (*where, "voicemail_for"))
        agent = tables.agents.get(entry_point.voicemail_for)
        if not (entry_point.voicemail or entry_point.closed_voicemail):
            message = "“voicemail_for” needs “voicemail” or “closed_voicemail”."
            self._shape.add((*where, "voicemail_for"), "contradiction", message)
        elif agent is not None and entry_point.queue not in agent.queues:
            message = f"The agent takes no contacts of “{entry_point.queue}”, and would not see the messages."
            self._shape.add((*where, "voicemail_for"), "contradiction", message)

    def _circle(self, key: str, tables: CentreTables) -> None:
        """Tell of entry points that send callers round in a circle, once for each circle."""
        passed, other = [key], tables.entry_points[key].closed_to
        while other in tables.entry_points and other not in passed:
            passed.append(other)
            other = tables.entry_points[other].closed_to
        if other == key and key == min(passed):
            message = f"Callers would go round in a circle: {' → '.join([*passed, key])}."
            self._shape.add(("entry_points", key, "closed_to"), "circle", message)

    def _outcomes(self, key: str, tables: CentreTables) -> None:
        entry_point, where = tables.entry_points[key], ("entry_points", key, "outcomes")
        if entry_point.outcomes and entry_point.script is None:
            self._shape.add(where, "contradiction", "“outcomes” are those of a dialog: set script.")
        for outcome, other in entry_point.outcomes.items():
            self._references.check("entry_points", other, (*where, outcome))
            way = _way(tables.entry_points, other, key)
            if way:
                message = f"Callers would go round in a circle: {' → '.join([key, *way])}."
                self._shape.add((*where, outcome), "circle", message)

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


def _way(entry_points: Mapping[str, EntryPointTable], begin: str, goal: str) -> list[str]:
    """Return by which entry points callers get from one to another without an agent; nothing when they do not."""
    ways, passed = [[begin]], {begin}
    while ways:
        way = ways.pop()
        if way[-1] == goal:
            return way
        known = entry_points.get(way[-1])
        following = (known.closed_to, *known.outcomes.values()) if known is not None else ()
        for other in following:
            if other is not None and other not in passed:
                passed.add(other)
                ways.append([*way, other])
    return []


def read_entry_point(key: str, entry_point: EntryPointTable) -> EntryPoint:
    """Return an entry point that was checked."""
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
        closed_voicemail=entry_point.closed_voicemail,
        voicemail=entry_point.voicemail,
        voicemail_for=None if entry_point.voicemail_for is None else AgentId(entry_point.voicemail_for),
        outcomes={outcome: EntryPointId(other) for outcome, other in entry_point.outcomes.items()},
        codes=entry_point.codes,
    )
