"""How a dialog is shown on an agent's desk: the item that waits, the trail, and what was typed but not sent."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import tzinfo
from decimal import Decimal

import msgspec

from caruso.comm_server.runs.ledger import is_private
from caruso.comm_server.sharing import Sharing
from caruso.errors import IllegalMove
from caruso.model.desk import KeepDraft
from caruso.model.ids import AgentId
from caruso.model.run_records import StoredFile
from caruso.model.views import DialogView, LinkView, OptionView, TrailView, TurnView, UndoView
from caruso.script_engine import answers, engine
from caruso.script_engine.nodes import Dialog
from caruso.script_engine.path import visit_key
from caruso.script_engine.runs import Run
from caruso.script_engine.scope import zone
from caruso.script_engine.turns import Finished, Option, ScriptChannel, Segment, TrailEntry, Turn, Value

#: What stands for a private answer that somebody else gave.
HIDDEN = "•••"
#: Items and characters of a draft.
MOST_DRAFTED, LONGEST_DRAFT = 200, 50_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """What was typed to a turn and has not been sent, by item."""

    run: str
    turn: int
    texts: Mapping[str, str]


def drafted(command: KeepDraft) -> Draft:
    """Return what an agent wants kept; raise `IllegalMove` when it is too much."""
    if len(command.texts) > MOST_DRAFTED or sum(map(len, command.texts.values())) > LONGEST_DRAFT:
        raise IllegalMove("This is too long to be kept.")
    return Draft(run=command.run, turn=command.turn, texts=command.texts)


def file_value(file: StoredFile) -> Mapping[str, Value]:
    """Return a file as an answer."""
    return {"id": file.id, "name": file.name, "type": file.media_type, "size": Decimal(file.size)}


def may_see(dialog: Dialog, run: Run, file: StoredFile, agent: AgentId) -> bool:
    """Tell whether an agent may open a file of a run: what answers a private question is for who gave it."""
    if not is_private(dialog, file.item):
        return True
    given = [visit.answer for visit in run.trail if visit.answer is not None and visit.answer.by == agent]
    return any(isinstance(each.value, Mapping) and each.value.get("id") == file.id for each in given)


def dialog_view(
    dialog: Dialog, run: Run, end: Finished | None, draft: Draft | None, sharing: Sharing | None = None
) -> DialogView:
    """Return a run as the console shows it: how it ended, if it did, and where else it may go on."""
    turn = engine.present(dialog, run)
    if end is not None:
        # What was said at the end stands; what may be undone changes after it.
        turn = replace(end.turn, offers=turn.offers)
    here = zone(run.time_zone)
    waits = draft is not None and draft.run == run.id and draft.turn == turn.number
    told_by = {visit.key: visit.answer.by for visit in run.trail if visit.answer is not None}
    return DialogView(
        run=run.id,
        script=dialog.id,
        title=dialog.title(turn.language),
        language=turn.language,
        turn=_own(turn_view(turn, here), run, told_by),
        trail=[_trail_view(entry, here, who=run.by) for entry in engine.trail(dialog, run)],
        finished=end is not None,
        outcome=end.outcome if end is not None else "",
        draft=dict(draft.texts) if draft is not None and waits else {},
        channel=run.channel,
        shareable=ScriptChannel.WEB in dialog.channels,
        link=sharing.link.url if sharing and sharing.link else "",
        link_until=sharing.link.expires_at if sharing and sharing.link else None,
        link_state=sharing.state if sharing else "",
        link_to=sharing.to if sharing else "",
        link_problem=sharing.problem if sharing else "",
    )


def turn_view(turn: Turn, here: tzinfo | None = None) -> TurnView:
    """Return a turn as a console shows it; times are typed as clocks show them `here`."""
    return TurnView(
        number=turn.number,
        item=turn.item,
        kind=turn.kind,
        texts=[segment.text for segment in turn.segments],
        links=list(_links(turn.segments)),
        hints=list(turn.hints),
        type=turn.type or "",
        options=_options(turn.options),
        required=turn.required,
        minimum=answers.typed(turn.minimum, here),
        maximum=answers.typed(turn.maximum, here),
        pattern=turn.pattern,
        answer=answers.typed(turn.answer, here),
        shown=_shown(turn),
        error=turn.error,
        warning=turn.warning,
        mask=turn.mask,
        currency=turn.currency,
        read_only=turn.read_only,
        private=turn.private,
        time_limit_seconds=turn.time_limit,
        title=turn.title,
        questions=[turn_view(inner, here) for inner in turn.questions],
        offers=[
            UndoView(key=offer.key, service=offer.service, item=offer.item, question=offer.question)
            for offer in turn.offers
        ],
        may_go_back=turn.may_go_back,
        hand_to=turn.hand_to or "",
    )


def _own(turn: TurnView, run: Run, told_by: Mapping[str, str]) -> TurnView:
    """Leave private answers out that somebody else gave: who asks again is told again."""
    inner = [_own(question, run, told_by) for question in turn.questions]
    if turn.private and told_by.get(visit_key(turn.item, run.current.passes)) != run.by:
        return msgspec.structs.replace(turn, answer="", shown="", questions=inner)
    return msgspec.structs.replace(turn, questions=inner) if inner else turn


def _shown(turn: Turn) -> str:
    """Return what a thing that cannot be typed is called."""
    name: Value = turn.answer.get("name") if isinstance(turn.answer, Mapping) else None
    return name if isinstance(name, str) else ""


def _links(segments: Iterable[Segment]) -> Iterable[LinkView]:
    for number, segment in enumerate(segments):
        for link in segment.links:
            yield LinkView(text=number, start=link.start, end=link.end, to=link.to)


def _trail_view(entry: TrailEntry, here: tzinfo, *, who: str) -> TrailView:
    hidden = entry.private and entry.by != who
    return TrailView(
        item=entry.item,
        question=entry.question,
        type=entry.type,
        value="" if hidden else answers.typed(entry.value, here),
        shown=HIDDEN if hidden else entry.shown,
        channel=entry.channel,
        by=entry.by,
        at=entry.at,
        correctable=entry.correctable,
        options=_options(entry.options),
        private=entry.private,
    )


def _options(options: Iterable[Option]) -> list[OptionView]:
    return [
        OptionView(
            value=option.value,
            label=option.label,
            key=option.key,
            exclusive=option.exclusive,
            other=option.other,
        )
        for option in options
    ]
