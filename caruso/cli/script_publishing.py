"""``caruso script publish|rollout|rollback|versions|delete``: the life of a script, in a database.

Running servers follow within a second; conversations end on the version they began with.
"""

from __future__ import annotations

from argparse import ArgumentTypeError, Namespace
from collections.abc import Awaitable, Callable
from getpass import getuser

import msgspec

from caruso.cli.outcome import Exit, refused, report_findings
from caruso.cli.script_files import read_file
from caruso.cli.script_needs import not_set_up
from caruso.cli.services import Expected
from caruso.cli.stores import Stores, opened, run, settings
from caruso.clock import SystemClock
from caruso.comm_server.script_publishing import Publisher
from caruso.errors import IllegalMove, Located, NotFound
from caruso.model.centre import Centre
from caruso.model.ids import EntryPointId, QueueId, ScriptId
from caruso.model.script_versions import EVERYBODY, Rollout, Stage, in_words
from caruso.script_engine.loader import load
from caruso.service_manager.mail_templates import template_names

_NO_CENTRE = Centre(name="Caruso", timezone="UTC", queues={}, entry_points={}, agents={})


def who() -> str:
    """Return who does it, for the record."""
    try:
        return f"command:{getuser()}"
    except (OSError, KeyError):
        return "command"


def share(text: str) -> float:
    """Read ``10%`` or ``10``; raise `ArgumentTypeError`."""
    try:
        number = float(text.strip().removesuffix("%"))
    except ValueError:
        raise ArgumentTypeError(f"“{text}” is no share like 10%") from None
    if not 0 < number <= 100:
        raise ArgumentTypeError("a share is more than 0% and at most 100%")
    return number


def publish(wanted: Namespace) -> int:
    """Publish a version of a script, and roll it out."""
    source = read_file(wanted.file)
    stage = None if wanted.no_rollout else _stage(wanted)
    if wanted.no_rollout and _stage(wanted) != EVERYBODY:
        return refused("--no-rollout goes with none of --share, --queue and --entry-point")

    async def work(publisher: Publisher, stores: Stores) -> int:
        done = await publisher.publish(source, str(wanted.file), by=who(), why=wanted.why, stage=stage)
        report_findings((*done.warnings, *_not_set_up(source, str(wanted.file), wanted)))
        print(f"Version {done.source.version} of “{done.source.id}” is published.")
        if done.rollout is not None:
            print(_told(done.rollout))
        if done.callers:
            names = ", ".join(f"“{caller}”" for caller in done.callers)
            print(f"{names} go on with the version they were published with: publish them anew to change that.")
        return Exit.OK

    return _with_publisher(wanted, work)


def _not_set_up(source: bytes, file: str, wanted: Namespace) -> tuple[Located, ...]:
    config = settings(wanted)
    templates = template_names(config.mail.templates)
    return not_set_up([load(source, file)], templates, config.http.targets, mails=bool(config.mail.host))


def roll_out(wanted: Namespace) -> int:
    """Put a published version in force."""
    stage = _stage(wanted)

    async def work(publisher: Publisher, stores: Stores) -> int:
        script = ScriptId(wanted.script)
        print(_told(await publisher.roll_out(script, wanted.version, stage, by=who(), why=wanted.why)))
        return Exit.OK

    return _with_publisher(wanted, work)


def roll_back(wanted: Namespace) -> int:
    """Go one step back."""

    async def work(publisher: Publisher, stores: Stores) -> int:
        print(_told(await publisher.roll_back(ScriptId(wanted.script), by=who(), why=wanted.why)))
        return Exit.OK

    return _with_publisher(wanted, work)


def delete(wanted: Namespace) -> int:
    """Delete a version that nobody needs."""

    async def work(publisher: Publisher, stores: Stores) -> int:
        await publisher.delete(ScriptId(wanted.script), wanted.version, by=who(), why=wanted.why)
        print(f"Version {wanted.version} of “{wanted.script}” is deleted.")
        return Exit.OK

    return _with_publisher(wanted, work)


def versions(wanted: Namespace) -> int:
    """List scripts with who gets which version, or the versions of one and what happened to it."""

    async def work(publisher: Publisher, stores: Stores) -> int:
        if wanted.script is None:
            return await _all_scripts(stores)
        return await _one_script(ScriptId(wanted.script), stores, json=wanted.json)

    return _with_publisher(wanted, work)


async def _all_scripts(stores: Stores) -> int:
    rollouts = await stores.scripts.rollouts()
    scripts = {version.script for version in await stores.scripts.versions()} | rollouts.keys()
    if not scripts:
        print("No script is published.")
    for script in sorted(scripts):
        print(f"{script}: {in_words(rollouts.get(script) or Rollout(script=script))}")
    return Exit.OK


async def _one_script(script: ScriptId, stores: Stores, *, json: bool) -> int:
    found = await stores.scripts.versions(script)
    if not found:
        return refused(f"There is no script “{script}”.")
    rollout = (await stores.scripts.rollouts()).get(script) or Rollout(script=script)
    runs = await stores.scripts.open_runs(script, SystemClock().now())
    events = await stores.scripts.events(script)
    if json:
        told = {"script": script, "rollout": rollout, "versions": found, "open_runs": runs, "events": events}
        print(msgspec.json.encode(told).decode())
        return Exit.OK
    print(f"In force: {in_words(rollout)}")
    for one in found:
        mark = "*" if rollout.names(one.version) else " "
        calls = "".join(f", calls “{called}” {version}" for called, version in sorted(one.calls.items()))
        print(
            f"{mark} {one.version} ({one.number})  {one.published_at:%Y-%m-%d %H:%M} {one.published_by}"
            f"  open runs: {runs.get(one.version, 0)}{calls}  {one.checksum[:12]}  {one.why}"
        )
    print("Events:")
    for event in events:
        after = f" → {event.after}" if event.after else ""
        print(f"  {event.at:%Y-%m-%d %H:%M} {event.by} {event.kind} {event.version}{after}  {event.why}")
    return Exit.OK


def _stage(wanted: Namespace) -> Stage:
    return Stage(
        share=wanted.share,
        queues=frozenset(map(QueueId, wanted.queue)),
        entry_points=frozenset(map(EntryPointId, wanted.entry_point)),
    )


def _told(rollout: Rollout) -> str:
    return f"“{rollout.script}”: {in_words(rollout)}."


def _with_publisher(wanted: Namespace, work: Callable[[Publisher, Stores], Awaitable[int]]) -> int:
    config = settings(wanted)

    async def carry_out() -> int:
        async with opened(config) as stores:
            applied = await stores.centres.current()
            centre = applied.centre if applied else _NO_CENTRE
            publisher = Publisher(stores.scripts, lambda: centre, SystemClock(), Expected(config))
            try:
                return await work(publisher, stores)
            except (IllegalMove, NotFound) as problem:
                return refused(str(problem))

    return run(carry_out())
