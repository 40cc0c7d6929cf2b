"""Dialogs that dialogs call are put in their places, or the call is refused where it stands."""

from __future__ import annotations

import pytest

from caruso.errors import RejectedInput
from caruso.script_engine.link import link
from caruso.script_engine.loader import load
from caruso.script_engine.nodes import Call, Dialog
from tests.unit.script_engine.leading import dialog

ADDRESS = dialog(
    '<question id="street"><text>Street?</text></question><end id="bye" outcome="ok"/>', name="address"
)


def calling(name: str, more: str = "") -> Dialog:
    return dialog(f'<call id="c" dialog="{name}" {more}/><end id="bye" outcome="done"/>')


def linked(main: Dialog, dialogs: dict[str, Dialog]) -> Dialog:
    return link(main, lambda name, version: dialogs.get(name))


def test_a_called_dialog_stands_behind_its_call_under_its_name() -> None:
    found = linked(calling("address"), {"address": ADDRESS})
    assert list(found.items) == ["c", "c/street", "c/bye", "c~leave", "bye"]
    call = found.items["c"]
    assert isinstance(call, Call)
    assert call.first == "c/street"
    assert found.following["c/bye"] == "c~leave"
    assert found.seats["c/street"].frame == "c/"
    assert found.pins == {"c": "1"}


def test_a_dialog_without_calls_stays_as_it_is() -> None:
    assert linked(ADDRESS, {}) is ADDRESS


def test_a_dialog_that_is_not_there_is_refused_where_it_is_called() -> None:
    with pytest.raises(RejectedInput) as refused:
        linked(calling("adress"), {"address": ADDRESS})
    (finding,) = refused.value.findings
    assert (finding.rule, finding.attribute, finding.line) == ("unknown-dialog", "dialog", 2)


def test_a_dialog_that_calls_itself_through_another_is_refused() -> None:
    head = '<dialog id="{}" version="1" languages="en"><title>t</title><call id="c" dialog="{}"/></dialog>'
    one, two = load(head.format("one", "two").encode()), load(head.format("two", "one").encode())
    with pytest.raises(RejectedInput) as refused:
        linked(one, {"one": one, "two": two})
    assert "one → two → one" in refused.value.findings[0].message


def test_an_object_of_the_same_name_and_class_is_shared_unless_more_may_be_done_to_it() -> None:
    body = '<question id="q"><text>?</text></question>'
    inner = dialog(body, data='<object name="customer" class="Customer" access="write"/>', name="inner")
    call = '<call id="c" dialog="inner"/>'
    writes = dialog(call, data='<object name="customer" class="Customer" access="write"/>')
    reads = dialog(call, data='<object name="customer" class="Customer"/>')
    assert list(link(writes, lambda *_: inner).objects) == ["customer"]
    assert list(link(reads, lambda *_: inner).objects) == ["customer", "c/customer"]
