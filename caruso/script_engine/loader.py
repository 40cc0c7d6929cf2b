"""Build the typed nodes of a script from its checked XML; expressions are compiled here, once.

What a DTD cannot say about single values (durations, key ranges, expressions) is refused here, all of it at once.
Whether the whole makes sense is `lint`'s business.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from decimal import Decimal
from typing import TypeVar

from caruso.errors import Located, RejectedInput
from caruso.script_engine import written
from caruso.script_engine.expressions import Expression, ExpressionError, Origin, expression
from caruso.script_engine.expressions.patterns import Pattern, PatternError, compile_pattern
from caruso.script_engine.expressions.types import Type
from caruso.script_engine.nodes import (
    MASKS,
    MOST_OBJECTS,
    Access,
    Action,
    After,
    AnyItem,
    Block,
    Check,
    Clear,
    Compute,
    Dialog,
    Do,
    End,
    FromList,
    FromObjects,
    Handler,
    Handover,
    Info,
    InputNode,
    Item,
    Log,
    Next,
    ObjectNode,
    OncePer,
    OptionNode,
    Order,
    Parts,
    Place,
    Question,
    Save,
    Set,
    Shown,
    Text,
    Texts,
    Variable,
    When,
)
from caruso.script_engine.source import Element, read
from caruso.script_engine.turns import QuestionType, ScriptChannel

__all__ = ["Dialog", "Item", "load"]

_BLANKS = re.compile(r"[ \t\n]+")
_DURATION = re.compile(r"(\d{1,4}(?:\.\d{1,3})?)(ms|s|m|min)?")
_UNITS = {"ms": 0.001, "s": 1.0, "": 1.0, "m": 60.0, "min": 60.0}
_RANGE = re.compile(r"(\d{1,2})(?:-(\d{1,2}))?")
_SCORE = re.compile(r"-?\d{1,6}(\.\d{1,3})?", re.ASCII)
_KEYS = re.compile(r"[0-9*#]{1,4}")
_ITEMS = {"info", "question", "handover", "end"}
_ACTIONS = {"set", "clear", "do", "log"}
_NULL = expression("null")
_Named = TypeVar("_Named", ObjectNode, Variable, Compute)


def load(source: bytes, file: str = "") -> Dialog:
    """Return the script; raise `RejectedInput` with everything that is wrong with its form."""
    builder = _Builder(file)
    dialog = builder.dialog(read(source, file))
    if builder.findings:
        raise RejectedInput(tuple(builder.findings))
    return dialog


class _Builder:
    """Collects what is found while the nodes are made."""

    def __init__(self, file: str) -> None:
        self.file = file
        self.findings: list[Located] = []
        self.blocks: dict[str, Block] = {}
        self.actions: dict[str, Do] = {}
        #: The item whose parts are being built.
        self.item = ""

    # -- Findings ---------------------------------------------------------------------------------------------

    def refuse(self, rule: str, message: str, origin: Origin, at: int = 0, suggestion: str = "") -> None:
        line, column = origin.place(at)
        self.findings.append(
            Located(
                rule=rule, message=message, file=self.file, line=line, column=column,
                attribute=origin.attribute, suggestion=suggestion,
            )
        )  # fmt: skip

    # -- Values -----------------------------------------------------------------------------------------------

    def compiled(self, source: str, origin: Origin) -> Expression:
        try:
            return expression(source, origin)
        except ExpressionError as error:
            self.refuse(error.rule, error.message, origin, error.at, error.suggestion)
            return _NULL

    def optional(self, element: Element, attribute: str) -> Expression | None:
        source = element.get(attribute)
        return None if source is None else self.compiled(source, element.origin(attribute))

    def condition(self, element: Element, attribute: str = "if") -> Expression | None:
        """Return the expression in the attribute or in a ``<when>``; both are one too many."""
        when = element.first("when")
        if when is None:
            return self.optional(element, attribute)
        if element.get(attribute) is not None:
            self.refuse("bad-value", f"has both “{attribute}” and <when>", element.origin(attribute))
        return self.compiled(when.texts[0], when.content)

    def demanded(self, element: Element, attribute: str) -> Expression:
        found = self.condition(element, attribute)
        if found is None:
            self.refuse("bad-value", f"<{element.name}> needs “{attribute}” or <when>", element.origin(attribute))
        return found or _NULL

    def whole(self, element: Element, attribute: str) -> int:
        text = element.get(attribute) or "0"
        if re.fullmatch(r"\d{1,3}", text):
            return int(text)
        self.refuse("bad-value", f"“{text}” is not a whole number up to 999", element.origin(attribute))
        return 0

    def seconds(self, element: Element, attribute: str) -> float:
        text = element.required(attribute)
        found = _DURATION.fullmatch(text)
        if found is None:
            self.refuse(
                "bad-value", f"“{text}” is not a duration", element.origin(attribute), 0, "write for instance 5s"
            )
            return 0.0
        return float(found[1]) * _UNITS[found[2] or ""]

    def channels(self, element: Element, attribute: str) -> frozenset[ScriptChannel] | None:
        text = element.get(attribute)
        if text is None:
            return None
        known = {channel.value for channel in ScriptChannel}
        for name in text.split():
            if name not in known:
                self.refuse("bad-value", f"“{name}” is no channel: phone, agent, web", element.origin(attribute))
        return frozenset(ScriptChannel(name) for name in text.split() if name in known)

    # -- Texts ------------------------------------------------------------------------------------------------

    def parts(self, element: Element) -> Parts:
        raw: list[str | Shown] = []
        self._collect(element, raw)
        joined: list[str | Shown] = []
        for part in raw:
            if isinstance(part, str) and joined and isinstance(joined[-1], str):
                joined[-1] += part
            elif part:
                joined.append(part)
        clean = [_BLANKS.sub(" ", part) if isinstance(part, str) else part for part in joined]
        if clean and isinstance(clean[0], str):
            clean[0] = clean[0].lstrip(" ")
        if clean and isinstance(clean[-1], str):
            clean[-1] = clean[-1].rstrip(" ")
        return tuple(part.replace("\v", "\n") if isinstance(part, str) else part for part in clean if part)

    def _collect(self, element: Element, out: list[str | Shown]) -> None:
        out.append(element.texts[0])
        for child, tail in zip(element.children, element.texts[1:], strict=True):
            if child.name == "value":
                of = self.compiled(child.required("of"), child.origin("of"))
                shown = Shown(
                    of=of,
                    format=child.required("format"),
                    if_empty=child.required("if-empty"),
                    currency=self.currency(child),
                    place=_place(child),
                )
                out.append(shown)
            elif child.name == "break":
                out.append("\v")  # survives the joining of blanks
            else:
                self._collect(child, out)
            out.append(tail)

    def texts(self, element: Element, name: str = "text") -> Texts:
        return tuple(self.text(child) for child in element.all(name))

    def text(self, element: Element) -> Text:
        return Text(
            parts=self.parts(element),
            language=element.get("lang") or "",
            channels=self.channels(element, "for" if element.name == "hint" else "channel"),
            condition=self.optional(element, "if"),
            attempt=self.whole(element, "attempt"),
            audio=element.get("audio") or "",
            barge_in=element.get("barge-in") != "no",
            place=_place(element),
        )

    # -- Actions ----------------------------------------------------------------------------------------------

    def block(self, owner: str, element: Element, after: After, **more: str) -> Block:
        """Register the actions and transitions written in `element` under the name `owner`."""
        made = Block(
            id=owner,
            item=self.item,
            after=after,
            actions=tuple(
                self.action(owner, number, child)
                for number, child in enumerate(child for child in element.children if child.name in _ACTIONS)
            ),
            nexts=tuple(self.next(owner, number, child) for number, child in enumerate(element.all("next"))),
            **more,
        )
        self.blocks[owner] = made
        return made

    def next(self, owner: str, number: int, element: Element) -> Next:
        name = ""
        if any(child.name in _ACTIONS for child in element.children):
            name = f"{owner}/next.{number}"
            made = self.block(name, element, After.GO)
            self.blocks[name] = Block(
                id=name, item=self.item, after=After.GO, actions=made.actions, to=element.get("to")
            )
        return Next(to=element.get("to"), condition=self.condition(element), block=name, place=_place(element))

    def action(self, owner: str, number: int, element: Element) -> Action:
        match element.name:
            case "set":
                root, name = self.target(element)
                to = self.compiled(element.required("to"), element.origin("to"))
                return Set(root=root, name=name, to=to, place=_place(element))
            case "clear":
                names = (name.partition(".") for name in element.required("names").split())
                return Clear(names=tuple((root, name) for root, _, name in names), place=_place(element))
            case "log":
                return Log(parts=self.parts(element), level=element.required("level"), place=_place(element))
            case _:
                return self.do(f"{owner}/do.{number}", element)

    def target(self, element: Element) -> tuple[str, str]:
        root, dot, name = element.required("name").partition(".")
        if not dot or not name or "." in name:
            self.refuse(
                "bad-value", f"“{element.get('name')}” cannot be set", element.origin("name"), 0,
                "write vars.name or object.attribute",
            )  # fmt: skip
        return root, name

    def do(self, place: str, element: Element) -> Do:
        ref = element.get("id") or place
        if ref in self.actions:
            self.refuse("name-twice", f"there are two actions “{ref}”", element.origin("id"))
        success, failure = element.first("on-success"), element.first("on-failure")
        for name, branch in (("success", success), ("failure", failure)):
            if branch is not None:
                self.block(f"{ref}/{name}", branch, After.RETURN)
        made = Do(
            ref=ref,
            item=self.item,
            service=element.required("service"),
            condition=self.optional(element, "if"),
            when=When(element.required("when")),
            timeout_seconds=self.seconds(element, "timeout"),
            retries=self.whole(element, "retries"),
            retry_wait_seconds=self.seconds(element, "retry-wait"),
            once_per=OncePer(element.required("once-per")),
            result=element.get("result") or "",
            params=tuple((param.required("name"), self.demanded(param, "as")) for param in element.all("param")),
            has_success=success is not None,
            has_failure=failure is not None,
            failure_texts=self.texts(failure) if failure is not None else (),
            place=_place(element),
        )
        self.actions[ref] = made
        return made

    def handlers(self, element: Element) -> tuple[Handler, ...]:
        return tuple(self.handler(number, child) for number, child in enumerate(element.all("on")))

    def handler(self, number: int, element: Element) -> Handler:
        name = f"{self.item}/on.{number}"
        events = element.required("event").split()
        self.block(name, element, After.HANDLED, then=element.required("then"), event=events[0])
        return Handler(
            events=frozenset(events),
            attempt=self.whole(element, "attempt"),
            channels=self.channels(element, "channel"),
            texts=self.texts(element),
            block=name,
            place=_place(element),
        )

    # -- Items ------------------------------------------------------------------------------------------------

    def build(self, element: Element) -> AnyItem:
        self.item = element.required("id")
        try:
            match element.name:
                case "info":
                    return self.info(element)
                case "question":
                    return self.question(element)
                case "handover":
                    return self.handover(element)
                case _:
                    return self.end(element)
        finally:
            self.item = ""

    def info(self, element: Element) -> Info:
        return Info(
            id=self.item,
            texts=self.texts(element),
            ask_if=self.optional(element, "ask-if"),
            handlers=self.handlers(element),
            block=self.block(self.item, element, After.FOLLOW),
            place=_place(element),
            hints=self.texts(element, "hint"),
            confirm=element.get("confirm") == "yes",
        )

    def question(self, element: Element) -> Question:
        entry = element.first("input")
        return Question(
            id=self.item,
            texts=self.texts(element),
            ask_if=self.optional(element, "ask-if"),
            handlers=self.handlers(element),
            block=self.block(self.item, element, After.FOLLOW),
            place=_place(element),
            hints=self.texts(element, "hint"),
            type=QuestionType(element.required("type")),
            options=tuple(self.option(child) for child in element.all("option")),
            from_list=self.from_list(element.first("from-list")),
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

    def currency(self, element: Element) -> str:
        code = element.get("currency") or ""
        if code and not written.is_currency(code):
            message = f"“{code}” is not the code of a currency"
            self.refuse("bad-value", message, element.origin("currency"), 0, "write for instance EUR")
        return code

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
            place=_place(element),
        )

    def score(self, element: Element) -> Decimal | None:
        text = element.get("score")
        if text is None:
            return None
        if _SCORE.fullmatch(text):
            return Decimal(text)
        self.refuse("bad-value", f"“{text}” is not a number", element.origin("score"), 0, "write for instance 2.5")
        return None

    def from_list(self, element: Element | None) -> FromList | None:
        if element is None:
            return None
        condition = self.optional(element, "if")
        return FromList(name=element.required("name"), condition=condition, place=_place(element))

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
            place=_place(element),
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
            place=_place(element),
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
            place=_place(element),
        )

    def handover(self, element: Element) -> Handover:
        return Handover(
            id=self.item,
            texts=self.texts(element),
            ask_if=self.optional(element, "ask-if"),
            handlers=(),
            block=self.block(self.item, element, After.ARRIVED),
            place=_place(element),
            channel=ScriptChannel(element.required("channel")),
            queue=self.optional(element, "queue"),
            skill=self.optional(element, "skill"),
            priority=self.optional(element, "priority"),
            resume_at=element.get("resume-at"),
        )

    def end(self, element: Element) -> End:
        return End(
            id=self.item,
            texts=self.texts(element),
            ask_if=None,
            handlers=(),
            block=self.block(self.item, element, After.ARRIVED),
            place=_place(element),
            hints=self.texts(element, "hint"),
            outcome=element.required("outcome"),
            disposition=element.get("disposition") or "",
            hang_up=element.get("hang-up") == "yes",
        )

    # -- The dialog -------------------------------------------------------------------------------------------

    def dialog(self, root: Element) -> Dialog:
        objects = self.named(root, "object", [self.object(child) for child in root.all("object")])
        variables = self.named(root, "var", [self.variable(child) for child in root.all("var")])
        computes = self.named(root, "compute", [self.compute(child) for child in root.all("compute")])
        handlers = self.handlers(root)
        built = [self.build(child) for child in root.children if child.name in _ITEMS]
        ids = [item.id for item in built]
        return Dialog(
            id=root.required("id"),
            version=root.required("version"),
            languages=tuple(root.required("languages").split()),
            channels=self.channels(root, "channels") or frozenset(),
            titles={title.get("lang") or "": " ".join(title.texts[0].split()) for title in root.all("title")},
            start=root.get("start") or ids[0],
            back_allowed=root.get("back") == "allowed",
            objects=objects,
            variables=variables,
            computes=computes,
            lists=self.lists(root),
            handlers=handlers,
            items={item.id: item for item in built},
            following=dict(zip(ids, [*ids[1:], None], strict=True)),
            blocks=self.blocks,
            actions=self.actions,
            place=_place(root),
            file=self.file,
        )

    def named(self, root: Element, kind: str, nodes: Iterable[_Named]) -> dict[str, _Named]:
        made: dict[str, _Named] = {}
        for element, node in zip(root.all(kind), nodes, strict=True):
            if node.name in made:
                self.refuse("name-twice", f"there are two “{node.name}”", element.origin("name"))
            if not re.fullmatch(r"[^\W\d]\w*", node.name):
                self.refuse(
                    "bad-value", f"“{node.name}” cannot be a name in expressions", element.origin("name"), 0,
                    "use letters, digits and _",
                )  # fmt: skip
            made[node.name] = node
        return made

    def lists(self, root: Element) -> dict[str, tuple[OptionNode, ...]]:
        made: dict[str, tuple[OptionNode, ...]] = {}
        for element in root.all("choices"):
            name = element.required("name")
            if name in made:
                self.refuse("name-twice", f"there are two lists “{name}”", element.origin("name"))
            made[name] = tuple(self.option(child) for child in element.all("option"))
        return made

    def object(self, element: Element) -> ObjectNode:
        return ObjectNode(
            name=element.required("name"),
            class_name=element.required("class"),
            key=self.optional(element, "key"),
            access=Access(element.required("access")),
            may_be_missing=element.get("missing") == "empty",
            place=_place(element),
        )

    def variable(self, element: Element) -> Variable:
        return Variable(
            name=element.required("name"),
            type=Type(element.required("type")),
            initial=self.optional(element, "initial"),
            place=_place(element),
        )

    def compute(self, element: Element) -> Compute:
        return Compute(
            name=element.required("name"),
            type=Type(element.required("type")),
            value=self.demanded(element, "as"),
            place=_place(element),
        )


def _place(element: Element) -> Place:
    return Place(element.line, element.column, element.origins)
