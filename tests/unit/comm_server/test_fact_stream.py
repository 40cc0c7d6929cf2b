"""Facts are heard by everybody, in order, whatever a listener does."""

from __future__ import annotations

from datetime import UTC, datetime

from structlog.testing import capture_logs

from caruso.comm_server.fact_stream import FactStream
from caruso.model.facts import AnyFact, ServerStarted


def fact(name: str) -> AnyFact:
    return ServerStarted(at=datetime(2026, 1, 1, tzinfo=UTC), version=name)


def names(facts: list[AnyFact]) -> list[str]:
    return [fact.version for fact in facts if isinstance(fact, ServerStarted)]


def test_what_a_listener_causes_is_heard_after_everybody_heard_the_cause() -> None:
    stream, first, second = FactStream(), list[AnyFact](), list[AnyFact]()

    def cause(heard: AnyFact) -> None:
        first.append(heard)
        if isinstance(heard, ServerStarted) and heard.version == "a":
            stream.publish(fact("b"))

    stream.subscribe(cause)
    stream.subscribe(second.append)
    stream.publish(fact("a"))
    assert names(first) == names(second) == ["a", "b"]


def test_routing_runs_when_all_has_been_heard_and_again_when_it_caused_something() -> None:
    stream, heard, runs = FactStream(), list[AnyFact](), list[int]()
    stream.subscribe(heard.append)

    def route() -> None:
        runs.append(len(heard))
        if len(runs) == 1:
            stream.publish(fact("offer"))

    stream.when_quiet(route)
    stream.publish(fact("a"), fact("b"))
    assert runs == [2, 3]


def test_a_listener_that_raises_keeps_nobody_from_hearing() -> None:
    stream, heard = FactStream(), list[AnyFact]()

    def broken(_: AnyFact) -> None:
        raise ValueError("broken")

    stream.subscribe(broken)
    stream.subscribe(heard.append)
    with capture_logs() as logs:
        stream.publish(fact("a"))
        stream.publish(fact("b"))
    assert names(heard) == ["a", "b"]
    assert [line["event"] for line in logs] == ["listener_failed", "listener_failed"]
