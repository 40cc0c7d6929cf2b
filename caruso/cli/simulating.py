"""``caruso simulate``: what a centre's rules make of callers, by the code that runs in production."""

from __future__ import annotations

from argparse import Namespace
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path

import msgspec

from caruso.built_in import plugins_of, policies_of
from caruso.cli.outcome import Exit
from caruso.cli.stores import settings
from caruso.comm_server.acd.policy import Policies
from caruso.comm_server.centre_file.reading import read_centre
from caruso.errors import Located, RejectedInput
from caruso.model.centre import Centre
from caruso.simulation.arrivals import SHAPES, Arrival, drawn, profile_of, read_arrivals
from caruso.simulation.centre import People
from caruso.simulation.diary import Diary
from caruso.simulation.outcome import Report
from caruso.simulation.printed import page
from caruso.simulation.profile_file import read_profile
from caruso.simulation.runs import simulate as simulated


def simulate(wanted: Namespace) -> int:
    """Simulate, print and save."""
    # Rules may use what plug-ins bring: policies, and functions of expressions.
    policies = policies_of(plugins_of(settings(wanted)))
    centres = [_centre(file, policies) for file in (wanted.file, wanted.against) if file is not None]
    arrivals = _arrivals(wanted, centres[0])
    _meet(arrivals, centres, wanted)
    people = People(answer_seconds=wanted.answer_seconds)
    reports: list[Report] = []
    with ExitStack() as open_files:
        log = open_files.enter_context(wanted.log.open("w", encoding="utf-8")) if wanted.log is not None else None
        for centre in centres:
            diary = Diary(lambda line: print(line, file=log)) if log is not None and not reports else None
            reports.append(
                simulated(
                    centre,
                    arrivals,
                    days=wanted.days,
                    seed=wanted.seed,
                    people=people,
                    policies=policies,
                    listener=diary.hear if diary is not None else None,
                )
            )
    print(page(reports))
    if wanted.out is not None:
        wanted.out.write_bytes(msgspec.json.format(msgspec.json.encode(reports)) + b"\n")
    return Exit.OK


def _centre(file: Path, policies: Policies) -> Centre:
    return read_centre(_text(file), str(file), policies.names).centre


def _text(file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as problem:
        reason = problem.strerror if isinstance(problem, OSError) else "not UTF-8"
        raise RejectedInput((Located(rule="unreadable-file", message=f"{reason}.", file=str(file)),)) from problem


def _arrivals(wanted: Namespace, centre: Centre) -> Sequence[Arrival]:
    if wanted.arrivals is not None:
        return read_arrivals(_text(wanted.arrivals), str(wanted.arrivals), centre, wanted.seed)
    if wanted.profile in SHAPES:
        profile = profile_of(centre, wanted.profile, wanted.calls)
    else:
        profile = read_profile(_text(Path(wanted.profile)), wanted.profile, centre)
    return drawn(profile, wanted.days, wanted.seed)


def _meet(arrivals: Sequence[Arrival], centres: Sequence[Centre], wanted: Namespace) -> None:
    """Refuse callers of queues that one of the centres does not have."""
    for centre, file in zip(centres, (wanted.file, wanted.against), strict=False):
        missing = sorted({arrival.queue for arrival in arrivals} - centre.queues.keys())
        if missing:
            message = f"Callers come for queue “{missing[0]}”, which is not there."
            raise RejectedInput((Located(rule="unknown-queue", message=message, file=str(file)),))
