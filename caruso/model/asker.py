"""Who reads or writes objects: what they may is decided by it. Who is at work, for the audit, is `acting`'s."""

from __future__ import annotations

from dataclasses import dataclass

from caruso.model.centre import Role


@dataclass(frozen=True, slots=True, kw_only=True)
class Asker:
    """A person with a role, or the house itself: scripts and services that an admin has set up."""

    user: str
    #: None for the house itself, which may do whatever the model lets anybody do.
    role: Role | None = None
    agent: str = ""


#: The house itself, in nobody's name.
HOUSE = Asker(user="")


def house(by: str) -> Asker:
    """Return the house itself, in the name of `by`."""
    return Asker(user=by)
