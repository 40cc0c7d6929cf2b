"""`caruso script run`: the simulator at a terminal and led by prepared answers."""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import Any

import pytest

from caruso.cli import main

PACK = Path(__file__).parents[3] / "packs" / "utility" / "scripts"
METER = PACK / "meter-reading.xml"
CUSTOMER = '{"id": "c-1", "name": "Jo Example", "last_reading": "4200"}'


class Runner:
    """Runs the command."""

    def __init__(self, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
        self._capsys = capsys
        self._monkeypatch = monkeypatch

    def __call__(self, *arguments: object, typed: str = "") -> tuple[int, str, str]:
        self._monkeypatch.setattr("sys.stdin", io.StringIO(typed))
        code = main(["script", "run", *map(str, arguments)])
        said = self._capsys.readouterr()
        return code, said.out, said.err

    def told(self, *arguments: object, answers: Any) -> list[dict[str, Any]]:
        """Return the lines of JSON."""
        code, out, err = self(*arguments, "--json", "--answers", "-", typed=json.dumps(answers))
        assert err == ""
        assert code == 0
        return [json.loads(line) for line in out.splitlines()]


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Runner:
    return Runner(capsys, monkeypatch)


def test_a_person_types_answers_and_sees_what_is_said_and_done(run: Runner) -> None:
    code, out, _ = run(METER, "--channel", "phone", "--object", f"customer={CUSTOMER}", typed="gas\n4300\nno\n")
    assert code == 0
    assert "Good day, Jo Example.\nWhich meter is it about?\nFor gas, press 1." in out
    assert '  · customer.update(customer="c-1", last_reading="4300") answers null' in out
    assert "  · ends: self-service, disposition done, hangs up" in out


def test_commands_go_back_correct_take_over_and_look(run: Runner) -> None:
    typed = (
        "gas\n:back\npower\n4300\n:correct product=gas\n:answers\n:trail\n:event agent\n:channel agent by=anna\n"
    )
    _, out, _ = run(METER, "--channel", "phone", typed=typed)
    assert '  · changed product: "power" → "gas"' in out
    assert '  answers.product = "gas"' in out
    assert '  reading = "4300"' in out
    assert "  · hands over to agent, queue meter" in out
    assert "  · taken-over to-meter agent" in out


def test_what_cannot_be_done_is_told_and_nothing_changes(run: Runner) -> None:
    _, out, _ = run(METER, "--channel", "phone", typed=":fly\n:correct reading=1\n:channel moon\n:wait x\n")
    assert "! “:fly” is not understood; :help tells what is" in out
    assert "! there is no answer of “reading” to correct; answered: none yet" in out
    assert "! “moon” is no channel: phone, agent, web" in out
    assert "! “x” is not a duration: write for instance 5m" in out


def test_json_tells_after_each_input_where_the_dialog_stands(run: Runner) -> None:
    told = run.told(
        METER, "--channel", "phone", "--object", f"customer={CUSTOMER}", answers=["gas", {"answer": 4100}]
    )
    begin, product, reading = told
    assert begin["step"] is None
    assert begin["item"] == "product"
    assert begin["computed"] == {"last": 4200, "used": None}
    assert "reading_date" not in begin["relevant"]
    assert product["step"] == {"answer": "gas"}
    assert product["answers"] == {"product": "gas"}
    assert reading["warning"] is True
    assert reading["verdicts"]["reading"]["verdict"] == "warning"
    assert reading["path"] == ["greeting", "product", "reading"]


def test_answers_by_item_lead_through_the_hand_over_to_the_end(run: Runner) -> None:
    answers = {"product": "gas", "reading": "4300", "more": True, "topic": "bill", "name_right": True}
    answers |= {"reason": "bill", "reading_date": "2026-11-20", "call_back": "", "remark": ""}
    told = run.told(
        METER,
        *("--channel", "phone", "--at", "2026-11-23T18:30", "--zone", "Europe/Berlin"),
        *("--object", f"customer={CUSTOMER}"),
        answers=answers,
    )
    last = told[-1]
    assert (last["phase"], last["outcome"], last["channel"]) == ("finished", "handled", "agent")
    assert last["effects"][-1]["effect"] == "end"


def test_an_answer_for_what_is_no_question_is_refused_and_one_that_was_not_asked_for_is_told(run: Runner) -> None:
    arguments = (METER, "--channel", "phone", "--answers", "-")
    code, _, err = run(*arguments, typed=json.dumps({"produkt": "gas"}))
    assert (code, err) == (1, "caruso: the script has no question “produkt” (did you mean “product”?)\n")
    code, _, err = run(*arguments, typed=json.dumps({"product": "gas", "reading": 1, "more": False, "topic": "x"}))
    assert (code, err) == (0, "caruso: not asked, so not answered: topic\n")


def test_the_time_is_the_one_that_was_asked_for(run: Runner) -> None:
    answers = [{"answer": "gas"}, {"answer": "1"}, {"answer": "yes"}, {"answer": "bill"}, {"answer": "2026-11-24"}]
    code, out, _ = run(
        *(METER, "--channel", "agent", "--at", "2026-11-23T18:30"), *("--json", "--answers", "-"),
        typed=json.dumps([answers[0], answers[1], {"answer": "Jo"}, {"answer": "bill"}, answers[4]]),
    )  # fmt: skip
    assert code == 0
    assert json.loads(out.splitlines()[-1])["error"] == "It must not be after 23 November 2026."


def test_a_stub_fails_with_its_code(run: Runner) -> None:
    stub = "customer.update=fail:timeout"
    told = run.told(
        *(METER, "--channel", "phone", "--object", f"customer={CUSTOMER}", "--stub", stub),
        answers=["gas", "4300"],
    )
    (service,) = [effect for effect in told[-1]["effects"] if effect["effect"] == "service"]
    assert (service["failure"], service["params"]["last_reading"]) == ("timeout", "4300")


def test_an_answer_to_another_item_than_waits_is_refused(run: Runner) -> None:
    answers = json.dumps([{"answer": "4300", "item": "reading"}])
    code, out, _ = run(METER, "--channel", "phone", "--json", "--answers", "-", typed=answers)
    assert code == 1
    assert json.loads(out.splitlines()[-1])["refused"] == "“product” is waiting, not “reading”"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--language", "fr"], "@language The script does not speak “fr”; it speaks en, de, nl, it."),
        (["--at", "soon"], "@at “soon” is no time: write for instance 2026-11-23T18:30."),
        (["--at", "0001-01-01"], "@at “0001-01-01” is not between 1900 and 2200."),
        (["--zone", "Moon"], "@zone There is no time zone “Moon”"),
        (["--object", "client={}"], "@object The script has no object “client”; it has: customer."),
        (["--object", "customer={"], "@object “customer” is no JSON"),
        (["--stub", "x.y=1"], "@stub The script asks no service “x.y”; it asks: customer.update, note.add."),
        (["--stub", "note.add"], "@stub “note.add” is not NAME=VALUE."),
        (["--answers", "none.json"], "none.json: error[unreadable-file] No such file or directory."),
    ],
)
def test_a_wrong_option_is_told(run: Runner, arguments: list[str], message: str) -> None:
    code, out, err = run(METER, *arguments)
    assert (code, out) == (1, "")
    assert message in err


