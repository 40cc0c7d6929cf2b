"""Whoever asks for a kind of fact is told of it: what a listener's body looks at is what its parameter names.

A kind that is in a `case` and not in the annotation would never be heard, and nothing else would tell.
"""

from __future__ import annotations

import ast
import importlib
import inspect
import pkgutil
import textwrap
from collections.abc import Callable, Iterator
from typing import Any, get_args

import pytest

import caruso.comm_server
import caruso.simulation
from caruso.comm_server.fact_stream import kinds_heard
from caruso.model import facts


def listeners() -> Iterator[Callable[..., Any]]:
    for package in (caruso.comm_server, caruso.simulation):
        for module in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
            for _, kind in inspect.getmembers(importlib.import_module(module.name), inspect.isclass):
                hear = vars(kind).get("hear")
                if kind.__module__ == module.name and inspect.isfunction(hear):
                    names = list(inspect.signature(hear).parameters)
                    if names == ["self", "fact"]:
                        yield hear


def looked_at(function: Callable[..., Any]) -> set[type]:
    """Return the kinds of facts in the patterns and `isinstance` calls of a function."""
    kinds: set[type] = set()
    for node in ast.walk(ast.parse(textwrap.dedent(inspect.getsource(function)))):
        if isinstance(node, ast.MatchClass):
            names = [node.cls]
        elif isinstance(node, ast.Call) and ast.unparse(node.func) == "isinstance":
            names = [name for name in ast.walk(node.args[1]) if isinstance(name, ast.Name)]
        else:
            continue
        known = (getattr(facts, ast.unparse(name), None) for name in names)
        kinds |= {kind for kind in known if isinstance(kind, type) and issubclass(kind, facts.Fact)}
    return kinds


FOUND = {listener.__qualname__: listener for listener in listeners()}


def test_the_listeners_are_found() -> None:
    assert {"Dispatcher.hear", "Roster.hear", "Reception.hear", "Board.hear"} <= set(FOUND)


@pytest.mark.parametrize("name", sorted(FOUND))
def test_what_a_listener_looks_at_it_hears(name: str) -> None:
    deaf_to = [kind.__name__ for kind in looked_at(FOUND[name]) if not issubclass(kind, kinds_heard(FOUND[name]))]
    assert not deaf_to, f"{name} looks at {deaf_to} and does not ask for them"


def test_no_kind_of_fact_is_left_out_of_the_union() -> None:
    kinds = {kind for kind in vars(facts).values() if isinstance(kind, type) and issubclass(kind, facts.Fact)}
    assert set(get_args(facts.AnyFact)) == kinds - {facts.Fact}
