"""Draw a script: the source of a graph for Graphviz's `dot`, which lays it out. Every text is escaped."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace

from caruso.script_engine.nodes import (
    AnyItem,
    Call,
    Choose,
    Dialog,
    End,
    Group,
    Handover,
    Info,
    Leave,
    Question,
    Repeat,
    Split,
    Texts,
    Wait,
    best_title,
)
from caruso.script_engine.tools.edges import ANYWHERE, NOWHERE, Edge, Way, edges_of
from caruso.script_engine.tools.in_words import condition, value

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
_LOOKS: Mapping[type[AnyItem], str] = {
    Info: 'shape=note, fillcolor="#f4f4ef"',
    Question: 'shape=box, style="filled,rounded", fillcolor="#eaf2fb"',
    Handover: 'shape=cds, margin="0.25,0.1", fillcolor="#fdf1dc"',
    End: 'shape=box, style="filled,rounded,bold", peripheries=2, fillcolor="#e9f5ea"',
    Call: 'shape=component, margin="0.2,0.1", fillcolor="#f3ecfa"',
    Choose: 'shape=diamond, fillcolor="#ffffff"',
    Split: 'shape=diamond, fillcolor="#fbeaf3"',
    Wait: 'shape=octagon, fillcolor="#f1f2f4"',
}
_DOOR = "shape=point, width=0.1"
_EDGES = {
    Way.SKIPPED: 'style=dashed, color="#9aa1a9"',
    Way.EMPTY: 'style=dashed, color="#9aa1a9"',
    Way.EVENT: 'style=dotted, color="#a04b00", fontcolor="#a04b00"',
    Way.SERVICE: 'color="#0b6b3a", fontcolor="#0b6b3a"',
    Way.RESUMES: "style=bold",
    Way.AGAIN: 'style=bold, color="#5b3a8a"',
}


def dot(dialog: Dialog) -> str:
    """Return the graph's source. What a called dialog does in it is not drawn: it has a graph of its own."""
    lines = [_HEAD, f"  label={_quoted(f'{dialog.title(dialog.languages[0])} {dialog.version}')};"]
    lines.append('  "start" [shape=circle, label="", width=0.2, fillcolor="#1b1b1b"];')
    lines += _nodes(dialog)
    edges = tuple(_drawn(dialog))
    if any(edge.start == ANYWHERE for edge in edges):
        lines.append('  "*" [shape=plaintext, style="", label="at any item"];')
    if any(edge.to == NOWHERE for edge in edges):
        lines.append('  "" [shape=plaintext, style="", label="the script just stops"];')
    lines.append(f'  "start" -> {_quoted(dialog.start)};')
    lines += [f"  {_edge(edge, dialog)}" for edge in edges]
    return "\n".join([*lines, "}", ""])


def _drawn(dialog: Dialog) -> Iterator[Edge]:
    """Give the edges as they are drawn: a call is one node, and what another edge says is left out."""
    edges = [
        _of_calls(edge, dialog) for edge in edges_of(dialog) if not _foreign(edge.start) and edge.to != edge.start
    ]
    plain = {(edge.start, edge.to) for edge in edges if edge.way is Way.FOLLOWS and not edge.otherwise}
    for edge in edges:
        inside = edge.way is Way.INSIDE and isinstance(dialog.items[edge.start], Call)
        if not inside and (edge.way is not Way.SKIPPED or (edge.start, edge.to) not in plain):
            yield edge


def _of_calls(edge: Edge, dialog: Dialog) -> Edge:
    start = dialog.items.get(edge.start)
    if isinstance(start, Leave) and isinstance(dialog.items[start.of], Call):
        return replace(edge, start=start.of)
    return edge


def _foreign(item: str) -> bool:
    """Whether an item belongs to a called dialog."""
    return "/" in item


# -- Nodes ----------------------------------------------------------------------------------------------------


def _nodes(dialog: Dialog) -> Iterator[str]:
    """Give the nodes, groups and repeats as boxes round those within."""
    order = {name: number for number, name in enumerate(dialog.items)}
    open_boxes: list[str] = []
    for item in dialog.items.values():
        if _foreign(item.id) or (isinstance(item, Leave) and isinstance(dialog.items[item.of], Call)):
            continue
        seat = dialog.seats[item.id]
        boxes = sorted({*seat.groups, *seat.repeats, *_own_box(item)}, key=order.__getitem__)
        while open_boxes and open_boxes != boxes[: len(open_boxes)]:
            open_boxes.pop()
            yield "  }"
        for box in boxes[len(open_boxes) :]:
            open_boxes.append(box)
            yield f"  subgraph {_quoted(f'cluster {box}')} {{"
            yield f"  {_box(dialog.items[box], dialog)};"
        yield f"  {_node(item, dialog)}"
    yield from ("  }" for _ in open_boxes)


def _own_box(item: AnyItem) -> tuple[str, ...]:
    match item:
        case Group() | Repeat():
            return (item.id,)
        case Leave(of=of):
            return (of,)
        case _:
            return ()


def _box(item: AnyItem, dialog: Dialog) -> str:
    lines = [item.id]
    if isinstance(item, (Group, Repeat)):
        lines += _wrapped(best_title(item.titles, dialog.languages[0], ""), LONGEST_TEXT)
    if isinstance(item, Repeat):
        lines.append("repeated")
    if isinstance(item, Group) and item.together:
        lines.append("shown together")
    lines += _only_if(item, dialog)
    return f'label={_quoted(*lines)}; fontsize=11; style="rounded,dashed"; color="#5a6068"'


def _node(item: AnyItem, dialog: Dialog) -> str:
    if isinstance(item, (Group, Repeat, Leave)):
        return f"{_quoted(item.id)} [{_DOOR}];"
    lines = [f"{item.id}: {item.type}" if isinstance(item, Question) else item.id]
    lines += _wrapped(_words(item.texts, dialog), LONGEST_TEXT)
    lines += _about(item, dialog)
    lines += _only_if(item, dialog)
    return f"{_quoted(item.id)} [{_LOOKS[type(item)]}, label={_quoted(*lines)}, tooltip={_quoted(item.id)}];"


def _about(item: AnyItem, dialog: Dialog) -> list[str]:
    match item:
        case End(outcome=outcome):
            return [f"→ {outcome}"]
        case Handover(channel=channel):
            return [f"to {channel}"]
        case Call(dialog=name):
            return [f"calls {name}"]
        case Wait(event=event, duration=duration):
            words = [f"for {event}"] if event else []
            words += [f"for {value(duration, dialog)}"] if duration is not None else []
            return _wrapped(" or ".join(words), LONGEST_CONDITION)
        case _:
            return []


def _only_if(item: AnyItem, dialog: Dialog) -> list[str]:
    if item.ask_if is None:
        return []
    return _wrapped(f"only if {condition(item.ask_if, dialog)}", LONGEST_CONDITION)


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
    return f"{_quoted(edge.start)} -> {_quoted(edge.to)}{f' [{attributes}]' if attributes else ''};"


def _label(edge: Edge, dialog: Dialog) -> str:
    if edge.way is Way.SKIPPED:
        return "not asked"
    if edge.way is Way.EMPTY:
        return "no pass"
    if edge.way is Way.AGAIN:
        return "next pass"
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


def _quoted(*lines: str) -> str:
    """Return a string of dot's: in it a backslash would begin an escape, a quote end it."""
    plain = ("".join(sign if sign.isprintable() else " " for sign in line) for line in lines)
    return '"' + "\\n".join(line.replace("\\", "\\\\").replace('"', '\\"') for line in plain) + '"'
