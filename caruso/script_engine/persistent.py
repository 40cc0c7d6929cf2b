"""A mapping that is never changed: each change gives a new one that shares nearly all of the old. Pure.

A turn of a long dialog costs the same as one of a short dialog because of it: nothing is copied but a few small
nodes. A node is a dict of few entries or, above that, a tuple of nodes chosen by bits of the key's hash.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, TypeVar, overload

V = TypeVar("V")
T = TypeVar("T")

_BITS = 5
_WIDTH = 1 << _BITS
_MASK = _WIDTH - 1
#: Entries of a dict before it is divided.
_LARGEST_LEAF = 16
#: Bits of a hash that are used; keys alike in all of them stay in one dict.
_LAST_SHIFT = 55

#: A dict of entries, or a tuple of nodes.
_Node = Any
_NOTHING: dict[str, Any] = {}


class Map(Mapping[str, V]):
    """A persistent mapping of texts. Iterates in the order of its keys, so that it is the same everywhere."""

    __slots__ = ("_root",)

    def __init__(self, entries: Iterable[tuple[str, V]] = ()) -> None:
        """Take the entries; of equal keys the last counts."""
        root: _Node = _NOTHING
        made = dict(entries)
        if len(made) <= _LARGEST_LEAF:
            root = made
        else:
            for key, value in made.items():
                root = _put(root, 0, hash(key), key, value)
        self._root: _Node = root

    def put(self, key: str, value: V) -> Map[V]:
        """Return the mapping with the entry."""
        made: Map[V] = Map.__new__(Map)
        made._root = _put(self._root, 0, hash(key), key, value)
        return made

    def drop(self, key: str) -> Map[V]:
        """Return the mapping without the entry."""
        if key not in self:
            return self
        made: Map[V] = Map.__new__(Map)
        made._root = _drop(self._root, 0, hash(key), key)
        return made

    @overload
    def get(self, key: str, /) -> V | None: ...

    @overload
    def get(self, key: str, default: V | T, /) -> V | T: ...

    def get(self, key: str, default: Any = None, /) -> Any:
        """Return the entry, or `default`."""
        node = self._root
        if type(node) is tuple:
            bits = hash(key)
            while type(node) is tuple:
                node = node[bits & _MASK]
                bits >>= _BITS
        return node.get(key, default)

    def __getitem__(self, key: str) -> V:
        found = self.get(key, _NOTHING)
        if found is _NOTHING:
            raise KeyError(key)
        return found  # type: ignore[return-value]  # the mark was taken out above

    def __contains__(self, key: object) -> bool:
        return isinstance(key, str) and self.get(key, _NOTHING) is not _NOTHING

    def __len__(self) -> int:
        return sum(1 for _ in _keys(self._root))

    def __iter__(self) -> Iterator[str]:
        return iter(sorted(_keys(self._root)))

    def __hash__(self) -> int:
        return hash(frozenset(self))

    def __repr__(self) -> str:
        return f"Map({dict(self)!r})"


def _put(node: _Node, shift: int, bits: int, key: str, value: object) -> _Node:
    if type(node) is tuple:
        place = (bits >> shift) & _MASK
        parts = list(node)
        parts[place] = _put(node[place], shift + _BITS, bits, key, value)
        return tuple(parts)
    made = {**node, key: value}
    return made if len(made) <= _LARGEST_LEAF or shift > _LAST_SHIFT else _divided(made, shift)


def _divided(leaf: dict[str, object], shift: int) -> _Node:
    parts: list[_Node] = [_NOTHING] * _WIDTH
    for key, value in leaf.items():
        place = (hash(key) >> shift) & _MASK
        parts[place] = _put(parts[place], shift + _BITS, hash(key), key, value)
    return tuple(parts)


def _drop(node: _Node, shift: int, bits: int, key: str) -> _Node:
    if type(node) is tuple:
        place = (bits >> shift) & _MASK
        parts = list(node)
        parts[place] = _drop(node[place], shift + _BITS, bits, key)
        return tuple(parts)
    return {name: value for name, value in node.items() if name != key}


def _keys(node: _Node) -> Iterator[str]:
    if type(node) is tuple:
        for part in node:
            yield from _keys(part)
    else:
        yield from node
