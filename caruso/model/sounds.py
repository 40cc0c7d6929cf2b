"""What a player draws of a sound."""

from __future__ import annotations

import msgspec

#: The outline's loudest value.
OUTLINE_FULL = 100


class Outline(msgspec.Struct, frozen=True, kw_only=True):
    """How loud a sound is in the course of time."""

    seconds: float
    #: A list for each channel, of values from 0 to `OUTLINE_FULL`, evenly spread.
    channels: list[list[int]]
