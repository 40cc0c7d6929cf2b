"""``caruso apply``: put a centre and its scripts in force as one new version, or tell everything that is wrong.

Order matters: all is checked first; then the version is written in one transaction, which running servers pick
up within a second; then the agents' users are brought in line. Applying the same again repairs what an
interruption left.
"""

from __future__ import annotations

import os
import secrets
from argparse import Namespace
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from getpass import getuser
from pathlib import Path

from caruso.cli.accounts import Accounts, accounts_for
from caruso.cli.outcome import Exit, report_findings
from caruso.cli.script_files import Scripts, known_to, read_scripts, recordings_in, script_files, wrong_channels
from caruso.cli.stores import Stores, opened, run, settings
from caruso.clock import SystemClock
from caruso.comm_server.centre_diff import Change, centre_changes, script_changes
from caruso.comm_server.centre_file import CentreFile, read_centre, unknown_scripts
from caruso.errors import Located, RejectedInput
from caruso.model.ids import UserId
from caruso.model.records import AppliedCentre

#: Letters and digits that nobody mistakes for one another; 12 of them are 58 bits.
_ALPHABET = "abcdefghijkmnpqrstuvwxyz23456789"
_PASSWORD_LENGTH = 12


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What is to be in force, checked in itself."""

    read: CentreFile
    scripts: Scripts


def apply(wanted: Namespace) -> int:
    """Apply a centre, or tell what would change."""
    return run(_apply(wanted))


async def _apply(arguments: Namespace) -> int:
    config = settings(arguments)
    wanted = _read(arguments.file, config.scripts.sounds)
    async with opened(config) as stores:
        current = await stores.centres.current()
        await _refuse_reused_versions(wanted.scripts, stores)
        accounts = accounts_for(wanted.read.centre.agents, await stores.users.users())
        _refuse(_in_file(accounts.problems, wanted.read))
        changes = _changes(current, wanted)
        for change in changes:
            print(change)
        if arguments.dry_run:
            print(f"{len(changes)} changes would be made." if changes else "Nothing would change.")
            return Exit.OK
        hashes = _first_passwords(accounts.without_password, arguments.first_passwords)
        await _write(wanted, stores, changes, arguments.first_passwords)
        await _bring_in_line(accounts, hashes, stores)
        _tell_passwords(accounts, arguments.first_passwords)
    return Exit.OK


def _read(file: Path, sounds: Path) -> Wanted:
    """Read all files; raise `RejectedInput` with every mistake in them. Recordings are in `sounds`."""
    try:
        text = file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as problem:
        reason = problem.strerror if isinstance(problem, OSError) else "not UTF-8"
        raise RejectedInput((Located(rule="unreadable-file", message=f"{reason}.", file=str(file)),)) from problem
    read = read_centre(text, str(file))
    files, missing = script_files(read, file.parent)
    scripts = read_scripts(files, known=known_to(read.centre, recordings_in(sounds)), at=SystemClock().now())
    # A script that cannot be read is not also unknown.
    together = () if scripts.broken else (*unknown_scripts(read, scripts.files), *wrong_channels(read, scripts))
    _refuse((*missing, *scripts.findings, *together))
    report_findings((*read.warnings, *scripts.findings))
    return Wanted(read=read, scripts=scripts)


def _refuse(findings: Sequence[Located]) -> None:
    if any(finding.level == "error" for finding in findings):
        raise RejectedInput(tuple(findings))


async def _refuse_reused_versions(scripts: Scripts, stores: Stores) -> None:
    """Refuse a script that was changed without a new version: conversations are pinned to the old one."""
    reused = []
    for source in scripts.sources:
        kept = await stores.centres.script(source.id, source.version)
        if kept is not None and kept.source != source.source:
            message = f"Script “{source.id}” was changed but is still version {source.version}."
            reused.append(
                Located(
                    rule="script-version-reused",
                    message=message,
                    file=scripts.files[source.id],
                    line=1,
                    attribute="version",
                    suggestion="give it a new version",
                )
            )
    _refuse(reused)


def _in_file(problems: Sequence[Located], read: CentreFile) -> tuple[Located, ...]:
    return tuple(
        read.source.located(tuple(problem.attribute.split(".")), problem.rule, problem.message)
        for problem in problems
    )


def _changes(current: AppliedCentre | None, wanted: Wanted) -> tuple[Change, ...]:
    scripts = {source.id: source for source in wanted.scripts.sources}
    return (
        *centre_changes(current.centre if current else None, wanted.read.centre),
        *script_changes(current.scripts if current else {}, scripts),
    )


async def _write(wanted: Wanted, stores: Stores, changes: Sequence[Change], passwords: Path | None) -> None:
    """Put the centre in force; when that fails, nobody needs the passwords."""
    if not changes:
        print("Nothing has changed.")
        return
    sources = wanted.scripts.sources
    try:
        version = await stores.centres.apply(wanted.read.centre, sources, by=_who(), at=SystemClock().now())
    except BaseException:
        _forget(passwords)
        raise
    print(f"Version {version} is in force.")


def _forget(passwords: Path | None) -> None:
    if passwords is not None:
        passwords.unlink(missing_ok=True)


def _who() -> str:
    """Return who did it, for the record."""
    try:
        return f"command:{getuser()}"
    except (OSError, KeyError):
        return "command"


async def _bring_in_line(accounts: Accounts, hashes: Mapping[UserId, str], stores: Stores) -> None:
    """Save users of new and changed agents, lock those of former ones."""
    save = {user.id: user for user in accounts.save}
    for name in hashes.keys() - save.keys():
        user = await stores.users.user(name)
        if user is not None:
            save[name] = user
    for user in save.values():
        await stores.users.save_user(replace(user, password_hash=hashes.get(user.id, user.password_hash)))
    for user in accounts.lock:
        await stores.users.save_user(user)
        await stores.users.revoke_sessions_of(user.id)
        print(f"{user.id} can no longer sign in.")


def _tell_passwords(accounts: Accounts, file: Path | None) -> None:
    names = ", ".join(accounts.without_password)
    if names and file is not None:
        print(f"First passwords are in {file}: {names}.")
    elif names:
        print(f"No password yet: {names}. Use `caruso user password NAME` or `--first-passwords FILE`.")


def _first_passwords(names: Sequence[UserId], file: Path | None) -> Mapping[UserId, str]:
    """Write new passwords to a new file that only its owner can read, and return their hashes."""
    if file is None or not names:
        return {}
    from caruso.web.passwords import hash_password

    passwords = {name: "".join(secrets.choice(_ALPHABET) for _ in range(_PASSWORD_LENGTH)) for name in names}
    try:
        descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except OSError as problem:
        message = f"The passwords cannot be written: {problem.strerror}."
        raise RejectedInput((Located(rule="passwords-file", message=message, file=str(file)),)) from problem
    with os.fdopen(descriptor, "w", encoding="utf-8") as opened_file:
        opened_file.writelines(f"{name} {password}\n" for name, password in passwords.items())
    return {name: hash_password(password) for name, password in passwords.items()}
