"""WAV files of telephone sound: made of raw samples, with silenced stretches, and the outline of their loudness.

Sound is 16 bits a sample, 8,000 samples a second and channel: what a telephone carries. Works in pieces: an hour
of two channels is 115 MB.
"""

from __future__ import annotations

import mmap
import struct
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from caruso.model.sounds import OUTLINE_FULL, Outline

#: Samples a second.
RATE = 8_000
SAMPLE_BYTES = 2
#: How finely the outline of a sound is drawn: values per channel.
OUTLINE = 600
#: So many samples of a value's stretch are looked at: more show nothing more, and an hour must not take seconds.
_LOOKED_AT = 256
_FULL = 32_768
_HEADER = 44
_PIECE = 64 * 1024


def wav_header(data_bytes: int, *, channels: int) -> bytes:
    """Return what stands before `data_bytes` bytes of samples."""
    frame = channels * SAMPLE_BYTES
    form = struct.pack("<4sIHHIIHH", b"fmt ", 16, 1, channels, RATE, RATE * frame, frame, SAMPLE_BYTES * 8)
    return (
        struct.pack("<4sI4s", b"RIFF", data_bytes + 36, b"WAVE") + form + struct.pack("<4sI", b"data", data_bytes)
    )


def leading_silence(raw: Path, *, channels: int) -> int:
    """Return how many bytes of digital silence a file of raw samples begins with: a whole number of frames."""
    frame = channels * SAMPLE_BYTES
    silent = 0
    with raw.open("rb") as source:
        while piece := source.read(_PIECE):
            rest = piece.lstrip(b"\0")
            silent += len(piece) - len(rest)
            if rest:
                break
    return silent // frame * frame


def wav_pieces(
    raw: Path, *, channels: int, skip: int = 0, silent: Iterable[tuple[float, float]] = ()
) -> Iterator[bytes]:
    """Yield a WAV file of raw samples without the first `skip` bytes, and with silence in these stretches.

    A stretch is from and to so many seconds after the beginning of what is yielded.
    """
    frame = channels * SAMPLE_BYTES
    size = max(0, raw.stat().st_size - skip) // frame * frame
    stretches = [(int(begin * RATE) * frame, int(end * RATE) * frame) for begin, end in silent]
    yield wav_header(size, channels=channels)
    done = 0
    with raw.open("rb") as source:
        source.seek(skip)
        while done < size and (piece := source.read(min(_PIECE, size - done))):
            yield _silenced(piece, done, stretches)
            done += len(piece)


def _silenced(piece: bytes, offset: int, stretches: Sequence[tuple[int, int]]) -> bytes:
    changed: bytearray | None = None
    for begin, end in stretches:
        first, last = max(0, begin - offset), min(len(piece), end - offset)
        if first < last:
            changed = changed if changed is not None else bytearray(piece)
            changed[first:last] = bytes(last - first)
    return piece if changed is None else bytes(changed)


def seconds_of(wav: Path) -> float:
    """Return how long a WAV file lasts; raise `ValueError` when it is none of ours, `OSError` when not there."""
    channels, size = _read_header(wav)
    return round(size / (channels * SAMPLE_BYTES * RATE), 3)


def outline_of(wav: Path) -> Outline:
    """Return the outline of a WAV file; raise `ValueError` when it is none of ours, `OSError` when not there."""
    channels, size = _read_header(wav)
    frames = size // (channels * SAMPLE_BYTES)
    if not frames:
        return Outline(seconds=0.0, channels=[[] for _ in range(channels)])
    with (
        wav.open("rb") as source,
        mmap.mmap(source.fileno(), 0, access=mmap.ACCESS_READ) as mapped,
        memoryview(mapped) as whole,
        whole[_HEADER : _HEADER + frames * channels * SAMPLE_BYTES] as data,
        data.cast("h") as samples,
    ):
        drawn = [_outline(samples, channel, channels, frames) for channel in range(channels)]
    return Outline(seconds=round(frames / RATE, 3), channels=drawn)


def _outline(samples: Sequence[int], channel: int, channels: int, frames: int) -> list[int]:
    values = min(OUTLINE, frames)
    outline = []
    for index in range(values):
        first, last = index * frames // values, (index + 1) * frames // values
        step = max(1, (last - first) // _LOOKED_AT)
        seen = samples[first * channels + channel : last * channels : channels * step]
        loudest = max(*seen, -min(seen))
        outline.append(min(OUTLINE_FULL, round(loudest * OUTLINE_FULL / _FULL)))
    return outline


def _read_header(wav: Path) -> tuple[int, int]:
    """Return how many channels there are, and how many bytes of samples really follow."""
    with wav.open("rb") as source:
        header = source.read(_HEADER)
    kind = header[:4] + header[8:16] + header[36:40]
    if len(header) < _HEADER or kind != b"RIFFWAVEfmt data":
        raise ValueError(f"{wav.name} is no WAV file of ours")
    form, channels, rate, _, _, bits = struct.unpack("<HHIIHH", header[20:36])
    if (form, rate, bits) != (1, RATE, SAMPLE_BYTES * 8) or channels not in (1, 2):
        raise ValueError(f"{wav.name} is a sound of another kind")
    return channels, wav.stat().st_size - _HEADER
