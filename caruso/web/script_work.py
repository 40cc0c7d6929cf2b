"""What `ScriptTools` answers. Pure; loaded in a thread when somebody asks, for most servers are never asked."""

from __future__ import annotations

from base64 import b64decode, b64encode
from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import datetime
from typing import Any, Protocol, TypeVar

from caruso.comm_server.script_trials import KeptRun
from caruso.errors import Located, RejectedInput
from caruso.script_engine.link import Library, link
from caruso.script_engine.lint import ANYTHING, Known, check_dialog
from caruso.script_engine.loader import load
from caruso.script_engine.nodes import Dialog
from caruso.script_engine.recordings import recordings
from caruso.script_engine.tools import recording
from caruso.script_engine.tools import setting as given
from caruso.script_engine.tools.case_check import check_cases
from caruso.script_engine.tools.case_elements import read_cases
from caruso.script_engine.tools.case_report import as_json
from caruso.script_engine.tools.case_tables import read_tables
from caruso.script_engine.tools.driver import drive
from caruso.script_engine.tools.explain import explain
from caruso.script_engine.tools.graph import dot
from caruso.script_engine.tools.script_tests import run_cases
from caruso.script_engine.tools.setting import Setting, Stub
from caruso.script_engine.tools.sheet_html import html
from caruso.script_engine.tools.sheet_markdown import markdown
from caruso.script_engine.tools.simulator import Simulation
from caruso.script_engine.tools.snapshot import snapshot
from caruso.script_engine.tools.steps import StepRefused
from caruso.script_engine.translation.files import read_back, written
from caruso.script_engine.translation.importing import put_in
from caruso.script_engine.translation.units import read_texts
from caruso.script_engine.values import to_value, to_values
from caruso.script_engine.xforms import translate
from caruso.web import script_resources as r
from caruso.web.binding import mistake
from caruso.web.resources import Finding

_Made = TypeVar("_Made")


class InTime(Protocol):
    """Gives the steps of a work as long as there is time."""

    def __call__(self, steps: Iterable[_Made], /) -> Iterator[_Made]: ...


def findings(body: r.LinkedBody) -> r.Findings:
    """Return the mistakes in a script and its test cases."""
    return r.Findings(findings=[_finding(found) for found in _findings(body)])


def explained(body: r.ExplainBody) -> str:
    """Return the sheet of a script."""
    write = html if body.form == "html" else markdown
    return write(explain(_right(body)))


def drawn(body: r.GraphBody) -> str:
    """Return a script as Graphviz reads it."""
    return dot(_right(body))


def prepared(body: r.RunBody, now: datetime) -> tuple[Dialog, Setting]:
    """Return a script, and what it begins with; `now` unless the request says when."""
    dialog = _linked(body)
    return dialog, _setting(dialog, body, given.time_of(body.at, body.zone) if body.at else now)


def led(dialog: Dialog, setting: Setting, answers: list[Any] | dict[str, Any], in_time: InTime) -> r.Led:
    """Lead a script by prepared answers, and tell each step."""
    try:
        simulation = Simulation(dialog, setting)
        told = [snapshot(simulation)]
        for step, why in in_time(drive(simulation, answers)):
            told.append(snapshot(simulation, step, why))
            if len(told) > r.MOST_STEPS:
                break
    except StepRefused as refused:
        raise mistake("answers", f"{refused}.") from None
    return r.Led(told=told)


def tested(body: r.TestBody, in_time: InTime) -> r.Tested:
    """Run the test cases of a script, and tell how each ended."""
    dialog = _linked(body)
    cases = read_cases(body.source.encode(), body.file)
    if body.tests:
        cases += read_tables(body.tests, "tests.toml")
    return r.Tested(**as_json(list(in_time(run_cases(dialog, cases))), dialog))


def recorded(kept: KeptRun, name: str) -> str:
    """Make a test case of a run; raise `NotFound` when its script is not there any more."""
    return recording.recorded(kept.dialog(), kept.run, name)


