"""The targets of the fuzzer take any bytes."""

from __future__ import annotations

import sys

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lab import fuzz, fuzz_targets


@settings(deadline=None, max_examples=50)
@given(st.sampled_from(fuzz.TARGETS), st.binary(max_size=80))
def test_a_target_takes_any_bytes(target: str, data: bytes) -> None:
    fuzz_targets.TARGETS[target](data)


def test_without_atheris_nothing_happens(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setitem(sys.modules, "atheris", None)  # importing it fails
    assert fuzz.main(["expression"]) == 0
    assert "nothing was fuzzed" in capsys.readouterr().out


def test_an_unknown_target_is_told_which_there_are(capsys: pytest.CaptureFixture[str]) -> None:
    assert fuzz.main(["scripts"]) == 2
    assert "expression|pattern|script" in capsys.readouterr().out
