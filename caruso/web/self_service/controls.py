"""Which control of a form asks a question, and what stands in it. Pure.

HTML's own controls only: each works with a keyboard, a screen reader and without scripts.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from decimal import Decimal

from caruso.script_engine.shown import show
from caruso.script_engine.turns import Option, Segment, Turn, Value
from caruso.script_engine.written import number
from caruso.web.self_service.drafts import NO_DRAFT, Draft
from caruso.web.self_service.links import Piece, pieces
from caruso.web.self_service.sentences import sentence
from caruso.web.self_service.uploads import MEGABYTES

#: More options than this are a list that opens.
MOST_RADIOS = 15
#: A rating without bounds.
USUAL_RATING = (1, 5)
#: A rating with more steps is a number.
MOST_STEPS = 11
#: Characters of an answer (`caruso.script_engine.answers`).
LONGEST_TEXT = 4_000
LONGEST_LINE = 500

#: HTML's `type`, `inputmode` and `autocomplete` of a line, by type of question.
_LINES: Mapping[str, tuple[str, str, str]] = {
    "text": ("text", "", ""),
    "integer": ("text", "numeric", "off"),
    "number": ("text", "decimal", "off"),
    "money": ("text", "decimal", "off"),
    "digits": ("text", "numeric", "off"),
    "phone": ("tel", "tel", "tel"),
    "email": ("email", "email", "email"),
    "date": ("date", "", "off"),
    "time": ("time", "", "off"),
    "date-time": ("datetime-local", "", "off"),
    "location": ("text", "", "off"),
}
#: What a browser may fill in by itself (WCAG 2.2, 1.3.5), by the last part of a question's id.
_PURPOSES = {
    "name": "name",
    "given_name": "given-name",
    "family_name": "family-name",
    "organisation": "organization",
    "street": "address-line1",
    "postcode": "postal-code",
    "town": "address-level2",
    "country": "country-name",
    "birthday": "bday",
    "username": "username",
}
_HINTS = {
    kind: f"hint-{kind}"
    for kind in (
        "integer",
        "number",
        "digits",
        "phone",
        "date",
        "time",
        "date-time",
        "location",
        "ranking",
        "choices",
        "signature",
    )
}
#: What a browser offers for files; what is taken is decided from their content.
_ACCEPTED = {
    "file": ".pdf,.png,.jpg,.jpeg,.heic,.webp,.txt,.mp3,.m4a,.ogg,.wav,.webm",
    "voice-record": "audio/*",
    "signature": "image/png,image/jpeg",
}
UPLOADS = frozenset(_ACCEPTED)


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """An option as it is shown."""

    id: str
    value: str
    label: str
    #: Ticked, or (of a ranking) its place from 1, as text.
    chosen: str = ""
    #: Ticked, it takes the place of all others.
    exclusive: bool = False
    #: Takes an answer in one's own words.
    other: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Control:
    """One question of a form."""

    #: ``line``, ``memo``, ``radios``, ``select``, ``ticks``, ``ranking``, ``upload``; how the template draws it.
    kind: str
    #: The question's type, for what scripts of the page add.
    type: str
    item: str
    #: Of the form's field.
    name: str
    #: In the page.
    id: str
    label: str
    #: The label with its links.
    words: tuple[Piece, ...] = ()
    #: Said before the question.
    intro: tuple[tuple[Piece, ...], ...] = ()
    hints: tuple[str, ...] = ()
    required: bool = True
    value: str = ""
    #: The answer as a person reads it: of a file its name.
    shown: str = ""
    #: The field for an answer in one's own words, and what stands in it; empty for none.
    own_name: str = ""
    own_words: str = ""
    choices: tuple[Choice, ...] = ()
    input_type: str = "text"
    inputmode: str = ""
    autocomplete: str = ""
    longest: int = LONGEST_LINE
    accept: str = ""
    minimum: str = ""
    maximum: str = ""
    error: str = ""
    #: True when the same answer given again is taken.
    warning: bool = False

    @property
    def described_by(self) -> str:
        """Return the ids of what describes it, error first."""
        ids = [f"{self.id}-error"] if self.error else []
        return " ".join([*ids, *(f"{self.id}-hint{n}" for n in range(len(self.hints)))])

    @property
    def first_id(self) -> str:
        """Return the id an error leads to: the control itself, or its first part."""
        return self.choices[0].id if self.choices and self.kind != "select" else self.id

    @property
    def is_upload(self) -> bool:
        """Whether a file is sent with it."""
        return self.kind in {"upload", "signature"}


def questions_of(turn: Turn) -> tuple[Turn, ...]:
    """Return the questions a turn asks: itself, or those of a group shown together."""
    if turn.kind == "question":
        return (turn,)
    return tuple(inner for inner in turn.questions if inner.kind == "question")


def field_name(item: str) -> str:
    """Return the form's field of an item."""
    return f"a.{item}"


