"""The tables, as SQLAlchemy Core. The migrations build the same; a test compares the two on both engines.

`journal` holds the truth; `contacts`, `queue_visits`, `talk_segments` and `presence_intervals` are projections
of it (`caruso.storage.projection`) and can be made again from it. Names in columns are ids, never foreign keys
to other parts: the past must not depend on what is still configured.
"""

from __future__ import annotations

from datetime import UTC, datetime
from functools import lru_cache
from typing import Any

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    Column,
    DateTime,
    Dialect,
    Double,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    PrimaryKeyConstraint,
    String,
    Table,
    Text,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.types import TypeDecorator, TypeEngine

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)


def mariadb_time() -> TypeEngine[datetime]:
    """Return the type of a moment in MariaDB, to the microsecond. Its dialect is loaded where it is used: 1 MB."""
    from sqlalchemy.dialects.mysql import DATETIME

    return DATETIME(fsp=6)


class UtcDateTime(TypeDecorator[datetime]):
    """An aware time in UTC, to the microsecond.

    SQLite knows no times: there it is ISO text of fixed length, which sorts. MariaDB knows no zones.
    """

    impl = DateTime
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        """Choose the column's type."""
        if dialect.name == "sqlite":
            return dialect.type_descriptor(String(27))
        if dialect.name == "mariadb":
            return dialect.type_descriptor(mariadb_time())
        return dialect.type_descriptor(DateTime(timezone=True))

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> Any:
        """Refuse a naive time; write text for SQLite."""
        if value is None:
            return None
        if dialect.name == "sqlite":
            return utc_text(value)
        if dialect.name == "mariadb":
            return _in_utc(value).replace(tzinfo=None)
        return _in_utc(value)

    def process_result_value(self, value: Any, dialect: Dialect) -> datetime | None:
        """Return an aware time in UTC."""
        if value is None:
            return None
        if isinstance(value, str):
            return datetime.fromisoformat(value)
        at: datetime = value
        return at.replace(tzinfo=UTC) if at.tzinfo is None else at.astimezone(UTC)


@lru_cache(maxsize=4096)
def utc_text(value: datetime) -> str:
    """Return a time as the text that stands for it in SQLite. Many rows tell of the same moment."""
    return _in_utc(value).isoformat(timespec="microseconds")[:26] + "Z"


def _in_utc(value: datetime) -> datetime:
    if value.tzinfo is UTC:
        return value
    if value.tzinfo is None:
        raise ValueError("a time without a zone cannot be stored")
    return value.astimezone(UTC)


#: JSON that PostgreSQL can look into.
Json = JSON(none_as_null=True).with_variant(JSONB(none_as_null=True), "postgresql")
#: Text that is found by its beginning: compared byte by byte, so that an index serves ``>= 'a' and < 'b'``.
Key = Text().with_variant(Text(collation="C"), "postgresql")
#: Number of a fact.
Seq = BigInteger().with_variant(Integer(), "sqlite")
#: A number the database counts up.
Serial = BigInteger().with_variant(Integer(), "sqlite")

# -- The journal ----------------------------------------------------------------------------------------------

journal = Table(
    "journal",
    metadata,
    #: Given by the writer, without gaps, in the order in which the facts were recorded.
    Column("seq", Seq, primary_key=True, autoincrement=False),
    Column("at", UtcDateTime, nullable=False),
    Column("kind", Text, nullable=False),
    Column("contact", Text),
    Column("agent", Text),
    Column("queue", Text),
    #: The whole fact.
    Column("payload", Json, nullable=False),
    Index(None, "at"),
    Index(
        "ix_journal_contact",
        "contact",
        sqlite_where=text("contact IS NOT NULL"),
        postgresql_where=text("contact IS NOT NULL"),
    ),
    Index(
        "ix_journal_queue_switches",
        "queue",
        "seq",
        sqlite_where=text("kind = 'queue-switched'"),
        postgresql_where=text("kind = 'queue-switched'"),
    ),
    Index(
        "ix_journal_estimated_waits",
        "at",
        sqlite_where=text("kind IN ('wait-estimated', 'wait-announced')"),
        postgresql_where=text("kind IN ('wait-estimated', 'wait-announced')"),
    ),
    Index(
        "ix_journal_stations",
        "agent",
        "kind",
        "seq",
        sqlite_where=text("kind IN ('station-chosen', 'line-opened', 'line-closed')"),
        postgresql_where=text("kind IN ('station-chosen', 'line-opened', 'line-closed')"),
    ),
)

