"""How engines tell what is wrong."""

from __future__ import annotations

from caruso.errors import Located


def damage(rule: str, message: str) -> Located:
    """Return a finding about the database."""
    return Located(rule=rule, message=message)


def reason_of(error: BaseException) -> str:
    """Return the driver's own words, without statement and parameters (they hold personal data)."""
    original = getattr(error, "orig", None) or error
    return str(original).splitlines()[0] if str(original) else type(original).__name__
