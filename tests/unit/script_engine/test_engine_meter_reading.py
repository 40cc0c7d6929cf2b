"""The demo dialog, led from the phone to the agent's screen."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path

from caruso.model.ids import RunId, ScriptId
from caruso.script_engine.engine import present, start, step, trail
from caruso.script_engine.loader import load
from caruso.script_engine.runs import Run, run_from_json, run_to_json
from caruso.script_engine.turns import (
    Answered,
    CallService,
    Confirmed,
    Corrected,
    Effect,
    Finished,
    Happened,
    HandOver,
    Input,
    Present,
    RunStart,
    SaveObject,
    ScriptChannel,
    ServiceAnswered,
    TakenOver,
)

NOW = datetime(2026, 11, 23, 9, 30, tzinfo=UTC)
PATH = Path(__file__).parents[3] / "packs" / "utility" / "scripts" / "meter-reading.xml"
DIALOG = load(PATH.read_bytes(), PATH.name)
CUSTOMER = {"id": "c-1", "name": "Jo Example", "last_reading": "4200", "meter_number": "M-7"}


class Led:
    """A run, and the effects of its last step."""

    def __init__(self, language: str = "en", customer: dict[str, object] | None = None) -> None:
        begin = RunStart(
            run=RunId("run-1"),
            script=ScriptId("meter-reading"),
            channel=ScriptChannel.PHONE,
            language=language,
            call={"customer": "c-1", "caller_number": "+4930123"},
            objects={"customer": CUSTOMER if customer is None else customer},  # type: ignore[dict-item]
        )
        self.run: Run
        self.effects: tuple[Effect, ...]
        self.run, self.effects = start(DIALOG, begin, NOW)

    def give(self, given: Input) -> None:
        assert run_from_json(run_to_json(self.run)) == self.run
        self.run, self.effects = step(DIALOG, self.run, given, NOW)

    def answer(self, text: str) -> None:
        self.give(Answered(turn=self.run.turn, text=text, by=self.run.by))

    @property
    def said(self) -> str:
        return " ".join(segment.text for segment in present(DIALOG, self.run).segments)

    def last(self, kind: type[Effect]) -> Effect:
        found = [effect for effect in self.effects if isinstance(effect, kind)]
        assert found, self.effects
        return found[-1]


def test_the_caller_is_greeted_by_name_and_told_the_keys() -> None:
    led = Led()
    assert led.said == (
        "Good day, Jo Example. Which meter is it about? For gas, press 1. For electricity, press 2."
    )


def test_the_dialog_speaks_german_too() -> None:
    led = Led("de", customer={})
    assert led.said == (
        "Guten Tag, hier ist der Zähler-Service. Um welchen Zähler geht es? "
        "Für Gas drücken Sie die 1. Für Strom drücken Sie die 2."
    )


def test_a_lower_reading_is_warned_about_and_taken_when_repeated() -> None:
    led = Led()
    led.answer("1")
    led.answer("4100")
    turn = present(DIALOG, led.run)
    assert turn.warning
    assert "lower than your last reading, 4 2 0 0" in turn.segments[0].text
    led.answer("4100")
    assert present(DIALOG, led.run).item == "more"
    assert "noted 4 1 0 0 for your gas meter" in led.said
    call = led.last(CallService)
    assert isinstance(call, CallService)
    assert dict(call.params) == {"customer": "c-1", "last_reading": "4100"}


def test_nothing_else_ends_the_call() -> None:
    led = Led()
    for key in ("2", "4300", "2"):
        led.answer(key)
    finished = led.last(Finished)
    assert isinstance(finished, Finished)
    assert (finished.outcome, finished.hang_up) == ("self-service", True)
    save = led.last(SaveObject)
    assert isinstance(save, SaveObject)
    assert (save.object, save.key, dict(save.changes)) == ("customer", "c-1", {"product": "power"})


def test_zero_leads_to_an_agent_at_once() -> None:
    led = Led()
    led.answer("0")
    handed = led.last(HandOver)
    assert isinstance(handed, HandOver)
    assert (handed.channel, handed.queue) == (ScriptChannel.AGENT, "meter")


def test_three_misses_lead_to_an_agent_through_the_script_s_own_handler() -> None:
    led = Led()
    led.give(Happened(event="no-input"))
    led.answer("7")
    assert isinstance(led.last(Present), Present)
    led.give(Happened(event="no-input"))
    assert isinstance(led.last(HandOver), HandOver)


def test_the_same_run_goes_on_before_the_agent_until_its_end() -> None:
    led = Led()
    for key in ("1", "4300", "1", "2"):
        led.answer(key)
    handed = led.last(HandOver)
    assert isinstance(handed, HandOver)
    assert handed.queue == "billing"
    led.give(TakenOver(channel=ScriptChannel.AGENT, by="anna"))
    assert led.said == "Am I speaking to Jo Example?"
    assert [(entry.item, entry.shown, entry.channel.value) for entry in trail(DIALOG, led.run)] == [
        ("product", "gas", "phone"),
        ("reading", "4300", "phone"),
        ("more", "yes", "phone"),
        ("topic", "your bill", "phone"),
    ]
    led.answer("no")
    led.answer("Jo Sample")
    led.answer("bill")
    assert present(DIALOG, led.run).answer == date(2026, 11, 23)
    led.answer("20.11.2026")
    assert present(DIALOG, led.run).answer == "+4930123"
    led.answer("")
    led.answer("Wants a call back")
    call = led.last(CallService)
    assert isinstance(call, CallService)
    assert call.wait
    led.give(ServiceAnswered(key=call.key, result=None))
    led.give(Confirmed(turn=led.run.turn, by="anna"))
    finished = led.last(Finished)
    assert isinstance(finished, Finished)
    assert (finished.outcome, finished.disposition) == ("handled", "resolved")
    assert led.run.answers["reading_date"] == date(2026, 11, 20)


def test_an_agent_corrects_what_the_caller_pressed() -> None:
    led = Led()
    for key in ("1", "4300", "1", "1"):
        led.answer(key)
    led.give(TakenOver(channel=ScriptChannel.AGENT, by="anna"))
    led.give(Corrected(item="reading", text="4350", by="anna"))
    assert present(DIALOG, led.run).item == "name_right"
    assert led.run.answers["reading"] == "4350"
    assert [entry.by for entry in trail(DIALOG, led.run)] == ["", "anna", "", ""]
    assert Decimal(str(led.run.answers["reading"])) == Decimal(4350)
