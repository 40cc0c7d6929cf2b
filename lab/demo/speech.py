"""What callers say, as sound: spoken once by the machine's own speech synthesis, kept between runs."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from pathlib import Path

_TEXTS = {
    "en": ("en-gb", "Hello. I am calling about my contract. Can you help me, please? I have the papers here."),
    "de": ("de", "Guten Tag. Ich rufe wegen meines Vertrages an. Können Sie mir bitte helfen?"),
}
#: Silence after the sentence, so that a caller does not talk without a breath.
_BREATH_SECONDS = 3


async def callers_speech(folder: Path) -> Mapping[str, Path]:
    """Return by language a file of raw µ-law, 8,000 a second, as SIPp plays it."""
    return {language: await _speak(folder, language, *spoken) for language, spoken in _TEXTS.items()}


async def _speak(folder: Path, language: str, voice: str, text: str) -> Path:
    await asyncio.to_thread(folder.mkdir, parents=True, exist_ok=True)
    made, spoken = folder / f"{language}.ul", folder / f"{language}.wav"
    if made.is_file():
        return made
    await _run("espeak-ng", "-v", voice, "-w", str(spoken), text)
    unfinished = made.with_suffix(".part")
    raw = ("-t", "ul", "-r", "8000", "-c", "1", str(unfinished))
    await _run("sox", "-V1", str(spoken), *raw, "gain", "-n", "-6", "pad", "0", str(_BREATH_SECONDS))
    spoken.unlink()
    return unfinished.rename(made)


async def _run(*command: str) -> None:
    process = await asyncio.create_subprocess_exec(
        *command, stdin=asyncio.subprocess.DEVNULL, stderr=asyncio.subprocess.PIPE
    )
    _, complaint = await process.communicate()
    if process.returncode != 0:
        raise RuntimeError(f"{command[0]} could not make the callers' speech: {complaint.decode().strip()}")
