"""Read questions of a script: their types, options, checks, and how they are answered on the phone."""

from __future__ import annotations

import re

from caruso.script_engine.expressions import Expression
from caruso.script_engine.expressions.patterns import Pattern, PatternError, compile_pattern
from caruso.script_engine.load_actions import ActionLoader
from caruso.script_engine.load_values import place_of
from caruso.script_engine.nodes import After, Check, InputNode, OptionNode, Question, Save
from caruso.script_engine.source import Element
from caruso.script_engine.turns import QuestionType

_RANGE = re.compile(r"(\d{1,2})(?:-(\d{1,2}))?")
_KEYS = re.compile(r"[0-9*#]{1,4}")


class QuestionLoader(ActionLoader):
    """Builds questions."""

    def question(self, element: Element) -> Question:
        entry = element.first("input")
        return Question(
            id=self.item,
            texts=self.texts(element),
            ask_if=self.optional(element, "ask-if"),
            handlers=self.handlers(element),
            block=self.block(self.item, element, After.FOLLOW),
            place=place_of(element),
            hints=self.texts(element, "hint"),
            type=QuestionType(element.required("type")),
            options=tuple(self.option(child) for child in element.all("option")),
            input=self.input(entry) if entry is not None else None,
            checks=tuple(self.check(child) for child in element.all("check")),
            required=self.required(element),
            default=self.optional(element, "default"),
            skip_if_known=element.get("skip-if-known") == "yes",
            bind=self.bind(element),
            save=Save(element.required("save")),
            minimum=self.optional(element, "min"),
            maximum=self.optional(element, "max"),
            pattern=self.pattern(element),
        )

    def required(self, element: Element) -> bool | Expression:
        match element.required("required"):
            case "yes" | "true":
                return True
            case "no" | "false":
                return False
            case source:
                return self.compiled(source, element.origin("required"))

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
            value=element.required("value"),
            key=key,
            condition=self.optional(element, "if"),
            texts=self.texts(element),
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
            place=place_of(element),
        )

    def check(self, element: Element) -> Check:
        return Check(
            condition=self.demanded(element, "if"),
            warning=element.get("level") == "warning",
            texts=self.texts(element),
            place=place_of(element),
        )
