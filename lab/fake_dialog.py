"""A meter-reading dialog that looks like the script engine's, for whoever develops the console without one."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime

from caruso.errors import IllegalMove
from caruso.model.ids import RunId
from caruso.model.views import DialogView, OptionView, TrailView, TurnView


@dataclass(frozen=True, slots=True, kw_only=True)
class _Item:
    id: str
    text: str
    kind: str = "question"
    type: str = ""
    options: tuple[OptionView, ...] = ()
    required: bool = True
    minimum: str = ""
    maximum: str = ""
    pattern: str = ""
    hint: str = ""


_YES_NO = (OptionView(value="yes", label="Yes", key="1"), OptionView(value="no", label="No", key="2"))
_READ_BY = (
    OptionView(value="customer", label="The customer", key="1"),
    OptionView(value="fitter", label="A fitter of ours", key="2"),
    OptionView(value="estimate", label="Nobody: an estimate", key="3"),
)

ITEMS = (
    _Item(id="number", text="Please enter your customer number.", type="text", pattern="[0-9]{6}"),
    _Item(id="greeting", kind="info", text="Greet the customer by name.", hint="Confirm the address first."),
    _Item(id="same-flat", text="Is it the same flat as last year?", type="yes-no", options=_YES_NO),
    _Item(
        id="reading",
        text="What does the meter show, without the red digits?",
        type="integer",
        minimum="0",
        maximum="999999",
        hint="More than 9,999 above last year (48,210) is a warning.",
    ),
    _Item(id="read-by", text="Who read it?", type="choice", options=_READ_BY),
    _Item(id="read-on", text="When was it read?", type="date"),
    _Item(id="phone", text="Under which number can we call back?", type="phone", required=False),
    _Item(id="remark", text="Anything else?", type="text", required=False),
    _Item(id="end", kind="end", text="Thank the customer and say good-bye."),
)

_ASKED_ON_PHONE = 1


class FakeDialog:
    """One run. Answers change it; `view` shows it."""

    def __init__(self, run: RunId, number: str, now: Callable[[], datetime]) -> None:
        """Begin where the IVR left off: the customer number is given."""
        self.run = run
        self._now = now
        self._at = _ASKED_ON_PHONE
        self._turn = _ASKED_ON_PHONE + 1
        self._error = ""
        self._warned = ""
        self._answers: dict[str, TrailView] = {}
        self._keep(ITEMS[0], number, channel="phone", by="")

    def answer(self, turn: int, text: str, by: str) -> None:
        """Take an answer to the current item, or say why not."""
        if turn != self._turn:
            return
        item = ITEMS[self._at]
        if item.kind != "question":
            raise IllegalMove("There is no question to answer.")
        self._error = self._mistake(item, text)
        self._turn += 1
        if not self._error:
            self._keep(item, text.strip(), channel="agent", by=by)
            self._at += 1

    def confirm(self, turn: int) -> None:
        """Go on after an info."""
        if turn != self._turn:
            return
        if ITEMS[self._at].kind != "info":
            raise IllegalMove("There is nothing to take note of.")
        self._move(self._at + 1)

    def back(self, turn: int) -> None:
        """Go back one item."""
        if turn != self._turn:
            return
        if self._at <= _ASKED_ON_PHONE:
            raise IllegalMove("This is the first item.")
        self._move(self._at - 1)

    def correct(self, item_id: str, text: str, by: str) -> None:
        """Change an earlier answer."""
        item = next((item for item in ITEMS if item.id == item_id), None)
        if item is None or item.id not in self._answers:
            raise IllegalMove("There is no answer to correct.")
        mistake = self._mistake(item, text)
        if mistake:
            raise IllegalMove(mistake)
        self._keep(item, text.strip(), channel="agent", by=by)
        self._turn += 1

    def view(self) -> DialogView:
        """Return the dialog as it is shown."""
        item = ITEMS[self._at]
        given = self._answers.get(item.id)
        return DialogView(
            run=self.run,
            script="meter-reading",
            title="Meter reading",
            language="en",
            turn=TurnView(
                number=self._turn,
                item=item.id,
                kind=item.kind,
                texts=[item.text],
                hints=[item.hint] if item.hint else [],
                type=item.type,
                options=list(item.options),
                required=item.required,
                minimum=item.minimum,
                maximum=item.maximum,
                pattern=item.pattern,
                answer=given.value if given else "",
                error=self._error,
                warning=bool(self._error) and bool(self._warned),
            ),
            trail=[self._answers[i.id] for i in ITEMS if i.id in self._answers and i.id != item.id],
            finished=item.kind == "end",
            outcome="done" if item.kind == "end" else "",
        )

    @property
    def answers(self) -> list[tuple[str, str]]:
        """Return questions and answers as shown."""
        return [(answer.question, answer.shown) for answer in self._answers.values()]

    def _move(self, to: int) -> None:
        self._at, self._error, self._warned = to, "", ""
        self._turn += 1

    def _mistake(self, item: _Item, text: str) -> str:
        text = text.strip()
        if not text:
            return "An answer is needed." if item.required else ""
        return {"integer": self._wrong_integer, "date": _wrong_date}.get(item.type, lambda _: "")(text) or (
            "Please choose one of the options."
            if item.options and text not in {option.value for option in item.options}
            else ""
        )

    def _wrong_integer(self, text: str) -> str:
        if not text.isdecimal():
            return "Please give a whole number."
        if int(text) > 999_999:
            return "It must be at most 999999."
        if int(text) > 58_209 and self._warned != text:
            self._warned = text
            return "That is much more than last year. Give it again if it is right."
        self._warned = ""
        return ""

    def _keep(self, item: _Item, value: str, *, channel: str, by: str) -> None:
        labels = {option.value: option.label for option in item.options}
        self._answers[item.id] = TrailView(
            item=item.id,
            question=item.text,
            type=item.type,
            value=value,
            shown=labels.get(value, value) or "–",
            channel=channel,
            by=by,
            at=self._now(),
            correctable=True,
            options=list(item.options),
        )


def _wrong_date(text: str) -> str:
    try:
        date.fromisoformat(text)
    except ValueError:
        return "Please give a date, e.g. 2026-05-31."
    return ""
