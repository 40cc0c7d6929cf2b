"""The numbered points of the dialog language's semantics, one by one."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest

from caruso.script_engine.engine import needed_objects, resume, start, step
from caruso.script_engine.turns import (
    Answered,
    CallService,
    Confirmed,
    Corrected,
    DigitRule,
    Finished,
    HandOver,
    Happened,
    Noted,
    Present,
    Refused,
    RunStart,
    SaveObject,
    ScriptChannel,
    ServiceAnswered,
    TakenOver,
    WentBack,
)
from tests.unit.script_engine.leading import NOW, Led, dialog

PHONE, AGENT = ScriptChannel.PHONE, ScriptChannel.AGENT
END = '<end id="bye" outcome="done"/>'


def text(name: str, more: str = "", attributes: str = "") -> str:
    return f'<question id="{name}" {attributes}><text>{name}?</text>{more}</question>'


def choice(name: str, more: str = "", values: str = "ab") -> str:
    options = "".join(
        f'<option value="{value}" key="{key}"><text>{value.upper()}</text></option>'
        for key, value in enumerate(values, 1)
    )
    return f'<question id="{name}" type="choice"><text>{name}?</text>{options}{more}</question>'


def do(name: str = "note.add", more: str = "", attributes: str = "") -> str:
    return f'<do service="{name}" id="act" {attributes}>{more}<on-failure><log>failed</log></on-failure></do>'


BRANCHES = (
    choice("way", '<next if="answers.way = \'a\'" to="left"/><next to="right"/>')
    + text("left", '<next to="last"/>')
    + text("right")
    + text("last")
    + END
)


# -- The flow -------------------------------------------------------------------------------------------------


def test_items_follow_in_document_order() -> None:
    led = Led(dialog(text("one") + text("two") + END))
    assert led.item == "one"
    assert led.answer("x").item == "two"
    assert led.answer("y").one(Finished).outcome == "done"


def test_ask_if_hides_an_item_and_null_does_not_hold() -> None:
    led = Led(dialog(text("one") + text("two", attributes="ask-if=\"answers.none = 'x'\"") + END))
    led.answer("x")
    assert led.run.finished
    assert ("skipped", "two") in led.noted


def test_the_first_transition_that_holds_wins_and_carries_its_actions() -> None:
    nexts = (
        '<next if="answers.one = \'a\'" to="three"><set name="vars.v" to="\'A\'"/></next>'
        '<next to="two"><set name="vars.v" to="\'B\'"/></next>'
    )
    script = dialog(text("one", nexts) + text("two") + text("three") + END, data='<var name="v"/>')
    led = Led(script).answer("a")
    assert (led.item, led.run.data["vars"]["v"]) == ("three", "A")
    led = Led(script).answer("b")
    assert (led.item, led.run.data["vars"]["v"]) == ("two", "B")


def test_a_script_that_stops_without_an_end_ends() -> None:
    assert Led(dialog(text("one"))).answer("x").one(Finished).outcome == "ended"
    assert Led(dialog(text("one", attributes='ask-if="false"'))).one(Finished).outcome == "ended"


def test_infos_flow_into_the_next_item_that_waits() -> None:
    script = dialog(
        '<info id="i"><text>Hello.</text></info><info id="j"><text>There.</text></info>' + text("q") + END
    )
    assert Led(script, PHONE).said == "Hello. There. q?"
    assert Led(script, AGENT).said == "Hello. There. q?"


GREETED = '<info id="i"><text>Hello.</text></info>'


def test_infos_are_said_once() -> None:
    asked = text("q", '<check if="answers.q gt 3" level="warning"><text>Low.</text></check>', 'type="integer"')
    script = dialog(GREETED + asked + END)
    assert Led(script, PHONE).said.startswith("Hello. q?")
    assert Led(script, PHONE).answer("1").said.startswith("Low. q?")
    assert Led(script, PHONE).happen("no-input").said.startswith("I have not heard anything. q?")
    assert Led(script, PHONE).happen("agent").said == "One moment please, I am connecting you."
    working = Led(dialog(GREETED + text("q", do(), 'type="digits"') + END), PHONE).answer("1")
    assert (working.turn.kind, working.said) == ("working", "")


def test_what_is_said_before_a_service_is_asked_is_said_while_it_works() -> None:
    script = dialog(
        text("q", attributes='type="digits"') + GREETED.replace("</info>", do() + "</info>") + text("z") + END
    )
    led = Led(script, PHONE).answer("1")
    assert (led.turn.kind, led.said) == ("working", "Hello.")
    assert led.give(ServiceAnswered(key=led.one(CallService).key)).said == "z?"


def test_an_info_to_confirm_waits_on_the_screen_but_not_on_the_phone() -> None:
    script = dialog('<info id="i" confirm="yes"><text>Careful.</text></info>' + text("q") + END)
    assert Led(script, PHONE).item == "q"
    led = Led(script)
    assert (led.turn.kind, led.said) == ("info", "Careful.")
    assert led.give(Confirmed(turn=1)).said == "q?"


def test_a_variable_begins_with_its_initial_value() -> None:
    script = dialog(text("q") + END, data='<var name="n" type="number" initial="1 + 1"/>')
    assert Led(script).run.data["vars"]["n"] == Decimal(2)


def test_computed_values_follow_the_answers() -> None:
    body = (
        '<question id="n" type="integer"><text>n?</text></question>'
        '<info id="i" confirm="yes"><text><value of="twice"/></text></info>'
    )
    led = Led(dialog(body + END, data='<compute name="twice" as="2 * answers.n"/>'))
    assert led.answer("21").said == "42"
    assert led.give(Corrected(item="n", text="4")).said == "8"


# -- Semantics 1: the trail -----------------------------------------------------------------------------------


def test_a_corrected_answer_moves_the_path_and_parks_what_is_off_it() -> None:
    led = Led(dialog(BRANCHES)).answer("a", "l")
    assert led.answered == [("way", "A"), ("left", "l")]
    led.give(Corrected(item="way", text="b"))
    assert led.item == "right"
    assert led.answered == [("way", "B")]
    assert "left" not in led.run.answers


def test_parked_answers_come_back_when_the_path_returns() -> None:
    led = Led(dialog(BRANCHES)).answer("a", "l").give(Corrected(item="way", text="b"))
    led.give(Corrected(item="way", text="a"))
    assert led.item == "last"
    assert led.answered == [("way", "A"), ("left", "l")]


def test_answers_still_on_the_path_stay() -> None:
    led = Led(dialog(BRANCHES)).answer("a", "l").give(Corrected(item="way", text="b")).answer("r")
    assert led.item == "last"
    led.give(Corrected(item="way", text="b"))
    assert led.answered == [("way", "B"), ("right", "r")]


def test_variables_are_worked_out_again_along_the_new_path() -> None:
    body = text("one", '<set name="vars.v" to="vars.v + answers.one"/>') + text("two") + END
    led = Led(dialog(body, data='<var name="v" initial="\'-\'"/>')).answer("a")
    assert led.run.data["vars"]["v"] == "-a"
    led.give(Corrected(item="one", text="b"))
    assert led.run.data["vars"]["v"] == "-b"


def test_an_answer_that_no_longer_passes_its_check_is_asked_again() -> None:
    limited = '<question id="n" type="integer" max="answers.top"><text>n?</text></question>'
    led = Led(dialog('<question id="top" type="integer"><text>top?</text></question>' + limited + text("z") + END))
    led.answer("10", "9").give(Corrected(item="top", text="5"))
    assert (led.item, led.turn.answer, led.turn.error) == ("n", Decimal(9), "It must be at most 5.")


def test_going_back_shows_the_old_answer_and_returns() -> None:
    led = Led(dialog(text("one") + text("two") + text("three") + END)).answer("x", "y")
    led.give(WentBack(turn=led.run.turn)).give(WentBack(turn=led.run.turn))
    assert (led.item, led.turn.answer) == ("one", "x")
    assert ("shown", "one") in led.noted
    assert led.answer("z").item == "three"
    assert led.answered == [("one", "z"), ("two", "y")]


def test_nobody_goes_back_where_the_script_forbids_it_or_nothing_is_before() -> None:
    body = text("one") + text("two") + END
    led = Led(dialog(body, more='back="none"')).answer("x")
    assert led.give(WentBack(turn=led.run.turn)).item == "two"
    first = Led(dialog(body))
    assert first.give(WentBack(turn=1)).item == "one"


def test_a_loop_asks_again_and_the_last_answer_counts() -> None:
    led = Led(dialog(text("q", '<next if="answers.q ne \'stop\'" to="q"/>') + END)).answer("a", "b")
    assert led.run.answers["q"] == "b"
    assert led.answer("stop").run.finished


def test_a_correction_of_what_was_never_answered_is_refused() -> None:
    led = Led(dialog(BRANCHES)).answer("a")
    before = led.run
    for item in ("right", "nothing", "bye"):
        assert led.give(Corrected(item=item, text="x")).one(Refused).item == item
    assert led.run == before


def test_a_correction_that_cannot_be_read_is_refused_and_says_why() -> None:
    led = Led(dialog(BRANCHES)).answer("a")
    assert led.give(Corrected(item="way", text="c")).one(Refused).message == "That is none of the choices."
    assert led.run.answers["way"] == "a"


def test_a_correction_in_wrap_up_may_open_the_dialog_again() -> None:
    led = Led(dialog(BRANCHES)).answer("a", "l", "z")
    assert led.run.finished
    led.give(Corrected(item="way", text="b"))
    assert (led.run.finished, led.item) == (False, "right")
    assert led.answer("r").run.finished


# -- Semantics 2: actions -------------------------------------------------------------------------------------


def test_an_action_is_waited_for_and_its_result_steers_the_flow() -> None:
    action = '<do service="crm.find" result="found"><on-failure/></do><next if="result.found.vip" to="vip"/>'
    script = dialog(text("q", action) + text("normal") + text("vip") + END)
    led = Led(script).answer("x")
    call = led.one(CallService)
    assert (call.wait, led.turn.kind) == (True, "working")
    assert led.effects[-1] == call, "said before the service is asked"
    assert led.give(ServiceAnswered(key=call.key, result={"vip": True})).item == "vip"


def test_a_failed_action_takes_its_failure_branch() -> None:
    branch = '<on-failure><text>Sorry.</text><log>down</log><next to="other"/></on-failure>'
    script = dialog(text("q", f'<do service="crm.find">{branch}</do>') + text("normal") + text("other") + END)
    led = Led(script).answer("x")
    led.give(ServiceAnswered(key=led.one(CallService).key, failure="timeout"))
    assert led.item == "other"
    assert led.said == "Sorry. other?"
    assert ("log", "q") in led.noted


def test_nothing_is_answered_while_a_service_is_asked() -> None:
    led = Led(dialog(text("q", do()) + text("z") + END)).answer("x")
    before = led.run
    assert led.give(Answered(turn=led.run.turn, text="y")).one(Present).turn.kind == "working"
    assert led.run == before


def test_an_action_happens_once_however_often_one_goes_back_and_forth() -> None:
    led = Led(dialog(text("q", do()) + text("z") + END)).answer("x")
    led.give(ServiceAnswered(key=led.one(CallService).key))
    led.give(WentBack(turn=led.run.turn)).answer("x")
    assert led.all(CallService) == []
    assert led.item == "z"
    led.give(Corrected(item="q", text="other"))
    assert led.all(CallService) == []


def test_an_action_per_answer_happens_again_for_another_answer() -> None:
    led = Led(dialog(text("q", do(attributes='when="background" once-per="answer"')) + text("z") + END)).answer(
        "x"
    )
    first = led.one(CallService)
    assert not first.wait
    assert led.item == "z"
    led.give(Corrected(item="q", text="y"))
    assert led.one(CallService).key != first.key
    led.give(Corrected(item="q", text="x"))
    assert led.all(CallService) == []


def test_an_action_per_visit_happens_again_in_a_loop() -> None:
    again = '<next if="answers.q ne \'stop\'" to="q"/>'
    led = Led(dialog(text("q", do(attributes='when="background" once-per="visit"') + again) + END))
    keys = {led.answer(word).one(CallService).key for word in ("a", "b", "stop")}
    assert len(keys) == 3


def test_an_answer_that_comes_twice_or_for_nothing_changes_nothing() -> None:
    led = Led(dialog(text("q", do()) + text("z") + END)).answer("x")
    key = led.one(CallService).key
    led.give(ServiceAnswered(key=key))
    before = led.run
    led.give(ServiceAnswered(key=key, failure="late"))
    assert (led.effects, led.run) == ((), before)
    led.give(ServiceAnswered(key="none"))
    assert (led.effects, led.run) == ((), before)


def test_a_background_failure_is_noted_and_leads_nowhere() -> None:
    led = Led(dialog(text("q", do(attributes='when="background"')) + text("z") + END)).answer("x")
    led.give(ServiceAnswered(key=led.one(CallService).key, failure="down"))
    assert led.item == "z"
    assert led.noted == [("failed", "q"), ("log", "z")]


def test_an_action_for_the_end_waits_for_it_and_vanishes_with_its_path() -> None:
    deferred = do(attributes='when="at-end"')
    body = BRANCHES.replace("left?</text>", f"left?</text>{deferred}")
    led = Led(dialog(body)).answer("a", "l")
    assert led.all(CallService) == []
    assert led.answer("z").one(CallService).service == "note.add"
    led = Led(dialog(body)).answer("a", "l").give(Corrected(item="way", text="b")).answer("r", "z")
    assert led.run.finished
    assert led.all(CallService) == []


def test_a_correction_while_a_service_is_asked_does_not_ask_it_twice() -> None:
    led = Led(dialog(text("one") + text("q", do()) + text("z") + END)).answer("a", "x")
    key = led.one(CallService).key
    led.give(Corrected(item="one", text="b"))
    assert led.all(CallService) == []
    assert led.turn.kind == "working"
    assert led.give(ServiceAnswered(key=key)).item == "z"


def test_a_condition_on_an_action_is_minded() -> None:
    led = Led(dialog(text("q", do(attributes="if=\"answers.q = 'send'\"")) + text("z") + END)).answer("no")
    assert led.all(CallService) == []


# -- Semantics 3: turns ---------------------------------------------------------------------------------------


def test_a_stale_input_gets_the_current_turn() -> None:
    led = Led(dialog(text("one") + text("two") + END)).answer("x")
    before = led.run
    for given in (
        Answered(turn=1, text="late"),
        Confirmed(turn=1),
        WentBack(turn=1),
        Happened(event="no-input", turn=1),
    ):
        assert led.give(given).one(Present).turn.item == "two"
        assert led.run == before


def test_every_input_counts_a_turn() -> None:
    led = Led(dialog(text("one") + text("two") + END))
    assert led.turn.number == 1
    assert led.answer("x").turn.number == 2


# -- Semantics 5: take-over -----------------------------------------------------------------------------------

HANDED = (
    text("one", attributes='type="digits"')
    + '<handover id="h" channel="agent" queue="\'q\'" {}/>'
    + text("two")
    + END
)


def test_a_hand_over_says_where_and_goes_on_behind_itself() -> None:
    script = dialog(HANDED.format("skill=\"['gas:3', 'german']\" priority=\"2\""))
    led = Led(script, PHONE).answer("1")
    handed = led.one(HandOver)
    assert (handed.queue, dict(handed.skills), handed.priority) == ("q", {"gas": 3, "german": 1}, 2)
    assert led.turn.kind == "handover"
    assert led.take_over().item == "two"
    assert led.run.by == "anna"


def test_a_hand_over_resumes_where_it_says() -> None:
    led = Led(dialog(HANDED.format('resume-at="one"')), PHONE).answer("1").take_over()
    assert led.item == "one"


def test_a_hand_over_at_the_end_of_a_script_stays_presentable() -> None:
    body = (
        text("one", attributes='type="digits"') + '<handover id="h" channel="agent"><text>Wait.</text></handover>'
    )
    led = Led(dialog(body), PHONE).answer("1").take_over()
    assert (led.turn.kind, led.said) == ("handover", "Wait.")
    assert not led.run.finished


def test_a_hand_over_to_the_channel_one_is_on_is_passed() -> None:
    led = Led(dialog(HANDED.format(""))).answer("1")
    assert led.all(HandOver) == []
    assert led.item == "two"


def test_a_correction_by_the_agent_passes_the_hand_over_again_without_handing_over() -> None:
    led = Led(dialog(HANDED.format("")), PHONE).answer("1").take_over().give(Corrected(item="one", text="2"))
    assert led.all(HandOver) == []
    assert led.item == "two"


def test_taking_over_in_the_middle_renders_the_item_for_the_new_channel_and_language() -> None:
    body = (
        '<question id="q" type="date"><text lang="en" channel="phone">Say when.</text><text lang="en">When?</text>'
        '<text lang="de">Wann?</text></question>'
    )
    led = Led(dialog(body + END, languages="en de"), PHONE).happen("no-input")
    assert led.said == "I have not heard anything. Say when."
    assert led.take_over(by="bob").said == "When?"
    assert led.take_over(by="bob", language="de").said == "Wann?"
    assert led.turn.attempt == 1


def test_the_history_tells_who_answered_where() -> None:
    led = Led(dialog(HANDED.format("")), PHONE).answer("1").take_over(by="bob").answer("x")
    answers = [visit.answer for visit in led.run.trail if visit.answer is not None]
    assert [(answer.channel, answer.by) for answer in answers] == [(PHONE, ""), (AGENT, "bob")]


def test_expressions_see_the_agent_who_took_over() -> None:
    body = HANDED.replace("two?", 'I am <value of="agent.name"/>.').format("")
    led = Led(dialog(body), PHONE).answer("1")
    led.give(TakenOver(channel=AGENT, by="bob", agent={"id": "bob", "name": "Bob"}))
    assert led.said == "I am Bob."


# -- Semantics 7: limits --------------------------------------------------------------------------------------

ROUND = '<info id="i"><text>x</text><next to="i"/></info>'


def test_a_loop_that_asks_nobody_ends_at_an_agent() -> None:
    led = Led(dialog(ROUND + END), PHONE)
    assert led.one(HandOver).channel is AGENT
    assert ("error.loop", "i") in led.noted


@pytest.mark.parametrize("event", ["error.loop", "agent"])
def test_a_loop_whose_way_out_is_a_loop_ends_at_an_agent_all_the_same(event: str) -> None:
    data = f'<on event="{event}"><next to="i"/></on>'
    led = Led(dialog(ROUND + END, data=data), PHONE)
    assert led.one(HandOver).channel is AGENT
    assert Led(dialog(ROUND + END, data=data)).one(Finished).outcome == "error.loop"


def test_a_loop_before_the_agent_ends_the_dialog() -> None:
    assert Led(dialog(ROUND + END)).one(Finished).outcome == "error.loop"


def test_a_long_part_that_does_not_apply_is_passed_and_is_no_loop() -> None:
    skipped = "".join(text(f"s{number}", attributes="ask-if=\"answers.q = 'x'\"") for number in range(400))
    led = Led(dialog(text("q") + skipped + text("last") + END)).answer("y")
    assert led.turn.item == "last"
    assert not any(event == "error.loop" for event, _ in led.noted)


def test_a_loop_over_items_that_do_not_apply_ends_all_the_same() -> None:
    skipped = "".join(text(f"s{number}", attributes="ask-if=\"answers.q = 'x'\"") for number in range(60))
    back = '<choose id="back"><next if="answers.q = \'y\'" to="s0"/></choose>'
    led = Led(dialog(text("q") + skipped + back + END)).answer("y")
    assert led.one(Finished).outcome == "error.loop"


def test_a_thousand_turns_are_enough() -> None:
    led = Led(dialog(text("q", '<next to="q"/>', 'type="digits"') + END), PHONE)
    for _ in range(999):
        led.run, _ = step(led.dialog, led.run, Answered(turn=led.run.turn, text="1"), NOW)
    assert led.item == "q"
    assert led.answer("1").one(HandOver).channel is AGENT


# -- Repair ---------------------------------------------------------------------------------------------------


def test_silence_and_wrong_keys_repeat_the_question_and_then_connect() -> None:
    led = Led(dialog(choice("q") + END), PHONE)
    assert led.happen("no-input").said.startswith("I have not heard anything. q? For A, press 1.")
    assert led.answer("7").said.startswith("That is none of the choices. q?")
    led.happen("no-match")
    assert led.one(HandOver).channel is AGENT
    assert led.said == "One moment please, I am connecting you."
    assert led.take_over().item == "q"


def test_the_count_begins_anew_at_the_next_item() -> None:
    led = Led(dialog(choice("q") + choice("r") + END), PHONE).happen("no-input", "no-input").answer("1")
    assert led.happen("no-input", "no-input").turn.kind == "question"


def test_the_highest_attempt_wins_and_of_equals_the_innermost() -> None:
    own = (
        '<on event="no-input"><text>Mine.</text></on>'
        '<on event="no-input" attempt="2"><text>Mine again.</text></on>'
        '<on event="no-input" attempt="3" then="continue"><text>Never mind.</text></on>'
    )
    data = '<on event="no-input"><text>Everybody\'s.</text></on>'
    led = Led(dialog(choice("q", own) + choice("r") + END, data=data), PHONE)
    assert led.happen("no-input").said.startswith("Mine. q?")
    assert led.happen("no-input").said.startswith("Mine again. q?")
    assert led.happen("no-input").said.startswith("Never mind. r?")
    assert led.happen("no-input").said.startswith("Everybody's. r?")


def test_a_handler_may_lead_elsewhere_or_end() -> None:
    leads = '<on event="no-input"><next to="r"/></on><on event="no-match" then="end"/>'
    assert Led(dialog(choice("q", leads) + choice("r") + END), PHONE).happen("no-input").item == "r"
    led = Led(dialog(choice("q", leads) + choice("r") + END), PHONE).answer("9")
    assert led.one(Finished).outcome == "no-match"


def test_a_handler_for_another_channel_is_not_used() -> None:
    leads = '<on event="no-input" channel="web"><next to="r"/></on>'
    assert Led(dialog(choice("q", leads) + choice("r") + END), PHONE).happen("no-input").item == "q"


def test_star_repeats_with_the_infos_and_zero_connects() -> None:
    script = dialog('<info id="i"><text>Hello.</text></info>' + choice("q") + END)
    led = Led(script, PHONE).answer("*")
    assert led.said.startswith("Hello. q?")
    assert led.turn.attempt == 1
    assert led.answer("0").one(HandOver).channel is AGENT


def test_zero_is_an_answer_where_it_is_one() -> None:
    led = Led(dialog('<question id="n" type="integer"><text>n?</text></question>' + END), PHONE).answer("0")
    assert led.run.answers["n"] == Decimal(0)


def test_help_says_the_hints_for_the_channel() -> None:
    hints = '<hint for="phone">On the bill.</hint><hint>Ask.</hint>'
    body = text("q", hints, 'type="date"')
    led = Led(dialog(body + END), PHONE).happen("help")
    assert led.said.startswith("On the bill. q?")
    assert Led(dialog(body + END)).turn.hints == ("Ask.",)


def test_an_optional_question_is_passed_in_silence() -> None:
    led = Led(dialog(text("q", attributes='type="digits" required="no"') + text("r") + END), PHONE)
    assert led.happen("no-input").item == "r"


def test_a_hang_up_leaves_the_run_to_the_agent_unless_the_script_ends_it() -> None:
    led = Led(dialog(choice("q") + END), PHONE).happen("hang-up")
    assert led.noted == [("left", "q")]
    assert not led.run.finished
    ending = dialog(choice("q") + END, data='<on event="hang-up" then="end"/>')
    assert Led(ending, PHONE).happen("hang-up").one(Finished).outcome == "hang-up"


def test_a_wrong_answer_on_the_screen_is_only_pointed_out() -> None:
    led = Led(dialog(text("q", attributes='type="integer"') + END)).answer("x", "y", "z", "")
    assert led.turn.error == "An answer is needed."
    assert led.turn.attempt == 1
    assert led.said == "q?"


# -- Texts ----------------------------------------------------------------------------------------------------


def test_the_language_falls_back_to_the_first_and_then_to_the_text_without_one() -> None:
    texts = '<text lang="nl">nederlands</text><text lang="de">deutsch</text>'
    body = f'<question id="q"><text>plain</text>{texts}</question>'
    script = dialog(body + END, languages="de nl")
    spoken = {language: Led(script, language=language).said for language in ("de", "de-AT", "nl", "it")}
    assert spoken == {"de": "deutsch", "de-AT": "deutsch", "nl": "nederlands", "it": "deutsch"}
    assert (
        Led(dialog('<question id="q"><text>plain</text><text lang="nl">n</text></question>' + END)).said == "plain"
    )


def test_a_text_for_the_attempt_and_the_condition_is_preferred() -> None:
    body = (
        '<question id="q" type="date"><text>q?</text><text if="call.vip">Dear q?</text>'
        '<text attempt="2">Once more.</text></question>'
    )
    assert Led(dialog(body + END), call={"vip": True}).said == "Dear q?"
    led = Led(dialog(body + END), PHONE)
    assert led.said.startswith("q?")
    assert "Once more." in led.happen("no-input").said


@pytest.mark.parametrize(
    ("language", "prompt"),
    [
        ("en", "q? For A, press 1. For B, press 2."),
        ("de", "q? Für A drücken Sie die 1. Für B drücken Sie die 2."),
        ("nl", "q? Voor A, toets 1. Voor B, toets 2."),
        ("it", "q? Per A, premere 1. Per B, premere 2."),
    ],
)
def test_the_phone_tells_the_keys_in_its_language(language: str, prompt: str) -> None:
    assert Led(dialog(choice("q") + END), PHONE, language=language).said == prompt


def test_a_text_for_the_phone_tells_its_own_keys() -> None:
    body = choice("q").replace("<text>q?</text>", '<text>q?</text><text channel="phone">One or two?</text>')
    assert Led(dialog(body + END), PHONE).said == "One or two?"


def test_yes_and_no_have_keys_too() -> None:
    led = Led(dialog('<question id="q" type="yes-no"><text>q?</text></question>' + END), PHONE)
    assert led.said == "q? For yes, press 1. For no, press 2."
    assert led.answer("2").run.answers["q"] is False


def test_the_script_may_choose_the_language() -> None:
    body = (
        choice("q", "<set name=\"dialog.language\" to=\"if(answers.q = 'a', 'en', 'de')\"/>")
        + '<question id="r" type="date"><text lang="en">When?</text><text lang="de">Wann?</text></question>'
        + END
    )
    script = dialog(body, languages="en de")
    assert Led(script, PHONE).answer("2").said.startswith("Wann?")
    assert Led(script, PHONE).answer("1").said.startswith("When?")


def test_values_are_shown_as_they_are_written_and_said_digit_by_digit() -> None:
    body = (
        text("d", attributes='type="date"')
        + text("n", attributes='type="number"')
        + '<question id="z" type="digits"><text><value of="answers.d"/>|<value of="answers.n"/>|'
        '<value of="answers.n" format="digits"/>|<value of="answers.none" if-empty="none"/></text></question>'
    )
    led = Led(dialog(body + END), language="de").answer("3.2.2026", "12,50")
    assert led.said == "3. Februar 2026|12,5|12,5|none"
    led = Led(dialog(body + END), PHONE, language="de").answer("03022026", "12*5")
    assert led.said.startswith("3. Februar 2026|12,5|1 2 , 5|none")


def test_markup_in_values_is_nothing_but_text() -> None:
    body = (
        text("q")
        + '<info id="i" confirm="yes"><text>Hi <em><value of="answers.q"/></em>,<break/>you.</text></info>'
        + END
    )
    assert Led(dialog(body)).answer("<b>&amp;").said == "Hi <b>&amp;,\nyou."


# -- Questions ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("kind", "channel", "typed", "value"),
    [
        ("text", AGENT, "  Ann ", "Ann"),
        ("integer", AGENT, "1 200", Decimal(1200)),
        ("integer", PHONE, "007", Decimal(7)),
        ("number", AGENT, "3,5", Decimal("3.5")),
        ("number", PHONE, "3*5", Decimal("3.5")),
        ("yes-no", AGENT, "yes", True),
        ("yes-no", AGENT, "Nein", False),
        ("yes-no", PHONE, "1", True),
        ("date", AGENT, "2026-02-03", date(2026, 2, 3)),
        ("date", AGENT, "3.2.2026", date(2026, 2, 3)),
        ("date", AGENT, "3/2/2026", date(2026, 2, 3)),
        ("date", PHONE, "03022026", date(2026, 2, 3)),
        ("phone", AGENT, "0049 (30) 123-456", "+4930123456"),
        ("phone", PHONE, "030123456", "030123456"),
        ("digits", AGENT, "00 12", "0012"),
        ("digits", PHONE, "0012", "0012"),
    ],
)
def test_answers_are_read_by_type_and_channel(
    kind: str, channel: ScriptChannel, typed: str, value: object
) -> None:
    led = Led(dialog(text("q", attributes=f'type="{kind}"') + END), channel).answer(typed)
    assert led.run.finished
    assert led.run.answers["q"] == value


@pytest.mark.parametrize(
    ("kind", "channel", "typed"),
    [
        ("integer", AGENT, "3.5"),
        ("integer", AGENT, "9" * 19),
        ("integer", AGENT, "٣"),
        ("number", AGENT, "1e5"),
        ("number", AGENT, "NaN"),
        ("yes-no", AGENT, "maybe"),
        ("yes-no", PHONE, "3"),
        ("date", AGENT, "31.2.2026"),
        ("date", PHONE, "31022026"),
        ("date", AGENT, "tomorrow"),
        ("phone", AGENT, "12"),
        ("phone", AGENT, "call me"),
        ("digits", AGENT, "12a"),
        ("text", AGENT, "x" * 4001),
    ],
)
def test_what_is_no_answer_is_asked_again(kind: str, channel: ScriptChannel, typed: str) -> None:
    led = Led(dialog(text("q", attributes=f'type="{kind}"') + END), channel).answer(typed)
    assert led.item == "q"
    assert led.turn.error
    assert "q" not in led.run.answers


def test_bounds_and_pattern_are_minded() -> None:
    led = Led(dialog(text("q", attributes='type="integer" min="1" max="2 + 3"') + END))
    assert (led.turn.minimum, led.turn.maximum) == (Decimal(1), Decimal(5))
    assert led.answer("0").turn.error == "It must be at least 1."
    assert led.answer("6").turn.error == "It must be at most 5."
    led = Led(dialog(text("q", attributes='pattern="[A-Z]{2}[0-9]+"') + END)).answer("ab1")
    assert led.turn.error == "That has not the form that is needed."
    assert led.answer("AB1").run.finished


def test_options_may_depend_on_what_is_known() -> None:
    body = choice("q").replace('value="b"', 'value="b" if="call.vip"')
    assert [option.value for option in Led(dialog(body + END)).turn.options] == ["a"]
    assert Led(dialog(body + END), call={"vip": True}).answer("b").run.finished
    assert Led(dialog(body + END)).answer("b").turn.error == "That is none of the choices."


def test_errors_are_told_before_warnings_and_a_warning_only_once() -> None:
    checks = (
        '<check if="answers.q lt 10" level="warning"><text>Much.</text></check>'
        '<check if="answers.q lt 20"><text>Too much.</text></check>'
    )
    led = Led(dialog(text("q", checks, 'type="integer"') + END)).answer("30")
    assert (led.turn.error, led.turn.warning) == ("Too much.", False)
    led.answer("15")
    assert (led.turn.error, led.turn.warning) == ("Much.", True)
    led.answer("16")
    assert led.turn.warning
    assert led.answer("16").run.finished


def test_the_digits_to_collect_follow_from_the_question() -> None:
    def rule(attributes: str, more: str = "") -> DigitRule | None:
        rule = Led(dialog(text("q", more, attributes) + END), PHONE).turn.digits
        return rule and replace(rule, codes=())

    assert rule('type="date"') == DigitRule(minimum=8, maximum=8)
    assert rule('type="yes-no"') == DigitRule()
    assert rule('type="integer" max="999"') == DigitRule(maximum=3, end_key="#")
    entry = '<input digits="2-6" end-key="*" first-digit-timeout="8s" next-digit-timeout="500ms"/>'
    assert rule('type="digits"', entry) == DigitRule(
        minimum=2, maximum=6, end_key="*", first_timeout=8.0, next_timeout=0.5
    )
    assert Led(dialog(text("q", entry, 'type="digits"') + END)).turn.digits is None


# -- Objects --------------------------------------------------------------------------------------------------

OBJECT = '<object name="customer" class="Customer" key="call.customer" access="write"/>'


def test_the_objects_a_run_needs_are_told_with_their_keys() -> None:
    script = dialog(text("q") + END, data=OBJECT.replace("/>", ' missing="error"/>'))
    begin = RunStart(
        run=Led(script).run.id,
        script=Led(script).run.script,
        channel=AGENT,
        language="en",
        call={"customer": "c-7"},
    )
    (needed,) = needed_objects(script, begin, NOW)
    assert (needed.name, needed.class_name, needed.key, needed.may_be_missing) == (
        "customer",
        "Customer",
        "c-7",
        False,
    )


def test_a_bound_answer_is_saved_at_the_end_and_a_known_one_not_asked() -> None:
    body = text("name", attributes='bind="customer.name" skip-if-known="yes"') + text("q") + END
    led = Led(dialog(body, data=OBJECT), call={"customer": "c-7"}).answer("Ann")
    assert led.all(SaveObject) == []
    saved = led.answer("x").one(SaveObject)
    assert (saved.key, dict(saved.changes)) == ("c-7", {"name": "Ann"})
    known = Led(dialog(body, data=OBJECT), objects={"customer": {"name": "Bea"}})
    assert (known.item, known.run.answers["name"]) == ("q", "Bea")
    assert known.answer("x").all(SaveObject) == []


def test_an_answer_may_be_saved_at_once_or_never() -> None:
    body = (
        text("a", attributes='bind="customer.a" save="answer"')
        + text("b", attributes='bind="customer.b" save="never"')
        + END
    )
    led = Led(dialog(body, data=OBJECT), call={"customer": "c-7"}).answer("1")
    assert dict(led.one(SaveObject).changes) == {"a": "1"}
    assert [dict(saved.changes) for saved in led.answer("2").all(SaveObject)] == [{"a": "1"}]


def test_a_parked_answer_is_not_saved() -> None:
    body = BRANCHES.replace('<question id="left" ', '<question id="left" bind="customer.left" ')
    led = Led(dialog(body, data=OBJECT), call={"customer": "c-7"}).answer("a", "l")
    led.give(Corrected(item="way", text="b")).answer("r", "z")
    assert led.run.finished
    assert led.all(SaveObject) == []


def test_nothing_is_written_to_a_customer_who_is_not_known() -> None:
    body = text("name", attributes='bind="customer.name"') + END
    assert Led(dialog(body, data=OBJECT)).answer("Ann").all(SaveObject) == []
    created = Led(dialog(body, data=OBJECT.replace("write", "create"))).answer("Ann").one(SaveObject)
    assert (created.key, dict(created.changes)) == (None, {"name": "Ann"})


def test_set_changes_an_object_and_clear_forgets() -> None:
    actions = '<set name="customer.seen" to="today()"/><clear names="answers.one vars.v"/>'
    script = dialog(
        text("one") + text("two", actions) + text("three") + END, data=OBJECT + '<var name="v" initial="\'x\'"/>'
    )
    led = Led(script, call={"customer": "c-7"}).answer("a", "b")
    assert "one" not in led.run.answers
    assert led.run.data["vars"]["v"] is None
    assert dict(led.answer("c").one(SaveObject).changes) == {"seen": date(2026, 11, 23)}


def test_today_is_where_the_centre_is() -> None:
    script = dialog('<info id="i" confirm="yes"><text><value of="today()"/></text></info>' + END)
    late = NOW.replace(hour=23, minute=30)
    begin = RunStart(
        run=Led(script).run.id,
        script=Led(script).run.script,
        channel=AGENT,
        language="en",
        time_zone="Europe/Berlin",
    )
    _, effects = start(script, begin, late)
    (shown,) = [effect for effect in effects if isinstance(effect, Present)]
    assert shown.turn.segments[0].text == "24 November 2026"


# -- Restart --------------------------------------------------------------------------------------------------


def test_a_run_met_again_tells_what_to_do() -> None:
    led = Led(dialog(HANDED.format("")), PHONE)
    assert isinstance(resume(led.dialog, led.run, NOW)[0], Present)
    led.answer("1")
    assert resume(led.dialog, led.run, NOW) == (led.one(HandOver),)
    led.take_over().answer("x")
    assert resume(led.dialog, led.run, NOW) == (led.one(Finished),)


def test_a_service_that_was_asked_is_asked_again_under_the_same_key() -> None:
    led = Led(dialog(text("q", do(more='<param name="t" as="answers.q"/>')) + text("z") + END)).answer("x")
    assert resume(led.dialog, led.run, NOW) == (led.one(Present), led.one(CallService))
    led.give(ServiceAnswered(key=led.one(CallService).key))
    assert resume(led.dialog, led.run, NOW) == (led.one(Present),)


def test_what_was_asked_in_the_background_is_asked_again_as_it_was() -> None:
    action = do(more='<param name="t" as="answers.q"/>', attributes='when="background"')
    led = Led(dialog(text("q", action + '<clear names="answers.q"/>') + text("z") + END)).answer("x")
    (_, again) = resume(led.dialog, led.run, NOW)
    assert again == led.one(CallService)
    assert isinstance(again, CallService)
    assert dict(again.params) == {"t": "x"}


def test_the_audit_tells_what_was_shown_answered_and_changed() -> None:
    led = Led(dialog(text("one") + text("two") + END))
    assert led.noted == [("shown", "one")]
    assert led.answer("x").noted == [("answered", "one"), ("shown", "two")]
    led.give(Corrected(item="one", text="y"))
    changed = led.all(Noted)[0]
    assert (changed.event, changed.old, changed.new) == ("changed", "x", "y")
