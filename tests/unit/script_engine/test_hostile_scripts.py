"""Scripts made to hurt are refused with a place, before they cost much (``python -m lab.hostile`` measures it)."""

from __future__ import annotations

from typing import NoReturn

import pytest

from caruso.errors import RejectedInput
from caruso.script_engine.lint import check_source
from caruso.script_engine.source import read
from lab.hostile import SCRIPTS


@pytest.mark.parametrize("name", SCRIPTS)
def test_it_is_refused_with_a_place(name: str) -> None:
    make, rule = SCRIPTS[name]
    made = make()
    source = made if isinstance(made, bytes) else made.encode()
    findings = check_source(source, "x.xml")
    assert all(finding.file == "x.xml" for finding in findings)
    assert all(1 <= finding.line <= 1 + source.count(b"\n") for finding in findings)
    if rule:
        assert findings[0].rule == rule


class Unreadable(bytes):
    """Bytes nobody may turn into text."""

    def decode(self, encoding: str = "utf-8", errors: str = "strict") -> NoReturn:
        raise AssertionError("was read")


def test_what_is_too_large_is_refused_before_it_is_read() -> None:
    with pytest.raises(RejectedInput):
        read(Unreadable(b"x" * 1_000_001))


def test_an_entity_is_refused_before_the_parser_sees_it(monkeypatch: pytest.MonkeyPatch) -> None:
    def parse(text: str, file: str) -> NoReturn:
        raise AssertionError("was parsed")

    monkeypatch.setattr("caruso.script_engine.source._parse", parse)
    for name in ("billion laughs", "a file of the server", "a parameter entity", "somebody else's document type"):
        made = SCRIPTS[name][0]()
        assert isinstance(made, str)
        with pytest.raises(RejectedInput):
            read(made.encode())
