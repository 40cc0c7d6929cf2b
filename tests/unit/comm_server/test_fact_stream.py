"""Facts are heard by everybody, in order, whatever a listener does."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from structlog.testing import capture_logs

from caruso.comm_server.fact_stream import FactStream
from caruso.model.facts import AnyFact, QueueSwitched, ServerStarted
from caruso.model.ids import QueueId, UserId

AT = datetime(2026, 1, 1, tzinfo=UTC)


def fact(name: str) -> AnyFact:
    return ServerStarted(at=AT, version=name)


def names(facts: list[AnyFact]) -> list[str]:
    return [fact.version for fact in facts if isinstance(fact, ServerStarted)]


def test_what_a_listener_causes_is_heard_after_everybody_heard_the_cause() -> None:
    stream, first, second = FactStream(), list[AnyFact](), list[AnyFact]()

    def cause(heard: AnyFact) -> None:
        first.append(heard)
        if isinstance(heard, ServerStarted) and heard.version == "a":
            stream.publish(fact("b"))

    stream.follow(cause)
    stream.follow(second.append)
    stream.publish(fact("a"))
    assert names(first) == names(second) == ["a", "b"]


def test_routing_runs_when_all_has_been_heard_and_again_when_it_caused_something() -> None:
    stream, heard, runs = FactStream(), list[AnyFact](), list[int]()
    stream.decide(heard.append)

    def route() -> None:
        runs.append(len(heard))
        if len(runs) == 1:
            stream.publish(fact("offer"))

    stream.when_quiet(route)
    stream.publish(fact("a"), fact("b"))
    assert runs == [2, 3]


def test_who_follows_hears_after_routing_and_in_the_same_order() -> None:
    stream, told = FactStream(), list[str]()
    stream.follow(lambda fact: told.append(f"follows {names([fact])[0]}"))
    stream.decide(lambda fact: told.append(f"decides {names([fact])[0]}"))

    def route() -> None:
        told.append("routes")
        if told.count("routes") == 1:
            stream.publish(fact("offer"))

    stream.when_quiet(route)
    stream.publish(fact("a"))
    assert told == ["decides a", "routes", "decides offer", "routes", "follows a", "follows offer"]


def test_what_a_follower_causes_is_decided_about_before_the_next_is_followed() -> None:
    stream, told = FactStream(), list[str]()

    def cause(heard: AnyFact) -> None:
        told.append(f"follows {names([heard])[0]}")
        if names([heard]) == ["a"]:
            stream.publish(fact("c"))

    stream.follow(cause)
    stream.decide(lambda heard: told.append(f"decides {names([heard])[0]}"))
    stream.publish(fact("a"), fact("b"))
    assert told == ["decides a", "decides b", "follows a", "decides c", "follows b", "follows c"]


def test_in_a_turn_those_who_follow_hear_when_it_is_done() -> None:
    stream, told = FactStream(), list[str]()
    stream.follow(lambda fact: told.append(f"follows {names([fact])[0]}"))
    stream.decide(lambda fact: told.append(f"decides {names([fact])[0]}"))
    with stream.turn():
        stream.publish(fact("a"))
        stream.publish(fact("b"))
        told.append("done")
    assert told == ["decides a", "decides b", "done", "follows a", "follows b"]


def test_a_turn_that_fails_tells_what_happened_before() -> None:
    stream, heard = FactStream(), list[AnyFact]()
    stream.follow(heard.append)

    def fail() -> None:
        with stream.turn():
            stream.publish(fact("a"))
            raise ValueError("broken")

    with pytest.raises(ValueError, match="broken"):
        fail()
    assert names(heard) == ["a"]


def test_a_listener_that_raises_keeps_nobody_from_hearing() -> None:
    stream, heard = FactStream(), list[AnyFact]()

    def broken(_: AnyFact) -> None:
        raise ValueError("broken")

    stream.follow(broken)
    stream.follow(heard.append)
    with capture_logs() as logs:
        stream.publish(fact("a"))
        stream.publish(fact("b"))
    assert names(heard) == ["a", "b"]
    assert [line["event"] for line in logs] == ["listener_failed", "listener_failed"]


def test_a_listener_hears_the_kinds_it_is_annotated_with() -> None:
    stream, told = FactStream(), list[str]()
    switched = QueueSwitched(at=AT, queue=QueueId("gas"), open=False, by=UserId("sofia"))

    class Ear:
        def hear(self, fact: QueueSwitched) -> None:
            told.append(f"one kind: {fact.queue}")

    def either(fact: QueueSwitched | ServerStarted) -> None:
        told.append(f"either: {type(fact).__name__}")

    stream.follow(Ear().hear)
    stream.follow(either)
    stream.publish(fact("a"), switched)
    assert told == ["either: ServerStarted", "one kind: gas", "either: QueueSwitched"]


def test_who_begins_to_listen_later_hears_what_comes_then_after_the_others() -> None:
    stream, told = FactStream(), list[str]()
    stream.follow(lambda heard: told.append(f"first {names([heard])[0]}"))
    stream.publish(fact("a"))
    stream.follow(lambda heard: told.append(f"second {names([heard])[0]}"))
    stream.publish(fact("b"))
    assert told == ["first a", "first b", "second b"]
