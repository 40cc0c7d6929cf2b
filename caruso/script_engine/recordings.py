"""Which recordings a script wants, by language: what is not there is spoken by a machine. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from caruso.script_engine.nodes import Dialog
from caruso.script_engine.translation.units import Texts
from caruso.script_engine.turns import ScriptChannel


@dataclass(frozen=True, slots=True, kw_only=True)
class Recording:
    """A text that is, or could be, said from a recording."""

    #: Id of the text (`caruso.script_engine.translation`).
    text: str
    language: str
    #: As the script names it, without folder; empty: the script names none.
    file: str
    #: What is to be said.
    words: str
    line: int


def recordings(texts: Texts, dialog: Dialog) -> tuple[Recording, ...]:
    """Return all texts that can be said on the phone, in every language they are said in."""
    if ScriptChannel.PHONE not in dialog.channels:
        return ()
    return tuple(_recordings(texts))


def _recordings(texts: Texts) -> Iterator[Recording]:
    for unit in texts.units:
        for language, wording in unit.wordings.items():
            attributes = wording.node.attributes
            channels = attributes.get("channel", "phone").split()
            if wording.node.name != "text" or "phone" not in channels:
                continue
            # One that serves for all languages is said in those that have none of their own.
            others = [one for one in texts.languages if one not in unit.wordings]
            for spoken in [language] if language else others:
                yield Recording(
                    text=unit.id,
                    language=spoken,
                    file=attributes.get("audio", ""),
                    words=wording.shown,
                    line=wording.line,
                )
