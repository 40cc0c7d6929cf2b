"""Read test cases from TOML or JSON beside a script: the same as its ``test`` elements, written as tables.

    [[test]]
    name = "A reading is stored"
    channel = ["phone", "agent"]           # or one; without it all of the script
    language = "en"
    at = "2026-11-23T18:30"
    zone = "Europe/Berlin"
    [test.objects.customer]
    last_reading = 4200
    [test.call]
    number = "+49301234"
    [test.services."customer.update"]
    fails = "timeout"                      # or answers = …
    [[test.records.Tariff]]                # business objects that questions offer
    name = "Green"
    [test.hours]
    support = true                         # open all the time; false: closed
    [[test.steps]]
    answer = "gas"                         # as `steps` describes them
    item = "product"
    [[test.steps]]
    expect = { item = "reading", text = "What does the meter say" }

In `expect`, ``params`` are values rather than expressions, ``path`` and ``options`` lists, ``if`` an expression.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from datetime import date, datetime, time
from typing import Any, TypeVar
from zoneinfo import ZoneInfo

from caruso.errors import Located, RejectedInput
from caruso.script_engine.expressions import Expression, ExpressionError, expression
from caruso.script_engine.expressions.tree import Literal
from caruso.script_engine.tools.cases import USUAL_TIME, Act, Case, Expectation, Spot
from caruso.script_engine.tools.setting import Stub, time_of, zone_of
from caruso.script_engine.tools.steps import StepRefused, channel_named, step_from_json, typed
from caruso.script_engine.turns import ScriptChannel, Value
from caruso.script_engine.values import to_value, to_values
from caruso.toml.source import KeyPath, TomlSource, did_you_mean, read_toml

_CASE = (
    "name",
    "channel",
    "language",
    "at",
    "zone",
    "objects",
    "call",
    "agent",
    "services",
    "records",
    "hours",
    "steps",
    "note",
)
_EXPECT = (
    "item", "kind", "channel", "language", "text", "no-text", "error", "answer", "is", "if", "options", "path",
    "action", "no-action", "saved", "params", "outcome", "disposition", "queue",
)  # fmt: skip
_Kind = TypeVar("_Kind")


def read_tables(text: str, file: str) -> tuple[Case, ...]:
    """Return the cases of a file; raise `RejectedInput` with the mistakes in it."""
    source = _json_source(text, file) if file.endswith(".json") else read_toml(text, file)
    reader = _Reader(source)
    cases = tuple(reader.cases())
    if reader.findings:
        raise RejectedInput(tuple(reader.findings))
    return cases


def _json_source(text: str, file: str) -> TomlSource:
    try:
        data = json.loads(text)
    except (ValueError, RecursionError) as error:
        line, column = getattr(error, "lineno", 0), getattr(error, "colno", 0)
        message = f"This is no JSON: {getattr(error, 'msg', 'nested too deeply')}."
        found = Located(rule="not-json", message=message, file=file, line=line, column=column)
        raise RejectedInput((found,)) from None
    whole = {"test": data} if isinstance(data, list) else data
    return TomlSource(file=file, data=whole if isinstance(whole, dict) else {}, places={})


class _Reader:
    """Reads the tables of one file."""

    def __init__(self, source: TomlSource) -> None:
        self.source = source
        self.findings: list[Located] = []

    def refuse(self, where: KeyPath, message: str, suggestion: str = "") -> None:
        self.findings.append(self.source.located(where, "bad-test", message, suggestion=suggestion))

    def cases(self) -> Iterator[Case]:
        tables = self.source.data.get("test")
        if not isinstance(tables, list):
            self.refuse((), "The file has no test cases: write [[test]].")
            return
        for number, table in enumerate(tables):
            if isinstance(table, dict):
                yield self.case(table, ("test", number))
            else:
                self.refuse(("test", number), "A test case is a table.")

    def case(self, table: Mapping[str, Any], where: KeyPath) -> Case:
        self.known(table, _CASE, where)
        zone = self.of(table, "zone", str, where, "UTC")
        return Case(
            name=self.of(table, "name", str, where, ""),
            channels=tuple(self.channels(table, where)),
            language=self.of(table, "language", str, where, ""),
            at=self.time(table, zone, where),
            time_zone=zone,
            objects={name: self.values(found) for name, found in self.tables(table, "objects", where)},
            call=self.values(self.of(table, "call", dict, where, {})),
            agent=self.values(self.of(table, "agent", dict, where, {})),
            stubs={name: self.stub(found) for name, found in self.tables(table, "services", where)},
            records=dict(self.records(table, where)),
            hours={name: is_open is True for name, is_open in self.of(table, "hours", dict, where, {}).items()},
            steps=tuple(self.steps(table, where)),
            file=self.source.file,
            spot=self.spot(where),
        )

    # -- Parts of a case --------------------------------------------------------------------------------------

    def known(self, table: Mapping[str, Any], names: tuple[str, ...], where: KeyPath) -> None:
        for name in table:
            if name not in names:
                self.refuse((*where, name), f"There is no “{name}” here.", did_you_mean(name, names))

    def of(self, table: Mapping[str, Any], key: str, kind: type[_Kind], where: KeyPath, default: _Kind) -> _Kind:
        found = table.get(key, default)
        if isinstance(found, kind):
            return found
        self.refuse((*where, key), f"“{key}” is to be {_NAMES[kind]}.")
        return default

    def tables(
        self, table: Mapping[str, Any], key: str, where: KeyPath
    ) -> Iterator[tuple[str, Mapping[str, Any]]]:
        for name, found in self.of(table, key, dict, where, {}).items():
            if isinstance(found, dict):
                yield name, found
            else:
                self.refuse((*where, key, name), f"“{name}” is to be a table.")

    def channels(self, table: Mapping[str, Any], where: KeyPath) -> Iterator[ScriptChannel]:
        written = table.get("channel", [])
        for name in [written] if isinstance(written, str) else self.of(table, "channel", list, where, []):
            try:
                yield channel_named(str(name))
            except StepRefused as refused:
                self.refuse((*where, "channel"), f"{refused}.")

    def time(self, table: Mapping[str, Any], zone: str, where: KeyPath) -> datetime:
        written = table.get("at")
        try:
            if written is None:
                return USUAL_TIME.replace(tzinfo=zone_of(zone))
            return time_of(written.isoformat() if isinstance(written, date) else str(written), zone)
        except RejectedInput as rejected:
            for finding in rejected.findings:
                self.refuse((*where, finding.attribute), finding.message)
            return USUAL_TIME.replace(tzinfo=ZoneInfo("UTC"))

    def values(self, table: Mapping[str, Any]) -> dict[str, Value]:
        return to_values(table)

    def stub(self, table: Mapping[str, Any]) -> Stub:
        return Stub(result=to_value(table.get("answers")), failure=str(table.get("fails", "")))

    def records(
        self, table: Mapping[str, Any], where: KeyPath
    ) -> Iterator[tuple[str, tuple[Mapping[str, Value], ...]]]:
        for name, rows in self.of(table, "records", dict, where, {}).items():
            if isinstance(rows, list) and all(isinstance(row, dict) for row in rows):
                yield name, tuple(to_values(row) for row in rows)
            else:
                self.refuse((*where, "records", name), f"“{name}” is to be a list of tables.")

    def spot(self, where: KeyPath) -> Spot:
        line, column = self.source.places.get(where, (0, 0))
        return Spot(line=line, column=column)

    # -- Steps ------------------------------------------------------------------------------------------------

    def steps(self, table: Mapping[str, Any], where: KeyPath) -> Iterator[Act | Expectation]:
        for number, written in enumerate(self.of(table, "steps", list, where, [])):
            here = (*where, "steps", number)
            match written:
                case {"expect": dict(wanted), **others} if not others:
                    yield self.expectation(wanted, (*here, "expect"))
                case _:
                    try:
                        yield Act(step=step_from_json(written), spot=self.spot(here))
                    except StepRefused as refused:
                        self.refuse(here, f"{refused}.")

    def expectation(self, wanted: Mapping[str, Any], where: KeyPath) -> Expectation:
        self.known(wanted, _EXPECT, where)
        text = {
            name: self.of(wanted, name, str, where, "") for name in _EXPECT if isinstance(wanted.get(name), str)
        }
        return Expectation(
            item=text.get("item"),
            kind=text.get("kind"),
            channel=self.channel(text, where),
            language=text.get("language"),
            text=text.get("text"),
            no_text=text.get("no-text"),
            error=text.get("error"),
            answer=text.get("answer"),
            value=self.typed(wanted.get("is", ""), (*where, "is")),
            condition=self.condition(text, where),
            options=self.names(wanted, "options", where),
            path=self.names(wanted, "path", where),
            action=text.get("action"),
            no_action=text.get("no-action"),
            saved=text.get("saved"),
            params=tuple((name, _constant(v)) for name, v in self.of(wanted, "params", dict, where, {}).items()),
            outcome=text.get("outcome"),
            disposition=text.get("disposition"),
            queue=text.get("queue"),
            spot=self.spot(where[:-1]),
        )

    def channel(self, text: Mapping[str, str], where: KeyPath) -> ScriptChannel | None:
        return next(self.channels(text, where), None)

    def typed(self, value: Any, where: KeyPath) -> str:
        try:
            return typed(value.isoformat() if isinstance(value, (date, time)) else value).replace("\n", ",")
        except StepRefused as refused:
            self.refuse(where, f"{refused}.")
            return ""

    def condition(self, text: Mapping[str, str], where: KeyPath) -> Expression | None:
        if "if" not in text:
            return None
        try:
            return expression(text["if"])
        except ExpressionError as error:
            self.refuse((*where, "if"), f"{error.message}.", error.suggestion)
            return None

    def names(self, wanted: Mapping[str, Any], key: str, where: KeyPath) -> tuple[str, ...] | None:
        if key not in wanted:
            return None
        written = wanted[key]
        return tuple(
            written.split() if isinstance(written, str) else map(str, self.of(wanted, key, list, where, []))
        )


_NAMES: Mapping[type, str] = {str: "a text", dict: "a table", list: "a list"}


def _constant(thing: Any) -> Expression:
    """Return a value as an expression that gives it."""
    value = to_value(thing)
    return Expression(source=str(thing), origin=_NOWHERE, tree=Literal(value, 0), evaluate=lambda _: value)


_NOWHERE = expression("null").origin
