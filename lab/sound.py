"""Says what a recording holds: silence, a tone of a known pitch, or what another recording holds.

Pure, and coarse: it tells apart what the lab itself plays. Samples are 16 bits, 8,000 a second.
"""

from __future__ import annotations

import math
from array import array
from collections.abc import Sequence

RATE = 8000
#: A word's pause is longer than this, a sound's is not.
_FRAME = RATE // 50
#: Below this nothing is heard; the lab's tones have some 7,000, its music 1,000 and more.
QUIET = 100.0
#: How much of the power a pure tone has after G.711, packets lost on a busy machine included.
_PURE = 0.6


def samples(data: bytes) -> array[int]:
    """Return the samples in raw little-endian bytes; half a sample at the end is left out."""
    found = array("h")
    found.frombytes(data[: len(data) // 2 * 2])
    return found


def loudness(sound: Sequence[int]) -> float:
    """Return the root mean square."""
    return math.sqrt(sum(sample * sample for sample in sound) / len(sound)) if sound else 0.0


def is_silent(sound: Sequence[int]) -> bool:
    """Tell whether nothing is heard, whether or not there are samples."""
    return loudness(sound) < QUIET


def tone_share(sound: Sequence[int], hertz: float) -> float:
    """Return how much of the sound's power is a tone of this pitch, 0 to 1 (Goertzel, frame by frame)."""
    coefficient = 2 * math.cos(2 * math.pi * hertz / RATE)
    tone = power = 0.0
    for frame in _frames(sound):
        before = before_that = 0.0
        for sample in frame:
            before, before_that = sample + coefficient * before - before_that, before
        magnitude = before * before + before_that * before_that - coefficient * before * before_that
        tone += 2 * magnitude / len(frame)
        power += sum(sample * sample for sample in frame)
    return min(1.0, tone / power) if power else 0.0


def is_tone(sound: Sequence[int], hertz: float) -> bool:
    """Tell whether it is this tone, loud enough to be heard."""
    return not is_silent(sound) and tone_share(sound, hertz) > _PURE


def has_tone(sound: Sequence[int], hertz: float) -> bool:
    """Tell whether the tone can be made out, be it faint or among other sounds."""
    return loudness(sound) * math.sqrt(tone_share(sound, hertz)) > QUIET


def pauses(sound: Sequence[int]) -> float:
    """Return which share of the time is quiet compared with the rest: much in speech, hardly any in music."""
    frames = _envelope(sound)
    if not frames:
        return 0.0
    limit = max(QUIET, 0.15 * sorted(frames)[int(len(frames) * 0.9)])
    return sum(1 for frame in frames if frame < limit) / len(frames)


def resemblance(sound: Sequence[int], recording: Sequence[int]) -> float:
    """Return how well some stretch of `sound` follows the ups and downs of `recording`, -1 to 1.

    By loudness only, 50 times a second: enough to tell one sentence from another, and from music.
    """
    wanted = _envelope(recording)
    silence = [0.0] * (len(wanted) // 4)  # the beginning or the end may be missing
    heard = [*silence, *_envelope(sound), *silence]
    starts = range(len(heard) - len(wanted) + 1)
    return max((_correlation(heard[start : start + len(wanted)], wanted) for start in starts), default=0.0)


def _envelope(sound: Sequence[int]) -> list[float]:
    return [loudness(frame) for frame in _frames(sound)]


def _correlation(one: Sequence[float], other: Sequence[float]) -> float:
    mean, other_mean = sum(one) / len(one), sum(other) / len(other)
    pairs = [(a - mean, b - other_mean) for a, b in zip(one, other, strict=True)]
    spread = math.sqrt(sum(a * a for a, _ in pairs) * sum(b * b for _, b in pairs))
    return sum(a * b for a, b in pairs) / spread if spread else 0.0


def _frames(sound: Sequence[int]) -> list[Sequence[int]]:
    return [sound[start : start + _FRAME] for start in range(0, len(sound) - _FRAME + 1, _FRAME)]
