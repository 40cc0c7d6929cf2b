"""Which nodes an expression of a form reads: directly, or through values that are worked out."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from caruso.script_engine.xforms.form import Form, Node
from caruso.script_engine.xforms.paths import Untranslatable, find, of, table_of
from caruso.script_engine.xforms.xpath import XPath, paths


class Reads:
    """Follows the paths of expressions."""

    def __init__(self, form: Form, tree: Callable[[str], XPath]) -> None:
        self._form = form
        self._tree = tree

    def all(self, source: str, at: Node) -> frozenset[Node]:
        """Return every node that an expression of the node `at` reads, or that is read for those."""
        found: set[Node] = set()
        waiting = [(source, at)]
        while waiting:
            expression, place = waiting.pop()
            for node in self._directly(expression, place):
                if node not in found:
                    found.add(node)
                    waiting += [(node.bound(each), node) for each in ("calculate", "relevant") if node.bound(each)]
        return frozenset(found)

    def _directly(self, source: str, at: Node) -> Iterator[Node]:
        try:
            for path in paths(self._tree(source)):
                if table_of(path) is None and (found := find(self._form, path, of(at))) is not None:
                    yield found.node
        except Untranslatable:
            return
