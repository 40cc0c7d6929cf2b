"""Speech."""

from __future__ import annotations

from pathlib import Path
from typing import Protocol


class SpeechSynthesis(Protocol):
    """Turns text into a sound file."""

    async def speak(self, text: str, language: str) -> Path:
        """Return a WAV file (8 kHz mono, the cache's own) that says `text`; raise `SpeechFailed`."""
        ...
