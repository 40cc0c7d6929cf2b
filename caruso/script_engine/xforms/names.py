"""Names in the dialog for what has a path in the form: short where that is enough, never the same twice."""

from __future__ import annotations

import re

from caruso.script_engine.expressions.functions import FUNCTIONS
from caruso.script_engine.xforms.form import Node

#: Words that mean something else in an expression.
_TAKEN = {
    "or", "and", "not", "in", "eq", "ne", "lt", "le", "gt", "ge", "true", "false", "null",
    "answers", "vars", "result", "call", "agent", "dialog", "param", "one", "word", "item", "end",
}  # fmt: skip
_NO_LETTER = re.compile(r"\W+")
LONGEST_NAME = 60


def plain(name: str) -> str:
    """Return a name of letters, digits and underscores that begins with a letter."""
    made = _NO_LETTER.sub("_", name).strip("_") or "x"
    made = made if made[0].isalpha() else f"x{made}"
    return made[:LONGEST_NAME]


class Names:
    """Gives names out."""

    def __init__(self) -> None:
        self._given: set[str] = set()

    def of(self, node: Node, suffix: str = "") -> str:
        """Return a new name for a node: its own, with those around it where that is taken."""
        parts = [plain(node.name)]
        # An answer is always read as `answers.x`, so it may be called like a function.
        answered = node.control is not None and not suffix and parts[0] in FUNCTIONS
        if self._free(parts[0] + suffix) or (answered and self._unused(parts[0])):
            return self._give(parts[0] + suffix)
        for ancestor in node.ancestors:
            if ancestor.parent is None:
                break
            parts.insert(0, plain(ancestor.name))
            if self._free(name := "_".join(parts)[-LONGEST_NAME:].strip("_") + suffix) and not name[0].isdigit():
                return self._give(name)
        return self.new(plain("_".join(parts)) + suffix)

    def new(self, wanted: str) -> str:
        """Return `wanted`, or with a number where it is taken."""
        name, number = wanted, 1
        while not self._free(name):
            number += 1
            name = f"{wanted}_{number}"
        return self._give(name)

    def _free(self, name: str) -> bool:
        return self._unused(name) and name not in FUNCTIONS

    def _unused(self, name: str) -> bool:
        return name.lower() not in self._given and name not in _TAKEN

    def _give(self, name: str) -> str:
        self._given.add(name.lower())
        return name
