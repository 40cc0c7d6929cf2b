"""Find what a path of a form leads to: nodes of its answers, or elements of a table that is in the form."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from caruso.script_engine.xforms.document import Tag
from caruso.script_engine.xforms.form import Form, Node
from caruso.script_engine.xforms.terms import Term
from caruso.script_engine.xforms.xpath import Call, Path, Step, Text, XPath


class Untranslatable(Exception):
    """Something a dialog cannot say; the text is the reason."""


@dataclass(frozen=True, slots=True)
class Context:
    """Where an expression stands."""

    #: What ``.`` is; a row of a table within its predicate.
    here: Node | Tag
    #: What ``current()`` is.
    current: Node
    #: Repeats whose pass is not the one being asked, and the expression of that pass.
    passes: Mapping[Node, str] = field(default_factory=dict)
    #: What ``position()`` is, within a predicate.
    position: Term | None = None
    #: Questions hold what they begin with: the expression is worked out once, when the form is opened.
    opening: bool = False

    @property
    def open(self) -> frozenset[Node]:
        """Return the repeats in whose pass it stands."""
        return frozenset(self.current.repeats)

    def within(self, repeat: Node, code: str) -> Context:
        """Return the same context, with the pass of `repeat` given."""
        return replace(self, passes={**self.passes, repeat: code})


def of(node: Node) -> Context:
    """Return the context of an expression of that node."""
    return Context(here=node, current=node)


@dataclass(frozen=True, slots=True)
class Target:
    """A node of the answers, and the predicates on the way to it."""

    node: Node
    predicates: Mapping[Node, tuple[XPath, ...]]


@dataclass(frozen=True, slots=True)
class Rows:
    """Elements of a table, before their predicates: groups of siblings, each with the predicates of its step."""

    tags: tuple[Tag, ...]


def find(form: Form, path: Path, context: Context) -> Target | None:
    """Return the node a path leads to, None where there is none; raise `Untranslatable`."""
    at, steps = _start(form, path, context)
    predicates: dict[Node, tuple[XPath, ...]] = {}
    for step in steps:
        following = _follow(at, step)
        if following is None:
            return None
        at = following
        if step.predicates:
            predicates[at] = step.predicates
    return Target(at, predicates)


def _start(form: Form, path: Path, context: Context) -> tuple[Node, tuple[Step, ...]]:
    if path.start is not None:
        if path.start == Call("current", ()):
            return context.current, path.steps
        raise Untranslatable("a path that begins with a function other than current() or instance()")
    if path.absolute:
        first = path.steps[0]
        if first.name.rpartition(":")[2] == form.root.name:
            return form.root, path.steps[1:]
        raise Untranslatable(f"there is no node /{first.name}")
    if isinstance(context.here, Tag):
        raise Untranslatable("a path out of the row of a table")
    return context.here, path.steps


def _follow(node: Node, step: Step) -> Node | None:
    match step.name:
        case ".":
            return node
        case "..":
            return node.parent
        case "*":
            raise Untranslatable("all children of a node (*)")
        case name if name.startswith("@"):
            raise Untranslatable("an attribute of a node")
        case name:
            return node.child(name.rpartition(":")[2])


def table_of(path: Path) -> str | None:
    """Return the name of the table the path begins in, if it does."""
    match path.start:
        case Call("instance", (Text(name),)):
            return name
        case Call("instance", _):
            raise Untranslatable("a table whose name is worked out")
        case _:
            return None
