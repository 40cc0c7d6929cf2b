"""What a script names of the settings is looked for before somebody waits for it."""

from __future__ import annotations

import pytest

from caruso.cli.script_needs import not_set_up
from caruso.script_engine.nodes import Dialog
from tests.unit.script_engine.leading import dialog


def asking(service: str, **params: str) -> Dialog:
    written = "".join(f'<param name="{name}" as="{value}"/>' for name, value in params.items())
    do = f'<do service="{service}" when="background">{written}<on-failure><log>No.</log></on-failure></do>'
    return dialog(f'<question id="q"><text>?</text>{do}</question><end id="bye" outcome="done"/>')


@pytest.mark.parametrize(
    ("script", "mails", "message"),
    [
        (
            asking("email.send", template="'wellcome'"),
            True,
            "no template “wellcome”, so this mail cannot be sent (did you mean “welcome”?)",
        ),
        (asking("email.send", template="'welcome'"), False, "the settings have no mail.host"),
        (asking("email.send", text="'Hello.'"), False, "the settings have no mail.host"),
        (
            asking("http.request", target="'cards'"),
            True,
            "name no system “cards”, so it cannot be asked (add [http.targets.cards])",
        ),
    ],
)
def test_what_is_not_set_up_is_told_with_its_line(script: Dialog, mails: bool, message: str) -> None:
    (found,) = not_set_up([script], {"welcome"}, {"crm"}, mails=mails)
    assert message in str(found)
    assert (found.level, found.line > 0, found.column > 0) == ("warning", True, True)


@pytest.mark.parametrize(
    "script",
    [
        asking("email.send", template="'welcome'"),
        asking("email.send", template="answers.q"),
        asking("http.request", target="'crm'"),
        asking("http.request", target="answers.q"),
        asking("note.add", text="answers.q"),
    ],
)
def test_what_is_there_or_worked_out_is_not_told(script: Dialog) -> None:
    assert not_set_up([script], {"welcome"}, {"crm"}, mails=True) == ()
