"""Draw the pages from the templates. Everything a template shows is escaped; nothing here asks the outside.

A `Frame` is what all pages have; the functions add what one kind of page shows.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, partial
from typing import TYPE_CHECKING, Any

from caruso.script_engine.turns import Option, Segment, TrailEntry, Turn
from caruso.script_engine.written import span
from caruso.web.self_service.controls import Control, control, questions_of, said
from caruso.web.self_service.drafts import NO_DRAFT, Draft
from caruso.web.self_service.links import Piece
from caruso.web.self_service.port import Brand, Position, PublicScript, SpeakCode, Standing
from caruso.web.self_service.sentences import direction, localized, own_name, sentence, spoken
from caruso.web.self_service.spam import TRAP

if TYPE_CHECKING:
    from jinja2 import Environment

#: Characters of a telephone number or an e-mail address (RFC 5321, 4.5.3.1.3).
LONGEST_OWN = 254


@dataclass(frozen=True, slots=True, kw_only=True)
class Frame:
    """What all pages have."""

    brand: Brand
    #: Of the page's content.
    language: str
    #: Addresses of the style sheets, and of the script that makes pages better; empty while it is not built.
    style: str
    brand_style: str
    enhance: str = ""
    #: ``/s/<script>``; empty on pages of no script.
    url: str = ""
    script_title: str = ""
    csrf: str = ""
    #: A sentence above everything else.
    notice: str = ""
    languages: tuple[tuple[str, str], ...] = ()
    answered: int = 0
    can_help: bool = False
    can_save: bool = False
    #: Until when answers are kept, as a person reads it; empty for ever.
    expires: str = ""
    #: The same as seconds from now.
    seconds: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """Something on a step's page: a question, or texts."""

    control: Control | None = None
    texts: tuple[tuple[Piece, ...], ...] = ()


class Pages:
    """All templates."""

    def __init__(self) -> None:
        """Load nothing yet."""
        self._loading = asyncio.Lock()
        self._loaded = False

    async def load(self) -> None:
        """Load the templates if they are not there: in a thread, for compiling them takes a tenth of a second."""
        if self._loaded:
            return
        async with self._loading:
            await asyncio.to_thread(getattr, self, "_templates")
            self._loaded = True

    @cached_property
    def _templates(self) -> Environment:
        # Not before a page is asked for: many a centre has none, and jinja2 takes 1.5 MB.
        from jinja2 import Environment, PackageLoader, StrictUndefined

        templates = Environment(
            loader=PackageLoader("caruso.web.self_service"),
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
            auto_reload=False,
        )
        for name in templates.list_templates():
            templates.get_template(name)
        return templates

    def start(
        self, frame: Frame, script: PublicScript, *, start_token: str, running: bool, notice: str = ""
    ) -> str:
        """Return the first page of a script."""
        fallback = script.languages[0]
        closed = ""
        if not script.is_open:
            closed = localized(script.closed, frame.language, fallback) or sentence("closed", frame.language)
        return self._draw(
            "start.html",
            frame,
            heading=frame.script_title,
            kind="start",
            notice=notice,
            about=localized(script.about, frame.language, fallback),
            minutes=script.minutes,
            closed=closed,
            running=running,
            start_token=start_token,
            trap=TRAP,
        )

    def step(self, frame: Frame, position: Position, draft: Draft = NO_DRAFT) -> str:
        """Return the page of the present turn."""
        turn = position.turn
        parts = _parts(turn, draft)
        controls = [part.control for part in parts if part.control is not None]
        if position.standing is not Standing.OPEN or turn.kind not in {"question", "group", "info"}:
            return self._pause(frame, position)
        heading = "" if len(parts) == 1 and controls else _group_heading(turn, frame)
        return self._draw(
            "step.html",
            frame,
            heading=heading or (controls[0].label if controls else ""),
            kind=turn.kind,
            failed=any(one.error for one in controls),
            turn=turn,
            parts=parts,
            controls=controls,
            uploads=any(one.is_upload for one in controls),
            may_go_back=position.may_go_back,
            progress=_progress(len(position.trail), frame.language),
            limit=limit_of(turn),
            limit_told=span(limit_of(turn), spoken(frame.language)),
            over={"heading": heading},
        )

    def _pause(self, frame: Frame, position: Position) -> str:
        turn = position.turn
        state = "end" if position.standing is Standing.FINISHED else turn.kind
        if state not in {"working", "wait", "end"}:
            state = "handover"
        key = {"working": "working", "wait": "waiting", "end": "end-title", "handover": "handover"}[state]
        return self._draw(
            "pause.html",
            frame,
            heading=sentence(key, frame.language),
            kind=state,
            state=state,
            texts=said(turn.segments),
            trail=position.trail,
        )

    def answers(self, frame: Frame, trail: Sequence[TrailEntry]) -> str:
        """Return what was answered so far, each with a link to change it."""
        return self._draw(
            "answers.html", frame, heading=sentence("answers", frame.language), kind="answers", trail=trail
        )

    def change(self, frame: Frame, question: Turn, index: int, draft: Draft) -> str:
        """Return the form for another answer to the `index`-th question."""
        asked = control(question, 1, draft)
        return self._draw(
            "change.html",
            frame,
            heading=asked.label,
            kind="change",
            failed=bool(asked.error),
            control=asked,
            index=index,
        )

    def help(
        self,
        frame: Frame,
        script: PublicScript,
        *,
        typed: str = "",
        problem: str = "",
        code: SpeakCode | None = None,
        until: str = "",
    ) -> str:
        """Return the ways to a person; `code` once it was asked for."""
        controls = [
            _line("phone", "phone", sentence("help-phone", frame.language), frame.language, typed, problem)
        ]
        return self._draw(
            "help.html",
            frame,
            heading=sentence("help", frame.language),
            kind="help",
            failed=bool(problem),
            controls=controls if script.call_back else [],
            call=script.call,
            call_back=script.call_back,
            code=code,
            until=until,
        )

    def save(self, frame: Frame, *, typed: str, problem: str) -> str:
        """Return the form that has a link mailed."""
        asked = _line("mail", "email", sentence("save-mail", frame.language), frame.language, typed, problem)
        return self._draw(
            "save.html",
            frame,
            heading=sentence("save-title", frame.language),
            kind="save",
            failed=bool(problem),
            controls=[asked],
            can_mail=frame.can_save,
        )

    def resume(self, frame: Frame) -> str:
        """Return the page behind a link that was mailed; its button uses the link up."""
        return self._draw("resume.html", frame, heading=sentence("resume-title", frame.language), kind="resume")

    def failed(self, frame: Frame, key: str, *, retry: str = "", home: str = "", **values: str | int) -> str:
        """Return a page that says what went wrong and what can be done."""
        return self._draw(
            "failed.html",
            frame,
            heading=sentence(f"failed-{key}", frame.language),
            kind="failed",
            text=sentence(f"failed-{key}-text", frame.language, **values),
            retry=retry,
            home=home,
        )

    def _draw(
        self,
        template: str,
        frame: Frame,
        *,
        heading: str,
        kind: str,
        failed: bool = False,
        notice: str = "",
        over: Mapping[str, Any] | None = None,
        **shown: Any,
    ) -> str:
        page = {name: getattr(frame, name) for name in Frame.__slots__} | {
            "direction": direction(frame.language),
            "title": _title(frame, heading, failed=failed),
            "kind": kind,
            "notice": notice or frame.notice,
        }
        context = {"heading": heading, "languages": frame.languages, **shown, **(over or {})}
        return self._templates.get_template(template).render(
            page=page, t=partial(_sentence, frame.language), ours=spoken(frame.language), **context
        )


