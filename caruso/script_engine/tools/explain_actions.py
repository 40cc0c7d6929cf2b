"""Say what the actions of a script do."""

from __future__ import annotations

from collections.abc import Iterator
from typing import assert_never

from caruso.script_engine.nodes import (
    Action,
    Block,
    Clear,
    Dialog,
    Do,
    Log,
    OncePer,
    Parts,
    RecordConsent,
    Set,
    Text,
    Texts,
    Throw,
    When,
    plain_parts,
)
from caruso.script_engine.tools.in_words import condition, duration, on_channels, value
from caruso.script_engine.tools.sheet import Code, Line, Link, Quote, line

_WHEN = {When.NOW: "waits for the answer", When.BACKGROUND: "in the background", When.AT_END: "at the end"}
_ONCE = {OncePer.SESSION: "", OncePer.VISIT: ", again at each visit", OncePer.ANSWER: ", again for another answer"}


def block_lines(block: Block, dialog: Dialog) -> Iterator[Line]:
    """Give what a block does: its actions, and those of its transitions."""
    for action in block.actions:
        yield action_line(action, dialog)
    for transition in block.nexts:
        if transition.block:
            where = Link(transition.to) if transition.to is not None else "the following item"
            below = tuple(action_line(action, dialog) for action in dialog.blocks[transition.block].actions)
            yield line("on the way to ", where, ":", below=below)


def action_line(action: Action, dialog: Dialog) -> Line:
    """Return what an action does."""
    match action:
        case Set(root=root, name=name, to=to):
            return line("sets ", Code(f"{root}.{name}"), f" to {value(to, dialog)}")
        case Clear(names=names):
            return line("forgets ", Code(", ".join(f"{root}.{name}" for root, name in names)))
        case Log(parts=parts, level=level):
            return line(f"logs ({level}): ", Quote(written_out(parts, dialog)))
        case Throw(event=event):
            return line("lets happen: ", Code(event))
        case RecordConsent(purpose=purpose, given=given):
            return line("keeps as consent to ", Code(purpose), f": {value(given, dialog)}")
        case Do():
            return _service(action, dialog)
        case _:
            assert_never(action)


def _service(action: Do, dialog: Dialog) -> Line:
    only = f", only if {condition(action.condition, dialog)}" if action.condition is not None else ""
    tried = f", tried {action.retries + 1} times" if action.retries else ""
    below = [line(Code(name), f": {value(expression, dialog)}") for name, expression in action.params]
    if action.result:
        below.append(line("its answer is called ", Code(f"result.{action.result}")))
    for has, how, words in (
        (action.has_success, "success", "when it answers:"),
        (
            action.has_failure,
            "failure",
            f"when it fails, or takes longer than {duration(action.timeout_seconds)}:",
        ),
    ):
        if has:
            below.append(
                line(words, below=tuple(_branch(dialog.blocks[f"{action.ref}/{how}"], action, how, dialog)))
            )
    if action.undo:
        undo = tuple(_service(dialog.actions[ref], dialog) for ref in action.undo)
        below.append(line("to make it undone:", below=undo))
    about = f": {_WHEN[action.when]}{_ONCE[action.once_per]}{tried}{only}"
    return line("asks ", Code(action.service), about, below=tuple(below))


def _branch(block: Block, action: Do, how: str, dialog: Dialog) -> Iterator[Line]:
    if how == "failure" and action.failure_texts:
        yield line("says:", below=tuple(text_lines(action.failure_texts, dialog)))
    yield from block_lines(block, dialog)
    for transition in block.nexts:
        if transition.to is not None:
            yield line("goes to ", Link(transition.to))


def text_lines(texts: Texts, dialog: Dialog) -> Iterator[Line]:
    """Give every wording, with when it is used."""
    for text in texts:
        about = ", ".join(_about(text, dialog))
        more = f" ({text.audio})" if text.audio else ""
        yield line(f"{about}: " if about else "", Quote(written_out(text.parts, dialog)), more)


def _about(text: Text, dialog: Dialog) -> Iterator[str]:
    if text.language:
        yield text.language
    if text.channels is not None:
        yield on_channels(text.channels)
    if text.attempt:
        yield f"from attempt {text.attempt} on"
    if text.condition is not None:
        yield f"if {condition(text.condition, dialog)}"


def written_out(parts: Parts, dialog: Dialog) -> str:
    """Return a text with its values named in brackets."""
    words = []
    for part in plain_parts(parts):
        if isinstance(part, str):
            words.append(part)
        else:
            empty = f", or “{part.if_empty}”" if part.if_empty else ""
            words.append(f"[{value(part.of, dialog)}{empty}]")
    return "".join(words)
