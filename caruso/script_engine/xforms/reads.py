"""Which nodes an expression of a form reads: directly, or through values that are worked out."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

from caruso.script_engine.xforms.form import Form, Node
from caruso.script_engine.xforms.paths import Untranslatable, find, of, table_of
from caruso.script_engine.xforms.xpath import XPath, paths


class Reads:
    """Follows the paths of expressions."""

    def __init__(self, form: Form, tree: Callable[[str], XPath]) -> None:
        self._form = form
        self._tree = tree
        self._read: dict[tuple[str, Node], tuple[Node, ...]] = {}
        self._latest: dict[Node, int] = {}

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

    def before(self, node: Node, seen: set[Node]) -> Iterator[Node]:
        """Give the nodes that what `node` holds, and whether it applies, is made of: each behind its own.

        Those `seen` are left out, and those given are added. However long the chain, nothing here goes deep.
        """
        waiting = [(node, iter(self._of_node(node)))]
        while waiting:
            reader, read = waiting[-1]
            below = next((each for each in read if each not in seen), None)
            if below is not None:
                seen.add(below)
                waiting.append((below, iter(self._of_node(below))))
                continue
            waiting.pop()
            if reader is not node:
                yield reader

    def _of_node(self, node: Node) -> list[Node]:
        sources = [(each.bound("relevant"), each) for each in node.line_of_descent]
        sources.append((node.bound("calculate"), node))
        sources += [(action.tag.get("value"), node) for action in node.actions]
        return [found for source, at in sources if source for found in self._directly(source, at)]

    def latest(self, source: str, at: Node, order: Mapping[Node, int]) -> int:
        """Return the last place in `order` of all that `all` returns; -1 where nothing of it is in there.

        What nodes are read for one is worked out once. In a circle, a mistake anyway, it may be too early.
        """
        waiting = [(node, iter(self._below(node))) for node in self._directly(source, at)]
        begun = {node for node, _ in waiting}
        while waiting:
            node, below = waiting[-1]
            following = next((each for each in below if each not in self._latest and each not in begun), None)
            if following is not None:
                begun.add(following)
                waiting.append((following, iter(self._below(following))))
                continue
            waiting.pop()
            places = (self._latest.get(each, -1) for each in self._below(node))
            self._latest[node] = max(order.get(node, -1), *places, -1)
        return max((self._latest[node] for node in self._directly(source, at)), default=-1)

    def _below(self, node: Node) -> list[Node]:
        sources = (node.bound(each) for each in ("calculate", "relevant"))
        return [found for source in sources if source for found in self._directly(source, node)]

    def _directly(self, source: str, at: Node) -> tuple[Node, ...]:
        if (source, at) not in self._read:
            self._read[source, at] = tuple(self._find(source, at))
        return self._read[source, at]

    def _find(self, source: str, at: Node) -> Iterator[Node]:
        try:
            for path in paths(self._tree(source)):
                if table_of(path) is None and (found := find(self._form, path, of(at))) is not None:
                    yield found.node
        except Untranslatable:
            return
