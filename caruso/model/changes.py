"""What the audit tells of records: who changed what, and what they were at some time."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordChange:
    """One change of one row of a record."""

    id: int
    at: datetime
    #: Who, in which role, through what, from which address; all empty when it was done past Caruso.
    by: str
    role: str
    channel: str
    address: str
    class_name: str
    record: str
    table: str
    #: ``insert``, ``update`` or ``delete``.
    change: str
    #: What changed: before and after, by field.
    fields: Mapping[str, tuple[Any, Any]]


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordState:
    """A record at the time of a change, and now: its rows by table."""

    class_name: str
    record: str
    change: int
    tables: Mapping[str, Sequence[Mapping[str, Any]]]
    now: Mapping[str, Sequence[Mapping[str, Any]]]


@dataclass(frozen=True, slots=True, kw_only=True)
class CustomerAccess:
    """Somebody looked at a customer."""

    at: datetime
    customer: str
    #: ``card`` (or the record in the simulator), ``export``, ``erasure``.
    what: str
    by: str
    role: str
    channel: str
    address: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Erased:
    """What was done when a customer was erased."""

    #: What stands in the place of the customer's id now.
    pseudonym: str
    contacts: int
    runs: int
    callbacks: int
    #: Business objects, beside the customer's own record.
    objects: int
    files: int
