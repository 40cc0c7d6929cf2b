"""Users and their sessions, on both engines."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from caruso.errors import RejectedInput
from caruso.model.centre import Role
from caruso.model.ids import AgentId, UserId
from caruso.model.records import Session, ShutOut, User
from caruso.storage.engine import Database
from caruso.storage.users import Users

NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)
ANNA = User(id=UserId("anna"), name="Anna", role=Role.AGENT, password_hash="$argon2id$x", agent=AgentId("anna"))


def session(token_hash: str, user: str = "anna", *, hours: int = 8) -> Session:
    return Session(
        token_hash=token_hash,
        user=UserId(user),
        created_at=NOON,
        expires_at=NOON + timedelta(hours=hours),
        csrf_token="csrf",
        address="192.0.2.1",
        agent_string="Browser/1",
    )


@pytest.fixture
async def users(database: Database) -> Users:
    store = Users(database)
    await store.save_user(ANNA)
    return store


async def test_a_user_comes_back_as_saved(users: Users) -> None:
    assert await users.user(ANNA.id) == ANNA
    assert await users.user(UserId("nobody")) is None


async def test_a_user_can_be_changed(users: Users) -> None:
    promoted = replace(ANNA, role=Role.ADMIN, password_hash="$argon2id$y", agent=None)
    await users.save_user(promoted)
    assert await users.users() == [promoted]


async def test_a_session_comes_back_as_saved_until_it_is_revoked(users: Users) -> None:
    await users.save_session(session("one"))
    await users.save_session(session("two"))
    assert await users.session("one") == session("one")
    await users.revoke_session("one")
    assert await users.session("one") is None
    assert await users.session("two") == session("two")


async def test_all_sessions_of_one_user_can_be_revoked(users: Users) -> None:
    await users.save_user(replace(ANNA, id=UserId("bert")))
    for token, user in (("one", "anna"), ("two", "anna"), ("three", "bert")):
        await users.save_session(session(token, user))
    await users.revoke_sessions_of(UserId("anna"))
    assert [await users.session(token) for token in ("one", "two", "three")] == [
        None,
        None,
        session("three", "bert"),
    ]


async def test_changing_a_user_does_not_end_the_sessions(users: Users) -> None:
    await users.save_session(session("one"))
    await users.save_user(replace(ANNA, name="Anna B."))
    assert await users.session("one") is not None


async def test_nobody_gets_a_session_without_being_a_user(users: Users) -> None:
    with pytest.raises(RejectedInput):
        await users.save_session(session("ghost", "nobody"))


async def test_who_is_disabled_has_no_session_any_more_and_stays_so_whatever_is_saved(users: Users) -> None:
    await users.save_user(replace(ANNA, id=UserId("bert"), agent=AgentId("bert")))
    await users.save_session(session("one"))
    await users.save_session(session("two", "bert"))
    await users.disable(ANNA.id, NOON)
    assert [await users.session(token) for token in ("one", "two")] == [None, session("two", "bert")]
    await users.save_user(replace(ANNA, password_hash="$argon2id$y"))  # by who read her before she was disabled
    await users.disable(ANNA.id, NOON + timedelta(hours=1))
    assert await users.user(ANNA.id) == replace(ANNA, password_hash="$argon2id$y", disabled_at=NOON)
    await users.enable(ANNA.id)
    assert await users.user(ANNA.id) == replace(ANNA, password_hash="$argon2id$y")


async def test_an_agent_is_shut_out_when_nobody_else_can_sign_in_as_her(users: Users) -> None:
    boss, second = UserId("boss"), UserId("anna.b")
    await users.save_user(User(id=boss, name="Boss", role=Role.ADMIN, password_hash="$argon2id$x"))
    await users.save_user(replace(ANNA, id=second))
    assert await users.shut_out() == ShutOut(frozenset(), frozenset())
    await users.disable(ANNA.id, NOON)
    await users.disable(boss, NOON)
    assert await users.shut_out() == ShutOut(frozenset({ANNA.id, boss}), frozenset())
    await users.disable(second, NOON)
    assert await users.shut_out() == ShutOut(frozenset({ANNA.id, boss, second}), frozenset({AgentId("anna")}))


async def test_the_last_sign_in_is_known_when_its_session_is_over(users: Users) -> None:
    assert await users.last_sign_ins() == {}
    await users.save_session(session("one"))
    await users.save_session(replace(session("two"), created_at=NOON + timedelta(hours=1)))
    await users.revoke_sessions_of(ANNA.id)
    assert await users.last_sign_ins() == {ANNA.id: NOON + timedelta(hours=1)}
