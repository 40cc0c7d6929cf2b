"""The real espeak-ng and sox: there is sound, in the form Asterisk plays without converting."""

from __future__ import annotations

import wave
from array import array
from pathlib import Path

import pytest

from caruso.comm_server.speech import EspeakSpeech, SpeechFailed

#: Loudness of speech, of 32,767; silence and noise are far below.
AUDIBLE = 1_000


def samples(file: Path) -> array[int]:
    """Return the samples of an 8 kHz mono 16-bit file."""
    with wave.open(str(file)) as sound:
        assert (sound.getframerate(), sound.getnchannels(), sound.getsampwidth()) == (8000, 1, 2)
        read = array("h", sound.readframes(sound.getnframes()))
        assert len(read) == sound.getnframes()  # the header tells the truth
        return read


def readable_for_all(file: Path) -> bool:
    return file.stat().st_mode & 0o044 == 0o044


def loudness(sound: array[int]) -> float:
    return float((sum(s * s for s in sound) / len(sound)) ** 0.5)


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("Good morning, how can we help you?", "en"),
        ("Guten Morgen! Schöne Grüße.", "de"),
        ("$(touch x); `id` -v fr <speak> [[aI]] \"'", "en"),
    ],
)
async def test_it_says_something(tmp_path: Path, text: str, language: str) -> None:
    speech = EspeakSpeech(tmp_path / "cache", {"en": "en-gb", "de": "de"})
    file = await speech.speak(text, language)
    sound = samples(file)
    assert 1.0 < len(sound) / 8000 < 10.0
    assert loudness(sound) > AUDIBLE
    # At an even loudness: the peak is 3 dB below full scale.
    assert 0.68 < max(map(abs, sound)) / 32767 < 0.73
    assert readable_for_all(file)


async def test_an_unknown_voice_fails(tmp_path: Path) -> None:
    with pytest.raises(SpeechFailed, match="espeak-ng"):
        await EspeakSpeech(tmp_path, {}).speak("hello", "xx")
