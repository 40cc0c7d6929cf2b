"""The pages on which a dialog is led: one per turn, review of answers, changes. Posted forms lead to a GET.

A form carries the number of its turn. One that comes too late (back button, second tab, second press) changes
nothing: the visitor is shown where the run stands, with a sentence that says so.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from types import MappingProxyType

from aiohttp import web

from caruso.errors import NotFound, RejectedInput
from caruso.script_engine.turns import Happened, Input, ScriptChannel, TakenOver, Turn, Value, WentBack
from caruso.web.self_service import uploads
from caruso.web.self_service.bodies import Form
from caruso.web.self_service.controls import UPLOADS, field_name, questions_of
from caruso.web.self_service.drafts import Draft
from caruso.web.self_service.failures import SessionOver
from caruso.web.self_service.front import SAID, Front, Visit
from caruso.web.self_service.inputs import Fields, Files, Unreadable, read_change, read_step, typed_fields
from caruso.web.self_service.pages import limit_of, question_of
from caruso.web.self_service.port import Position, Standing, UploadedFile
from caruso.web.self_service.sentences import sentence

#: Where the browser goes when something is to be corrected: the summary gets the focus, with or without scripts.
_ERRORS = "#errors"


class Steps:
    """Handlers."""

    def __init__(self, front: Front) -> None:
        """Know what all handlers share."""
        self._front = front

    async def current(self, request: web.Request) -> web.Response:
        """Send the browser to the page of the present turn."""
        visit = await self._front.visit(request)
        said = request.query.get("said", "")
        return self._front.go(_step(visit.url, visit.position, said=said))

    async def show(self, request: web.Request) -> web.Response:
        """Show the present turn, whichever the address asks for: an earlier one has been answered."""
        visit = await self._front.visit(request)
        number, present = request.match_info["turn"], visit.position.turn.number
        earlier = -1 < _counted(number) < present
        notice = sentence("earlier", visit.language) if earlier and not request.query.get("said") else ""
        draft = self._front.drafts.of(visit.run, visit.position.turn.item)
        frame = self._front.run_frame(visit, notice=notice)
        return self._front.page(self._front.pages.step(frame, visit.position, draft))

    async def take(self, request: web.Request) -> web.Response:
        """Take an answer, or go back."""
        visit, form = await self._front.posted(request, files=True)
        turn = visit.position.turn
        if form.text("turn") != str(turn.number) or visit.position.standing is not Standing.OPEN:
            return self._stale(visit)
        if form.text("action") == "back":
            return await self._give(visit, WentBack(turn=turn.number), _draft(turn, form.fields))
        fields, files, problems = await self._uploaded(visit, turn, form)
        given = read_step(turn, fields, files)
        if form.text("action") == "time-up" and limit_of(turn):
            given, problems = Happened(event="time-up", turn=turn.number), {}
        if isinstance(given, Unreadable):
            problems = {**given.problems, **problems}
        if isinstance(given, Unreadable) or problems:
            self._keep(visit, replace(_draft(turn, fields, files), problems=problems))
            return self._front.go(_step(visit.url, visit.position) + _ERRORS)
        return await self._give(visit, given, _draft(turn, fields, files))

    async def _give(self, visit: Visit, given: Input, draft: Draft) -> web.Response:
        moved = await self._front.runs.give(visit.run, given)
        if moved is None:
            raise SessionOver
        return self._moved(visit, moved, draft)

    def _moved(self, visit: Visit, moved: Position, draft: Draft) -> web.Response:
        """Go to where the run stands now; what was refused stays in the form."""
        if not moved.taken:
            return self._front.go(_step(visit.url, moved, said="stale"))
        if moved.turn.item == visit.position.turn.item and is_refused(moved.turn):
            self._keep(visit, draft)
            return self._front.go(_step(visit.url, moved) + _ERRORS)
        self._front.drafts.drop(visit.run)
        if moved.standing is Standing.FINISHED:
            self._front.limits.open_runs.gone(self._front.network(visit.request), visit.run)
        return self._front.go(_step(visit.url, moved))

    def _stale(self, visit: Visit) -> web.Response:
        return self._front.go(_step(visit.url, visit.position, said="stale"))

    def _keep(self, visit: Visit, draft: Draft) -> bool:
        return self._front.drafts.keep(visit.run, draft)

    async def draft(self, request: web.Request) -> web.Response:
        """Keep a half-filled form; one that comes too late is not needed any more."""
        visit, form = await self._front.posted(request)
        turn = visit.position.turn
        if form.text("turn") == str(turn.number):
            known = self._front.drafts.of(visit.run, turn.item)
            self._keep(visit, replace(known, item=turn.item, fields=typed_fields(turn, form.fields)))
        return self._front.empty()

    async def more_time(self, request: web.Request) -> web.Response:
        """Begin the time for the answer, and until the run is given up, again."""
        visit, _ = await self._front.posted(request, files=True)
        extended = await self._front.runs.extend(visit.run)
        if extended is None:
            raise SessionOver
        return self._front.go(_step(visit.url, extended, said="extended"))

    async def language(self, request: web.Request) -> web.Response:
        """Go on in another language of the script."""
        visit, form = await self._front.posted(request)
        wanted = form.text("language")
        if wanted not in visit.position.languages or visit.position.standing is not Standing.OPEN:
            return self._stale(visit)
        moved = await self._front.runs.give(visit.run, TakenOver(channel=ScriptChannel.WEB, language=wanted))
        if moved is None:
            raise SessionOver
        response = self._front.go(_step(visit.url, moved, said="language-changed"))
        self._front.visitors.keep_language(response, wanted)
        return response

    # -- Answers given before ---------------------------------------------------------------------------------

    async def answers(self, request: web.Request) -> web.Response:
        """Show what was answered so far."""
        visit = await self._front.visit(request)
        trail = visit.position.trail
        if not visit.position.may_correct:
            trail = tuple(replace(entry, correctable=False) for entry in trail)
        return self._front.page(self._front.pages.answers(self._front.run_frame(visit), trail))

    async def ask_change(self, request: web.Request) -> web.Response:
        """Show the form for another answer."""
        visit = await self._front.visit(request)
        index, question = _entry(visit)
        draft = self._front.drafts.of(visit.run, _changing(question.item))
        return self._front.page(self._front.pages.change(self._front.run_frame(visit), question, index, draft))

    async def change(self, request: web.Request) -> web.Response:
        """Take another answer to an earlier question."""
        visit, form = await self._front.posted(request, files=True)
        index, question = _entry(visit)
        if form.text("item") != question.item:
            return self._stale(visit)
        fields, files, problems = await self._uploaded(visit, question, form)
        given = read_change(question, fields, files)
        if isinstance(given, Unreadable):
            problems = {**given.problems, **problems}
        elif not problems:
            moved = await self._front.runs.give(visit.run, given)
            if moved is None:
                raise SessionOver
            if not moved.refused:
                self._front.drafts.drop(visit.run)
                return self._front.go(_step(visit.url, moved, said="changed"))
            problems = {question.item: moved.refused}
        draft = _draft(question, fields, files)
        self._keep(visit, replace(draft, item=_changing(question.item), problems=problems))
        return self._front.go(f"{visit.url}/answers/{index}{_ERRORS}")

    # -- Files ------------------------------------------------------------------------------------------------

    async def _uploaded(self, visit: Visit, turn: Turn, form: Form) -> tuple[Fields, Files, Mapping[str, str]]:
        """Keep the files of a form; return its fields with their ids, all files, and what is wrong, by item."""
        fields, files, problems = dict(form.fields), dict(visit.position.files), {}
        for question in questions_of(turn):
            name = field_name(question.item)
            sent = form.files.get(f"{name}.file") or _signed(form.text(f"{name}.typed"))
            if str(question.type) not in UPLOADS:
                continue
            if f"{name}.file" in form.oversized:
                problems[question.item] = _too_large(question.language)
            elif form.text(f"{name}.remove"):
                fields[name] = ("",)
            elif sent is not None:
                kept = await self._keep_file(visit, question, sent)
                if isinstance(kept, str):
                    problems[question.item] = sentence(kept, question.language)
                else:
                    fields[name], files[str(kept["id"])] = (str(kept["id"]),), kept
        return fields, files, problems

    async def _keep_file(self, visit: Visit, question: Turn, sent: UploadedFile) -> Mapping[str, Value] | str:
        """Return the kept file, or the key of the sentence that says why it was not kept."""
        if not sent.content:
            return "upload-empty"
        media_type = "text/plain" if sent.name == _SIGNED else uploads.kind_of(sent.content, str(question.type))
        if media_type is None:
            return "upload-wrong-kind"
        self._front.count("uploads", visit.request)
        checked = UploadedFile(name=uploads.plain_name(sent.name), media_type=media_type, content=sent.content)
        try:
            return await self._front.runs.keep(visit.run, question.item, checked)
        except RejectedInput:
            return "upload-not-now"


def _draft(turn: Turn, fields: Fields, files: Files = MappingProxyType({})) -> Draft:
    """Return what was typed, to be shown again."""
    names = {
        identity: str(file.get("name") or "") for identity, file in files.items() if isinstance(file, Mapping)
    }
    return Draft(item=turn.item, fields=typed_fields(turn, fields), files=names)


#: The file in which a typed signature is kept.
_SIGNED = "signature.txt"


def _signed(typed: str) -> UploadedFile | None:
    name = typed.strip()[:100]
    return UploadedFile(name=_SIGNED, media_type="text/plain", content=name.encode()) if name else None


def _too_large(language: str) -> str:
    return sentence("upload-too-large", language, megabytes=uploads.MEGABYTES)


def is_refused(turn: Turn) -> bool:
    """Tell whether the turn complains about the last answer."""
    return bool(turn.error) or any(question.error for question in questions_of(turn))


def _changing(item: str) -> str:
    """Return under what a draft of a change is kept: not as one of the item itself."""
    return f"change {item}"


def _entry(visit: Visit) -> tuple[int, Turn]:
    """Return the answered question of the address; raise `NotFound`."""
    index = _counted(visit.request.match_info["index"])
    if not 0 <= index < len(visit.position.trail) or not visit.position.may_correct:
        raise NotFound
    entry = visit.position.trail[index]
    if not entry.correctable:
        raise NotFound
    return index, question_of(entry, visit.language)


def _counted(text: str) -> int:
    """Return the number in an address, -1 for anything else."""
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 9 else -1


def _step(url: str, position: Position, *, said: str = "") -> str:
    address = f"{url}/step/{position.turn.number}"
    return f"{address}?said={said}" if said in SAID else address
