"""Decide what each node of a form becomes in the dialog, and how expressions read it there."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from caruso.script_engine.expressions import ExpressionError
from caruso.script_engine.expressions.functions import QUANTIFIERS
from caruso.script_engine.expressions.parser import parse as parse_ours
from caruso.script_engine.expressions.tree import Call as CallTree
from caruso.script_engine.expressions.tree import Node as Tree
from caruso.script_engine.expressions.tree import parts
from caruso.script_engine.source import MOST_ELEMENTS
from caruso.script_engine.xforms import terms
from caruso.script_engine.xforms.beginnings import Becomes, Beginnings
from caruso.script_engine.xforms.document import Tag
from caruso.script_engine.xforms.form import Form, Node, Part
from caruso.script_engine.xforms.labels import languages_of, translated, words
from caruso.script_engine.xforms.meaning import Meaning
from caruso.script_engine.xforms.names import Names
from caruso.script_engine.xforms.passes import Passes
from caruso.script_engine.xforms.paths import Context, Untranslatable, of
from caruso.script_engine.xforms.reads import Reads
from caruso.script_engine.xforms.report import Effect, Report
from caruso.script_engine.xforms.storing import stored
from caruso.script_engine.xforms.terms import Kind, Term
from caruso.script_engine.xforms.xpath import XPath, XPathError, calls, parse, paths

#: An expression longer than this gets a name of its own where it is a part of others.
LONGEST_PART = 120
#: Rows of tables that the conditions of a form are held against, each as often as it is.
MOST_ROWS = 200_000
#: Values that may be worked out within one another: each takes some twenty calls of Python.
MOST_WITHIN = 20
_QUESTION_KINDS = {
    "int": Kind.NUMBER,
    "integer": Kind.NUMBER,
    "decimal": Kind.NUMBER,
    "double": Kind.NUMBER,
    "date": Kind.DATE,
    "dateTime": Kind.MOMENT,
    "time": Kind.TIME,
}
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
    beginnings: Beginnings = field(init=False)
    repeats: Passes = field(init=False)
    reads: Reads = field(init=False)
    #: Codes of the languages, by the form's names for them.
    languages: Mapping[str, str] = field(init=False)
    _read_places: frozenset[Node] = field(init=False)
    #: Repeats in which something is asked.
    asked_in: frozenset[Node] = field(init=False)
    _values: dict[Node, Term] = field(default_factory=dict)
    _conditions: dict[Node, Term] = field(default_factory=dict)
    _working: set[Node] = field(default_factory=set)
    _opening: set[Node] = field(default_factory=set)
    _trees: dict[str, XPath] = field(default_factory=dict)
    _order: dict[Node, int] = field(default_factory=dict)
    _looked_through: int = 0
    _offered: int = 0
    #: Repeats whose passes are wanted one by one, by how many there are at the beginning.
    _missing: set[str] = field(default_factory=set)

    def __post_init__(self) -> None:
        self.meaning = Meaning(self)
        self.beginnings = Beginnings(self)
        self.repeats = Passes(self)
        self.reads = Reads(self.form, self.tree)
        self.languages = languages_of(self.form)
        self._read_places = _read_places(self.form)
        self.asked_in = frozenset(
            repeat for node in _asked(self.form.body) if node.control is not None for repeat in node.repeats
        )
        for node in _asked(self.form.body):
            self.ids[node] = self.names.of(node)

    # -- What nodes become ------------------------------------------------------------------------------------

    def becomes(self, node: Node) -> Becomes:
        """Return what a node is in the dialog."""
        if node.control is not None and not self.is_note(node) and not self.offers_nothing(node):
            return Becomes.QUESTION
        changes = self.beginnings.changes(node)
        if (
            changes
            and not node.repeats
            and not node.bound("calculate")
            and not self.beginnings.follows(changes[0])
        ):
            return Becomes.VARIABLE
        return Becomes.COMPUTED

    @staticmethod
    def offers_nothing(node: Node) -> bool:
        """Whether a question has no options in the form, and need not be answered: nobody can."""
        if (
            node.control is None
            or node.control.kind not in {"select", "select1", "rank"}
            or node.bound("required")
        ):
            return False
        tags = node.control.tag.children
        values = (tag.first("value") for tag in tags if tag.local == "item")
        return not any(tag.local == "itemset" for tag in tags) and not any(each and each.text for each in values)

    def is_note(self, node: Node) -> bool:
        """Whether the control of a node only shows something."""
        return any(
            each.bound("readonly") and self._always(each.bound("readonly")) for each in node.line_of_descent
        )

    def _always(self, source: str) -> bool:
        """Whether a condition reads nothing and holds."""
        try:
            tree = self.tree(source)
            reads = any(True for _ in paths(tree)) or calls(tree) - {"true", "false", "not", "boolean"}
            return not reads and self.meaning.condition(tree, of(self.form.root)).constant is True
        except Untranslatable:
            return False

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

    @staticmethod
    def _is_single(node: Node) -> bool:
        return node.control is not None and node.control.kind in {"select1", "trigger"}

    def is_text_place(self, node: Node) -> bool:
        """Whether a place is asked for as a text, because the form reads more of it than where it is."""
        return node in self._read_places

    # -- Expressions ------------------------------------------------------------------------------------------

    def tree(self, source: str) -> XPath:
        """Return the tree of an expression; raise `Untranslatable`."""
        if source not in self._trees:
            try:
                self._trees[source] = parse(source)
            except XPathError as error:
                raise Untranslatable(f"it cannot be read: {error}") from None
        return self._trees[source]

    def checked(self, term: Term) -> Term:
        """Return the term when it can be an expression of ours; raise `Untranslatable`."""
        try:
            tree = parse_ours(term.code)
        except ExpressionError as error:
            raise Untranslatable(f"it would be too much for one expression: {error.message}") from None
        if _nests(tree):
            raise Untranslatable("a list of answers within a list of answers")
        return term

    def read_only(self, node: Node) -> Term:
        """Return whether an answer cannot be changed: because of its node, or of something it is in."""
        bound = [each for each in node.line_of_descent if each.bound("readonly")]
        return self.checked(terms.either(*(self.condition(each, "readonly") for each in bound)))

    def condition(self, node: Node, attribute: str) -> Term:
        """Return a condition of the bind of a node, in the node's own context."""
        return self.checked(self.meaning.condition(self.tree(node.bound(attribute)), of(node)))

    def applies(self, node: Node, context: Context) -> Term:
        """Return whether a node is relevant: its own condition and those of all it is in."""
        return terms.both(*(self.own_condition(each, context) for each in node.line_of_descent))

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
        if context.opening and self.becomes(node) is Becomes.QUESTION and not node.repeats:
            return self._when_opened(node)
        repeats = node.repeats
        given = context.passes.get(repeats[-1]) if repeats else None
        if given is not None:
            return self._in_pass(node, given, context)
        if node not in self._values:
            self._values[node] = self._value(node)
        return self._values[node]

    def _value(self, node: Node) -> Term:
        self._begin(node)
        try:
            if self.applies(node, of(node)).constant is False:
                return terms.NOTHING
            match self.becomes(node):
                case Becomes.QUESTION:
                    return self._question(node)
                case Becomes.VARIABLE:
                    return self._variable(node)
                case Becomes.COMPUTED:
                    return self._computed(node)
        finally:
            self._working.discard(node)

    def _begin(self, node: Node) -> None:
        """Begin to work out what a node holds, within others that need it; refuse what would lead too deep."""
        if node in self._working:
            raise Untranslatable(f"{node.path} is worked out from itself")
        if len(self._working) > MOST_WITHIN:
            raise Untranslatable(f"more than {MOST_WITHIN} values that are worked out from each other")
        self._working.add(node)

    def _when_opened(self, node: Node) -> Term:
        """Return what a question holds before anybody is asked anything."""
        if node in self._opening:
            raise Untranslatable(f"{node.path} is worked out from itself")
        self._opening.add(node)
        try:
            inner = replace(of(node), opening=True)
            offered = self.beginnings.at(node, inner)
            if offered is None:
                return terms.NOTHING
            held = replace(offered, node=True)
            return terms.choice(self.applies(node, inner), held, Term("null", offered.kind))
        finally:
            self._opening.discard(node)

    def _question(self, node: Node) -> Term:
        answer = Term(f"answers.{self.ids[node]}", self.kind(node), node=True, single=self._is_single(node))
        answer = replace(answer, options=_options_written(node))
        offered = self.beginnings.at(node, of(node))
        if offered is None:
            return self._while_it_applies(node, answer)
        given = terms.choice(
            terms.call("answered", Kind.BOOLEAN, f"'{self.ids[node]}'"), answer, replace(offered, node=True)
        )
        whole = terms.choice(self.applies(node, of(node)), given, Term("null", answer.kind))
        return replace(self.named(node, "_value", whole), node=True)

    def _while_it_applies(self, node: Node, answer: Term) -> Term:
        """Return the answer, or nothing once a later answer takes the condition of the question away."""
        if len(self._order) != len(self.ids):
            self._order = {asked: number for number, asked in enumerate(self.ids)}
        conditions = [(each.bound("relevant"), each) for each in node.line_of_descent if each.bound("relevant")]
        if all(self.reads.latest(*each, self._order) <= self._order[node] for each in conditions):
            return answer
        self.note(node, "its condition depends on a later answer: when that changes, it is not asked again")
        whole = terms.choice(self.applies(node, of(node)), answer, Term("null", answer.kind))
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
            value = self.beginnings.at(node, context) or terms.NOTHING
        return terms.choice(self.applies(node, context), stored(value, node.type), terms.NOTHING)

    def _in_pass(self, node: Node, code: str, context: Context) -> Term:
        self._begin(node)
        try:
            match self.becomes(node):
                case Becomes.QUESTION:
                    return self._question_in_pass(node, code, context)
                case Becomes.VARIABLE:
                    raise Untranslatable(f"{node.path} is set by an action in each pass of a repeat")
                case Becomes.COMPUTED:
                    return replace(self.worked_out(node, context), node=True)
        finally:
            self._working.discard(node)

    def _question_in_pass(self, node: Node, code: str, context: Context) -> Term:
        answer = Term(f"{code}.{self.ids[node]}", self.kind(node), node=True, single=self._is_single(node))
        offered = self.beginnings.at(node, context)
        if offered is None or offered.code == "null":
            return answer
        return replace(terms.choice(terms.call("known", Kind.BOOLEAN, answer), answer, offered), node=True)

    def passes(self, repeat: Node, context: Context) -> Term:
        """Return the list of passes of a repeat."""
        return self.repeats.all(repeat, context)

    def count(self, repeat: Node, context: Context) -> Term:
        """Return how many passes a repeat has."""
        return self.repeats.count(repeat, context)

    def counted(self, repeat: Node, context: Context) -> Term | None:
        """Return how many passes a repeat has where that is worked out beforehand; else None."""
        return self.repeats.counted(repeat, context)

    def at_first(self, repeat: Node) -> Term:
        """Return how many passes a repeat has before anybody adds one; null where that is worked out."""
        return self.repeats.at_first(repeat)

    def position(self, repeat: Node, context: Context) -> Term:
        """Return the number of the pass being asked, from 1."""
        return self.repeats.position(repeat)

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

    def look_through(self, rows: int) -> None:
        """Count rows of tables that conditions are held against; raise `Untranslatable` for too many."""
        self._looked_through += rows
        if self._looked_through > MOST_ROWS:
            raise Untranslatable(f"more than {MOST_ROWS:,} rows of tables to look through in the whole form")

    def offer(self, options: int) -> None:
        """Count options of questions; raise `Untranslatable` when they are more than fit into a script."""
        self._offered += options
        if self._offered > MOST_ELEMENTS:
            raise Untranslatable(f"more than {MOST_ELEMENTS:,} options in the whole form")

    def label(self, node: Node, value: Term, context: Context) -> Term:
        """Return the label of an option of a question."""
        if value.code == f"answers.{self.ids.get(node)}" and self.kind(node) is Kind.TEXT:
            return terms.call("label", Kind.TEXT, value)
        from caruso.script_engine.xforms.options import offered  # whose conditions are translated by the plan

        if node.control is None:
            raise Untranslatable(f"the label of an option of {node.path}, which nobody is asked for")
        labels = [(each, words(self.form, each.label)) for each in offered(self, node.control)]
        keys = ", ".join(terms.text(each.value).code for each, _ in labels)
        by_language = [
            Term(f"[{', '.join(terms.text(words[number]).code for _, words in labels)}]", Kind.LIST)
            for number in range(len(self.languages))
        ]
        place = f"index([{keys}], {terms.as_text(value).code})"
        chosen = self.in_language(by_language)
        return Term(f"{chosen.code}[{place}]", Kind.TEXT)

    def note(self, node: Node, what: str) -> None:
        """Note what an expression of a node may not have been meant to say."""
        self.report.add(Effect.NOTED, node.path, node.bind.line if node.bind else node.line, "expression", what)

    def itext(self, key: str) -> Term:
        """Return a translated text of the form, in the language in use."""
        return self.in_language([terms.text(each) for each in translated(self.form, key)])

    def in_language(self, versions: Sequence[Term]) -> Term:
        """Return the version of the language in use."""
        chosen = versions[0]
        for code, version in list(zip(self.languages.values(), versions, strict=True))[1:]:
            if version.code != versions[0].code:
                in_use = Term(f"dialog.language = {terms.text(code).code}", Kind.BOOLEAN, terms.Level.RELATION)
                chosen = terms.choice(in_use, version, chosen)
        return chosen


