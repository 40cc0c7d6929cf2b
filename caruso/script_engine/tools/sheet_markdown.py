"""Write a logic sheet as Markdown. Words of the script are escaped: they cannot become markup."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from caruso.script_engine.tools.excerpt import printable
from caruso.script_engine.tools.sheet import Code, Fact, Line, Link, Quote, Sheet, Span

_SPECIAL = re.compile(r"([\\`*_{}\[\]<>#|~])")
_BLANKS = re.compile(r"\s+")
_DEEPEST_HEADING = 5


def markdown(sheet: Sheet) -> str:
    """Return the sheet."""
    lines = [f"# {_plain(sheet.title)}", "", *_facts(sheet.facts), ""]
    for section in sheet.sections:
        heading = "#" * min(2 + section.depth, _DEEPEST_HEADING)
        anchor = f'<a id="{_anchor(section.item)}"></a>' if section.item else ""
        lines += [f"{heading} {anchor}{_plain(section.title)}", "", *_facts(section.facts), ""]
    return "\n".join(lines).rstrip() + "\n"


def _facts(facts: Iterable[Fact]) -> Iterator[str]:
    for fact in facts:
        if len(fact.lines) == 1:
            yield f"- **{fact.label}** {_spans(fact.lines[0])}"
            yield from _below(fact.lines[0].below, 1)
        else:
            yield f"- **{fact.label}**"
            yield from _below(fact.lines, 1)


def _below(lines: Iterable[Line], depth: int) -> Iterator[str]:
    for line in lines:
        yield f"{'  ' * depth}- {_spans(line)}"
        yield from _below(line.below, depth + 1)


def _spans(line: Line) -> str:
    return "".join(map(_span, line.spans))


def _span(span: Span) -> str:
    match span:
        case Link(item=item):
            return f"[{_plain(item)}](#{_anchor(item)})"
        case Quote(text=text):
            return f"“{_plain(text)}”"
        case Code(text=text):
            return f"`{' '.join(printable(text).replace('`', '′').split())}`"
        case _:
            return _plain(span)


def _plain(text: str) -> str:
    escaped = _SPECIAL.sub(r"\\\1", printable(text).replace("&", "&amp;"))
    return _BLANKS.sub(" ", escaped)


def _anchor(item: str) -> str:
    return re.sub(r"[^\w.-]", "-", item)