def _sentence(language: str, key: str, /, **values: str | int) -> str:
    return sentence(key, language, **values)


def _title(frame: Frame, heading: str, *, failed: bool) -> str:
    parts = dict.fromkeys(part for part in (heading, frame.script_title, frame.brand.name) if part)
    title = " – ".join(" ".join(part.split()) for part in parts)
    return f"{sentence('error-prefix', frame.language)} {title}" if failed else title


def _parts(turn: Turn, draft: Draft) -> tuple[Part, ...]:
    if turn.kind == "question":
        return (Part(control=control(turn, 1, draft)),)
    parts = [Part(texts=said(turn.segments))] if said(turn.segments) else []
    number = 0
    for inner in turn.questions:
        if inner.kind == "question":
            number += 1
            parts.append(Part(control=control(inner, number, draft)))
        else:
            parts.append(Part(texts=said(inner.segments)))
    return tuple(parts)


def _group_heading(turn: Turn, frame: Frame) -> str:
    return turn.title or frame.script_title


def _progress(answered: int, language: str) -> str:
    if not answered:
        return sentence("answered-none", language)
    return (
        sentence("answered-one", language)
        if answered == 1
        else sentence("answered-many", language, count=answered)
    )


def limit_of(turn: Turn) -> int:
    """Return within how many seconds an answer is wanted; 0 for no limit."""
    return round(max((question.time_limit or 0 for question in questions_of(turn)), default=0))


def _line(name: str, kind: str, label: str, language: str, typed: str, problem: str) -> Control:
    """Return a control of our own, not of a script."""
    return Control(
        kind="line",
        type=kind,
        item=name,
        name=name,
        id=f"own-{name}",
        label=label,
        words=(Piece(text=label),),
        hints=(sentence("hint-phone", language),) if kind == "phone" else (),
        value=typed,
        input_type="tel" if kind == "phone" else kind,
        inputmode="tel" if kind == "phone" else kind,
        autocomplete="tel" if kind == "phone" else kind,
        longest=LONGEST_OWN,
        error=problem,
    )


def question_of(entry: TrailEntry, language: str) -> Turn:
    """Return an answered question as the turn that asks it again."""
    options: tuple[Option, ...] = entry.options
    return Turn(
        number=0,
        item=entry.item,
        kind="question",
        segments=(Segment(text=entry.question),),
        type=entry.type,
        options=options,
        required=entry.required,
        answer=entry.value,
        language=language,
    )


def languages_of(codes: Sequence[str]) -> tuple[tuple[str, str], ...]:
    """Return languages with their own names."""
    return tuple((code, own_name(code)) for code in codes)
