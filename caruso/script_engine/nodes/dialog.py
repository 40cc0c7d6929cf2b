"""A dialog as a whole: its items in their places, and what becomes of its runs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from caruso.model.centre import Hours
from caruso.script_engine.expressions import Expression
from caruso.script_engine.nodes.actions import Block, Do, Handler
from caruso.script_engine.nodes.data import Compute, ObjectNode, Variable
from caruso.script_engine.nodes.steering import AnyItem
from caruso.script_engine.nodes.texts import Place
from caruso.script_engine.turns import ScriptChannel


@dataclass(frozen=True, slots=True, kw_only=True)
class Seat:
    """Where an item sits."""

    #: Prefix of the frame it belongs to; see `Frame`.
    frame: str = ""
    #: The repeats it is in, outermost first.
    repeats: tuple[str, ...] = ()
    #: The groups it is in, outermost first.
    groups: tuple[str, ...] = ()


class Back(StrEnum):
    """Whether one may go back an item."""

    ALLOWED = "allowed"
    WITHIN_GROUP = "within-group"
    NONE = "none"


@dataclass(frozen=True, slots=True, kw_only=True)
class Frame:
    """What expressions of one dialog see: names are its own, whether it was begun with or is called."""

    #: ``""``, or ``"call/"``: what its items, blocks and data begin with.
    prefix: str
    dialog: str
    version: str
    variables: Mapping[str, Variable]
    computes: Mapping[str, Compute]
    #: Root in `Dialog.objects` by its name here.
    objects: Mapping[str, str]
    #: Item by the name of each repeat.
    repeats: Mapping[str, str]
    handlers: tuple[Handler, ...]
    #: Whether one may go back in it, where the dialogs around it let one.
    back: Back


class Policy(StrEnum):
    """What becomes of a run of an older version."""

    KEEP_OLD = "keep-old"
    UPGRADE = "upgrade"
    UPGRADE_IF_SAFE = "upgrade-if-safe"


@dataclass(frozen=True, slots=True, kw_only=True)
class Rename:
    """``rename``: an answer has another name, and perhaps another form."""

    answer: str
    to: str
    value: Expression | None
    place: Place


@dataclass(frozen=True, slots=True, kw_only=True)
class Migration:
    """``migrate``: how runs of an older version come to this one."""

    versions: frozenset[str]
    policy: Policy
    renames: tuple[Rename, ...]
    #: Item a run stands at, and the one it goes on at.
    moves: Mapping[str, str]
    drops: frozenset[str]
    place: Place


class Keep(StrEnum):
    """How long what a run knows is kept."""

    UNTIL_END = "until-end"
    UNTIL_LEFT = "until-left"
    ALWAYS = "always"


@dataclass(frozen=True, slots=True, kw_only=True)
class Dialog:
    """A script, one version."""

    id: str
    version: str
    #: The first is the one to fall back on.
    languages: tuple[str, ...]
    channels: frozenset[ScriptChannel]
    #: Title by language; empty for any.
    titles: Mapping[str, str]
    start: str
    keep: Keep
    #: A run that nobody went on with for so long is over; None: never.
    expires_seconds: float | None
    #: By root; those of called dialogs begin with their prefix.
    objects: Mapping[str, ObjectNode]
    variables: Mapping[str, Variable]
    computes: Mapping[str, Compute]
    handlers: tuple[Handler, ...]
    #: In document order, those of called dialogs behind their `Call`.
    items: Mapping[str, AnyItem]
    #: The item that comes after each one by itself.
    following: Mapping[str, str | None]
    seats: Mapping[str, Seat]
    #: By prefix; ``""`` is the dialog itself.
    frames: Mapping[str, Frame]
    #: Every block by its id.
    blocks: Mapping[str, Block]
    #: Every `do` by its ref.
    actions: Mapping[str, Do]
    migrations: tuple[Migration, ...]
    place: Place
    file: str = ""
    #: Opening hours of the centre, for `opening_hours()`.
    hours: Mapping[str, Hours] = field(default_factory=dict)
    #: Version of every dialog that `link` put in, by its call.
    pins: Mapping[str, str] = field(default_factory=dict)
    #: By item with an action that can be made undone: the items from which the path can come to it, as bits in
    #: document order.
    leading_to: Mapping[str, int] = field(default_factory=dict)

    @property
    def back(self) -> Back:
        """Whether one may go back in the dialog itself; each that it calls has its own word."""
        return self.frames[""].back

    def title(self, language: str) -> str:
        """Return the title in `language`, or the nearest there is."""
        return best_title(self.titles, language, self.languages[0]) or self.id


def best_title(titles: Mapping[str, str], language: str, fallback: str) -> str:
    """Return the title in `language`, or the nearest there is."""
    for wanted in (language, language.partition("-")[0], fallback, ""):
        if wanted in titles:
            return titles[wanted]
    return next(iter(titles.values()), "")
