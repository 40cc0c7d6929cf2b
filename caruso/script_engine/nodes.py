"""What a dialog script says, typed and frozen; expressions are compiled. Made by `loader`, read by everybody else.

Items are kept flat with a table of what follows what, and actions in named blocks, so that a run can say
where it is in plain JSON.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from caruso.model.centre import Hours
from caruso.script_engine.expressions import Expression, Origin
from caruso.script_engine.expressions.patterns import Pattern
from caruso.script_engine.expressions.types import Type
from caruso.script_engine.turns import QuestionType, ScriptChannel


@dataclass(frozen=True, slots=True)
class Place:
    """Where something was written, and where each of its attributes was."""

    line: int
    column: int
    attributes: Mapping[str, Origin] = field(default_factory=dict, compare=False, repr=False)


NOWHERE = Place(0, 0)


# -- Texts ----------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """``value``: something a text shows."""

    of: Expression
    format: str
    if_empty: str
    place: Place


#: Plain words, and values between them. (A ``break`` is a line end.)
Parts = tuple[str | Shown, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Text:
    """One wording of something."""

    parts: Parts
    #: Empty for any.
    language: str = ""
    #: None for any.
    channels: frozenset[ScriptChannel] | None = None
    condition: Expression | None = None
    #: Used from this attempt on; 0 for always.
    attempt: int = 0
    audio: str = ""
    barge_in: bool = True
    place: Place = NOWHERE


Texts = tuple[Text, ...]


# -- Data -----------------------------------------------------------------------------------------------------


class Access(StrEnum):
    """What a script may do with an object."""

    READ = "read"
    WRITE = "write"
    CREATE = "create"


@dataclass(frozen=True, slots=True, kw_only=True)
class ObjectNode:
    """``object``: a business object under a name."""

    name: str
    class_name: str
    key: Expression | None
    access: Access
    #: False: the dialog cannot begin without it.
    may_be_missing: bool
    place: Place


@dataclass(frozen=True, slots=True, kw_only=True)
class Variable:
    """``var``."""

    name: str
    type: Type
    initial: Expression | None
    place: Place


@dataclass(frozen=True, slots=True, kw_only=True)
class Compute:
    """``compute``: a name for an expression."""

    name: str
    type: Type
    value: Expression
    place: Place


# -- Actions --------------------------------------------------------------------------------------------------


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


Action = Set | Clear | Log | Do


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


@dataclass(frozen=True, slots=True, kw_only=True)
class Handler:
    """``on``."""

    events: frozenset[str]
    #: From this attempt on.
    attempt: int
    #: None for any.
    channels: frozenset[ScriptChannel] | None
    texts: Texts
    block: str
    place: Place


# -- Items ----------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """What all items have. Its own block carries its id."""

    id: str
    texts: Texts
    ask_if: Expression | None
    handlers: tuple[Handler, ...]
    block: Block
    place: Place


@dataclass(frozen=True, slots=True, kw_only=True)
class Info(Item):
    """``info``: something to say."""

    hints: Texts
    #: Waits on a screen until it was taken note of.
    confirm: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class OptionNode:
    """``option``."""

    value: str
    key: str
    condition: Expression | None
    texts: Texts
    place: Place


@dataclass(frozen=True, slots=True, kw_only=True)
class InputNode:
    """``input``. Durations are seconds."""

    minimum: int | None
    maximum: int | None
    end_key: str
    first_timeout: float
    next_timeout: float
    place: Place


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """``check``: what must hold."""

    condition: Expression
    warning: bool
    texts: Texts
    place: Place


class Save(StrEnum):
    """When a bound answer is written back."""

    ANSWER = "answer"
    END = "end"
    NEVER = "never"


@dataclass(frozen=True, slots=True, kw_only=True)
class Question(Item):
    """``question``."""

    hints: Texts
    type: QuestionType
    options: tuple[OptionNode, ...]
    input: InputNode | None
    checks: tuple[Check, ...]
    #: A fixed answer, or an expression.
    required: bool | Expression
    default: Expression | None
    skip_if_known: bool
    #: Object and attribute, or None.
    bind: tuple[str, str] | None
    save: Save
    minimum: Expression | None
    maximum: Expression | None
    pattern: Pattern | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Handover(Item):
    """``handover``: the dialog goes on elsewhere."""

    channel: ScriptChannel
    queue: Expression | None
    skill: Expression | None
    priority: Expression | None
    resume_at: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class End(Item):
    """``end``."""

    hints: Texts
    outcome: str
    disposition: str
    hang_up: bool


AnyItem = Info | Question | Handover | End


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
    back_allowed: bool
    objects: Mapping[str, ObjectNode]
    variables: Mapping[str, Variable]
    computes: Mapping[str, Compute]
    handlers: tuple[Handler, ...]
    #: In document order.
    items: Mapping[str, AnyItem]
    #: The item that comes after each one by itself.
    following: Mapping[str, str | None]
    #: Every block by its id.
    blocks: Mapping[str, Block]
    #: Every `do` by its ref.
    actions: Mapping[str, Do]
    place: Place
    file: str = ""
    #: Opening hours of the centre, for `opening_hours()`.
    hours: Mapping[str, Hours] = field(default_factory=dict)

    def title(self, language: str) -> str:
        """Return the title in `language`, or the nearest there is."""
        for wanted in (language, language.partition("-")[0], self.languages[0], ""):
            if wanted in self.titles:
                return self.titles[wanted]
        return next(iter(self.titles.values()), self.id)
