"""What can be written after ``caruso``, and which function carries it out."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from caruso.cli import audit, checking, database, privacy, recordings, service_control, services, serving, users
from caruso.cli.commands import EXIT_CODES, command, group
from caruso.cli.models import model_commands
from caruso.cli.script_arguments import script_commands
from caruso.model.centre import REGISTERED, Role, StationKind

_DESCRIPTION = "Communication server for contact centres, beside an Asterisk PBX."


def parse(arguments: Sequence[str]) -> argparse.Namespace:
    """Return the arguments, with `command`: the function to call with them. Exits on wrong ones."""
    wanted, unknown = _parser().parse_known_args(arguments)
    if unknown:
        # Told with the usage of the command itself; argparse would show that of the whole program.
        parser: argparse.ArgumentParser = wanted.parser
        parser.error(f"unrecognized arguments: {' '.join(unknown)}")
    return wanted


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="caruso", description=_DESCRIPTION, epilog=EXIT_CODES)
    parser.add_argument("--config", type=Path, metavar="FILE", help="settings, instead of ./caruso.toml")
    commands = parser.add_subparsers(title="commands", metavar="COMMAND", required=True)
    _serving(commands)
    _checking(commands)
    _database(commands)
    _audit(commands)
    _privacy(commands)
    script_commands(group(commands, "script", "dialog scripts", reads_scripts=True))
    _packs(group(commands, "pack", "all that a market needs, in a folder"))
    model_commands(group(commands, "model", "business objects"))
    _applying(commands)
    _simulating(commands)
    _users(commands)
    _services(group(commands, "service", "services of a running server, and what they can be asked"))
    return parser


def _serving(commands: Any) -> None:
    command(commands, "serve", serving.serve, "run the server until Ctrl-C or SIGTERM")
    command(commands, "watch", serving.watch, "run the server, and start it again when it hangs or ends")
    command(commands, "version", serving.version, "print the version")
    phone = command(commands, "phone", serving.phone, "print the SIP account of an agent's phone")
    phone.add_argument("agent", metavar="AGENT")
    phone.add_argument("--kind", type=StationKind, choices=list(REGISTERED), default=StationKind.SIP)


def _checking(commands: Any) -> None:
    check = command(commands, "check-config", checking.check_config, "check the settings")
    check.add_argument("--show", action="store_true", help="print all settings in force, without secrets")
    check.add_argument("--print-docs", action="store_true", help="print the settings page (Markdown)")
    asterisk = group(commands, "asterisk", "the PBX")
    command(asterisk, "check", checking.check_asterisk, "check versions, modules, interfaces and dialplan")
    mail = group(commands, "mail", "mails that scripts send")
    sends = command(mail, "check", services.check_mail, "read all templates")
    recorded = group(commands, "recordings", "recorded calls")
    command(recorded, "verify", recordings.verify, "hold all that are kept against their checksums")
    log = command(recorded, "log", recordings.log, "tell who heard, downloaded, held or deleted recordings")
    log.add_argument("--since", metavar="DAY", help="first day, like 2026-11-01; 30 days ago when not given")
    log.add_argument("--until", metavar="DAY", help="last day; today when not given")
    log.add_argument("--by", metavar="USER", default="", help="what users did whose name has this in it")
    log.add_argument("--recording", metavar="ID", help="what was done with this recording")
    log.add_argument("--contact", metavar="ID", help="what was done with recordings of this contact")
    log.add_argument("--limit", type=int, default=200, metavar="N", help="the newest N (200)")
    log.add_argument("--json", action="store_true", help="print it as JSON")
    sends.add_argument("--to", metavar="ADDRESS", help="also send a mail to this address")


def _services(commands: Any) -> None:
    asked = [
        command(commands, "list", service_control.show, "list services and plug-ins, and how they are"),
        command(commands, "add", service_control.add, "take a plug-in into use and start its services"),
        command(
            commands,
            "replace",
            service_control.replace,
            "read a plug-in anew and put its services in place of the old, while they are asked",
        ),
        command(commands, "remove", service_control.remove, "take a service out; what it is at it ends"),
        command(commands, "call", service_control.call, "ask an operation of a service"),
    ]
    for parser in asked:
        parser.add_argument("--url", default="", help="where the server is; as in the settings when not given")
        parser.add_argument("--user", default="", metavar="NAME", help="an admin; CARUSO_USER when not given")
    _, add, replace, remove, call = asked
    for parser in (add, replace):
        parser.add_argument("plugin", metavar="PLUGIN", help="a file of the plug-ins' folder, without .py")
    remove.add_argument("service", metavar="SERVICE")
    call.add_argument("operation", metavar="SERVICE.OPERATION")
    call.add_argument("params", nargs="*", metavar="NAME=VALUE", help="a value is JSON, or text")
    call.add_argument("--key", default="", help="the same key again is answered without doing it again")
    command(commands, "docs", services.docs, "print the page of the services every centre has (Markdown)")


def _database(commands: Any) -> None:
    about = group(commands, "db", "the database")
    command(about, "upgrade", database.upgrade, "create its tables, or bring them to this version")
    command(about, "check", database.check, "look whether it is of this version and whole, with its files")
    backup = command(about, "backup", database.backup, "back it up with its files; the server may run")
    backup.add_argument(
        "folder", type=Path, nargs="?", metavar="FOLDER", help="where to, instead of backup.folder"
    )
    verify = command(about, "verify", database.verify, "look whether a back-up is whole")
    restore = command(about, "restore", database.restore, "put a back-up in its place; no server may run")
    for each in (verify, restore):
        each.add_argument("folder", type=Path, metavar="FOLDER", help="the back-up")
    restore.add_argument("--replace", action="store_true", help="also when there are data already")
    rebuild = command(
        about, "rebuild", database.rebuild, "make what follows from the journal anew; tell whether it is the same"
    )
    rebuild.add_argument("--compare", action="store_true", help="change nothing; the server may run")


def _audit(commands: Any) -> None:
    about = group(commands, "audit", "who changed which record")
    show = command(about, "show", audit.show, "list changes of a class, or of one record, newest first")
    state = command(about, "state", audit.state, "print a record as it was right after a change")
    restore = command(about, "restore", audit.restore, "put a record back to what it was right after a change")
    for each in (show, state, restore):
        each.add_argument("class_name", metavar="CLASS", help="Customer, Callback, User, ScriptDraft, …")
    show.add_argument("record", nargs="?", metavar="RECORD", help="its id")
    show.add_argument("--limit", type=lambda given: _between(given, 1, 10_000), default=50, metavar="N")
    for each in (state, restore):
        each.add_argument("record", metavar="RECORD", help="its id")
        each.add_argument("change", type=int, metavar="CHANGE", help="number of the change, from show")
        each.add_argument("--before", action="store_true", help="as it was right before that change")


def _privacy(commands: Any) -> None:
    about = group(commands, "privacy", "personal data of a customer")
    export = command(about, "export", privacy.export, "write all that is kept of a customer into a ZIP")
    export.add_argument("--out", type=Path, metavar="FILE", help="a new file, instead of customer-ID.zip")
    erase = command(about, "erase", privacy.erase, "make a customer unrecognizable everywhere, for ever")
    erase.add_argument("--yes", action="store_true", help="do not ask")
    accesses = command(about, "accesses", privacy.accesses, "list who looked at a customer, newest first")
    accesses.add_argument("--limit", type=lambda given: _between(given, 1, 10_000), default=50, metavar="N")
    for each in (export, erase, accesses):
        each.add_argument("customer", metavar="CUSTOMER", help="the customer's id")


def _applying(commands: Any) -> None:
    apply = command(commands, "apply", _apply, "put a centre and its scripts in force, all or nothing")
    apply.add_argument("file", type=Path, metavar="FILE", help="centre.toml")
    apply.add_argument(
        "--why", default="", metavar="TEXT", help="for the record of its scripts, instead of the file's name"
    )
    apply.add_argument("--dry-run", action="store_true", help="only tell what would change")
    apply.add_argument(
        "--first-passwords",
        type=Path,
        metavar="FILE",
        help="make passwords for agents who have none and write them to this new file",
    )


def _packs(packs: Any) -> None:
    checks = command(packs, "check", _check_pack, "tell what is wrong with a pack")
    checks.add_argument("folder", type=Path, metavar="FOLDER")
    installs = command(packs, "install", _install_pack, "check a pack, and put it in force")
    installs.add_argument("folder", type=Path, metavar="FOLDER")
    installs.add_argument(
        "--first-passwords",
        type=Path,
        metavar="FILE",
        help="make passwords for agents who have none and write them to this new file",
    )


def _check_pack(wanted: argparse.Namespace) -> int:
    from caruso.cli.packs import check  # loads the script engine: nobody else should wait for it

    return check(wanted)


def _install_pack(wanted: argparse.Namespace) -> int:
    from caruso.cli.packs import install  # loads the script engine: nobody else should wait for it

    return install(wanted)


def _apply(wanted: argparse.Namespace) -> int:
    from caruso.cli.applying import apply  # loads the script engine: nobody else should wait for it

    return apply(wanted)


def _simulating(commands: Any) -> None:
    simulate = command(
        commands,
        "simulate",
        _simulate,
        "show what a centre's rules make of callers, by the code that runs in production",
    )
    simulate.add_argument("file", type=Path, metavar="FILE", help="centre.toml")
    coming = simulate.add_mutually_exclusive_group()
    coming.add_argument("--arrivals", type=Path, metavar="FILE", help="callers, as CSV (simulation.md)")
    coming.add_argument(
        "--profile", default="office", metavar="NAME", help="draw callers: office, flat, or a TOML file"
    )
    simulate.add_argument("--calls", type=_calls, default=1000, metavar="N", help="in a day, with --profile NAME")
    simulate.add_argument("--days", type=_days, default=1, metavar="N")
    simulate.add_argument("--seed", type=int, default=1, metavar="S", help="the same seed, the same callers")
    simulate.add_argument("--against", type=Path, metavar="FILE", help="another centre.toml, on the same callers")
    simulate.add_argument(
        "--answer-seconds", type=_seconds, default=3.0, metavar="S", help="a phone rings so long"
    )
    simulate.add_argument("--out", type=Path, metavar="FILE", help="save the figures, as JSON")
    simulate.add_argument("--log", type=Path, metavar="FILE", help="write down every decision, and why")


def _calls(text: str) -> int:
    return _between(text, 1, 1_000_000)


def _days(text: str) -> int:
    return _between(text, 1, 366)


def _between(text: str, least: int, most: int) -> int:
    try:
        found = int(text)
    except ValueError:
        found = least - 1
    if not least <= found <= most:
        raise argparse.ArgumentTypeError(f"must be a whole number from {least} to {most}")
    return found


def _seconds(text: str) -> float:
    try:
        found = float(text)
    except ValueError:
        found = -1.0
    if not 0 <= found <= 3600:
        raise argparse.ArgumentTypeError("must be a number from 0 to 3600")
    return found


def _simulate(wanted: argparse.Namespace) -> int:
    from caruso.cli.simulating import simulate  # loads the whole centre: nobody else should wait for it

    return simulate(wanted)


def _users(commands: Any) -> None:
    user = group(commands, "user", "people who sign in")
    command(user, "list", users.show, "list them")
    add = command(user, "add", users.add, "add somebody; asks for the password")
    add.add_argument("name", metavar="NAME", help="name to sign in with")
    add.add_argument("--role", type=Role, choices=list(Role), default=Role.AGENT)
    add.add_argument("--agent", metavar="ID", help="the agent this is (default for role agent: NAME)")
    add.add_argument("--full-name", metavar="TEXT", help="as colleagues see it")
    password = command(user, "password", users.password, "set a new password and end all sessions")
    password.add_argument("name", metavar="NAME")
    disable = command(user, "disable", users.disable, "end all sessions and let nobody sign in with this name")
    enable = command(user, "enable", users.enable, "let a disabled user sign in again, with the same password")
    for each in (disable, enable):
        each.add_argument("name", metavar="NAME")
    for each in (add, password):
        each.add_argument("--password-file", type=Path, metavar="FILE", help="read it from a file, - for stdin")
