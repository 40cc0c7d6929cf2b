"""What a model says: classes, where their data is, and who may do what with it. Frozen; made by `load`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from enum import StrEnum
from functools import cached_property

from caruso.errors import Located
from caruso.script_engine.expressions import Expression, Origin
from caruso.script_engine.expressions.types import Type

#: The database that everything else of ours is in.
OWN = "own"


class Kind(StrEnum):
    """What an attribute holds."""

    TEXT = "text"
    NUMBER = "number"
    BOOLEAN = "boolean"
    DATE = "date"
    TIME = "time"
    DATE_TIME = "date-time"
    #: A telephone number, compared in its international form however it is written.
    PHONE = "phone"
    #: One of some names.
    CHOICE = "choice"
    #: JSON: lists and objects.
    DATA = "data"


#: What an expression sees of each kind.
TYPES: Mapping[Kind, Type] = {
    Kind.TEXT: Type.TEXT,
    Kind.NUMBER: Type.NUMBER,
    Kind.BOOLEAN: Type.BOOLEAN,
    Kind.DATE: Type.DATE,
    Kind.TIME: Type.TIME,
    Kind.DATE_TIME: Type.DATE_TIME,
    Kind.PHONE: Type.TEXT,
    Kind.CHOICE: Type.TEXT,
    Kind.DATA: Type.ANY,
}


class Who(StrEnum):
    """Who may do something: a role and those above it, or the owner of an object (and supervisors)."""

    AGENT = "agent"
    OWNER = "owner"
    SUPERVISOR = "supervisor"
    ADMIN = "admin"
    NOBODY = "nobody"


#: Texts by language; the empty one is for all others.
Labels = Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where something was written."""

    file: str
    line: int
    column: int
    origins: Mapping[str, Origin] = field(default_factory=dict, repr=False, compare=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """Who may do something, and what has to hold for the object besides."""

    who: Who = Who.AGENT
    when: Expression | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ChoiceValue:
    """A value a choice may have."""

    name: str
    #: As the database writes it.
    stored: str
    labels: Labels


@dataclass(frozen=True, slots=True, kw_only=True)
class Attribute:
    """One value of an object, in one column."""

    name: str
    labels: Labels
    place: Place
    column: str
    #: Empty for the class's own table.
    table: str = ""
    kind: Kind = Kind.TEXT
    key: bool = False
    #: Keys of new objects are made by us (texts) or counted by the database (numbers).
    generated: bool = False
    required: bool = False
    unique: bool = False
    #: Characters of a text.
    length: int | None = None
    minimum: Decimal | None = None
    maximum: Decimal | None = None
    pattern: str = ""
    values: tuple[ChoiceValue, ...] = ()
    personal: bool = False
    search: bool = False
    read: Rule = Rule()
    write: Rule = Rule()


@dataclass(frozen=True, slots=True, kw_only=True)
class Join:
    """Values that are equal: of our attribute, and of the attribute or column on the other side."""

    of: str
    to: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SecondTable:
    """A table with at most one row for each object."""

    name: str
    joins: tuple[Join, ...]
    place: Place


@dataclass(frozen=True, slots=True, kw_only=True)
class ListAttribute:
    """Several values of an object, in a table of their own."""

    name: str
    labels: Labels
    place: Place
    table: str
    column: str
    #: Column that keeps the order; empty where there is none.
    position: str
    #: Name under which the first value is read, searched for and set.
    first: str
    kind: Kind
    joins: tuple[Join, ...]
    personal: bool
    search: bool
    read: Rule
    write: Rule


@dataclass(frozen=True, slots=True, kw_only=True)
class Computed:
    """A value that is worked out from the object."""

    name: str
    labels: Labels
    place: Place
    type: Type
    value: Expression
    personal: bool
    read: Rule


@dataclass(frozen=True, slots=True, kw_only=True)
class Through:
    """A table between two classes; joins lead from our attribute and the other's to its columns."""

    table: str
    ours: tuple[Join, ...]
    theirs: tuple[Join, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Relation:
    """Objects that belong to this one."""

    name: str
    labels: Labels
    place: Place
    class_name: str
    many: bool
    #: Loaded with the object.
    load: bool
    #: Attribute here, attribute there; empty where there is a `through`.
    joins: tuple[Join, ...]
    through: Through | None
    read: Rule


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """What has to hold before an object is written."""

    that: Expression
    labels: Labels
    place: Place


@dataclass(frozen=True, kw_only=True)
class ObjectClass:
    """A kind of things."""

    name: str
    labels: Labels
    place: Place
    database: str
    table: str
    schema: str
    #: The people who call.
    customer: bool
    read_only: bool
    #: Column (JSON) of what has no attribute of its own; empty where there is none.
    extra: str
    #: Attribute that names an object to people.
    show: str
    #: Attribute that objects are sorted by.
    order: str
    #: Attribute with the user whose object it is.
    owner: str
    read: Rule
    write: Rule
    create: Who
    delete: Who
    audited: bool
    #: Relations to one object that lead to the customer whose data this is: ``("contract", "customer")``.
    subject: tuple[str, ...]
    retention_days: int | None
    retention_from: str
    tables: tuple[SecondTable, ...]
    attributes: Mapping[str, Attribute]
    lists: Mapping[str, ListAttribute]
    computed: Mapping[str, Computed]
    relations: Mapping[str, Relation]
    checks: tuple[Check, ...]

    @cached_property
    def keys(self) -> tuple[Attribute, ...]:
        """The attributes that together tell one object from all others."""
        return tuple(attribute for attribute in self.attributes.values() if attribute.key)

    @cached_property
    def firsts(self) -> Mapping[str, ListAttribute]:
        """Lists by the name of their first value."""
        return {each.first: each for each in self.lists.values() if each.first}

    @cached_property
    def searched(self) -> tuple[str, ...]:
        """Attributes and lists in which words are searched for."""
        return (
            *(name for name, each in self.attributes.items() if each.search),
            *(name for name, each in self.lists.items() if each.search),
        )

    @cached_property
    def phones(self) -> tuple[str, ...]:
        """Attributes and lists that hold telephone numbers."""
        return (
            *(name for name, each in self.attributes.items() if each.kind is Kind.PHONE),
            *(name for name, each in self.lists.items() if each.kind is Kind.PHONE),
        )

    def fields(self) -> Iterator[Attribute | ListAttribute | Computed]:
        """Give everything that has a value."""
        yield from self.attributes.values()
        yield from self.lists.values()
        yield from self.computed.values()

    def label(self, language: str = "") -> str:
        """Return what the class is called."""
        return label_of(self.labels, self.name, language)


@dataclass(frozen=True, kw_only=True)
class Model:
    """All classes of all models, linked."""

    classes: Mapping[str, ObjectClass] = field(default_factory=dict)

    @cached_property
    def customer(self) -> ObjectClass | None:
        """The class of the people who call."""
        return next((each for each in self.classes.values() if each.customer), None)

    @cached_property
    def types(self) -> Mapping[str, Mapping[str, Type] | None]:
        """Attributes of each class as expressions see them; None where any may be there."""
        return {name: None if each.extra else types_of(each) for name, each in self.classes.items()}


def types_of(of: ObjectClass) -> dict[str, Type]:
    """Return what an expression may read of an object."""
    return {
        **{name: TYPES[each.kind] for name, each in of.attributes.items()},
        **dict.fromkeys(of.lists, Type.LIST),
        **dict.fromkeys(of.firsts, Type.TEXT),
        **{name: each.type for name, each in of.computed.items()},
        **{name: Type.LIST if each.many else Type.OBJECT for name, each in of.relations.items()},
    }


def label_of(labels: Labels, name: str, language: str = "") -> str:
    """Return the label in a language, else the one for all, else any, else the name."""
    return labels.get(language) or labels.get("") or next(iter(labels.values()), name)


def located(rule: str, message: str, place: Place, attribute: str = "", suggestion: str = "") -> Located:
    """Return a mistake at an attribute of what stands at `place`."""
    origin = place.origins.get(attribute)
    return Located(
        rule=rule,
        message=message,
        file=place.file,
        line=origin.line if origin else place.line,
        column=origin.column if origin else place.column,
        attribute=attribute if origin else "",
        suggestion=suggestion,
    )
