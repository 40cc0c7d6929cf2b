"""Finds plug-ins and asks them: built in, installed as packages, files in a folder, or named at run time.

A plug-in that cannot be loaded, has a hook there is none of, or raises when it is asked, is refused with the
reason; all others work as if it were not there.
"""

from __future__ import annotations

import importlib.metadata
import importlib.util
import re
import sys
from collections.abc import Callable, Iterable, Iterator
from importlib.machinery import SourceFileLoader
from itertools import count
from pathlib import Path
from types import CodeType, ModuleType
from typing import Any

import pluggy
import structlog

from caruso.service_manager import hookspecs
from caruso.service_manager.refusals import PluginRefused

#: Group of entry points under which packages name their plug-ins.
ENTRY_POINTS = "caruso"
_FILE_NAME = re.compile(r"[a-z][a-z0-9_]*")

_log = structlog.get_logger(__name__)


class Plugins:
    """The plug-ins of a server, and why others are none."""

    def __init__(self, folder: Path | None = None) -> None:
        """Know none yet; files are looked for in `folder`."""
        self._folder = folder
        self._manager = pluggy.PluginManager(hookspecs.PROJECT)
        self._manager.add_hookspecs(hookspecs)
        #: Why something is not used, by the plug-in's name.
        self.refused: dict[str, str] = {}
        #: Each load of a file is a module of its own: the one before may still be at work.
        self._loads = count(1)

    @property
    def names(self) -> tuple[str, ...]:
        """Return those in use, the earliest first."""
        return tuple(name for name, plugin in self._manager.list_name_plugin() if plugin is not None)

    def load_built_in(self, *modules: ModuleType) -> None:
        """Take the server's own; raise `PluginRefused` when one is wrong."""
        for module in modules:
            self._take(module.__name__, module)

    def load_others(self) -> None:
        """Take all that are installed, and all files of the folder; what is wrong with one is in `refused`."""
        for entry in importlib.metadata.entry_points(group=ENTRY_POINTS):
            self._try(entry.name, entry.load)
        if self._folder is not None and self._folder.is_dir():
            for file in sorted(self._folder.glob("*.py")):
                self._try(file.stem, lambda file=file: self._read(file.stem))  # type: ignore[misc]

    def load(self, name: str) -> None:
        """Take a plug-in by its name: a file of the folder, or an installed one. Raise `PluginRefused`.

        One that is in use already is read anew; when that fails the old one stays in use.
        """
        fresh = self._found(name)
        old = self._manager.get_plugin(name)
        if old is not None:
            self._manager.unregister(old)
        try:
            self._take(name, fresh)
        except PluginRefused:
            if old is not None:
                self._manager.register(old, name)
            raise
        self.refused.pop(name, None)

    def ask(self, hook: str, *, of: str | None = None, **given: Any) -> Iterator[tuple[str, Any]]:
        """Ask each plug-in, or the one called `of`, and return its name and answer; one that raises is refused."""
        caller: pluggy.HookCaller = getattr(self._manager.hook, hook)
        for implementation in caller.get_hookimpls():
            name = implementation.plugin_name
            if of is None or name == of:
                arguments = [given[argument] for argument in implementation.argnames]
                answer = self._asked(name, hook, implementation.function, arguments)
                if answer is not None:
                    yield name, answer

    def refuse(self, name: str, problem: BaseException) -> None:
        """Remember why something a plug-in brings is not used."""
        self.refused[name] = reason_of(problem)
        _log.error("plugin_refused", plugin=name, reason=self.refused[name], exc_info=problem)

    # -- Loading ----------------------------------------------------------------------------------------------

    def _try(self, name: str, load: Callable[[], Any]) -> None:
        try:
            self._take(name, _loaded(name, load))
        except PluginRefused as problem:
            self.refuse(name, problem)

    def _take(self, name: str, plugin: Any) -> None:
        try:
            self._manager.register(plugin, name)
        except (ValueError, pluggy.PluginValidationError) as problem:
            raise PluginRefused(f"Plug-in “{name}”: {reason_of(problem)}") from problem
        try:
            self._manager.check_pending()
            if not self._manager.get_hookcallers(plugin):
                raise PluginRefused(f"Plug-in “{name}” brings nothing: no function of it is marked as a hook")
        except (pluggy.PluginValidationError, PluginRefused) as problem:
            self._manager.unregister(plugin)
            if isinstance(problem, PluginRefused):
                raise
            raise PluginRefused(f"Plug-in “{name}”: {reason_of(problem)}") from problem

    def _found(self, name: str) -> Any:
        file = self._file(name)
        if file is not None and file.is_file():
            return _loaded(name, lambda: self._read(name))
        for entry in importlib.metadata.entry_points(group=ENTRY_POINTS, name=name):
            return _loaded(name, entry.load)
        where = f" in {self._folder}" if self._folder is not None else ""
        raise PluginRefused(f"There is no plug-in “{name[:80]}”: no file {name[:80]}.py{where}, nothing installed")

    def _file(self, name: str) -> Path | None:
        """Return where a plug-in would be; a name is no path."""
        if self._folder is None or not _FILE_NAME.fullmatch(name):
            return None
        return self._folder / f"{name}.py"

    def _read(self, name: str) -> ModuleType:
        file = self._file(name)
        if file is None:
            raise PluginRefused(f"“{name}” is no name for a plug-in: small letters, digits and _")
        module_name = f"caruso_plugin_{name}_{next(self._loads)}"
        loader = _FromSource(module_name, str(file))
        specification = importlib.util.spec_from_file_location(module_name, file, loader=loader)
        if specification is None or specification.loader is None:
            raise PluginRefused(f"{file} cannot be read")
        module = importlib.util.module_from_spec(specification)
        # Types that name each other are looked up in the module they are in.
        sys.modules[module_name] = module
        try:
            specification.loader.exec_module(module)
        except BaseException:
            del sys.modules[module_name]
            raise
        return module

    def _asked(self, name: str, hook: str, function: Callable[..., Any], arguments: Iterable[Any]) -> Any:
        try:
            return function(*arguments)
        except (Exception, SystemExit) as problem:  # noqa: BLE001  # the guard of plug-ins
            self.refuse(name, PluginRefused(f"{hook}: {reason_of(problem)}"))
            return None


class _FromSource(SourceFileLoader):
    """Reads a file itself each time: of what was compiled before, Python sees no change within the same second."""

    def get_code(self, fullname: str) -> CodeType:
        """Compile what is there now."""
        return compile(self.get_data(self.path), self.path, "exec", dont_inherit=True)


def _loaded(name: str, load: Callable[[], Any]) -> Any:
    try:
        return load()
    except PluginRefused:
        raise
    except (Exception, SystemExit) as problem:  # the guard of plug-ins
        raise PluginRefused(f"Plug-in “{name}”: {reason_of(problem)}") from problem


def reason_of(problem: BaseException) -> str:
    """Return what a person needs to mend it: what is wrong, and where in the plug-in."""
    said = " ".join(str(problem).split()) or type(problem).__name__
    if isinstance(problem, (PluginRefused, pluggy.PluginValidationError)):
        return said
    place = ""
    trace = problem.__traceback__
    while trace is not None:
        file = Path(trace.tb_frame.f_code.co_filename)
        if trace.tb_frame.f_globals.get("__name__", "").startswith("caruso_plugin_"):
            place = f" ({file.name}, line {trace.tb_lineno})"
        trace = trace.tb_next
    return f"{type(problem).__name__}: {said}{place}"
