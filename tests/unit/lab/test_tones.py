"""Sounds, told apart."""

from __future__ import annotations

import random
from array import array
from pathlib import Path

from lab.tones import RATE, loudness, read_sound, resemblance, share_of_tone, write_beeps


def beeps(file: Path, hertz: float) -> array[int]:
    return read_sound(write_beeps(file, hertz=hertz, seconds=1))


def sentence(seed: int) -> array[int]:
    """Return four seconds of noise that goes up and down as words do."""
    dice = random.Random(seed)  # noqa: S311 -- a sound, not a secret
    sound = array("h")
    for _ in range(40):
        loud = dice.choice((0, 500, 3000, 9000))
        sound.extend(dice.randint(-loud, loud) for _ in range(RATE // 10))
    return sound


def test_a_tone_is_told_from_another(tmp_path: Path) -> None:
    sound = beeps(tmp_path / "beeps.wav", 440)
    assert share_of_tone(sound, 440) > 0.95
    assert share_of_tone(sound, 1000) < 0.01
    assert loudness(sound) > 0.2


def test_of_nothing_nothing_is_heard() -> None:
    assert loudness([]) == 0
    assert share_of_tone([], 440) == 0
    assert share_of_tone([0] * RATE, 440) == 0


def test_a_sentence_is_found_wherever_it_stands_even_if_its_end_is_missing(tmp_path: Path) -> None:
    spoken = sentence(1)
    heard = array("h", [*([3] * 3000), *spoken[:-800]])
    assert resemblance(heard, spoken) > 0.9
    assert resemblance(heard, sentence(2)) < 0.8
    assert resemblance(beeps(tmp_path / "beeps.wav", 440), spoken) < 0.5
