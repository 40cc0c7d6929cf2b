"""Build the typed nodes of a script from its checked XML; expressions are compiled here, once.

What a DTD cannot say about single values (durations, key ranges, expressions) is refused here, all of it at once.
Whether the whole makes sense is `lint`'s business.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import TypeVar

from caruso.errors import RejectedInput
from caruso.script_engine.expressions.types import Type
from caruso.script_engine.flow import leading_to
from caruso.script_engine.load_items import ITEMS, ItemLoader, titles_of
from caruso.script_engine.load_values import place_of
from caruso.script_engine.nodes import (
    Access,
    Back,
    Compute,
    Dialog,
    Direction,
    Frame,
    Item,
    Keep,
    Migration,
    ObjectNode,
    Policy,
    Rename,
    Seat,
    Variable,
)
from caruso.script_engine.source import Element, read

__all__ = ["Dialog", "Item", "load"]

_Named = TypeVar("_Named", ObjectNode, Variable, Compute)


def load(source: bytes, file: str = "") -> Dialog:
    """Return the script; raise `RejectedInput` with everything that is wrong with its form."""
    builder = _Builder(file)
    dialog = builder.dialog(read(source, file))
    if builder.findings:
        raise RejectedInput(tuple(dict.fromkeys(builder.findings)))
    return replace(dialog, leading_to=leading_to(dialog))


class _Builder(ItemLoader):
    """Builds the dialog."""

    def dialog(self, root: Element) -> Dialog:
        objects = self.named(root, "object", [self.object(child) for child in root.all("object")])
        variables = self.named(root, "var", [self.variable(child) for child in root.all("var")])
        computes = self.named(root, "compute", [self.compute(child) for child in root.all("compute")])
        self.computes = computes
        self.learn(root.all("macro"))
        self.learn_lists(root.all("choices"))
        handlers = self.handlers(root)
        self.lay_out([child for child in root.children if child.name in ITEMS], None, Seat())
        frame = Frame(
            prefix="",
            dialog=root.required("id"),
            version=root.required("version"),
            variables=variables,
            computes=computes,
            objects={name: name for name in objects},
            repeats=self.repeats,
            handlers=handlers,
            back=Back(root.required("back")),
        )
        return Dialog(
            id=root.required("id"),
            version=root.required("version"),
            languages=tuple(root.required("languages").split()),
            channels=self.channels(root, "channels") or frozenset(),
            titles=titles_of(root),
            start=root.get("start") or next(iter(self.items)),
            keep=Keep(root.required("keep")),
            expires_seconds=self.seconds(root, "expires") if root.get("expires") is not None else None,
            objects=objects,
            variables=variables,
            computes=computes,
            handlers=handlers,
            items=self.items,
            following=self.following,
            seats=self.seats,
            frames={"": frame},
            blocks=self.blocks,
            actions=self.actions,
            migrations=tuple(self.migration(child) for child in root.all("migrate")),
            place=place_of(root),
            file=self.file,
        )

    def named(self, root: Element, kind: str, nodes: Iterable[_Named]) -> dict[str, _Named]:
        made: dict[str, _Named] = {}
        for element, node in zip(root.all(kind), nodes, strict=True):
            if node.name in made:
                self.refuse("name-twice", f"there are two “{node.name}”", element.origin("name"))
            self.speakable(node.name, element)
            made[node.name] = node
        return made

    def object(self, element: Element) -> ObjectNode:
        return ObjectNode(
            name=element.required("name"),
            class_name=element.required("class"),
            key=self.optional(element, "key"),
            access=Access(element.required("access")),
            may_be_missing=element.get("missing") == "empty",
            place=place_of(element),
        )

    def variable(self, element: Element) -> Variable:
        return Variable(
            name=element.required("name"),
            type=Type(element.required("type")),
            initial=self.optional(element, "initial"),
            direction=Direction(element.required("direction")),
            private=element.get("private") == "yes",
            place=place_of(element),
        )

    def compute(self, element: Element) -> Compute:
        return Compute(
            name=element.required("name"),
            type=Type(element.required("type")),
            value=self.demanded(element, "as"),
            place=place_of(element),
        )

    # -- Migration --------------------------------------------------------------------------------------------

    def migration(self, element: Element) -> Migration:
        return Migration(
            versions=frozenset(element.required("from").split()),
            policy=Policy(element.required("policy")),
            renames=tuple(self.rename(child) for child in element.all("rename")),
            moves={child.required("from"): child.required("to") for child in element.all("move")},
            drops=frozenset(child.required("answer") for child in element.all("drop")),
            place=place_of(element),
        )

    def rename(self, element: Element) -> Rename:
        return Rename(
            answer=element.required("answer"),
            to=element.required("to"),
            value=self.optional(element, "as"),
            place=place_of(element),
        )