def purpose(item: str) -> str:
    """Return HTML's word for what a question asks about the visitor; empty when its id does not tell."""
    return _PURPOSES.get(item.rpartition("/")[2].partition("#")[0], "")


def place_name(item: str, value: str) -> str:
    """Return the form's field with an option's place in a ranking."""
    return f"a.{item}.place.{value}"


def other_name(item: str) -> str:
    """Return the form's field for an answer in one's own words."""
    return f"a.{item}.other"


def control(question: Turn, number: int, draft: Draft = NO_DRAFT) -> Control:
    """Return the control of a question, the `number`-th on its page, with what was typed before."""
    kind, language = str(question.type), question.language
    identity = f"q{number}"
    texts = _own(question, draft)
    choices = _choices(question, identity, texts, draft)
    own_words = _own_words(question, texts, draft)
    *intro, label = question.segments or [Segment(text=question.item)]
    input_type, inputmode, autocomplete = _LINES.get(kind, _LINES["text"])
    if isinstance(question.minimum, Decimal) and question.minimum < 0:
        inputmode = ""  # keyboards for numbers have no minus on some telephones
    if question.mask == "hidden":
        input_type, autocomplete = "password", "off"
    elif kind in {"text", "date"}:
        autocomplete = purpose(question.item) or autocomplete
    bounds = (typed(question.minimum, kind, "en"), typed(question.maximum, kind, "en"))
    dated = kind in {"date", "time", "date-time"}
    return Control(
        kind=_drawn_as(question),
        type=kind,
        item=question.item,
        name=field_name(question.item),
        id=identity,
        label=label.text,
        words=pieces(label),
        intro=said(intro),
        hints=tuple(_hints(question, language)),
        required=question.required,
        value=texts[0] if texts else "",
        shown=_shown(question, texts, draft),
        own_name=other_name(question.item) if any(option.other for option in question.options) else "",
        own_words=own_words,
        choices=choices,
        input_type=input_type,
        inputmode=inputmode,
        autocomplete=autocomplete,
        longest=LONGEST_TEXT if kind == "memo" else LONGEST_LINE,
        accept=_ACCEPTED.get(kind, ""),
        minimum=bounds[0] if dated else "",
        maximum=bounds[1] if dated else "",
        error=draft.problems.get(question.item) or question.error,
        warning=question.warning and question.item not in draft.problems,
    )


def _drawn_as(question: Turn) -> str:
    if question.read_only:
        return "fixed"
    match str(question.type):
        case "memo":
            return "memo"
        case "yes-no":
            return "radios"
        case "choice":
            return "radios" if len(question.options) <= MOST_RADIOS else "select"
        case "choices":
            return "ticks"
        case "ranking":
            return "ranking"
        case "rating" if _steps(question):
            return "radios"
        case "signature":
            return "signature"
        case kind if kind in UPLOADS:
            return "upload"
        case _:
            return "line"


def _own(question: Turn, draft: Draft) -> tuple[str, ...]:
    """Return what stands in the control: what was typed and not taken yet, else the answer."""
    kept = draft.fields.get(field_name(question.item))
    if kept is not None:
        return kept
    answer = question.answer
    if isinstance(answer, (tuple, list)):
        return tuple(typed(part, str(question.type), question.language) for part in answer)
    text = typed(answer, str(question.type), question.language)
    return (text,) if text else ()


