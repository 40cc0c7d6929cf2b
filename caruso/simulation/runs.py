"""Run a centre's rules on callers, and hold two sets of rules against each other."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta

import structlog

from caruso.comm_server.acd.policy import Policies
from caruso.model.centre import Centre
from caruso.model.facts import AnyFact
from caruso.model.ids import ContactId
from caruso.simulation.arrivals import DAY_SECONDS, Arrival
from caruso.simulation.centre import People, SimulatedCentre
from caruso.simulation.outcome import Guess, Outcome, Report

#: A Monday.
START = datetime(2026, 1, 5, tzinfo=UTC)


def simulate(
    centre: Centre,
    arrivals: Sequence[Arrival],
    *,
    days: int,
    seed: int,
    people: People | None = None,
    policies: Policies | None = None,
    warm_up: float = 0.0,
    until: float | None = None,
    listener: Callable[[AnyFact], None] | None = None,
) -> Report:
    """Return what comes of `arrivals`; of the first `warm_up` seconds, and after `until`, nothing is counted.

    `policies`: what queues can name, where that is more than the server's own.
    """

    def estimates(contact: ContactId) -> Guess | None:
        dispatcher = simulated.dispatcher
        if dispatcher.floor.stage_of(contact) is None:
            return None
        _, oldest = dispatcher.waiting_in(simulated.known(contact).queue)
        ahead, now = dispatcher.position(contact) - 1, simulated.schedule.now()
        return Guess(ahead=ahead, longest=(now - oldest).total_seconds() if oldest else 0.0)

    end = days * DAY_SECONDS if until is None else until
    outcome = Outcome(centre, START + timedelta(seconds=warm_up), START + timedelta(seconds=end), estimates)
    listeners = (outcome.hear, listener) if listener is not None else (outcome.hear,)
    simulated = SimulatedCentre(centre, people or People(), START, listeners, policies)
    with _quiet():
        simulated.run(arrivals, days)
    return outcome.report(days=days, seed=seed, arrivals=len(arrivals))


@contextmanager
def _quiet() -> Iterator[None]:
    """Log only what is wrong: a simulated day would be a million lines."""
    before = structlog.get_config()
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.WARNING))
    try:
        yield
    finally:
        structlog.configure(**before)
