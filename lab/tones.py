"""Make sound that can be told apart, and measure it: beeps in a WAV file, loudness, a tone's share, likeness.

Sound is 16 bits a sample, one channel, 8,000 samples a second: what a telephone carries.
"""

from __future__ import annotations

import array
import math
import wave
from collections.abc import Sequence
from pathlib import Path

RATE = 8_000
#: Two recordings of one sentence resemble each other more than this, of two sentences less.
SAME_SENTENCE = 0.8
_FULL = 32_767

#: A beep and the pause after it: speech is no steady sound either, and what removes noise takes steady ones away.
BEEP_SECONDS = 0.4
PAUSE_SECONDS = 0.2


def write_beeps(file: Path, *, hertz: float, seconds: float, level: float = 0.5) -> Path:
    """Write beeps of this frequency into a WAV file; return it."""
    one = [
        round(level * _FULL * math.sin(2 * math.pi * hertz * n / RATE)) for n in range(int(BEEP_SECONDS * RATE))
    ]
    period = array.array("h", one + [0] * int(PAUSE_SECONDS * RATE))
    with wave.open(str(file), "wb") as made:
        made.setnchannels(1)
        made.setsampwidth(2)
        made.setframerate(RATE)
        made.writeframes(period.tobytes() * math.ceil(seconds / (BEEP_SECONDS + PAUSE_SECONDS)))
    return file


def loudness(samples: Sequence[int]) -> float:
    """Return the root mean square of samples, 0 (silence) to 1."""
    if not samples:
        return 0.0
    return math.sqrt(sum(sample * sample for sample in samples) / len(samples)) / _FULL


def share_of_tone(samples: Sequence[int], hertz: float) -> float:
    """Return which part of the sound's power is this frequency, 0 to 1 (Goertzel, in slices of 50 ms)."""
    size = RATE // 20
    turn = 2 * math.cos(2 * math.pi * hertz / RATE)
    tone = whole = 0.0
    for start in range(0, len(samples) - size + 1, size):
        before = last = 0.0
        for sample in samples[start : start + size]:
            before, last = last, sample + turn * last - before
            whole += sample * sample
        tone += (before * before + last * last - turn * before * last) * 2 / size
    return min(1.0, tone / whole) if whole else 0.0


def read_sound(file: Path) -> array.array[int]:
    """Return the samples of a WAV file of our kind."""
    with wave.open(str(file)) as sound:
        if (sound.getframerate(), sound.getnchannels(), sound.getsampwidth()) != (RATE, 1, 2):
            raise ValueError(f"{file} is of another kind: {sound.getparams()}")
        return array.array("h", sound.readframes(sound.getnframes()))


def resemblance(samples: Sequence[int], recording: Sequence[int]) -> float:
    """Return how well some stretch of `samples` follows the ups and downs of `recording`, -1 to 1.

    By loudness only, 50 times a second: enough to tell one sentence from another, and from music.
    """
    wanted = _envelope(recording)
    silence = [0.0] * (len(wanted) // 4)  # the beginning or the end may be missing
    heard = [*silence, *_envelope(samples), *silence]
    starts = range(len(heard) - len(wanted) + 1)
    return max((_correlation(heard[start : start + len(wanted)], wanted) for start in starts), default=0.0)


def _envelope(samples: Sequence[int]) -> list[float]:
    size = RATE // 50
    return [loudness(samples[start : start + size]) for start in range(0, len(samples) - size + 1, size)]


def _correlation(one: Sequence[float], other: Sequence[float]) -> float:
    mean, other_mean = sum(one) / len(one), sum(other) / len(other)
    pairs = [(a - mean, b - other_mean) for a, b in zip(one, other, strict=True)]
    spread = math.sqrt(sum(a * a for a, _ in pairs) * sum(b * b for _, b in pairs))
    return sum(a * b for a, b in pairs) / spread if spread else 0.0
