"""Write ``docs/settings.md`` from the types: their docstrings, ``#:`` comments, limits and defaults.

Nothing is said twice: whoever changes a setting changes its page (a test compares them).
"""

from __future__ import annotations

import ast
import inspect
import re
from collections.abc import Iterable, Iterator
from enum import Enum
from pathlib import Path
from typing import Any, get_args, get_origin, get_type_hints

import msgspec
from msgspec import NODEFAULT

from caruso.comm_server.centre_file.tables import (
    AgentTable,
    CallBackTable,
    CentreTables,
    DispositionTable,
    EntryPointTable,
    HoursTable,
    InformationTable,
    OverflowTable,
    QueueTable,
    ReasonTable,
    RecordingTable,
    RelaxTable,
    RuleTable,
    StationsTable,
    VoicemailTable,
)
from caruso.config import CompanyDatabase, Config, HttpSettings, HttpTarget, ObjectSettings
from caruso.config.settings import ServiceReliance, ServiceSettings, SystemSettings
from caruso.toml.shape import Secret, describe

_INTRODUCTION = """\
# Settings
<!-- Made by `caruso check-config --print-docs > docs/settings.md`. Change the comments in the code. -->

Two files: **`caruso.toml`** tells the server where things are, **`centre.toml`** describes the contact centre.
Both are [TOML](https://toml.io). Mistakes in either are told all at once, with file, line and a suggestion, and
nothing takes effect.

## caruso.toml
Read by every command: `--config FILE`, else the environment's `CARUSO_CONFIG`, else `caruso.toml` in the current
folder; everything has a default. The environment overrides the file: `CARUSO_<SECTION>_<KEY>`, e.g.
`CARUSO_SERVER_PORT=9000`. Secrets may stand in the file, in a file of their own (`…_file`, one line) or in the
environment. `caruso check-config --show` prints what is in force.
"""

_CENTRE = """\
## centre.toml
Put in force by `caruso apply centre.toml`, all or nothing, while calls are up; `--dry-run` only tells what would
change. A new version holds from the next decision on: calls in progress are not disturbed. Ids (of queues,
agents, …) are what everything refers to and what the history keeps; names can change at any time.

```toml
name = "Example Energy"
timezone = "Europe/Berlin"
scripts = ["scripts/*.xml"]

[skills]
german = "German"

[dispositions]
solved = "Solved"

[hours.office]
weekdays = ["08:00-12:00", "13:00-17:30"]

[queues.billing]
name = "Billing"
skills = { german = 5 }

[agents.anna]
name = "Anna"
queues = ["billing"]
skills = { german = 10 }

[entry_points.main]
name = "Main number"
numbers = ["4711"]
queue = "billing"
script = "meter-reading"
hours = "office"
closed_text = "We are here on weekdays from eight to half past five."
```
"""

_CENTRE_TABLES = (
    ("At the top", CentreTables),
    ("[not_ready_reasons.ID]", ReasonTable),
    ("[dispositions.ID]", DispositionTable),
    ("[hours.ID]", HoursTable),
    ("[queues.ID]", QueueTable),
    ("[queues.ID.call_back]", CallBackTable),
    ("[queues.ID.recording]", RecordingTable),
    ("[queues.ID.voicemail]", VoicemailTable),
    ("[[queues.ID.information]]", InformationTable),
    ("[[queues.ID.overflow]]", OverflowTable),
    ("[[queues.ID.relax]]", RelaxTable),
    ("[[queues.ID.rules]]", RuleTable),
    ("[agents.ID]", AgentTable),
    ("[stations]", StationsTable),
    ("[entry_points.ID]", EntryPointTable),
)


def settings_page() -> str:
    """Return the page."""
    sections: list[tuple[str, type[msgspec.Struct]]] = []
    for field in msgspec.structs.fields(Config):
        sections.append((f"[{field.name}]", field.type))
        if field.type is HttpSettings:
            sections.append(("[http.targets.NAME]", HttpTarget))
        if field.type is ServiceSettings:
            sections.append(("[services.reliance.NAME]", ServiceReliance))
            sections.append(("[services.systems.NAME]", SystemSettings))
        if field.type is ObjectSettings:
            sections.append(("[objects.databases.NAME]", CompanyDatabase))
    blocks = [
        _INTRODUCTION,
        *(_section(title, kind) for title, kind in sections),
        _CENTRE,
        *(_section(title, kind) for title, kind in _CENTRE_TABLES),
    ]
    return "\n".join(blocks)


def _section(title: str, kind: type[msgspec.Struct]) -> str:
    heading = f"`{title}`" if title.startswith("[") else title
    lines = [
        f"### {heading}",
        plain_markdown(inspect.getdoc(kind) or ""),
        "",
        "| key | takes | default | |",
        "|---|---|---|---|",
    ]
    lines += rows(kind)
    return "\n".join(lines) + "\n"


def rows(kind: type[msgspec.Struct]) -> Iterator[str]:
    """Return a row of a table for each field: its name, what it takes, its default and its comment."""
    comments = comments_of(kind)
    types = get_type_hints(kind, include_extras=True)
    for field in msgspec.structs.fields(kind):
        cells = (f"`{field.encode_name}`", _takes(types[field.name]), _default(field), comments[field.name])
        yield "| " + " | ".join(plain_markdown(cell).replace("|", "\\|") for cell in cells) + " |"


def comments_of(kind: type[msgspec.Struct]) -> dict[str, str]:
    """Return the ``#:`` comment of each field; raise `KeyError` for a field without one."""
    lines = inspect.getsource(kind).splitlines()
    body = ast.parse(inspect.getsource(kind)).body[0]
    assert isinstance(body, ast.ClassDef)  # noqa: S101  it is the source of a class
    comments = {}
    for node in body.body:
        if isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name):
            comment = " ".join(_comment_above(lines, node.lineno - 1))
            if not comment:
                raise KeyError(f"{kind.__name__}.{node.target.id} is not documented")
            comments[node.target.id] = comment
    return comments


def _comment_above(lines: list[str], index: int) -> Iterable[str]:
    first = index
    while lines[first - 1].strip().startswith("#:"):
        first -= 1
    return [line.strip().removeprefix("#:").strip() for line in lines[first:index]]


def _takes(kind: Any) -> str:
    if get_origin(kind) is dict:
        key, item = get_args(kind)
        return f"a table: {describe(key).partition(' (')[0]} → {describe(item)}"
    return describe(kind)


def _default(field: msgspec.structs.FieldInfo) -> str:
    if field.default_factory is not NODEFAULT:
        default = field.default_factory()
    elif field.default is not NODEFAULT:
        default = field.default
    else:
        return "required"
    match default:
        case None | "" | () | Secret() | msgspec.UNSET:
            return ""
        case dict():
            return f"`{_inline(default)}`" if default else ""
        case Enum():
            return f"`{default.value}`"
        case Path():
            return f"`{default}`"
        case float():
            return f"`{default:g}`"
        case _:
            return f"`{msgspec.json.encode(default).decode()}`"


def _inline(table: dict[str, Any]) -> str:
    return (
        "{ " + ", ".join(f"{key} = {msgspec.json.encode(value).decode()}" for key, value in table.items()) + " }"
    )


def plain_markdown(text: str) -> str:
    """Make Markdown of a docstring."""
    return re.sub(r"``([^`]+)``", r"`\1`", " ".join(text.split()))
