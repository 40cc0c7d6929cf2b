"""The demo dialog, led from the phone to the agent's screen."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from pathlib import Path

from caruso.script_engine.loader import load
from caruso.script_engine.turns import (
    CallService,
    Confirmed,
    Corrected,
    Finished,
    HandOver,
    SaveObject,
    ScriptChannel,
    ServiceAnswered,
)
from tests.unit.script_engine.leading import Led

PACK = Path(__file__).parents[3] / "packs" / "utility" / "scripts"
DIALOG = load((PACK / "meter-reading.xml").read_bytes(), "meter-reading.xml")
CUSTOMER = {"id": "c-1", "name": "Jo Example", "last_reading": "4200", "meter_number": "M-7"}
CALL = {"customer": "c-1", "number": "+4930123"}


def phoned(language: str = "en", customer: Mapping[str, str] = CUSTOMER) -> Led:
    return Led(DIALOG, ScriptChannel.PHONE, language=language, objects={"customer": customer}, call=CALL)


def test_the_caller_is_greeted_by_name_and_told_the_keys() -> None:
    assert phoned().said == (
        "Good day, Jo Example. Which meter is it about? For gas, press 1. For electricity, press 2."
    )


def test_the_dialog_speaks_german_too() -> None:
    assert phoned("de", customer={}).said == (
        "Guten Tag, hier ist der Zähler-Service. Um welchen Zähler geht es? "
        "Für Gas drücken Sie die 1. Für Strom drücken Sie die 2."
    )


def test_a_lower_reading_is_warned_about_and_taken_when_repeated() -> None:
    led = phoned().answer("1", "4100")
    assert led.turn.warning
    assert "lower than your last reading, 4 2 0 0" in led.said
    led.answer("4100")
    assert led.item == "more"
    assert "noted 4 1 0 0 for your gas meter" in led.said
    assert dict(led.one(CallService).params) == {"customer": "c-1", "last_reading": "4100"}


def test_nothing_else_ends_the_call() -> None:
    led = phoned().answer("2", "4300", "2")
    assert (led.one(Finished).outcome, led.one(Finished).hang_up) == ("self-service", True)
    saved = led.one(SaveObject)
    assert (saved.object, saved.key, dict(saved.changes)) == ("customer", "c-1", {"product": "power"})


def test_zero_leads_to_an_agent_at_once() -> None:
    handed = phoned().answer("0").one(HandOver)
    assert (handed.channel, handed.queue) == (ScriptChannel.AGENT, "meter")


def test_three_misses_lead_to_an_agent_through_the_script_s_own_handler() -> None:
    led = phoned().happen("no-input").answer("7")
    assert led.turn.attempt == 3
    assert led.happen("no-input").one(HandOver).queue == "meter"


def test_the_same_run_goes_on_before_the_agent_until_its_end() -> None:
    led = phoned().answer("1", "4300", "1", "2")
    assert led.one(HandOver).queue == "billing"
    led.take_over()
    assert led.said == "Am I speaking to Jo Example?"
    assert led.answered == [("product", "gas"), ("reading", "4300"), ("more", "yes"), ("topic", "your bill")]
    led.answer("no", "Jo Sample", "bill")
    assert led.turn.answer == date(2026, 11, 23)
    led.answer("20.11.2026")
    assert led.turn.answer == "+4930123"
    led.answer("", "Wants a call back")
    call = led.one(CallService)
    assert call.wait
    led.give(ServiceAnswered(key=call.key)).give(Confirmed(turn=led.run.turn, by="anna"))
    assert (led.one(Finished).outcome, led.one(Finished).disposition) == ("handled", "done")
    assert led.run.answers["reading_date"] == date(2026, 11, 20)


def test_the_dialog_leads_an_agent_whose_caller_met_no_machine() -> None:
    led = Led(DIALOG, objects={"customer": CUSTOMER}, call=CALL)
    assert led.said == "Which meter is it about?"
    assert led.answer("gas", "4300").item == "name_right"


def test_an_agent_corrects_what_the_caller_pressed() -> None:
    led = phoned().answer("1", "4300", "1", "1").take_over()
    led.give(Corrected(item="reading", text="4350", by="anna"))
    assert led.item == "name_right"
    assert led.run.answers["reading"] == "4350"
    call = led.one(CallService)
    assert dict(call.params)["last_reading"] == "4350"
