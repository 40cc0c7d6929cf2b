"""Read questions of a script: their types, options, checks, and how they are answered on the phone."""

from __future__ import annotations

import re
from collections.abc import Iterable
from decimal import Decimal

from caruso.script_engine.expressions import Expression
from caruso.script_engine.expressions.patterns import Pattern, PatternError, compile_pattern
from caruso.script_engine.load_actions import ActionLoader
from caruso.script_engine.load_values import place_of
from caruso.script_engine.nodes import (
    MASKS,
    MOST_OBJECTS,
    After,
    Check,
    FromList,
    FromObjects,
    InputNode,
    OptionNode,
    Order,
    Question,
    Save,
)
from caruso.script_engine.source import Element, did_you_mean
from caruso.script_engine.turns import QuestionType

_RANGE = re.compile(r"(\d{1,2})(?:-(\d{1,2}))?")
_SCORE = re.compile(r"-?\d{1,6}(\.\d{1,3})?", re.ASCII)
_KEYS = re.compile(r"[0-9*#]{1,4}")


class QuestionLoader(ActionLoader):
    """Builds questions."""

    def __init__(self, file: str) -> None:
        """Begin without lists."""
        super().__init__(file)
        #: Options that questions share, by the name of their list.
        self.lists: dict[str, tuple[OptionNode, ...]] = {}

    def question(self, element: Element) -> Question:
        entry = element.first("input")
        from_list = self.from_list(element.first("from-list"))
        return Question(
            id=self.item,
            texts=self.texts(element),
            ask_if=self.optional(element, "ask-if"),
            handlers=self.handlers(element),
            block=self.block(self.item, element, After.FOLLOW),
            place=place_of(element),
            hints=self.texts(element, "hint"),
            type=QuestionType(element.required("type")),
            options=tuple(self.option(child) for child in element.all("option")) or self.listed(from_list),
            from_list=from_list,
            from_objects=self.from_objects(element.first("from-objects")),
            order=Order(element.required("order")),
            input=self.input(entry) if entry is not None else None,
            checks=tuple(self.check(child) for child in element.all("check")),
            required=self.yes_no_or_condition(element, "required"),
            default=self.optional(element, "default"),
            skip_if_known=element.get("skip-if-known") == "yes",
            bind=self.bind(element),
            save=Save(element.required("save")),
            minimum=self.optional(element, "min"),
            maximum=self.optional(element, "max"),
            pattern=self.pattern(element),
            currency=self.currency(element),
            read_only=self.yes_no_or_condition(element, "read-only"),
            time_limit=self.seconds(element, "time-limit") if element.get("time-limit") else None,
            private=element.get("private") == "yes",
            sensitive=element.get("sensitive") == "yes",
            label=element.get("label") or "",
        )

    def yes_no_or_condition(self, element: Element, attribute: str) -> bool | Expression:
        match element.get(attribute):
            case "yes" | "true":
                return True
            case "no" | "false" | None:
                return False
            case source:
                return self.compiled(source, element.origin(attribute))

    def bind(self, element: Element) -> tuple[str, str] | None:
        text = element.get("bind")
        if text is None:
            return None
        root, dot, name = text.partition(".")
        if not dot or not name or "." in name:
            self.refuse("bad-value", f"“{text}” is not object.attribute", element.origin("bind"))
        return root, name

    def pattern(self, element: Element) -> Pattern | None:
        source = element.get("pattern")
        if source is None:
            return None
        try:
            return compile_pattern(source)
        except PatternError as error:
            self.refuse("pattern", str(error), element.origin("pattern"), error.at)
            return None

    def option(self, element: Element) -> OptionNode:
        key = element.get("key") or ""
        if key and not _KEYS.fullmatch(key):
            self.refuse("bad-value", f"“{key}” cannot be pressed: keys are 0-9 * #", element.origin("key"))
        return OptionNode(
            value=element.required("value").strip(),
            key=key,
            condition=self.optional(element, "if"),
            exclusive=element.get("exclusive") == "yes",
            other=element.get("other") == "yes",
            score=self.score(element),
            texts=self.texts(element),
            place=place_of(element),
        )

    def score(self, element: Element) -> Decimal | None:
        text = element.get("score")
        if text is None:
            return None
        if _SCORE.fullmatch(text):
            return Decimal(text)
        self.refuse("bad-value", f"“{text}” is not a number", element.origin("score"), 0, "write for instance 2.5")
        return None

    def learn_lists(self, elements: Iterable[Element]) -> None:
        """Read the lists that questions share; before the questions."""
        for element in elements:
            name = element.required("name")
            if name in self.lists:
                self.refuse("name-twice", f"there are two lists “{name}”", element.origin("name"))
            self.lists[name] = tuple(self.option(child) for child in element.all("option"))

    def listed(self, of: FromList | None) -> tuple[OptionNode, ...]:
        return self.lists.get(of.name, ()) if of is not None else ()

    def from_list(self, element: Element | None) -> FromList | None:
        if element is None:
            return None
        name = element.required("name")
        if name not in self.lists:
            suggestion = did_you_mean(name, tuple(self.lists))
            self.refuse("unknown-list", f"there is no list “{name}”", element.origin("name"), 0, suggestion)
        return FromList(name=name, condition=self.optional(element, "if"), place=place_of(element))

    def from_objects(self, element: Element | None) -> FromObjects | None:
        if element is None:
            return None
        limit = self.whole(element, "limit")
        if not 1 <= limit <= MOST_OBJECTS:
            message = f"a limit is a number from 1 to {MOST_OBJECTS}"
            self.refuse("bad-value", message, element.origin("limit"))
        return FromObjects(
            class_name=element.required("class"),
            where=self.optional(element, "where"),
            value=element.required("value"),
            show=element.required("show"),
            limit=limit,
            place=place_of(element),
        )

    def input(self, element: Element) -> InputNode:
        minimum = maximum = None
        digits = element.get("digits")
        if digits is not None:
            found = _RANGE.fullmatch(digits)
            minimum, maximum = (int(found[1]), int(found[2] or found[1])) if found else (0, 0)
            if not 1 <= minimum <= maximum:
                self.refuse(
                    "bad-value",
                    f"“{digits}” is not a number of digits",
                    element.origin("digits"),
                    0,
                    "write 6 or 1-6",
                )
        end_key = element.get("end-key") or ""
        if end_key not in {"", "#", "*"}:
            self.refuse(
                "bad-value", f"“{end_key}” cannot end an entry", element.origin("end-key"), 0, "write # or *"
            )
        return InputNode(
            minimum=minimum,
            maximum=maximum,
            end_key=end_key,
            first_timeout=self.seconds(element, "first-digit-timeout"),
            next_timeout=self.seconds(element, "next-digit-timeout"),
            max_seconds=self.seconds(element, "max-seconds") if element.get("max-seconds") else None,
            mask=self.mask(element),
            place=place_of(element),
        )

    def mask(self, element: Element) -> str:
        mask = element.get("mask") or ""
        if mask and mask not in MASKS:
            suggestion = f"write {', '.join(MASKS)}"
            self.refuse("bad-value", f"“{mask}” is no mask", element.origin("mask"), 0, suggestion)
        return mask

    def check(self, element: Element) -> Check:
        return Check(
            condition=self.demanded(element, "if"),
            warning=element.get("level") == "warning",
            texts=self.texts(element),
            place=place_of(element),
        )
