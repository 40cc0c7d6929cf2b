"""Functions of forms about truth, texts, choices and numbers; and the table of all."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from decimal import Decimal

from caruso.script_engine.expressions.patterns import PatternError, compile_pattern
from caruso.script_engine.xforms import date_functions, node_functions, terms
from caruso.script_engine.xforms.calling import Arguments, Function, number, or_here, row_text, takes
from caruso.script_engine.xforms.conversions import truncated
from caruso.script_engine.xforms.meaning import Many, Meaning
from caruso.script_engine.xforms.paths import Context, Untranslatable, find
from caruso.script_engine.xforms.terms import Kind, Level, Term
from caruso.script_engine.xforms.xpath import Path, Text, XPathError, parse

# -- Truth ----------------------------------------------------------------------------------------------------


def _constant(value: bool) -> Function:
    return takes(0, 0, lambda meaning, arguments, context: terms.boolean(value))


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
    return terms.as_whole_text(or_here(meaning, arguments, context))


def _parts(meaning: Meaning, arguments: Arguments, context: Context) -> Sequence[Term] | Term:
    """Return the values to join; one list when an argument is a node in every pass of a repeat."""
    gathered: list[Term] = []
    for argument in arguments:
        nodes = meaning.nodes(argument, context) if isinstance(argument, Path) else meaning.term(argument, context)
        if isinstance(nodes, Many):
            if len(arguments) > 1:
                raise Untranslatable("texts joined with those of all passes of a repeat")
            return meaning.texts(nodes)
        if isinstance(nodes, Term):
            gathered.append(nodes)
        else:
            gathered += [terms.choice(row.when, row_text(row), terms.NOTHING) for row in nodes]
    return gathered


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
    if not isinstance(parts, Term):
        # Unlike ours, theirs writes the mark round blank values too.
        parts = Term(f"[{', '.join(terms.as_whole_text(part).code for part in parts)}]", Kind.LIST)
    return terms.call("join", Kind.TEXT, parts, between)


def _coalesce(meaning: Meaning, arguments: Arguments, context: Context) -> Term:
    first, second = (meaning.term(each, context) for each in arguments)
    chosen = terms.choice(terms.has_text(first), first, second)
    return replace(chosen, node=False)


def _text_test(name: str) -> Function:
    def call(meaning: Meaning, arguments: Arguments, context: Context) -> Term:
        whole, part = (meaning.term(each, context) for each in arguments)
        if part.constant is not None and whole.constant is not None:
            return terms.boolean(_tested(name, terms.as_text(whole), terms.as_text(part)))
        return terms.call(name, Kind.BOOLEAN, terms.as_whole_text(whole), terms.as_whole_text(part))

    return takes(2, 2, call)


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
    return terms.call("length", Kind.NUMBER, terms.as_whole_text(or_here(meaning, arguments, context)))


def _normalized(meaning: Meaning, arguments: Arguments, context: Context) -> Term:
    text = meaning.settled(terms.as_whole_text(or_here(meaning, arguments, context)), context)
    words = terms.call("split", Kind.LIST, text, "' '")
    whole = terms.call("where", Kind.LIST, words, "word", "known(word)")
    return terms.call("join", Kind.TEXT, whole, "' '")


def _substr(meaning: Meaning, arguments: Arguments, context: Context) -> Term:
    whole = terms.as_whole_text(meaning.term(arguments[0], context))
    return terms.call("part", Kind.TEXT, whole, *(number(meaning, each, context) for each in arguments[1:]))


def _substring(meaning: Meaning, arguments: Arguments, context: Context) -> Term:
    whole = terms.as_whole_text(meaning.term(arguments[0], context))
    numbers = [number(meaning, each, context).constant for each in arguments[1:]]
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

    return takes(2, 2, call)


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
    grouped = inner.startswith("(") and inner.endswith(")") and inner.count("(") == 1
    if "|" in inner and (begins or ends) and not grouped:
        raise Untranslatable(f"the pattern “{source}”: alternatives that begin or end the text on their own")
    return f"{'' if begins else '.*'}({inner}){'' if ends else '.*'}"


# -- Choices --------------------------------------------------------------------------------------------------


def _selected(meaning: Meaning, arguments: Arguments, context: Context) -> Term:
    answer, option = (meaning.term(each, context) for each in arguments)
    wanted = terms.as_text(option)
    if isinstance(wanted.constant, str):
        wanted = terms.text(wanted.constant.strip())
    if answer.constant is not None and wanted.constant is not None:
        chosen = str(terms.as_text(answer).constant).split() or [""]
        return terms.boolean(wanted.constant in chosen)
    if answer.single and wanted.constant is not None:
        return terms.equal(answer, wanted)
    found = terms.call("selected", Kind.BOOLEAN, _words(answer), wanted)
    # Nothing is among the chosen where nothing is chosen.
    neither = terms.both(terms.negation(terms.has_text(answer)), terms.negation(terms.has_text(wanted)))
    return terms.either(found, neither)


def _words(answer: Term) -> Term:
    """Return the options that are chosen, as a list."""
    if answer.kind is Kind.LIST:
        return answer
    return terms.call("split", Kind.LIST, terms.as_whole_text(answer), "' '")


def _count_selected(meaning: Meaning, arguments: Arguments, context: Context) -> Term:
    answer = meaning.term(arguments[0], context)
    if answer.single:
        return terms.as_number(terms.has_text(answer))
    chosen = terms.call("count", Kind.NUMBER, _words(answer))
    if answer.kind is not Kind.LIST:
        return chosen
    return terms.choice(terms.call("known", Kind.BOOLEAN, answer), chosen, terms.number(Decimal(0)))


def _selected_at(meaning: Meaning, arguments: Arguments, context: Context) -> Term:
    answer = meaning.term(arguments[0], context)
    place = number(meaning, arguments[1], context)
    if answer.kind is Kind.PLACE:
        if place.constant in (0, 1):
            return Term(f"{answer.at(Level.ATOM)}.{'lon' if place.constant else 'lat'}", Kind.NUMBER)
        raise Untranslatable("the height or the accuracy of a place")
    return Term(f"{_words(answer).code}[{place.code}]", Kind.TEXT)


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


def _to_number(meaning: Meaning, arguments: Arguments, context: Context) -> Term:
    return terms.as_number(or_here(meaning, arguments, context))


def _plain(name: str) -> Function:
    def call(meaning: Meaning, arguments: Arguments, context: Context) -> Term:
        return terms.call(name, Kind.NUMBER, *(number(meaning, each, context) for each in arguments))

    return takes(1, 2 if name == "round" else 1, call)


def _int(meaning: Meaning, arguments: Arguments, context: Context) -> Term:
    return truncated(number(meaning, arguments[0], context))


FUNCTIONS: Mapping[str, Function] = {
    **date_functions.FUNCTIONS,
    **node_functions.FUNCTIONS,
    "true": _constant(True),
    "false": _constant(False),
    "not": takes(1, 1, _not),
    "boolean": takes(1, 1, _boolean),
    "boolean-from-string": takes(1, 1, _from_string),
    "if": takes(3, 3, _if),
    "checklist": takes(3, None, _checklist),
    "string": takes(0, 1, _string),
    "concat": takes(0, None, _concat),
    "join": takes(1, None, _join),
    "coalesce": takes(2, 2, _coalesce),
    "contains": _text_test("contains"),
    "starts-with": _text_test("starts_with"),
    "ends-with": _text_test("ends_with"),
    "string-length": takes(0, 1, _length),
    "normalize-space": takes(0, 1, _normalized),
    "substr": takes(2, 3, _substr),
    "substring": takes(2, 3, _substring),
    "substring-before": _around("before"),
    "substring-after": _around("after"),
    "regex": takes(2, 2, _regex),
    "selected": takes(2, 2, _selected),
    "count-selected": takes(1, 1, _count_selected),
    "selected-at": takes(2, 2, _selected_at),
    "jr:choice-name": takes(2, 2, _choice_name),
    "jr:itext": takes(1, 1, _itext),
    "number": takes(0, 1, _to_number),
    "round": _plain("round"),
    "floor": _plain("floor"),
    "ceiling": _plain("ceil"),
    "abs": _plain("abs"),
    "int": takes(1, 1, _int),
}
