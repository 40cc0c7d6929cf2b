"""Fix what a script calls when it is published: every call is pinned to the version it then has. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from caruso.errors import Located, RejectedInput
from caruso.script_engine.link import Library, called_by, link
from caruso.script_engine.nodes import Dialog


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
    calls: dict[str, str] = {}
    for call in called_by(dialog):
        version = linked.pins[call.id]
        if calls.setdefault(call.dialog, version) != version:
            message = f"“{call.dialog}” is called in version {calls[call.dialog]} and in version {version}"
            raise RejectedInput(
                (
                    Located(
                        rule="two-versions",
                        message=message,
                        file=dialog.file,
                        line=call.place.line,
                        column=call.place.column,
                        attribute="version",
                        suggestion="call the same version everywhere",
                    ),
                )
            )
    return Pinned(dialog=linked, pins=linked.pins, calls=calls)
