"""Sound that is made can be told apart again."""

from __future__ import annotations

import array
import math
import wave
from pathlib import Path

import pytest

from lab.tones import BEEP_SECONDS, PAUSE_SECONDS, RATE, loudness, share_of_tone, write_beeps


def sine(hertz: float, *, level: float = 0.5, seconds: float = 1.0) -> list[int]:
    return [round(level * 32_767 * math.sin(2 * math.pi * hertz * n / RATE)) for n in range(int(seconds * RATE))]


def test_silence_is_not_loud_and_has_no_tone() -> None:
    assert loudness([0] * RATE) == 0
    assert loudness([]) == 0
    assert share_of_tone([0] * RATE, 440) == 0


def test_a_sine_is_as_loud_as_it_should_be_and_is_all_of_the_sound() -> None:
    assert loudness(sine(440)) == pytest.approx(0.5 / math.sqrt(2), rel=0.01)
    assert share_of_tone(sine(440), 440) > 0.95


def test_another_tone_is_not_taken_for_it() -> None:
    assert share_of_tone(sine(1250), 440) < 0.02


def test_of_two_tones_each_has_its_share() -> None:
    both = [a + b for a, b in zip(sine(440, level=0.3), sine(1250, level=0.3), strict=True)]
    assert share_of_tone(both, 440) == pytest.approx(0.5, abs=0.1)
    assert share_of_tone(both, 1250) == pytest.approx(0.5, abs=0.1)


def test_a_file_of_beeps_has_its_length_its_tone_and_pauses(tmp_path: Path) -> None:
    with wave.open(str(write_beeps(tmp_path / "beeps.wav", hertz=1250, seconds=3)), "rb") as file:
        samples = array.array("h", file.readframes(file.getnframes()))
    assert len(samples) / RATE == pytest.approx(3, abs=BEEP_SECONDS + PAUSE_SECONDS)
    assert share_of_tone(samples, 1250) > 0.9
    pause = samples[int((BEEP_SECONDS + 0.01) * RATE) : int((BEEP_SECONDS + PAUSE_SECONDS - 0.01) * RATE)]
    assert loudness(pause) == 0
