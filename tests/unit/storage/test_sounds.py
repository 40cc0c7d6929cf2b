"""WAV files of raw samples: their length, silenced stretches, and the outline that is drawn of them."""

from __future__ import annotations

import array
import wave
from pathlib import Path

import pytest

from caruso.storage.sounds import leading_silence, outline_of, seconds_of, wav_pieces


def raw(path: Path, left: list[int], right: list[int]) -> Path:
    samples = array.array("h", [sample for pair in zip(left, right, strict=True) for sample in pair])
    path.write_bytes(samples.tobytes())
    return path


def wav(path: Path, source: Path, **wanted: object) -> Path:
    path.write_bytes(b"".join(wav_pieces(source, channels=2, **wanted)))  # type: ignore[arg-type]
    return path


def test_what_it_begins_with_is_cut_off_in_whole_frames(tmp_path: Path) -> None:
    source = raw(tmp_path / "raw", [0] * 100 + [5], [0] * 101)
    assert leading_silence(source, channels=2) == 400
    source = raw(tmp_path / "raw", [0] * 101, [0] * 100 + [5])
    assert leading_silence(source, channels=2) == 400, "half a frame is none"


def test_silence_alone_is_nothing(tmp_path: Path) -> None:
    source = raw(tmp_path / "raw", [0] * 100, [0] * 100)
    assert leading_silence(source, channels=2) == 400
    made = wav(tmp_path / "wav", source, skip=400)
    assert seconds_of(made) == 0.0
    assert outline_of(made).channels == [[], []]


def test_a_stretch_is_silent_on_both_channels_and_nothing_else_is(tmp_path: Path) -> None:
    source = raw(tmp_path / "raw", [100] * 40_000, [200] * 40_000)
    made = wav(tmp_path / "wav", source, silent=[(1.0, 2.5), (4.75, 9.0)])
    with wave.open(str(made)) as sound:
        assert (sound.getnchannels(), sound.getframerate(), sound.getnframes()) == (2, 8000, 40_000)
        samples = array.array("h", sound.readframes(40_000))
    left, right = samples[0::2], samples[1::2]
    for channel, level in ((left, 100), (right, 200)):
        assert set(channel[8000:20_000]) == set(channel[38_000:]) == {0}
        assert set(channel[:8000]) == set(channel[20_000:38_000]) == {level}


def test_the_outline_shows_who_speaks_when(tmp_path: Path) -> None:
    half = 8000
    source = raw(tmp_path / "raw", [16_384] * half + [0] * half, [0] * half + [-32_768] * half)
    outline = outline_of(wav(tmp_path / "wav", source))
    assert outline.seconds == 2.0
    caller, agent = outline.channels
    assert caller[10] == 50
    assert caller[-10] == 0
    assert agent[10] == 0
    assert agent[-10] == 100


def test_a_file_that_was_cut_off_lasts_as_long_as_it_is(tmp_path: Path) -> None:
    made = wav(tmp_path / "wav", raw(tmp_path / "raw", [1] * 8000, [1] * 8000))
    made.write_bytes(made.read_bytes()[:-16_000])
    assert seconds_of(made) == 0.5
    assert outline_of(made).seconds == 0.5


def test_another_kind_of_file_is_refused(tmp_path: Path) -> None:
    other = tmp_path / "other"
    other.write_bytes(b"ID3" + b"\0" * 100)
    with pytest.raises(ValueError, match="no WAV file"):
        outline_of(other)
