"""What can be chosen: items in the form, rows of a table, and which of them are offered when."""

from __future__ import annotations

from dataclasses import dataclass

from caruso.script_engine.xforms import terms
from caruso.script_engine.xforms.document import Tag
from caruso.script_engine.xforms.form import Control, Node
from caruso.script_engine.xforms.labels import itext_key
from caruso.script_engine.xforms.markup import Element, element
from caruso.script_engine.xforms.meaning import Row
from caruso.script_engine.xforms.paths import Untranslatable, of
from caruso.script_engine.xforms.plan import Plan
from caruso.script_engine.xforms.terms import Term
from caruso.script_engine.xforms.wordings import Wordings
from caruso.script_engine.xforms.xpath import Call, Path

#: More than a person could look through; the rest belongs into business objects.
MOST_OPTIONS = 2_000


@dataclass(frozen=True, slots=True)
class Offered:
    """An option, and when it is offered."""

    value: str
    label: Tag
    when: Term


def offered(plan: Plan, control: Control) -> list[Offered]:
    """Return the options of a control; raise `Untranslatable`."""
    found: list[Offered] = []
    for tag in control.tag.children:
        if tag.local == "item":
            value, label = tag.first("value"), tag.first("label")
            text = value.text if value is not None else ""
            found.append(Offered(text, label or Tag("label", {}, (), (text,), tag.line), terms.boolean(True)))
        elif tag.local == "itemset":
            found += _of_table(plan, tag, control.node)
    if len(found) > MOST_OPTIONS:
        raise Untranslatable(f"a choice of {len(found)} options; {MOST_OPTIONS} are possible")
    return _unique(found)


def _unique(options: list[Offered]) -> list[Offered]:
    """Return each value once: where rows share it, it is offered when one of them is."""
    by_value: dict[str, Offered] = {}
    for each in options:
        before = by_value.get(each.value)
        if before is None:
            by_value[each.value] = each
        else:
            by_value[each.value] = Offered(each.value, before.label, terms.either(before.when, each.when))
    return [each for each in by_value.values() if each.value]


def is_shuffled(control: Control) -> bool:
    """Whether the options come in a random order."""
    itemset = next((tag for tag in control.tag.children if tag.local == "itemset"), None)
    return itemset is not None and itemset.get("nodeset").replace(" ", "").startswith("randomize(")


def _of_table(plan: Plan, itemset: Tag, node: Node) -> list[Offered]:
    tree = plan.tree(itemset.get("nodeset"))
    if isinstance(tree, Call) and tree.name == "randomize" and tree.arguments:
        tree = tree.arguments[0]
    path = tree if isinstance(tree, Path) else Path(False, (), tree)
    rows = plan.meaning.nodes(path, of(node))
    if not isinstance(rows, tuple):
        raise Untranslatable("a choice among the answers of a repeat")
    value = next((tag for tag in itemset.children if tag.local == "value"), None)
    label = next((tag for tag in itemset.children if tag.local == "label"), None)
    return [
        Offered(_in_row(row, value), _label(row, label) if label is not None else row.tag, plan.checked(row.when))
        for row in rows
    ]


def _in_row(row: Row, reference: Tag | None) -> str:
    if reference is None:
        return ""
    name = reference.get("ref").rpartition("/")[2]
    if name == ".":
        return row.tag.text
    return next((child.text for child in row.tag.children if child.local == name.rpartition(":")[2]), "")


def _label(row: Row, label: Tag) -> Tag:
    reference = label.get("ref")
    if (key := itext_key(label)) is not None:
        inner = _in_row(row, Tag("ref", {"ref": key}, (), ("",), label.line))
        return Tag("label", {"ref": f"jr:itext('{inner}')"}, (), ("",), label.line)
    return Tag("label", {}, (), (_in_row(row, Tag("ref", {"ref": reference}, (), ("",), label.line)),), label.line)


def options(plan: Plan, wordings: Wordings, control: Control) -> list[Element]:
    """Return the `option` elements of a question."""
    made = []
    found = offered(plan, control)
    plan.offer(len(found))
    for each in found:
        when = None if each.when.constant is True else each.when.code
        texts = wordings.texts("text", each.label, control.node, each.value)
        made.append(element("option", *texts, value=each.value, if_=when))
    return made
