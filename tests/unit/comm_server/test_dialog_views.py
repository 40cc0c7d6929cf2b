"""What an agent's console is shown of a dialog, and what is kept of what she typed."""

from __future__ import annotations

import pytest

from caruso.comm_server.agents.dialog_views import dialog_view, drafted, may_see
from caruso.errors import IllegalMove
from caruso.model.desk import KeepDraft
from caruso.model.ids import AgentId, FileId, RunId
from caruso.model.run_records import StoredFile
from caruso.script_engine.turns import (
    Answered,
    CallService,
    Corrected,
    Finished,
    ScriptChannel,
    ServiceAnswered,
    Undo,
    WentBack,
)
from tests.unit.script_engine.leading import NOW, Led, dialog

END = '<end id="e" outcome="done"/>'
QUESTION = '<question id="q" type="{kind}" {more}><text>See <link to="/help">help</link>.</text>{inner}</question>'


def led(kind: str, more: str = "", inner: str = "") -> Led:
    return Led(dialog(QUESTION.format(kind=kind, more=more, inner=inner) + END), ScriptChannel.AGENT)


def draft(texts: dict[str, str], turn: int = 1) -> KeepDraft:
    return KeepDraft(id=1, run="run-1", turn=turn, texts=texts)


def test_a_turn_is_shown_with_all_that_its_input_needs() -> None:
    run = led("digits", 'private="yes" time-limit="2m"', '<input digits="4" mask="hidden"/>')
    turn = dialog_view(run.dialog, run.run, None, None).turn
    assert (turn.mask, turn.private, turn.time_limit_seconds) == ("hidden", True, 120.0)
    (link,) = turn.links
    assert turn.texts[link.text][link.start : link.end] == "help"


def test_bounds_and_answers_are_typed_as_the_browsers_fields_want_them() -> None:
    run = led("date-time", 'min="now()" default="now()"')
    turn = dialog_view(run.dialog, run.run, None, None).turn
    assert turn.minimum == turn.answer == "2026-11-23T10:30", "in the centre's time zone"
    ranked = led("choices", 'min="2"', '<option value="a"><text>A</text></option>')
    assert dialog_view(ranked.dialog, ranked.run, None, None).turn.minimum == "2"


def test_an_answer_is_offered_for_correction_as_it_would_be_typed() -> None:
    options = "".join(f'<option value="{value}"><text>{value.upper()}</text></option>' for value in "ab")
    run = led("ranking", "", options).answer("b\na")
    (entry,) = dialog_view(run.dialog, run.run, None, None).trail
    assert (entry.value, entry.shown) == ("b\na", "B, A")


def test_a_private_file_is_shown_to_who_gave_it_only() -> None:
    def file(of: str) -> StoredFile:
        return StoredFile(
            id=FileId(of),
            run=RunId("run-1"),
            item="q",
            name="a.pdf",
            media_type="application/pdf",
            size=3,
            sha256="",
            created_at=NOW,
        )

    for more, seen in (('private="yes"', [True, False, False, False]), ("", [True, True, True, True])):
        run = led("file", more)
        named = {"id": "f1", "name": "a.pdf", "type": "application/pdf", "size": None}
        run.give(Answered(turn=1, text="f1", by="anna", files={"f1": named}))
        agents = [("f1", "anna"), ("f2", "anna"), ("f1", "ben"), ("f1", "")]
        assert [may_see(run.dialog, run.run, file(of), AgentId(who)) for of, who in agents] == seen


def test_a_hand_over_says_where_the_dialog_is_to_go_on() -> None:
    for channel in ("phone", "web"):
        run = Led(dialog(f'<handover id="h" channel="{channel}"/>' + END), ScriptChannel.AGENT)
        assert dialog_view(run.dialog, run.run, None, None).turn.hand_to == channel
    assert dialog_view(led("text").dialog, led("text").run, None, None).turn.hand_to == ""


def test_a_draft_waits_for_its_turn_only() -> None:
    run = led("text")
    kept = drafted(draft({"q": "half a sen"}))
    assert dialog_view(run.dialog, run.run, None, kept).draft == {"q": "half a sen"}
    run.answer("")
    assert dialog_view(run.dialog, run.run, None, kept).draft == {}


@pytest.mark.parametrize("texts", [{"q": "x" * 50_001}, {f"q{number}": "" for number in range(201)}])
def test_a_draft_that_is_too_large_is_not_kept(texts: dict[str, str]) -> None:
    with pytest.raises(IllegalMove):
        drafted(draft(texts))


def test_a_private_answer_is_shown_to_who_gave_it_only() -> None:
    script = dialog(
        QUESTION.format(kind="digits", more='private="yes"', inner="")
        + '<question id="n" type="text"><text>n?</text></question>'
        + END
    )
    by_phone = Led(script, ScriptChannel.PHONE).answer("4711").take_over()
    (entry,) = dialog_view(script, by_phone.run, None, None).trail
    assert (entry.value, entry.shown, entry.private) == ("", "•••", True)
    by_phone.give(WentBack(turn=by_phone.run.turn))
    assert dialog_view(script, by_phone.run, None, None).turn.answer == ""
    typed = Led(script, ScriptChannel.AGENT).answer("4711")
    assert dialog_view(script, typed.run, None, None).trail[0].shown == "4711"
    typed.give(WentBack(turn=typed.run.turn))
    assert dialog_view(script, typed.run, None, None).turn.answer == "4711"


def test_after_the_end_what_may_be_undone_is_shown_as_it_is_now() -> None:
    sent = '<do service="email.send"><undo><do service="email.recall"/></undo></do>'
    script = dialog(
        QUESTION.format(kind="yes-no", more="", inner=f'<next if="answers.q" to="e">{sent}</next>') + END
    )
    run = Led(script, ScriptChannel.AGENT).answer("yes")
    run.give(ServiceAnswered(key=run.one(CallService).key))
    run.give(Corrected(item="q", text="no"))
    end = run.one(Finished)
    (offer,) = dialog_view(script, run.run, end, None).turn.offers
    assert (offer.service, offer.question) == ("email.send", "See help.")
    run.give(Undo(key=offer.key))
    assert dialog_view(script, run.run, end, None).turn.offers == []
