"""How many callers wait in `lab.bench.size`, and who of them has a phone."""

from __future__ import annotations

import pytest

from lab.bench.size import Callers, callers


@pytest.mark.parametrize(
    ("wanted", "files", "phones", "within"),
    [
        (1_000, 20_000, 1_000, 0),
        (9_800, 20_000, 9_800, 0),
        (10_000, 20_000, 9_600, 400),
        (10_000, 45_000, 10_000, 0),
        # Two ends of a call within Asterisk wait, so these are even.
        (9_801, 20_000, 9_799, 2),
    ],
)
def test_callers_have_phones_as_far_as_there_are_files(wanted: int, files: int, phones: int, within: int) -> None:
    """A phone takes two files, a call within Asterisk one."""
    assert callers(wanted, files) == Callers(phones=phones, within=within)


@pytest.mark.parametrize("files", [1_100, 4_096, 10_001, 20_000])
def test_where_there_are_too_few_files_nine_of_ten_still_have_phones(files: int) -> None:
    """Fewer callers then, and not more files than there are."""
    made = callers(100_000, files)
    assert made.all < 100_000
    assert made.within <= made.all / 10 + 2
    assert made.phones * 2 + made.within + 400 <= files
