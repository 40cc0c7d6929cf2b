"""What a script does: actions in named blocks, the transitions after them, and the handlers of events."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from caruso.script_engine.expressions import Expression
from caruso.script_engine.nodes.texts import Parts, Place, Texts
from caruso.script_engine.turns import ScriptChannel


@dataclass(frozen=True, slots=True, kw_only=True)
class Set:
    """``set``: give a variable or an attribute of an object a value."""

    root: str
    name: str
    to: Expression
    place: Place


@dataclass(frozen=True, slots=True, kw_only=True)
class Clear:
    """``clear``: forget variables, answers, attributes: pairs of root and name."""

    names: tuple[tuple[str, str], ...]
    place: Place


@dataclass(frozen=True, slots=True, kw_only=True)
class Log:
    """``log``: a line for the audit."""

    parts: Parts
    level: str
    place: Place


@dataclass(frozen=True, slots=True, kw_only=True)
class Throw:
    """``throw``: let an event happen at the current item."""

    event: str
    place: Place


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordConsent:
    """``record-consent``: what the customer agrees to, or does not."""

    purpose: str
    given: Expression
    place: Place


class When(StrEnum):
    """When a service is asked."""

    NOW = "now"
    BACKGROUND = "background"
    AT_END = "at-end"


class OncePer(StrEnum):
    """How often an action may happen."""

    SESSION = "session"
    VISIT = "visit"
    ANSWER = "answer"


@dataclass(frozen=True, slots=True, kw_only=True)
class Do:
    """``do``: ask a service. Its blocks are named ``<ref>/success`` and ``<ref>/failure``."""

    #: Unique in the script and stable within a version.
    ref: str
    #: The item on whose leaving it happens; empty in a handler of the dialog.
    item: str
    service: str
    condition: Expression | None
    when: When
    timeout_seconds: float
    retries: int
    retry_wait_seconds: float
    once_per: OncePer
    #: Name under ``result`` for what it answers; empty for none.
    result: str
    params: tuple[tuple[str, Expression], ...]
    has_success: bool
    has_failure: bool
    failure_texts: Texts
    place: Place
    #: Refs of the actions that make it undone, in their order.
    undo: tuple[str, ...] = ()
    #: Prefix of the frame whose names its expressions use.
    frame: str = ""


Action = Set | Clear | Log | Throw | RecordConsent | Do


@dataclass(frozen=True, slots=True, kw_only=True)
class Next:
    """``next``: a transition; its actions are the block ``<owner>/next.<n>``."""

    #: None: the following item.
    to: str | None
    condition: Expression | None
    #: Empty when it carries no actions.
    block: str
    place: Place


class After(StrEnum):
    """What happens when the actions of a block are done and none of its transitions fires."""

    #: On to the item that follows.
    FOLLOW = "follow"
    #: To the target of the transition the block belongs to.
    GO = "go"
    #: Back to the block that was interrupted.
    RETURN = "return"
    #: As the event handler says.
    HANDLED = "handled"
    #: The hand-over or end has been reached.
    ARRIVED = "arrived"


@dataclass(frozen=True, slots=True, kw_only=True)
class Block:
    """Actions that belong together, and the transitions after them."""

    id: str
    #: The item it belongs to; empty for handlers of the dialog.
    item: str
    after: After
    actions: tuple[Action, ...] = ()
    nexts: tuple[Next, ...] = ()
    #: Target of `After.GO`.
    to: str | None = None
    #: Of `After.HANDLED`: ``repeat``, ``continue``, ``end``.
    then: str = "repeat"
    #: Events it handles, for the outcome of ``then="end"``.
    event: str = ""
    #: Prefix of the frame whose names its expressions use.
    frame: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Handler:
    """``on``."""

    events: frozenset[str]
    #: From this attempt on; 0 for always.
    attempt: int
    #: None for any.
    channels: frozenset[ScriptChannel] | None
    texts: Texts
    block: str
    place: Place
