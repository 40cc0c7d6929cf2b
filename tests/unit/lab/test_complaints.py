"""What in a log must not be overlooked."""

from __future__ import annotations

import pytest

from lab.complaints import complaints, is_complaint

REFUSED = '{"event":"journal_writing_failed","level":"error"}'
RAISED = '{"event":"journal_writing_failed","level":"error","exception":"Traceback"}'


@pytest.mark.parametrize(
    ("line", "bad"),
    [
        ('{"event":"x","level":"info"}', False),
        ('{"event":"x","level":"warning"}', False),
        ('{"event":"x","level":"warning","exception":"Traceback"}', True),
        ('{"event":"x","level":"critical"}', True),
        ("Traceback (most recent call last):", True),
        ("sys:1: RuntimeWarning: coroutine was never awaited", True),
        ("[1]", True),
        ("", False),
    ],
)
def test_errors_and_lines_that_are_no_log_are_complaints(line: str, bad: bool) -> None:
    assert is_complaint(line) is bad


def test_an_error_that_a_test_provokes_is_none_but_an_exception_always_is() -> None:
    assert complaints([REFUSED]) == [REFUSED]
    assert complaints([REFUSED, RAISED], "journal_writing_failed") == [RAISED]
