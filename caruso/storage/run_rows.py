"""How runs, their audit and their actions are written as rows; for the journal's writer and for `Runs` alike.

A run may be written by two: the journal's writer, behind a server that leads it in memory, and `Runs`, whoever
asks. Whatever the order in which they come to it, a state never replaces a later one (`revision`).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, RowMapping, Update, bindparam, update
from sqlalchemy.sql.dml import Insert

from caruso.model.run_records import ActionOutcome, ActionState, OutboxAction, RunEvent, RunTurn, SavedRun
from caruso.storage.adapters.registry import adapter_named
from caruso.storage.tables.runs import outbox, run_audit, script_runs

Row = dict[str, Any]

#: States in which an action can still end.
OPEN_STATES = (ActionState.PENDING.value, ActionState.RUNNING.value)


@dataclass(frozen=True, slots=True, kw_only=True)
class RunStatements:
    """Prepared once: SQLAlchemy finds a statement it knows by its identity."""

    #: Insert a run, or replace an earlier revision.
    run: Insert
    #: Insert a line unless it is there: a batch may be written again when its commit was not seen.
    audit: Insert
    #: Insert an action unless it is there.
    action: Insert
    #: End an action that has not ended, and is this owner's or nobody's.
    outcome: Update


def run_statements(dialect: str) -> RunStatements:
    """Return the statements for an engine."""
    adapter = adapter_named(dialect)
    ended = update(outbox).values(
        state=bindparam("new_state"),
        result=bindparam("new_result", type_=outbox.c.result.type),
        failure=bindparam("new_failure"),
        leased_until=None,
        params={},
    )
    return RunStatements(
        run=adapter.upsert(script_runs, newer="revision", keep=("created_at",)),
        audit=adapter.insert_unless_there(run_audit),
        action=adapter.insert_unless_there(outbox),
        outcome=ended.where(
            outbox.c.key == bindparam("the_key"),
            outbox.c.state.in_(OPEN_STATES),
            outbox.c.owner == bindparam("the_owner"),
        ),
    )


def write_turns(connection: Connection, statements: RunStatements, turns: Sequence[RunTurn]) -> None:
    """Write turns in their order; of each run only the newest state."""
    newest = {turn.run.id: turn.run for turn in turns}
    if newest:
        connection.execute(statements.run, [run_row(run) for run in newest.values()])
    write_consequences(connection, statements, turns)


def write_consequences(connection: Connection, statements: RunStatements, turns: Iterable[RunTurn]) -> None:
    """Write everything of the turns but the states of the runs."""
    turns = tuple(turns)
    for statement, rows in (
        (statements.audit, [event_row(event) for turn in turns for event in turn.events]),
        (statements.action, [action_row(action) for turn in turns for action in turn.actions]),
        (statements.outcome, [outcome_row(outcome) for turn in turns for outcome in turn.outcomes]),
    ):
        if rows:
            connection.execute(statement, rows)


def run_row(run: SavedRun) -> Row:
    """Return the row of a run."""
    return {
        "id": run.id,
        "contact": run.contact,
        "script": run.script,
        "version": run.version,
        "state": run.state,
        "answers": run.answers,
        "finished": run.finished,
        "revision": run.revision,
        "turn": run.turn,
        "customer": run.customer,
        "channel": run.channel,
        "by": run.by,
        "live": run.live,
        "created_at": run.updated_at,
        "updated_at": run.updated_at,
        "expires_at": run.expires_at,
    }


def read_run(row: RowMapping) -> SavedRun:
    """Return the run of a row."""
    return SavedRun(
        id=row["id"],
        contact=row["contact"],
        script=row["script"],
        version=row["version"],
        state=row["state"],
        answers=tuple((question, answer) for question, answer in row["answers"]),
        finished=row["finished"],
        revision=row["revision"],
        turn=row["turn"],
        customer=row["customer"],
        channel=row["channel"],
        by=row["by"],
        live=row["live"],
        updated_at=row["updated_at"],
        expires_at=row["expires_at"],
    )


def event_row(event: RunEvent) -> Row:
    """Return the row of a line of the audit."""
    return {
        "run": event.run,
        "revision": event.revision,
        "position": event.position,
        "contact": event.contact,
        "event": event.event,
        "item": event.item,
        "at": event.at,
        "turn": event.turn,
        "channel": event.channel,
        "by": event.by,
        "script": event.script,
        "version": event.version,
        "variant": event.variant,
        "text": event.text,
        "old": event.old,
        "new": event.new,
        "masked": event.masked,
    }


def read_event(row: RowMapping) -> RunEvent:
    """Return the line of the audit of a row."""
    return RunEvent(
        run=row["run"],
        revision=row["revision"],
        position=row["position"],
        contact=row["contact"],
        event=row["event"],
        item=row["item"],
        at=row["at"],
        turn=row["turn"],
        channel=row["channel"],
        by=row["by"],
        script=row["script"],
        version=row["version"],
        variant=row["variant"],
        text=row["text"],
        old=row["old"],
        new=row["new"],
        masked=row["masked"],
    )


def action_row(action: OutboxAction) -> Row:
    """Return the row of an action."""
    return {
        "key": action.key,
        "run": action.run,
        "service": action.service,
        "params": dict(action.params),
        "wait": action.wait,
        "timeout_seconds": action.timeout_seconds,
        "retries": action.retries,
        "retry_wait_seconds": action.retry_wait_seconds,
        "state": action.state.value,
        "created_at": action.created_at,
        "next_at": action.next_at,
        "attempts": action.attempts,
        "owner": action.owner,
        "leased_until": action.leased_until,
        "result": action.result,
        "failure": action.failure,
    }


def read_action(row: RowMapping) -> OutboxAction:
    """Return the action of a row."""
    return OutboxAction(
        key=row["key"],
        run=row["run"],
        service=row["service"],
        params=row["params"],
        wait=row["wait"],
        timeout_seconds=row["timeout_seconds"],
        retries=row["retries"],
        retry_wait_seconds=row["retry_wait_seconds"],
        state=ActionState(row["state"]),
        created_at=row["created_at"],
        next_at=row["next_at"],
        attempts=row["attempts"],
        owner=row["owner"],
        leased_until=row["leased_until"],
        result=row["result"],
        failure=row["failure"],
    )


def outcome_row(outcome: ActionOutcome) -> Row:
    """Return what `RunStatements.outcome` needs."""
    return {
        "the_key": outcome.key,
        "the_owner": outcome.owner,
        "new_state": outcome.state.value,
        "new_result": outcome.result,
        "new_failure": outcome.failure,
    }
