"""Read models: hostile XML to linked classes; every mistake with file, line, column and a suggestion."""

from __future__ import annotations

import functools
import re
from collections.abc import Iterable, Sequence
from decimal import Decimal, InvalidOperation
from importlib import resources
from typing import Protocol, TypeVar

from caruso.business_objects.link import link
from caruso.business_objects.model import (
    OWN,
    Attribute,
    Check,
    ChoiceValue,
    Computed,
    Join,
    Kind,
    Labels,
    ListAttribute,
    Model,
    ObjectClass,
    Place,
    Relation,
    Rule,
    SecondTable,
    Through,
    Who,
    located,
)
from caruso.errors import Located, RejectedInput
from caruso.script_engine.expressions import Expression, ExpressionError, expression
from caruso.script_engine.expressions.patterns import PatternError, compile_pattern
from caruso.script_engine.expressions.types import Type
from caruso.script_engine.source import Element, Grammar, did_you_mean, read

PUBLIC_ID = "-//CARUSO//DTD Object Model 1.0//EN"
MODEL = Grammar("model", PUBLIC_ID, "caruso.business_objects", "model.dtd", "model")
#: What an expression can name.
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,63}")
_MOST_DIGITS = 9
_TRUE = expression("true")


class _Part(Protocol):
    @property
    def name(self) -> str: ...

    @property
    def place(self) -> Place: ...


_P = TypeVar("_P", bound=_Part)


def load_models(
    sources: Iterable[tuple[str, bytes]], databases: Sequence[str] = (OWN,), *, built_in: Model | None = None
) -> Model:
    """Return the model of some files, given by name and content; raise `RejectedInput` with every mistake.

    Args:
        sources: Names of the files, and what is in them.
        databases: Names of the databases the settings have.
        built_in: Classes that are there unless a file has one of that name.
    """
    findings: list[Located] = []
    classes: dict[str, ObjectClass] = {}
    for file, source in sources:
        reader = _Reader(file)
        try:
            found = reader.classes(read(source, file, MODEL))
        except RejectedInput as rejected:
            findings += rejected.findings
            continue
        for each in found:
            if each.name in classes:
                first = classes[each.name].place
                message = f"the class “{each.name}” is in {first.file or 'this file'} line {first.line}, too"
                reader.refuse("twice", message, each.place, "name")
            elif each.database not in databases:
                near = did_you_mean(each.database, databases)
                message = f"the settings have no database “{each.database}”"
                reader.refuse("unknown-database", message, each.place, "database", near)
            classes.setdefault(each.name, each)
        findings += reader.findings
    if built_in is not None:
        has_customer = any(each.customer for each in classes.values())
        for name, each in built_in.classes.items():
            if name not in classes and not (each.customer and has_customer):
                classes[name] = each
    model = Model(classes=classes)
    findings += link(model)
    if findings:
        raise RejectedInput(tuple(findings))
    return model


@functools.cache
def built_in_model() -> Model:
    """Return the model of a centre that has none of its own: customers."""
    file = resources.files("caruso.business_objects") / "customer.xml"
    return load_models([("customer.xml", file.read_bytes())])


