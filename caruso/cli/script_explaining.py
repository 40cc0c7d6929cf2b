"""``caruso script explain`` and ``caruso script graph``: a script for people, as a sheet and as a picture."""

from __future__ import annotations

import asyncio
import sys
from argparse import Namespace
from pathlib import Path

from caruso.cli.outcome import Exit
from caruso.cli.script_files import load_script
from caruso.graphviz import svg
from caruso.script_engine.tools.explain import explain
from caruso.script_engine.tools.graph import dot
from caruso.script_engine.tools.sheet_html import html
from caruso.script_engine.tools.sheet_markdown import markdown


def explain_script(wanted: Namespace) -> int:
    """Print the logic sheet of a script."""
    sheet = explain(load_script(wanted.file))
    _put(html(sheet) if wanted.html else markdown(sheet), wanted.output)
    return Exit.OK


def graph_script(wanted: Namespace) -> int:
    """Print the graph of a script, as SVG or as the source for `dot`."""
    source = dot(load_script(wanted.file))
    _put(source if wanted.dot else asyncio.run(svg(source)), wanted.output)
    return Exit.OK


def _put(text: str, output: Path | None) -> None:
    if output is None:
        sys.stdout.write(text)
    else:
        output.write_text(text, encoding="utf-8")
