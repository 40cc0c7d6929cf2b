"""What recordings hold, told apart."""

from __future__ import annotations

import math
import random
from array import array

from lab.sound import RATE, has_tone, is_silent, is_tone, pauses, resemblance, samples, tone_share


def tone(hertz: float, seconds: float = 0.5, amplitude: int = 8000) -> array[int]:
    count = int(RATE * seconds)
    return array("h", (round(amplitude * math.sin(2 * math.pi * hertz * n / RATE)) for n in range(count)))


def sentence(seed: int) -> array[int]:
    """Return four seconds of noise that goes up and down as words do."""
    dice = random.Random(seed)  # noqa: S311 -- a sound, not a secret
    sound = array("h")
    for _ in range(40):
        loud = dice.choice((0, 500, 3000, 9000))
        sound.extend(dice.randint(-loud, loud) for _ in range(RATE // 10))
    return sound


def test_a_tone_is_told_from_another() -> None:
    assert is_tone(tone(400), 400)
    assert not has_tone(tone(400), 1000)
    assert tone_share(tone(400), 400) > 0.95


def test_a_faint_tone_in_another_is_made_out() -> None:
    mixed = array("h", (a + b for a, b in zip(tone(400), tone(1000, amplitude=800), strict=True)))
    assert has_tone(mixed, 1000)
    assert not is_tone(mixed, 1000)


def test_nothing_is_silent_and_has_no_tone() -> None:
    for quiet in (array("h"), array("h", [2] * 800)):
        assert is_silent(quiet)
        assert not is_tone(quiet, 400)
        assert not has_tone(quiet, 400)


def test_a_tone_has_no_pauses_and_words_have() -> None:
    assert pauses(tone(400)) == 0
    assert pauses(sentence(1)) > 0.1


def test_a_sentence_is_found_wherever_it_stands_even_if_its_end_is_missing() -> None:
    spoken = sentence(1)
    heard = array("h", [*([3] * 3000), *spoken[:-800]])
    assert resemblance(heard, spoken) > 0.9
    assert resemblance(heard, sentence(2)) < 0.8
    assert resemblance(tone(400, 3), spoken) < 0.5


def test_half_a_sample_is_left_out() -> None:
    assert list(samples(b"\x01\x00\xff\xff\x07")) == [1, -1]
