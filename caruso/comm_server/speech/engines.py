"""What can speak texts, by the name in the settings; the server's own comes in as those of plug-ins do."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Protocol

from caruso.comm_server.speech.espeak import EspeakSpeech
from caruso.config.settings import SpeechSettings
from caruso.ports.speech import SpeechSynthesis
from caruso.service_manager.hookspecs import hookimpl


class Speech(SpeechSynthesis, Protocol):
    """An engine at work."""

    async def close(self) -> None:
        """End what is being spoken."""
        ...


class SpeechEngine(Protocol):
    """Makes an engine of the settings."""

    def __call__(self, settings: SpeechSettings, cache: Path) -> Speech:
        """Return an engine that keeps what it has spoken in the folder `cache`."""
        ...


def espeak(settings: SpeechSettings, cache: Path) -> Speech:
    """Return the engine that comes with the server."""
    return EspeakSpeech(
        cache,
        settings.voices,
        cache_bytes=settings.cache_megabytes * 1_000_000,
        words_per_minute=settings.words_per_minute,
        timeout_seconds=settings.timeout_seconds,
        at_once=settings.at_once,
    )


@hookimpl
def speech_engines() -> Mapping[str, SpeechEngine]:
    """Return espeak-ng."""
    return {"espeak-ng": espeak}