def test_a_channel_the_script_is_not_made_for_is_told(run: Runner, tmp_path: Path) -> None:
    script = tmp_path / "script.xml"
    script.write_text(METER.read_text().replace('channels="phone agent web"', 'channels="phone agent"'))
    code, _, err = run(script, "--channel", "web")
    assert code == 1
    assert "@channel The script is not made for the channel “web”; it is for phone, agent." in err


def test_a_script_with_mistakes_is_not_led(run: Runner, tmp_path: Path) -> None:
    file = tmp_path / "bad.xml"
    file.write_text(METER.read_text().replace("answers.more", "answers.mor"))
    code, out, err = run(file)
    assert (code, out) == (1, "")
    assert "error[unknown-name] @if there is no answers.mor" in err


def test_hostile_steps_are_refused_and_nothing_breaks(run: Runner) -> None:
    typed = f":wait {'9' * 4}d\n" * 20 + ":event help 1000\n:keys 1\n:channel agent by='\n:correct a=b=c\n"
    code, out, err = run(METER, "--channel", "agent", typed=typed)
    assert (code, err) == (0, "")
    assert "! the dialog does not live to see the year 2201" in out
    assert "! 1000 is no number of times from 1 to 100" in out
    assert "! keys are pressed on the phone only" in out
    deep = "[" * 500 + "]" * 500
    for answers in (f'[{{"answer": {deep}}}]', '[{"answer": {"a": 1}}]', "3", '{"product": {"each": 3}}'):
        code, _, err = run(METER, "--answers", "-", typed=answers)
        assert code == 1
        assert "caruso: " in err or "error[" in err


HOUSEHOLD = Path(__file__).parents[2] / "golden" / "dialogs" / "household.xml"


def test_questions_shown_together_are_asked_one_after_the_other_and_answered_at_once(run: Runner) -> None:
    typed = "10115\nmany\n10115\n5\n"
    code, out, _ = run(HOUSEHOLD, "--channel", "web", typed=typed)
    assert code == 0
    assert out.splitlines() == [
        "What is your postcode?",
        "How many are you?",
        "What is your postcode?",
        "! Please enter a whole number.",
        "How many are you?",
        "  · ends: many",
        "That is a large household.",
    ]


def test_a_command_among_questions_shown_together_is_a_command(run: Runner) -> None:
    _, out, _ = run(HOUSEHOLD, "--channel", "web", typed="10115\n:channel phone\n10115\n:quit\n")
    assert "  · taken-over who phone" in out
