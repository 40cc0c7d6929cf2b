"""Which users a centre's agents need."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from caruso.cli.accounts import LOCKED, Accounts, accounts_for, why_not_disable
from caruso.model.centre import AgentProfile, Role
from caruso.model.ids import AgentId, UserId
from caruso.model.records import User

ANNA = AgentProfile(id=AgentId("anna"), name="Anna", queues=())
USER = User(id=UserId("anna"), name="Anna", role=Role.AGENT, password_hash="hash", agent=AgentId("anna"))
BOSS = User(id=UserId("boss"), name="Boss", role=Role.ADMIN, password_hash="hash")
DISABLED = datetime(2026, 11, 23, tzinfo=UTC)
NOTHING = Accounts(save=(), lock=(), without_password=(), problems=())


def accounts(*users: User, agent: AgentProfile | None = ANNA) -> Accounts:
    return accounts_for({agent.id: agent} if agent else {}, users)


def test_a_new_agent_gets_a_user_without_a_password() -> None:
    assert accounts() == replace(
        NOTHING, save=(replace(USER, password_hash=LOCKED),), without_password=(UserId("anna"),)
    )


def test_an_agent_who_can_sign_in_needs_nothing() -> None:
    assert accounts(USER) == NOTHING


def test_name_and_role_follow_the_centre_and_the_password_stays() -> None:
    changed = replace(ANNA, name="Anna B", role=Role.SUPERVISOR)
    found = accounts(USER, agent=changed)
    assert found == replace(NOTHING, save=(replace(USER, name="Anna B", role=Role.SUPERVISOR),))


def test_an_agent_without_a_password_is_told_every_time() -> None:
    assert accounts(replace(USER, password_hash=LOCKED)) == replace(NOTHING, without_password=(UserId("anna"),))


def test_a_former_agent_is_locked_once() -> None:
    locked = replace(USER, password_hash=LOCKED)
    assert accounts(USER, agent=None) == replace(NOTHING, lock=(locked,))
    assert accounts(locked, agent=None) == NOTHING


def test_a_user_who_is_no_agent_is_left_alone() -> None:
    boss = User(id=UserId("boss"), name="Boss", role=Role.ADMIN, password_hash="hash")
    assert accounts(USER, boss) == NOTHING


def test_an_agent_cannot_take_somebody_elses_name() -> None:
    boss = User(id=UserId("anna"), name="Boss", role=Role.ADMIN, password_hash="hash")
    found = accounts(boss)
    assert (found.save, found.lock) == ((), ())
    assert [(p.rule, p.attribute) for p in found.problems] == [("user-taken", "agents.anna")]


def test_a_user_of_another_name_can_be_the_agent() -> None:
    other = replace(USER, id=UserId("anna.b"))
    assert accounts(other) == NOTHING


def test_who_is_disabled_needs_no_password() -> None:
    assert accounts(replace(USER, password_hash=LOCKED, disabled_at=DISABLED)) == NOTHING


def test_who_came_back_under_another_name_is_the_agent() -> None:
    again = replace(USER, id=UserId("anna.b"), name="Anna again")
    found = accounts(replace(USER, disabled_at=DISABLED), again)
    assert found.save == (replace(again, name="Anna"),)
    assert accounts(again, replace(USER, disabled_at=DISABLED)).save == found.save


@pytest.mark.parametrize(
    "others",
    [
        (),
        (USER,),
        (replace(BOSS, id=UserId("chief"), disabled_at=DISABLED),),
        (replace(BOSS, id=UserId("chief"), password_hash=LOCKED),),
    ],
)
def test_the_last_admin_who_can_sign_in_stays(others: tuple[User, ...]) -> None:
    problem = why_not_disable(BOSS, (BOSS, *others))
    assert problem is not None
    assert problem.rule == "last-admin"
    second = replace(BOSS, id=UserId("second"))
    assert why_not_disable(BOSS, (BOSS, second, *others)) is None


@pytest.mark.parametrize("user", [USER, replace(BOSS, id=UserId("chief"), password_hash=LOCKED)])
def test_others_can_be_disabled_however_few_admins_there_are(user: User) -> None:
    assert why_not_disable(user, (BOSS, user)) is None
