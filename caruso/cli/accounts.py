"""Decide which users the agents of a centre need, and who can be disabled. Pure: saves nothing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from caruso.errors import Located
from caruso.model.centre import AgentProfile, Role
from caruso.model.ids import AgentId, UserId
from caruso.model.records import User

#: No password has this hash.
LOCKED = "!"


@dataclass(frozen=True, slots=True, kw_only=True)
class Accounts:
    """What is to be done so that the centre's agents, and no former ones, can sign in."""

    #: Users to save: new ones, without a password, and changed ones.
    save: tuple[User, ...]
    #: Users of agents who are gone: to be saved (locked) and their sessions ended.
    lock: tuple[User, ...]
    #: Agents who cannot sign in before they get a password.
    without_password: tuple[UserId, ...]
    #: Names that belong to somebody else.
    problems: tuple[Located, ...]


def accounts_for(agents: Mapping[AgentId, AgentProfile], users: Sequence[User]) -> Accounts:
    """Compare agents with users. An agent's user has the agent's id as its name, unless one was added for it."""
    # Who came back under another name counts, not the user that was disabled.
    enabled_last = sorted(users, key=lambda user: user.disabled_at is None)
    by_agent = {user.agent: user for user in enabled_last if user.agent is not None}
    by_name = {user.id: user for user in users}
    save: list[User] = []
    without_password: list[UserId] = []
    problems: list[Located] = []
    for agent in agents.values():
        user = by_agent.get(agent.id)
        if user is None and UserId(agent.id) in by_name:
            problems.append(_taken(agent.id))
            continue
        wanted = _user_of(agent, user)
        if wanted != user:
            save.append(wanted)
        if wanted.password_hash == LOCKED and wanted.disabled_at is None:
            without_password.append(wanted.id)
    former = [u for u in users if u.agent is not None and u.agent not in agents and u.password_hash != LOCKED]
    return Accounts(
        save=tuple(save),
        lock=tuple(replace(user, password_hash=LOCKED) for user in former),
        without_password=tuple(without_password),
        problems=tuple(problems),
    )


def why_not_disable(user: User, users: Sequence[User]) -> Located | None:
    """Tell why a user must stay enabled: somebody has to administer the centre."""
    admins = [each.id for each in users if each.role is Role.ADMIN and _can_sign_in(each)]
    if admins != [user.id]:
        return None
    message = f"“{user.id}” is the only admin who can sign in."
    return Located(
        rule="last-admin", message=message, attribute="NAME", suggestion="add another with `caruso user add` first"
    )


def _can_sign_in(user: User) -> bool:
    return user.disabled_at is None and user.password_hash != LOCKED


def _user_of(agent: AgentProfile, user: User | None) -> User:
    if user is None:
        return User(id=UserId(agent.id), name=agent.name, role=agent.role, password_hash=LOCKED, agent=agent.id)
    return replace(user, name=agent.name, role=agent.role)


def _taken(agent: AgentId) -> Located:
    message = f"There is a user “{agent}” who is not this agent; give the agent another id."
    return Located(rule="user-taken", message=message, attribute=f"agents.{agent}")
