"""Check queues in ``centre.toml``, and read them; rules of distribution are those of `routing`. Pure."""

from __future__ import annotations

from msgspec import structs

from caruso.comm_server.centre_file.references import References
from caruso.comm_server.centre_file.routing import relaxation, routing_rule
from caruso.comm_server.centre_file.skills import read_skills
from caruso.comm_server.centre_file.tables import (
    CallBackTable,
    CentreTables,
    DispositionTable,
    InformationTable,
    OverflowTable,
    QueueTable,
    RecordingTable,
    VoicemailTable,
)
from caruso.model.centre import CallBackRules, Disposition, Information, Overflow, Queue, VoicemailRules
from caruso.model.ids import EntryPointId, QueueId, ScriptId
from caruso.model.recordings import RecordingRules
from caruso.toml.shape import Shape
from caruso.toml.source import KeyPath


class QueueCheck:
    """Finds what is wrong with a queue."""

    def __init__(self, shape: Shape, references: References) -> None:
        """Add findings to `shape`."""
        self._shape = shape
        self._references = references

    def queue(self, queue: QueueTable, where: KeyPath) -> None:
        """Check a queue, but for its rules of distribution (`routing`)."""
        for skill in queue.skills:
            self._references.check("skills", skill, (*where, "skills", skill))
        self._escape(queue, where)
        self._information(queue, where)
        for index, overflow in enumerate(queue.overflow):
            self._overflow(overflow, where, index, has_voicemail=queue.voicemail is not None)
        if queue.call_back is not None and queue.call_back.hours is not None:
            self._references.check("hours", queue.call_back.hours, (*where, "call_back", "hours"))
        for index, disposition in enumerate(queue.dispositions or ()):
            self._references.check("dispositions", disposition, (*where, "dispositions", index))

    def _overflow(self, overflow: OverflowTable, queue: KeyPath, index: int, *, has_voicemail: bool) -> None:
        where = (*queue, "overflow", index)
        if overflow.queue is not None:
            self._references.check("queues", overflow.queue, (*where, "queue"))
            if overflow.queue == queue[-1]:
                self._shape.add((*where, "queue"), "circle", "Callers would overflow into the same queue.")
        if overflow.entry_point is not None:
            self._references.check("entry_points", overflow.entry_point, (*where, "entry_point"))
        if overflow.voicemail and not has_voicemail:
            self._shape.add((*where, "voicemail"), *no_voicemail(queue[-1]))
        kinds = ("queue", "entry_point", "voicemail" if overflow.voicemail else "text")
        given = [name for name in kinds if getattr(overflow, name)]
        if not given:
            self._shape.add(where, "no-target", "Where do callers go? Set queue, entry_point, voicemail or text.")
        for name in given[1:]:
            message = f"Callers cannot get “{given[0]}” and “{name}”."
            self._shape.add((*where, name), "contradiction", message)
        if overflow.ahead is None and not overflow.after_seconds and not overflow.nobody_signed_in:
            message = "Without a condition nobody ever waits: set ahead, after_seconds or nobody_signed_in."
            self._shape.add(where, "no-condition", message)

    def _escape(self, queue: QueueTable, where: KeyPath) -> None:
        if queue.escape_to is not None:
            self._references.check("entry_points", queue.escape_to, (*where, "escape_to"))
        if (queue.escape_key is None) is not (queue.escape_to is None):
            missing = "escape_key" if queue.escape_key is None else "escape_to"
            given = "escape_to" if queue.escape_key is None else "escape_key"
            self._shape.add((*where, given), "contradiction", f"“{given}” needs “{missing}”.")
        if queue.call_back is not None and queue.escape_key == queue.call_back.key:
            self._shape.add((*where, "escape_key"), "twice", "This key is that of the call-back already.")
        if queue.voicemail is not None and queue.voicemail.key is not None:
            call_back = queue.call_back.key if queue.call_back is not None else None
            if queue.voicemail.key in (queue.escape_key, call_back):
                message = "This key means something else already: the call-back, or the escape key."
                self._shape.add((*where, "voicemail", "key"), "twice", message)

    def _information(self, queue: QueueTable, where: KeyPath) -> None:
        taken = {
            queue.escape_key: "the escape key",
            queue.call_back.key if queue.call_back is not None else None: "the key of the call-back",
            queue.voicemail.key if queue.voicemail is not None else None: "the key for leaving a message",
        }
        for index, told in enumerate(queue.information):
            place = (*where, "information", index)
            if not told.text and told.sound is None:
                self._shape.add(place, "nothing-said", "What is to be heard? Set text or sound.")
            if told.key is None and not queue.information_seconds:
                message = "Nobody would ever hear it: set “key” here, or “information_seconds” of the queue."
                self._shape.add(place, "contradiction", message)
            if told.key is not None and told.key in taken:
                self._shape.add((*place, "key"), "twice", f"This key is {taken[told.key]} already.")
            taken[told.key] = "that of another information"
        if queue.information_seconds and all(told.key is not None for told in queue.information):
            message = "There is nothing to be told by itself: no information without a key."
            self._shape.add((*where, "information_seconds"), "contradiction", message)


def no_voicemail(queue: str | int) -> tuple[str, str]:
    """Return code and message for callers who are to leave a message for a queue that takes none."""
    message = f"Callers cannot leave messages for queue “{queue}”: it has no table “voicemail”."
    return "contradiction", message


def read_queue(key: str, queue: QueueTable, tables: CentreTables) -> Queue:
    """Return a queue that was checked."""
    dispositions = tables.dispositions if queue.dispositions is None else queue.dispositions
    return Queue(
        id=QueueId(key),
        name=queue.name,
        priority=queue.priority,
        skills=read_skills(queue.skills),
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
        information=tuple(_information(table) for table in queue.information),
        information_seconds=queue.information_seconds,
        escape_key=queue.escape_key or "",
        escape_to=None if queue.escape_to is None else EntryPointId(queue.escape_to),
        call_back=_call_back(queue.call_back),
        voicemail=_voicemail(queue.voicemail),
        caller_id=queue.caller_id or "",
        dispositions=tuple(_disposition(key, tables.dispositions[key]) for key in dispositions),
        supervision_announced=queue.supervision_announced,
        recording=_recording(queue.recording),
        script=None if queue.script is None else ScriptId(queue.script),
    )


def _disposition(key: str, disposition: str | DispositionTable) -> Disposition:
    if isinstance(disposition, str):
        return Disposition(id=key, name=disposition)
    return Disposition(id=key, name=disposition.name, wrap_up_seconds=disposition.wrap_up_seconds)


def _recording(table: RecordingTable | None) -> RecordingRules:
    return RecordingRules() if table is None else RecordingRules(**structs.asdict(table))


def _overflow(table: OverflowTable) -> Overflow:
    return Overflow(
        ahead=table.ahead,
        after_seconds=table.after_seconds,
        nobody_signed_in=table.nobody_signed_in,
        queue=None if table.queue is None else QueueId(table.queue),
        entry_point=None if table.entry_point is None else EntryPointId(table.entry_point),
        text=table.text,
        voicemail=table.voicemail,
    )


def _information(table: InformationTable) -> Information:
    return Information(text=table.text, sound=table.sound or "", key=table.key or "")


def _call_back(table: CallBackTable | None) -> CallBackRules | None:
    return None if table is None else CallBackRules(**structs.asdict(table))


def _voicemail(table: VoicemailTable | None) -> VoicemailRules | None:
    if table is None:
        return None
    given = structs.asdict(table)
    return VoicemailRules(**given | {"greeting_sound": table.greeting_sound or "", "key": table.key or ""})