def _asked(part: Part) -> Iterator[Node]:
    """Give the nodes of controls and repeats, in the order of the body."""
    if part.repeats and part.node is not None:
        yield part.node
    for each in part.parts:
        if isinstance(each, Part):
            yield from _asked(each)
        else:
            yield each.node


def _options_written(node: Node) -> frozenset[str] | None:
    """Return the options of a question where they are written in the body; None where they are not."""
    if node.control is None or node.control.kind != "select1":
        return None
    if any(tag.local == "itemset" for tag in node.control.tag.children):
        return None
    values = (tag.first("value") for tag in node.control.tag.children if tag.local == "item")
    return frozenset(value.text for value in values if value is not None)


def _read_places(form: Form) -> frozenset[Node]:
    """Return the places that some expression reads, however it does."""
    words = " ".join(
        value
        for node in form.root.everything()
        if node.bind is not None
        for name, value in node.bind.attributes.items()
        if name != "nodeset"
    )
    places = (node for node in form.root.everything() if node.type == "geopoint")
    return frozenset(node for node in places if re.search(rf"/{re.escape(node.name)}(?![\w.-])", words))


def _nests(tree: Tree, *, inside: bool = False) -> bool:
    """Whether something is said of each element of a list within the same: ours has no such thing."""
    over = isinstance(tree, CallTree) and tree.function in QUANTIFIERS
    return (over and inside) or any(_nests(each, inside=inside or over) for each in parts(tree))
