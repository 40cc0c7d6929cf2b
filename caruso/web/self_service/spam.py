"""Decide whether a start form was filled in by a person. Pure: knows no clock, asks nobody outside.

Three signs: a field nobody sees was filled in; the form came back faster than a person can; it was never given
out by us, or too long ago. Nobody is locked out: the form is shown once more, fresh, with a sentence that helps.
"""

from __future__ import annotations

from enum import Enum

from caruso.web.self_service.seal import Seal

#: The name of the field nobody sees; it looks worth filling in.
TRAP = "website"
#: A person needs longer than this to read a page and press a button.
FASTEST_SECONDS = 0.8
#: A page may stay open over a night.
LONGEST_SECONDS = 24 * 3600.0
_PURPOSE = "start"


class Verdict(Enum):
    """What a start form looks like."""

    PERSON = "person"
    TOO_QUICK = "start-too-quick"
    TRAPPED = "start-trapped"
    OUTDATED = "start-outdated"


def start_token(seal: Seal, script: str, now: float, nonce: str) -> str:
    """Return what goes into the form; `now` in seconds since the epoch, `nonce` never given out before."""
    return seal.seal(_PURPOSE, f"{script} {now:.2f} {nonce}")


def nonce_of(token: str) -> str:
    """Return what makes a token one of a kind."""
    return token.rpartition(".")[0].rpartition(" ")[2]


def judge(seal: Seal, script: str, token: str, trap: str, now: float) -> Verdict:
    """Say what to think of a form that came back."""
    if trap:
        return Verdict.TRAPPED
    opened = seal.open(_PURPOSE, token)
    told = opened.split(" ") if opened is not None else []
    if len(told) != 3 or told[0] != script:
        return Verdict.OUTDATED
    age = now - float(told[1])
    if age > LONGEST_SECONDS or age < -LONGEST_SECONDS:
        return Verdict.OUTDATED
    return Verdict.TOO_QUICK if age < FASTEST_SECONDS else Verdict.PERSON
