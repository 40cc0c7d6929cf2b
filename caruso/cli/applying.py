"""``caruso apply``: put a centre and its scripts in force as one new version, or tell everything that is wrong.

Order matters: all is checked first; then the version is written in one transaction, which running servers pick
up within a second; then the agents' users are brought in line. Applying the same again repairs what an
interruption left.
"""

from __future__ import annotations

import os
import secrets
from argparse import Namespace
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from caruso.built_in import policies_of
from caruso.business_objects.folder import read_folder
from caruso.business_objects.model import Model
from caruso.cli.accounts import Accounts, accounts_for
from caruso.cli.outcome import Exit, report_findings
from caruso.cli.plugins import plugins, use_plugins
from caruso.cli.script_files import (
    Scripts,
    read_scripts,
    recordings_in,
    script_files,
    unknown_outcomes,
    wrong_channels,
)
from caruso.cli.script_needs import not_set_up
from caruso.cli.script_publishing import who
from caruso.cli.services import Expected
from caruso.cli.stores import Stores, opened, run, settings
from caruso.clock import SystemClock
from caruso.comm_server.centre_diff import Change, centre_changes, script_changes
from caruso.comm_server.centre_file.reading import CentreFile, read_centre, unknown_scripts
from caruso.comm_server.script_library import ScriptLibrary
from caruso.comm_server.script_publishing import known_to, reused, with_pins
from caruso.config import Config
from caruso.errors import Located, RejectedInput
from caruso.model.ids import ScriptId, UserId
from caruso.model.records import AppliedCentre, ScriptSource
from caruso.service_manager.mail_templates import template_names

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
    use_plugins(config)
    model = read_folder(config.objects.models, ("own", *config.objects.databases))
    wanted = read_wanted(arguments.file, config, model)
    async with opened(config) as stores:
        current = await stores.centres.current()
        wanted = replace(wanted, scripts=await _pinned(wanted.scripts, stores))
        accounts = accounts_for(wanted.read.centre.agents, await stores.users.users())
        _refuse(_in_file(accounts.problems, wanted.read))
        changes = _changes(current, wanted)
        for change in changes:
            print(change)
        if arguments.dry_run:
            print(f"{len(changes)} changes would be made." if changes else "Nothing would change.")
            return Exit.OK
        hashes = _first_passwords(accounts.without_password, arguments.first_passwords)
        await _write(
            wanted, stores, changes, arguments.first_passwords, arguments.why or f"apply {arguments.file.name}"
        )
        await _bring_in_line(accounts, hashes, stores)
        _tell_passwords(accounts, arguments.first_passwords)
    return Exit.OK


def read_wanted(file: Path, config: Config, model: Model, *, mails: Path | None = None) -> Wanted:
    """Read all files; raise `RejectedInput` with every mistake in them. Scripts may use the classes of `model`.

    `mails`: folder of templates that come with them, beside those of the settings.
    """
    try:
        text = file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as problem:
        reason = problem.strerror if isinstance(problem, OSError) else "not UTF-8"
        raise RejectedInput((Located(rule="unreadable-file", message=f"{reason}.", file=str(file)),)) from problem
    read = read_centre(text, str(file), policies_of(plugins(config)).names)
    files, missing = script_files(read, file.parent)
    known = known_to(read.centre, recordings_in(config.scripts.sounds), Expected(config).operations(), model)
    scripts = read_scripts(files, known=known, at=SystemClock().now())
    # A script that cannot be read is not also unknown.
    together = () if scripts.broken else (*unknown_scripts(read, scripts.files), *_misused(read, scripts))
    _refuse((*missing, *scripts.findings, *together))
    templates = template_names(config.mail.templates) | (template_names(mails) if mails else frozenset())
    needed = not_set_up(scripts.dialogs.values(), templates, config.http.targets, mails=bool(config.mail.host))
    report_findings((*read.warnings, *scripts.findings, *needed))
    return Wanted(read=read, scripts=scripts)


def _refuse(findings: Sequence[Located]) -> None:
    if any(finding.level == "error" for finding in findings):
        raise RejectedInput(tuple(findings))


def _misused(read: CentreFile, scripts: Scripts) -> tuple[Located, ...]:
    """Return what the centre asks of scripts that they cannot give."""
    return (*wrong_channels(read, scripts), *unknown_outcomes(read, scripts))


async def _pinned(scripts: Scripts, stores: Stores) -> Scripts:
    """Return scripts with the versions of what they call; those that are published already keep theirs.

    Refuse a script that was changed without a new version: conversations are pinned to the old one.
    """
    rollouts, in_force, _ = await stores.scripts.in_force()
    library = ScriptLibrary()
    library.replace(in_force, None, rollouts)
    kept = {source.id: await stores.scripts.source(source.id, source.version) for source in scripts.sources}
    changed = [s for s in scripts.sources if (old := kept[s.id]) is not None and old.source != s.source]
    _refuse([reused(source, scripts.files[source.id]) for source in changed])
    new, findings = with_pins([s for s in scripts.sources if kept[s.id] is None], scripts.dialogs, library)
    _refuse(findings)
    there = [replace(source, applied_at=s.applied_at) for s in scripts.sources if (source := kept[s.id])]
    sources = (*new, *there)
    report_findings(_stale_calls(sources, scripts.files))
    return replace(scripts, sources=sources)


def _stale_calls(sources: Sequence[ScriptSource], files: Mapping[ScriptId, str]) -> Iterator[Located]:
    """Tell which scripts go on with an earlier version of a dialog that has a new one."""
    present = {source.id: source.version for source in sources}
    for source in sources:
        for called, version in source.calls.items():
            if present.get(called, version) != version:
                message = f"“{source.id}” goes on with version {version} of “{called}”, not {present[called]}."
                yield Located(
                    rule="stale-call",
                    message=message,
                    file=files[source.id],
                    line=1,
                    attribute="version",
                    suggestion="give it a new version, too",
                    level="warning",
                )


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


async def _write(
    wanted: Wanted, stores: Stores, changes: Sequence[Change], passwords: Path | None, why: str
) -> None:
    """Put the centre in force; when that fails, nobody needs the passwords."""
    if not changes:
        print("Nothing has changed.")
        return
    sources = wanted.scripts.sources
    try:
        version = await stores.centres.apply(
            wanted.read.centre, sources, by=who(), at=SystemClock().now(), why=why
        )
    except BaseException:
        _forget(passwords)
        raise
    print(f"Version {version} is in force.")


def _forget(passwords: Path | None) -> None:
    if passwords is not None:
        passwords.unlink(missing_ok=True)


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
