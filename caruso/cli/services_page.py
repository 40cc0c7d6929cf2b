"""Write ``docs/services.md`` from the services themselves: their docstrings, types and failures.

Nothing is said twice, so the page cannot lie (a test compares it).
"""

from __future__ import annotations

import inspect
from collections.abc import Iterator, Mapping
from types import NoneType
from typing import Any, get_type_hints

import msgspec

from caruso.cli.settings_page import plain_markdown, rows
from caruso.service_manager import failures
from caruso.service_manager.built_in import SERVICES
from caruso.service_manager.failures import ServiceFailed
from caruso.service_manager.service import Service, operation_markings

_INTRODUCTION = """\
# Services for actions
<!-- Made by `caruso service docs > docs/services.md`. Change the docstrings in the code. -->

What a script can ask for with `do`. Names, not addresses: where mails go and which systems may be asked is said in
[caruso.toml](settings.md).

```xml
<do service="email.send" when="background">
  <param name="template" value="'confirmation'"/>
  <param name="to" value="customer.email"/>
  <param name="language" value="'de'"/>
  <on-failure><log>The confirmation was not sent.</log></on-failure>
</do>
```

An action is carried out at most once for its key (run, action, visit). A failure that says *unknown* is not tried
again; every other one may be, and leaves nothing behind.
"""

_ALWAYS = """\
## What every operation may fail with

| code | means |
|---|---|
"""

_TEMPLATES = """\
### Templates
Files in the folder `mail.templates`: `confirmation.de.txt` is the template `confirmation` in German. `de-AT` looks
for `de-AT`, then `de`, then the language of the settings. The first line is `Subject: …`, the second is empty;
`.html` beside it is the coloured version.

```
Subject: Your meter reading of {{ read_on }}

Dear {{ name }},
we have noted {{ kwh }} kWh.{% if estimated %} It was estimated.{% endif %}
```

`{{ … }}` is a value the script gave, or `language`; numbers and dates are written as the language writes them. A
value that was not given is a mistake, told with file and line; nothing half-filled is sent.
`caruso mail check` reads all templates; with `--to ADDRESS` it also sends a mail.
"""

#: What only the manager itself raises, and every operation may therefore fail with.
_OF_THE_MANAGER = (
    failures.ServiceFailed,
    failures.BadArguments,
    failures.ServiceBusy,
    failures.ServiceSuspended,
    failures.ServiceUnavailable,
    failures.NotForYou,
    failures.OutcomeUnknown,
    failures.UnknownService,
    failures.UnknownOperation,
)

_APPENDIX: Mapping[str, str] = {"email": _TEMPLATES}


def services_page() -> str:
    """Return the page."""
    blocks = [_INTRODUCTION, *(_service(kind) for kind in SERVICES)]
    blocks.append(_ALWAYS + "\n".join(_failure(kind) for kind in _OF_THE_MANAGER) + "\n")
    return "\n".join(blocks)


def _service(kind: type[Service]) -> str:
    lines = [f"## `{kind.name}`", plain_markdown(inspect.getdoc(kind) or ""), ""]
    for name, method, marked in operation_markings(kind):
        lines += _operation(f"{kind.name}.{name}", method, repeatable=marked.repeatable, fails=marked.fails)
    lines.append(_APPENDIX.get(kind.name, "").rstrip("\n"))
    return "\n".join(lines).rstrip("\n") + "\n"


def _operation(
    name: str, method: Any, *, repeatable: bool, fails: tuple[type[ServiceFailed], ...]
) -> Iterator[str]:
    hints = get_type_hints(method, include_extras=True)
    yield f"### `{name}`"
    yield plain_markdown(inspect.getdoc(method) or "")
    yield ""
    params = hints.get("params")
    if isinstance(params, type) and issubclass(params, msgspec.Struct):
        yield "| param | takes | default | |"
        yield "|---|---|---|---|"
        yield from rows(params)
        yield ""
    yield f"Returns {_returned(hints['return'])}. {_REPEATABLE[repeatable]}"
    yield ""
    if fails:
        yield "| fails with | when |"
        yield "|---|---|"
        yield from (_failure(kind) for kind in fails)
        yield ""


_REPEATABLE = {
    True: "Asked for twice it does the same as once, so it is tried again when its outcome is unknown.",
    False: "Not tried again when its outcome is unknown.",
}


def _failure(kind: type[ServiceFailed]) -> str:
    return f"| `{kind.code}` | {plain_markdown(inspect.getdoc(kind) or '')} |"


def _returned(kind: Any) -> str:
    if kind in (None, NoneType):
        return "nothing"
    return {str: "text", int: "a number"}.get(kind, "an object")