def typed(value: Value, kind: str, language: str) -> str:
    """Return a value as it stands in a control, so that it is read again as itself."""
    match value:
        case None:
            return ""
        case bool():
            return "yes" if value else "no"
        case Decimal():
            return number(value, language)
        case datetime():
            return value.strftime("%Y-%m-%dT%H:%M")
        case date():
            return value.isoformat()
        case time():
            return value.strftime("%H:%M")
        case Mapping() if kind == "location":
            return f"{value.get('lat')} {value.get('lon')}"
        case Mapping():
            return str(value.get("id") or "")
        case _:
            return str(value)


def _shown(question: Turn, texts: Sequence[str], draft: Draft) -> str:
    answer = question.answer
    if texts and texts[0] in draft.files:
        return draft.files[texts[0]]
    if isinstance(answer, Mapping) and "id" in answer:
        return str(answer.get("name") or "")
    if question.options:
        labels = {option.value: option.label for option in question.options}
        return ", ".join(labels.get(text, text) for text in texts)
    return show(answer, question.language, "money" if question.currency else "plain", currency=question.currency)


def _own_words(question: Turn, texts: Sequence[str], draft: Draft) -> str:
    """Return the answer that is none of the options."""
    kept = draft.fields.get(other_name(question.item))
    if kept is not None:
        return kept[0] if kept else ""
    values = {option.value for option in question.options}
    return next((text for text in texts if text not in values), "")


def _steps(question: Turn) -> range | None:
    """Return the steps of a rating, or None when there are too many to be shown."""
    low = int(question.minimum) if isinstance(question.minimum, Decimal) else USUAL_RATING[0]
    high = int(question.maximum) if isinstance(question.maximum, Decimal) else USUAL_RATING[1]
    return range(low, high + 1) if 0 < high - low < MOST_STEPS else None


def _choices(question: Turn, identity: str, texts: Sequence[str], draft: Draft) -> tuple[Choice, ...]:
    options: Sequence[Option] = question.options
    if str(question.type) == "rating":
        options = [Option(value=str(step), label=str(step)) for step in _steps(question) or ()]
    ranked = str(question.type) == "ranking"
    strange = any(text not in {option.value for option in options} for text in texts)
    return tuple(
        Choice(
            id=f"{identity}-{index}",
            value=option.value,
            label=option.label,
            exclusive=option.exclusive,
            other=option.other,
            chosen=_place(question, option, texts, draft)
            if ranked
            else "yes"
            if option.value in texts or (option.other and strange)
            else "",
        )
        for index, option in enumerate(options)
    )


def _place(question: Turn, option: Option, texts: Sequence[str], draft: Draft) -> str:
    kept = draft.fields.get(place_name(question.item, option.value))
    if kept:
        return kept[0]
    return str(texts.index(option.value) + 1) if option.value in texts else ""


def _hints(question: Turn, language: str) -> list[str]:
    kind = str(question.type)
    hints = list(question.hints)
    if kind in _HINTS:
        hints.append(sentence(f"hint-{kind}", language))
    if question.currency:
        hints.append(sentence("hint-money", language, currency=question.currency))
    if kind in UPLOADS - {"signature"}:
        hints.append(sentence("hint-upload", language, megabytes=MEGABYTES))
    bounds = _bounds(question, language)
    return [*hints, bounds] if bounds else hints


def _bounds(question: Turn, language: str) -> str:
    if str(question.type) in {"rating", "choices", "ranking"}:
        return ""
    form = "money" if question.currency else "plain"
    low = show(question.minimum, language, form, currency=question.currency)
    high = show(question.maximum, language, form, currency=question.currency)
    if low and high:
        return sentence("hint-between", language, low=low, high=high)
    if low or high:
        key = "hint-at-least" if low else "hint-at-most"
        return sentence(key, language, limit=low or high)
    return ""


def said(segments: Sequence[Segment]) -> tuple[tuple[Piece, ...], ...]:
    """Return what is said, without what is empty."""
    return tuple(pieces(segment) for segment in segments if segment.text.strip())
