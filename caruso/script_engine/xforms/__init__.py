"""Translate XForms, the forms of ODK and its relatives, into dialogs: bytes in, a script and a report out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from caruso.errors import RejectedInput
from caruso.script_engine.lint import check_dialog
from caruso.script_engine.loader import load
from caruso.script_engine.xforms import terms
from caruso.script_engine.xforms.beginnings import Becomes
from caruso.script_engine.xforms.document import Tag, read_xml
from caruso.script_engine.xforms.form import Form, Node, read_form
from caruso.script_engine.xforms.items import Items
from caruso.script_engine.xforms.markup import Element, document, element
from caruso.script_engine.xforms.names import plain
from caruso.script_engine.xforms.paths import Untranslatable, of
from caruso.script_engine.xforms.plan import TYPES, Plan
from caruso.script_engine.xforms.report import Effect, Remark, Report
from caruso.script_engine.xforms.sheets import read_sheet
from caruso.script_engine.xforms.tables import read_table
from caruso.script_engine.xforms.wordings import Wordings

__all__ = ["Effect", "Imported", "Remark", "is_sheet", "translate"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Imported:
    """What became of a form."""

    #: The script; empty when the form was refused.
    script: bytes
    id: str
    remarks: tuple[Remark, ...]
    #: Items by the path of their node: questions, infos, repeats.
    items: Mapping[str, str] = field(default_factory=dict)
    #: Expressions for the value of every other node that is known, by path.
    values: Mapping[str, str] = field(default_factory=dict)

    @property
    def refused(self) -> bool:
        """Whether there is no script."""
        return not self.script


def translate(source: bytes, file: str = "", beside: Mapping[str, bytes] | None = None) -> Imported:
    """Return the dialog of a form; raise `RejectedInput` when the source is no form at all.

    The source is an XForm, or an XLSForm when `file` ends so. `beside` are the files that lie beside the form, by
    their names: tables (CSV, XML, GeoJSON) that it refers to are taken from them.
    """
    form = read_form(read_xml(read_sheet(source, file) if is_sheet(file) else source, file), file)
    report = Report()
    for place, line, reason in form.oddities:
        report.add(Effect.LEFT_OUT, place, line, "form", reason)
    plan = Plan(form, report, {**form.tables, **_tables(form, beside or {}, report)})
    wordings = Wordings(plan)
    _work_out(plan)
    items = Items(plan, wordings).of(form.body)
    dialog = _dialog(plan, wordings, items)
    script = document(dialog).encode()
    if not report.refused:
        _check(script, report)
    return Imported(
        script=b"" if report.refused else script,
        id=dialog.attributes["id"],
        # The lines of the XML a workbook is turned into are nowhere to be seen.
        remarks=tuple(replace(each, line=0) for each in report.remarks) if is_sheet(file) else report.remarks,
        items={node.path: name for node, name in plan.ids.items()},
        values=_values(plan),
    )


def is_sheet(file: str) -> bool:
    """Whether a file of that name is a workbook."""
    return file.lower().endswith((".xlsx", ".xlsm"))


def _tables(form: Form, beside: Mapping[str, bytes], report: Report) -> dict[str, Tag]:
    found = {}
    for name, instance in form.outside.items():
        file = instance.get("src").rpartition("/")[2]
        source = beside.get(file)
        if source is None:
            continue
        try:
            found[name] = read_table(file, source)
        except RejectedInput as refused:
            report.add(Effect.REFUSED, name, instance.line, "table", str(refused))
    return found


def _check(script: bytes, report: Report) -> None:
    """Refuse what would be no script of ours (too large, too deep); tell what its check will find."""
    try:
        dialog = load(script)
    except RejectedInput as refused:
        for finding in refused.findings:
            report.add(Effect.REFUSED, "dialog", 0, finding.rule, finding.message)
        return
    for finding in check_dialog(dialog):
        if finding.level == "error":
            reason = f"the check of the script will say: {finding.message}"
            report.add(Effect.NOTED, "dialog", 0, finding.rule, reason)


def _work_out(plan: Plan) -> None:
    """Work out the value of every node once, so that what cannot be is known before anything needs it."""
    seen: set[Node] = set()
    for node in plan.form.root.everything():
        # First what it is made of, or a long chain of them would be followed to its end at once.
        for below in plan.reads.before(node, seen):
            if not below.repeats:
                _work_out_one(plan, below)
        if not node.children and plan.becomes(node) is not Becomes.QUESTION:
            _work_out_one(plan, node)


def _work_out_one(plan: Plan, node: Node) -> None:
    if node.children or node in plan.unknown:
        return
    try:
        plan.value(node, of(node))
    except Untranslatable as reason:
        if plan.becomes(node) is Becomes.QUESTION:
            return  # told where it is asked
        plan.unknown[node] = str(reason)
        line = node.bind.line if node.bind is not None else node.line
        plan.report.add(Effect.LEFT_OUT, node.path, line, "value", str(reason))


def _values(plan: Plan) -> dict[str, str]:
    found = {}
    for node in plan.form.root.everything():
        if node.children or node in plan.unknown or (node in plan.ids and plan.becomes(node) is Becomes.QUESTION):
            continue
        try:
            found[node.path] = plan.value(node, of(node)).code
        except Untranslatable:
            continue
    return found


def _dialog(plan: Plan, wordings: Wordings, items: list[Element]) -> Element:
    form = plan.form
    languages = list(wordings.languages.values())
    dialog = element(
        "dialog",
        id=plain(form.id),
        version=form.version or "1",
        languages=" ".join(languages),
        channels="agent web",
    )
    dialog.add(element("title", form.title or form.id))
    dialog.add(*_variables(plan))
    for compute in plan.computes.values():
        dialog.add(element("compute", name=compute.name, type=compute.type, as_=compute.code))
    return dialog.add(*items, element("end", id="end", outcome="done"))


def _variables(plan: Plan) -> list[Element]:
    made = []
    for node in plan.form.root.everything():
        if node.children or plan.becomes(node) is not Becomes.VARIABLE or node in plan.unknown:
            continue
        initial = _initial(plan, node)
        name = plan.ids.get(node)
        if name is not None:
            kind = TYPES.get(plan.value(node, of(node)).kind, "text")
            made.append(element("var", name=name, type=kind, initial=initial))
    return made


def _initial(plan: Plan, node: Node) -> str | None:
    try:
        value = plan.beginnings.at(node, of(node))
    except Untranslatable as reason:
        plan.report.add(Effect.LEFT_OUT, node.path, node.line, "default", str(reason))
        return None
    return None if value is None or value.code == terms.NOTHING.code else value.code
