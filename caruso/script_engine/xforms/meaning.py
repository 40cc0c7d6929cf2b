"""Say in our expression language what an XPath expression of a form means, exactly, or why that cannot be said."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Protocol

from caruso.script_engine.expressions.functions import QUANTIFIERS
from caruso.script_engine.expressions.parser import LONGEST_EXPRESSION
from caruso.script_engine.xforms import terms
from caruso.script_engine.xforms.document import Tag
from caruso.script_engine.xforms.form import Form, Node
from caruso.script_engine.xforms.paths import Context, Target, Untranslatable, find, table_of
from caruso.script_engine.xforms.terms import Constant, Kind, Level, Term
from caruso.script_engine.xforms.xpath import Binary, Call, Negative, Number, Path, Step, Text, XPath, paths

#: Rows of a table that are told apart one by one where no list of keys can be made.
MOST_CASES = 12
_ALL_PASSES = "means all passes, or the first; old forms may have meant the present one (a relative path)"
_AS_CONDITION = (
    "a path alone is a condition that always holds, as the node is there; maybe it was meant to be filled in"
)


class Reading(Protocol):
    """How the nodes of the form are read in the dialog."""

    form: Form

    def value(self, node: Node, context: Context) -> Term:
        """Return the term of a node in this context, whose repeats are all open or given."""
        ...

    def passes(self, repeat: Node, context: Context) -> Term:
        """Return the list of passes of a repeat."""
        ...

    def count(self, repeat: Node, context: Context) -> Term:
        """Return how many passes a repeat has."""
        ...

    def counted(self, repeat: Node, context: Context) -> Term | None:
        """Return how many passes a repeat has where that is worked out beforehand; else None."""
        ...

    def position(self, repeat: Node, context: Context) -> Term:
        """Return the number of the pass being asked, from 1."""
        ...

    def table(self, name: str) -> Tag | None:
        """Return a table; None for one that is not there."""
        ...

    def look_through(self, rows: int) -> None:
        """Count rows of tables that conditions are held against; raise `Untranslatable` for too many."""
        ...

    def label(self, node: Node, value: Term, context: Context) -> Term:
        """Return the label of an option of a question."""
        ...

    def note(self, node: Node, what: str) -> None:
        """Note what an expression of a node may not have been meant to say."""
        ...

    def named(self, node: Node, suffix: str, term: Term) -> Term:
        """Return a term under a name of its own."""
        ...

    def at_first(self, repeat: Node) -> Term:
        """Return how many passes a repeat has before anybody adds one."""
        ...

    def itext(self, key: str) -> Term:
        """Return a translated text of the form, in the language in use."""
        ...


#: Characters of a calculation behind which the rest of it goes on with what it is so far, under a name.
_LONGEST_PART = LONGEST_EXPRESSION // 2
_ARITHMETIC = {"+", "-", "*", "div", "mod"}


@dataclass(frozen=True, slots=True)
class Many:
    """A node in each pass of a repeat."""

    repeat: Node
    node: Node
    context: Context
    predicates: tuple[XPath, ...]
    #: It is in another repeat, of which only the first pass is looked at: enough for a single value.
    first_only: bool = False


@dataclass(frozen=True, slots=True)
class Row:
    """An element of a table, and when it is meant."""

    tag: Tag
    when: Term


Nodes = Term | Many | tuple[Row, ...]


@dataclass(frozen=True, slots=True)
class Meaning:
    """Translates expressions of one form."""

    reading: Reading

    # -- Values -----------------------------------------------------------------------------------------------

    def term(self, tree: XPath, context: Context) -> Term:
        """Return the value of an expression; raise `Untranslatable`."""
        return _bounded(self._term(tree, context))

    def _term(self, tree: XPath, context: Context) -> Term:
        match tree:
            case Number(value=value):
                return terms.number(value)
            case Text(value=value):
                return terms.text(value)
            case Negative(of=of):
                return self._negative(terms.as_number(self.term(of, context)))
            case Binary():
                return self._binary(tree, context)
            case Call():
                return self._call(tree, context)
            case Path():
                return self._first(self.nodes(tree, context), context)

    def condition(self, tree: XPath, context: Context) -> Term:
        """Return whether an expression holds; a path does when it leads to something."""
        if not isinstance(tree, Path):
            return terms.as_boolean(self.term(tree, context))
        nodes = self.nodes(tree, context)
        if isinstance(nodes, tuple):
            return terms.either(*(row.when for row in nodes))
        if isinstance(nodes, Many):
            items, condition, _ = self.summand(nodes)
            return terms.call("any", Kind.BOOLEAN, items, "one", condition)
        self.reading.note(context.current, _AS_CONDITION)
        return terms.as_boolean(nodes)

    def _negative(self, of: Term) -> Term:
        if isinstance(of.constant, Decimal):
            return terms.number(-of.constant)
        return Term(f"-{of.at(Level.ATOM)}", Kind.NUMBER, Level.PRODUCT)

    def _binary(self, tree: Binary, context: Context) -> Term:
        match tree.operator:
            case "or":
                return terms.either(*(self.condition(part, context) for part in _chain(tree)))
            case "and":
                return terms.both(*(self.condition(part, context) for part in _chain(tree)))
            case "=" | "!=" | "<" | "<=" | ">" | ">=":
                return self._comparison(tree, context)
            case _:
                return self._arithmetic(tree, context)

    def _arithmetic(self, tree: Binary, context: Context) -> Term:
        """Return the value of a chain of operators, from its first operand on: it may be hundreds long."""
        chain = [tree]
        while isinstance(before := chain[-1].left, Binary) and before.operator in _ARITHMETIC:
            chain.append(before)
        value = self.term(chain[-1].left, context)
        for each in reversed(chain):
            if len(value.code) > _LONGEST_PART and not context.passes:
                value = self.reading.named(context.current, "_part", value)
            value = _bounded(self._of_two(each, value, self.term(each.right, context)))
        return value

    def _of_two(self, tree: Binary, left: Term, right: Term) -> Term:
        days = {Kind.DATE, Kind.MOMENT}
        if tree.operator == "-" and left.kind in days and right.kind in days:
            return terms.call("days_between", Kind.NUMBER, right, left)
        one, other = terms.as_number(left), terms.as_number(right)
        if (value := _calculated(tree.operator, one.constant, other.constant)) is not None:
            return terms.number(value)
        sign = {"div": "/", "mod": "%"}.get(tree.operator, tree.operator)
        level = Level.SUM if sign in "+-" else Level.PRODUCT
        # The right side of an equally strong operator needs parentheses: a - (b - c).
        tighter = Level.PRODUCT if level is Level.SUM else Level.ATOM
        return Term(f"{one.at(level)} {sign} {other.at(tighter)}", Kind.NUMBER, level)

    def _comparison(self, tree: Binary, context: Context) -> Term:
        left, right = self._operand(tree.left, context), self._operand(tree.right, context)
        return self._compared(tree.operator, left, right, context)

    def _operand(self, tree: XPath, context: Context) -> Nodes:
        return self.nodes(tree, context) if isinstance(tree, Path) else self.term(tree, context)

    def _compared(self, operator: str, left: Nodes, right: Nodes, context: Context) -> Term:
        if isinstance(left, tuple):
            return self._one_of(left, lambda each: self._compared(operator, each, right, context))
        if isinstance(right, tuple):
            return self._one_of(right, lambda each: self._compared(operator, left, each, context))
        if isinstance(left, Many):
            if isinstance(right, Many):
                raise Untranslatable("all passes of a repeat compared with all of another")
            single = self.settled(right, context)
            return self._one_of(left, lambda each: self._compared(operator, each, single, context))
        if isinstance(right, Many):
            other = self.settled(left, context)
            return self._one_of(right, lambda each: self._compared(operator, other, each, context))
        match operator:
            case "=":
                return terms.equal(left, right)
            case "!=":
                return terms.unequal(left, right)
            case _:
                return terms.ordered(operator, left, right)

    def _one_of(self, nodes: Many | tuple[Row, ...], test: Callable[[Term], Term]) -> Term:
        if isinstance(nodes, Many):
            items, condition, value = self.summand(nodes)
            return terms.call("any", Kind.BOOLEAN, items, "one", terms.both(condition, test(value)))
        return terms.either(
            *(terms.both(row.when, test(terms.text(_content(row.tag), node=True))) for row in nodes)
        )

    def summand(self, many: Many) -> tuple[Term, Term, Term]:
        """Return the list, the condition and the value of each element, which is called ``one``."""
        if many.first_only:
            raise Untranslatable("the nodes of a repeat in all passes of another")
        if many.context.passes.get(many.repeat) or any(code == "one" for code in many.context.passes.values()):
            raise Untranslatable("a list of answers within a list of answers")
        inner = many.context.within(many.repeat, "one")
        conditions = [self._of_element(predicate, many, inner) for predicate in many.predicates]
        value = terms.boolean(True) if many.node is many.repeat else self.reading.value(many.node, inner)
        return self._passes(many), terms.both(*conditions), value

    def _of_element(self, predicate: XPath, many: Many, inner: Context) -> Term:
        """Return whether a predicate holds for ``one``; one that says the same of each is worked out apart."""
        if all(path.absolute for path in paths(predicate)):
            around = replace(many.context, position=None)
            return self.settled(self.condition(predicate, around), around)
        return self.condition(predicate, replace(inner, here=many.repeat, position=None))

    def _passes(self, many: Many) -> Term:
        """Return the passes of a repeat; before it is reached it has those that every form begins with."""
        made = self.reading.passes(many.repeat, many.context)
        first = self.reading.at_first(many.repeat).constant
        if not isinstance(first, Decimal) or not 0 < first <= MOST_CASES:
            return made
        blank = Term(f"[{', '.join(['null'] * int(first))}]", Kind.LIST)
        return terms.choice(terms.call("known", Kind.BOOLEAN, made), made, blank)

    def settled(self, term: Term, context: Context) -> Term:
        """Return a term that can stand within something said of each element of a list."""
        if not any(f"{name}(" in term.code for name in QUANTIFIERS):
            return term
        if context.passes:
            raise Untranslatable("a list of answers within a list of answers")
        return self.reading.named(context.current, "_part", term)

    def texts(self, many: Many) -> Term:
        """Return the texts of a node in all passes as a list, blank ones too."""
        items, condition, value = self.summand(many)
        if condition.constant is not True:
            raise Untranslatable("the values of some passes of a repeat")
        return terms.call("each", Kind.LIST, items, "one", terms.as_whole_text(value))

    # -- Nodes ------------------------------------------------------------------------------------------------

    def nodes(self, path: Path, context: Context) -> Nodes:
        """Return what a path leads to."""
        if (table := table_of(path)) is not None:
            return self._rows(table, path.steps, context)
        if isinstance(context.here, Tag) and path.start is None and not path.absolute:
            return self._in_row((Row(context.here, terms.boolean(True)),), path.steps, context)
        if path.start is not None and path.start != Call("current", ()):
            return self._filtered(path, context)
        target = find(self.reading.form, path, context)
        if target is None:
            return ()
        if not path.absolute:
            return self._reached(target, context, context.open)
        # As XPath has it, and against what forms of long ago meant: all passes, or the first.
        if context.open & set(target.node.repeats):
            self.reading.note(context.current, f"/{'/'.join(step.name for step in path.steps)} {_ALL_PASSES}")
        return self._reached(target, replace(context, passes={}), frozenset())

    def _filtered(self, path: Path, context: Context) -> Nodes:
        match path.start:
            case Call("randomize", arguments) if not path.steps and arguments and isinstance(arguments[0], Path):
                return self.nodes(arguments[0], context)
            case _:
                raise Untranslatable("a path that begins with a function other than current() or instance()")

    def _reached(self, target: Target, context: Context, seen: frozenset[Node]) -> Nodes:
        around = context
        present = ""
        waiting: list[tuple[Node, tuple[XPath, ...]]] = []
        for repeat in target.node.repeats:
            predicates = target.predicates.get(repeat, ())
            if repeat in context.passes:
                continue
            if predicates and (number := self._numbered(predicates, repeat, around)) is not None:
                code = f"{self.reading.passes(repeat, around).code}[{number}]"
                around = around.within(repeat, code)
                present = f"known({code})"
            elif predicates or repeat not in seen or target.node is repeat:
                waiting.append((repeat, predicates))
        if set(target.predicates) - set(target.node.repeats):
            raise Untranslatable("a condition in square brackets on a node that is not repeated")
        found = self._gathered(target.node, around, waiting)
        return replace(found, present=present) if isinstance(found, Term) else found

    def _gathered(self, node: Node, around: Context, waiting: list[tuple[Node, tuple[XPath, ...]]]) -> Nodes:
        *outer, (repeat, predicates) = waiting or [(node, ())]
        for each, conditions in outer:
            if conditions:
                raise Untranslatable("a condition in square brackets on a repeat around another")
            # Only what is in the first pass of the outer one: enough for a single value.
            around = around.within(each, f"{self.reading.passes(each, around).code}[0]")
        if not waiting:
            return self.reading.value(node, around)
        return Many(repeat, node, around, predicates, first_only=bool(outer))

    def _numbered(self, predicates: tuple[XPath, ...], repeat: Node, context: Context) -> str | None:
        """Return the number (from 0) of the pass that predicates ask for, if they do by number."""
        if len(predicates) != 1:
            return None
        predicate = predicates[0]
        inner = replace(context, here=repeat)
        match predicate:
            case Binary("=", Call("position", ()), wanted) | Binary("=", wanted, Call("position", ())):
                return self.place(terms.as_number(self.term(wanted, inner)))
            case Binary("=" | "!=" | "<" | "<=" | ">" | ">=" | "and" | "or", _, _):
                return None
        term = self.term(predicate, inner)
        return self.place(term) if term.kind is Kind.NUMBER and not term.node else None

    def place(self, number: Term) -> str:
        """Return a number that counts from 1 as one that counts from 0."""
        if isinstance(number.constant, Decimal):
            return terms.number(number.constant - 1).code
        return f"{number.at(Level.SUM)} - 1"

    # -- Tables -----------------------------------------------------------------------------------------------

    def _rows(self, name: str, steps: tuple[Step, ...], context: Context) -> tuple[Row, ...]:
        table = self.reading.table(name)
        if table is None:
            return ()
        return self._in_row((Row(table, terms.boolean(True)),), steps, context)

    def _in_row(self, rows: tuple[Row, ...], steps: tuple[Step, ...], context: Context) -> tuple[Row, ...]:
        for step in steps:
            found: list[Row] = []
            for row in rows:
                found += self._step(row, step, context)
            rows = tuple(found)
        return rows

    def _step(self, row: Row, step: Step, context: Context) -> list[Row]:
        match step.name:
            case ".":
                tags: Sequence[Tag] = [row.tag]
            case "*":
                tags = row.tag.children
            case "..":
                raise Untranslatable("a path that goes back up in a table")
            case name if name.startswith("@"):
                written = row.tag.attributes.get(name[1:])
                tags = [] if written is None else [Tag(name, {}, (), (written,), row.tag.line)]
            case name:
                local = name.rpartition(":")[2]
                tags = [child for child in row.tag.children if child.local == local]
        rows = [Row(tag, row.when) for tag in tags]
        for predicate in step.predicates:
            rows = self._where(rows, predicate, context)
        return rows

    def _where(self, rows: list[Row], predicate: XPath, context: Context) -> list[Row]:
        self.reading.look_through(len(rows))
        kept = []
        certain = all(row.when.constant is True for row in rows)
        for number, row in enumerate(rows, start=1):
            position = terms.number(Decimal(number)) if certain else None
            inner = replace(context, here=row.tag, position=position)
            term = self.term(predicate, inner)
            if term.kind is Kind.NUMBER and not term.node:
                if position is None:
                    raise Untranslatable("the number of a row among rows that are not always the same")
                term = terms.equal(term, position)
            when = terms.both(row.when, term)
            if when.constant is not False:
                kept.append(Row(row.tag, when))
        return kept

    def pulled(self, table: str, column: str, key: str, wanted: XPath, context: Context) -> Term:
        """Return what stands in a column of the row whose `key` is wanted."""
        where = Binary("=", Path(False, (Step(key),)), _of_current(wanted))
        steps = (Step("root"), Step("item", (where,)), Step(column))
        return self._first(self._rows(table, steps, context), context)

    # -- Single values ----------------------------------------------------------------------------------------

    def _first(self, nodes: Nodes, context: Context) -> Term:
        if isinstance(nodes, Term):
            return nodes
        if isinstance(nodes, Many):
            if nodes.predicates:
                items, condition, _ = self.summand(nodes)
                found = terms.call("first", Kind.LIST, terms.call("where", Kind.LIST, items, "one", condition))
                return self.reading.value(nodes.node, nodes.context.within(nodes.repeat, found.code))
            first = f"{self.reading.passes(nodes.repeat, nodes.context).code}[0]"
            return self.reading.value(nodes.node, nodes.context.within(nodes.repeat, first))
        return self._looked_up(nodes)

    def _looked_up(self, rows: tuple[Row, ...]) -> Term:
        """Return what is in the first row that is meant."""
        certain = next((number for number, row in enumerate(rows) if row.when.constant is True), None)
        if certain is not None:
            rows = rows[: certain + 1]
        if not rows:
            return terms.ABSENT
        if len(rows) == 1:
            return terms.choice(rows[0].when, terms.text(_content(rows[0].tag), node=True), terms.NOTHING)
        if (found := _by_key(rows)) is not None:
            return found
        if len(rows) > MOST_CASES:
            raise Untranslatable(f"a table of which one of {len(rows)} rows is chosen by more than one key")
        value = terms.NOTHING
        for row in reversed(rows):
            value = terms.choice(row.when, terms.text(_content(row.tag), node=True), value)
        return value

    # -- Functions --------------------------------------------------------------------------------------------

    def _call(self, tree: Call, context: Context) -> Term:
        from caruso.script_engine.xforms.functions import FUNCTIONS  # they call back

        function = FUNCTIONS.get(tree.name)
        if function is None:
            raise Untranslatable(f"the function {tree.name}()")
        return function(self, tree.arguments, context)


def _bounded(term: Term) -> Term:
    """Return a term no longer than an expression can be: conversions in each other would grow endlessly."""
    if len(term.code) > LONGEST_EXPRESSION:
        raise Untranslatable(f"it would be longer than the {LONGEST_EXPRESSION} characters of an expression")
    return term


def _of_current(tree: XPath) -> XPath:
    """Return a relative path as one from ``current()``: within a predicate it would be of the row."""
    if isinstance(tree, Path) and tree.start is None and not tree.absolute:
        return Path(False, tree.steps, Call("current", ()))
    return tree


def _chain(tree: XPath) -> list[XPath]:
    """Return the operands of a chain of one operator, so that it stays flat."""
    if not isinstance(tree, Binary):
        return [tree]
    parts: list[XPath] = []
    for side in (tree.left, tree.right):
        same = isinstance(side, Binary) and side.operator == tree.operator
        parts += _chain(side) if same else [side]
    return parts


def _calculated(operator: str, left: Constant | None, right: Constant | None) -> Decimal | None:
    if not isinstance(left, Decimal) or not isinstance(right, Decimal):
        return None
    match operator:
        case "+":
            return left + right
        case "-":
            return left - right
        case "*":
            return left * right
        case _:
            return None


def _content(tag: Tag) -> str:
    return "".join(part for each in tag.everything() for part in each.texts).strip()


def _by_key(rows: tuple[Row, ...]) -> Term | None:
    """Return a look-up in two lists, where each row is meant for one value of the same text."""
    keys: dict[str, str] = {}
    left = ""
    for row in rows:
        key, sign, value = row.when.code.partition(" = ")
        if not sign or row.when.level is not Level.RELATION or (left and key != left) or not _is_literal(value):
            return None
        left = key
        keys.setdefault(value, terms.text(_content(row.tag)).code)
    found = f"[{', '.join(keys.values())}][index([{', '.join(keys)}], {left})]"
    return Term(found, Kind.TEXT, node=True)


def _is_literal(code: str) -> bool:
    inner = code[1:-1].replace("\\\\", "").replace("\\'", "")
    return code.startswith("'") and code.endswith("'") and "'" not in inner
