"""Items that hold or lead to others, and ask nobody."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from caruso.script_engine.expressions import Expression
from caruso.script_engine.nodes.items import End, Handover, Info, Item, Question
from caruso.script_engine.nodes.texts import Place


@dataclass(frozen=True, slots=True, kw_only=True)
class Group(Item):
    """``group``: items that belong together."""

    #: Title by language; empty for any.
    titles: Mapping[str, str]
    #: Its first item, and the `Leave` behind its last one.
    first: str
    leave: str
    #: ``show="together"`` was written.
    wanted_together: bool
    #: Its questions and infos, of inner groups too, in their order; empty when something else is in it.
    members: tuple[str, ...]

    @property
    def together(self) -> bool:
        """Whether a screen shows all of it at once."""
        return self.wanted_together and bool(self.members)


@dataclass(frozen=True, slots=True, kw_only=True)
class Repeat(Item):
    """``repeat``: the same items once per pass."""

    #: Root of what expressions see of the present pass, and ``answers.<name>`` of all passes.
    name: str
    titles: Mapping[str, str]
    first: str
    leave: str
    #: What is asked in a pass, and the repeats in it, each without what is in those.
    questions: tuple[str, ...]
    inner: tuple[str, ...]
    over: Expression | None
    times: Expression | None
    condition: Expression | None
    #: The condition reads answers of the repeat itself, so it cannot be asked before the first pass.
    condition_after: bool
    most: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Call(Item):
    """``call``: another dialog as a part of this one. `link` puts it in its place."""

    dialog: str
    #: Empty for the present one.
    version: str
    passes: tuple[Pass, ...]
    returns: tuple[Return, ...]
    leave: str
    #: The first item of the called dialog; None before it is linked.
    first: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Pass:
    """``pass``: what a variable of the called dialog begins with."""

    name: str
    value: Expression
    place: Place


@dataclass(frozen=True, slots=True, kw_only=True)
class Return:
    """``return``: where what the called dialog puts out goes: a root and a name."""

    name: str
    to: tuple[str, str]
    place: Place


@dataclass(frozen=True, slots=True, kw_only=True)
class Leave(Item):
    """The way out of a group, of a pass of a repeat, or of a called dialog; nobody writes it."""

    #: The item that is left.
    of: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Choose(Item):
    """``choose``: a silent branch."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Branch:
    """``branch`` of a `split`."""

    name: str
    weight: int
    to: str
    place: Place


@dataclass(frozen=True, slots=True, kw_only=True)
class Split(Item):
    """``split``: a branch by lot."""

    name: str
    #: Sticks to the customer rather than to the session.
    by_customer: bool
    branches: tuple[Branch, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Wait(Item):
    """``wait``: until a time is over or an event has come."""

    #: Seconds, a text such as ``'2h'``, or the date or time until when.
    duration: Expression | None
    event: str


AnyItem = Info | Question | Handover | End | Group | Repeat | Call | Leave | Choose | Split | Wait

#: Items a person can be asked at or told something by; the others only steer.
SPEAKING = (Info, Question, Handover, End)
