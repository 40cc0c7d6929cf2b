"""Speaking once, keeping it, and failing cleanly. Two small programs stand in for espeak-ng and sox."""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest

from caruso.comm_server.speech import EspeakSpeech, SpeechFailed
from caruso.comm_server.speech.cache import IN_USE_SECONDS, SpeechCache

ESPEAK = """#!/bin/sh
if [ "$1" = "--version" ]; then echo "fake 1.0 Data at: /x"; exit 0; fi
echo "$*" >> "{calls}"
text=$(cat)
case "$text" in
  slow*) sleep {slow};;
  bad*) echo "no such voice" >&2; exit 1;;
esac
printf %s "$text"
"""
#: Takes what it is given for samples.
SOX = """#!/bin/sh
cat
"""

Speech = Callable[..., EspeakSpeech]


def program(path: Path, text: str) -> str:
    path.write_text(text)
    path.chmod(0o755)
    return str(path)


@pytest.fixture
async def speech(tmp_path: Path) -> AsyncIterator[Speech]:
    made: list[EspeakSpeech] = []

    def make(slow: float = 0.05, **how: object) -> EspeakSpeech:
        espeak = program(tmp_path / "espeak", ESPEAK.format(calls=tmp_path / "calls", slow=slow))
        how = {"espeak": espeak, "sox": program(tmp_path / "sox", SOX), **how}
        made.append(EspeakSpeech(tmp_path / "cache", {"en": "en-gb", "de": "de"}, **how))  # type: ignore[arg-type]
        return made[-1]

    yield make
    for one in made:
        await one.close()


def calls(tmp_path: Path) -> list[str]:
    file = tmp_path / "calls"
    return file.read_text().splitlines() if file.exists() else []


async def test_a_text_is_spoken_once_and_kept(speech: Speech, tmp_path: Path) -> None:
    first = await speech().speak("Good morning", "en")
    assert first.read_bytes().startswith(b"RIFF")
    assert first.read_bytes().endswith(b"Good morning")
    assert first.is_absolute()
    assert first.suffix == ".wav"
    again = await speech().speak("  Good \n morning ", "en")  # another process, later
    assert again == first
    assert calls(tmp_path) == ["-v en-gb -s 160 -b 1 --stdin --stdout"]


async def test_other_words_languages_and_paces_are_other_files(speech: Speech) -> None:
    voice = speech()
    files = {
        await voice.speak("a", "en"),
        await voice.speak("b", "en"),
        await voice.speak("a", "de"),
        await speech(words_per_minute=100).speak("a", "en"),
    }
    assert len(files) == 4


async def test_many_who_ask_at_once_share_one_synthesis(speech: Speech, tmp_path: Path) -> None:
    voice = speech()
    files = await asyncio.gather(*(voice.speak("slow", "en") for _ in range(20)))
    assert len(set(files)) == 1
    assert len(calls(tmp_path)) == 1


async def test_who_stops_waiting_leaves_the_others_waiting(speech: Speech) -> None:
    voice = speech()
    impatient = asyncio.create_task(voice.speak("slow", "en"))
    patient = asyncio.create_task(voice.speak("slow", "en"))
    await asyncio.sleep(0.02)
    impatient.cancel()
    assert (await patient).exists()


async def test_no_more_are_spoken_at_the_same_time_than_allowed(speech: Speech, tmp_path: Path) -> None:
    voice = speech(slow=0.15, at_once=2)
    tasks = [asyncio.create_task(voice.speak(f"slow {n}", "en")) for n in range(4)]
    await asyncio.sleep(0.1)
    assert len(calls(tmp_path)) <= 2
    await asyncio.gather(*tasks)


async def test_a_voice_of_a_region_falls_back_to_its_language(speech: Speech, tmp_path: Path) -> None:
    voice = speech()
    await voice.speak("a", "de-AT")
    await voice.speak("a", "pt-BR")
    assert [call.split()[1] for call in calls(tmp_path)] == ["de", "pt-br"]


@pytest.mark.parametrize(
    ("text", "language", "reason"),
    [
        ("bad", "en", "no such voice"),
        ("", "en", "nothing to say"),
        (" \x00\r\n", "en", "nothing to say"),
        ("x" * 5001, "en", "longer than 5000"),
        ("a", "-f/etc/passwd", "is no language"),
        ("a", "", "is no language"),
    ],
)
async def test_what_cannot_be_spoken_fails_and_leaves_nothing(
    speech: Speech, tmp_path: Path, text: str, language: str, reason: str
) -> None:
    with pytest.raises(SpeechFailed, match=reason):
        await speech().speak(text, language)
    assert not list((tmp_path / "cache").glob("*"))


async def test_a_failure_is_not_kept(speech: Speech, tmp_path: Path) -> None:
    voice = speech(sox=str(tmp_path / "missing"))
    with pytest.raises(SpeechFailed, match="missing is not installed"):
        await voice.speak("a", "en")
    assert (await speech().speak("a", "en")).exists()


async def test_a_program_that_hangs_is_ended(speech: Speech) -> None:
    started = time.monotonic()
    with pytest.raises(SpeechFailed, match=r"took more than 0\.1 s"):
        await speech(slow=30, timeout_seconds=0.1).speak("slow", "en")
    assert time.monotonic() - started < 5


async def test_a_missing_engine_is_told(speech: Speech) -> None:
    with pytest.raises(SpeechFailed, match="is not installed"):
        await speech(espeak="no-such-engine").version()


async def test_a_folder_that_cannot_be_written_is_told(speech: Speech, tmp_path: Path) -> None:
    (tmp_path / "cache").write_text("a file")
    with pytest.raises(SpeechFailed):
        await speech().speak("a", "en")


async def test_prewarming_goes_on_after_a_failure(speech: Speech, tmp_path: Path) -> None:
    voice = speech()
    assert await voice.prewarm([("a", "en"), ("bad", "en"), ("b", "en")]) == 1
    assert len(list((tmp_path / "cache").glob("*.wav"))) == 2


def test_what_was_not_used_for_longest_goes_first(tmp_path: Path) -> None:
    cache = SpeechCache(tmp_path, max_bytes=250)
    for age, name in enumerate(("new", "middle", "old", "oldest")):
        (tmp_path / f"{name}.wav").write_bytes(b"x" * 100)
        used = time.time() - IN_USE_SECONDS - 10 * (age + 1)
        os.utime(tmp_path / f"{name}.wav", (used, used))
    (tmp_path / "other.txt").write_bytes(b"x" * 1000)
    assert cache.prune() == 2
    assert {f.name for f in tmp_path.iterdir()} == {"new.wav", "middle.wav", "other.txt"}


def test_what_may_be_playing_stays(tmp_path: Path) -> None:
    cache = SpeechCache(tmp_path, max_bytes=10)
    old = time.time() - 2 * IN_USE_SECONDS
    for name in ("used", "unused"):
        (tmp_path / f"{name}.wav").write_bytes(b"x" * 100)
        os.utime(tmp_path / f"{name}.wav", (old, old))
    assert cache.has(tmp_path / "used.wav")
    assert cache.prune() == 1
    assert (tmp_path / "used.wav").exists()


def test_a_draft_that_fails_leaves_nothing(tmp_path: Path) -> None:
    cache = SpeechCache(tmp_path, max_bytes=10)

    def fail() -> None:
        with cache.draft_of(cache.file("a")) as draft:
            draft.write_text("half")
            raise OSError("disk full")

    with pytest.raises(OSError, match="disk full"):
        fail()
    assert list(tmp_path.iterdir()) == []
