"""What is made of a file of the PBX: whole, cut off by a crash, or no sound at all."""

from __future__ import annotations

import wave
from io import BytesIO

import pytest
from hypothesis import given
from hypothesis import strategies as st

from caruso.comm_server.voicemail.sound import RATE, message_of
from lab.fake_messages import tone


def header(length: int) -> bytes:
    return b"RIFF\0\0\0\0WAVEfmt \x10\0\0\0" + bytes(16) + b"data" + length.to_bytes(4, "little")


def test_a_whole_file_stays_what_it_is_and_is_measured() -> None:
    sound = tone(2.0)
    said = message_of(sound)
    assert said.wav == sound
    assert said.seconds == 2.0
    assert said.spoken_seconds == pytest.approx(2.0, abs=0.05)


@pytest.mark.parametrize("length", [0, 0xFFFFFFFF, 10_000_000])
def test_of_a_file_whose_header_was_never_put_right_all_that_is_there_is_kept(length: int) -> None:
    said = message_of(header(length) + tone(1.0)[44:] + b"\x01")
    with wave.open(BytesIO(said.wav)) as opened:
        assert (opened.getframerate(), opened.getnchannels(), opened.getsampwidth()) == (RATE, 1, 2)
        assert opened.getnframes() == RATE


def test_silence_is_long_and_holds_nothing() -> None:
    said = message_of(header(0) + bytes(2 * RATE))
    assert (said.seconds, said.spoken_seconds) == (1.0, 0.0)


@given(st.binary(max_size=200))
def test_rubbish_is_a_message_of_nothing(file: bytes) -> None:
    said = message_of(file)
    assert said.seconds <= len(file) / (2 * RATE) + 0.01
    assert said.wav[:4] == b"RIFF"


@given(st.integers(0, 4 * RATE))
def test_wherever_a_crash_cut_it_off_what_is_there_is_a_wav_file(cut: int) -> None:
    file = (header(0) + tone(2.0)[44:])[: 44 + cut]
    with wave.open(BytesIO(message_of(file).wav)) as opened:
        assert opened.getnframes() == cut // 2
