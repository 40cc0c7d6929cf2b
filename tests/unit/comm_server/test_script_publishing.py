"""Publishing scripts: what is checked, what is pinned, what is refused."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from caruso.comm_server.script_publishing import Publisher
from caruso.errors import IllegalMove, NotFound, RejectedInput
from caruso.model.centre import Centre, Queue
from caruso.model.ids import QueueId, ScriptId
from caruso.model.script_versions import EVERYBODY, Stage, in_words
from lab.memory_scripts import MemoryScripts

NOW = datetime(2026, 11, 27, 9, tzinfo=UTC)
CENTRE = Centre(
    name="Example",
    timezone="Europe/Berlin",
    queues={QueueId("gas"): Queue(id=QueueId("gas"), name="Gas")},
    entry_points={},
    agents={},
)
METER, ADDRESS = ScriptId("meter"), ScriptId("address")


class FixedClock:
    def now(self) -> datetime:
        return NOW

    def monotonic(self) -> float:
        return 0.0


def address(version: str, calls: str = "") -> bytes:
    return f"""<dialog id="address" version="{version}" languages="en" channels="agent"><title>A</title>
      <question id="street" type="text"><text>Street?</text></question>{calls}
      <end id="e" outcome="x"/></dialog>""".encode()


def meter(version: str, call: str = '<call id="where" dialog="address"/>', queue: str = "gas") -> bytes:
    return f"""<dialog id="meter" version="{version}" languages="en" channels="agent"><title>M</title>{call}
      <info id="hello"><text>Hello.</text></info>
      <handover id="on" channel="agent" queue="'{queue}'"><text>One moment.</text></handover>
      <end id="e" outcome="done"/></dialog>""".encode()


def plain(version: str) -> bytes:
    return meter(version, call="")


@pytest.fixture
def store() -> MemoryScripts:
    return MemoryScripts()


@pytest.fixture
def publisher(store: MemoryScripts) -> Publisher:
    return Publisher(store, lambda: CENTRE, FixedClock())


async def publish(publisher: Publisher, source: bytes, stage: Stage | None = EVERYBODY, why: str = "new") -> str:
    done = await publisher.publish(source, "script.xml", by="admin", why=why, stage=stage)
    return in_words(done.rollout) if done.rollout else "only published"


async def test_a_script_is_published_and_rolled_out_in_stages(publisher: Publisher, store: MemoryScripts) -> None:
    assert await publish(publisher, plain("1")) == "1 for everybody"
    assert await publish(publisher, plain("2"), Stage(share=10)) == "2 for 10 % of all, else 1"
    gas = Stage(share=50, queues=frozenset({QueueId("gas")}))
    wider = await publisher.roll_out(METER, "2", gas, by="admin", why="fine so far")
    assert in_words(wider) == "2 for 50 % of queue gas, else 1"
    assert in_words(await publisher.roll_out(METER, "2", EVERYBODY, by="admin", why="fine")) == "2 for everybody"
    assert in_words(await publisher.roll_back(METER, by="admin", why="not fine")) == "1 for everybody"
    assert [event.why for event in await store.events(METER)][:2] == ["not fine", "fine"]


async def test_what_is_called_is_pinned_to_the_version_in_force(
    publisher: Publisher, store: MemoryScripts
) -> None:
    await publish(publisher, address("1"))
    await publish(publisher, meter("1"))
    assert (await publisher.publish(address("2"), "a.xml", by="x", why="y", stage=EVERYBODY)).callers == (METER,)
    kept = await store.source(METER, "1")
    assert kept is not None
    assert (dict(kept.pins), dict(kept.calls)) == ({"where": "1"}, {ADDRESS: "1"})
    await publish(publisher, meter("2"))
    newer = await store.source(METER, "2")
    assert newer is not None
    assert dict(newer.pins) == {"where": "2"}


async def test_a_call_may_name_a_version(publisher: Publisher, store: MemoryScripts) -> None:
    await publish(publisher, address("1"))
    await publish(publisher, address("2"))
    await publish(publisher, meter("1", call='<call id="where" dialog="address" version="2"/>'))
    kept = await store.source(METER, "1")
    assert kept is not None
    assert dict(kept.pins) == {"where": "2"}


@pytest.mark.parametrize(
    ("source", "rule"),
    [
        (b"<dialog>", ""),
        (meter("1", call="", queue="oil"), "unknown-queue"),
        (meter("1"), "unknown-dialog"),
        (plain("1").replace(b"Hello", b"<value of='answers.nothing'/>"), ""),
    ],
)
async def test_what_has_a_mistake_is_not_published(
    publisher: Publisher, store: MemoryScripts, source: bytes, rule: str
) -> None:
    with pytest.raises(RejectedInput) as refused:
        await publish(publisher, source)
    assert any(finding.line for finding in refused.value.findings)
    assert not rule or rule in {finding.rule for finding in refused.value.findings}
    assert await store.versions() == []
    assert await publisher.check(source, "script.xml") == refused.value.findings


async def test_a_dialog_that_calls_itself_through_another_is_refused(publisher: Publisher) -> None:
    await publish(publisher, address("1"))
    await publish(publisher, meter("1"))
    with pytest.raises(RejectedInput, match="“meter” calls “address” itself"):
        await publish(publisher, address("2", calls='<call id="again" dialog="meter"/>'))


async def test_two_versions_of_one_dialog_are_refused(publisher: Publisher) -> None:
    await publish(publisher, address("1"))
    await publish(publisher, address("2"))
    calls = '<call id="a" dialog="address" version="1"/><call id="b" dialog="address"/>'
    with pytest.raises(RejectedInput, match="in version 1 and in version 2"):
        await publish(publisher, meter("1", call=calls))


async def test_a_changed_script_needs_a_new_version(publisher: Publisher) -> None:
    await publish(publisher, plain("1"))
    with pytest.raises(RejectedInput, match=r"script.xml:1: error\[script-version-reused\]"):
        await publish(publisher, plain("1").replace(b"Hello", b"Bye"))


@pytest.mark.parametrize("why", ["", " \n", "x" * 501])
async def test_everything_needs_a_reason(publisher: Publisher, why: str) -> None:
    with pytest.raises(RejectedInput, match="Say why"):
        await publish(publisher, plain("1"), why=why)


async def test_a_stage_names_what_there_is(publisher: Publisher) -> None:
    await publish(publisher, plain("1"))
    with pytest.raises(RejectedInput, match="did you mean “gas”"):
        await publish(publisher, plain("2"), Stage(queues=frozenset({QueueId("gass")})))
    with pytest.raises(NotFound, match="there is: 1"):
        await publisher.roll_out(METER, "9", EVERYBODY, by="x", why="y")
    with pytest.raises(NotFound, match="no script"):
        await publisher.roll_back(ScriptId("other"), by="x", why="y")
    with pytest.raises(IllegalMove, match="no earlier"):
        await publisher.roll_back(METER, by="x", why="y")
