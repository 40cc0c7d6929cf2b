"""Which items are sensitive: what is said while one of them is open at an agent's is not recorded. Pure."""

from __future__ import annotations

from caruso.script_engine.nodes import Dialog, Group


def is_sensitive(dialog: Dialog, item: str) -> bool:
    """Tell whether an item is, or a group, repeat or call it is in, or anything that is shown with it at once."""
    found, seat = dialog.items.get(item), dialog.seats.get(item)
    if found is None or seat is None:
        return False
    shown = found.members if isinstance(found, Group) and found.together else ()
    around = (*seat.groups, *seat.repeats)
    if found.sensitive or any(dialog.items[name].sensitive for name in (*around, *shown)):
        return True
    # Of a called dialog: the call it belongs to, and what that is in.
    return is_sensitive(dialog, seat.frame[:-1]) if seat.frame else False
