"""What a dialog script says, typed and frozen; expressions are compiled. Made by `loader`, read by everybody else.

Items are kept flat with a table of what follows what, and actions in named blocks, so that a run can say
where it is in plain JSON.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
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

#: Business objects a question can offer.
MOST_OBJECTS = 200
#: How an entry is shown while it is typed: as dots, or its digits in groups.
MASKS = ("hidden", "groups-of-2", "groups-of-3", "groups-of-4")


# -- Texts ----------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """``value``: something a text shows."""

    of: Expression
    #: Of `shown.FORMS`.
    format: str
    if_empty: str
    #: Of ``format="money"``, ISO 4217.
    currency: str
    place: Place


@dataclass(frozen=True, slots=True, kw_only=True)
class Link:
    """``link``: words that lead to a page."""

    words: tuple[str | Shown, ...]
    to: str


#: Plain words, and values and links between them. (A ``break`` is a line end.)
Parts = tuple[str | Shown | Link, ...]


def plain_parts(parts: Parts) -> tuple[str | Shown, ...]:
    """Return words and values, those of links too, without where the links lead."""
    return tuple(inner for part in parts for inner in (part.words if isinstance(part, Link) else (part,)))


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


class Direction(StrEnum):
    """Whether a variable crosses the border when the dialog is called by another."""

    LOCAL = "local"
    IN = "in"
    OUT = "out"
    IN_OUT = "in-out"

    @property
    def goes_in(self) -> bool:
        """Whether a `pass` may give it a value."""
        return self in {Direction.IN, Direction.IN_OUT}

    @property
    def comes_out(self) -> bool:
        """Whether a `return` may take its value."""
        return self in {Direction.OUT, Direction.IN_OUT}


@dataclass(frozen=True, slots=True, kw_only=True)
class Variable:
    """``var``."""

    name: str
    type: Type
    initial: Expression | None
    direction: Direction
    #: Never logged, mailed or shown to others than who may.
    private: bool
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


# -- Items ----------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """What all items have. Its own block carries its id; items of a called dialog are ``call/item``."""

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
    #: Cannot be chosen together with others.
    exclusive: bool
    #: Takes an answer in the person's own words.
    other: bool
    score: Decimal | None
    texts: Texts
    place: Place


@dataclass(frozen=True, slots=True, kw_only=True)
class FromList:
    """``from-list``: the options of the question are those of a list that several questions share."""

    name: str
    #: Holds for the options that are offered; ``option`` stands for each.
    condition: Expression | None
    place: Place


@dataclass(frozen=True, slots=True, kw_only=True)
class FromObjects:
    """``from-objects``: business objects to choose from."""

    class_name: str
    #: Holds for the objects that are offered; ``object`` stands for each.
    where: Expression | None
    #: Attributes of an object: what the answer is, what a person sees.
    value: str
    show: str
    limit: int
    place: Place


@dataclass(frozen=True, slots=True, kw_only=True)
class InputNode:
    """``input``. Durations are seconds."""

    minimum: int | None
    maximum: int | None
    end_key: str
    first_timeout: float
    next_timeout: float
    #: Of a recording; None for the usual.
    max_seconds: float | None
    #: Of `MASKS`, or empty.
    mask: str
    place: Place


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """``check``: what must hold."""

    condition: Expression
    warning: bool
    texts: Texts
    place: Place


class Order(StrEnum):
    """In what order options are offered; those that are exclusive or take own words always come last."""

    GIVEN = "given"
    #: Another one for each run, the same throughout it.
    RANDOM = "random"
    #: By label.
    SORTED = "sorted"


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
    from_list: FromList | None
    from_objects: FromObjects | None
    order: Order
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
    #: Of an amount, ISO 4217; empty for none.
    currency: str
    #: Holds where the answer is the default, or what is known, and cannot be changed.
    read_only: bool | Expression
    #: Seconds until the event ``time-up``; None for no limit.
    time_limit: float | None
    #: Neither logged nor mailed, and shown to those only who may.
    private: bool
    #: What exports and reports call the answer; the id where nothing is said.
    label: str


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


# -- Items that hold or lead to others ------------------------------------------------------------------------


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


# -- The dialog -----------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Seat:
    """Where an item sits."""

    #: Prefix of the frame it belongs to; see `Frame`.
    frame: str = ""
    #: The repeats it is in, outermost first.
    repeats: tuple[str, ...] = ()
    #: The groups it is in, outermost first.
    groups: tuple[str, ...] = ()


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


class Back(StrEnum):
    """Whether one may go back an item."""

    ALLOWED = "allowed"
    WITHIN_GROUP = "within-group"
    NONE = "none"


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
    back: Back
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
    #: By item with an action that can be made undone: the items from which the path can come to it.
    leading_to: Mapping[str, frozenset[str]] = field(default_factory=dict)

    @property
    def back_allowed(self) -> bool:
        """Whether one may go back anywhere."""
        return self.back is not Back.NONE

    def title(self, language: str) -> str:
        """Return the title in `language`, or the nearest there is."""
        return best_title(self.titles, language, self.languages[0]) or self.id


def best_title(titles: Mapping[str, str], language: str, fallback: str) -> str:
    """Return the title in `language`, or the nearest there is."""
    for wanted in (language, language.partition("-")[0], fallback, ""):
        if wanted in titles:
            return titles[wanted]
    return next(iter(titles.values()), "")
