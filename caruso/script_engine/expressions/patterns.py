"""Match texts against patterns; the time grows with text times pattern, no faster.

A subset of regular expressions that means the same in a browser: literals, ``.``, classes,
``\\d \\w \\s``, groups, ``|``, ``? * +`` and ``{m,n}``. The whole text has to match.
Thompson's construction: all states advance together, so there is no backtracking and no catastrophic pattern.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from dataclasses import dataclass, field

#: Characters a pattern may have, states it may unfold to, and characters of a text that are looked at.
LONGEST_PATTERN = 200
MOST_STATES = 1_000
LONGEST_SUBJECT = 1_000

Accepts = Callable[[str], bool]
_CLASSES: dict[str, Accepts] = {
    "d": lambda sign: sign in "0123456789",
    "D": lambda sign: sign not in "0123456789",
    "w": lambda sign: sign.isalnum() or sign == "_",
    "W": lambda sign: not (sign.isalnum() or sign == "_"),
    "s": str.isspace,
    "S": lambda sign: not sign.isspace(),
}
_CONTROLS = {"n": "\n", "t": "\t", "r": "\r"}


class PatternError(ValueError):
    """The pattern is wrong at offset `at`."""

    def __init__(self, message: str, at: int) -> None:
        """Keep the place."""
        super().__init__(message)
        self.at = at


@dataclass(slots=True)
class _State:
    accepts: Accepts | None = None
    #: Where to go: after `accepts` took a character, or for nothing when it is None.
    to: list[int] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class _Piece:
    """Part of a pattern, not yet unfolded into states."""

    kind: str
    accepts: Accepts | None = None
    parts: tuple[_Piece, ...] = ()
    least: int = 1
    most: int | None = 1


@dataclass(frozen=True, slots=True)
class Pattern:
    """A pattern that was read; it is unfolded into states when it is first needed."""

    source: str
    #: How many states it unfolds to.
    size: int

    def weight(self, text: str) -> int:
        """Return the most steps matching `text` can take."""
        return min(len(text), LONGEST_SUBJECT) * self.size + 1

    def matches(self, text: str) -> bool:
        """Whether the whole of `text` matches; a text longer than the limit does not."""
        return len(text) <= LONGEST_SUBJECT and _unfolded(self.source).match(text)


@dataclass(frozen=True, slots=True)
class _Automaton:
    states: tuple[_State, ...]
    start: int
    final: int

    def match(self, text: str) -> bool:
        present = self._reach({self.start})
        for sign in text:
            stepped = {
                to
                for number in present
                if (accepts := self.states[number].accepts) is not None and accepts(sign)
                for to in self.states[number].to
            }
            if not stepped:
                return False
            present = self._reach(stepped)
        return self.final in present

    def _reach(self, numbers: set[int]) -> set[int]:
        seen = set(numbers)
        todo = list(numbers)
        while todo:
            state = self.states[todo.pop()]
            if state.accepts is None:
                fresh = [to for to in state.to if to not in seen]
                seen.update(fresh)
                todo.extend(fresh)
        return seen


@functools.lru_cache(maxsize=1_024)
def compile_pattern(source: str) -> Pattern:
    """Return the pattern ready to match; raise `PatternError`."""
    size = _size(_read(source))
    if size > MOST_STATES:
        raise PatternError("the pattern is too large", 0)
    return Pattern(source, size)


# Few, for they are large: a script may have thousands of patterns, and needs one at a time.
@functools.lru_cache(maxsize=64)
def _unfolded(source: str) -> _Automaton:
    states: list[_State] = []
    start, final = _unfold(_read(source), states)
    return _Automaton(tuple(states), start, final)


def _read(source: str) -> _Piece:
    if len(source) > LONGEST_PATTERN:
        raise PatternError(f"a pattern may have {LONGEST_PATTERN} characters", LONGEST_PATTERN)
    body = source.removeprefix("^")
    reader = _Reader(body[:-1] if body.endswith("$") and not body.endswith("\\$") else body)
    piece = reader.alternatives(0)
    if reader.at < len(reader.source):
        raise PatternError("“)” without “(”", reader.at)
    return piece


def _size(piece: _Piece) -> int:
    """Return how many states `_unfold` makes of `piece`."""
    inner = sum(_size(part) for part in piece.parts)
    match piece.kind:
        case "sign" | "either":
            return 2 + inner
        case "sequence":
            return 1 + inner
        case _:
            return 2 + inner * (piece.least + (1 if piece.most is None else piece.most - piece.least))


def _new(states: list[_State], accepts: Accepts | None = None) -> int:
    states.append(_State(accepts))
    return len(states) - 1


def _unfold(piece: _Piece, states: list[_State]) -> tuple[int, int]:
    match piece.kind:
        case "sign":
            start, final = _new(states, piece.accepts), _new(states)
            states[start].to.append(final)
        case "sequence":
            start = final = _new(states)
            for part in piece.parts:
                begin, end = _unfold(part, states)
                states[final].to.append(begin)
                final = end
        case "either":
            start, final = _new(states), _new(states)
            for part in piece.parts:
                begin, end = _unfold(part, states)
                states[start].to.append(begin)
                states[end].to.append(final)
        case _:
            start, final = _repeat(piece, states)
    return start, final


def _repeat(piece: _Piece, states: list[_State]) -> tuple[int, int]:
    start = final = _new(states)
    for _ in range(piece.least):
        begin, end = _unfold(piece.parts[0], states)
        states[final].to.append(begin)
        final = end
    last = _new(states)
    if piece.most is None:
        begin, end = _unfold(piece.parts[0], states)
        states[final].to += [begin, last]
        states[end].to += [begin, last]
        return start, last
    for _ in range(piece.most - piece.least):
        begin, end = _unfold(piece.parts[0], states)
        states[final].to += [begin, last]
        final = end
    states[final].to.append(last)
    return start, last


class _Reader:
    """Reads a pattern from left to right."""

    def __init__(self, source: str) -> None:
        self.source = source
        self.at = 0

    def _peek(self) -> str:
        return self.source[self.at : self.at + 1]

    def _take(self) -> str:
        sign = self._peek()
        if not sign:
            raise PatternError("the pattern ends too early", self.at)
        self.at += 1
        return sign

    def alternatives(self, depth: int) -> _Piece:
        if depth > 20:
            raise PatternError("groups nested too deep", self.at)
        parts = [self._sequence(depth)]
        while self._peek() == "|":
            self.at += 1
            parts.append(self._sequence(depth))
        return parts[0] if len(parts) == 1 else _Piece("either", parts=tuple(parts))

    def _sequence(self, depth: int) -> _Piece:
        parts: list[_Piece] = []
        while self._peek() not in {"", "|", ")"}:
            parts.append(self._quantified(self._single(depth)))
        return _Piece("sequence", parts=tuple(parts))

    def _single(self, depth: int) -> _Piece:
        sign = self._take()
        match sign:
            case "(":
                self.at += 2 if self.source.startswith("?:", self.at) else 0
                piece = self.alternatives(depth + 1)
                if self._peek() != ")":
                    raise PatternError("“(” is not closed", self.at)
                self.at += 1
                return piece
            case "[":
                return _Piece("sign", accepts=self._class())
            case ".":
                return _Piece("sign", accepts=lambda _: True)
            case "\\":
                return _Piece("sign", accepts=self._escape())
            case "*" | "+" | "?" | "{" | "}" | "^" | "$" | "]":
                raise PatternError(f"“{sign}” is not expected here; write \\{sign} for the sign", self.at - 1)
            case _:
                return _Piece("sign", accepts=sign.__eq__)

    def _escape(self) -> Accepts:
        sign = self._take()
        if sign in _CLASSES:
            return _CLASSES[sign]
        if sign.isalnum() and sign not in _CONTROLS:
            raise PatternError(f"“\\{sign}” is not supported", self.at - 2)
        return _CONTROLS.get(sign, sign).__eq__

    def _class(self) -> Accepts:
        negated = self._peek() == "^"
        self.at += negated
        tests: list[Accepts] = []
        while self._peek() != "]":
            tests.append(self._class_part())
        self.at += 1
        if negated:
            return lambda sign: not any(test(sign) for test in tests)
        return lambda sign: any(test(sign) for test in tests)

    def _class_part(self) -> Accepts:
        first = self._take()
        if first == "\\":
            return self._escape()
        if self._peek() == "-" and self.source[self.at + 1 : self.at + 2] not in {"", "]"}:
            self.at += 1
            last = self._take()
            if last < first:
                raise PatternError(f"“{first}-{last}” runs backwards", self.at - 3)
            return lambda sign: first <= sign <= last
        return first.__eq__

    def _quantified(self, piece: _Piece) -> _Piece:
        match self._peek():
            case "*":
                bounds: tuple[int, int | None] = (0, None)
            case "+":
                bounds = (1, None)
            case "?":
                bounds = (0, 1)
            case "{":
                return self._counted(piece)
            case _:
                return piece
        self.at += 1
        return self._once(_Piece("repeat", parts=(piece,), least=bounds[0], most=bounds[1]))

    def _counted(self, piece: _Piece) -> _Piece:
        begin = self.at
        end = self.source.find("}", begin)
        least, comma, most = self.source[begin + 1 : end].partition(",")
        if end < 0 or not least.isdecimal() or not (most.isdecimal() or not most) or len(least + most) > 6:
            raise PatternError("write {2}, {2,} or {2,5}", begin)
        upper = int(most) if most else None if comma else int(least)
        if upper is not None and upper < int(least):
            raise PatternError("the range runs backwards", begin)
        self.at = end + 1
        return self._once(_Piece("repeat", parts=(piece,), least=int(least), most=upper))

    def _once(self, piece: _Piece) -> _Piece:
        if self._peek() and self._peek() in "*+?{":
            raise PatternError("one repetition after another", self.at)
        return piece
