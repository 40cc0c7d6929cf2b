"""Makes scripts at random: every element that leads the path, in each other, with jumps everywhere."""

from __future__ import annotations

from collections.abc import Callable
from random import Random

from caruso.script_engine.link import link
from caruso.script_engine.nodes import Dialog
from tests.unit.script_engine.leading import dialog

#: Levels of items in items.
DEEPEST = 3

CONDITIONS = (
    "answers.i1 = 1",
    "visited('i2')",
    "vars.n lt 5",
    "false",
    "count(answers.pass0) gt 1",
    "pass0.index = 2",
)
ACTIONS = (
    '<set name="vars.n" to="vars.n + 1"/>',
    (
        '<do service="a.b" result="r"><undo><do service="a.u"><param name="r" as="result.r"/></do></undo>'
        '<on-success><next if="vars.n gt 3" to="@"/></on-success>'
        '<on-failure><throw event="odd"/></on-failure></do>'
    ),
    '<do service="a.c" when="background" once-per="visit"><undo><do service="a.u"/></undo></do>',
    '<do service="a.e" when="at-end"><param name="x" as="answers.i1"/></do>',
    '<clear names="answers.i0 answers.i1"/>',
    '<record-consent purpose="p" given="answers.i0 = 1"/>',
    '<throw event="odd"/>',
    '<use macro="m"/>',
)
HANDLERS = (
    '<on event="odd no-input"><next to="@"/></on>',
    '<on event="help" then="continue"/>',
    '<on event="odd" then="end"/>',
    '<on event="odd" attempt="2"><set name="vars.n" to="0"/></on>',
)
TRANSITIONS = (
    '<next if="vars.n lt 4" to="@"/>',
    '<next to="@"/>',
    '<next if="answers.i1 = 2" to="@"><throw event="odd"/><set name="vars.n" to="vars.n + 1"/></next>',
)
PASSES = (
    'times="2"',
    'times="vars.n"',
    'while="answers.i2 = 1" max="3"',
    'over="[1, 2, 3]"',
    'while="vars.n lt 3"',
)
WHOLE = ("", '<on event="odd"><text>odd</text></on>', '<on event="odd" then="continue"/>')
DATA = (
    '<var name="n" type="number" initial="0"/><macro name="m"><set name="vars.n" to="vars.n + 2"/>'
    '<do service="m.m" when="background"/></macro>'
)
#: What every such script may call.
CALLED = dialog(
    '<question id="n" type="integer"><text>n?</text></question>'
    '<repeat id="rr" name="part" times="vars.much"><question id="x" type="yes-no"><text>x?</text>'
    '<next if="answers.x" to="bye"/></question></repeat>'
    '<end id="bye" outcome="ok"><text>Bye.</text></end>',
    data='<var name="much" type="number" direction="in-out" initial="1"/><on event="help" then="end"/>',
    name="called",
)


class RandomScript:
    """One script, always the same for the same dice."""

    def __init__(self, dice: Random) -> None:
        """Take the dice."""
        self.dice = dice
        self.ids: list[str] = []
        self.repeats = 0

    def dialog(self) -> Dialog:
        """Return the script, linked."""
        body = self.items(0)
        self.ids.append("end")
        data = DATA + self.dice.choice(WHOLE)
        more = self.dice.choice(("", 'back="within-group"', 'expires="5s"', 'keep="until-left"'))
        migrate = '<migrate from="1" policy="upgrade"/>'
        written = self.aimed(f'{body}<end id="end" outcome="x"/>{migrate}')
        made = dialog(written, data=data, channels="agent phone web", name="random", more=more)
        return link(made, lambda name, version: CALLED)

    def aimed(self, body: str) -> str:
        """Give every jump a target."""
        first, *rest = body.split("@")
        return first + "".join(self.dice.choice(self.ids) + part for part in rest)

    def maybe(self, choices: tuple[str, ...]) -> str:
        return self.dice.choice(choices) if self.dice.random() < 0.3 else ""

    def items(self, depth: int) -> str:
        return "".join(self.item(depth) for _ in range(self.dice.randint(1, 4)))

    def item(self, depth: int) -> str:
        name = f"i{len(self.ids)}"
        self.ids.append(name)
        plain = (self.question, self.question, self.question, self.info, self.choose, self.split, self.wait)
        holding = (self.group, self.repeat, self.call, self.handover)
        make: Callable[[str, str, int], str] = self.dice.choice(plain if depth == DEEPEST else plain + holding)
        condition = self.maybe(CONDITIONS)
        return make(name, f'ask-if="{condition}"' if condition else "", depth)

    def question(self, name: str, condition: str, depth: int) -> str:
        kind = self.dice.choice(("integer", "digits", "yes-no"))
        parts = self.maybe(ACTIONS) + self.maybe(HANDLERS) + self.maybe(TRANSITIONS)
        return f'<question id="{name}" type="{kind}" {condition}><text>?</text>{parts}</question>'

    def info(self, name: str, condition: str, depth: int) -> str:
        parts = self.maybe(ACTIONS) + self.maybe(HANDLERS) + self.maybe(TRANSITIONS)
        confirm = self.dice.choice(("yes", "no"))
        return f'<info id="{name}" confirm="{confirm}" {condition}><text><value of="vars.n"/></text>{parts}</info>'

    def choose(self, name: str, condition: str, depth: int) -> str:
        return f'<choose id="{name}">{self.dice.choice(TRANSITIONS)}</choose>'

    def split(self, name: str, condition: str, depth: int) -> str:
        branches = '<branch name="a" weight="1" to="@"/><branch name="b" weight="1" to="@"/>'
        return f'<split id="{name}" name="s{name}">{branches}</split>'

    def wait(self, name: str, condition: str, depth: int) -> str:
        how = self.dice.choice(('for="3"', 'event="odd"'))
        return f'<wait id="{name}" {how}>{self.maybe(HANDLERS)}{self.maybe(TRANSITIONS)}</wait>'

    def group(self, name: str, condition: str, depth: int) -> str:
        show = self.dice.choice(("together", "together", "one-by-one"))
        inside = self.items(depth + 1) + self.maybe(TRANSITIONS)
        return f'<group id="{name}" show="{show}" {condition}>{inside}</group>'

    def repeat(self, name: str, condition: str, depth: int) -> str:
        number, self.repeats = self.repeats, self.repeats + 1
        how = self.dice.choice(PASSES)
        inside = self.items(depth + 1) + self.maybe(TRANSITIONS)
        return f'<repeat id="{name}" name="pass{number}" {how} {condition}>{inside}</repeat>'

    def call(self, name: str, condition: str, depth: int) -> str:
        parts = '<pass name="much" as="vars.n"/><return name="much" to="vars.n"/>'
        parts += self.maybe(HANDLERS) + self.maybe(TRANSITIONS)
        return f'<call id="{name}" dialog="called" {condition}>{parts}</call>'

    def handover(self, name: str, condition: str, depth: int) -> str:
        channel = self.dice.choice(("agent", "web", "phone"))
        parts = self.maybe(ACTIONS) + self.maybe(HANDLERS) + self.maybe(TRANSITIONS)
        return f'<handover id="{name}" channel="{channel}" {condition}>{parts}</handover>'
