"""What has to be done because of where a run stands; can be given again after a restart. Changes nothing."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal

from caruso.script_engine import presentation
from caruso.script_engine.nodes import Dialog, Do, End, Handover
from caruso.script_engine.path import Values
from caruso.script_engine.runs import Phase, Run
from caruso.script_engine.scope import RunScope
from caruso.script_engine.shown import show
from caruso.script_engine.turns import CallService, Effect, Finished, HandOver, Present, ScriptChannel, Value


def standing(dialog: Dialog, run: Run, now: datetime) -> Effect:
    """Return what the channel has to do about the run as it stands."""
    match run.phase:
        case Phase.ASKING | Phase.WORKING | Phase.WAITING:
            return Present(turn=presentation.present(dialog, run))
        case Phase.HANDOVER:
            return hand_over(dialog, run, presentation.scope_of(dialog, run, now))
        case Phase.FINISHED:
            return finished(dialog, run)


def call_service(action: Do, key: str, params: Values, *, wait: bool) -> CallService:
    """Return the effect of an action that was given out."""
    return CallService(
        key=key,
        service=action.service,
        params=params,
        wait=wait,
        timeout_seconds=action.timeout_seconds,
        retries=action.retries,
        retry_wait_seconds=action.retry_wait_seconds,
    )


def hand_over(dialog: Dialog, run: Run, scope: RunScope) -> HandOver:
    """Return the effect of the hand-over the run waits in."""
    item = dialog.items[run.current.item]
    turn = presentation.present(dialog, run)
    channel = run.handing_to or ScriptChannel.AGENT
    if not isinstance(item, Handover):
        return HandOver(turn=turn, channel=channel)
    queue = item.queue.value(scope) if item.queue else None
    priority = item.priority.value(scope) if item.priority else None
    return HandOver(
        turn=turn,
        channel=channel,
        queue=show(queue, "en"),
        skills=_skills(item.skill.value(scope) if item.skill else None),
        priority=int(priority) if isinstance(priority, Decimal) else None,
        voicemail=item.voicemail,
    )


def _skills(value: Value) -> dict[str, int]:
    """Read ``'gas'``, ``'gas:3'`` or a list of such; a skill without a level is wanted at level 1."""
    skills = {}
    for part in value if isinstance(value, tuple) else (value,):
        if isinstance(part, str) and part.strip():
            name, _, level = part.partition(":")
            skills[name.strip()] = int(level) if level.strip().isdecimal() else 1
    return skills


def finished(dialog: Dialog, run: Run) -> Finished:
    """Return the effect of the end the run has come to."""
    item = dialog.items[run.current.item]
    turn = presentation.present(dialog, run)
    if not isinstance(item, End):
        return Finished(turn=turn, outcome=run.outcome)
    return Finished(turn=turn, outcome=run.outcome, disposition=item.disposition, hang_up=item.hang_up)
