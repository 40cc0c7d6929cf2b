"""Choose the best wording for a language, channel and attempt, and fill in its values. Nothing waits here."""

from __future__ import annotations

from collections.abc import Iterable

from caruso.script_engine import wording
from caruso.script_engine.nodes import Dialog, Link, Question, Shown, Text, Texts
from caruso.script_engine.scope import RunScope
from caruso.script_engine.shown import show
from caruso.script_engine.turns import ScriptChannel, Segment, TextLink
from caruso.script_engine.values import LONGEST_TEXT

#: Characters of a value that a text shows.
LONGEST_SHOWN = 500


def choose(
    texts: Texts,
    *,
    scope: RunScope,
    language: str,
    fallback: str,
    channel: ScriptChannel,
    attempt: int = 1,
    anywhere: bool = False,
) -> Text | None:
    """Return the text that fits best, the first written of equals; None when none is meant for this channel.

    Understanding goes first: language, then attempt, then channel. `anywhere` accepts a text for
    another channel rather than none.
    """
    best: Text | None = None
    best_rank: tuple[int, ...] = ()
    for text in texts:
        here = text.channels is None or channel in text.channels
        if not (here or anywhere) or text.attempt > attempt:
            continue
        if text.condition is not None and not text.condition.holds(scope):
            continue
        rank = (
            here,
            _language_rank(text.language, language, fallback),
            text.attempt,
            text.channels is not None and here,
            text.condition is not None,
        )
        if best is None or rank > best_rank:
            best, best_rank = text, rank
    return best


def _language_rank(written: str, wanted: str, fallback: str) -> int:
    if written == wanted:
        return 5
    if not written:
        return 2
    if wording.primary(written) == wording.primary(wanted):
        return 4
    return 3 if written == fallback else 1


def render(
    parts: Iterable[str | Shown | Link], dialog: Dialog, scope: RunScope, language: str, channel: ScriptChannel
) -> str:
    """Return the words with their values in them."""
    return "".join(_words(part, dialog, scope, language, channel) for part in parts)[:LONGEST_TEXT]


def _words(
    part: str | Shown | Link, dialog: Dialog, scope: RunScope, language: str, channel: ScriptChannel
) -> str:
    match part:
        case str():
            return part
        case Link(words=words):
            return render(words, dialog, scope, language, channel)
        case Shown():
            return _shown(part, dialog, scope, language, channel)


def segment(text: Text, dialog: Dialog, scope: RunScope, language: str, channel: ScriptChannel) -> Segment:
    """Return the text ready to show or say."""
    words, links = "", []
    for part in text.parts:
        start = len(words)
        words += _words(part, dialog, scope, language, channel)
        if isinstance(part, Link) and len(words) <= LONGEST_TEXT:
            links.append(TextLink(start=start, end=len(words), to=part.to))
    return Segment(text=words[:LONGEST_TEXT], audio=text.audio, barge_in=text.barge_in, links=tuple(links))


def _shown(part: Shown, dialog: Dialog, scope: RunScope, language: str, channel: ScriptChannel) -> str:
    aloud = channel is ScriptChannel.PHONE
    answered = part.of.answer_of
    if answered is not None and part.format == "plain" and _is_question(dialog, scope, answered):
        words = scope.label(answered, aloud=aloud) or ""
    else:
        value, form, currency = part.of.value(scope), part.format, part.currency
        words = show(value, language, form, aloud=aloud, zone=scope.zone, currency=currency)
    return words[:LONGEST_SHOWN] or part.if_empty


def _is_question(dialog: Dialog, scope: RunScope, name: str) -> bool:
    return isinstance(dialog.items.get(scope.frame.prefix + name), Question)
