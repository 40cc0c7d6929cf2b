"""What each function of XPath, XForms and their form builders is in a dialog."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from decimal import Decimal

from caruso.script_engine.expressions.patterns import PatternError, compile_pattern
from caruso.script_engine.xforms import terms
from caruso.script_engine.xforms.form import Node
from caruso.script_engine.xforms.meaning import Many, Meaning, Row
from caruso.script_engine.xforms.paths import Context, Untranslatable, find
from caruso.script_engine.xforms.terms import Kind, Level, Term
from caruso.script_engine.xforms.xpath import Call, Path, Text, XPath, XPathError, parse

Arguments = Sequence[XPath]
Function = Callable[[Meaning, Arguments, Context], Term]

#: Marks of a date that can be written, as both languages spell them.
DATE_MARKS = frozenset("Yymnbdea")
TIME_MARKS = frozenset("HhMS3")


def _takes(least: int, most: int | None, call: Function) -> Function:
    def checked(meaning: Meaning, arguments: Arguments, context: Context) -> Term:
        if len(arguments) < least or (most is not None and len(arguments) > most):
            raise Untranslatable("a function with too few or too many arguments")
        return call(meaning, arguments, context)

    return checked


# -- Truth ----------------------------------------------------------------------------------------------------


def _constant(value: bool) -> Function:
    return _takes(0, 0, lambda meaning, arguments, context: terms.boolean(value))


def _not(meaning: Meaning, arguments: Arguments, context: Context) -> Term:
    return terms.negation(meaning.term(arguments[0], context))


def _boolean(meaning: Meaning, arguments: Arguments, context: Context) -> Term:
    return meaning.condition(arguments[0], context)


def _from_string(meaning: Meaning, arguments: Arguments, context: Context) -> Term:
    text = terms.as_text(meaning.term(arguments[0], context))
    return terms.either(terms.equal(text, terms.text("1")), terms.equal(text, terms.text("true")))


def _if(meaning: Meaning, arguments: Arguments, context: Context) -> Term:
    condition = meaning.condition(arguments[0], context)
    then, other = (meaning.term(each, context) for each in arguments[1:])
    chosen = terms.choice(condition, then, other)
    return replace(chosen, node=then.node and other.node and chosen.node)


def _checklist(meaning: Meaning, arguments: Arguments, context: Context) -> Term:
    least, most = (terms.as_number(meaning.term(each, context)) for each in arguments[:2])
    counted = [terms.as_number(meaning.condition(each, context)).code for each in arguments[2:]] or ["0"]
    total = Term(" + ".join(counted), Kind.NUMBER, Level.SUM)
    enough = terms.ordered(">=", total, least)
    if most.constant == -1:
        return enough
    return terms.both(enough, terms.ordered("<=", total, most))


# -- Texts ----------------------------------------------------------------------------------------------------


def _string(meaning: Meaning, arguments: Arguments, context: Context) -> Term:
    return terms.as_whole_text(_or_here(meaning, arguments, context))


def _or_here(meaning: Meaning, arguments: Arguments, context: Context) -> Term:
    if arguments:
        return meaning.term(arguments[0], context)
    if isinstance(context.here, Node):
        return meaning.reading.value(context.here, context)
    raise Untranslatable("a function of the row of a table as a whole")


def _parts(meaning: Meaning, arguments: Arguments, context: Context) -> list[Term] | Term:
    """Return the values to join; one list when an argument is a node in every pass of a repeat."""
    gathered: list[Term] = []
    for argument in arguments:
        nodes = meaning.nodes(argument, context) if isinstance(argument, Path) else meaning.term(argument, context)
        if isinstance(nodes, Many):
            if len(arguments) > 1:
                raise Untranslatable("texts joined with those of all passes of a repeat")
            return meaning.values(nodes)
        if isinstance(nodes, Term):
            gathered.append(nodes)
        else:
            gathered += [terms.choice(row.when, _row_text(row), terms.NOTHING) for row in nodes]
    return gathered


def _row_text(row: Row) -> Term:
    return terms.text("".join(part for each in row.tag.everything() for part in each.texts).strip(), node=True)


def _concat(meaning: Meaning, arguments: Arguments, context: Context) -> Term:
    parts = _parts(meaning, arguments, context)
    if isinstance(parts, Term):
        return terms.call("join", Kind.TEXT, parts, "''")
    if all(part.constant is not None for part in parts):
        return terms.text("".join(str(terms.as_text(part).constant or "") for part in parts))
    return terms.joined(parts)


def _join(meaning: Meaning, arguments: Arguments, context: Context) -> Term:
    between = terms.as_text(meaning.term(arguments[0], context))
    parts = _parts(meaning, arguments[1:], context)
    items = parts if isinstance(parts, Term) else None
    if items is None:
        # Unlike ours, theirs writes the mark round blank values too.
        codes = ", ".join(terms.as_whole_text(part).code for part in parts)
        items = Term(f"[{codes}]", Kind.LIST)
    return terms.call("join", Kind.TEXT, items, between)


def _coalesce(meaning: Meaning, arguments: Arguments, context: Context) -> Term:
    first, second = (meaning.term(each, context) for each in arguments)
    chosen = terms.choice(terms.as_boolean(replace(first, node=True)), first, second)
    return replace(chosen, node=False)


def _text_test(name: str) -> Function:
    def call(meaning: Meaning, arguments: Arguments, context: Context) -> Term:
        whole, part = (meaning.term(each, context) for each in arguments)
        if part.constant is not None and whole.constant is not None:
            return terms.boolean(_tested(name, terms.as_text(whole), terms.as_text(part)))
        return terms.call(name, Kind.BOOLEAN, terms.as_whole_text(whole), terms.as_whole_text(part))

    return _takes(2, 2, call)


def _tested(name: str, whole: Term, part: Term) -> bool:
    text, piece = str(whole.constant or ""), str(part.constant or "")
    match name:
        case "starts_with":
            return text.startswith(piece)
        case "ends_with":
            return text.endswith(piece)
        case _:
            return piece in text


def _length(meaning: Meaning, arguments: Arguments, context: Context) -> Term:
    return terms.call("length", Kind.NUMBER, terms.as_whole_text(_or_here(meaning, arguments, context)))


def _normalized(meaning: Meaning, arguments: Arguments, context: Context) -> Term:
    words = terms.call("split", Kind.LIST, terms.as_whole_text(_or_here(meaning, arguments, context)), "' '")
    whole = terms.call("where", Kind.LIST, words, "word", "known(word)")
    return terms.call("join", Kind.TEXT, whole, "' '")


def _substr(meaning: Meaning, arguments: Arguments, context: Context) -> Term:
    whole = terms.as_whole_text(meaning.term(arguments[0], context))
    return terms.call("part", Kind.TEXT, whole, *(_number(meaning, each, context) for each in arguments[1:]))


def _substring(meaning: Meaning, arguments: Arguments, context: Context) -> Term:
    whole = terms.as_whole_text(meaning.term(arguments[0], context))
    numbers = [_number(meaning, each, context).constant for each in arguments[1:]]
    if not all(isinstance(each, Decimal) and each >= 0 for each in numbers):
        raise Untranslatable("substring() with a beginning or a length that is worked out")
    start, *length = (int(each) for each in numbers if isinstance(each, Decimal))
    begin = max(start - 1, 0)
    end = [terms.number(Decimal(max(start - 1 + length[0], begin)))] if length else []
    return terms.call("part", Kind.TEXT, whole, terms.number(Decimal(begin)), *end)


def _around(name: str) -> Function:
    def call(meaning: Meaning, arguments: Arguments, context: Context) -> Term:
        whole, mark = (terms.as_whole_text(meaning.term(each, context)) for each in arguments)
        return terms.as_whole_text(terms.call(name, Kind.TEXT, whole, mark))

    return _takes(2, 2, call)


def _regex(meaning: Meaning, arguments: Arguments, context: Context) -> Term:
    whole, pattern = (meaning.term(each, context) for each in arguments)
    if not isinstance(pattern.constant, str):
        raise Untranslatable("a pattern that is worked out")
    source = _whole_pattern(pattern.constant)
    try:
        compile_pattern(source)
    except PatternError as error:
        raise Untranslatable(f"the pattern “{pattern.constant}”: {error}") from None
    return terms.call("matches", Kind.BOOLEAN, terms.as_whole_text(whole), terms.text(source))


def _whole_pattern(source: str) -> str:
    """Return a pattern that matches a whole text where `source` matches somewhere in it."""
    begins, ends = source.startswith("^"), source.endswith("$") and not source.endswith("\\$")
    inner = source[begins : len(source) - ends]
    if begins and ends and "|" not in inner:
        return inner
    if "|" in inner and (begins or ends):
        if not (inner.startswith("(") and inner.endswith(")") and inner.count("(") == 1):
            raise Untranslatable(f"the pattern “{source}”: alternatives that begin or end the text on their own")
    return f"{'' if begins else '.*'}({inner}){'' if ends else '.*'}"


# -- Choices --------------------------------------------------------------------------------------------------


def _selected(meaning: Meaning, arguments: Arguments, context: Context) -> Term:
    answer, option = (meaning.term(each, context) for each in arguments)
    wanted = terms.as_text(option)
    if isinstance(wanted.constant, str):
        wanted = terms.text(wanted.constant.strip())
    if answer.constant is not None and wanted.constant is not None:
        return terms.boolean(wanted.constant in str(terms.as_text(answer).constant).split())
    return terms.call("selected", Kind.BOOLEAN, _words(answer), wanted)


def _words(answer: Term) -> Term:
    """Return the options that are chosen, as a list."""
    if answer.kind is Kind.LIST:
        return answer
    return terms.call("split", Kind.LIST, terms.as_whole_text(answer), "' '")


def _count_selected(meaning: Meaning, arguments: Arguments, context: Context) -> Term:
    answer = meaning.term(arguments[0], context)
    chosen = terms.call("count", Kind.NUMBER, _words(answer))
    if answer.kind is not Kind.LIST:
        return chosen
    return terms.choice(terms.call("known", Kind.BOOLEAN, answer), chosen, terms.number(Decimal(0)))


def _selected_at(meaning: Meaning, arguments: Arguments, context: Context) -> Term:
    answer = meaning.term(arguments[0], context)
    number = _number(meaning, arguments[1], context)
    if answer.kind is Kind.PLACE:
        if number.constant in (0, 1):
            return Term(f"{answer.at(Level.ATOM)}.{'lon' if number.constant else 'lat'}", Kind.NUMBER)
        raise Untranslatable("the height or the accuracy of a place")
    return Term(f"{_words(answer).code}[{number.code}]", Kind.TEXT)


def _choice_name(meaning: Meaning, arguments: Arguments, context: Context) -> Term:
    value = meaning.term(arguments[0], context)
    where = arguments[1]
    if not isinstance(where, Text):
        raise Untranslatable("jr:choice-name() of a question whose name is worked out")
    try:
        path = parse(where.value)
    except XPathError as error:
        raise Untranslatable(f"jr:choice-name(): {error}") from None
    target = find(meaning.reading.form, path, context) if isinstance(path, Path) else None
    if target is None or target.node.control is None:
        raise Untranslatable(f"jr:choice-name(): “{where.value}” is no question")
    return meaning.reading.label(target.node, value, context)


def _itext(meaning: Meaning, arguments: Arguments, context: Context) -> Term:
    key = meaning.term(arguments[0], context)
    if isinstance(key.constant, str):
        return meaning.reading.itext(key.constant)
    found = _KEYED.fullmatch(key.code)
    if found is None:
        raise Untranslatable("a translated text whose name is worked out")
    texts = [meaning.reading.itext(each[1:-1]).code for each in _LITERAL.findall(found[1])]
    return Term(f"[{', '.join(texts)}]{found[2]}", Kind.TEXT)


#: A look-up of texts in a list, and a text in it, as `meaning` writes them.
_LITERAL = re.compile(r"'(?:[^'\\]|\\.)*'")
_KEYED = re.compile(r"\[((?:'(?:[^'\\]|\\.)*'(?:, )?)*)\](\[index\(.*\)\])")


# -- Numbers --------------------------------------------------------------------------------------------------


def _number(meaning: Meaning, tree: XPath, context: Context) -> Term:
    return terms.as_number(meaning.term(tree, context))


def _to_number(meaning: Meaning, arguments: Arguments, context: Context) -> Term:
    return terms.as_number(_or_here(meaning, arguments, context))


def _plain(name: str) -> Function:
    def call(meaning: Meaning, arguments: Arguments, context: Context) -> Term:
        return terms.call(name, Kind.NUMBER, *(_number(meaning, each, context) for each in arguments))

    return _takes(1, 2 if name == "round" else 1, call)


def truncated(number: Term) -> Term:
    """Return a number without its decimal places."""
    if isinstance(number.constant, Decimal):
        return terms.number(Decimal(int(number.constant)))
    if number.code == "null":
        return number
    below = terms.ordered("<", number, terms.number(Decimal(0)))
    return terms.choice(below, terms.call("ceil", Kind.NUMBER, number), terms.call("floor", Kind.NUMBER, number))


def _int(meaning: Meaning, arguments: Arguments, context: Context) -> Term:
    return truncated(_number(meaning, arguments[0], context))


def _sum(meaning: Meaning, arguments: Arguments, context: Context) -> Term:
    nodes = _nodes(meaning, arguments[0], context)
    if isinstance(nodes, Many):
        items, condition, value = meaning.summand(nodes)
        if condition.constant is not True:
            value = terms.choice(condition, terms.as_number(value), terms.number(Decimal(0)))
        total = terms.call("sum", Kind.NUMBER, items, "one", terms.as_number(value))
        some = terms.ordered(">", terms.call("count", Kind.NUMBER, items), terms.number(Decimal(0)))
        return terms.choice(some, total, Term("null", Kind.NUMBER))
    if isinstance(nodes, Term):
        return terms.as_number(nodes)
    parts = [
        terms.choice(row.when, terms.as_number(_row_text(row)), terms.number(Decimal(0))).code for row in nodes
    ]
    return Term(" + ".join(parts), Kind.NUMBER, Level.SUM) if parts else Term("null", Kind.NUMBER)


def _nodes(meaning: Meaning, tree: XPath, context: Context) -> Term | Many | tuple[Row, ...]:
    if isinstance(tree, Path) or (isinstance(tree, Call) and tree.name in {"instance", "current", "randomize"}):
        path = tree if isinstance(tree, Path) else Path(False, (), tree)
        return meaning.nodes(path, context)
    raise Untranslatable("a function of nodes with something else as its argument")


def _count(meaning: Meaning, arguments: Arguments, context: Context) -> Term:
    nodes = _nodes(meaning, arguments[0], context)
    if isinstance(nodes, Term):
        return terms.number(Decimal(1))
    if isinstance(nodes, Many):
        if not nodes.predicates and not nodes.first_only:
            return meaning.reading.count(nodes.repeat, nodes.context)
        items, condition, _ = meaning.summand(nodes)
        return terms.call("count", Kind.NUMBER, terms.call("where", Kind.LIST, items, "one", condition))
    if all(row.when.constant is True for row in nodes):
        return terms.number(Decimal(len(nodes)))
    return Term(" + ".join(terms.as_number(row.when).code for row in nodes), Kind.NUMBER, Level.SUM)


def _count_non_empty(meaning: Meaning, arguments: Arguments, context: Context) -> Term:
    nodes = _nodes(meaning, arguments[0], context)
    if isinstance(nodes, Term):
        return terms.as_number(terms.call("known", Kind.BOOLEAN, nodes))
    if isinstance(nodes, Many):
        items, condition, value = meaning.summand(nodes)
        filled = terms.both(condition, terms.call("known", Kind.BOOLEAN, value))
        return terms.call("count", Kind.NUMBER, terms.call("where", Kind.LIST, items, "one", filled))
    kept = [terms.as_number(row.when).code for row in nodes if str(_row_text(row).constant)]
    return Term(" + ".join(kept), Kind.NUMBER, Level.SUM) if kept else terms.number(Decimal(0))


def _extreme(name: str) -> Function:
    def call(meaning: Meaning, arguments: Arguments, context: Context) -> Term:
        if len(arguments) == 1 and isinstance(arguments[0], Path):
            nodes = meaning.nodes(arguments[0], context)
            if isinstance(nodes, Many):
                items, condition, value = meaning.summand(nodes)
                if condition.constant is not True:
                    raise Untranslatable("the least or greatest of some passes of a repeat")
                numbers = terms.call("each", Kind.LIST, items, "one", terms.as_number(value))
                return terms.call(name, Kind.NUMBER, numbers)
        return terms.call(name, Kind.NUMBER, *(_number(meaning, each, context) for each in arguments))

    return _takes(1, None, call)


# -- Dates ----------------------------------------------------------------------------------------------------


def _today(meaning: Meaning, arguments: Arguments, context: Context) -> Term:
    return terms.call("today", Kind.DATE)


def _now(meaning: Meaning, arguments: Arguments, context: Context) -> Term:
    return terms.call("now", Kind.MOMENT)


def to_date(term: Term) -> Term:
    """Return a value as a date."""
    if term.kind is Kind.DATE:
        return term
    if term.kind is Kind.NUMBER or isinstance(term.constant, Decimal):
        return terms.call("add_days", Kind.DATE, terms.EPOCH, terms.as_number(term))
    return terms.call("date", Kind.DATE, terms.as_text(term) if term.kind is not Kind.MOMENT else term)


def _date(meaning: Meaning, arguments: Arguments, context: Context) -> Term:
    term = meaning.term(arguments[0], context)
    if isinstance(term.constant, str) and "T" in term.constant:
        return _moment_of(term)
    return term if term.kind is Kind.MOMENT else to_date(term)


def _decimal_date(meaning: Meaning, arguments: Arguments, context: Context) -> Term:
    term = meaning.term(arguments[0], context)
    if term.kind is Kind.MOMENT:
        raise Untranslatable("a moment as a number of days")
    return terms.as_number(to_date(term))


def _format(marks: frozenset[str]) -> Function:
    def call(meaning: Meaning, arguments: Arguments, context: Context) -> Term:
        value, form = (meaning.term(each, context) for each in arguments)
        if not isinstance(form.constant, str):
            raise Untranslatable("the form of a date that is worked out")
        pieces = form.constant.split("%")[1:]
        if any(piece[:1] not in marks for piece in pieces):
            raise Untranslatable(f"the form of a date “{form.constant}”")
        moment = value if value.kind in {Kind.DATE, Kind.MOMENT} else _moment_of(value)
        return terms.as_whole_text(terms.call("format_date", Kind.TEXT, moment, terms.text(form.constant)))

    return _takes(2, 2, call)


def _moment_of(value: Term) -> Term:
    return terms.call("date_time", Kind.MOMENT, terms.as_text(value))


# -- Nodes ----------------------------------------------------------------------------------------------------


def _position(meaning: Meaning, arguments: Arguments, context: Context) -> Term:
    if not arguments:
        if context.position is None:
            raise Untranslatable("position() outside a list")
        return context.position
    path = arguments[0]
    target = find(meaning.reading.form, path, context) if isinstance(path, Path) else None
    if target is None or target.predicates:
        raise Untranslatable("position() of this")
    if target.node.repeat is None:
        return terms.number(Decimal(1))
    if target.node not in context.open or target.node in context.passes:
        raise Untranslatable("position() of a pass other than the one being asked")
    return meaning.reading.position(target.node, context)


def _current(meaning: Meaning, arguments: Arguments, context: Context) -> Term:
    return meaning.reading.value(context.current, context)


def _indexed_repeat(meaning: Meaning, arguments: Arguments, context: Context) -> Term:
    if len(arguments) % 2 == 0 or not isinstance(arguments[0], Path):
        raise Untranslatable("indexed-repeat() with these arguments")
    target = find(meaning.reading.form, arguments[0], context)
    around = context
    for path, number in zip(arguments[1::2], arguments[2::2], strict=True):
        repeat = find(meaning.reading.form, path, context) if isinstance(path, Path) else None
        if repeat is None or repeat.node.repeat is None:
            raise Untranslatable("indexed-repeat() of something that is not repeated")
        place = meaning.place(_number(meaning, number, context))
        around = around.within(repeat.node, f"{meaning.reading.passes(repeat.node, around).code}[{place}]")
    if target is None or any(
        repeat not in around.passes and repeat not in context.open for repeat in target.node.repeats
    ):
        raise Untranslatable("indexed-repeat() of a node in another repeat")
    return meaning.reading.value(target.node, around)


def _instance(meaning: Meaning, arguments: Arguments, context: Context) -> Term:
    return meaning.term(Path(False, (), Call("instance", tuple(arguments))), context)


def _pulldata(meaning: Meaning, arguments: Arguments, context: Context) -> Term:
    table, column, key = (meaning.term(each, context).constant for each in arguments[:3])
    if not (isinstance(table, str) and isinstance(column, str) and isinstance(key, str)):
        raise Untranslatable("pulldata() of a table or column whose name is worked out")
    return meaning.pulled(table, column, key, arguments[3], context)


def _once(meaning: Meaning, arguments: Arguments, context: Context) -> Term:
    term = meaning.term(arguments[0], context)
    if "answers." in term.code:
        raise Untranslatable("a value that is kept from when it was first worked out (once)")
    return terms.as_whole_text(term) if term.kind is Kind.BOOLEAN else term


FUNCTIONS: Mapping[str, Function] = {
    "true": _constant(True),
    "false": _constant(False),
    "not": _takes(1, 1, _not),
    "boolean": _takes(1, 1, _boolean),
    "boolean-from-string": _takes(1, 1, _from_string),
    "if": _takes(3, 3, _if),
    "checklist": _takes(3, None, _checklist),
    "string": _takes(0, 1, _string),
    "concat": _takes(0, None, _concat),
    "join": _takes(1, None, _join),
    "coalesce": _takes(2, 2, _coalesce),
    "contains": _text_test("contains"),
    "starts-with": _text_test("starts_with"),
    "ends-with": _text_test("ends_with"),
    "string-length": _takes(0, 1, _length),
    "normalize-space": _takes(0, 1, _normalized),
    "substr": _takes(2, 3, _substr),
    "substring": _takes(2, 3, _substring),
    "substring-before": _around("before"),
    "substring-after": _around("after"),
    "regex": _takes(2, 2, _regex),
    "selected": _takes(2, 2, _selected),
    "count-selected": _takes(1, 1, _count_selected),
    "selected-at": _takes(2, 2, _selected_at),
    "jr:choice-name": _takes(2, 2, _choice_name),
    "jr:itext": _takes(1, 1, _itext),
    "number": _takes(0, 1, _to_number),
    "round": _plain("round"),
    "floor": _plain("floor"),
    "ceiling": _plain("ceil"),
    "abs": _plain("abs"),
    "int": _takes(1, 1, _int),
    "sum": _takes(1, 1, _sum),
    "count": _takes(1, 1, _count),
    "count-non-empty": _takes(1, 1, _count_non_empty),
    "min": _extreme("min"),
    "max": _extreme("max"),
    "today": _takes(0, 0, _today),
    "now": _takes(0, 0, _now),
    "date": _takes(1, 1, _date),
    "date-time": _takes(1, 1, _date),
    "decimal-date-time": _takes(1, 1, _decimal_date),
    "format-date": _format(DATE_MARKS),
    "format-date-time": _format(DATE_MARKS | TIME_MARKS),
    "position": _takes(0, 1, _position),
    "current": _takes(0, 0, _current),
    "indexed-repeat": _takes(3, None, _indexed_repeat),
    "instance": _takes(1, 1, _instance),
    "pulldata": _takes(4, 4, _pulldata),
    "once": _takes(1, 1, _once),
}
