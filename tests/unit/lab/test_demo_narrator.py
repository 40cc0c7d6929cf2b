"""Each step of a call is told once, in a line."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from caruso.model.facts import Presence
from caruso.model.ids import AgentId, ContactId, QueueId
from caruso.model.views import AgentRow, CallRow, MonitorView, QueueRow, WaitingRow
from lab.demo.narrator import Narrator, shown

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
ADA = "+442079460000"
ONE = ContactId("1")
METER = QueueId("meter")


def later(seconds: float) -> datetime:
    return NOON + timedelta(seconds=seconds)


def call(phase: str, at: float, *, agent: str = "", queue: str = "") -> CallRow:
    return CallRow(id=ONE, phase=phase, caller=ADA, agent=agent, queue=queue, since=later(at))


def queue() -> QueueRow:
    return QueueRow(
        id=METER,
        name="Meter readings",
        waiting=0,
        oldest=None,
        ready=0,
        talking=0,
        entered=1,
        answered=1,
        answered_in_target=1,
        abandoned=0,
        short_abandoned=0,
        flowed_out=0,
        lost=0,
        service_level=None,
        target_seconds=20,
        average_answer_seconds=None,
        longest_wait_seconds=0,
    )


def change(
    at: float, *calls: CallRow, waiting: tuple[WaitingRow, ...] = (), gone: tuple[str, ...] = ()
) -> MonitorView:
    return MonitorView(
        seq=1,
        now=later(at),
        whole=False,
        calls=list(calls),
        waiting=list(waiting),
        gone_calls=list(gone),
        queues=[queue()],
    )


def waiting_row(offered_to: str = "") -> WaitingRow:
    return WaitingRow(id=ONE, queue=METER, caller=ADA, since=later(9), priority=0, offered_to=offered_to)


def told(narrator: Narrator, *views: MonitorView) -> list[str]:
    """Return what is told, without the time and who it is about."""
    return [line.split("Ada Amberly")[1].strip() for view in views for line in narrator.hear(view)]


def test_a_call_is_told_from_its_arrival_to_its_end() -> None:
    assert told(
        Narrator({ADA: "Ada Amberly"}),
        change(0, call("dialog", 0)),
        change(9, call("waiting", 9, queue="meter"), waiting=(waiting_row(),)),
        change(10, waiting=(waiting_row("Bram"),)),
        change(13, call("talking", 13, agent="Bram", queue="meter")),
        change(20, call("held", 20, agent="Bram", queue="meter")),
        change(23, call("talking", 23, agent="Bram", queue="meter")),
        change(33, gone=("1",)),
    ) == [
        "calls",
        "→ Meter readings: waits",
        "rings at Bram's",
        "→ Bram, after 4 s in Meter readings",
        "is put on hold by Bram",
        "is taken back by Bram",
        "over: spoke with Bram for 20 s",
    ]


def test_who_gives_up_and_who_needs_nobody_are_told_apart() -> None:
    gave_up = Narrator({ADA: "Ada Amberly"})
    assert told(gave_up, change(9, call("waiting", 9, queue="meter")), change(20, gone=("1",)))[-1] == (
        "over: gave up after 11 s in Meter readings"
    )
    content = Narrator({ADA: "Ada Amberly"})
    assert told(content, change(0, call("dialog", 0)), change(9, gone=("1",)))[-1] == "over, without an agent"


def test_what_has_not_changed_is_not_told_again() -> None:
    narrator = Narrator({ADA: "Ada Amberly"})
    narrator.hear(change(0, call("dialog", 0)))
    assert narrator.hear(change(1, call("dialog", 0))) == []
    assert narrator.calls_seen == 1


def test_a_call_that_is_missing_from_the_whole_is_over() -> None:
    narrator = Narrator({ADA: "Ada Amberly"})
    narrator.hear(change(0, call("dialog", 0)))
    assert not narrator.quiet
    assert len(narrator.hear(MonitorView(seq=9, now=later(5), whole=True))) == 1
    assert narrator.quiet


def test_signing_in_and_out_is_told_but_no_other_presence() -> None:
    narrator = Narrator({})

    def row(presence: Presence) -> MonitorView:
        agent = AgentRow(id=AgentId("bram"), name="Bram", presence=presence, reason="", since=NOON)
        return MonitorView(seq=1, now=NOON, whole=False, agents=[agent])

    narrator.hear(MonitorView(seq=1, now=NOON, whole=True, agents=row(Presence.SIGNED_OUT).agents))
    assert [line[10:] for line in narrator.hear(row(Presence.NOT_READY))] == ["Bram signs in"]
    assert narrator.hear(row(Presence.READY)) == []
    assert [line[10:] for line in narrator.hear(row(Presence.SIGNED_OUT))] == ["Bram signs out"]


def test_numbers_are_shown_as_people_write_them() -> None:
    assert shown(ADA) == "+44 20 7946 0000"
    assert shown("") == "hidden number"
    assert shown("anonymous") == "anonymous"
