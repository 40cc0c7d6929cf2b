"""Read the test cases that stand in a script itself: its ``test`` elements."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from zoneinfo import ZoneInfo

from caruso.errors import RejectedInput
from caruso.script_engine.durations import seconds_of
from caruso.script_engine.expressions import Expression
from caruso.script_engine.load_values import ValueLoader
from caruso.script_engine.source import Element, read
from caruso.script_engine.tools.cases import USUAL_TIME, Act, Case, Constants, Expectation, Spot
from caruso.script_engine.tools.setting import Stub, time_of
from caruso.script_engine.tools.steps import (
    MOST_TIMES,
    Answer,
    Back,
    Confirm,
    Correct,
    Event,
    Keys,
    Step,
    TakeOver,
    Wait,
)
from caruso.script_engine.turns import ScriptChannel, Value

#: Roots that `given` fills beside objects.
CALL, AGENT, HOURS = "call", "agent", "hours"


@dataclass(slots=True)
class _Given:
    """What has been read of what is given."""

    objects: dict[str, dict[str, Value]] = field(default_factory=dict)
    stubs: dict[str, Stub] = field(default_factory=dict)
    records: dict[str, list[Mapping[str, Value]]] = field(default_factory=dict)


def read_cases(source: bytes, file: str = "") -> tuple[Case, ...]:
    """Return the test cases of a script; raise `RejectedInput` with everything that is wrong with their form."""
    root = read(source, file)
    loader = _CaseLoader(file)
    cases = tuple(loader.case(element) for element in root.all("test"))
    if loader.findings:
        raise RejectedInput(tuple(loader.findings))
    return cases


class _CaseLoader(ValueLoader):
    """Reads one script's cases."""

    def case(self, element: Element) -> Case:
        zone = self.zone(element)
        at = self.time(element, zone)
        constants = Constants(at, zone)
        given = _Given()
        for child in element.all("given"):
            self.given(child, constants, given)
        return Case(
            name=element.required("name"),
            channels=tuple(sorted(self.channels(element, "channel") or ())),
            language=element.get("language") or "",
            at=at,
            time_zone=zone,
            call=given.objects.pop(CALL, {}),
            agent=given.objects.pop(AGENT, {}),
            hours={name: value is True for name, value in given.objects.pop(HOURS, {}).items()},
            objects=given.objects,
            stubs=given.stubs,
            records=given.records,
            steps=tuple(self.steps(element)),
            file=self.file,
            spot=_spot(element),
        )

    # -- What is given ----------------------------------------------------------------------------------------

    def zone(self, element: Element) -> str:
        name = element.get("zone") or "UTC"
        try:
            return ZoneInfo(name).key
        except (ValueError, OSError, KeyError):
            message = f"there is no time zone “{name}”"
            self.refuse("bad-value", message, element.origin("zone"), 0, "write for instance Europe/Berlin")
            return "UTC"

    def time(self, element: Element, zone: str) -> datetime:
        text = element.get("at")
        if text is None:
            return USUAL_TIME.replace(tzinfo=ZoneInfo(zone))
        try:
            return time_of(text, zone)
        except RejectedInput as rejected:
            for finding in rejected.findings:
                self.refuse("bad-value", finding.message, element.origin("at"))
            return USUAL_TIME

    def given(self, element: Element, constants: Constants, given: _Given) -> None:
        params = dict(self.constants(element, constants))
        match element.get("object"), element.get("service"), element.get("class"):
            case str(name), None, None:
                given.objects.setdefault(name, {}).update(params)
            case None, None, str(name):
                given.records.setdefault(name, []).append(params)
            case None, str(name), None:
                whole = self.optional(element, "as")
                result = whole.value(constants) if whole is not None else params or None
                given.stubs[name] = Stub(result=result, failure=element.get("fails") or "")
            case _:
                message = "<given> needs “object”, “service” or “class”, and one of them only"
                self.refuse("bad-value", message, element.origin("object"))

    def constants(self, element: Element, constants: Constants) -> Iterator[tuple[str, Value]]:
        for name, expression in self.params_of(element):
            yield name, expression.value(constants)

    def params_of(self, element: Element) -> Iterator[tuple[str, Expression]]:
        for child in element.all("param"):
            yield child.required("name"), self.demanded(child, "as")

    # -- Steps ------------------------------------------------------------------------------------------------

    def steps(self, element: Element) -> Iterator[Act | Expectation]:
        for child in element.children:
            if child.name == "expect":
                yield self.expectation(child)
            elif child.name not in {"given", "note"}:
                yield Act(step=self.step(child), spot=_spot(child))

    def step(self, element: Element) -> Step:
        item = element.get("item") or ""
        match element.name:
            case "answer":
                return self.answer(element, item)
            case "confirm":
                return Confirm(item=item)
            case "back":
                return Back()
            case "correct":
                return Correct(item=item, text=element.required("says"))
            case "event":
                return Event(name=element.required("name"), times=self.times(element))
            case "take-over":
                return TakeOver(
                    channel=ScriptChannel(element.required("channel")),
                    by=element.get("by") or "",
                    language=element.get("language") or "",
                )
            case _:
                return Wait(seconds=self.duration(element))

    def answer(self, element: Element, item: str) -> Step:
        says, keys = element.get("says"), element.get("keys")
        if says is not None and keys is not None:
            self.refuse("bad-value", "an answer is either said or pressed", element.origin("keys"))
        return Answer(text=says or "", item=item) if keys is None else Keys(keys=keys, item=item)

    def times(self, element: Element) -> int:
        count = self.whole(element, "times")
        if not 1 <= count <= MOST_TIMES:
            message = f"{count} is no number of times from 1 to {MOST_TIMES}"
            self.refuse("bad-value", message, element.origin("times"))
        return count

    def duration(self, element: Element) -> float:
        text = element.required("for")
        found = seconds_of(text)
        if found is None:
            message = f"“{text}” is not a duration"
            self.refuse("bad-value", message, element.origin("for"), 0, "write for instance 5m")
        return found or 0.0

    def expectation(self, element: Element) -> Expectation:
        channel = element.get("channel")
        return Expectation(
            item=element.get("item"),
            kind=element.get("kind"),
            channel=ScriptChannel(channel) if channel is not None else None,
            language=element.get("language"),
            text=element.get("text"),
            no_text=element.get("no-text"),
            error=element.get("error"),
            answer=element.get("answer"),
            value=element.get("is") or "",
            condition=self.optional(element, "if"),
            options=_names(element.get("options")),
            path=_names(element.get("path")),
            action=element.get("action"),
            no_action=element.get("no-action"),
            saved=element.get("saved"),
            params=tuple(self.params_of(element)),
            outcome=element.get("outcome"),
            disposition=element.get("disposition"),
            queue=element.get("queue"),
            spot=_spot(element),
        )


def _names(text: str | None) -> tuple[str, ...] | None:
    return None if text is None else tuple(text.split())


def _spot(element: Element) -> Spot:
    return Spot(line=element.line, column=element.column)
