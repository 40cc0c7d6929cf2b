"""Decide how a caller leaves a message: greeting, tone, his words, and what he may do with them. Pure.

    GREETING ──► RECORDING ──► MENU ──► GOODBYE
                     ▲  └ nothing was said │ once more
                     └─────────────────────┘ 2: again        1: hear it, and the menu again

Whatever he said is kept when he hangs up, wherever he is; that is decided when the call is over (`collecting`).
Knows no telephone: it says what to say and when to record.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum

from caruso.comm_server.sentences import (
    SPEAK_AFTER_TONE,
    VOICEMAIL_GREETING,
    VOICEMAIL_KEPT,
    VOICEMAIL_MENU,
    VOICEMAIL_NOTHING_SAID,
    VOICEMAIL_UNHEARD,
    spoken,
)
from caruso.model import ids
from caruso.model.centre import VoicemailRules
from caruso.model.ids import AgentId, ContactId, QueueId, RunId, SkillId
from caruso.script_engine.turns import Answered, DigitRule, Input, Segment, Turn

#: Begins the items of turns that are a voicemail's.
ITEM = "centre.voicemail"
GREETING, MENU, GOODBYE = f"{ITEM}-greeting", f"{ITEM}-menu", f"{ITEM}-goodbye"
#: Keys of the menu; every other one, and silence, keep the message.
HEAR_KEY, AGAIN_KEY = "1", "2"
#: Which key ends message and greeting.
END_KEY = "#"
#: A greeting is over when it is: nobody is waited for.
_AT_ONCE_SECONDS = 0.05
_MENU_SECONDS = 6.0
#: Somebody who says nothing is asked so often.
MOST_SILENT_TAKES = 2


class Stage(StrEnum):
    """Where a caller is."""

    GREETING = "greeting"
    RECORDING = "recording"
    MENU = "menu"
    GOODBYE = "goodbye"


@dataclass(frozen=True, slots=True, kw_only=True)
class Box:
    """Where a message is left, and how."""

    queue: QueueId
    rules: VoicemailRules
    owner: AgentId | None = None
    language: str = "en"
    #: Said before the greeting: why he is here.
    intro: str = ""
    priority: int = 0
    skills: Mapping[SkillId, int] = field(default_factory=dict)
    run: RunId | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Leading:
    """A caller who leaves a message."""

    contact: ContactId
    box: Box
    stage: Stage = Stage.GREETING
    #: How often he has begun to speak.
    take: int = 0
    #: In how many takes in a row nothing was said.
    silent: int = 0
    #: Counts what was said to him; turns have numbers below those of dialogs.
    turns: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Say:
    """Say this, and give what he does."""

    turn: Turn


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordNow:
    """Record him, beginning with a tone."""

    take: int


@dataclass(frozen=True, slots=True, kw_only=True)
class HangUpNow:
    """Everything has been said."""


Order = Say | RecordNow | HangUpNow


def begin(contact: ContactId, box: Box) -> tuple[Leading, Order]:
    """Greet a caller; who knows the greeting ends it with a key."""
    return _greet(Leading(contact=contact, box=box), *_greeting(box))


def again(contact: ContactId, box: Box, take: int) -> tuple[Leading, Order]:
    """Ask a caller to begin anew of whose `take` nothing is left."""
    return _greet(Leading(contact=contact, box=box, take=take), Segment(text=_sentence(box, SPEAK_AFTER_TONE)))


def at_menu(contact: ContactId, box: Box, take: int) -> tuple[Leading, Order]:
    """Go on with a caller whose message was recorded while we were away."""
    return _spoken(Leading(contact=contact, box=box, take=take, stage=Stage.RECORDING))


def given(leading: Leading, what: Input) -> tuple[Leading, Order | None]:
    """Return what follows from a key, or from none."""
    key = what.text if isinstance(what, Answered) else ""
    match leading.stage:
        case Stage.GREETING:
            return _record(leading)
        case Stage.MENU if key == HEAR_KEY:
            return _ask(leading, hear=True)
        case Stage.MENU if key == AGAIN_KEY:
            return _greet(leading, Segment(text=_sentence(leading.box, SPEAK_AFTER_TONE)))
        case Stage.MENU:
            return _goodbye(leading, VOICEMAIL_KEPT)
        case _:
            return leading, None


def recorded(leading: Leading, take: int, *, spoken: bool) -> tuple[Leading, Order | None]:
    """Return what follows when a recording is over; `spoken` tells whether it holds anything."""
    if leading.stage is not Stage.RECORDING or take != leading.take:
        return leading, None
    if spoken:
        return _spoken(replace(leading, silent=0))
    leading = replace(leading, silent=leading.silent + 1)
    if leading.silent < MOST_SILENT_TAKES:
        return _greet(leading, Segment(text=_sentence(leading.box, VOICEMAIL_UNHEARD)))
    return _goodbye(leading, VOICEMAIL_NOTHING_SAID)


def said(leading: Leading, turn: Turn) -> tuple[Leading, Order | None]:
    """Return what follows when something was said to its end that expected nothing."""
    ends = leading.stage is Stage.GOODBYE and turn.item == GOODBYE
    return leading, HangUpNow() if ends else None


def _greeting(box: Box) -> tuple[Segment, ...]:
    own = box.rules.greeting.get(box.language) or box.rules.greeting.get(box.language.partition("-")[0], "")
    greeting = Segment(text=own or _sentence(box, VOICEMAIL_GREETING), audio=box.rules.greeting_sound)
    return (Segment(text=box.intro), greeting) if box.intro else (greeting,)


def _greet(leading: Leading, *segments: Segment) -> tuple[Leading, Order]:
    # An info: any key is enough, and when it was heard to its end it goes on by itself.
    rule = DigitRule(first_timeout=_AT_ONCE_SECONDS)
    return _say(replace(leading, stage=Stage.GREETING), GREETING, "info", segments, rule)


def _record(leading: Leading) -> tuple[Leading, Order]:
    recording = replace(leading, stage=Stage.RECORDING, take=leading.take + 1)
    return recording, RecordNow(take=recording.take)


def _spoken(leading: Leading) -> tuple[Leading, Order]:
    return _ask(leading) if leading.box.rules.menu else _goodbye(leading, VOICEMAIL_KEPT)


def _ask(leading: Leading, *, hear: bool = False) -> tuple[Leading, Order]:
    menu = Segment(text=_sentence(leading.box, VOICEMAIL_MENU))
    message = Segment(text="", sound=f"recording:{ids.voicemail_recording(leading.contact, leading.take)}")
    segments = (message, menu) if hear else (menu,)
    rule = DigitRule(minimum=1, maximum=1, first_timeout=_MENU_SECONDS)
    return _say(replace(leading, stage=Stage.MENU), MENU, "question", segments, rule)


def _goodbye(leading: Leading, sentence: Mapping[str, str]) -> tuple[Leading, Order]:
    words = (Segment(text=_sentence(leading.box, sentence), barge_in=False),)
    return _say(replace(leading, stage=Stage.GOODBYE), GOODBYE, "end", words, None)


def _say(
    leading: Leading, item: str, kind: str, segments: tuple[Segment, ...], digits: DigitRule | None
) -> tuple[Leading, Order]:
    leading = replace(leading, turns=leading.turns + 1)
    turn = Turn(
        number=-1_000 - leading.turns,
        item=item,
        kind=kind,
        segments=segments,
        digits=digits,
        language=leading.box.language,
    )
    return leading, Say(turn=turn)


def _sentence(box: Box, sentence: Mapping[str, str]) -> str:
    return spoken(sentence, box.language.partition("-")[0])
