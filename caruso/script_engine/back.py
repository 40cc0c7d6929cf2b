"""Find the place on the path that one goes back to, or that a correction means. Changes nothing."""

from __future__ import annotations

from collections.abc import Iterator

from caruso.script_engine.nodes import AnyItem, Back, Dialog, Frame, Group, Handover, Info, Question
from caruso.script_engine.path import Visit
from caruso.script_engine.runs import Run


def before(dialog: Dialog, run: Run) -> int | None:
    """Return the entry of the path that was asked before the current one, or None where one may not go back.

    A hand-over is not crossed, nor is the border of a group where the script forbids it. What a called dialog
    forbids counts for each step from, to and between its items; so does what the dialogs around it forbid.
    """
    if dialog.back is Back.NONE:
        return None
    number = len(run.trail) - 1
    visits = run.trail.backwards()
    current = next(visits)
    for visit in visits:
        number -= 1
        item = dialog.items[visit.item]
        if isinstance(item, Handover):
            return None
        if _was_asked(item, visit):
            return number if _allowed(dialog, current, visit) else None
    return None


def _was_asked(item: AnyItem, visit: Visit) -> bool:
    match item:
        case Question():
            return visit.answer is not None
        case Info() | Group():
            return visit.confirmed
        case _:
            return False


def _allowed(dialog: Dialog, current: Visit, target: Visit) -> bool:
    if len(dialog.frames) == 1 and dialog.back is Back.ALLOWED:
        return True  # nearly always, and each turn asks
    here, there = dialog.seats[current.item], dialog.seats[target.item]
    for frame in (*_frames(dialog, here.frame), *_frames(dialog, there.frame)):
        if frame.back is Back.NONE:
            return False
        groups = [group for group in here.groups if group.startswith(frame.prefix)]
        if frame.back is Back.WITHIN_GROUP and not (groups and groups[-1] in there.groups):
            return False
    return True


def _frames(dialog: Dialog, prefix: str) -> Iterator[Frame]:
    """Return the frame with this prefix, and those of the dialogs around it."""
    yield dialog.frames[prefix]
    while prefix:
        prefix = prefix[: prefix.rfind("/", 0, -1) + 1]
        yield dialog.frames[prefix]


def answered(dialog: Dialog, run: Run, wanted: str) -> int | None:
    """Return the entry of the path with the latest answer of an item, in a pass where one is named."""
    number = len(run.trail)
    for visit in run.trail.backwards():
        number -= 1
        if wanted in {visit.key, visit.item} and visit.answer is not None:
            return number if isinstance(dialog.items[visit.item], Question) else None
    return None
