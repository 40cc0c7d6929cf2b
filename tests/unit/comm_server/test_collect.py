"""How a turn is led on a telephone: keys, codes, and what is spoken and recorded."""

from __future__ import annotations

from caruso.comm_server.ivr import collect
from caruso.comm_server.ivr.collect import (
    CollectEvent,
    Digit,
    Give,
    Listen,
    Listening,
    Outcome,
    PhoneTurn,
    PromptEnded,
    Recorded,
    SoundsReady,
    TimeUp,
)
from caruso.model import ids
from caruso.model.ids import ContactId, LegId, RecordingId
from caruso.model.telephony import DropRecording, Play, Record, StopPlayback
from caruso.script_engine.turns import Answered, DigitRule, Happened, Input, RecordRule, Segment, Turn

CONTACT = ContactId("17.1")
LEG = LegId("17.1")
CODES = ("*", "**", "*#", "0")


def turn(digits: DigitRule | None = None, record: RecordRule | None = None, *, barge_in: bool = True) -> Turn:
    said = (Segment(text="?", barge_in=barge_in),)
    return Turn(number=4, item="q", kind="question", segments=said, digits=digits, record=record)


class OnPhone:
    """A turn on a phone in a test."""

    def __init__(self, turn: Turn) -> None:
        self.state, self.outcomes = collect.present(CONTACT, turn, serial=1)

    def take(self, *events: CollectEvent) -> tuple[Outcome, ...]:
        for event in events:
            self.state, self.outcomes = collect.collect(self.state, event)
        return self.outcomes

    def hear_prompt(self) -> OnPhone:
        self.take(SoundsReady(serial=1, sounds=("a",)), PromptEnded(playback=self.state.playback))
        return self

    @property
    def given(self) -> Input | None:
        return next((outcome.input for outcome in self.outcomes if isinstance(outcome, Give)), None)


def press(keys: str, rule: DigitRule) -> OnPhone:
    phone = OnPhone(turn(rule)).hear_prompt()
    phone.take(*(Digit(digit=key) for key in keys))
    return phone


def answer(text: str) -> Answered:
    return Answered(turn=4, text=text)


# -- Keys -----------------------------------------------------------------------------------------------------


def test_keys_end_by_their_number_by_the_end_key_or_by_silence() -> None:
    assert press("12", DigitRule(maximum=2)).given == answer("12")
    assert press("1#", DigitRule(maximum=5, end_key="#")).given == answer("1")
    phone = press("1", DigitRule(maximum=5, end_key="#", next_timeout=2.0))
    assert phone.outcomes == (Listen(seconds=2.0),)
    phone.take(TimeUp())
    assert phone.given == answer("1")


def test_a_code_is_given_at_once_unless_it_may_become_another() -> None:
    rule = DigitRule(maximum=1, codes=CODES)
    assert press("0", rule).given == answer("0")
    star = press("*", rule)
    assert star.outcomes == (Listen(seconds=collect.CODE_SECONDS),)
    star.take(TimeUp())
    assert star.given == answer("*")
    assert press("**", rule).given == answer("**")
    assert press("*#", DigitRule(maximum=9, end_key="#", codes=CODES)).given == answer("*#")


def test_a_key_after_a_star_begins_an_answer() -> None:
    assert press("*3", DigitRule(maximum=1, codes=CODES)).given == answer("3")
    assert press("*12#", DigitRule(maximum=9, end_key="#", codes=CODES)).given == answer("12")


def test_a_star_within_an_answer_is_a_part_of_it() -> None:
    assert press("12*5#", DigitRule(maximum=18, end_key="#", codes=("*", "**", "*#"))).given == answer("12*5")


def test_a_prompt_that_must_be_heard_is_not_cut_short_by_a_code() -> None:
    phone = OnPhone(turn(DigitRule(maximum=1, codes=CODES), barge_in=False))
    phone.take(SoundsReady(serial=1, sounds=("a",)))
    assert phone.take(Digit(digit="*")) == ()
    phone.take(PromptEnded(playback=phone.state.playback))
    assert phone.state.listening is Listening.NEXT_DIGIT


# -- Recordings -----------------------------------------------------------------------------------------------

RULE = RecordRule(max_seconds=20, end_key="#", codes=("*", "0"))
NAME = RecordingId("17.1~answer4")


def recording() -> OnPhone:
    phone = OnPhone(turn(record=RULE)).hear_prompt()
    assert phone.outcomes == (
        Record(leg=LEG, recording=NAME, max_seconds=20, silence_seconds=5.0, end_key="#", beep=True),
    )
    return phone


def test_what_is_said_after_the_prompt_is_the_answer() -> None:
    phone = recording()
    assert phone.take(Digit(digit="#")) == (), "the PBX ends it"
    phone.take(Recorded(recording=NAME, spoken=True))
    file = ids.answer_file(NAME)
    named = {"id": file, "name": "answer4.wav", "type": "audio/wav", "size": None}
    assert phone.outcomes == (Give(input=Answered(turn=4, text=file, files={file: named})),)
    assert ids.answer_called(CONTACT, "answer4.wav") == NAME
    assert collect.stop(phone.state) == (), "it stays stored"


def test_silence_is_no_answer_and_is_not_kept() -> None:
    phone = recording()
    phone.take(Recorded(recording=NAME, spoken=False))
    assert phone.outcomes == (
        DropRecording(leg=LEG, recording=NAME),
        Give(input=Happened(event="no-input", turn=4)),
    )


def test_an_agent_is_called_in_the_middle_of_a_recording() -> None:
    phone = recording()
    assert phone.take(Digit(digit="5")) == ()
    assert phone.take(Digit(digit="0")) == (DropRecording(leg=LEG, recording=NAME), Give(input=answer("0")))
    assert phone.take(Recorded(recording=NAME, spoken=True)) == ()


def test_who_knows_the_question_speaks_at_once() -> None:
    phone = OnPhone(turn(record=RULE))
    phone.take(SoundsReady(serial=1, sounds=("a",)), Digit(digit="#"))
    kinds = [type(outcome) for outcome in phone.outcomes]
    assert kinds == [StopPlayback, Record]
    assert phone.take(PromptEnded(playback=phone.state.playback)) == ()
    early = OnPhone(turn(record=RULE))
    assert [type(outcome) for outcome in early.take(Digit(digit="#"))] == [Record]
    assert early.take(SoundsReady(serial=1, sounds=("a",))) == ()


def test_another_recording_is_not_the_answer() -> None:
    assert recording().take(Recorded(recording=RecordingId("other"), spoken=True)) == ()


def test_leaving_in_the_middle_keeps_nothing() -> None:
    assert collect.stop(recording().state) == (DropRecording(leg=LEG, recording=NAME),)


def test_the_prompt_of_a_recording_is_played_like_any_other() -> None:
    phone = OnPhone(turn(record=RULE))
    (play,) = phone.take(SoundsReady(serial=1, sounds=("a",)))
    assert isinstance(play, Play)
    state: PhoneTurn = phone.state
    assert state.listening is Listening.PLAYING
