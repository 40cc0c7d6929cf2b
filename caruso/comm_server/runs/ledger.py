"""What has to be written down of a turn: state, audit, actions. Pure; knows no database.

Private answers are kept in the state alone: the audit tells that there was one, the history leaves it out.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from caruso.model.ids import ContactId, CustomerId, RecordingId, RunId
from caruso.model.run_records import ActionOutcome, ActionState, OutboxAction, RunEvent, RunTurn, SavedRun
from caruso.script_engine import engine, runs
from caruso.script_engine.nodes import Dialog, Question
from caruso.script_engine.runs import Run
from caruso.script_engine.turns import CallService, ConsentGiven, Effect, Noted, SaveObject, StartTimer, Value
from caruso.script_engine.values import from_json, to_json

#: The operation that writes attributes of a record back (`SaveObject`); no service, the server's own.
SAVE_OBJECT = "object.save"
#: What gives a run its `Happened` ``timer`` at a time (`StartTimer`).
TIMER = "run.timer"
#: What fetches a spoken answer from the PBX and keeps it with the run's files.
KEEP_SPOKEN = "spoken-answer.keep"
#: Whose operations are the server's own: they are not asked of services, and may be done twice.
OWN = frozenset({SAVE_OBJECT, TIMER, KEEP_SPOKEN})
#: A record that cannot be written is tried again for so many times, so many seconds apart: about an hour.
SAVE_RETRIES = 360
SAVE_RETRY_WAIT_SECONDS = 10.0
SAVE_TIMEOUT_SECONDS = 5.0
#: Fetching a sound of minutes from the PBX.
KEEP_TIMEOUT_SECONDS = 60.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """What is kept of a run besides the engine's own state."""

    #: Of the state as it was written last; 0 before the first.
    revision: int = 0
    contact: ContactId | None = None
    customer: CustomerId | None = None
    live: bool = False
    expires_at: datetime | None = None


def kept_of(saved: SavedRun) -> Kept:
    """Return what is kept of a run besides its state."""
    return Kept(
        revision=saved.revision,
        contact=saved.contact,
        customer=saved.customer,
        live=saved.live,
        expires_at=saved.expires_at,
    )


def turn_of(
    dialog: Dialog,
    run: Run,
    effects: Iterable[Effect],
    kept: Kept,
    at: datetime,
    *,
    outcomes: tuple[ActionOutcome, ...] = (),
    remarks: tuple[Noted, ...] = (),
    orders: tuple[OutboxAction, ...] = (),
) -> RunTurn:
    """Return all that a turn writes.

    `remarks` are lines of the audit, `orders` actions that the engine does not know of.
    """
    effects = tuple(effects)
    revision = kept.revision + 1
    notes = (*remarks, *_notes(effects))
    return RunTurn(
        run=_saved(dialog, run, kept, revision, at),
        events=tuple(_event(dialog, run, kept, revision, n, note, at) for n, note in enumerate(notes)),
        actions=(*_actions(run, effects, revision, at), *orders),
        outcomes=outcomes,
    )


def _saved(dialog: Dialog, run: Run, kept: Kept, revision: int, at: datetime) -> SavedRun:
    return SavedRun(
        id=run.id,
        contact=kept.contact,
        script=run.script,
        version=dialog.version,
        state=runs.run_to_json(run),
        updated_at=at,
        finished=run.finished,
        answers=tuple(
            (entry.question, entry.shown)
            for entry in engine.trail(dialog, run)
            if not is_private(dialog, entry.item)
        ),
        revision=revision,
        turn=run.turn,
        customer=kept.customer,
        channel=run.channel.value,
        by=run.by,
        live=kept.live,
        expires_at=kept.expires_at,
    )


def _event(
    dialog: Dialog, run: Run, kept: Kept, revision: int, position: int, note: Noted, at: datetime
) -> RunEvent:
    masked = is_private(dialog, note.item)
    return RunEvent(
        run=run.id,
        revision=revision,
        position=position,
        contact=kept.contact,
        event=note.event,
        item=note.item,
        at=at,
        turn=run.turn,
        channel=run.channel.value,
        by=run.by,
        script=run.script,
        version=dialog.version,
        variant=" ".join(f"{name}={branch}" for name, branch in sorted(run.branches.items())),
        text=note.text,
        old=None if masked else to_json(note.old),
        new=None if masked else to_json(note.new),
        masked=masked,
    )


