"""What can be written after ``caruso script``."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from pathlib import Path
from typing import Any

from caruso.cli import script_checking
from caruso.cli.commands import command, group

_CHANNELS = ("phone", "agent", "web")

_RUN_EXAMPLES = """\
examples:
  caruso script run meter-reading.xml --channel phone
  caruso script run meter-reading.xml --channel agent --object customer='{"name": "Jo Example"}' \\
      --stub customer.update=fail:timeout --at 2026-11-23T18:30
  caruso script run meter-reading.xml --answers answers.json --json

Without --answers it asks at the terminal; `:help` there tells what can be typed. With --answers it is led by them:
a list of steps, or an object of answers by item. With --json a line after every input tells where it stands."""

_IMPORT_NOTES = """\
What cannot be translated is always told, on standard error or as the report. When the form would mean something
else without it, there is no script, and the exit code is 1."""


_TEST_EXAMPLES = """\
Cases stand in the script itself, as <test> elements, or in a file beside it: meter-reading.tests.toml.

examples:
  caruso script test meter-reading.xml
  caruso script test scripts/*.xml --only "by phone" -v"""


def script_commands(scripts: Any) -> None:
    """Declare them."""
    _check(scripts)
    _explain(scripts)
    _graph(scripts)
    _run(scripts)
    _test(scripts)
    _record(scripts)
    _import(scripts)
    _publish(scripts)
    _roll_out(scripts)
    _roll_back(scripts)
    _versions(scripts)
    _delete(scripts)
    _stats(scripts)
    _texts(scripts)
    _recordings(scripts)


_STAGE_NOTES = """\
Without --share, --queue and --entry-point it is for everybody. A share chooses callers, always the same ones: by
customer, else by number. Conversations end on the version they began with.

examples:
  caruso script publish meter-reading.xml --why "ask for the read date" --share 10%
  caruso script rollout meter-reading 2.1 --why "no complaints" --share 50% --queue gas
  caruso script rollback meter-reading --why "callers hang up at the new question\""""


def _publish(scripts: Any) -> None:
    about = "publish a version of a script, for ever, and roll it out"
    made = command(scripts, "publish", _publishing("publish"), about, more=_STAGE_NOTES)
    _file(made)
    _why(made)
    _stage(made)
    made.add_argument("--no-rollout", action="store_true", help="only publish; nobody is led by it yet")


def _roll_out(scripts: Any) -> None:
    about = "put a published version in force, for everybody or some"
    made = command(scripts, "rollout", _publishing("roll_out"), about, more=_STAGE_NOTES)
    _script(made)
    made.add_argument("version", metavar="VERSION")
    _why(made)
    _stage(made)


def _roll_back(scripts: Any) -> None:
    about = "take back what is staged, else put the version before in force again"
    made = command(scripts, "rollback", _publishing("roll_back"), about)
    _script(made)
    _why(made)


def _versions(scripts: Any) -> None:
    about = "list scripts with who gets which version, or the versions of one and what happened to it"
    made = command(scripts, "versions", _publishing("versions"), about)
    made.add_argument("script", metavar="SCRIPT", nargs="?")
    made.add_argument("--json", action="store_true", help="one JSON object, of one script")


def _delete(scripts: Any) -> None:
    about = "delete a version that leads nobody and that no script calls"
    made = command(scripts, "delete", _publishing("delete"), about)
    _script(made)
    made.add_argument("version", metavar="VERSION")
    _why(made)


def _stats(scripts: Any) -> None:
    about = "tell where people give up and how long questions take, by version and variant"
    made = command(scripts, "stats", _carry_out_stats, about)
    _script(made)
    made.add_argument("--since", metavar="DAY", help="first day, like 2026-11-01; 30 days ago when not given")
    made.add_argument("--until", metavar="DAY", help="last day; today when not given")
    made.add_argument("--version", metavar="VERSION", help="only this version")
    made.add_argument("--json", action="store_true", help="one JSON object")


def _carry_out_stats(wanted: argparse.Namespace) -> int:
    from caruso.cli.script_stats import script_stats

    return script_stats(wanted)


def _texts(scripts: Any) -> None:
    texts = group(scripts, "texts", "texts of a script, for translators")
    out = command(texts, "export", _with_texts("export_texts"), "write all texts into a table or catalogue")
    _file(out)
    out.add_argument("--to", type=Path, required=True, metavar="FILE", help="ends in .xlsx, .csv or .po")
    _languages(out, "to translate into, e.g. it; for .po the one language")
    about = "write a script with translated texts; nothing else of it changes"
    back = command(texts, "import", _with_texts("import_texts"), about)
    _file(back)
    back.add_argument("table", type=Path, metavar="TABLE", help="what the translator gave back")
    back.add_argument("--to", type=Path, required=True, metavar="FILE", help="the new script")
    _languages(back, "take only this one; as often as needed")
    back.add_argument("--version", metavar="VERSION", help="version of the new script")
    back.add_argument("--force", action="store_true", help="may write over the script itself")


def _recordings(scripts: Any) -> None:
    made = command(scripts, "recordings", _with_texts("list_recordings"), "list missing recordings by language")
    _file(made)
    made.add_argument("--sounds", type=Path, metavar="DIR", help="folder of recordings, instead of the settings'")
    made.add_argument("--all", action="store_true", help="texts, too, for which the script names no recording")
    made.add_argument("--json", action="store_true", help="one JSON object a recording")


def _languages(made: argparse.ArgumentParser, about: str) -> None:
    made.add_argument("--language", action="append", default=[], metavar="LANGUAGE", help=about)


def _with_texts(name: str) -> Callable[[argparse.Namespace], int]:
    def carry_out(wanted: argparse.Namespace) -> int:
        from caruso.cli import script_texts

        return int(getattr(script_texts, name)(wanted))

    return carry_out


def _script(made: argparse.ArgumentParser) -> None:
    made.add_argument("script", metavar="SCRIPT", help="its id")


def _why(made: argparse.ArgumentParser) -> None:
    made.add_argument("--why", required=True, metavar="TEXT", help="for the record: why")


def _stage(made: argparse.ArgumentParser) -> None:
    made.add_argument("--share", type=_share, default=100.0, metavar="PERCENT", help="of the callers: 10%%")
    made.add_argument(
        "--queue", action="append", default=[], metavar="ID", help="only its contacts; may be repeated"
    )
    made.add_argument(
        "--entry-point",
        action="append",
        default=[],
        metavar="ID",
        help="only what comes in there; may be repeated",
    )


def _share(text: str) -> float:
    from caruso.cli.script_publishing import share

    return share(text)


def _publishing(name: str) -> Callable[[argparse.Namespace], int]:
    def carry_out(wanted: argparse.Namespace) -> int:
        from caruso.cli import script_publishing

        return int(getattr(script_publishing, name)(wanted))

    return carry_out


def _check(scripts: Any) -> None:
    check = command(scripts, "check", script_checking.check_scripts, "find the mistakes in scripts")
    _files(check)
    check.add_argument("--json", action="store_true", help="one JSON object a finding")


def _explain(scripts: Any) -> None:
    about = "print a sheet of all a script says, asks and does, with its conditions in words"
    explain = command(scripts, "explain", _carry_out_explain, about)
    _file(explain)
    explain.add_argument(
        "--html", action="store_true", help="a page for a browser or printer, instead of Markdown"
    )
    _output(explain)


def _carry_out_explain(wanted: argparse.Namespace) -> int:
    from caruso.cli.script_explaining import explain_script

    return explain_script(wanted)


def _graph(scripts: Any) -> None:
    graph = command(scripts, "graph", _carry_out_graph, "draw a script as SVG (with Graphviz)")
    _file(graph)
    graph.add_argument("--dot", action="store_true", help="the source of the graph, for Graphviz, instead of SVG")
    _output(graph)


def _carry_out_graph(wanted: argparse.Namespace) -> int:
    from caruso.cli.script_explaining import graph_script

    return graph_script(wanted)


def _output(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--output", "-o", type=Path, metavar="FILE", help="write it there instead of printing it")


def _run(scripts: Any) -> None:
    run = command(scripts, "run", _carry_out_run, "lead a script without a server", more=_RUN_EXAMPLES)
    _file(run)
    run.add_argument("--channel", choices=_CHANNELS, help="where it begins (default: the script's first)")
    run.add_argument("--language", metavar="L", default="", help="language (default: the script's first)")
    run.add_argument("--at", metavar="TIME", help="the time it is then, e.g. 2026-11-23T18:30 (default: now)")
    run.add_argument("--zone", metavar="ZONE", default="UTC", help="time zone of the centre, e.g. Europe/Berlin")
    run.add_argument("--customer", metavar="K", help="load objects from the database, for this customer")
    run.add_argument(
        "--object", action="append", default=[], metavar="NAME=JSON", help="an object, as JSON or a file of JSON"
    )
    run.add_argument(
        "--call",
        action="append",
        default=[],
        metavar="NAME=VALUE",
        help="what is known of the call, e.g. number=…",
    )
    run.add_argument(
        "--stub",
        action="append",
        default=[],
        metavar="SERVICE=JSON",
        help="what a service answers, as JSON, or fail:CODE; * for every service",
    )
    run.add_argument(
        "--records",
        action="append",
        default=[],
        metavar="CLASS=JSON",
        help="objects to choose from, as JSON or a file",
    )
    run.add_argument(
        "--hours",
        action="append",
        default=[],
        metavar="NAME=open|closed",
        help="opening hours that are so all the time",
    )
    run.add_argument("--answers", type=Path, metavar="FILE", help="JSON of steps or answers; - for standard input")
    run.add_argument("--json", action="store_true", help="after every input one JSON object")


def _carry_out_run(wanted: argparse.Namespace) -> int:
    from caruso.cli.script_simulating import run_script

    return run_script(wanted)


def _test(scripts: Any) -> None:
    test = command(scripts, "test", _carry_out_test, "run the test cases of scripts", more=_TEST_EXAMPLES)
    _files(test)
    test.add_argument(
        "--tests", type=Path, metavar="FILE", help="more cases (default: FILE.tests.toml, .tests.json)"
    )
    test.add_argument("--only", metavar="TEXT", help="only cases with this in their name")
    test.add_argument("--verbose", "-v", action="store_true", help="name the cases that passed, too")
    test.add_argument("--json", action="store_true", help="for each script one JSON object")


def _carry_out_test(wanted: argparse.Namespace) -> int:
    from caruso.cli.script_testing import test_scripts

    return test_scripts(wanted)


def _record(scripts: Any) -> None:
    about = "print a test case made of a run that took place; what is private in it is masked"
    record = command(scripts, "record", _carry_out_record, about)
    record.add_argument("run", metavar="RUN", help="id of the run, as the history and the log name it")
    record.add_argument("--name", metavar="TEXT", help="name of the test case")


def _carry_out_record(wanted: argparse.Namespace) -> int:
    from caruso.cli.script_recording import record_run

    return record_run(wanted)


def _import(scripts: Any) -> None:
    about = "make a script of a form: XLSForm (.xlsx) or XForm (.xml)"
    imported = command(scripts, "import", _carry_out_import, about, more=_IMPORT_NOTES)
    _file(imported)
    _output(imported)
    imported.add_argument("--report", action="store_true", help="print only what is not translated, and why")
    imported.add_argument("--json", action="store_true", help="the report as one JSON object")
    imported.add_argument(
        "--beside", type=Path, metavar="FOLDER", help="where the form's tables lie (default: beside the form)"
    )


def _carry_out_import(wanted: argparse.Namespace) -> int:
    from caruso.cli.script_importing import import_form

    return import_form(wanted)


def _file(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("file", type=Path, metavar="FILE")


def _files(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("files", nargs="+", type=Path, metavar="FILE")
