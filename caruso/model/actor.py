"""Who reads or writes objects, and where from."""

from __future__ import annotations

from dataclasses import dataclass

from caruso.model.centre import Role


@dataclass(frozen=True, slots=True, kw_only=True)
class Actor:
    """A person with a role, or the house itself: scripts and services that an admin has set up."""

    user: str
    #: None for the house itself, which may do whatever the model lets anybody do.
    role: Role | None = None
    agent: str = ""
    #: Where from, for the audit: ``api 10.0.0.7``, ``script``, ``command``.
    source: str = ""


def house(by: str, source: str = "script") -> Actor:
    """Return the house itself, acting in the name of `by`."""
    return Actor(user=by, source=source)
