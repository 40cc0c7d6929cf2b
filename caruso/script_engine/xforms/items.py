"""Make the items of the dialog from the body of a form: infos, questions, groups, repeats."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal, InvalidOperation

from caruso.script_engine.xforms import terms
from caruso.script_engine.xforms.beginnings import CHANGED, Becomes
from caruso.script_engine.xforms.form import Action, Control, Node, Part
from caruso.script_engine.xforms.markup import Element, element
from caruso.script_engine.xforms.options import is_shuffled, options
from caruso.script_engine.xforms.paths import Untranslatable, of
from caruso.script_engine.xforms.plan import Plan
from caruso.script_engine.xforms.report import Effect
from caruso.script_engine.xforms.terms import Term
from caruso.script_engine.xforms.wordings import Wordings, shown

#: Passes a repeat may have: a slip of the finger must not ask ten thousand times.
MOST_PASSES = 200

_TYPES = {
    "int": "integer",
    "integer": "integer",
    "decimal": "number",
    "double": "number",
    "date": "date",
    "dateTime": "date-time",
    "time": "time",
}
_POINT = r"-?[0-9]+(\.[0-9]+)? -?[0-9]+(\.[0-9]+)?( -?[0-9]+(\.[0-9]+)?){0,2}"
_PATTERNS = {
    "geopoint": _POINT,
    "geotrace": rf"{_POINT}(; ?{_POINT})*;? ?",
    "geoshape": rf"{_POINT}(; ?{_POINT})*;? ?",
}
_CHOICES = {"select1": "choice", "select": "choices", "rank": "ranking"}
_ANOTHER = {"en": "Another one?", "de": "Noch einmal?", "nl": "Nog een keer?", "it": "Ancora una volta?"}
_ANY = {"en": "Is there one?", "de": "Gibt es das?", "nl": "Is er een?", "it": "Ce n'è uno?"}
_WRONG = "This answer is not possible here."


class Items:
    """Makes items; what cannot be made is reported."""

    def __init__(self, plan: Plan, wordings: Wordings) -> None:
        self._plan = plan
        self._wordings = wordings
        self._report = plan.report
        #: What the actions of a control set, by control.
        self._acting: dict[Control, list[tuple[Node, Action]]] = {}
        for node in plan.form.root.everything():
            for action in node.actions:
                if action.control is not None:
                    self._acting.setdefault(action.control, []).append((node, action))

    def of(self, part: Part) -> list[Element]:
        """Return the items of a part of the body."""
        made: list[Element] = []
        for each in part.parts:
            if self._never(each.node):
                continue
            if isinstance(each, Control):
                made += self._control(each)
            elif each.repeats:
                made += self._repeat(each, [])
            else:
                made += self._group(each)
        return made

    def _refuse(self, node: Node, what: str, reason: object) -> None:
        line = node.bind.line if node.bind is not None else node.line
        self._report.add(Effect.REFUSED, node.path, line, what, str(reason))

    def _never(self, node: Node | None) -> bool:
        """Whether something is never asked, because its condition cannot hold; that is told."""
        if node is None or not node.bound("relevant"):
            return False
        try:
            never = self._plan.own_condition(node).constant is False
        except Untranslatable:
            return False
        if never:
            line = node.bind.line if node.bind is not None else node.line
            self._report.add(Effect.LEFT_OUT, node.path, line, "relevant", "it is never asked: this cannot hold")
        return never

    def _when(self, node: Node | None) -> str | None:
        """Return the condition of an item for an attribute; that of what it is in is asked there."""
        if node is None or not node.bound("relevant"):
            return None
        try:
            condition = self._plan.own_condition(node)
        except Untranslatable as reason:
            self._refuse(node, "relevant", reason)
            return None
        return None if condition.constant is True else condition.code

    # -- Groups -----------------------------------------------------------------------------------------------

    def _group(self, part: Part) -> list[Element]:
        titles = self._wordings.titles(part.tag.first("label"), part.node)
        inner = part.parts
        if len(inner) == 1 and isinstance(inner[0], Part) and inner[0].repeats and inner[0].node is part.node:
            return self._repeat(inner[0], titles)
        items = self.of(part)
        if not items:
            return []
        name = self._plan.names.of(part.node) if part.node is not None else self._plan.names.new("group")
        together = "field-list" in part.tag.get("appearance").split()
        group = element("group", id=name, ask_if=self._when(part.node), show="together" if together else None)
        return [group.add(*titles, *items)]

    def _repeat(self, part: Part, titles: list[Element]) -> list[Element]:
        node = part.node
        if node is None:
            return []
        name = self._plan.ids[node]
        titles = titles or self._wordings.titles(part.tag.first("label"), node)
        items = self.of(part)
        if not items:
            return []
        repeat = element("repeat", id=name, name=name, ask_if=self._when(node), max=str(MOST_PASSES))
        before: list[Element] = []
        if (times := self._plan.repeats.times(node)) is not None:
            number = self._times(node, times)
            if self._plan.repeats.counts_itself(node):
                index = f"{name}.index"
                repeat.attributes["while"] = f"empty({index}) and {number} gt 0 or {index} lt {number}"
            else:
                repeat.attributes["times"] = number
        else:
            more = self._plan.names.new(f"{name}_more")
            at_first = self._plan.repeats.at_first(node)
            before = self._offered(repeat, at_first, titles)
            enough = terms.ordered(">=", Term(f"{name}.index", terms.Kind.NUMBER), at_first)
            asked = None if max(node.times, node.times_in_template) <= 1 else enough.code
            items.append(self._asked(more, titles, _ANOTHER, ask_if=asked))
            repeat.attributes["while"] = (
                f"answers.{more}" if asked is None else f"not {enough.code} or answers.{more}"
            )
        return [*before, repeat.add(*titles, *items)]

    def _times(self, node: Node, source: str) -> str:
        try:
            term = self._plan.meaning.term(self._plan.tree(source), of(node))
            return self._plan.checked(terms.as_number(term)).at(terms.Level.SUM)
        except Untranslatable as reason:
            self._refuse(node, "jr:count", reason)
            return "1"

    def _offered(self, repeat: Element, at_first: Term, titles: list[Element]) -> list[Element]:
        """Return the question whether there is a first pass, where the form begins without one."""
        none = terms.equal(at_first, terms.number(Decimal(0)))
        if none.constant is False:
            return []
        name = self._plan.names.new(f"{repeat.attributes['id']}_first")
        when = repeat.attributes.get("ask-if")
        conditions = [Term(when, terms.Kind.BOOLEAN, terms.Level.CHOICE)] if when else []
        asked = terms.both(*conditions, none)
        first = self._asked(name, titles, _ANY, ask_if=asked.code if asked.constant is None else None)
        wanted = terms.either(terms.negation(none), Term(f"answers.{name}", terms.Kind.BOOLEAN))
        repeat.attributes["ask-if"] = terms.both(*conditions, wanted).code
        return [first]

    def _asked(
        self, name: str, titles: list[Element], words: Mapping[str, str], **attributes: str | None
    ) -> Element:
        question = element("question", id=name, type="yes-no", **attributes)
        by_language = {each.attributes.get("lang"): each for each in titles}
        for code in self._wordings.languages.values():
            heading = by_language.get(code) or by_language.get(None)
            start = [f"{part} – " for part in heading.children if isinstance(part, str)] if heading else []
            text = words.get(code.partition("-")[0], words["en"])
            question.add(element("text", "".join(start) + text, lang=code))
        return question

    # -- Controls ---------------------------------------------------------------------------------------------

    def _control(self, control: Control) -> list[Element]:
        node = control.node
        if self._plan.offers_nothing(node):
            self._report.add(
                Effect.LEFT_OUT, node.path, node.line, control.kind, "there is nothing to choose from"
            )
            return []
        if self._plan.becomes(node) is not Becomes.QUESTION:
            return [self._note(control)]
        try:
            return [self._question(control)]
        except Untranslatable as reason:
            self._refuse(node, control.kind, reason)
            return []

    def _note(self, control: Control) -> Element:
        node = control.node
        texts = self._texts(control)
        try:
            value = self._plan.value(node, of(node))
        except Untranslatable as reason:
            self._report.add(Effect.LEFT_OUT, node.path, node.line, "value", str(reason))
            value = terms.NOTHING
        if value.code != "null":
            for text in texts:
                text.add(element("break"), element("value", of=shown(value).code))
        info = element("info", id=self._plan.ids[node], ask_if=self._when(node))
        return info.add(*texts, *self._hints(control))

    def _texts(self, control: Control) -> list[Element]:
        return self._wordings.texts("text", control.tag.first("label"), control.node, control.node.name)

    def _hints(self, control: Control) -> list[Element]:
        hint = control.tag.first("hint")
        channels = "agent web phone"
        return [
            *self._wordings.texts("hint", hint, control.node, "", for_=channels),
            *self._wordings.guidance(hint, control.node),
        ]

    def _question(self, control: Control) -> Element:
        node = control.node
        question = element("question", id=self._plan.ids[node], type=self._type(control), ask_if=self._when(node))
        question.attributes |= self._attributes(control)
        question.add(*self._texts(control), *self._hints(control))
        if control.kind in _CHOICES:
            self._choices(control, question)
        elif control.kind == "trigger":
            question.add(element("option", element("text", "OK"), value="OK"))
        question.add(*self._checks(control), *self._actions(control))
        return question

    def _choices(self, control: Control, question: Element) -> None:
        made = options(self._plan, self._wordings, control)
        if not made:
            raise Untranslatable("there is nothing to choose from")
        if is_shuffled(control):
            question.attributes["order"] = "random"
        question.add(*made)

    def _type(self, control: Control) -> str:
        node = control.node
        match control.kind:
            case "select1" | "select" | "rank":
                return _CHOICES[control.kind]
            case "trigger":
                return "choice"
            case "upload":
                return self._upload(control)
            case "input" if node.type == "geopoint" and not self._plan.is_text_place(node):
                return "location"
            case _:
                written = "multiline" in control.appearance or control.kind == "textarea"
                return _TYPES.get(node.type, "memo" if written else "text")

    def _upload(self, control: Control) -> str:
        if control.appearance & {"signature", "draw", "annotate"}:
            return "signature"
        return "voice-record" if control.tag.get("mediatype").startswith("audio") else "file"

    def _attributes(self, control: Control) -> dict[str, str]:
        node = control.node
        given = {"required": self._required(node)}
        if node.type in _PATTERNS and self._type(control) in {"text", "memo"}:
            given["pattern"] = _PATTERNS[node.type]
            reason = f"a {node.type} is typed as a text: latitude and longitude, points separated by ;"
            self._report.add(Effect.CHANGED, node.path, node.line, "type", reason)
        if control.kind == "range":
            given |= self._bounds(control)
        given |= self._read_only(node)
        offered = self._default(node)
        return given | ({"default": offered} if offered else {})

    def _bounds(self, control: Control) -> dict[str, str]:
        """Return the bounds of a range, which may be written either way round."""
        start, end = (_decimal(control.tag.get(each)) for each in ("start", "end"))
        if start is None or end is None:
            raise Untranslatable("a range without a start or an end")
        return {"min": terms.number(min(start, end)).code, "max": terms.number(max(start, end)).code}

    def _required(self, node: Node) -> str:
        source = node.bound("required")
        if not source:
            return "no"
        try:
            condition = self._plan.condition(node, "required")
        except Untranslatable as reason:
            self._refuse(node, "required", reason)
            return "no"
        if isinstance(condition.constant, bool):
            return "yes" if condition.constant else "no"
        return condition.code

    def _read_only(self, node: Node) -> dict[str, str]:
        try:
            condition = self._plan.read_only(node)
        except Untranslatable as reason:
            self._refuse(node, "readonly", reason)
            return {}
        return {} if condition.constant is False else {"read-only": condition.code}

    def _default(self, node: Node) -> str | None:
        try:
            offered = self._plan.beginnings.at(node, of(node))
        except Untranslatable as reason:
            self._report.add(Effect.LEFT_OUT, node.path, node.line, "default", str(reason))
            self._plan.unknown.setdefault(node, str(reason))
            return None
        return offered.code if offered is not None and offered.code != "null" else None

    def _checks(self, control: Control) -> list[Element]:
        node = control.node
        conditions: list[Term] = []
        if node.bound("constraint"):
            try:
                conditions.append(self._plan.condition(node, "constraint"))
            except Untranslatable as reason:
                self._refuse(node, "constraint", reason)
        if control.kind == "range" and (step := self._step(control)) is not None:
            conditions.append(step)
        answer = Term(f"answers.{self._plan.ids[node]}", self._plan.kind(node))
        blank = terms.call("empty", terms.Kind.BOOLEAN, answer)
        message = node.bound("jr:constraintMsg")
        line = node.bind.line if node.bind is not None else node.line
        return [
            element(
                "check", *self._wordings.message(message, line, node, _WRONG), if_=terms.either(blank, each).code
            )
            for each in conditions
            if each.constant is not True
        ]

    def _step(self, control: Control) -> Term | None:
        step, start = _decimal(control.tag.get("step")), _decimal(control.tag.get("start"))
        if not step or start is None:
            return None
        answer = f"answers.{self._plan.ids[control.node]}"
        begin = terms.number(start).at(terms.Level.ATOM)
        code = f"({answer} - {begin}) % {terms.number(abs(step)).code} = 0"
        return Term(code, terms.Kind.BOOLEAN, terms.Level.RELATION)

    def _actions(self, control: Control) -> list[Element]:
        return [
            made for node, action in self._acting.get(control, ()) for made in self._set(node, action, control)
        ]

    def _set(self, node: Node, action: Action, control: Control) -> list[Element]:
        line = action.tag.line
        if action.tag.name != "setvalue":
            self._report.add(Effect.LEFT_OUT, node.path, line, action.tag.local, "a place or sound taken unasked")
            return []
        if self._plan.becomes(node) is not Becomes.VARIABLE or not action.events & {CHANGED}:
            return []  # it is in the value of the node, or happens elsewhere
        try:
            current = self._plan.value(node, of(node))
            new = self._plan.beginnings.set_by(action, of(control.node))
        except Untranslatable as reason:
            self._report.add(Effect.REFUSED, node.path, line, "setvalue", str(reason))
            return []
        answered = terms.call("known", terms.Kind.BOOLEAN, f"answers.{self._plan.ids[control.node]}")
        name = f"vars.{self._plan.ids[node]}"
        kept = Term(name, current.kind)
        return [element("set", name=name, to=terms.choice(answered, new, kept).code)]


def _decimal(text: str) -> Decimal | None:
    try:
        number = Decimal(text)
    except InvalidOperation:
        return None
    return number if number.is_finite() else None
