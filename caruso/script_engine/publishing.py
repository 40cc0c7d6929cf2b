"""Fix what a script calls when it is published: every call is pinned to the version it then has. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from caruso.errors import Located, RejectedInput
from caruso.script_engine.link import Library, called_by, link
from caruso.script_engine.nodes import Call, Dialog, Frame


@dataclass(frozen=True, slots=True, kw_only=True)
class Pinned:
    """A dialog with all it calls in it, and which versions those are."""

    dialog: Dialog
    #: By call, those of called dialogs too.
    pins: Mapping[str, str]
    #: By the called dialog's id; its own calls alone.
    calls: Mapping[str, str]


def pinned(dialog: Dialog, library: Library) -> Pinned:
    """Link a dialog with what `library` has at present.

    Raises:
        RejectedInput: a dialog it calls is not there or calls it again, or it calls two versions of one.
    """
    linked = link(dialog, library)
    inside = {frame.prefix.partition("/")[0] for frame in linked.frames.values() if _is_again(frame, dialog)}
    calls: dict[str, str] = {}
    for call in called_by(dialog):
        version = linked.pins[call.id]
        if call.id in inside:
            # An earlier version of itself, through others: it would end, but nobody could follow it.
            raise _refused(dialog, call, "dialog-circle", f"“{call.dialog}” calls “{dialog.id}” itself")
        if calls.setdefault(call.dialog, version) != version:
            message = f"“{call.dialog}” is called in version {calls[call.dialog]} and in version {version}"
            raise _refused(dialog, call, "two-versions", message)
    return Pinned(dialog=linked, pins=linked.pins, calls=calls)


def _is_again(frame: Frame, dialog: Dialog) -> bool:
    return bool(frame.prefix) and frame.dialog == dialog.id


def _refused(dialog: Dialog, call: Call, rule: str, message: str) -> RejectedInput:
    return RejectedInput(
        (
            Located(
                rule=rule,
                message=message,
                file=dialog.file,
                line=call.place.line,
                column=call.place.column,
                attribute="dialog",
            ),
        )
    )
