"""Throw mutated bytes at what reads foreign text: expressions, patterns, whole scripts, and forms to be imported.

``python -m lab.fuzz expression|pattern|script|form [options of libFuzzer]``, for instance ``-max_total_time=60``.
Needs atheris, which guides the mutations by the code they reach; where it cannot be imported nothing happens.
Scripts and forms are changed as trees (`lab.fuzz_mutations`): give a folder of some as the last argument.
Not part of the tests: those fuzz with hypothesis.
"""

from __future__ import annotations

import importlib
import sys
from collections.abc import Callable, Sequence
from types import ModuleType

TARGETS = ("expression", "pattern", "script", "form")
#: What is XML, and changed as a tree.
TREES = ("script", "form")
#: Packages whose code is watched; all of Python's would take minutes to prepare.
WATCHED = ["caruso.script_engine", "lark"]


def main(arguments: Sequence[str]) -> int:
    """Fuzz until libFuzzer is done; return an exit code."""
    if not arguments or arguments[0] not in TARGETS:
        print(f"usage: python -m lab.fuzz {'|'.join(TARGETS)} [options of libFuzzer]")
        return 2
    atheris = _atheris()
    if atheris is None:
        print("atheris cannot be imported here: nothing was fuzzed")
        return 0
    with atheris.instrument_imports(include=WATCHED):
        targets = importlib.import_module("lab.fuzz_targets")
    options = {"custom_mutator": _tree_mutator(atheris)} if arguments[0] in TREES else {}
    atheris.Setup([sys.argv[0], *arguments[1:]], targets.TARGETS[arguments[0]], **options)
    atheris.Fuzz()
    return 0


def _tree_mutator(atheris: ModuleType) -> Callable[[bytes, int, int], bytes]:
    """Return what changes a script or form: as a tree most of the time, else as bytes."""
    changes = importlib.import_module("lab.fuzz_mutations")

    def mutate(data: bytes, most: int, seed: int) -> bytes:
        made = changes.mutated(data, seed) if seed % 8 else None
        return bytes(made) if made is not None and len(made) <= most else bytes(atheris.Mutate(data, most))

    return mutate


def _atheris() -> ModuleType | None:
    try:
        return importlib.import_module("atheris")
    except ImportError:
        return None


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
