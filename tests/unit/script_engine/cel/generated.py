"""Random expressions of CEL, of every kind of value that ours share with it, and values for their names.

Built so that CEL and ours have to agree wherever CEL gives a value at all: what the table of deviations lists is
left out (nulls, division of whole numbers, binary fractions that decimals do not have, …), except for failures.
Made from a seed: drawing each piece through hypothesis would take ten times as long as evaluating it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from random import Random
from typing import Any

#: Letters of one to four bytes, quotes, a backslash, and what looks like markup.
LETTERS = "abAB1 éßzЖ😀'\"\\<&"
#: How deep an expression is nested at most.
DEPTH = 5

#: Gives the source of an expression that is nested no deeper than told.
Make = Callable[[Random, int], str]


def cases(seed: int, count: int) -> list[tuple[str, dict[str, Any]]]:
    """Return expressions, each with values for the names it may use."""
    chance = Random(seed)  # noqa: S311 -- chance for a test
    return [(chance.choice(_KINDS)(chance, DEPTH), _bindings(chance)) for _ in range(count)]


def _bindings(chance: Random) -> dict[str, Any]:
    return {
        "n": _number(chance),
        "d": _fraction(chance),
        "t": _letters(chance),
        "b": chance.random() < 0.5,
        "ns": [_number(chance) for _ in range(chance.randrange(4))],
        "ts": [_letters(chance) for _ in range(chance.randrange(4))],
        "m": {"n": _number(chance), "t": _letters(chance), "a b": chance.random() < 0.5},
    }


def _number(chance: Random) -> int:
    return chance.randint(-40, 40)


def _fraction(chance: Random) -> float:
    """Return a fraction that binary and decimal numbers both have."""
    return chance.randint(-160, 160) / 4


def _letters(chance: Random) -> str:
    return "".join(chance.choices(LETTERS, k=chance.randrange(6)))


# -- Building blocks ------------------------------------------------------------------------------------------


def _among(*sources: str) -> Make:
    return lambda chance, _: chance.choice(sources)


def _any(plain: Make, *nested: Make) -> Make:
    """Return one of all; where nothing may be nested any more, the plain one."""
    return lambda chance, depth: (chance.choice((plain, *nested)) if depth > 0 else plain)(chance, depth - 1)


def _joined(*pieces: str | Make) -> Make:
    return lambda chance, depth: "".join(
        piece if isinstance(piece, str) else piece(chance, depth) for piece in pieces
    )


def _later(name: str) -> Make:
    """Return what will have been defined under this name."""
    return lambda chance, depth: _MADE[name](chance, depth)  # noqa: PLW0108 -- not there yet


def _list(of: Make) -> Make:
    return lambda chance, depth: f"[{', '.join(of(chance, depth) for _ in range(chance.randrange(4)))}]"


def _text(chance: Random, _: int) -> str:
    return "'" + _letters(chance).replace("\\", "\\\\").replace("'", "\\'") + "'"


def _whole(chance: Random, _: int) -> str:
    return f"({_number(chance)})"


def _double(chance: Random, _: int) -> str:
    return f"({_fraction(chance)!r})"


def _moment(chance: Random, _: int) -> str:
    day = chance.choice(("2024-02-29", "2026-03-01", "2026-12-31", "1999-01-01"))
    return f"timestamp('{day}{chance.choice(('T00:00:00Z', 'T23:59:30Z', 'T08:30:00+02:00', 'T12:00:00-05:00'))}')"


# -- Kinds of values ------------------------------------------------------------------------------------------

_PARTS = ("getFullYear", "getMonth", "getDate", "getDayOfMonth", "getDayOfWeek", "getHours", "getMinutes")
_ORDER = _among(" == ", " != ", " < ", " <= ", " > ", " >= ")
_SAME = _among(" == ", " != ")
_JOIN = _among(" && ", " || ")
#: What CEL cannot work out, which may not matter: `false && 1 / 0 == 1`.
_FAILING = _among("(1 / 0 == 1)", "([1][7] == 1)", "(m.gone == 1)")
#: Lists without macros in them: macros stand behind these, and not in each other.
_PLAIN = {
    "whole": _among("ns", "[1, 2, 0]", "[]", "(ns + [7])"),
    "text": _among("ts", "['a', 'éb', '']", "(['x'] + ts)"),
}


def _define(within: str = "") -> dict[str, Make]:
    """Return the kinds of expressions; `within` a macro over such elements, `x` is one and there is no macro."""

    def of(kind: str) -> Make:
        return _later(f"{kind}{within and '-in-' + within}")

    def leaf(kind: str, made: Make, *names: str) -> Make:
        named = _among(*names, *(["x"] if within == kind else []))
        return lambda chance, depth: chance.choice((made, named))(chance, depth)

    def choice(kind: str) -> Make:
        return _joined("(", of("truth"), " ? ", of(kind), " : ", of(kind), ")")

    truth, whole, double, text, wholes, texts = map(of, ("truth", "whole", "double", "text", "wholes", "texts"))
    plain_whole = leaf("whole", _whole, "n", "m.n", "0x1F", "int('42')", "int('-7')")
    plain_double = leaf("double", _double, "d", "2.5e-1", "double('0.75')")
    return {
        "whole": _any(
            plain_whole,
            _joined("(", whole, _among(" + ", " - "), whole, ")"),
            _joined("(", plain_whole, " * ", plain_whole, ")"),
            _joined("(", whole, " % ", _among("3", "7", "(-5)"), ")"),
            _joined("(-", plain_whole, ")"),
            choice("whole"),
            _joined("size(", text, ")"),
            _joined("size(", wholes, ")"),
            _joined(text, ".size()"),
            _joined(texts, ".size()"),
            _joined(wholes, "[", _among("0", "1", "2"), "]"),
            _joined(_moment, ".", _among(*_PARTS), "()"),
        ),
        "double": _any(
            plain_double,
            _joined("(", double, _among(" + ", " - "), double, ")"),
            _joined("(", plain_double, " * ", plain_double, ")"),
            _joined("(", plain_double, " / ", _among("2.0", "0.5", "(-4.0)"), ")"),
            choice("double"),
        ),
        "text": _any(
            leaf("text", _text, "t", "m.t", "m['t']"),
            _joined("(", text, " + ", text, ")"),
            choice("text"),
            _joined(texts, "[", _among("0", "1"), "]"),
            _joined("string(", whole, ")"),
            _joined("string(", text, ")"),
        ),
        "wholes": _any(
            _among("ns"), _list(whole), _joined("(", wholes, " + ", wholes, ")"), *_macros("whole", within)
        ),
        "texts": _any(_among("ts"), _list(text), _joined("(", texts, " + ", texts, ")"), *_macros("text", within)),
        "truth": _any(
            _among("true", "false", "b", "m['a b']"),
            *(_joined("(", kind, _ORDER, kind, ")") for kind in (whole, double, text, _moment)),
            *(_joined("(", kind, _SAME, kind, ")") for kind in (truth, wholes, texts)),
            _joined("(dyn(", whole, ")", _SAME, "dyn(", double, "))"),
            _joined("(dyn(", text, ")", _SAME, "dyn(", whole, "))"),
            _joined("(", truth, _JOIN, truth, ")"),
            _joined("(", truth, _JOIN, _FAILING, ")"),
            _joined("(", _FAILING, _JOIN, truth, ")"),
            _joined("!(", truth, ")"),
            choice("truth"),
            _joined(text, _among(".startsWith(", ".endsWith(", ".contains("), text, ")"),
            _joined(text, ".matches(", _among("'^[ab]*$'", "'^a.*$'", "'^(a|b)+1?$'", "'^.{2,3}$'"), ")"),
            _joined("(", whole, " in ", wholes, ")"),
            _joined("(", text, " in ", texts, ")"),
            _joined("(", _among("'n'", "'z'", "t"), " in m)"),
            *_questions(within),
        ),
    }  # fmt: skip


def _macros(kind: str, within: str) -> Sequence[Make]:
    if within:
        return ()
    return (
        _joined(_PLAIN[kind], ".filter(x, ", _later(f"truth-in-{kind}"), ")"),
        *(_joined(_PLAIN[other], ".map(x, ", _later(f"{kind}-in-{other}"), ")") for other in _PLAIN),
    )


def _questions(within: str) -> Sequence[Make]:
    if within:
        return ()
    macro = _among(".exists(x, ", ".all(x, ", ".exists_one(x, ")
    return tuple(_joined(_PLAIN[kind], macro, _later(f"truth-in-{kind}"), ")") for kind in _PLAIN)


_MADE = {
    f"{name}{within and '-in-' + within}": made
    for within in ("", *_PLAIN)
    for name, made in _define(within).items()
}
_KINDS = tuple(_MADE[name] for name in ("truth", "truth", "whole", "double", "text", "wholes", "texts"))
