"""What goes over the wire is believed only from who has the secret, and breaks nothing whatever it is."""

from __future__ import annotations

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from caruso.service_manager.failures import MailRefused, OutcomeUnknown, ServiceFailed
from caruso.service_manager.remote.wire import (
    FRESH_SECONDS,
    Answer,
    Forged,
    Question,
    envelope,
    failure_of,
    opened,
    result_of,
    sign,
)

SECRET, NOW = b"secret", 1_800_000_000.25
QUESTION = Question(operation="read", params={"n": 1.5}, key="k", until=NOW + 5)


def test_what_is_signed_is_believed() -> None:
    message, nonce = sign("meters", SECRET, QUESTION, now=NOW)
    signed = envelope(message)
    assert (signed.service, signed.nonce) == ("meters", nonce)
    assert opened(signed, SECRET, Question, now=NOW + FRESH_SECONDS) == QUESTION


@pytest.mark.parametrize("late", [FRESH_SECONDS + 1, -FRESH_SECONDS - 1])
def test_what_is_old_is_worth_nothing(late: float) -> None:
    message, _ = sign("meters", SECRET, QUESTION, now=NOW)
    with pytest.raises(Forged, match="too old"):
        opened(envelope(message), SECRET, Question, now=NOW + late)


@given(st.data())
def test_whatever_is_changed_is_not_believed(data: st.DataObject) -> None:
    message, _ = sign("meters", SECRET, QUESTION, now=NOW)
    at = data.draw(st.integers(0, len(message) - 1))
    changed = bytearray(message)
    changed[at] ^= data.draw(st.integers(1, 255))
    try:
        found = opened(envelope(bytes(changed)), SECRET, Question, now=NOW)
    except Forged:
        return
    assert found == QUESTION, "only what means the same is believed"


def test_a_question_is_no_answer_and_another_secret_no_secret() -> None:
    signed = envelope(sign("meters", SECRET, QUESTION, now=NOW)[0])
    for secret, kind in ((SECRET, Answer), (b"", Question), (b"guessed", Question)):
        with pytest.raises(Forged, match="signature"):
            opened(signed, secret, kind, now=NOW)
    with pytest.raises(Forged, match="signature"):
        opened(msgspec.structs.replace(signed, service="tariffs"), SECRET, Question, now=NOW)


@given(st.binary(max_size=300))
def test_garbage_is_forged(data: bytes) -> None:
    with pytest.raises(Forged):
        envelope(data)


@given(st.text(max_size=80), st.text(max_size=80))
def test_any_code_of_a_failure_becomes_one(code: str, message: str) -> None:
    assert isinstance(failure_of(code, message), ServiceFailed)


def test_failures_that_are_known_keep_their_kind_and_others_their_code() -> None:
    assert type(failure_of("mail-refused", "no such recipient")) is MailRefused
    other = failure_of("no-such-meter", "There is none")
    assert (other.code, str(other)) == ("no-such-meter", "There is none")
    assert type(failure_of("NO CODE", "")) is OutcomeUnknown
    with pytest.raises(OutcomeUnknown, match="no JSON"):
        result_of(Answer(to="n", result=msgspec.Raw(b"{")))