def imported(body: r.ImportBody) -> r.ImportedForm:
    """Make a script of a form."""
    tables = {name: table.encode() for name, table in body.tables.items()}
    made = translate(_content(body.content), body.file, tables)
    return r.ImportedForm(
        id=made.id,
        script=made.script.decode(),
        remarks=[
            r.Remark(effect=one.effect.value, place=one.place, line=one.line, what=one.what, reason=one.reason)
            for one in made.remarks
        ],
        items=dict(made.items),
        values=dict(made.values),
    )


def exported(body: r.TextsBody) -> r.ExportedTexts:
    """Write the texts of a script for translators."""
    texts = read_texts(body.source.encode(), body.file)
    return r.ExportedTexts(
        texts=len(texts.units), content=b64encode(written(texts, body.form, body.languages)).decode()
    )


def translated(body: r.TranslateBody) -> r.TranslatedScript:
    """Put translations into a script."""
    texts = read_texts(body.source.encode(), body.file)
    translations = read_back(_content(body.content), body.table, texts)
    wanted = [one for one in translations if not body.languages or one.language in body.languages]
    made = put_in(texts, wanted, body.table, version=body.version or None)
    if not made.refused:
        load(made.source, file=body.file)  # whatever came back, what is returned is a script
    return r.TranslatedScript(
        source="" if made.refused else made.source.decode(),
        changed=[f"{name} {language}".strip() for name, language in made.changed],
        findings=[_finding(found) for found in made.findings],
    )


def recordable(body: r.ScriptBody) -> r.RecordableTexts:
    """List what can be recorded."""
    source = body.source.encode()
    found = recordings(read_texts(source, body.file), load(source, body.file))
    names = r.WordsToRecord.__struct_fields__
    return r.RecordableTexts(
        recordings=[r.WordsToRecord(**{name: getattr(one, name) for name in names}) for one in found]
    )


def _content(written: str) -> bytes:
    try:
        return b64decode(written, validate=True)
    except ValueError:
        raise mistake("content", "This is no base64.") from None


def _findings(body: r.LinkedBody) -> Iterable[Located]:
    try:
        dialog = load(body.source.encode(), body.file)
        yield from check_dialog(dialog, _known(body))
        yield from check_cases(dialog, read_cases(body.source.encode(), body.file))
    except RejectedInput as rejected:
        yield from rejected.findings


def _known(body: r.LinkedBody) -> Known:
    """Return what is known beside the script: the dialogs that came with it, if there are any."""
    return replace(ANYTHING, dialogs=_library(body)) if body.called else ANYTHING


def _library(body: r.LinkedBody) -> Library:
    called = {dialog.id: dialog for dialog in (load(source.encode()) for source in body.called)}
    return lambda name, _: called.get(name)


def _right(body: r.ScriptBody, known: Known = ANYTHING) -> Dialog:
    """Return a script that is free of mistakes."""
    dialog = load(body.source.encode(), body.file)
    findings = check_dialog(dialog, known)
    if any(finding.level == "error" for finding in findings):
        raise RejectedInput(findings)
    return dialog


def _linked(body: r.LinkedBody) -> Dialog:
    return link(_right(body, _known(body)), _library(body))


def _setting(dialog: Dialog, body: r.RunBody, at: datetime) -> Setting:
    given.check_objects(dialog, body.objects)
    given.check_stubs(dialog, body.stubs)
    stubs = {name: Stub(result=to_value(stub.answers), failure=stub.fails) for name, stub in body.stubs.items()}
    return Setting(
        channel=given.channel_for(dialog, body.channel),
        at=at,
        language=given.language_for(dialog, body.language),
        time_zone=given.zone_of(body.zone).key,
        objects={name: to_values(values) for name, values in body.objects.items()},
        call=to_values(body.call),
        stubs=stubs,
        records={name: tuple(map(to_values, rows)) for name, rows in body.records.items()},
        hours=body.hours,
    )


def _finding(found: Located) -> Finding:
    return Finding(**{name: getattr(found, name) for name in Finding.__struct_fields__})
