"""How a caller leaves a message: what he hears, when he is recorded, and that it always comes to an end."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from caruso.comm_server.voicemail import leading
from caruso.comm_server.voicemail.leading import Box, HangUpNow, Leading, Order, RecordNow, Say, Stage
from caruso.model.centre import VoicemailRules
from caruso.model.ids import ContactId, QueueId
from caruso.script_engine.turns import Answered, Happened

CALL = ContactId("1.1")
NOTHING = Happened(event="no-input")


def box(**rules: object) -> Box:
    return Box(queue=QueueId("gas"), rules=VoicemailRules(**rules), intro="We are closed.")  # type: ignore[arg-type]


def words(order: Order | None) -> str:
    assert isinstance(order, Say), order
    return " ".join(segment.text for segment in order.turn.segments)


def pressed(known: Leading, key: str) -> tuple[Leading, Order | None]:
    return leading.given(known, Answered(turn=0, text=key))


def spoken(rules: Box | None = None) -> tuple[Leading, Order | None]:
    """Return a caller who has said something."""
    known, _ = leading.begin(CALL, rules or box())
    known, _ = leading.given(known, NOTHING)
    return leading.recorded(known, 1, spoken=True)


def test_why_he_is_here_is_said_before_the_queues_own_greeting() -> None:
    _, order = leading.begin(CALL, box(greeting={"en": "Hello."}))
    assert words(order) == "We are closed. Hello."


def test_a_greeting_is_spoken_in_his_language_or_in_the_centres_words() -> None:
    dutch = Box(queue=QueueId("gas"), rules=VoicemailRules(greeting={"en": "Hello."}), language="nl-BE")
    assert words(leading.begin(CALL, dutch)[1]).startswith("Spreek na de toon")


def test_after_the_greeting_or_a_key_he_is_recorded() -> None:
    for what in (NOTHING, Answered(turn=0, text="#")):
        known, _ = leading.begin(CALL, box())
        known, order = leading.given(known, what)
        assert order == RecordNow(take=1)
        assert known.stage is Stage.RECORDING


def test_what_he_said_he_can_hear_record_again_and_keep() -> None:
    known, order = spoken()
    assert "press 1" in words(order)
    known, order = pressed(known, "1")
    assert isinstance(order, Say)
    assert order.turn.segments[0].sound == "recording:1.1~voicemail1"
    known, order = pressed(known, "2")
    known, order = leading.given(known, NOTHING)
    assert order == RecordNow(take=2)
    known, order = leading.recorded(known, 2, spoken=True)
    known, order = leading.given(known, NOTHING)
    assert isinstance(order, Say)
    assert order.turn.kind == "end"
    assert leading.said(known, order.turn)[1] == HangUpNow()


def test_without_a_menu_he_is_thanked_at_once() -> None:
    known, order = spoken(box(menu=False))
    assert known.stage is Stage.GOODBYE
    assert "Thank you" in words(order)


def test_who_says_nothing_is_asked_once_more_and_then_let_go() -> None:
    known, _ = leading.begin(CALL, box())
    known, _ = leading.given(known, NOTHING)
    known, order = leading.recorded(known, 1, spoken=False)
    assert "did not hear" in words(order)
    known, order = leading.given(known, NOTHING)
    assert order == RecordNow(take=2)
    known, order = leading.recorded(known, 2, spoken=False)
    assert "Nothing was recorded" in words(order)


def test_the_end_of_an_earlier_take_is_not_that_of_this_one() -> None:
    known, _ = spoken()
    known, _ = pressed(known, "2")
    known, _ = leading.given(known, NOTHING)
    assert leading.recorded(known, 1, spoken=True) == (known, None)


def test_he_goes_on_where_he_was_after_we_were_away() -> None:
    known, order = leading.at_menu(CALL, box(), 3)
    assert (known.stage, known.take) == (Stage.MENU, 3)
    assert "press 1" in words(order)
    known, _ = leading.again(CALL, box(), 3)
    assert leading.given(known, NOTHING)[1] == RecordNow(take=4)


@given(st.lists(st.sampled_from(["1", "2", "#", "", "spoken", "silent", "said"]), max_size=40), st.booleans())
def test_whatever_he_does_takes_count_up_and_a_goodbye_is_the_last_word(acts: list[str], menu: bool) -> None:
    known, order = leading.begin(CALL, box(menu=menu))
    turns, takes = [order], 0
    for act in acts:
        was_over = known.stage is Stage.GOODBYE
        last = next(each.turn for each in reversed(turns) if isinstance(each, Say))
        following: Order | None
        match act:
            case "spoken" | "silent":
                known, following = leading.recorded(known, known.take, spoken=act == "spoken")
            case "said":
                known, following = leading.said(known, last)
            case key:
                known, following = pressed(known, key)
        if was_over:
            assert following in (None, HangUpNow())
            continue
        assert following != HangUpNow(), "he is let go without a word"
        if isinstance(following, RecordNow):
            takes += 1
            assert following.take == takes == known.take
        elif isinstance(following, Say):
            turns.append(following)
    numbers = [each.turn.number for each in turns if isinstance(each, Say)]
    assert len(set(numbers)) == len(numbers)