def _notes(effects: tuple[Effect, ...]) -> Iterable[Noted]:
    for effect in effects:
        match effect:
            case Noted():
                yield effect
            case ConsentGiven():
                yield Noted(event="consent", item=effect.item, text=effect.purpose, new=effect.given)
            case _:
                pass


def is_private(dialog: Dialog, item: str) -> bool:
    """Tell whether what is answered at `item` must not be told."""
    found = dialog.items.get(item.partition("#")[0])
    return isinstance(found, Question) and found.private


def _actions(run: Run, effects: tuple[Effect, ...], revision: int, at: datetime) -> Iterable[OutboxAction]:
    for number, effect in enumerate(effects):
        match effect:
            case CallService():
                yield _service_action(run.id, effect, at)
            case SaveObject():
                yield _save_action(run, effect, f"{run.id}/save.{effect.object}/{revision}.{number}", at)
            case StartTimer():
                yield _timer_action(run.id, effect, f"{run.id}/timer.{effect.item}/{revision}.{number}", at)
            case _:
                pass


def _timer_action(run: RunId, order: StartTimer, key: str, at: datetime) -> OutboxAction:
    return OutboxAction(key=key, run=run, service=TIMER, created_at=at, next_at=max(at, order.due))


def _service_action(run: RunId, order: CallService, at: datetime) -> OutboxAction:
    return OutboxAction(
        key=order.key,
        run=run,
        service=order.service,
        params={name: to_json(value) for name, value in order.params.items()},
        wait=order.wait,
        timeout_seconds=order.timeout_seconds,
        retries=order.retries,
        retry_wait_seconds=order.retry_wait_seconds,
        created_at=at,
        next_at=at,
    )


def _save_action(run: Run, order: SaveObject, key: str, at: datetime) -> OutboxAction:
    params: Mapping[str, Value] = {
        "class": order.class_name,
        "key": order.key,
        "changes": order.changes,
        "by": run.by or "customer",
    }
    return OutboxAction(
        key=key,
        run=run.id,
        service=SAVE_OBJECT,
        params={name: to_json(value) for name, value in params.items()},
        timeout_seconds=SAVE_TIMEOUT_SECONDS,
        retries=SAVE_RETRIES,
        retry_wait_seconds=SAVE_RETRY_WAIT_SECONDS,
        created_at=at,
        next_at=at,
    )


def keep_spoken(run: RunId, item: str, recording: RecordingId, at: datetime) -> OutboxAction:
    """Return the order to keep what a caller said: it is not to stay in the PBX, where nobody hears it."""
    return OutboxAction(
        key=f"{run}/{KEEP_SPOKEN}/{recording}",
        run=run,
        service=KEEP_SPOKEN,
        params={"item": item, "recording": recording},
        timeout_seconds=KEEP_TIMEOUT_SECONDS,
        retries=SAVE_RETRIES,
        retry_wait_seconds=SAVE_RETRY_WAIT_SECONDS,
        created_at=at,
        next_at=at,
    )


def written_before(save: OutboxAction, others: Iterable[OutboxAction]) -> list[OutboxAction]:
    """Return what of `others` has to write to the same record first, so that no older value comes last."""
    mine = params_of(save)
    return [
        other
        for other in others
        if other.state in (ActionState.PENDING, ActionState.RUNNING)
        and _place_of(other) < _place_of(save)
        and all(params_of(other)[name] == mine[name] for name in ("class", "key"))
    ]


def _place_of(save: OutboxAction) -> tuple[int, ...]:
    """Return the revision a record's save was ordered in, and its number there: they end its key."""
    return tuple(int(part) for part in save.key.rpartition("/")[2].split("."))


def params_of(action: OutboxAction) -> dict[str, Any]:
    """Return the params of an action as its service gets them."""
    return {name: from_json(value) for name, value in action.params.items()}
