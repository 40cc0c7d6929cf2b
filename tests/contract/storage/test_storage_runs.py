"""Runs in the database, their audit, the outbox, tokens: the same on both engines, and in memory."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import msgspec
import pytest

from caruso.clock import SystemClock
from caruso.errors import RejectedInput
from caruso.model.facts import ContactArrived, ContactCause, ContactEnded, DialogContinued, DialogStarted
from caruso.model.ids import ContactId, CustomerId, FileId, RunId, ScriptId
from caruso.model.run_records import (
    ActionOutcome,
    ActionState,
    OutboxAction,
    RunEvent,
    RunToken,
    RunTurn,
    SavedRun,
    StoredFile,
    TokenPurpose,
)
from caruso.ports.runs import RunStore
from caruso.storage.engine import Database
from caruso.storage.facts import Facts
from caruso.storage.files import FileLimits, Files
from caruso.storage.journal import JournalWriter
from caruso.storage.runs import Runs
from lab.journal_facts import arrival
from lab.memory_runs import MemoryRuns

NOON = datetime(2026, 11, 27, 12, tzinfo=UTC)
LATER = NOON + timedelta(minutes=5)
RUN = RunId("run1")
KEY = "run1/reading/do.1"


@pytest.fixture
async def store(url_or_memory: str) -> AsyncIterator[RunStore]:
    if not url_or_memory:
        yield MemoryRuns()
        return
    database = Database(url_or_memory, timeout_seconds=5)
    yield Runs(database)
    await database.dispose()


def a_run(revision: int = 1, **changes: object) -> SavedRun:
    run = SavedRun(
        id=RUN,
        contact=ContactId("web1"),
        script=ScriptId("moving"),
        version="2",
        state={"turn": revision, "answers": {"street": "Große Straße"}},
        updated_at=NOON,
        finished=False,
        answers=(("Where?", "Große Straße"),),
        revision=revision,
        turn=revision,
        customer=CustomerId("c1"),
        channel="web",
        expires_at=LATER,
    )
    return replace(run, **changes)  # type: ignore[arg-type]


def an_event(revision: int, position: int = 0, event: str = "answered") -> RunEvent:
    return RunEvent(
        run=RUN,
        revision=revision,
        position=position,
        contact=ContactId("web1"),
        event=event,
        item="street",
        at=NOON,
        turn=revision,
        channel="web",
        by="",
        script=ScriptId("moving"),
        version="2",
        variant="short",
        old=None,
        new={"number": "12"},
    )


def an_action(key: str = KEY, **changes: object) -> OutboxAction:
    action = OutboxAction(
        key=key,
        run=RUN,
        service="email.send",
        params={"to": "a@example.org"},
        wait=True,
        retries=2,
        created_at=NOON,
        next_at=NOON,
    )
    return replace(action, **changes)  # type: ignore[arg-type]


async def test_a_run_comes_back_as_it_was_written(store: RunStore) -> None:
    await store.create(RunTurn(run=a_run(), events=(an_event(1),), actions=(an_action(),)))
    assert await store.load(RUN) == a_run()
    assert await store.load(RunId("other")) is None
    assert list(await store.audit(RUN)) == [an_event(1)]
    assert await store.action(KEY) == an_action()


async def test_a_run_cannot_be_created_twice(store: RunStore) -> None:
    await store.create(RunTurn(run=a_run()))
    with pytest.raises(RejectedInput):
        await store.create(RunTurn(run=a_run()))


async def test_of_two_turns_on_one_revision_one_is_written_whole_and_the_other_not_at_all(store: RunStore) -> None:
    await store.create(RunTurn(run=a_run()))
    turns = [
        RunTurn(
            run=a_run(2, state={"writer": number}),
            events=(an_event(2, number),),
            actions=(an_action(f"run1/a/{number}"),),
        )
        for number in range(8)
    ]
    won = await asyncio.gather(*(store.commit(turn) for turn in turns))
    assert sum(won) == 1
    winner = won.index(True)
    saved = await store.load(RUN)
    assert saved is not None
    assert saved.state == {"writer": winner}
    assert list(await store.audit(RUN)) == [an_event(2, winner)]
    assert [action.key for action in await store.due(NOON)] == [f"run1/a/{winner}"]


async def test_a_turn_on_an_old_revision_changes_nothing(store: RunStore) -> None:
    await store.create(RunTurn(run=a_run()))
    assert await store.commit(RunTurn(run=a_run(2)))
    assert not await store.commit(RunTurn(run=a_run(2, state={}), actions=(an_action(),)))
    assert await store.load(RUN) == a_run(2)
    assert await store.action(KEY) is None


async def test_a_run_led_live_is_not_written_by_others(store: RunStore) -> None:
    await store.create(RunTurn(run=a_run()))
    held = await store.held(RUN, live=True)
    assert held == a_run(2, state=a_run().state, turn=1, live=True)
    assert await store.held(RUN, live=True) is None
    assert not await store.commit(RunTurn(run=a_run(3)))
    released = await store.held(RUN, live=False)
    assert released is not None
    assert await store.commit(RunTurn(run=a_run(released.revision + 1)))


async def test_runs_that_nobody_remembers_are_released(store: RunStore) -> None:
    for name in ("kept", "lost"):
        await store.create(RunTurn(run=a_run(id=RunId(name), live=True)))
    assert await store.release_others({RunId("kept")}) == 1
    states = [await store.load(RunId(name)) for name in ("kept", "lost")]
    assert [(run.live, run.revision) for run in states if run] == [(True, 1), (False, 2)]


async def test_an_action_is_claimed_by_one(store: RunStore) -> None:
    await store.create(RunTurn(run=a_run(), actions=(an_action(),)))
    claims = await asyncio.gather(*(store.claim(KEY, owner=f"server{n}", now=NOON, until=LATER) for n in range(6)))
    assert sum(claims) == 1
    action = await store.action(KEY)
    assert action is not None
    assert (action.state, action.attempts, action.leased_until) == (ActionState.RUNNING, 1, LATER)
    assert action.owner == f"server{claims.index(True)}"
    assert list(await store.due(LATER)) == []


async def test_actions_of_a_run_are_told_by_what_they_ask_for(store: RunStore) -> None:
    orders = {"a": "object.save", "b": "mail.send", "c": "object.save"}
    actions = tuple(an_action(f"run1/{name}", service=service) for name, service in orders.items())
    await store.create(RunTurn(run=a_run(), actions=actions))
    await store.create(
        RunTurn(
            run=a_run(id=RunId("run2")), actions=(an_action("run2/a", run=RunId("run2"), service="object.save"),)
        )
    )
    assert {action.key for action in await store.actions_of(RUN, "object.save")} == {"run1/a", "run1/c"}


async def test_an_action_is_tried_again_when_its_time_comes(store: RunStore) -> None:
    await store.create(RunTurn(run=a_run(), actions=(an_action(),)))
    assert await store.claim(KEY, owner="me", now=NOON, until=LATER)
    assert not await store.put_off(KEY, owner="another", until=LATER)
    assert await store.put_off(KEY, owner="me", until=LATER)
    assert await store.next_due() == LATER
    assert not await store.claim(KEY, owner="me", now=NOON, until=LATER)
    assert await store.claim(KEY, owner="me", now=LATER, until=LATER + timedelta(minutes=1))
    action = await store.action(KEY)
    assert action is not None
    assert action.attempts == 2


async def test_the_outcome_is_written_with_the_turn_that_heard_it(store: RunStore) -> None:
    await store.create(RunTurn(run=a_run(), actions=(an_action(),)))
    await store.claim(KEY, owner="me", now=NOON, until=LATER)
    stolen = ActionOutcome(key=KEY, result="ok", owner="another")
    assert not await store.commit(RunTurn(run=a_run(2), outcomes=(stolen,)))
    assert await store.load(RUN) == a_run(1)
    mine = ActionOutcome(key=KEY, result={"number": "1"}, owner="me")
    assert await store.commit(RunTurn(run=a_run(2), outcomes=(mine,)))
    action = await store.action(KEY)
    assert action is not None
    assert (action.state, action.result, dict(action.params)) == (ActionState.DONE, {"number": "1"}, {})
    assert not await store.commit(RunTurn(run=a_run(3), outcomes=(mine,))), "it ends once"


async def test_an_action_that_never_began_can_fail(store: RunStore) -> None:
    await store.create(RunTurn(run=a_run(), actions=(an_action(),)))
    assert await store.settle(ActionOutcome(key=KEY, failure="timeout"))
    assert not await store.claim(KEY, owner="me", now=NOON, until=LATER)


async def test_actions_of_the_dead_are_found(store: RunStore) -> None:
    await store.create(RunTurn(run=a_run(), actions=(an_action(), an_action("run1/b", wait=False))))
    await store.claim(KEY, owner="dead", now=NOON, until=NOON + timedelta(seconds=10))
    await store.claim("run1/b", owner="alive", now=NOON, until=LATER)
    soon = NOON + timedelta(seconds=11)
    assert [action.key for action in await store.abandoned(soon, mine="me")] == [KEY]
    assert [a.key for a in await store.abandoned(NOON, mine="me", everybody=True)] == [KEY, "run1/b"]
    assert [a.key for a in await store.abandoned(NOON, mine="alive", everybody=True)] == [KEY]
    assert await store.retry(KEY, owner="dead", now=soon)
    assert not await store.retry(KEY, owner="dead", now=soon)
    assert [action.key for action in await store.due(soon)] == [KEY]


async def test_the_same_key_is_given_out_once(store: RunStore) -> None:
    await store.create(RunTurn(run=a_run(), actions=(an_action(),)))
    await store.claim(KEY, owner="me", now=NOON, until=LATER)
    assert await store.commit(RunTurn(run=a_run(2), actions=(an_action(),)))
    action = await store.action(KEY)
    assert action is not None
    assert action.state is ActionState.RUNNING


def a_token(hash_: str = "h1", **changes: object) -> RunToken:
    token = RunToken(hash=hash_, run=RUN, purpose=TokenPurpose.LINK, created_at=NOON, expires_at=LATER)
    return replace(token, **changes)  # type: ignore[arg-type]


async def test_a_token_opens_once(store: RunStore) -> None:
    assert await store.add_token(a_token())
    assert not await store.add_token(a_token())
    used = await asyncio.gather(*(store.redeem("h1", TokenPurpose.LINK, NOON) for _ in range(6)))
    assert [token for token in used if token is not None] == [a_token(used_at=NOON)]
    assert await store.add_token(a_token()), "a dead one gives its number back"


async def test_a_token_opens_what_it_is_for_and_in_time(store: RunStore) -> None:
    await store.add_token(a_token())
    assert await store.redeem("h1", TokenPurpose.CODE, NOON) is None
    assert await store.redeem("h1", TokenPurpose.LINK, LATER) is None
    assert await store.redeem("other", TokenPurpose.LINK, NOON) is None
    assert await store.void_tokens(RUN, TokenPurpose.LINK, NOON) == 1
    assert await store.redeem("h1", TokenPurpose.LINK, NOON) is None


async def test_a_customer_who_is_about_to_call_is_known(store: RunStore) -> None:
    await store.create(RunTurn(run=a_run()))
    assert await store.waiting_for_call(CustomerId("c1"), NOON) is None
    await store.add_token(a_token())
    await store.add_token(a_token("h2", purpose=TokenPurpose.CODE))
    newest = a_token("h3", purpose=TokenPurpose.CODE, created_at=NOON + timedelta(seconds=1))
    await store.add_token(newest)
    assert await store.waiting_for_call(CustomerId("c1"), NOON) == newest
    assert await store.waiting_for_call(CustomerId("c2"), NOON) is None
    assert await store.waiting_for_call(CustomerId("c1"), LATER + timedelta(seconds=1)) is None


async def test_files_are_known_by_run(store: RunStore) -> None:
    file = StoredFile(
        id=FileId("f1"),
        run=RUN,
        item="photo",
        name="../meter.jpg",
        media_type="image/jpeg",
        size=5_000_000_000,
        sha256="00",
        created_at=NOON,
    )
    await store.add_file(file)
    assert await store.file(FileId("f1")) == file
    assert list(await store.files(RUN)) == [file]
    assert await store.file(FileId("f2")) is None


async def test_what_the_server_itself_keeps_has_its_own_id_and_counts_for_no_limit(
    store: RunStore, tmp_path: Path
) -> None:
    files = Files(tmp_path, store, SystemClock(), FileLimits(files_per_run=1))

    async def content() -> AsyncIterator[bytes]:
        yield b"RIFF"

    async def keep(file: FileId | None) -> StoredFile:
        return await files.keep(RUN, "q", name="a.wav", media_type="audio/wav", content=content(), file=file)

    await keep(None)
    with pytest.raises(RejectedInput):
        await keep(None)
    said = await keep(FileId("ab12"))
    assert (await files.content(FileId("ab12")))[0] == said


# -- Together with the journal, on both engines ---------------------------------------------------------------


async def test_the_journal_writes_turns_of_live_runs_and_tells_of_their_actions(
    database: Database, journal: JournalWriter
) -> None:
    told: list[OutboxAction] = []
    journal._actions_written = told.extend
    store = Runs(database)
    journal.save_turn(RunTurn(run=a_run(live=True), events=(an_event(1),)))
    journal.save_turn(
        RunTurn(
            run=a_run(2, live=True),
            events=(an_event(2), an_event(2, 1)),
            actions=(an_action(), an_action("run1/late")),
        )
    )
    late = ActionOutcome(key="run1/late", failure="timeout")
    journal.save_turn(RunTurn(run=a_run(3, live=True), outcomes=(late,)))
    await journal.flush()
    assert await store.load(RUN) == a_run(3, live=True)
    assert list(await store.audit(RUN)) == [an_event(1), an_event(2), an_event(2, 1)]
    assert [action.key for action in told] == [KEY]
    failed = await store.action("run1/late")
    assert failed is not None
    assert (failed.state, failed.failure) == (ActionState.FAILED, "timeout")


async def test_what_the_journal_writes_late_does_not_replace_what_came_after(
    database: Database, journal: JournalWriter
) -> None:
    store = Runs(database)
    await store.create(RunTurn(run=a_run(5)))
    journal.save_turn(RunTurn(run=a_run(4, live=True)))
    await journal.flush()
    assert await store.load(RUN) == a_run(5)


async def test_the_trail_of_a_contact_tells_all_of_the_runs_that_passed_through_it(
    database: Database, journal: JournalWriter
) -> None:
    facts = Facts(database)
    phone, web = ContactId("call1"), ContactId("web1")
    told = {"at": NOON, "run": RUN, "script": ScriptId("moving"), "version": "2"}
    journal.record(DialogStarted(contact=phone, **told))  # type: ignore[arg-type]
    journal.record(DialogContinued(contact=web, channel="web", **told))  # type: ignore[arg-type]
    on_the_phone = replace(an_event(1), contact=phone, channel="phone")
    journal.save_turn(RunTurn(run=a_run(2), events=(on_the_phone, an_event(2))))
    await journal.flush()
    for contact in (phone, web):
        assert list(await facts.trail(contact)) == [on_the_phone, an_event(2)]
    assert list(await facts.trail(ContactId("other"))) == []


async def test_a_run_that_went_from_an_open_call_to_the_web_is_known_as_that_call_s(
    database: Database, journal: JournalWriter
) -> None:
    facts, store = Facts(database), Runs(database)
    told = {"at": NOON, "run": RUN, "script": ScriptId("moving"), "version": "2"}
    for contact in ("call1", "call2"):
        journal.record(arrival(ContactId(contact), NOON))
        journal.record(DialogStarted(contact=ContactId(contact), **told))  # type: ignore[arg-type]
    journal.record(ContactEnded(at=NOON, contact=ContactId("call2"), cause=ContactCause.CALLER_HUNG_UP))
    await store.create(RunTurn(run=a_run()))
    await journal.flush()
    assert list(await facts.open_runs()) == [a_run(contact=ContactId("call1"))]
    await store.held(RUN, live=True)
    assert [run.contact for run in await facts.open_runs()] == ["web1"]


async def test_pages_the_journal_has_not_heard_of_and_pages_that_are_over_are_found(
    database: Database, journal: JournalWriter
) -> None:
    store, web = Runs(database), ContactId("web1")
    soon = NOON + timedelta(minutes=1)
    await store.create(RunTurn(run=a_run()))
    assert [run.id for run in await store.unarrived(soon)] == [RUN]
    assert list(await store.unarrived(NOON)) == []
    journal.record(replace_channel(arrival(web, NOON)))
    journal.record(DialogStarted(at=NOON, contact=web, run=RUN, script=ScriptId("moving"), version="2"))
    await journal.flush()
    assert list(await store.unarrived(soon)) == []
    assert list(await store.unended(soon, soon)) == []
    assert await store.commit(RunTurn(run=a_run(2, finished=True)))
    assert list(await store.unended(soon, soon)) == [(web, a_run(2, finished=True))]
    journal.record(ContactEnded(at=NOON, contact=web, cause=ContactCause.COMPLETED))
    await journal.flush()
    assert list(await store.unended(soon, soon)) == []


async def test_runs_of_calls_that_nobody_went_on_with_are_found(
    database: Database, journal: JournalWriter
) -> None:
    store, call = Runs(database), ContactId("call1")
    await store.create(RunTurn(run=a_run(contact=call, live=True)))
    journal.record(arrival(call, NOON))
    journal.record(replace_channel(arrival(ContactId("web1"), NOON)))
    await journal.flush()
    assert list(await store.overdue(LATER)) == [], "somebody leads it"
    ended = await store.held(RUN, live=False)
    assert list(await store.overdue(LATER - timedelta(seconds=1))) == []
    assert list(await store.overdue(LATER)) == [ended]
    assert await store.commit(RunTurn(run=a_run(3, contact=ContactId("web1"))))
    assert list(await store.overdue(LATER)) == [], "pages are looked after otherwise"
    assert await store.commit(RunTurn(run=a_run(4, contact=call, finished=True)))
    assert list(await store.overdue(LATER)) == []


def replace_channel(fact: ContactArrived) -> ContactArrived:
    return msgspec.structs.replace(fact, channel="web")


async def test_ended_actions_and_dead_tokens_are_dropped_after_a_while(database: Database) -> None:
    store = Runs(database)
    await store.create(RunTurn(run=a_run(), actions=(an_action(), an_action("run1/open"))))
    await store.settle(ActionOutcome(key=KEY))
    await store.add_token(a_token())
    await store.tidy(NOON + timedelta(days=1))
    assert await store.action(KEY) is not None
    await store.tidy(NOON + timedelta(days=40))
    assert await store.action(KEY) is None
    assert await store.action("run1/open") is not None
