"""What a document type calls “not in order”, in words."""

from __future__ import annotations

import pytest

from caruso.errors import RejectedInput
from caruso.script_engine.loader import load
from caruso.script_engine.out_of_order import misplaced

MODEL = "(text+ , hint* , (option* | from-list) , input? , (set | do)* , next*)"


@pytest.mark.parametrize(
    ("found", "message", "child"),
    [
        (["text", "option", "hint"], "<hint> belongs before <option>", 2),
        (["text", "next", "set", "do"], "<set> belongs before <next>", 2),
        (["text", "input", "input"], "there is one <input> at most in <question>", 2),
        (["text", "end"], "<end> does not belong into <question>", 1),
        (["hint", "option"], "<question> needs <text>", None),
    ],
)
def test_it_is_told_what_is_wrong_and_where(found: list[str], message: str, child: int | None) -> None:
    wrong = misplaced("question", MODEL, found)
    assert wrong is not None
    assert (wrong.message, wrong.child) == (message, child)


def test_what_is_right_is_not_wrong() -> None:
    assert (
        misplaced("question", MODEL, ["text", "text", "hint", "option", "option", "do", "set", "do", "next"])
        is None
    )


def test_a_script_tells_the_place_of_the_child() -> None:
    with pytest.raises(RejectedInput) as refused:
        load(
            b'<dialog id="d" version="1" languages="en"><title>t</title>\n<question id="a">\n  <hint>h</hint>\n'
            b'  <text>A?</text></question><end id="e" outcome="x"/></dialog>',
            "d.xml",
        )
    (found,) = refused.value.findings
    assert (found.message, found.line, found.column) == ("<text> belongs before <hint>", 4, 3)
    assert found.suggestion.startswith("in <question> stand (text+ , hint* ,")
