"""What a script says and asks, item by item."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum

from caruso.script_engine.expressions import Expression
from caruso.script_engine.expressions.patterns import Pattern
from caruso.script_engine.nodes.actions import Block, Handler
from caruso.script_engine.nodes.texts import Place, Texts
from caruso.script_engine.turns import QuestionType, ScriptChannel

#: Business objects a question can offer.
MOST_OBJECTS = 200
#: How an entry is shown while it is typed: as dots, or its digits in groups.
MASKS = ("hidden", "groups-of-2", "groups-of-3", "groups-of-4")


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """What all items have. Its own block carries its id; items of a called dialog are ``call/item``."""

    id: str
    texts: Texts
    ask_if: Expression | None
    handlers: tuple[Handler, ...]
    block: Block
    place: Place
    #: What is said while it is open at an agent's is not recorded, nor while anything in it is
    #: (`caruso.script_engine.sensitive`).
    sensitive: bool = False


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
    #: The caller leaves a message there.
    voicemail: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class End(Item):
    """``end``."""

    hints: Texts
    outcome: str
    disposition: str
    hang_up: bool
