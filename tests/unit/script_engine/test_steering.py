"""What steers and asks nobody: branches, lots, waits, events, consent, macros, undoing; how long a run lasts."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta

import pytest

from caruso.errors import RejectedInput
from caruso.script_engine.engine import expired, resume, step
from caruso.script_engine.lots import draw
from caruso.script_engine.nodes import Split
from caruso.script_engine.turns import (
    CallService,
    ConsentGiven,
    Corrected,
    Finished,
    HandOver,
    Happened,
    Noted,
    Present,
    ScriptChannel,
    ServiceAnswered,
    StartTimer,
    TakenOver,
    Undo,
    WentBack,
)
from tests.unit.script_engine.leading import NOW, Led, dialog

PHONE, AGENT, WEB = ScriptChannel.PHONE, ScriptChannel.AGENT, ScriptChannel.WEB
END = '<end id="bye" outcome="done"/>'


def text(name: str, more: str = "", attributes: str = "") -> str:
    return f'<question id="{name}" {attributes}><text>{name}?</text>{more}</question>'


# -- Branches and lots ----------------------------------------------------------------------------------------


def test_a_choice_nobody_is_asked_takes_the_first_way_that_holds() -> None:
    body = (
        text("q")
        + '<choose id="c"><next if="answers.q = \'a\'" to="one"/><next if="answers.q = \'b\'" to="two"/></choose>'
        + text("other", '<next to="bye"/>')
        + text("one", '<next to="bye"/>')
        + text("two")
        + END
    )
    for answer, item in (("a", "one"), ("b", "two"), ("c", "other")):
        assert Led(dialog(body)).answer(answer).item == item


SPLIT = (
    '<split id="s" name="greeting" {}><branch name="short" weight="1" to="a"/>'
    '<branch name="long" weight="3" to="b"/></split>' + text("a", '<next to="bye"/>') + text("b") + END
)


def test_a_lot_falls_the_same_for_the_same_customer_and_is_told() -> None:
    script = dialog(SPLIT.format(""))
    items = {Led(script, call={"customer": "c-1"}).item for _ in range(3)}
    assert len(items) == 1
    (told,) = [note for note in Led(script, call={"customer": "c-1"}).all(Noted) if note.event == "split"]
    assert told.text in {"greeting=short", "greeting=long"}


def test_lots_fall_by_weight() -> None:
    split = dialog(SPLIT.format("")).items["s"]
    assert isinstance(split, Split)
    drawn = Counter(draw(split, f"customer {number}").name for number in range(2_000))
    assert 420 < drawn["short"] < 580


def test_a_branch_without_weight_is_never_drawn() -> None:
    split = dialog(SPLIT.format("").replace('weight="1"', 'weight="0"')).items["s"]
    assert isinstance(split, Split)
    assert {draw(split, str(number)).name for number in range(100)} == {"long"}


def test_a_lot_may_stick_to_the_session_and_stays_when_one_goes_back() -> None:
    script = dialog(text("q") + SPLIT.format('sticky="session"'))
    led = Led(script, call={"customer": "c-1"}).answer("x")
    item = led.item
    led.give(WentBack(turn=led.run.turn)).answer("y")
    assert led.item == item
    assert dict(led.run.branches) == {"greeting": "short" if item == "a" else "long"}


def test_no_lot_without_weights() -> None:
    with pytest.raises(RejectedInput):
        dialog(SPLIT.format("").replace('weight="1"', 'weight="0"').replace('weight="3"', 'weight="0"'))


# -- Waiting --------------------------------------------------------------------------------------------------


def wait(how: str, more: str = "") -> str:
    return text("q") + f'<wait id="w" {how}>{more}</wait>' + text("z") + END


def test_a_wait_sets_a_timer_and_goes_on_when_it_is_due() -> None:
    led = Led(dialog(wait("for=\"'2h'\""))).answer("x")
    timer = led.one(StartTimer)
    assert (timer.due - NOW, led.turn.kind, led.item) == (timedelta(hours=2), "wait", "w")
    early = step(led.dialog, led.run, Happened(event="timer"), NOW + timedelta(minutes=1))
    assert early[0] == led.run
    run, _ = step(led.dialog, led.run, Happened(event="timer"), timer.due)
    assert run.current.item == "z"


@pytest.mark.parametrize(
    ("written", "seconds"),
    [
        ("90", 90),
        ("'30s'", 30),
        ("'3d'", 259_200),
        ("-5", 0),
        ("10 * 6", 60),
        ("date('2026-11-24')", 48_600),
        ("date('2020-01-01')", 0),
        ("date('9999-12-31')", 366 * 86_400),
        ("999999999999", 366 * 86_400),
    ],
)
def test_how_long_is_written_in_several_ways(written: str, seconds: int) -> None:
    led = Led(dialog(wait(f'for="{written}"'))).answer("x")
    assert led.one(StartTimer).due - NOW == timedelta(seconds=seconds)


def test_a_wait_for_nothing_that_makes_sense_is_passed() -> None:
    assert Led(dialog(wait('for="null"'))).answer("x").item == "z"
    with pytest.raises(RejectedInput):
        dialog(wait(""))


def test_an_event_ends_a_wait_and_others_do_not() -> None:
    led = Led(dialog(wait('event="paid"'))).answer("x")
    assert led.all(StartTimer) == []
    before = led.run
    assert led.happen("odd").run == before
    assert led.happen("timer").run == before
    assert led.happen("paid").item == "z"


def test_whichever_comes_first_is_handled_on_its_own() -> None:
    late = '<on event="timer"><next to="bye"/></on>'
    led = Led(dialog(wait('for="\'1d\'" event="paid"', late))).answer("x")
    run, _ = step(led.dialog, led.run, Happened(event="timer"), NOW + timedelta(days=1))
    assert run.finished
    assert led.happen("paid").item == "z"


def test_a_handler_of_its_time_may_have_it_wait_anew() -> None:
    still = '<on event="timer"><text>Still nothing.</text></on>'
    led = Led(dialog(wait('for="\'1d\'" event="paid"', still))).answer("x")
    run, effects = step(led.dialog, led.run, Happened(event="timer"), NOW + timedelta(days=1))
    assert [effect.due - NOW for effect in effects if isinstance(effect, StartTimer)] == [timedelta(days=2)]
    led.run = run
    assert led.happen("timer").run == run
    assert led.happen("paid").item == "z"


def test_a_wait_that_is_over_is_not_waited_for_again() -> None:
    led = Led(dialog(wait('event="paid"'))).answer("x").happen("paid")
    assert led.give(Corrected(item="q", text="y")).item == "z"


def test_a_wait_met_again_after_a_restart_sets_its_timer_again() -> None:
    led = Led(dialog(wait("for=\"'2h'\""))).answer("x")
    assert led.one(StartTimer) in resume(led.dialog, led.run, NOW)


def test_one_may_go_back_from_a_wait_and_answer_nothing_in_it() -> None:
    led = Led(dialog(wait('event="paid"'))).answer("x")
    before = led.run
    assert led.answer("y").run == before
    assert led.give(WentBack(turn=led.run.turn)).item == "q"
    assert led.run.due is None


def test_a_wait_goes_on_when_somebody_else_takes_over() -> None:
    led = Led(dialog(wait("for=\"'2h'\"")), WEB).answer("x")
    due = led.run.due
    led.give(TakenOver(channel=AGENT, by="anna"))
    assert (led.turn.kind, led.run.due) == ("wait", due)


# -- Events ---------------------------------------------------------------------------------------------------


def test_a_thrown_event_is_handled_at_once_and_what_comes_behind_it_is_left_out() -> None:
    body = text("q", '<throw event="odd"/><log>never</log>') + text("r") + text("s") + END
    led = Led(dialog(body, data='<on event="odd"><text>Odd.</text><next to="s"/></on>')).answer("x")
    assert (led.item, led.said) == ("s", "Odd. s?")
    assert ("log", "q") not in led.noted


def test_a_handler_may_let_the_actions_go_on() -> None:
    body = text("q", '<throw event="odd"/><log>after</log>') + text("r") + END
    led = Led(dialog(body, data='<on event="odd" then="continue"><log>handled</log></on>')).answer("x")
    assert led.item == "r"
    assert [note.text for note in led.all(Noted) if note.event == "log"] == ["handled", "after"]


def test_a_handler_may_have_the_question_asked_again() -> None:
    body = text("q", '<throw event="odd"/>', "") + text("r") + END
    led = Led(dialog(body, data='<on event="odd"><text>Once more.</text></on>')).answer("x")
    assert (led.item, led.said, led.turn.answer) == ("q", "Once more. q?", "x")


def test_an_event_nobody_handles_is_only_told() -> None:
    led = Led(dialog(text("q", '<throw event="odd"/>') + text("r") + END)).answer("x")
    assert led.item == "r"
    assert ("thrown", "q") in led.noted


def test_a_script_may_ask_for_an_agent() -> None:
    led = Led(dialog(text("q", '<throw event="agent"/>', 'type="digits"') + END), PHONE).answer("1")
    assert led.one(HandOver).channel is AGENT


def test_a_handler_that_throws_what_it_handles_ends_at_an_agent() -> None:
    data = '<on event="odd"><throw event="odd"/></on>'
    led = Led(dialog(text("q", '<throw event="odd"/>', 'type="digits"') + END, data=data), PHONE).answer("1")
    assert led.one(HandOver).channel is AGENT
    assert any(note.event == "error.loop" for note in led.all(Noted))


def test_a_handler_without_an_attempt_is_always_used() -> None:
    data = '<on event="no-input"><text>Hello?</text></on>'
    led = Led(dialog(text("q", attributes='type="digits"') + END, data=data), PHONE)
    assert led.happen("no-input", "no-input", "no-input", "no-input").said.startswith("Hello? q?")


def test_a_hand_over_has_handlers_of_its_own() -> None:
    gone = '<on event="no-agent"><text>All are busy.</text><next to="z"/></on>'
    body = (
        text("q", attributes='type="digits"') + f'<handover id="h" channel="agent">{gone}</handover>' + text("z")
    )
    led = Led(dialog(body + END), PHONE).answer("1")
    assert led.happen("odd").turn.kind == "handover"
    led.happen("no-agent")
    assert (led.item, led.said) == ("z", "All are busy. z?")


def test_a_hand_over_may_be_passed_when_nobody_is_there() -> None:
    gone = '<on event="no-agent" then="continue"/>'
    body = text("q", attributes='type="digits"') + f'<handover id="h" channel="agent">{gone}</handover>'
    led = Led(dialog(body + text("z", attributes='type="digits"') + END), PHONE).answer("1")
    assert led.happen("no-agent").item == "z"
    assert led.give(Corrected(item="q", text="2")).item == "z", "a correction does not hand over again"


def test_a_hand_over_stays_when_its_handler_says_so() -> None:
    gone = '<on event="no-agent"><text>Still busy.</text></on>'
    body = text("q", attributes='type="digits"') + f'<handover id="h" channel="agent">{gone}</handover>' + END
    led = Led(dialog(body), PHONE).answer("1").happen("no-agent")
    assert (led.one(HandOver).channel, led.said) == (AGENT, "Still busy.")


# -- Consent and macros ---------------------------------------------------------------------------------------


def test_consent_is_kept_as_evidence_and_told_again_only_when_it_changes() -> None:
    asked = '<record-consent purpose="mail" given="answers.ok"/>'
    body = f'<question id="ok" type="yes-no"><text>?</text>{asked}</question>' + text("z") + END
    led = Led(dialog(body)).answer("yes")
    given = led.one(ConsentGiven)
    assert (given.purpose, given.given, given.item, given.by) == ("mail", True, "ok", "anna")
    led.give(WentBack(turn=led.run.turn)).answer("yes")
    assert led.all(ConsentGiven) == []
    assert not led.give(Corrected(item="ok", text="no")).one(ConsentGiven).given


MACRO = (
    '<macro name="tell"><param name="to" as="\'all\'"/><param name="what"/>'
    '<do service="x.tell" id="t" when="background">'
    '<param name="to" as="param.to"/><param name="what" as="param.what + \'!\'"/></do></macro>'
)


def test_a_macro_stands_for_its_actions_with_what_it_is_given() -> None:
    body = (
        text("q", '<use macro="tell"><param name="what" as="answers.q"/></use>')
        + text("r", '<use macro="tell"><param name="to" as="\'me\'"/></use>')
        + END
    )
    led = Led(dialog(body, data=MACRO)).answer("hi")
    first = led.one(CallService)
    assert dict(first.params) == {"to": "all", "what": "hi!"}
    second = led.answer("x").one(CallService)
    assert dict(second.params) == {"to": "me", "what": None}
    assert first.key != second.key


def test_a_macro_may_use_others_and_hand_on_what_it_is_given() -> None:
    outer = (
        '<macro name="loud"><param name="x"/>'
        '<use macro="tell"><param name="what" as="param.x + \'!\'"/></use></macro>'
    )
    led = Led(
        dialog(text("q", '<use macro="loud"><param name="x" as="answers.q"/></use>') + END, data=MACRO + outer)
    )
    assert led.answer("hi").one(CallService).params["what"] == "hi!!"


@pytest.mark.parametrize(
    ("macros", "used", "rule"),
    [
        ("", '<use macro="tell"/>', "unknown-macro"),
        (MACRO, '<use macro="tel"/>', "unknown-macro"),
        (MACRO, '<use macro="tell"><param name="too" as="1"/></use>', "unknown-name"),
        ('<macro name="a"><use macro="a"/></macro>', "", "macro-circle"),
        ('<macro name="a"><use macro="b"/></macro><macro name="b"><use macro="a"/></macro>', "", "macro-circle"),
        ('<macro name="a"><log><value of="param.x"/></log></macro>', "", "unknown-name"),
        (MACRO + MACRO, "", "name-twice"),
    ],
)
def test_a_macro_that_cannot_be_put_in_place_is_refused(macros: str, used: str, rule: str) -> None:
    with pytest.raises(RejectedInput) as refused:
        dialog(text("q", used) + END, data=macros)
    assert rule in {finding.rule for finding in refused.value.findings}


def test_macros_do_not_grow_without_bound() -> None:
    doubling = "".join(
        f'<macro name="m{n}"><param name="x"/>'
        f'<use macro="m{n + 1}"><param name="x" as="param.x + param.x"/></use></macro>'
        for n in range(9)
    )
    last = '<macro name="m9"><param name="x"/><log><value of="param.x"/></log></macro>'
    body = text("q", '<use macro="m0"><param name="x" as="' + " + ".join(["answers.q"] * 60) + '"/></use>')
    with pytest.raises(RejectedInput) as refused:
        dialog(body + END, data=doubling + last)
    assert {finding.rule for finding in refused.value.findings} == {"expression-too-long"}
    bomb = "".join(f'<macro name="b{n}">' + f'<use macro="b{n + 1}"/>' * 8 + "</macro>" for n in range(9))
    with pytest.raises(RejectedInput) as refused:
        dialog(text("q") + END, data=bomb + '<macro name="b9"><log>x</log></macro>')
    assert "too-many-elements" in {finding.rule for finding in refused.value.findings}


# -- Undoing --------------------------------------------------------------------------------------------------

STORE = (
    '<do service="erp.store" id="store" result="stored"><undo><do service="erp.cancel" id="cancel">'
    '<param name="number" as="result.stored.number"/></do></undo><on-failure/></do>'
)
WAYS = (
    text("way", '<next if="answers.way = \'a\'" to="left"/><next to="right"/>', 'type="digits"').replace(
        "'a'", "'1'"
    )
    + text("left", STORE + '<next to="last"/>', 'type="digits"')
    + text("right", '<next to="last"/>', 'type="digits"')
    + text("last", attributes='type="digits"')
    + END
)


def stored(channel: ScriptChannel) -> Led:
    led = Led(dialog(WAYS, channels="agent phone web"), channel).answer("1", "5")
    return led.give(ServiceAnswered(key=led.one(CallService).key, result={"number": "77"}))


def test_what_is_off_the_path_for_good_is_undone_by_itself_on_web_and_phone() -> None:
    led = stored(WEB)
    assert led.item == "last"
    led.give(Corrected(item="way", text="2"))
    undone = led.one(CallService)
    assert (undone.service, dict(undone.params), undone.wait) == ("erp.cancel", {"number": "77"}, False)
    assert ("undone", "right") in led.noted


def test_going_back_and_forth_undoes_nothing() -> None:
    led = stored(WEB)
    for _ in range(2):
        led.give(WentBack(turn=led.run.turn))
        assert led.all(CallService) == []
    led.answer("1")
    assert (led.all(CallService), led.item) == ([], "last")


def test_an_agent_is_asked_whether_to_undo() -> None:
    led = stored(AGENT).give(Corrected(item="way", text="2"))
    assert led.all(CallService) == []
    (offer,) = led.turn.offers
    assert (offer.service, offer.item, offer.question) == ("erp.store", "left", "left?")
    assert led.give(Undo(key=offer.key)).one(CallService).service == "erp.cancel"
    assert led.turn.offers == ()
    assert led.give(Undo(key=offer.key)).all(CallService) == []


def test_an_agent_may_let_it_be() -> None:
    led = stored(AGENT).give(Corrected(item="way", text="2"))
    (offer,) = led.turn.offers
    assert led.give(Undo(key=offer.key, wanted=False)).all(CallService) == []
    assert led.turn.offers == ()
    assert led.answer("1", "1").run.finished
    assert led.turn.offers == ()


def test_what_is_undone_after_the_end_does_not_end_it_again() -> None:
    led = stored(AGENT).give(Corrected(item="way", text="2")).answer("1", "1")
    assert led.one(Finished).turn.offers
    (offer,) = led.turn.offers
    led.give(Undo(key=offer.key))
    assert [effect.service for effect in led.all(CallService)] == ["erp.cancel"]
    assert (led.all(Finished), led.turn.offers) == ([], ())


def test_an_offer_goes_when_the_path_comes_back() -> None:
    led = stored(AGENT).give(Corrected(item="way", text="2"))
    assert len(led.turn.offers) == 1
    led.give(Corrected(item="way", text="1"))
    assert led.item == "last"
    assert not led.turn.offers
    assert not led.all(CallService)


def test_what_was_undone_is_done_again_when_the_path_comes_back() -> None:
    led = stored(WEB).give(Corrected(item="way", text="2"))
    led.give(Corrected(item="way", text="1"))
    again = led.one(CallService)
    assert (again.service, again.key) == ("erp.store", "run-1/store~2")


def test_an_action_that_is_not_answered_yet_is_undone_when_it_is() -> None:
    led = Led(dialog(WAYS.replace('result="stored"', 'when="background" result="stored"'), channels="web"), WEB)
    led.answer("1", "5")
    key = led.one(CallService).key
    assert led.give(Corrected(item="way", text="2")).all(CallService) == []
    assert led.give(ServiceAnswered(key=key, result={"number": "5"})).one(CallService).service == "erp.cancel"


def test_what_failed_need_not_be_undone() -> None:
    led = Led(dialog(WAYS, channels="web"), WEB).answer("1", "5")
    led.give(ServiceAnswered(key=led.one(CallService).key, failure="down")).give(Corrected(item="way", text="2"))
    assert led.all(CallService) == []


def test_at_the_end_nothing_can_come_back() -> None:
    loop = text("way", '<next if="answers.way = \'1\'" to="left"/><next to="last"/>', 'type="digits"')
    body = (
        loop
        + text("left", STORE, 'type="digits"')
        + text("last", '<next if="answers.last = \'1\'" to="way"/>', 'type="digits"')
        + END
    )
    led = Led(dialog(body, channels="web"), WEB).answer("1", "5")
    led.give(ServiceAnswered(key=led.one(CallService).key, result={"number": "77"}))
    led.give(Corrected(item="way", text="2"))
    assert led.all(CallService) == [], "the loop may still lead there"
    assert led.answer("2").one(CallService).service == "erp.cancel"


# -- How long a run lasts -------------------------------------------------------------------------------------


def test_a_run_nobody_goes_on_with_runs_out() -> None:
    led = Led(dialog(text("q") + END, more='expires="30m"'))
    assert not expired(led.dialog, led.run, NOW + timedelta(minutes=29))
    assert led.happen("expire").one(Present).turn.item == "q"
    run, effects = step(led.dialog, led.run, Happened(event="expire"), NOW + timedelta(minutes=30))
    assert (run.finished, run.outcome) == (True, "expired")
    assert isinstance(effects[-1], Finished)


def test_a_run_without_a_limit_never_runs_out() -> None:
    led = Led(dialog(text("q") + END))
    assert not expired(led.dialog, led.run, NOW + timedelta(days=999))


def test_a_run_may_be_over_when_the_customer_leaves() -> None:
    led = Led(dialog(text("q") + END, more='keep="until-left"'), WEB).happen("hang-up")
    assert led.one(Finished).outcome == "left"


def test_a_wait_does_not_count_as_nobody_going_on() -> None:
    led = Led(dialog(wait("for=\"'2d'\""), more='expires="1d"')).answer("x")
    assert not expired(led.dialog, led.run, NOW + timedelta(days=2, hours=23))
    assert expired(led.dialog, led.run, NOW + timedelta(days=3))


def test_services_asked_round_and_round_end_at_an_agent() -> None:
    ask = '<do service="x.y" once-per="visit"><on-failure/></do>'
    led = Led(dialog(f'<info id="i"><text>x</text>{ask}<next to="i"/></info>' + END), PHONE)
    asked = 0
    while led.turn.kind == "working" and asked < 1_050:
        led.run, led.effects = step(led.dialog, led.run, ServiceAnswered(key=led.run.pending), NOW)
        asked += 1
    assert asked < 1_050
    assert led.one(HandOver).channel is AGENT
