"""The targets of the fuzzer take any bytes."""

from __future__ import annotations

import sys

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lab import fuzz, fuzz_mutations, fuzz_targets
from lab.form_recordings import OWN_FORMS
from lab.golden import EXAMPLES

pytestmark = pytest.mark.slow


@settings(deadline=None, max_examples=50)
@given(st.sampled_from(fuzz.TARGETS), st.binary(max_size=80))
def test_a_target_takes_any_bytes(target: str, data: bytes) -> None:
    fuzz_targets.TARGETS[target](data)


FORMS = [path.read_bytes() for path in sorted(OWN_FORMS.glob("*.xml"))]
SCRIPTS = [path.read_bytes() for path in sorted(EXAMPLES.glob("*.xml"))]


@settings(deadline=None, max_examples=40)
@given(st.sampled_from(SCRIPTS), st.integers(0, 2**32), st.integers(1, 3))
def test_a_script_changed_as_a_tree_is_still_xml_and_taken(script: bytes, seed: int, times: int) -> None:
    for number in range(times):
        changed = fuzz_mutations.mutated(script, seed + number)
        assert changed is not None
        script = changed
    fuzz_targets.fuzz_script(script)


@settings(deadline=None, max_examples=40)
@given(st.sampled_from(FORMS), st.integers(0, 2**32))
def test_a_form_changed_as_a_tree_is_taken(form: bytes, seed: int) -> None:
    changed = fuzz_mutations.mutated(form, seed)
    assert changed is not None
    fuzz_targets.fuzz_form(changed)


def test_what_is_no_xml_is_not_changed_as_a_tree() -> None:
    assert fuzz_mutations.mutated(b"<dialog", 1) is None


def test_without_atheris_nothing_happens(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setitem(sys.modules, "atheris", None)  # importing it fails
    assert fuzz.main(["expression"]) == 0
    assert "nothing was fuzzed" in capsys.readouterr().out


def test_an_unknown_target_is_told_which_there_are(capsys: pytest.CaptureFixture[str]) -> None:
    assert fuzz.main(["scripts"]) == 2
    assert "expression|pattern|script|form" in capsys.readouterr().out
