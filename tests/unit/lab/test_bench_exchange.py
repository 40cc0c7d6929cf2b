"""The measuring instrument, held against itself: callers call the phones directly, without an Asterisk."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest

from lab.bench.exchange import Exchange, Plan, Record
from lab.bench.sip import parse
from lab.ports import LOOPBACK


@pytest.fixture
async def exchange() -> AsyncIterator[Exchange]:
    house = Exchange()
    house.target = (LOOPBACK, house.phones.port)
    yield house
    house.close()


def plan(number: str = "4930", *, agent_hangs_up: bool = False) -> Plan:
    return Plan(number=number, dialled="a1", ring_seconds=0.01, talk_seconds=0.02, agent_hangs_up=agent_hangs_up)


async def over(*records: Record, within_seconds: float = 3.0) -> None:
    async with asyncio.timeout(within_seconds):
        while not all(record.over for record in records):  # noqa: ASYNC110
            await asyncio.sleep(0.005)


@pytest.mark.parametrize("agent_hangs_up", [False, True])
async def test_a_call_rings_talks_and_ends(exchange: Exchange, agent_hangs_up: bool) -> None:
    record = exchange.call(plan(agent_hangs_up=agent_hangs_up))
    await over(record)
    await asyncio.sleep(0.02)
    assert record.lost == ""
    assert record.invited_ns < record.offered_ns < record.talking_ns < record.ended_ns
    assert record.talking_ns - record.offered_ns >= 10_000_000
    assert (exchange.open_legs, exchange.waiting, exchange.tally.repeated) == (0, 0, 0)


async def test_an_agent_who_becomes_free_while_others_wait_is_timed(exchange: Exchange) -> None:
    first = exchange.call(plan("1", agent_hangs_up=True))
    await asyncio.sleep(0.01)
    exchange.waiting += 1  # somebody waits
    await over(first)
    second = exchange.call(plan("2"))
    await over(second)
    assert [dispatch.waiting for dispatch in exchange.tally.dispatches] == [1]
    assert exchange.tally.dispatches[0].offered_ns > exchange.tally.dispatches[0].free_ns


async def test_what_is_lost_on_the_wire_is_repeated(exchange: Exchange) -> None:
    send = exchange.callers.send
    dropped: list[bytes] = []

    def drop_the_first(data: bytes, to: tuple[str, int]) -> None:
        if not dropped:
            dropped.append(data)
        else:
            send(data, to)

    exchange.callers.send = drop_the_first  # type: ignore[method-assign]
    record = exchange.call(plan())
    await over(record)
    assert (record.lost, exchange.tally.repeated) == ("", 1)
    assert record.offered_ns - record.invited_ns > 400_000_000  # the wait counts, from the first attempt


async def test_a_call_that_is_refused_is_lost(exchange: Exchange) -> None:
    refuse = parse(b"BYE sip:a1@h SIP/2.0\r\nCSeq: 1 BYE\r\n\r\n")
    assert refuse is not None
    record = exchange.call(plan())
    message = parse(
        b"SIP/2.0 503 Busy\r\nVia: SIP/2.0/UDP h;branch=z\r\nTo: <sip:a1@h>;tag=x\r\nCSeq: 1 INVITE\r\n\r\n"
    )
    assert message is not None
    caller = exchange.caller_of("4930")
    assert caller is not None
    caller.take(message, 1, exchange.target)
    assert record.lost == "refused 503"


async def test_a_caller_who_is_hung_up_on_is_lost(exchange: Exchange) -> None:
    record = exchange.call(plan())
    caller = exchange.caller_of("4930")
    assert caller is not None
    bye = parse(
        b"BYE sip:4930@h SIP/2.0\r\nVia: SIP/2.0/UDP h;branch=z\r\nTo: <sip:4930@h>\r\nCSeq: 1 BYE\r\n\r\n"
    )
    assert bye is not None
    caller.take(bye, 1, exchange.target)
    assert (record.lost, record.over) == ("cut off", True)


def test_short_headers_and_all_vias_are_read() -> None:
    message = parse(
        b"INVITE sip:a7@127.0.0.1:5 SIP/2.0\r\nv: SIP/2.0/UDP h;branch=z9hG4bKq;rport\r\nVia: second\r\n"
        b'f: "X" <sip:4930@h>;tag=1\r\ni: id\r\nCSeq: 9 INVITE\r\nm: <sip:pbx@h:1>\r\n\r\nbody'
    )
    assert message is not None
    assert (message.called, message.caller, message.call_id, message.target) == ("a7", "4930", "id", "sip:pbx@h:1")
    assert (message.branch, len(message.vias), message.status) == ("z9hG4bKq", 2, 0)


@pytest.mark.parametrize("rubbish", [b"", b"\r\n\r\n", b"\x00", b"SIP/2.0 x y\r\n\r\n", b"SIP/2.0 200 OK\r\n\r\n"])
def test_rubbish_is_no_message(rubbish: bytes) -> None:
    assert parse(rubbish) is None
