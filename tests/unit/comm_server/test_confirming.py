"""Who has taken a call at a telephone outside: the agent who presses the key, and no mailbox."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from caruso.comm_server.stations.confirming import (
    Confirmation,
    ConfirmingEvent,
    ConfirmingStep,
    SoundsReady,
    Stage,
    TimeUp,
    advance,
)
from caruso.model.ids import LegId, PlaybackId
from caruso.model.telephony import (
    DigitPressed,
    EndCause,
    HangUp,
    LegAnswered,
    LegEnded,
    LegRinging,
    Play,
    PlaybackEnded,
    StopPlayback,
)

LEG = LegId("100.1~1~bob")
READY = SoundsReady(leg=LEG, sounds=("/sounds/press-1",))


def after(*events: ConfirmingEvent, key: str = "1") -> ConfirmingStep:
    """Return the last step of these."""
    step = ConfirmingStep(confirmation=Confirmation(leg=LEG, key=key))
    for event in events:
        assert step.confirmation is not None
        step = advance(step.confirmation, event)
    return step


def test_it_counts_as_answered_when_the_key_is_pressed() -> None:
    asked = after(LegRinging(leg=LEG), LegAnswered(leg=LEG))
    assert (asked.told, asked.ask, asked.wait) == ((), True, True)
    playing = after(LegAnswered(leg=LEG), READY)
    assert playing.commands == (Play(leg=LEG, playback=PlaybackId(f"{LEG}~confirm1"), sounds=READY.sounds),)
    taken = after(LegAnswered(leg=LEG), READY, DigitPressed(leg=LEG, digit="9"), DigitPressed(leg=LEG, digit="1"))
    assert taken.confirmation is None
    assert taken.told == (LegAnswered(leg=LEG),)
    assert taken.commands == (StopPlayback(leg=LEG, playback=PlaybackId(f"{LEG}~confirm1")),)


def test_the_question_is_asked_again_until_the_time_is_over() -> None:
    again = after(LegAnswered(leg=LEG), READY, PlaybackEnded(leg=LEG, playback=PlaybackId(f"{LEG}~confirm1")))
    assert again.ask
    late = after(LegAnswered(leg=LEG), READY, TimeUp(leg=LEG))
    assert late.commands == (HangUp(leg=LEG),)
    assert late.told == (LegEnded(leg=LEG, cause=EndCause.NO_ANSWER),)


def test_a_mailbox_that_hangs_up_has_not_answered() -> None:
    (told,) = after(LegAnswered(leg=LEG), READY, LegEnded(leg=LEG, cause=EndCause.NORMAL)).told
    assert told == LegEnded(leg=LEG, cause=EndCause.NO_ANSWER)
    (told,) = after(LegEnded(leg=LEG, cause=EndCause.BUSY)).told
    assert told == LegEnded(leg=LEG, cause=EndCause.BUSY)


def test_without_a_key_it_counts_when_it_is_picked_up() -> None:
    assert after(LegAnswered(leg=LEG), key="").told == (LegAnswered(leg=LEG),)


_EVENTS = st.sampled_from(
    [
        LegRinging(leg=LEG),
        LegAnswered(leg=LEG),
        LegEnded(leg=LEG, cause=EndCause.NORMAL),
        LegEnded(leg=LEG, cause=EndCause.UNREACHABLE),
        *(DigitPressed(leg=LEG, digit=digit) for digit in "12#"),
        PlaybackEnded(leg=LEG, playback=PlaybackId(f"{LEG}~confirm1")),
        READY,
        TimeUp(leg=LEG),
    ]
)


@given(st.lists(_EVENTS, max_size=12))
def test_nobody_is_told_of_an_answer_without_answer_and_key(
    events: list[ConfirmingEvent],
) -> None:
    known: Confirmation | None = Confirmation(leg=LEG, key="1")
    seen: list[ConfirmingEvent] = []
    told: list[object] = []
    for event in events:
        if known is None:
            break
        step = advance(known, event)
        seen.append(event)
        told += [kind for kind in step.told if not isinstance(kind, LegRinging)]
        known = step.confirmation
        assert known is None or known.stage is (Stage.ASKED if LegAnswered(leg=LEG) in seen else Stage.RINGING)
    assert len(told) == (1 if known is None else 0), "decided once"
    if LegAnswered(leg=LEG) in told:
        assert DigitPressed(leg=LEG, digit="1") in seen[seen.index(LegAnswered(leg=LEG)) :]
