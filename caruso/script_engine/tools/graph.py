"""Draw a script: the source of a graph for Graphviz's `dot`, which lays it out. Every text is escaped."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from caruso.script_engine.nodes import AnyItem, Dialog, End, Handover, Info, Question, Texts
from caruso.script_engine.tools.edges import ANYWHERE, NOWHERE, Edge, Way, edges_of
from caruso.script_engine.tools.in_words import condition

#: Signs of a text in a node, and of a condition at an edge; signs a line.
LONGEST_TEXT = 90
LONGEST_CONDITION = 70
WIDEST = 30

_HEAD = """\
digraph dialog {
  graph [rankdir=TB, nodesep=0.35, ranksep=0.45, fontname="Helvetica", labelloc=t, fontsize=16, compound=true];
  node [fontname="Helvetica", fontsize=11, shape=box, style="filled", fillcolor="#ffffff", color="#5a6068"];
  edge [fontname="Helvetica", fontsize=9, color="#5a6068", fontcolor="#3a3f45"];
"""
_LOOKS = {
    "info": 'shape=note, fillcolor="#f4f4ef"',
    "question": 'shape=box, style="filled,rounded", fillcolor="#eaf2fb"',
    "handover": 'shape=cds, margin="0.25,0.1", fillcolor="#fdf1dc"',
    "end": 'shape=box, style="filled,rounded,bold", peripheries=2, fillcolor="#e9f5ea"',
}
_EDGES = {
    Way.SKIPPED: 'style=dashed, color="#9aa1a9"',
    Way.EVENT: 'style=dotted, color="#a04b00", fontcolor="#a04b00"',
    Way.SERVICE: 'color="#0b6b3a", fontcolor="#0b6b3a"',
    Way.RESUMES: "style=bold",
}


def dot(dialog: Dialog) -> str:
    """Return the graph's source."""
    lines = [_HEAD, f"  label={_quoted(f'{dialog.title(dialog.languages[0])} {dialog.version}')};"]
    lines.append('  "start" [shape=circle, label="", width=0.2, fillcolor="#1b1b1b"];')
    lines += [f"  {_node(item, dialog)}" for item in dialog.items.values()]
    edges = edges_of(dialog)
    if any(edge.start == ANYWHERE for edge in edges):
        lines.append('  "*" [shape=plaintext, style="", label="at any item"];')
    if any(edge.to == NOWHERE for edge in edges):
        lines.append('  "" [shape=plaintext, style="", label="the script just stops"];')
    lines.append(f'  "start" -> {_id(dialog.start)};')
    lines += [f"  {_edge(edge, dialog)}" for edge in _drawn(edges)]
    return "\n".join([*lines, "}", ""])


def _drawn(edges: Sequence[Edge]) -> Iterator[Edge]:
    """Leave out what another edge says: that an item is passed over to where it leads anyway."""
    plain = {(edge.start, edge.to) for edge in edges if edge.way is Way.FOLLOWS and not edge.otherwise}
    return (edge for edge in edges if edge.way is not Way.SKIPPED or (edge.start, edge.to) not in plain)


# -- Nodes ----------------------------------------------------------------------------------------------------


def _node(item: AnyItem, dialog: Dialog) -> str:
    head = f"{item.id}: {item.type}" if isinstance(item, Question) else item.id
    lines = [head, *_wrapped(_words(item.texts, dialog), LONGEST_TEXT)]
    if isinstance(item, End):
        lines.append(f"→ {item.outcome}")
    if isinstance(item, Handover):
        lines.append(f"to {item.channel}")
    if item.ask_if is not None:
        lines += _wrapped(f"only if {condition(item.ask_if, dialog)}", LONGEST_CONDITION)
    return f"{_id(item.id)} [{_look(item)}, label={_quoted(*lines)}, tooltip={_quoted(item.id)}];"


def _look(item: AnyItem) -> str:
    match item:
        case Info():
            return _LOOKS["info"]
        case Question():
            return _LOOKS["question"]
        case Handover():
            return _LOOKS["handover"]
        case End():
            return _LOOKS["end"]


def _words(texts: Texts, dialog: Dialog) -> str:
    """Return the first text in the script's first language, values as dots."""
    fitting = [text for text in texts if text.language in {dialog.languages[0], ""}] or list(texts)
    if not fitting:
        return ""
    return "".join(part if isinstance(part, str) else "…" for part in fitting[0].parts)


# -- Edges ----------------------------------------------------------------------------------------------------


def _edge(edge: Edge, dialog: Dialog) -> str:
    look = _EDGES.get(edge.way, "")
    label = _quoted(*_wrapped(_label(edge, dialog), LONGEST_CONDITION))
    attributes = ", ".join(part for part in (look, f"label={label}" if label != '""' else "") if part)
    return f"{_id(edge.start)} -> {_id(edge.to)}{f' [{attributes}]' if attributes else ''};"


def _label(edge: Edge, dialog: Dialog) -> str:
    if edge.way is Way.SKIPPED:
        return "not asked"
    parts = [edge.about] if edge.about else []
    if edge.condition is not None:
        parts.append(condition(edge.condition, dialog))
    return ", ".join(parts) or ("otherwise" if edge.otherwise else "")


# -- Text -----------------------------------------------------------------------------------------------------


def _wrapped(text: str, longest: int) -> list[str]:
    """Return the text in short lines, cut where it is too long."""
    lines: list[str] = []
    plain = " ".join(text.split())
    for word in (plain if len(plain) <= longest else plain[: longest - 1] + "…").split():
        if lines and len(lines[-1]) + 1 + len(word) <= WIDEST:
            lines[-1] += f" {word}"
        else:
            lines.append(word)
    return lines


def _id(item: str) -> str:
    return _quoted(item)


def _quoted(*lines: str) -> str:
    """Return a string of dot's: in it a backslash would begin an escape, a quote end it."""
    plain = ("".join(sign if sign.isprintable() else " " for sign in line) for line in lines)
    return '"' + "\\n".join(line.replace("\\", "\\\\").replace('"', '\\"') for line in plain) + '"'
