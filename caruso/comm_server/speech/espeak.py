"""Speaks texts with espeak-ng, as 8 kHz mono 16-bit WAV files that Asterisk plays without converting.

Two programs one after the other, text through standard input and never through a shell: espeak-ng speaks at
22,050 Hz, sox brings that to 8,000 Hz with a proper filter and to an even loudness. Each text is spoken once,
however many ask for it. Knows nothing of calls; who cannot wait prewarms.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import re
import signal
import wave
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import ClassVar

import structlog

from caruso.comm_server.speech.cache import SpeechCache
from caruso.errors import CarusoError

#: Longer texts belong into a recording.
MAX_CHARACTERS = 5_000
SAMPLE_RATE = 8_000
#: Below full scale, so that codecs and mixing do not clip.
_PEAK_DB = "-3"
#: Texts spoken between two looks at the size of the cache.
_PRUNE_EVERY = 20
#: Changes whenever the same text would sound different for another reason than its parameters.
_RECIPE = "1"

_LANGUAGE = re.compile(r"[a-z]{2,3}(-[A-Za-z0-9]{1,8})*")
_UNSPEAKABLE = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff]")
_SPACES = re.compile(r"\s+")

_log = structlog.get_logger()


class SpeechFailed(CarusoError):
    """The text could not be spoken."""

    code: ClassVar[str] = "speech-failed"


class EspeakSpeech:
    """Implements `caruso.ports.speech.SpeechSynthesis`. `close` it at the end."""

    def __init__(
        self,
        cache_dir: Path,
        voices: Mapping[str, str],
        *,
        cache_bytes: int = 500_000_000,
        words_per_minute: int = 160,
        timeout_seconds: float = 10.0,
        at_once: int = 2,
        espeak: str = "espeak-ng",
        sox: str = "sox",
    ) -> None:
        """Speak with the voice of the language in `voices`, else with espeak-ng's voice of that name."""
        self._cache = SpeechCache(cache_dir.absolute(), cache_bytes)
        self._voices = voices
        self._words_per_minute = words_per_minute
        self._timeout_seconds = timeout_seconds
        self._free = asyncio.Semaphore(at_once)
        self._espeak = espeak
        self._sox = sox
        self._version = ""
        self._speaking: dict[Path, asyncio.Task[Path]] = {}
        self._spoken = 0

    async def speak(self, text: str, language: str) -> Path:
        """Return a WAV file that says `text`; raise `SpeechFailed`.

        A text that was spoken before costs a look at the disk. Whoever stops waiting leaves the others waiting.
        """
        text = _speakable(text)
        voice = self._voice(language)
        file = self._cache.file(_RECIPE, await self.version(), voice, str(self._words_per_minute), language, text)
        task = self._speaking.get(file)
        if task is None:
            if self._cache.has(file):
                return file
            task = asyncio.create_task(self._make(file, text, voice), name="speak")
            self._speaking[file] = task
            task.add_done_callback(lambda done: self._done(file, done))
        return await asyncio.shield(task)

    async def prewarm(self, texts: Iterable[tuple[str, str]]) -> int:
        """Speak (text, language) pairs ahead; return how many could not be spoken."""
        failed = 0
        for text, language in texts:
            try:
                await self.speak(text, language)
            except SpeechFailed as problem:
                failed += 1
                _log.warning("speech_prewarm_failed", language=language, reason=str(problem))
        return failed

    async def version(self) -> str:
        """Return what speaks, in which version; raise `SpeechFailed` when it is not there."""
        if not self._version:
            self._version = (
                (await self._run((self._espeak, "--version"))).decode(errors="replace").split("Data")[0]
            )
        return self._version

    async def close(self) -> None:
        """Stop speaking."""
        tasks = tuple(self._speaking.values())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def _voice(self, language: str) -> str:
        voice = self._voices.get(language) or self._voices.get(language.partition("-")[0])
        if voice is None and not _LANGUAGE.fullmatch(language):
            raise SpeechFailed(f"“{language[:40]}” is no language")
        return voice or language.lower()

    async def _make(self, file: Path, text: str, voice: str) -> Path:
        async with self._free:
            try:
                with self._cache.draft_of(file) as draft:
                    await self._write(draft, text, voice)
            except OSError as problem:
                raise SpeechFailed(f"The sound cannot be kept: {problem.strerror}") from problem
        self._spoken += 1
        if self._spoken % _PRUNE_EVERY == 1:
            removed = await asyncio.to_thread(self._cache.prune)
            _log.debug("speech_cache_pruned", removed=removed)
        return file

    async def _write(self, draft: Path, text: str, voice: str) -> None:
        words = str(self._words_per_minute)
        spoken = await self._run((self._espeak, "-v", voice, "-s", words, "-b", "1", "--stdin", "--stdout"), text)
        # espeak-ng cannot know the length when it writes to a pipe; sox takes all there is.
        source = ("--ignore-length", "-t", "wav", "-")
        target = ("-t", "raw", "-e", "signed", "-L", "-r", str(SAMPLE_RATE), "-b", "16", "-c", "1", "-")
        samples = await self._run((self._sox, "-V1", *source, *target, "gain", "-n", _PEAK_DB), spoken)
        # Not sox's business: on a full disk it says that all is well and leaves half a file.
        await asyncio.to_thread(_write_wav, draft, samples)

    async def _run(self, command: Sequence[str], given: str | bytes = b"") -> bytes:
        """Run a program and return what it wrote."""
        program = command[0]
        try:
            process = await asyncio.create_subprocess_exec(
                *command,
                stdin=asyncio.subprocess.PIPE if given else asyncio.subprocess.DEVNULL,
                stdout=asyncio.subprocess.PIPE,
                stderr=asyncio.subprocess.PIPE,
                start_new_session=True,
            )
        except FileNotFoundError as problem:
            raise SpeechFailed(f"{program} is not installed") from problem
        except OSError as problem:
            raise SpeechFailed(f"{program} cannot be started: {problem.strerror}") from problem
        try:
            async with asyncio.timeout(self._timeout_seconds):
                text = given.encode() if isinstance(given, str) else given
                out, complaint = await process.communicate(text or None)
        except RuntimeError as problem:  # uvloop's word for a program that ended before it had read everything
            raise SpeechFailed(f"{program} ended too early") from problem
        except TimeoutError as problem:
            raise SpeechFailed(f"{program} took more than {self._timeout_seconds:g} s") from problem
        finally:
            if process.returncode is None:
                with contextlib.suppress(ProcessLookupError):
                    os.killpg(process.pid, signal.SIGKILL)  # with whatever it started
                await process.wait()
        if process.returncode:
            reason = complaint.decode(errors="replace").strip()[:200] or f"exit code {process.returncode}"
            raise SpeechFailed(f"{program}: {reason}")
        return out

    def _done(self, file: Path, task: asyncio.Task[Path]) -> None:
        del self._speaking[file]
        if not task.cancelled() and task.exception() is not None:  # seen, even when nobody waits any more
            _log.warning("speech_failed", reason=str(task.exception()))


def _write_wav(file: Path, samples: bytes) -> None:
    with wave.open(str(file), "wb") as out:
        out.setnchannels(1)
        out.setsampwidth(2)
        out.setframerate(SAMPLE_RATE)
        out.writeframes(samples)


def _speakable(text: str) -> str:
    """Leave out what no voice can say. Double brackets would be taken for phonemes."""
    text = _SPACES.sub(" ", _UNSPEAKABLE.sub("", text).replace("[[", "[ [")).strip()
    if not text:
        raise SpeechFailed("There is nothing to say")
    if len(text) > MAX_CHARACTERS:
        raise SpeechFailed(f"The text is longer than {MAX_CHARACTERS} characters")
    return text
