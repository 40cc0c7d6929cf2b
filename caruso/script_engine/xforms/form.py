"""What a form says, as plain data: the nodes of its answers, how they are bound, how its body asks for them.

Reads the XML only; what any of it means in a dialog is decided elsewhere.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from caruso.errors import Located, RejectedInput
from caruso.script_engine.xforms.document import Tag

CONTROLS = {"input", "select", "select1", "rank", "upload", "trigger", "range", "secret", "textarea"}
ACTIONS = {"setvalue", "odk:setgeopoint", "odk:recordaudio"}
#: Forms of a translated text that is words; the others name files.
WORDS = ("", "long", "short")


@dataclass(slots=True, eq=False)
class Node:
    """A node of the primary instance."""

    name: str
    path: str
    parent: Node | None
    #: Its text in the form, one for each time it is there (more than once in a repeat), templates aside.
    defaults: list[str]
    line: int
    children: list[Node] = field(default_factory=list)
    bind: Tag | None = None
    control: Control | None = None
    #: The part of the body that repeats it.
    repeat: Part | None = None
    #: How often it is in what it is in, in the form, templates aside; and how often in a template of that.
    times: int = 0
    times_in_template: int = 0
    #: Actions that set its value, with the event.
    actions: list[Action] = field(default_factory=list)
    #: Children by name, as many as there were when it was made: forms have thousands.
    _by_name: dict[str, Node] = field(default_factory=dict, repr=False)
    _indexed: int = 0
    attributes: Mapping[str, str] = field(default_factory=dict)
    #: Its text in the template of the repeat it is in.
    template: str | None = None
    #: Whether what it is repeated after is a template of its own.
    has_template: bool = False

    def bound(self, attribute: str) -> str:
        """Return an attribute of its bind, or nothing."""
        return self.bind.get(attribute) if self.bind is not None else ""

    @property
    def type(self) -> str:
        """Return the type of its value, without a prefix."""
        return self.bound("type").rpartition(":")[2] or "string"

    @property
    def ancestors(self) -> Iterator[Node]:
        """Give what it is in, from the inside."""
        at = self.parent
        while at is not None:
            yield at
            at = at.parent

    @property
    def line_of_descent(self) -> tuple[Node, ...]:
        """Return what it is in, from the outside, and the node."""
        return (*reversed(tuple(self.ancestors)), self)

    @property
    def repeats(self) -> tuple[Node, ...]:
        """Return the repeated nodes it is in (or is), from the outside."""
        return tuple(node for node in self.line_of_descent if node.repeat is not None)

    def everything(self) -> Iterator[Node]:
        """Give the node and all that is in it."""
        yield self
        for child in self.children:
            yield from child.everything()

    def child(self, name: str) -> Node | None:
        """Return the first child of that name."""
        if self._indexed != len(self.children):
            self._indexed = len(self.children)
            self._by_name = {child.name: child for child in reversed(self.children)}
        return self._by_name.get(name)


@dataclass(slots=True, eq=False)
class Control:
    """What asks for the value of a node."""

    kind: str
    tag: Tag
    node: Node

    @property
    def appearance(self) -> frozenset[str]:
        """Return the words of its appearance."""
        return frozenset(self.tag.get("appearance").lower().split())


@dataclass(slots=True, eq=False)
class Part:
    """A group or a repeat of the body."""

    tag: Tag
    #: Whose relevance it shares; a group that only holds together has none.
    node: Node | None
    repeats: bool
    parts: list[Part | Control] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Action:
    """Something that sets a value when an event happens."""

    tag: Tag
    events: frozenset[str]
    #: The control it is in.
    control: Control | None

    @property
    def trigger(self) -> Node:
        """Return the node whose answer makes it happen."""
        if self.control is None:
            raise ValueError("this action belongs to no question")
        return self.control.node


@dataclass(slots=True)
class Form:
    """A form that was read."""

    title: str
    id: str
    version: str
    root: Node
    nodes: Mapping[str, Node]
    body: Part
    #: Texts by language, then by id, then by form (``""``, ``long``, ``guidance``, ``audio``, …).
    texts: Mapping[str, Mapping[str, Mapping[str, Tag]]]
    #: Secondary instances that are in the form, and where the others are.
    tables: Mapping[str, Tag]
    outside: Mapping[str, Tag]
    #: What was found odd, and is not part of the form that was made.
    oddities: list[tuple[str, int, str]] = field(default_factory=list)


def read_form(root: Tag, file: str = "") -> Form:
    """Return the form in `root`; raise `RejectedInput` when it is none."""
    head, body = root.first("h:head"), root.first("h:body")
    model = head.first("model") if head is not None else None
    if head is None or model is None:
        raise _refused("no-form", "this is no form: there is no <model> in a <h:head>", file, root.line)
    instances = [instance for instance in model.all("instance") if instance.children or instance.get("src")]
    primary = next((instance for instance in instances if instance.children), None)
    if primary is None:
        raise _refused("no-form", "the form has no data: its first <instance> is empty", file, model.line)
    top = primary.children[0]
    builder = _Builder()
    node = builder.node(top, None)
    builder.binds(model)
    title = head.first("h:title")
    form = Form(
        title=title.text if title is not None else "",
        id=top.get("id") or top.local,
        version=top.get("version") or top.get("orx:version"),
        root=node,
        nodes=builder.nodes,
        body=builder.body(body),
        texts=_texts(model),
        tables={each.get("id"): each for each in instances if each is not primary and each.children},
        outside={each.get("id"): each for each in instances if each.get("src")},
        oddities=builder.oddities,
    )
    builder.actions(model, None)
    _rehome(form.body, form)
    if len(list(head.all("model"))) > 1:
        form.oddities.append(("second-model", head.line, "only the first model is read"))
    return form


def _rehome(body: Part, form: Form) -> None:
    """Put controls that stand outside the repeat of their node (or inside another) where they are asked."""
    for control, part in _misplaced(body, None):
        part.parts.remove(control)
        repeats = control.node.repeats
        home = repeats[-1].repeat if repeats else body
        (home or body).parts.insert(0, control)
        reason = "it stands outside the repeat of its node; it is asked at the beginning of each pass"
        form.oddities.append((control.node.path, control.tag.line, reason))


def _misplaced(part: Part, around: Node | None) -> list[tuple[Control, Part]]:
    repeat = part.node if part.repeats else around
    found: list[tuple[Control, Part]] = []
    for each in part.parts:
        if isinstance(each, Part):
            found += _misplaced(each, repeat)
        elif (each.node.repeats[-1] if each.node.repeats else None) is not repeat:
            found.append((each, part))
    return found


def _refused(rule: str, message: str, file: str, line: int) -> RejectedInput:
    return RejectedInput((Located(rule=rule, message=message, file=file, line=line),))


def _texts(model: Tag) -> Mapping[str, Mapping[str, Mapping[str, Tag]]]:
    itext = model.first("itext")
    if itext is None:
        return {}
    translations = sorted(itext.all("translation"), key=lambda each: "default" not in each.attributes)
    return {
        each.get("lang"): {
            text.get("id"): {value.get("form"): value for value in text.all("value")} for text in each.all("text")
        }
        for each in translations
    }


class _Builder:
    """Puts nodes, binds and body together by their paths."""

    def __init__(self) -> None:
        self.nodes: dict[str, Node] = {}
        self.oddities: list[tuple[str, int, str]] = []
        self._by_bind: dict[str, Node] = {}

    def node(self, tag: Tag, parent: Node | None, *, in_template: bool = False) -> Node:
        path = f"{parent.path if parent else ''}/{tag.local}"
        node = self.nodes.get(path)
        if node is None:
            node = Node(
                name=tag.local, path=path, parent=parent, defaults=[], line=tag.line, attributes=tag.attributes
            )
            self.nodes[path] = node
            if parent is not None:
                parent.children.append(node)
        node.has_template = node.has_template or "jr:template" in tag.attributes
        in_template = in_template or "jr:template" in tag.attributes
        if not tag.children and in_template:
            node.template = tag.text
        elif not tag.children:
            node.defaults.append(tag.text)
        for child in tag.children:
            self.node(child, node, in_template=in_template)
        self._count(tag, node, in_template=in_template)
        return node

    @staticmethod
    def _count(tag: Tag, node: Node, *, in_template: bool) -> None:
        """Note how often each child is there; where occurrences differ, the largest number counts."""
        found = Counter(child.local for child in tag.children if "jr:template" not in child.attributes)
        for child in node.children:
            if in_template:
                child.times_in_template = max(child.times_in_template, found[child.name])
            else:
                child.times = max(child.times, found[child.name])

    def binds(self, model: Tag) -> None:
        for bind in model.all("bind"):
            reference = bind.get("nodeset") or bind.get("ref")
            node = self._find(reference)
            if node is None:
                self.oddities.append(("bind", bind.line, f"there is no node “{reference}”"))
                continue
            node.bind = bind
            if bind.get("id"):
                self._by_bind[bind.get("id")] = node

    def _find(self, reference: str, context: Node | None = None) -> Node | None:
        if not reference:
            return None
        root = next(iter(self.nodes.values()))
        if reference.startswith("/"):
            return self.nodes.get("/".join(_without_prefix(step.strip()) for step in reference.split("/")))
        at: Node | None = context or root
        for step in reference.removeprefix("current()/").split("/"):
            name = _without_prefix(step.strip())
            if at is None or name == ".":
                continue
            at = at.parent if name == ".." else at.child(name)
        return at

    def body(self, body: Tag | None) -> Part:
        whole = Part(tag=body or Tag("h:body", {}, (), ("",), 1), node=None, repeats=False)
        if body is not None:
            self._parts(body, whole)
        return whole

    def _parts(self, tag: Tag, into: Part, context: Node | None = None) -> None:
        for child in tag.children:
            # Some forms write the elements of others' namespaces without declaring them.
            name = child.local
            if name == "group":
                part = Part(tag=child, node=self._referred(child, context), repeats=False)
                into.parts.append(part)
                self._parts(child, part, part.node or context)
            elif name == "repeat":
                self._repeat(child, into, context)
            elif name in CONTROLS:
                self._control(child, name, into, context)
            elif child.name in ACTIONS:
                self._action(child, None)
            elif name not in {"label", "hint", "help"}:
                self.oddities.append((child.name, child.line, "this element is not known"))
                self._parts(child, into, context)

    def _referred(self, tag: Tag, context: Node | None) -> Node | None:
        if tag.get("bind"):
            return self._by_bind.get(tag.get("bind"))
        return self._find(tag.get("ref") or tag.get("nodeset"), context)

    def _repeat(self, tag: Tag, into: Part, context: Node | None) -> None:
        node = self._referred(tag, context)
        if node is None:
            self.oddities.append(
                ("repeat", tag.line, f"there is no node “{tag.get('nodeset') or tag.get('bind')}”")
            )
            return
        part = Part(tag=tag, node=node, repeats=True)
        node.repeat = part
        into.parts.append(part)
        self._parts(tag, part, node)

    def _control(self, tag: Tag, name: str, into: Part, context: Node | None) -> None:
        node = self._referred(tag, context)
        if node is None:
            reference = tag.get("ref") or tag.get("bind") or tag.get("nodeset")
            self.oddities.append((name, tag.line, f"there is no node “{reference}” to ask for"))
            return
        if node.control is not None:
            self.oddities.append((name, tag.line, f"“{node.path}” is asked for twice; only the first is taken"))
            return
        control = Control(kind=name, tag=tag, node=node)
        node.control = control
        into.parts.append(control)
        for child in tag.children:
            if child.name in ACTIONS:
                self._action(child, control)

    def actions(self, model: Tag, control: Control | None) -> None:
        for tag in model.children:
            if tag.name in ACTIONS:
                self._action(tag, control)

    def _action(self, tag: Tag, control: Control | None) -> None:
        target = self._referred(tag, control.node.parent if control is not None else None)
        if target is None:
            self.oddities.append((tag.local, tag.line, f"there is no node “{tag.get('ref')}” to set"))
            return
        target.actions.append(Action(tag=tag, events=frozenset(tag.get("event").split()), control=control))


def _without_prefix(step: str) -> str:
    return step.rpartition(":")[2]