class _Reader:
    """Makes classes of one file; collects what is wrong with them."""

    def __init__(self, file: str) -> None:
        self.file = file
        self.findings: list[Located] = []

    def classes(self, root: Element) -> list[ObjectClass]:
        database = root.required("database")
        return [self._class(element, database) for element in root.all("class")]

    def _class(self, element: Element, database: str) -> ObjectClass:
        attributes = [self._attribute(each) for each in element.all("attribute")]
        names = [each.name for each in attributes]
        of = ObjectClass(
            name=self._named(element),
            labels=self._labels(element),
            place=self._place(element),
            database=element.get("database") or database,
            table=element.required("table"),
            schema=element.get("schema") or "",
            customer=element.get("customer") == "yes",
            read_only=element.get("read-only") == "yes",
            extra=element.get("extra") or "",
            show=element.get("show") or ("name" if "name" in names else names[0] if names else ""),
            order=element.get("order") or "",
            owner=element.get("owner") or "",
            read=self._rule(element, "read"),
            write=self._rule(element, "write"),
            create=Who(element.required("create")),
            delete=Who(element.required("delete")),
            audited=element.get("audit") == "yes",
            subject=tuple((element.get("subject") or "").split(".")) if element.get("subject") else (),
            retention_days=self._count(element, "retention-days"),
            retention_from=element.get("retention-from") or "",
            tables=tuple(
                SecondTable(name=each.required("name"), joins=self._joins(each), place=self._place(each))
                for each in element.all("table")
            ),
            attributes=self._by_name(attributes),
            lists=self._by_name(self._list(each) for each in element.all("list")),
            computed=self._by_name(self._computed(each) for each in element.all("computed")),
            relations=self._by_name(self._relation(each) for each in element.all("relation")),
            checks=tuple(self._check(each) for each in element.all("check")),
        )
        self._check_names(of)
        return of

    def _attribute(self, element: Element) -> Attribute:
        kind = Kind(element.required("type"))
        values = tuple(
            ChoiceValue(
                name=each.required("name"),
                stored=each.get("stored") or each.required("name"),
                labels=self._labels(each),
            )
            for each in element.all("value")
        )
        place = self._place(element)
        if (kind is Kind.CHOICE) != bool(values):
            message = "a choice needs values" if not values else "only a choice has values"
            self.refuse("values", message, place, "type")
        if len({each.stored for each in values}) < len(values) or len({e.name for e in values}) < len(values):
            self.refuse("twice", "two values have the same name, or are stored alike", place, "name")
        pattern = element.get("pattern") or ""
        try:
            compile_pattern(pattern)
        except PatternError as error:
            self.refuse("pattern", str(error), place, "pattern")
        return Attribute(
            name=self._named(element),
            labels=self._labels(element),
            place=place,
            column=element.get("column") or element.required("name"),
            table=element.get("table") or "",
            kind=kind,
            key=element.get("key") == "yes",
            generated=element.get("generated") == "yes",
            required=element.get("required") == "yes" or element.get("key") == "yes",
            unique=element.get("unique") == "yes",
            length=self._count(element, "length"),
            minimum=self._number(element, "minimum"),
            maximum=self._number(element, "maximum"),
            pattern=pattern,
            values=values,
            personal=element.get("personal") == "yes",
            search=element.get("search") == "yes",
            read=self._rule(element, "read"),
            write=self._rule(element, "write"),
        )

    def _list(self, element: Element) -> ListAttribute:
        return ListAttribute(
            name=self._named(element),
            labels=self._labels(element),
            place=self._place(element),
            table=element.required("table"),
            column=element.required("column"),
            position=element.get("position") or "",
            first=element.get("first") or "",
            kind=Kind(element.required("type")),
            joins=self._joins(element),
            personal=element.get("personal") == "yes",
            search=element.get("search") == "yes",
            read=self._rule(element, "read"),
            write=self._rule(element, "write"),
        )

    def _computed(self, element: Element) -> Computed:
        return Computed(
            name=self._named(element),
            labels=self._labels(element),
            place=self._place(element),
            type=Type(element.required("type")),
            value=self._expression(element, "value"),
            personal=element.get("personal") == "yes",
            read=self._rule(element, "read"),
        )

    def _relation(self, element: Element) -> Relation:
        return Relation(
            name=self._named(element),
            labels=self._labels(element),
            place=self._place(element),
            class_name=element.required("class"),
            many=element.get("many") == "yes",
            load=element.get("load") == "yes",
            joins=self._joins(element),
            through=_through(element.first("through")),
            read=self._rule(element, "read"),
        )

    def _check(self, element: Element) -> Check:
        return Check(
            that=self._expression(element, "that"), labels=self._labels(element), place=self._place(element)
        )

    def _check_names(self, of: ObjectClass) -> None:
        """Refuse a name that two things of a class have."""
        seen: set[str] = set()
        named: list[_Part] = [
            *of.attributes.values(),
            *of.lists.values(),
            *of.computed.values(),
            *of.relations.values(),
        ]
        for each in named:
            if each.name in seen:
                self.refuse("twice", f"“{of.name}.{each.name}” is there twice", each.place, "name")
            seen.add(each.name)
        for each in of.lists.values():
            if each.first in seen:
                self.refuse("twice", f"“{of.name}.{each.first}” is there twice", each.place, "first")

    def _by_name(self, made: Iterable[_P]) -> dict[str, _P]:
        found: dict[str, _P] = {}
        for part in made:
            if part.name in found:
                self.refuse("twice", f"“{part.name}” is there twice", part.place, "name")
            found.setdefault(part.name, part)
        return found

    # -- Values -----------------------------------------------------------------------------------------------

    def refuse(self, rule: str, message: str, place: Place, attribute: str = "", suggestion: str = "") -> None:
        """Note a mistake at an attribute of an element."""
        self.findings.append(located(rule, message, place, attribute, suggestion))

    def _place(self, element: Element) -> Place:
        return Place(file=self.file, line=element.line, column=element.column, origins=element.origins)

    def _named(self, element: Element) -> str:
        name = element.required("name")
        if not _NAME.fullmatch(name):
            message = f"“{name}” cannot be used in expressions: letters, digits and _, no digit first"
            self.refuse("name", message, self._place(element), "name")
        return name

    def _labels(self, element: Element) -> Labels:
        return {each.get("lang") or "": " ".join(each.texts[0].split()) for each in element.all("label")}

    def _joins(self, element: Element) -> tuple[Join, ...]:
        return tuple(Join(of=each.required("of"), to=each.required("to")) for each in element.all("join"))

    def _rule(self, element: Element, name: str) -> Rule:
        when = self._expression(element, f"{name}-when") if element.get(f"{name}-when") else None
        return Rule(who=Who(element.required(name)), when=when)

    def _expression(self, element: Element, attribute: str) -> Expression:
        origin = element.origin(attribute)
        try:
            return expression(element.required(attribute), origin)
        except ExpressionError as error:
            line, column = origin.place(error.at)
            self.findings.append(
                Located(
                    rule=error.rule, message=error.message, file=self.file, line=line, column=column,
                    attribute=attribute, suggestion=error.suggestion,
                )
            )  # fmt: skip
            return _TRUE

    def _count(self, element: Element, attribute: str) -> int | None:
        text = element.get(attribute)
        if text is None:
            return None
        if not text.isdecimal() or not text.isascii() or len(text) > _MOST_DIGITS or int(text) < 1:
            self.refuse("number", f"“{text}” is not a whole number from 1", self._place(element), attribute)
            return None
        return int(text)

    def _number(self, element: Element, attribute: str) -> Decimal | None:
        text = element.get(attribute)
        try:
            number = None if text is None else Decimal(text)
        except InvalidOperation:
            number = Decimal("NaN")
        if number is not None and not number.is_finite():
            self.refuse("number", f"“{text}” is not a number", self._place(element), attribute)
            return None
        return number


def _through(element: Element | None) -> Through | None:
    if element is None:
        return None
    return Through(table=element.required("table"), ours=_columns(element, "from"), theirs=_columns(element, "to"))


def _columns(through: Element, name: str) -> tuple[Join, ...]:
    return tuple(Join(of=each.required("of"), to=each.required("column")) for each in through.all(name))
