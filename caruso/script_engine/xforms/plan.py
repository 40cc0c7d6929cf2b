"""Decide what each node of a form becomes in the dialog, and how expressions read it there."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from decimal import Decimal
from enum import Enum

from caruso.script_engine.expressions import ExpressionError
from caruso.script_engine.expressions.parser import parse as parse_ours
from caruso.script_engine.xforms import functions, terms
from caruso.script_engine.xforms.document import Tag
from caruso.script_engine.xforms.form import Form, Node
from caruso.script_engine.xforms.meaning import Meaning
from caruso.script_engine.xforms.names import Names
from caruso.script_engine.xforms.paths import Context, Untranslatable, of
from caruso.script_engine.xforms.report import Effect, Report
from caruso.script_engine.xforms.terms import Kind, Term
from caruso.script_engine.xforms.xpath import XPath, XPathError, parse

#: An expression longer than this gets a name of its own where it is a part of others.
LONGEST_PART = 120
_QUESTION_KINDS = {
    "int": Kind.NUMBER,
    "integer": Kind.NUMBER,
    "decimal": Kind.NUMBER,
    "double": Kind.NUMBER,
    "date": Kind.DATE,
    "dateTime": Kind.MOMENT,
    "time": Kind.TIME,
}
_WHOLE = {"int", "integer"}
#: Types of `compute` and `var`.
TYPES = {
    Kind.TEXT: "text",
    Kind.NUMBER: "number",
    Kind.BOOLEAN: "boolean",
    Kind.DATE: "date",
    Kind.MOMENT: "date-time",
    Kind.TIME: "time",
    Kind.LIST: "list",
}


class Becomes(Enum):
    """What a node is in the dialog."""

    QUESTION = "question"
    #: Worked out from others, or always the same.
    COMPUTED = "computed"
    #: Set by actions.
    VARIABLE = "variable"


@dataclass(slots=True)
class Compute:
    """A named expression of the dialog."""

    name: str
    type: str
    code: str


@dataclass(slots=True)
class Plan:
    """The form, what its nodes become, and the named expressions that were needed for it."""

    form: Form
    report: Report
    tables: Mapping[str, Tag]
    names: Names = field(default_factory=Names)
    ids: dict[Node, str] = field(default_factory=dict)
    computes: dict[str, Compute] = field(default_factory=dict)
    #: Names of the computed values of nodes.
    computed: dict[Node, str] = field(default_factory=dict)
    #: Nodes whose value is not known, and why.
    unknown: dict[Node, str] = field(default_factory=dict)
    meaning: Meaning = field(init=False)
    _values: dict[Node, Term] = field(default_factory=dict)
    _conditions: dict[Node, Term] = field(default_factory=dict)
    _working: set[Node] = field(default_factory=set)
    #: Repeats whose passes are wanted one by one, by how many there are at the beginning.
    _missing: set[str] = field(default_factory=set)

    def __post_init__(self) -> None:
        self.meaning = Meaning(self)
        for node in self.form.root.everything():
            if node.control is not None or node.repeat is not None:
                self.ids[node] = self.names.of(node)

    # -- What nodes become ------------------------------------------------------------------------------------

    def becomes(self, node: Node) -> Becomes:
        """Return what a node is in the dialog."""
        if node.control is not None and not self.is_note(node):
            return Becomes.QUESTION
        if any(action.control is not None for action in node.actions) and not node.bound("calculate"):
            return Becomes.VARIABLE
        return Becomes.COMPUTED

    def is_note(self, node: Node) -> bool:
        """Whether the control of a node only shows something."""
        return any(each.bound("readonly").replace(" ", "") == "true()" for each in (node, *node.ancestors))

    def kind(self, node: Node) -> Kind:
        """Return the kind of the answers of a question."""
        control = node.control
        match control.kind if control is not None else "":
            case "select" | "rank":
                return Kind.LIST
            case "select1" | "trigger":
                return Kind.TEXT
            case "upload":
                return Kind.FILE
            case _ if node.type == "geopoint" and not self.is_text_place(node):
                return Kind.PLACE
            case _:
                return _QUESTION_KINDS.get(node.type, Kind.TEXT)

    def is_text_place(self, node: Node) -> bool:
        """Whether a place is asked for as a text, because the form reads more of it than where it is."""
        return node.path in self._read_places

    @property
    def _read_places(self) -> frozenset[str]:
        words = " ".join(
            value
            for each in self.form.root.everything()
            if each.bind is not None
            for value in each.bind.attributes.values()
        )
        return frozenset(
            node.path for node in self.form.root.everything() if node.type == "geopoint" and f"/{node.name}" in words
        )

    # -- Expressions ------------------------------------------------------------------------------------------

    def tree(self, source: str) -> XPath:
        """Return the tree of an expression; raise `Untranslatable`."""
        try:
            return parse(source)
        except XPathError as error:
            raise Untranslatable(f"it cannot be read: {error}") from None

    def checked(self, term: Term) -> Term:
        """Return the term when it can be an expression of ours; raise `Untranslatable`."""
        try:
            parse_ours(term.code)
        except ExpressionError as error:
            raise Untranslatable(f"it would be too much for one expression: {error.message}") from None
        return term

    def condition(self, node: Node, attribute: str) -> Term:
        """Return a condition of the bind of a node, in the node's own context."""
        return self.checked(self.meaning.condition(self.tree(node.bound(attribute)), of(node)))

    def applies(self, node: Node, context: Context) -> Term:
        """Return whether a node is relevant: its own condition and those of all it is in."""
        return terms.both(*(self.own_condition(each, context) for each in (*reversed(tuple(node.ancestors)), node)))

    def own_condition(self, node: Node, context: Context | None = None) -> Term:
        """Return whether a node is relevant, what it is in aside."""
        context = context or of(node)
        if not node.bound("relevant"):
            return terms.boolean(True)
        if any(repeat in context.passes for repeat in node.repeats):
            inner = Context(here=node, current=node, passes=context.passes)
            return self.meaning.condition(self.tree(node.bound("relevant")), inner)
        if node not in self._conditions:
            self._conditions[node] = self.condition(node, "relevant")
        found = self._conditions[node]
        if len(found.code) > LONGEST_PART:
            found = self._conditions[node] = self.named(node, "_applies", found)
        return found

    def named(self, node: Node, suffix: str, term: Term) -> Term:
        """Return the term under a name of its own."""
        name = self.names.of(node, suffix)
        self.computes[name] = Compute(name, TYPES.get(term.kind, "text"), self.checked(term).code)
        return replace(term, code=name, level=terms.Level.ATOM, constant=None)

    # -- Reading ----------------------------------------------------------------------------------------------

    def value(self, node: Node, context: Context) -> Term:
        """Return the term of a node; raise `Untranslatable` when it is not known."""
        if node.children:
            raise Untranslatable(f"the value of the group {node.path}")
        if node in self.unknown:
            raise Untranslatable(f"it needs {node.path}, which is not known in the dialog")
        repeats = node.repeats
        given = context.passes.get(repeats[-1]) if repeats else None
        if given is not None:
            return self._in_pass(node, given, context)
        if node not in self._values:
            self._values[node] = self._value(node)
        return self._values[node]

    def _value(self, node: Node) -> Term:
        if node in self._working:
            raise Untranslatable(f"{node.path} is worked out from itself")
        self._working.add(node)
        try:
            match self.becomes(node):
                case Becomes.QUESTION:
                    return self._question(node)
                case Becomes.VARIABLE:
                    return self._variable(node)
                case Becomes.COMPUTED:
                    return self._computed(node)
        finally:
            self._working.discard(node)

    def _question(self, node: Node) -> Term:
        answer = Term(f"answers.{self.ids[node]}", self.kind(node), node=True)
        offered = self.default(node, of(node))
        if offered is None or offered.code == "null":
            return answer
        given = terms.choice(
            terms.call("answered", Kind.BOOLEAN, f"'{self.ids[node]}'"), answer, replace(offered, node=True)
        )
        whole = terms.choice(self.applies(node, of(node)), given, Term("null", answer.kind))
        return replace(self.named(node, "_value", whole), node=True)

    def _variable(self, node: Node) -> Term:
        if node.repeats:
            raise Untranslatable(f"{node.path} is set by an action in each pass of a repeat")
        name = self.ids.setdefault(node, self.names.of(node))
        value = Term(f"vars.{name}", _QUESTION_KINDS.get(node.type, Kind.TEXT), node=True)
        return replace(terms.choice(self.applies(node, of(node)), value, Term("null", value.kind)), node=True)

    def _computed(self, node: Node) -> Term:
        term = self.worked_out(node, of(node))
        if isinstance(term.constant, str) or term.code == "null":
            return replace(term, node=True)
        self.computed[node] = name = self.names.of(node) if node not in self.ids else self.names.of(node, "_value")
        self.computes[name] = Compute(name, TYPES.get(term.kind, "text"), self.checked(term).code)
        return Term(name, term.kind, node=True)

    def worked_out(self, node: Node, context: Context) -> Term:
        """Return what a node without answers holds in this context."""
        source = node.bound("calculate")
        if source:
            inner = Context(here=node, current=node, passes=context.passes)
            value = self.meaning.term(self.tree(source), inner)
        else:
            value = self.default(node, context) or terms.NOTHING
        return terms.choice(self.applies(node, context), stored(value, node.type), terms.NOTHING)

    def default(self, node: Node, context: Context) -> Term | None:
        """Return what a node holds before anything is answered; None for nothing."""
        if node.bound("calculate") and node.control is not None and not self.is_note(node):
            return stored(self.meaning.term(self.tree(node.bound("calculate")), of(node)), node.type)
        first_load = next((each for each in node.actions if each.control is None), None)
        if first_load is not None:
            return stored(self.set_by(node, first_load.tag), node.type)
        if node.bound("jr:preload"):
            return self._preloaded(node)
        texts = [text for text in node.defaults if text]
        if not texts:
            return None
        values = [stored(terms.text(text, node=True), node.type) for text in node.defaults]
        if len(set(values)) == 1 or not node.repeats:
            return self._fitting(node, values[0])
        repeat = node.repeats[-1]
        position = self.position(repeat, context)
        chosen = terms.NOTHING
        for number, value in reversed(list(enumerate(values, start=1))):
            chosen = terms.choice(terms.equal(position, terms.number(Decimal(number))), value, chosen)
        return chosen

    def _fitting(self, node: Node, value: Term) -> Term | None:
        """Return a default as the kind of the question's answers."""
        if node.control is None:
            return value
        kind = self.kind(node)
        text = str(terms.as_text(value).constant or "")
        match kind:
            case Kind.LIST:
                return Term(f"[{', '.join(terms.text(part).code for part in text.split())}]", Kind.LIST)
            case Kind.PLACE | Kind.FILE | Kind.TIME:
                return None
            case _:
                return value

    def set_by(self, node: Node, tag: Tag) -> Term:
        """Return what an action at a node sets."""
        if not tag.get("value"):
            return terms.text(tag.text, node=True)
        return self.meaning.term(self.tree(tag.get("value")), of(node))

    def _preloaded(self, node: Node) -> Term:
        preload, parameter = node.bound("jr:preload"), node.bound("jr:preloadParams")
        match preload, parameter:
            case "date", "today":
                return terms.call("today", Kind.DATE)
            case _:
                raise Untranslatable(f"data about the device or the submission (jr:preload {preload} {parameter})")

    def _in_pass(self, node: Node, code: str, context: Context) -> Term:
        match self.becomes(node):
            case Becomes.QUESTION:
                answer = Term(f"{code}.{self.ids[node]}", self.kind(node), node=True)
                offered = self.default(node, context)
                if offered is None or offered.code == "null":
                    return answer
                return replace(
                    terms.choice(terms.call("known", Kind.BOOLEAN, answer), answer, offered), node=True
                )
            case Becomes.VARIABLE:
                raise Untranslatable(f"{node.path} is set by an action in each pass of a repeat")
            case Becomes.COMPUTED:
                if node in self._working:
                    raise Untranslatable(f"{node.path} is worked out from itself")
                self._working.add(node)
                try:
                    return replace(self.worked_out(node, context), node=True)
                finally:
                    self._working.discard(node)

    def passes(self, repeat: Node, context: Context) -> Term:
        """Return the list of passes of a repeat."""
        around = [each for each in repeat.repeats[:-1] if each in context.passes]
        root = context.passes[around[-1]] if around else "answers"
        return Term(f"{root}.{self.ids[repeat]}", Kind.LIST)

    def count(self, repeat: Node, context: Context) -> Term:
        """Return how many passes a repeat has."""
        if repeat in context.open and repeat not in context.passes:
            return Term(f"{self.ids[repeat]}.count", Kind.NUMBER)
        assert repeat.repeat is not None
        if (times := self.times(repeat)) is not None:
            inner = Context(here=repeat, current=repeat, passes=context.passes)
            wanted = functions.truncated(terms.as_number(self.meaning.term(self.tree(times), inner)))
            return terms.choice(
                terms.both(self.applies(repeat, inner), terms.ordered(">", wanted, terms.number(Decimal(0)))),
                wanted,
                terms.number(Decimal(0)),
            )
        passed = terms.call("count", Kind.NUMBER, self.passes(repeat, context))
        known = terms.call("known", Kind.BOOLEAN, self.passes(repeat, context))
        return terms.choice(known, passed, terms.number(Decimal(repeat.times)))

    def times(self, repeat: Node) -> str | None:
        """Return the expression for the number of passes, None where people decide."""
        assert repeat.repeat is not None
        tag = repeat.repeat.tag
        if tag.get("jr:count"):
            return tag.get("jr:count")
        return str(repeat.times) if tag.get("jr:noAddRemove").startswith("true") else None

    def position(self, repeat: Node, context: Context) -> Term:
        """Return the number of the pass being asked, from 1."""
        return Term(f"{self.ids[repeat]}.index", Kind.NUMBER)

    def table(self, name: str) -> Tag | None:
        """Return a table of the form, or one that came with it."""
        found = self.tables.get(name)
        if found is None and name not in self._missing:
            self._missing.add(name)
            outside = self.form.outside.get(name)
            line = outside.line if outside is not None else 0
            where = outside.get("src") if outside is not None else f"instance('{name}')"
            self.report.add(Effect.CHANGED, name, line, "table", f"{where} was not given: it is taken as empty")
        return found

    def label(self, node: Node, value: Term, context: Context) -> Term:
        """Return the label of an option of a question."""
        if value.code == f"answers.{self.ids[node]}":
            return terms.call("label", Kind.TEXT, value)
        raise Untranslatable("the label of an option of another question")


def stored(value: Term, kind: str) -> Term:
    """Return a value as a node of a type keeps it."""
    match kind:
        case "int" | "integer":
            return functions.truncated(terms.as_number(value)) if not _is_whole(value) else terms.as_number(value)
        case "decimal" | "double":
            return terms.as_number(value)
        case "date":
            return _as_day(value)
        case _:
            return value


def _is_whole(value: Term) -> bool:
    begins = ("count(", "length(", "days_between(", "round(", "floor(", "ceil(")
    return value.kind is Kind.NUMBER and value.code.startswith(begins) and value.code.count("(") == 1


def _as_day(value: Term) -> Term:
    if value.kind is Kind.NUMBER:
        return Term("null", Kind.DATE)
    if isinstance(value.constant, str) and not value.constant.strip():
        return terms.NOTHING
    return functions.to_date(value)
