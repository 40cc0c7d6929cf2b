"""Every place where personal data are kept. Only what is listed here is exported and erased; a test sees to it.

A new table gets an entry: how its rows are found for a customer, which of its columns are personal and what
becomes of them. A new fact kind with text in it gets a line in `FACT_FIELDS`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import Any

from sqlalchemy import Table

from caruso.model.facts import (
    AnyFact,
    ConsultEnded,
    ConsultStarted,
    ContactArrived,
    ContactIdentified,
    ContactTransferred,
    NoteWritten,
    OutsideCalled,
    OutsideConnected,
    OutsideEnded,
    RecordingAccessed,
    TaskChanged,
    TaskMade,
    VoicemailBegun,
    VoicemailDone,
    WrapUpEnded,
)
from caruso.storage.tables.callbacks import callbacks
from caruso.storage.tables.centres import centre_versions
from caruso.storage.tables.changes import acting, audit_off, customer_access, record_changes
from caruso.storage.tables.contacts import (
    contacts,
    outside_calls,
    presence_intervals,
    queue_visits,
    talk_segments,
    transfers,
)
from caruso.storage.tables.customers import customer_numbers, customers, model_tables, object_search
from caruso.storage.tables.journal import journal, journal_head
from caruso.storage.tables.recordings import recording_accesses, recordings
from caruso.storage.tables.runs import outbox, run_audit, run_contacts, run_tokens, script_runs, stored_files
from caruso.storage.tables.scripts import audit, script_drafts, script_rollouts, scripts
from caruso.storage.tables.tasks import tasks
from caruso.storage.tables.users import sessions, sign_ins, users
from caruso.storage.tables.voicemails import voicemail_texts, voicemails


class Kind(Enum):
    """What a personal value is, and so what stands in its place afterwards."""

    #: A telephone number: the same one becomes the same pseudonym, so that figures by number stay.
    NUMBER = "number"
    #: Id of a customer: a pseudonym likewise.
    CUSTOMER = "customer"
    #: Words: nothing is left.
    TEXT = "text"
    #: A value of any form: NULL.
    VALUE = "value"
    #: A list: an empty one.
    LIST = "list"
    #: State of a run: its outcome stays.
    STATE = "state"
    #: Words that are a branch's name in lines of splits, and stay there: figures of scripts count them.
    SPOKEN = "spoken"


class Link(Enum):
    """How rows are found: the column names a customer, one of the contacts, runs or call-backs."""

    CUSTOMER = "customer"
    CONTACT = "contact"
    RUN = "run"
    CALLBACK = "callback"


class End(Enum):
    """What becomes of rows when somebody is erased."""

    #: Personal columns are emptied, or get pseudonyms; the row stays, and figures with it.
    CLEAR = "clear"
    DELETE = "delete"
    #: They follow from the journal: folded anew from its changed facts.
    FOLD = "fold"


@dataclass(frozen=True, slots=True, kw_only=True)
class Store:
    """A table with data of customers."""

    table: Table
    link: Link
    #: Column that holds what `link` says.
    column: str
    end: End
    #: Personal columns; of rows that are deleted all are.
    personal: Mapping[str, Kind] = field(default_factory=dict)
    #: Further values that found rows have.
    where: Mapping[str, str] = field(default_factory=dict)
    #: Columns that are not given out: they would open something.
    withheld: tuple[str, ...] = ()


#: In the order in which rows may be deleted.
STORES = (
    Store(
        table=journal,
        link=Link.CONTACT,
        column="contact",
        end=End.FOLD,
        personal={"payload": Kind.VALUE},
    ),
    Store(
        table=contacts,
        link=Link.CONTACT,
        column="id",
        end=End.FOLD,
        personal={
            "caller_number": Kind.NUMBER,
            "caller_name": Kind.TEXT,
            "dialled": Kind.NUMBER,
            "customer": Kind.CUSTOMER,
            "note": Kind.TEXT,
        },
    ),
    Store(table=queue_visits, link=Link.CONTACT, column="contact", end=End.FOLD),
    Store(
        table=talk_segments,
        link=Link.CONTACT,
        column="contact",
        end=End.FOLD,
        personal={"note": Kind.TEXT},
    ),
    Store(
        table=transfers,
        link=Link.CONTACT,
        column="contact",
        end=End.FOLD,
        personal={"to_whom": Kind.NUMBER},
    ),
    Store(
        table=outside_calls,
        link=Link.CONTACT,
        column="contact",
        end=End.FOLD,
        personal={"number": Kind.NUMBER},
    ),
    # The sound itself is deleted by those who may; while it is kept nobody is erased (`erasing`).
    Store(
        table=recordings,
        link=Link.CONTACT,
        column="contact",
        end=End.FOLD,
        personal={"held_for": Kind.TEXT},
    ),
    Store(
        table=recording_accesses,
        link=Link.CONTACT,
        column="contact",
        end=End.FOLD,
        personal={"reason": Kind.TEXT},
    ),
    Store(
        table=voicemails,
        link=Link.CONTACT,
        column="contact",
        end=End.FOLD,
        personal={"number": Kind.NUMBER, "name": Kind.TEXT, "customer": Kind.CUSTOMER, "note": Kind.TEXT},
    ),
    Store(table=voicemail_texts, link=Link.CONTACT, column="contact", end=End.DELETE),
    *(
        Store(
            table=tasks,
            link=link,
            column=column,
            end=End.CLEAR,
            personal={"text": Kind.TEXT, "about": Kind.TEXT, "customer": Kind.CUSTOMER},
        )
        for link, column in ((Link.CONTACT, "contact"), (Link.CUSTOMER, "customer"))
    ),
    Store(table=run_contacts, link=Link.CONTACT, column="contact", end=End.FOLD),
    Store(
        table=script_runs,
        link=Link.RUN,
        column="id",
        end=End.CLEAR,
        personal={"state": Kind.STATE, "answers": Kind.LIST, "customer": Kind.CUSTOMER},
    ),
    Store(
        table=run_audit,
        link=Link.RUN,
        column="run",
        end=End.CLEAR,
        personal={"text": Kind.SPOKEN, "old": Kind.VALUE, "new": Kind.VALUE},
    ),
    Store(table=outbox, link=Link.RUN, column="run", end=End.DELETE),
    Store(table=run_tokens, link=Link.RUN, column="run", end=End.DELETE, withheld=("hash",)),
    Store(table=stored_files, link=Link.RUN, column="run", end=End.DELETE),
    # The sound of a message that a caller left is kept under the message's own name.
    Store(table=stored_files, link=Link.CONTACT, column="run", end=End.DELETE),
    Store(
        table=callbacks,
        link=Link.CALLBACK,
        column="id",
        end=End.CLEAR,
        personal={
            "number": Kind.NUMBER,
            "name": Kind.TEXT,
            "reason": Kind.TEXT,
            "customer": Kind.CUSTOMER,
        },
    ),
    Store(table=customer_numbers, link=Link.CUSTOMER, column="customer", end=End.DELETE),
    Store(table=customers, link=Link.CUSTOMER, column="id", end=End.DELETE),
    # Words of other objects go with these (`caruso.storage.objects.privacy`).
    Store(
        table=object_search,
        link=Link.CUSTOMER,
        column="record",
        end=End.DELETE,
        where={"class_name": "Customer"},
    ),
    # After the rows themselves: deleting those wrote into it once more.
    Store(
        table=record_changes,
        link=Link.CUSTOMER,
        column="record",
        end=End.DELETE,
        where={"class_name": "Customer"},
    ),
    Store(
        table=record_changes,
        link=Link.CALLBACK,
        column="record",
        end=End.DELETE,
        where={"class_name": "Callback"},
    ),
    Store(table=audit, link=Link.CUSTOMER, column="record", end=End.DELETE, where={"class_name": "Customer"}),
    Store(
        table=customer_access,
        link=Link.CUSTOMER,
        column="customer",
        end=End.CLEAR,
        personal={"customer": Kind.CUSTOMER},
    ),
)

#: Tables without data of customers: of the people who work here, of scripts and the centre, of the server itself.
OF_OTHERS = frozenset(
    {
        journal_head,
        presence_intervals,
        users,
        sessions,
        sign_ins,
        centre_versions,
        scripts,
        script_rollouts,
        script_drafts,
        acting,
        audit_off,
        model_tables,
    }
)

#: Columns with text of stores whose rows stay that are nobody's: ids of ours, names of kinds, who works here.
PLAIN: Mapping[Table, frozenset[str]] = {
    journal: frozenset({"kind", "contact", "agent", "queue"}),
    contacts: frozenset(
        {"id", "channel", "entry_point", "queue", "agent", "queue_outcome", "cause", "disposition"}
    ),
    queue_visits: frozenset({"contact", "queue", "outcome", "agent"}),
    talk_segments: frozenset({"contact", "agent", "queue", "disposition"}),
    transfers: frozenset({"contact", "by_agent", "form", "from_queue", "to_kind"}),
    outside_calls: frozenset({"contact", "outcome"}),
    recordings: frozenset(
        {
            "id",
            "contact",
            "queue",
            "agent",
            "others",
            "asked_by",
            "state",
            "gaps",
            "sha256",
            "reason",
            "held_by",
            "deleted_by",
        }
    ),
    recording_accesses: frozenset({"recording", "contact", "by_user", "what"}),
    voicemails: frozenset(
        {
            "contact",
            "origin",
            "queue",
            "owner",
            "entry_point",
            "run",
            "language",
            "skills",
            "state",
            "file",
            "agent",
            "call",
            "disposition",
        }
    ),
    tasks: frozenset({"id", "agent", "queue", "contact", "state", "created_by", "changed_by"}),
    run_contacts: frozenset({"contact", "run"}),
    script_runs: frozenset({"id", "contact", "script", "version", "channel", "by"}),
    run_audit: frozenset({"run", "contact", "event", "item", "channel", "by", "script", "version", "variant"}),
    callbacks: frozenset(
        {"id", "queue", "run", "state", "agent", "changed_by", "skills", "origin", "entry_point", "result"}
    ),
    customer_access: frozenset({"what", "by", "role", "channel", "address"}),
}

#: Personal fields of facts.
FACT_FIELDS: Mapping[type[Any], Mapping[str, Kind]] = {
    ContactArrived: {"caller_number": Kind.NUMBER, "caller_name": Kind.TEXT, "dialled": Kind.NUMBER},
    ContactIdentified: {"customer": Kind.CUSTOMER},
    ConsultStarted: {"number": Kind.NUMBER},
    ConsultEnded: {"number": Kind.NUMBER},
    ContactTransferred: {"number": Kind.NUMBER},
    OutsideCalled: {"number": Kind.NUMBER},
    OutsideConnected: {"number": Kind.NUMBER},
    OutsideEnded: {"number": Kind.NUMBER},
    NoteWritten: {"text": Kind.TEXT},
    WrapUpEnded: {"note": Kind.TEXT},
    TaskMade: {"text": Kind.TEXT, "customer": Kind.CUSTOMER},
    TaskChanged: {"text": Kind.TEXT},
    RecordingAccessed: {"reason": Kind.TEXT},
    VoicemailBegun: {"number": Kind.NUMBER, "name": Kind.TEXT, "customer": Kind.CUSTOMER},
    VoicemailDone: {"note": Kind.TEXT},
}

#: Fields of facts that are plain text and yet nobody's.
PLAIN_FACT_FIELDS = frozenset(
    {
        ("ServerStarted", "version"),
        ("ContactArrived", "channel"),
        ("DialogStarted", "version"),
        ("DialogContinued", "version"),
        ("DialogContinued", "channel"),
        ("DialogContinued", "by"),
        ("DialogEnded", "outcome"),
        ("ContactRouted", "policy"),
        ("SupervisionBegun", "phone"),
        ("MessageSent", "message"),
        ("MessageSent", "sender"),
        ("MessageSent", "text"),
        ("MessageSeen", "message"),
        ("DispositionChosen", "disposition"),
        ("WrapUpEnded", "disposition"),
        ("PresenceChanged", "reason"),
        ("PresencePlanned", "reason"),
        *(("ServiceChanged", field) for field in ("change", "service", "version", "before", "by")),
        ("WaitEstimated", "by"),
        ("TaskMade", "task"),
        ("TaskChanged", "task"),
        ("TaskChanged", "state"),
        ("RecordingBegun", "asked_by"),
        ("RecordingOver", "by"),
        ("RecordingKept", "sha256"),
        ("RecordingKept", "incomplete"),
        ("RecordingLost", "reason"),
        ("RecordingImpossible", "reason"),
        ("RecordingAccessed", "by"),
        # Telephones of people who work here.
        ("StationChosen", "number"),
        ("LineOpened", "number"),
        ("VoicemailBegun", "language"),
        ("VoicemailDone", "disposition"),
    }
)

#: All kinds of facts there are.
FACT_TYPES: tuple[type[Any], ...] = AnyFact.__args__
