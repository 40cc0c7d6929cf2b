"""Run the web server on a fake centre: ``python -m lab.fake_server --port 8080``.

For developing the console without Asterisk or a database. Sign in as anna/anna or ben/ben (agents), sam/sam
(supervisor), alex/alex (admin). An agent who is ready gets a call after 4 s, then one every 15 s.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import signal
from datetime import UTC, datetime, timedelta
from pathlib import Path

from prometheus_client import CollectorRegistry

from caruso.clock import SystemClock
from caruso.model.callbacks import Callback, CallbackId
from caruso.model.centre import Centre
from caruso.model.ids import AgentId, ContactId, EntryPointId, QueueId, UserId
from caruso.model.records import PastContact, User
from caruso.ports.runs import RunFiles
from caruso.web.passwords import hash_password
from caruso.web.server import WebServer
from caruso.web.settings import WebSettings
from lab.fake_callbacks import MemoryCallbacks
from lab.fake_centre import FakeCentre
from lab.fake_reports import fake_reports, fake_visits
from lab.fake_runs import FakeObjects, MemoryFiles
from lab.fake_stores import FakePhones, MemoryCustomers, MemoryFacts, MemoryUsers
from lab.fake_tasks import MemoryTasks
from lab.fake_utility import FAKE_ROLES, fake_customers, fake_description
from lab.memory_runs import MemoryRuns
from lab.memory_scripts import MemoryScripts


def fake_users(centre: Centre) -> tuple[User, ...]:
    """Return users whose password is their name."""
    return tuple(
        User(
            id=UserId(name),
            name=name.title(),
            role=role,
            password_hash=hash_password(name),
            agent=AgentId(name) if AgentId(name) in centre.agents else None,
        )
        for name, role in FAKE_ROLES.items()
    )


def fake_past(days: int = 14) -> tuple[PastContact, ...]:
    """Return what happened in the last days."""
    now = datetime.now(UTC)
    return tuple(
        PastContact(
            id=ContactId(f"past-{number}"),
            channel="voice",
            arrived_at=now - timedelta(hours=7 * number, minutes=number),
            ended_at=now - timedelta(hours=7 * number),
            entry_point=EntryPointId("meter-line"),
            caller_number=f"+4930555{number % 3 + 1:04}",
            customer=fake_customers()[number % 3].id,
            queue=QueueId("meter" if number % 2 else "billing"),
            agent=AgentId(("anna", "ben")[number % 2]) if number % 5 else None,
            queue_outcome="answered" if number % 5 else "abandoned",
            waited_seconds=4.0 + number % 30,
            talk_seconds=100.0 + number if number % 5 else 0.0,
            cause="caller-hung-up",
            disposition="done" if number % 5 else "",
            note="Reading taken." if number % 5 else "",
            answers=(("What does the meter show?", f"{48000 + number}"),) if number % 5 else (),
        )
        for number in range(1, days * 24 // 7)
    )


def fake_callbacks() -> tuple[Callback, ...]:
    """Return promises: one due, one later, one for each queue."""
    now = datetime.now(UTC)
    people = fake_customers()
    return tuple(
        Callback(
            id=CallbackId(f"promised-{number}"),
            number=f"+4930555000{number}",
            queue=QueueId(("meter", "billing")[number % 2]),
            due_at=now + timedelta(minutes=45 * number - 30),
            until=now + timedelta(hours=3) if number == 1 else None,
            name=people[number].name,
            customer=people[number].id,
            reason=("The meter cannot be read", "Question about the last bill", "Moving house")[number],
            attempts=number,
            created_at=now - timedelta(hours=2),
            changed_at=now - timedelta(hours=2),
            changed_by="script",
        )
        for number in range(3)
    )


async def leave_messages(centre: FakeCentre, files: RunFiles) -> None:
    """Leave three messages: one known caller, one for Anna alone, one without a number."""
    person = fake_customers()[0]
    text = "Hello, this is about my last bill. Please call me back before noon."
    await centre.messages.leave(
        files, number=person.numbers[0], name=person.name, customer=person.id, text=text, seconds=7.0
    )
    await centre.messages.leave(files, queue="meter", owner="anna", seconds=4.0, minutes_ago=42)
    await centre.messages.leave(files, number="", seconds=3.0, minutes_ago=180)


async def serve(port: int, dist: Path, offer_every: float, origin: str) -> None:
    """Serve until interrupted."""
    loop = asyncio.get_running_loop()
    description = fake_description()
    facts = MemoryFacts(*fake_past())
    centre = FakeCentre(
        loop.call_later,
        description=description,
        customers=fake_customers(),
        offer_every=offer_every,
        ended=facts.add,
    )
    files = MemoryFiles(MemoryRuns(), SystemClock())
    server = WebServer(
        WebSettings(port=port, dist=dist, public_url=origin, phone_urls=("ws://127.0.0.1:8088",)),
        centre=centre,
        users=MemoryUsers(*fake_users(description)),
        customers=MemoryCustomers(*fake_customers()),
        facts=facts,
        callbacks=MemoryCallbacks(*fake_callbacks()),
        voicemails=centre.messages.store,
        scripts=MemoryScripts(),
        runs=MemoryRuns(),
        script_objects=FakeObjects(),
        phones=FakePhones(),
        health={"journal": lambda: {"ok": True, "pending": 0}},
        registry=CollectorRegistry(),
        files=files,
        tasks=MemoryTasks(),
        task_changed=lambda _: centre.tasks_changed(),
        reports=fake_reports(centre.centre, *fake_visits(datetime.now(UTC))),
    )
    await server.start()
    await leave_messages(centre, files)
    print(
        f"Fake server: {server.url}  (anna/anna, ben/ben agents; sam/sam supervisor; alex/alex admin)", flush=True
    )
    stopped = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stopped.set)
    while not stopped.is_set():
        centre.stir()
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(stopped.wait(), timeout=1.0)
    await server.stop()


def main() -> None:
    """Read the arguments and serve."""
    parser = argparse.ArgumentParser(prog="python -m lab.fake_server", description=__doc__)
    parser.add_argument("--port", type=int, default=8080, help="0 takes a free one")
    parser.add_argument("--dist", type=Path, default=Path("agent_ui/dist"), help="the built console")
    parser.add_argument("--offer-every", type=float, default=15.0, help="seconds between calls")
    parser.add_argument("--origin", default="", help="of pages served by somebody else: http://localhost:5173")
    arguments = parser.parse_args()
    asyncio.run(serve(arguments.port, arguments.dist, arguments.offer_every, arguments.origin))


if __name__ == "__main__":
    main()
