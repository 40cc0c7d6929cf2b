"""Make a WAV file of what the PBX has of a message, and measure what was said in it. Pure.

A PBX that was killed in the middle of a recording leaves a file whose header tells no length, or none at all after
its last flush: what is there is kept. Sound is 8 kHz, mono, 16 bits (what `Record` asks for).
"""

from __future__ import annotations

import array
import struct
import sys
from collections.abc import Iterator
from dataclasses import dataclass

RATE = 8_000
_SAMPLE_BYTES = 2
#: Samples looked at together: 20 ms, the length of a packet.
_FRAME = 160
#: From lowest to highest sample; a line's noise is below, the most quiet speech above.
_LOUD = 600
#: Bytes: five seconds.
_PIECE = 5 * RATE * _SAMPLE_BYTES
_HEADER = struct.Struct("<4sI4s4sIHHIIHH4sI")


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """What was said."""

    #: A whole WAV file.
    wav: bytes
    seconds: float
    #: For how long there was anything but silence.
    spoken_seconds: float


def message_of(file: bytes) -> Message:
    """Return the message in what the PBX has stored; one without any sound when it is no sound file."""
    sound = samples_of(file)
    spoken = sum(spoken_seconds(piece) for piece in pieces_of(sound))
    return message(sound, spoken)


def message(sound: bytes, spoken: float) -> Message:
    """Return these samples as a message in which something is said for so long, seconds."""
    seconds = len(sound) / _SAMPLE_BYTES / RATE
    return Message(wav=_wav(sound), seconds=round(seconds, 2), spoken_seconds=round(spoken, 2))


def pieces_of(sound: bytes) -> Iterator[bytes]:
    """Yield samples in pieces that are measured within a millisecond or two."""
    for start in range(0, len(sound), _PIECE):
        yield sound[start : start + _PIECE]


def spoken_seconds(piece: bytes) -> float:
    """Return for how long there is anything but silence in a piece of the samples."""
    samples = array.array("h", piece)
    if sys.byteorder == "big":
        samples.byteswap()
    frames = (samples[start : start + _FRAME] for start in range(0, len(samples), _FRAME))
    return sum(max(frame) - min(frame) >= _LOUD for frame in frames) * _FRAME / RATE


def samples_of(file: bytes) -> bytes:
    """Return what follows the header of the data, as far as it was written."""
    if file[:4] != b"RIFF" or file[8:12] != b"WAVE":
        return b""
    at = 12
    while at + 8 <= len(file):
        name, length = file[at : at + 4], int.from_bytes(file[at + 4 : at + 8], "little")
        if name == b"data":
            there = len(file) - at - 8
            # A length of nothing, or of more than there is, was never put right.
            length = length if 0 < length <= there else there
            return file[at + 8 : at + 8 + length // _SAMPLE_BYTES * _SAMPLE_BYTES]
        at += 8 + length + length % 2
    return b""


def _wav(sound: bytes) -> bytes:
    header = _HEADER.pack(
        b"RIFF",
        36 + len(sound),
        b"WAVE",
        b"fmt ",
        16,
        1,
        1,
        RATE,
        RATE * _SAMPLE_BYTES,
        _SAMPLE_BYTES,
        8 * _SAMPLE_BYTES,
        b"data",
        len(sound),
    )
    return header + sound
