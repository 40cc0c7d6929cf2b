"""What travels over the REST API of business objects."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any

from msgspec import Meta

from caruso.business_objects.records import FURTHEST_PAGE, LONGEST_PAGE
from caruso.web.resources import Request, Resource

_Expression = Annotated[str, Meta(max_length=4_000)]
_Limit = Annotated[int, Meta(ge=1, le=LONGEST_PAGE)]
_Offset = Annotated[int, Meta(ge=0, le=FURTHEST_PAGE)]
_Values = dict[Annotated[str, Meta(max_length=64)], Any]
_Version = Annotated[str, Meta(max_length=64)]


class LanguageQuery(Request, frozen=True, kw_only=True):
    """In which language things are called."""

    language: Annotated[str, Meta(max_length=16)] = ""


class ChoiceLine(Resource, frozen=True, kw_only=True):
    """A value a choice may have."""

    name: str
    label: str


class AttributeLine(Resource, frozen=True, kw_only=True):
    """An attribute of a class, as far as one's role may ever see it."""

    name: str
    label: str
    #: text, number, boolean, date, time, date-time, phone, choice, data, list.
    type: str
    key: bool = False
    required: bool = False
    #: False for what is worked out, or may not be set by one's role.
    writable: bool = False
    personal: bool = False
    searched: bool = False
    choices: tuple[ChoiceLine, ...] = ()


class RelationLine(Resource, frozen=True, kw_only=True):
    """Objects that belong to one of a class."""

    name: str
    label: str
    class_name: str
    many: bool


class ClassLine(Resource, frozen=True, kw_only=True):
    """A class of business objects."""

    name: str
    label: str
    customer: bool
    read_only: bool
    #: Attribute that names an object to people.
    show: str
    #: Any other attribute may be there as well.
    open: bool
    attributes: list[AttributeLine]
    relations: list[RelationLine]


class ObjectsQuery(Request, frozen=True, kw_only=True):
    """Which objects: by a condition, or by the beginnings of words."""

    #: Expression on ``object``: ``object.city = 'Bonn' and object.balance lt 0``.
    where: _Expression = ""
    #: Attributes with commas between, ``-`` for the greatest first: ``-begin,number``.
    order: Annotated[str, Meta(max_length=500)] = ""
    #: Words, or a number, as somebody types them; not together with `where` and `order`.
    search: Annotated[str, Meta(max_length=200)] = ""
    limit: _Limit = 50
    offset: _Offset = 0


class RelatedQuery(Request, frozen=True, kw_only=True):
    """Which of the objects that belong to one."""

    where: _Expression = ""
    order: Annotated[str, Meta(max_length=500)] = ""
    limit: _Limit = 50
    offset: _Offset = 0


class Object(Resource, frozen=True, kw_only=True):
    """A business object, as far as one may see it."""

    class_name: str
    key: str
    #: Tells this state from any other.
    version: str
    values: dict[str, Any]


class ObjectPage(Resource, frozen=True, kw_only=True):
    """Some of the objects found."""

    objects: list[Object]
    #: There are others behind them.
    more: bool


class NewObject(Request, frozen=True, kw_only=True):
    """An object to be made."""

    values: _Values


class ObjectChange(Request, frozen=True, kw_only=True):
    """What is to be changed; what is not named stays."""

    values: _Values
    #: Of the object that was seen: when somebody changed it meanwhile, nothing is changed.
    version: _Version = ""


class VersionQuery(Request, frozen=True, kw_only=True):
    """Which state was seen."""

    version: _Version = ""


class ChangeLine(Resource, frozen=True, kw_only=True):
    """An attribute that was changed; without a `field` the whole object was made or deleted."""

    id: int
    at: datetime
    #: Empty when it was done past the server, at the database's own prompt.
    by: str
    role: str
    #: `web`, `console`, `cli`, `server`.
    channel: str
    address: str
    field: str
    old: Any
    new: Any


class PastState(Resource, frozen=True, kw_only=True):
    """An object as it was."""

    values: dict[str, Any]
