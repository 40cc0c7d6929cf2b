"""What a script knows: objects, variables, computed values."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from caruso.script_engine.expressions import Expression
from caruso.script_engine.expressions.types import Type
from caruso.script_engine.nodes.texts import Place


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
