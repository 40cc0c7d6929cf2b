"""What an agent sees of a link: on its way, sent, tried in vain."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from caruso.comm_server.runs.views import RunLink
from caruso.comm_server.sharing import LinkState, delayed, ended, shared

LINK = RunLink(token="t", url="https://caruso.example/s/resume/t", expires_at=datetime(2026, 3, 1, tzinfo=UTC))
ADDRESS, NUMBER = "ada@example.org", "+442079460001"


def test_a_link_without_an_address_is_shown_and_waits_for_no_action() -> None:
    made = shared(LINK, "", "key")
    assert (made.state, made.key) == (LinkState.SHOWN, "")


def test_a_link_is_on_its_way_until_it_was_sent() -> None:
    made = shared(LINK, ADDRESS, "key")
    assert made.state is LinkState.SENDING
    assert (ended(made, "").state, ended(made, "").problem) == (LinkState.SENT, "")


def test_what_is_tried_again_says_why_and_may_still_be_sent() -> None:
    waiting = delayed(shared(LINK, ADDRESS, "key"), "mail-unavailable")
    assert (waiting.state, waiting.problem) == (LinkState.DELAYED, "The mail server cannot be reached.")
    assert (ended(waiting, "").state, ended(waiting, "").problem) == (LinkState.SENT, "")
    assert ended(waiting, "mail-unavailable").state is LinkState.FAILED


def test_a_failure_that_says_nothing_to_an_agent_has_no_reason() -> None:
    assert ended(shared(LINK, ADDRESS, "key"), "service-busy").problem == ""


@pytest.mark.parametrize(("to", "what"), [(ADDRESS, "e-mails"), (NUMBER, "text messages")])
def test_nobody_waits_for_a_service_that_is_not_there(to: str, what: str) -> None:
    failed = delayed(shared(LINK, to, "key"), "unknown-service")
    assert (failed.state, failed.problem) == (LinkState.FAILED, f"Sending {what} is not set up here.")
