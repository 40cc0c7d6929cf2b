"""``caruso script run``: the simulator at a terminal, or led by prepared answers."""

from __future__ import annotations

import json
import sys
from argparse import Namespace
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from caruso.cli.outcome import Exit, refused
from caruso.cli.script_files import linked_script, read_text
from caruso.cli.stores import opened, run, settings
from caruso.clock import SystemClock
from caruso.comm_server.script_trials import with_customer
from caruso.errors import Located, RejectedInput
from caruso.script_engine.nodes import Dialog
from caruso.script_engine.tools import setting as given
from caruso.script_engine.tools import transcript
from caruso.script_engine.tools.driver import drive
from caruso.script_engine.tools.excerpt import printable
from caruso.script_engine.tools.setting import Setting
from caruso.script_engine.tools.simulator import Simulation
from caruso.script_engine.tools.snapshot import snapshot
from caruso.script_engine.tools.steps import StepRefused, Together, step_from_line
from caruso.script_engine.turns import Value

_LONGEST_JSON = 1_000_000


def run_script(wanted: Namespace) -> int:
    """Lead a script."""
    dialog = linked_script(wanted.file)
    prepared = _prepared(wanted.answers) if wanted.answers is not None else None
    try:
        simulation = Simulation(dialog, _setting(dialog, wanted))
        if prepared is not None:
            return _led(simulation, prepared, as_json=wanted.json)
        return _asking(simulation, as_json=wanted.json)
    except StepRefused as problem:
        return refused(str(problem))


# -- What it begins with --------------------------------------------------------------------------------------


def _setting(dialog: Dialog, wanted: Namespace) -> Setting:
    at = given.time_of(wanted.at, wanted.zone) if wanted.at else SystemClock().now()
    objects = {name: _object(name, text) for name, text in _pairs("object", wanted.object)}
    stubs = {name: given.stub_of(name, text) for name, text in _pairs("stub", wanted.stub)}
    call: dict[str, Value] = dict(_pairs("call", wanted.call))
    given.check_objects(dialog, objects)
    given.check_stubs(dialog, stubs)
    setting = Setting(
        channel=given.channel_for(dialog, wanted.channel or ""),
        at=at,
        language=given.language_for(dialog, wanted.language),
        time_zone=given.zone_of(wanted.zone).key,
        objects=objects,
        call=call,
        stubs=stubs,
        records={name: given.records_of(name, _json(text)) for name, text in _pairs("records", wanted.records)},
        hours={name: given.open_of(name, text) for name, text in _pairs("hours", wanted.hours)},
    )
    return setting if wanted.customer is None else _with_customer(dialog, setting, wanted)


def _pairs(option: str, written: Iterable[str]) -> Iterator[tuple[str, str]]:
    return (given.split(option, text) for text in written)


def _object(name: str, text: str) -> Mapping[str, Value]:
    return given.object_of(name, _json(text))


def _json(text: str) -> str:
    """Return what is JSON itself, or else the text of the file it names."""
    return text if text.lstrip().startswith(("{", "[")) else read_text(Path(text))


def _with_customer(dialog: Dialog, setting: Setting, wanted: Namespace) -> Setting:
    """Load what was not given from the database."""
    found: list[Setting] = []

    async def load() -> int:
        async with opened(settings(wanted)) as stores:
            found.append(await with_customer(dialog, setting, wanted.customer, stores.objects, stores.accesses))
        return Exit.OK

    run(load())
    return found[0]


def _prepared(file: Path) -> Any:
    text = sys.stdin.read(_LONGEST_JSON + 1) if str(file) == "-" else read_text(file)
    try:
        return json.loads(text)
    except (ValueError, RecursionError) as problem:
        raise _wrong_file(file, f"This is no JSON: {problem}.") from None


def _wrong_file(file: Path, message: str) -> RejectedInput:
    return RejectedInput((Located(rule="unreadable-file", message=message, file=str(file)),))


# -- Leading it -----------------------------------------------------------------------------------------------


def _led(simulation: Simulation, prepared: Any, *, as_json: bool) -> int:
    """Lead it by prepared answers; it is refused when one of them could not be given."""
    _tell(snapshot(simulation), as_json=as_json)
    why = ""
    for step, why in drive(simulation, prepared):
        told = snapshot(simulation, step, why)
        if not as_json:
            print(f"> {_shown(told['step'])}")
        _tell(told, as_json=as_json)
    if isinstance(prepared, dict) and (unused := sorted(prepared.keys() - _asked(simulation))):
        print(f"caruso: not asked, so not answered: {', '.join(unused)}", file=sys.stderr)
    return Exit.REFUSED if why else Exit.OK


def _asked(simulation: Simulation) -> set[str]:
    """Return the items that were come to; parked answers count, too."""
    run = simulation.run
    return {visit.item for visits in (run.trail, *run.parked.values()) for visit in visits} | {
        simulation.turn.item
    }


def _shown(step: Mapping[str, Any]) -> str:
    return printable(" ".join(f"{name} {value!s}" for name, value in step.items()))


def _asking(simulation: Simulation, *, as_json: bool) -> int:
    """Let a person lead it."""
    told = snapshot(simulation)
    _tell(told, as_json=as_json)
    while not simulation.finished or told["refused"]:
        line = _typed(transcript.prompt(told)) if told["kind"] != "group" else _together(told)
        if line is None or line == ":quit":
            break
        if isinstance(line, Together):
            told = _taken(simulation, line)
            _tell(told, as_json=as_json)
            continue
        if (answer := _looked_up(line, told)) is not None:
            print(answer)
            continue
        told = _taken(simulation, line)
        _tell(told, as_json=as_json)
    return Exit.OK


def _typed(prompt: str) -> str | None:
    """Return the next line; None when there is none."""
    try:
        return input(prompt if sys.stdin.isatty() else "").strip()
    except EOFError:
        return None


def _together(told: Mapping[str, Any]) -> Together | str | None:
    """Ask each question of a group; a command in between is returned in place of the answers."""
    answers: dict[str, str] = {}
    for question in told["questions"]:
        for shown in transcript.question_lines(question):
            print(shown)
        line = _typed(f"{question['item']} ({question['type']})> ")
        if line is None or (line.startswith(":") and not line.startswith("::")):
            return line
        answers[question["item"]] = line.removeprefix(":") if line.startswith("::") else line
    return Together(answers=answers)


def _looked_up(line: str, told: Mapping[str, Any]) -> str | None:
    """Return what a command that changes nothing shows; None for every other line."""
    match line:
        case ":help" | ":h" | ":?":
            return transcript.HELP
        case ":answers":
            return printable("\n".join(transcript.values(told)))
        case ":trail":
            return printable("\n".join(transcript.trail(told)))
        case ":json":
            return json.dumps(told, ensure_ascii=False, indent=2)
        case _:
            return None


def _taken(simulation: Simulation, given: str | Together) -> dict[str, Any]:
    try:
        waits = simulation.turn.kind == "info"
        step = step_from_line(given, waits_for_confirmation=waits) if isinstance(given, str) else given
        simulation.take(step)
    except StepRefused as problem:
        return snapshot(simulation, refused=str(problem))
    return snapshot(simulation, step)


def _tell(told: Mapping[str, Any], *, as_json: bool) -> None:
    if as_json:
        print(json.dumps(told, ensure_ascii=False), flush=True)
        return
    for line in transcript.lines(told):
        print(line)
