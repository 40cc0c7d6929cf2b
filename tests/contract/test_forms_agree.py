"""Forms are led in our dialogs as another project's engine fills them in: the same questions, values and verdicts.

What that engine does is recorded; `make oracle` records it again, `python -m lab.forms --verbose` tells more.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from lab.form_comparison import Outcome, compare
from lab.form_recordings import OWN_FORMS, foreign_forms, recorded, recording_of
from lab.forms import Figures, figures, outcomes_of

#: Shares that were reached, and must not be lost.
LEAST_IMPORTED = 0.85
LEAST_AGREEING = 0.98

OWN = {told["form"]: told for told in recorded(recording_of(OWN_FORMS))}

#: Where ours is deliberately not the same: a correction asks for more passes than were asked, and until they are
#: answered the answers behind them wait, while in the other engine all of the form is there all the time.
EXPLAINED = {"counted.xml": ["run 4: /data/row[2]/value = '': /data/same relevant: False, ours True"]}


@pytest.mark.parametrize("name", OWN)
def test_a_form_of_our_own_agrees(name: str) -> None:
    outcome = compare((OWN_FORMS / name).read_bytes(), OWN[name])
    assert not outcome.failure
    assert not outcome.reasons
    assert outcome.differences == EXPLAINED.get(name, [])


def test_every_form_of_our_own_was_recorded() -> None:
    assert set(OWN) == {file.name for file in OWN_FORMS.glob("*.xml")}


@pytest.fixture(scope="module")
def foreign() -> list[Outcome]:
    folder = foreign_forms()
    if folder is None:
        pytest.skip("the forms of other projects are not here (CARUSO_FORMS names their folder)")
    return outcomes_of(folder, recording_of(folder))


@pytest.fixture(scope="module")
def counted(foreign: list[Outcome]) -> Figures:
    return figures(foreign)


def test_most_forms_of_other_projects_are_imported(counted: Figures) -> None:
    assert counted.share_imported >= LEAST_IMPORTED


def test_nearly_all_imported_forms_agree_in_every_answer(counted: Figures, foreign: list[Outcome]) -> None:
    differences = [f"{each.form}: {line}" for each in foreign for line in each.differences]
    assert counted.share_agreeing >= LEAST_AGREEING, differences


def test_a_form_that_is_not_imported_says_why(foreign: list[Outcome]) -> None:
    assert all(each.reasons for each in foreign if not each.is_imported and not each.failure)


def test_all_forms_in_the_folder_were_recorded(foreign: list[Outcome]) -> None:
    folder = foreign_forms() or Path()
    assert {each.form for each in foreign} == {str(file.relative_to(folder)) for file in folder.rglob("*.xml")}
