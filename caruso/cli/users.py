"""``caruso user list|add|password|disable|enable``. A password is never an argument and never printed."""

from __future__ import annotations

import re
import sys
from argparse import Namespace
from dataclasses import replace
from datetime import datetime
from getpass import getpass
from pathlib import Path

from caruso.cli.accounts import LOCKED, why_not_disable
from caruso.cli.outcome import Exit, refused
from caruso.cli.stores import Stores, opened, run, settings
from caruso.clock import SystemClock
from caruso.errors import Located, NotFound, RejectedInput
from caruso.model.centre import Role
from caruso.model.ids import AgentId, UserId
from caruso.model.records import User

#: As the web edge takes them.
MIN_PASSWORD, MAX_PASSWORD = 8, 256
_NAME = re.compile(r"[a-z0-9][a-z0-9._@-]{0,99}")


def show(wanted: Namespace) -> int:
    """List users."""
    return run(_show(wanted))


def add(wanted: Namespace) -> int:
    """Add a user."""
    return run(_add(wanted))


def password(wanted: Namespace) -> int:
    """Set a password."""
    return run(_password(wanted))


def disable(wanted: Namespace) -> int:
    """Disable a user."""
    return run(_disable(wanted))


def enable(wanted: Namespace) -> int:
    """Enable a user again."""
    return run(_enable(wanted))


async def _show(wanted: Namespace) -> int:
    async with opened(settings(wanted)) as stores:
        users, last = await stores.users.users(), await stores.users.last_sign_ins()
    rows = [("NAME", "ROLE", "AGENT", "LAST SIGN-IN", "FULL NAME", "")]
    rows += [(u.id, u.role.value, u.agent or "-", _moment(last.get(u.id)), u.name, _note(u)) for u in users]
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    for row in rows:
        print("  ".join(text.ljust(width) for text, width in zip(row, widths, strict=True)).rstrip())
    return Exit.OK


def _moment(at: datetime | None) -> str:
    return f"{at:%Y-%m-%d %H:%M} UTC" if at is not None else "-"


def _note(user: User) -> str:
    if user.disabled_at is not None:
        return f"disabled since {_moment(user.disabled_at)}"
    return "no password" if user.password_hash == LOCKED else ""


async def _add(wanted: Namespace) -> int:
    if not _NAME.fullmatch(wanted.name):
        return refused("A name to sign in with consists of a-z 0-9 . _ @ -")
    async with opened(settings(wanted)) as stores:
        if await stores.users.user(UserId(wanted.name)) is not None:
            return refused(f"There is a user {wanted.name} already")
        agent = wanted.agent or (wanted.name if wanted.role is Role.AGENT else None)
        if agent is not None:
            applied = await stores.centres.current()
            if applied is None or agent not in applied.centre.agents:
                raise NotFound(f"The centre has no agent {agent}; apply one that has")
        user = User(
            id=UserId(wanted.name),
            name=wanted.full_name or wanted.name,
            role=wanted.role,
            password_hash=_hash(_read_password(wanted.password_file)),
            agent=AgentId(agent) if agent is not None else None,
        )
        await stores.users.save_user(user)
    print(f"{user.id} can sign in as {user.role.value}.")
    return Exit.OK


async def _password(wanted: Namespace) -> int:
    async with opened(settings(wanted)) as stores:
        user = await _known(stores, wanted.name)
        hashed = _hash(_read_password(wanted.password_file))
        await stores.users.save_user(replace(user, password_hash=hashed))
        await stores.users.revoke_sessions_of(user.id)
    print(f"{user.id} has a new password; all sessions have ended.")
    if user.disabled_at is not None:
        print(f"{user.id} is disabled; `caruso user enable {user.id}` lets them sign in.")
    return Exit.OK


async def _disable(wanted: Namespace) -> int:
    async with opened(settings(wanted)) as stores:
        user = await _known(stores, wanted.name)
        problem = why_not_disable(user, await stores.users.users())
        if problem is not None:
            raise RejectedInput((problem,))
        await stores.users.disable(user.id, SystemClock().now())
    print(f"{user.id} can no longer sign in; all sessions have ended.")
    return Exit.OK


async def _enable(wanted: Namespace) -> int:
    async with opened(settings(wanted)) as stores:
        user = await _known(stores, wanted.name)
        await stores.users.enable(user.id)
    if user.password_hash == LOCKED:
        print(f"{user.id} is enabled, but has no password yet: `caruso user password {user.id}`.")
    else:
        print(f"{user.id} can sign in again.")
    return Exit.OK


async def _known(stores: Stores, name: str) -> User:
    user = await stores.users.user(UserId(name))
    if user is None:
        raise NotFound(f"There is no user {name}")
    return user


def _read_password(file: Path | None) -> str:
    """Return the password from a file, from standard input, or from the person at the terminal."""
    if file is not None and str(file) != "-":
        try:
            given = file.read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError) as problem:
            raise _rejected("The file cannot be read", str(file)) from problem
    elif file is None and sys.stdin.isatty():
        given = getpass("Password: ")
        if getpass("Again: ") != given:
            raise _rejected("The two are not the same", "")
    else:
        given = sys.stdin.readline()
    given = given.removesuffix("\n").removesuffix("\r")
    if not MIN_PASSWORD <= len(given) <= MAX_PASSWORD:
        raise _rejected(f"A password has {MIN_PASSWORD} to {MAX_PASSWORD} characters", str(file or ""))
    if "\n" in given:
        raise _rejected("A password is one line", str(file or ""))
    return given


def _rejected(message: str, file: str) -> RejectedInput:
    return RejectedInput((Located(rule="password", message=f"{message}.", file=file),))


def _hash(password: str) -> str:
    from caruso.web.passwords import hash_password

    return hash_password(password)
