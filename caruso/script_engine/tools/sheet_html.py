"""Write a logic sheet as one HTML page that prints well and loads nothing. All words are escaped."""

from __future__ import annotations

import re
from collections.abc import Iterable
from html import escape

from caruso.script_engine.tools.sheet import Code, Fact, Line, Link, Quote, Section, Sheet, Span

_STYLE = """\
body { font: 15px/1.45 system-ui, sans-serif; max-width: 52rem; margin: 2rem auto; padding: 0 1rem;
  color: #1b1b1b; }
h1 { font-size: 1.6rem; }
h2, h3, h4, h5 { font-size: 1.1rem; margin: 0 0 .3rem; }
section { border-left: 3px solid #c8ccd2; padding: .2rem 0 .2rem .8rem; margin: 1rem 0; break-inside: avoid; }
dl { display: grid; grid-template-columns: 9rem 1fr; gap: .15rem .8rem; margin: 0; }
dt { color: #5a6068; }
dd { margin: 0; }
ul { margin: 0; padding-left: 1.1rem; }
q { quotes: none; color: #0b4f2f; }
code { background: #f1f2f4; padding: 0 .2rem; }
a { color: #0b4a8f; }
:target { border-left-color: #0b4a8f; background: #f4f8fd; }
@media print {
  body { margin: 0; max-width: none; font-size: 11px; }
  a { color: inherit; text-decoration: none; }
}
"""


def html(sheet: Sheet, *, language: str = "en") -> str:
    """Return the page."""
    title = escape(sheet.title)
    body = "\n".join(_section(section) for section in sheet.sections)
    return (
        f'<!DOCTYPE html>\n<html lang="{escape(language)}">\n<head>\n<meta charset="utf-8">\n'
        f'<meta name="viewport" content="width=device-width, initial-scale=1">\n<title>{title}</title>\n'
        f"<style>\n{_STYLE}</style>\n</head>\n<body>\n<h1>{title}</h1>\n{_facts(sheet.facts)}\n{body}\n"
        "</body>\n</html>\n"
    )


def _section(section: Section) -> str:
    level = min(2 + section.depth, 5)
    anchor = f' id="{_anchor(section.item)}"' if section.item else ""
    indent = f' style="margin-left: {1.2 * section.depth:g}rem"' if section.depth else ""
    heading = f"<h{level}>{escape(section.title)}</h{level}>"
    return f"<section{anchor}{indent}>\n{heading}\n{_facts(section.facts)}\n</section>"


def _facts(facts: Iterable[Fact]) -> str:
    rows = [f"<dt>{escape(fact.label)}</dt><dd>{_lines(fact.lines)}</dd>" for fact in facts]
    return "<dl>\n" + "\n".join(rows) + "\n</dl>"


def _lines(lines: tuple[Line, ...]) -> str:
    if len(lines) == 1:
        return _spans(lines[0]) + (_lines(lines[0].below) if lines[0].below else "")
    items = [f"<li>{_spans(line)}{_lines(line.below) if line.below else ''}</li>" for line in lines]
    return f"<ul>{''.join(items)}</ul>"


def _spans(line: Line) -> str:
    return "".join(map(_span, line.spans))


def _span(span: Span) -> str:
    match span:
        case Link(item=item):
            return f'<a href="#{_anchor(item)}">{escape(item)}</a>'
        case Quote(text=text):
            return f"<q>“{escape(text)}”</q>"
        case Code(text=text):
            return f"<code>{escape(text)}</code>"
        case _:
            return escape(span)


def _anchor(item: str) -> str:
    return escape(re.sub(r"[^\w.-]", "-", item))