#: One row: who writes the journal, and the number of the next fact. It makes a repeated batch count once, and
#: stops a server whose database another one has taken over.
journal_head = Table(
    "journal_head",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=False),
    Column("writer", Text, nullable=False),
    Column("next_seq", BigInteger, nullable=False),
)

# -- Script runs ----------------------------------------------------------------------------------------------

_LIVE = text("live")
_PENDING = text("state IN ('pending', 'running')")

script_runs = Table(
    "script_runs",
    metadata,
    Column("id", Text, primary_key=True),
    #: Whose it is now; NULL for a run without a conversation.
    Column("contact", Text, index=True),
    Column("script", Text, nullable=False),
    Column("version", Text, nullable=False),
    Column("state", Json, nullable=False),
    Column("answers", Json, nullable=False),
    Column("finished", Boolean, nullable=False),
    #: Counts the writes: whoever changes the run names the one he knows.
    Column("revision", BigInteger, nullable=False),
    Column("turn", BigInteger, nullable=False),
    Column("customer", Text, index=True),
    Column("channel", Text, nullable=False),
    Column("by", Text, nullable=False),
    #: A server leads it in memory.
    Column("live", Boolean, nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
    Column("updated_at", UtcDateTime, nullable=False),
    Column("expires_at", UtcDateTime, index=True),
    Index(None, "script", "version"),
    Index("ix_script_runs_live", "id", sqlite_where=_LIVE, postgresql_where=_LIVE),
)

#: Which contacts a run has passed through; a projection of the journal.
run_contacts = Table(
    "run_contacts",
    metadata,
    Column("contact", Text, nullable=False),
    Column("run", Text, nullable=False, index=True),
    Column("at", UtcDateTime, nullable=False),
    PrimaryKeyConstraint("contact", "run"),
)

#: Who was shown, asked, answered what, where and when. Never changed.
run_audit = Table(
    "run_audit",
    metadata,
    Column("run", Text, nullable=False),
    #: Of the run that the line was written with.
    Column("revision", BigInteger, nullable=False),
    Column("position", Integer, nullable=False),
    Column("contact", Text),
    Column("event", Text, nullable=False),
    Column("item", Text, nullable=False),
    Column("at", UtcDateTime, nullable=False),
    Column("turn", BigInteger, nullable=False),
    Column("channel", Text, nullable=False),
    Column("by", Text, nullable=False),
    Column("script", Text, nullable=False),
    Column("version", Text, nullable=False),
    Column("variant", Text, nullable=False),
    Column("text", Text, nullable=False),
    Column("old", Json),
    Column("new", Json),
    Column("masked", Boolean, nullable=False),
    PrimaryKeyConstraint("run", "revision", "position"),
    Index(None, "script", "version", "at"),
)

#: Actions of scripts: written with the turn that gave them out, carried out afterwards.
outbox = Table(
    "outbox",
    metadata,
    #: Idempotency key: run, action, visit.
    Column("key", Text, primary_key=True),
    Column("run", Text, nullable=False, index=True),
    Column("service", Text, nullable=False),
    Column("params", Json, nullable=False),
    Column("wait", Boolean, nullable=False),
    Column("timeout_seconds", Double, nullable=False),
    Column("retries", Integer, nullable=False),
    Column("retry_wait_seconds", Double, nullable=False),
    Column("state", Text, nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
    Column("next_at", UtcDateTime, nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("owner", Text, nullable=False),
    Column("leased_until", UtcDateTime),
    Column("result", Json),
    Column("failure", Text, nullable=False),
    Index("ix_outbox_due", "next_at", sqlite_where=_PENDING, postgresql_where=_PENDING),
)

#: One-time tokens that open a run: only their hashes.
run_tokens = Table(
    "run_tokens",
    metadata,
    Column("hash", Text, primary_key=True),
    Column("run", Text, nullable=False, index=True),
    Column("purpose", Text, nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
    Column("expires_at", UtcDateTime, nullable=False, index=True),
    Column("by", Text, nullable=False),
    Column("used_at", UtcDateTime),
)

#: What was uploaded or recorded as an answer; the bytes are in the data folder.
stored_files = Table(
    "stored_files",
    metadata,
    Column("id", Text, primary_key=True),
    Column("run", Text, nullable=False, index=True),
    Column("item", Text, nullable=False),
    Column("name", Text, nullable=False),
    Column("media_type", Text, nullable=False),
    Column("size", BigInteger, nullable=False),
    Column("sha256", Text, nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
)

# -- Projections ----------------------------------------------------------------------------------------------

_OPEN = text("ended_at IS NULL")

contacts = Table(
    "contacts",
    metadata,
    Column("id", Text, primary_key=True),
    Column("channel", Text, nullable=False),
    Column("arrived_at", UtcDateTime, nullable=False, index=True),
    Column("ended_at", UtcDateTime),
    Column("entry_point", Text),
    Column("caller_number", Text, nullable=False),
    Column("caller_name", Text, nullable=False),
    Column("dialled", Text, nullable=False),
    Column("customer", Text),
    Column("queue", Text),
    Column("agent", Text),
    Column("queue_outcome", Text, nullable=False),
    Column("waited_seconds", Double, nullable=False),
    Column("talk_seconds", Double, nullable=False),
    Column("cause", Text, nullable=False),
    Column("disposition", Text, nullable=False),
    Column("note", Text, nullable=False),
    Index(None, "customer", "arrived_at"),
    Index("ix_contacts_open", "id", sqlite_where=_OPEN, postgresql_where=_OPEN),
)

queue_visits = Table(
    "queue_visits",
    metadata,
    Column("contact", Text, nullable=False),
    #: Counts the contact's visits, from 1.
    Column("visit", Integer, nullable=False),
    Column("queue", Text, nullable=False),
    Column("priority", Integer, nullable=False),
    Column("entered_at", UtcDateTime, nullable=False),
    Column("left_at", UtcDateTime),
    #: Empty while the contact waits.
    Column("outcome", Text, nullable=False),
    Column("waited_seconds", Double, nullable=False),
    Column("agent", Text),
    PrimaryKeyConstraint("contact", "visit"),
    Index(None, "entered_at"),
)

talk_segments = Table(
    "talk_segments",
    metadata,
    #: Of the `ContactConnected`.
    Column("seq", Seq, primary_key=True, autoincrement=False),
    Column("contact", Text, nullable=False, index=True),
    Column("agent", Text, nullable=False),
    Column("queue", Text, nullable=False),
    Column("connected_at", UtcDateTime, nullable=False, index=True),
    Column("ended_at", UtcDateTime),
    Column("talk_seconds", Double, nullable=False),
    Column("hold_seconds", Double, nullable=False),
    Column("holds", Integer, nullable=False),
    Column("wrapped_up_at", UtcDateTime),
    Column("wrap_up_seconds", Double, nullable=False),
    Column("disposition", Text, nullable=False),
    #: The agent's own; the contact's is the newest of all.
    Column("note", Text, nullable=False, server_default=""),
)

transfers = Table(
    "transfers",
    metadata,
    #: Of the `ContactTransferred`.
    Column("seq", Seq, primary_key=True, autoincrement=False),
    Column("contact", Text, nullable=False, index=True),
    Column("at", UtcDateTime, nullable=False, index=True),
    Column("by_agent", Text, nullable=False),
    Column("form", Text, nullable=False),
    Column("from_queue", Text, nullable=False),
    #: ``agent``, ``queue``, ``entry-point``, ``script`` or ``number``, and its id.
    Column("to_kind", Text, nullable=False),
    Column("to_whom", Text, nullable=False),
)

outside_calls = Table(
    "outside_calls",
    metadata,
    #: Of the `OutsideEnded`.
    Column("seq", Seq, primary_key=True, autoincrement=False),
    Column("contact", Text, nullable=False, index=True),
    Column("number", Text, nullable=False),
    Column("ended_at", UtcDateTime, nullable=False),
    Column("outcome", Text, nullable=False),
    Column("ring_seconds", Double, nullable=False),
    Column("talk_seconds", Double, nullable=False),
)

recordings = Table(
    "recordings",
    metadata,
    Column("id", Text, primary_key=True),
    Column("contact", Text, nullable=False, index=True),
    #: Counts the recordings of a contact, from 1.
    Column("part", Integer, nullable=False),
    Column("queue", Text, nullable=False),
    Column("agent", Text),
    Column("others", Json, nullable=False),
    Column("asked_by", Text, nullable=False),
    Column("state", Text, nullable=False),
    Column("began_at", UtcDateTime, nullable=False),
    Column("ended_at", UtcDateTime),
    Column("seconds", Double, nullable=False),
    #: Where it is silent, and why.
    Column("gaps", Json, nullable=False),
    Column("size", BigInteger, nullable=False),
    Column("sha256", Text, nullable=False),
    Column("reason", Text, nullable=False),
    #: Under legal hold.
    Column("held", Boolean, nullable=False),
    Column("held_by", Text, nullable=False),
    Column("held_for", Text, nullable=False),
    Column("deleted_at", UtcDateTime),
    Column("deleted_by", Text, nullable=False),
    # What is to be collected, and what retention deletes.
    Index("ix_recordings_state", "state", "queue", "ended_at"),
)

recording_accesses = Table(
    "recording_accesses",
    metadata,
    #: Of the `RecordingAccessed`.
    Column("seq", Seq, primary_key=True, autoincrement=False),
    Column("recording", Text, nullable=False, index=True),
    Column("contact", Text, nullable=False),
    Column("at", UtcDateTime, nullable=False, index=True),
    #: Empty for the rules of the queue.
    Column("by_user", Text, nullable=False),
    Column("what", Text, nullable=False),
    Column("reason", Text, nullable=False),
)

presence_intervals = Table(
    "presence_intervals",
    metadata,
    #: Of the `PresenceChanged` that began it.
    Column("seq", Seq, primary_key=True, autoincrement=False),
    Column("agent", Text, nullable=False),
    Column("presence", Text, nullable=False),
    Column("reason", Text, nullable=False),
    Column("contact", Text),
    Column("began_at", UtcDateTime, nullable=False),
    Column("ended_at", UtcDateTime),
    Index(None, "agent", "began_at"),
    Index("ix_presence_intervals_open", "agent", sqlite_where=_OPEN, postgresql_where=_OPEN),
)

# -- Customers ------------------------------------------------------------------------------------------------

customers = Table(
    "customers",
    metadata,
    Column("id", Text, primary_key=True),
    Column("name", Text, nullable=False),
    Column("email", Text),
    #: What the model has no attribute for.
    Column("attributes", Json, nullable=False),
)

customer_numbers = Table(
    "customer_numbers",
    metadata,
    Column("customer", Text, ForeignKey("customers.id", ondelete="CASCADE"), nullable=False),
    Column("position", Integer, nullable=False),
    #: E.164 where it could be normalised, else as given without blanks.
    Column("number", Key, nullable=False, index=True),
    PrimaryKeyConstraint("customer", "position"),
)

#: Words by which business objects are found, of all classes (`caruso.storage.objects.words`). The indexes that
#: find them, and the triggers that keep these up to date, are made by the migration.
object_search = Table(
    "object_search",
    metadata,
    Column("id", Serial, primary_key=True),
    Column("class_name", Text, nullable=False),
    #: The object's key as text.
    Column("record", Text, nullable=False),
    Column("words", Text, nullable=False),
    Index(None, "class_name", "record", unique=True),
)

#: Tables that models had made in this database (`caruso model apply`): back-ups hold them, too.
model_tables = Table("model_tables", metadata, Column("name", Text, primary_key=True))

#: What happened to scripts: who published, rolled out, deleted which version, and why.
audit = Table(
    "audit",
    metadata,
    Column("id", Serial, primary_key=True),
    Column("at", UtcDateTime, nullable=False, index=True),
    Column("by", Text, nullable=False),
    Column("class_name", Text, nullable=False),
    Column("record", Text, nullable=False),
    #: What it was about.
    Column("field", Text, nullable=False),
    Column("old", Json),
    Column("new", Json),
    Index(None, "class_name", "record", "id"),
)

# -- Audit and privacy ----------------------------------------------------------------------------------------

#: Every change of a row of the tables in `caruso.storage.audited`, with the whole row before and after it. Written
#: by triggers alone.
record_changes = Table(
    "record_changes",
    metadata,
    Column("id", Serial, primary_key=True),
    Column("at", UtcDateTime, nullable=False, index=True),
    #: Who, in which role, through what (``web``, ``console``, ``cli``, ``server``), from which address. All empty
    #: when the change came past Caruso.
    Column("by", Text, nullable=False),
    Column("role", Text, nullable=False),
    Column("channel", Text, nullable=False),
    Column("address", Text, nullable=False),
    Column("class_name", Text, nullable=False),
    Column("record", Text, nullable=False),
    Column("table_name", Text, nullable=False),
    #: ``insert``, ``update`` or ``delete``.
    Column("change", Text, nullable=False),
    Column("old", Json),
    Column("new", Json),
    #: Lines of one transaction have the same number; NULL when it came past Caruso (SQLite).
    Column("batch", BigInteger),
    Index(None, "class_name", "record", "id"),
)

#: Who changes records in the transaction under way; a row is there within an SQLite transaction alone.
acting = Table(
    "acting",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=False),
    Column("user", Text, nullable=False),
    Column("role", Text, nullable=False),
    Column("channel", Text, nullable=False),
    Column("address", Text, nullable=False),
    #: What tells the transaction from others.
    Column("batch", BigInteger),
)

#: Classes of records whose changes are not kept.
audit_off = Table("audit_off", metadata, Column("class_name", Text, primary_key=True))

#: Who looked at a customer.
customer_access = Table(
    "customer_access",
    metadata,
    Column("id", Serial, primary_key=True),
    Column("at", UtcDateTime, nullable=False, index=True),
    Column("customer", Text, nullable=False),
    #: ``card``, ``export``, ``erasure``, ``changes``.
    Column("what", Text, nullable=False),
    Column("by", Text, nullable=False),
    Column("role", Text, nullable=False),
    Column("channel", Text, nullable=False),
    Column("address", Text, nullable=False),
    Index(None, "customer", "id"),
)

# -- Users ----------------------------------------------------------------------------------------------------

users = Table(
    "users",
    metadata,
    Column("id", Text, primary_key=True),
    Column("name", Text, nullable=False),
    Column("role", Text, nullable=False),
    Column("password_hash", Text, nullable=False),
    Column("agent", Text),
)

sessions = Table(
    "sessions",
    metadata,
    Column("token_hash", Text, primary_key=True),
    Column("user", Text, ForeignKey("users.id", ondelete="CASCADE"), nullable=False, index=True),
    Column("created_at", UtcDateTime, nullable=False),
    Column("expires_at", UtcDateTime, nullable=False, index=True),
    Column("csrf_token", Text, nullable=False),
    Column("address", Text, nullable=False),
    Column("agent_string", Text, nullable=False),
)

# -- The centre -----------------------------------------------------------------------------------------------

centre_versions = Table(
    "centre_versions",
    metadata,
    Column("version", Integer, primary_key=True),
    Column("applied_at", UtcDateTime, nullable=False),
    Column("by", Text, nullable=False),
    Column("centre", Json, nullable=False),
    #: Version of each script, by its id.
    Column("scripts", Json, nullable=False),
)

scripts = Table(
    "scripts",
    metadata,
    Column("id", Text, nullable=False),
    Column("version", Text, nullable=False),
    #: Counts the script's versions, from 1.
    Column("number", Integer, nullable=False),
    Column("source", LargeBinary, nullable=False),
    #: SHA-256 of the source, in hex.
    Column("checksum", Text, nullable=False),
    Column("applied_at", UtcDateTime, nullable=False),
    Column("published_by", Text, nullable=False),
    Column("why", Text, nullable=False),
    #: Version of each dialog it calls: by call, and by dialog.
    Column("pins", Json, nullable=False),
    Column("calls", Json, nullable=False),
    PrimaryKeyConstraint("id", "version"),
)

#: Which version of a script contacts get (`caruso.model.script_versions`).
script_rollouts = Table(
    "script_rollouts",
    metadata,
    Column("script", Text, primary_key=True),
    #: NULL: not used any more.
    Column("version", Text),
    Column("earlier", Json, nullable=False),
    Column("staged", Text),
    Column("share", Double, nullable=False),
    Column("queues", Json, nullable=False),
    Column("entry_points", Json, nullable=False),
    #: Of all roll-outs together: servers look whether the highest has grown.
    Column("revision", BigInteger, nullable=False, index=True),
    Column("changed_at", UtcDateTime, nullable=False),
)

script_drafts = Table(
    "script_drafts",
    metadata,
    Column("script", Text, primary_key=True),
    Column("source", LargeBinary, nullable=False),
    #: Whoever saves names the one he knows.
    Column("revision", Integer, nullable=False),
    Column("saved_at", UtcDateTime, nullable=False),
    Column("saved_by", Text, nullable=False),
)

# -- Call-backs -----------------------------------------------------------------------------------------------

_OPEN_CALLBACK = text("state IN ('open', 'taken')")

callbacks = Table(
    "callbacks",
    metadata,
    Column("id", Text, primary_key=True),
    Column("number", Text, nullable=False),
    Column("queue", Text, nullable=False),
    Column("due_at", UtcDateTime, nullable=False),
    Column("until", UtcDateTime),
    Column("name", Text, nullable=False),
    Column("customer", Text, index=True),
    Column("reason", Text, nullable=False),
    Column("run", Text),
    Column("state", Text, nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("agent", Text),
    Column("created_at", UtcDateTime, nullable=False),
    Column("changed_at", UtcDateTime, nullable=False),
    Column("changed_by", Text, nullable=False),
    Column("version", Integer, nullable=False),
    Column("waiting_since", UtcDateTime),
    Column("priority", Integer),
    Column("skills", Json, nullable=False, server_default=text("'{}'")),
    Column("origin", Text),
    Column("entry_point", Text),
    Column("next_at", UtcDateTime),
    Column("result", Text, nullable=False, server_default=text("''")),
    Index("ix_callbacks_number", "number", sqlite_where=_OPEN_CALLBACK, postgresql_where=_OPEN_CALLBACK),
    Index(
        "ix_callbacks_waiting",
        "due_at",
        "queue",
        sqlite_where=_OPEN_CALLBACK,
        postgresql_where=_OPEN_CALLBACK,
    ),
)

_WAITING_VOICEMAIL = text("state IN ('recording', 'open', 'taken')")

#: Messages that callers left: a projection.
voicemails = Table(
    "voicemails",
    metadata,
    Column("contact", Text, primary_key=True),
    Column("origin", Text, nullable=False),
    Column("queue", Text, nullable=False),
    Column("owner", Text),
    Column("entry_point", Text),
    Column("number", Text, nullable=False),
    Column("name", Text, nullable=False),
    Column("customer", Text),
    Column("run", Text),
    Column("language", Text, nullable=False),
    Column("priority", Integer, nullable=False),
    Column("skills", Json, nullable=False),
    Column("state", Text, nullable=False),
    Column("begun_at", UtcDateTime, nullable=False),
    Column("take", Integer, nullable=False),
    Column("received_at", UtcDateTime),
    Column("seconds", Double, nullable=False),
    Column("file", Text),
    Column("mailed", Boolean, nullable=False),
    Column("agent", Text),
    Column("taken_at", UtcDateTime),
    Column("listened_at", UtcDateTime),
    Column("call", Text),
    Column("replied_at", UtcDateTime),
    Column("ended_at", UtcDateTime),
    Column("disposition", Text, nullable=False),
    Column("note", Text, nullable=False),
    Column("version", Integer, nullable=False),
    Index("ix_voicemails_ended", "queue", "ended_at"),
    Index(
        "ix_voicemails_waiting",
        "received_at",
        sqlite_where=_WAITING_VOICEMAIL,
        postgresql_where=_WAITING_VOICEMAIL,
    ),
)

#: What was said in messages, written down; apart from the journal, for it is erased.
voicemail_texts = Table(
    "voicemail_texts",
    metadata,
    Column("contact", Text, primary_key=True),
    Column("text", Text, nullable=False),
)


# -- Follow-up tasks ------------------------------------------------------------------------------------------

tasks = Table(
    "tasks",
    metadata,
    Column("id", Text, primary_key=True),
    Column("text", Text, nullable=False),
    Column("due_at", UtcDateTime, nullable=False),
    Column("agent", Text),
    Column("queue", Text),
    Column("contact", Text),
    Column("customer", Text),
    Column("about", Text, nullable=False),
    Column("state", Text, nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
    Column("created_by", Text, nullable=False),
    Column("changed_at", UtcDateTime, nullable=False),
    Column("changed_by", Text, nullable=False),
    Column("version", Integer, nullable=False),
    Index("ix_tasks_state", "state", "due_at"),
)
