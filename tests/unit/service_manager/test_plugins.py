"""Plug-ins are found and asked; a broken one is refused with the reason and harms nobody."""

from __future__ import annotations

from importlib.metadata import EntryPoint
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from caruso.built_in import BUILT_IN, policies_of, services_of, take_functions
from caruso.comm_server.acd import built_in as routing
from caruso.script_engine.expressions import expression
from caruso.script_engine.expressions.functions import FUNCTIONS
from caruso.service_manager.plugins import Plugins
from caruso.service_manager.refusals import PluginRefused

GOOD = '''
from caruso.service_manager import Service, operation
from caruso.service_manager.hookspecs import hookimpl

class Weather(Service):
    """Knows the weather."""
    name = "weather"
    version = "1.0"

    @operation(repeatable=True)
    async def today(self, params: dict[str, str], *, key: str) -> str:
        """Say how it is."""
        return "fine"

@hookimpl
def services(parts):
    return [Weather()]
'''

BROKEN = {
    "syntax": ("def services(:", "SyntaxError"),
    "raises": ("\nraise ValueError('no licence')", r"ValueError: no licence \(raises.py, line 2\)"),
    "leaves": ("import sys\nsys.exit(1)", "SystemExit"),
    "misspelt": (
        "from caruso.service_manager.hookspecs import hookimpl\n@hookimpl\ndef servces(parts): return []",
        "servces",
    ),
    "wrong_arguments": (
        "from caruso.service_manager.hookspecs import hookimpl\n@hookimpl\ndef services(things): return []",
        "things",
    ),
    "nothing": ("x = 1", "brings nothing"),
}


def folder(path: Path, **files: str) -> Path:
    for name, text in files.items():
        (path / f"{name}.py").write_text(text)
    return path


def brought(plugins: Plugins) -> list[tuple[str, str]]:
    parts: Any = None
    return [(plugin, service.name) for plugin, service in services_of(plugins, parts)]


def test_a_broken_file_is_refused_with_the_reason_and_the_others_work(tmp_path: Path) -> None:
    files = {name: text for name, (text, _) in BROKEN.items()}
    plugins = Plugins(folder(tmp_path, weather=GOOD, **files))
    plugins.load_others()
    assert plugins.names == ("weather",)
    assert brought(plugins) == [("weather", "weather")]
    assert plugins.refused.keys() == BROKEN.keys()


@pytest.mark.parametrize("name", BROKEN)
def test_the_reason_says_what_is_wrong_and_where(tmp_path: Path, name: str) -> None:
    text, reason = BROKEN[name]
    with pytest.raises(PluginRefused, match=reason):
        Plugins(folder(tmp_path, **{name: text})).load(name)


@pytest.mark.parametrize("name", ["", "../weather", "weather.py", "gone", "a/b", "_x"])
def test_a_plug_in_that_is_not_there_or_no_name_is_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(PluginRefused, match="There is no plug-in"):
        Plugins(folder(tmp_path, weather=GOOD)).load(name)


def test_one_that_raises_when_it_is_asked_is_refused_and_the_others_are_asked(tmp_path: Path) -> None:
    bad = GOOD.replace("return [Weather()]", "return [Weather(), 1 / 0]")
    other = GOOD.replace("return [Weather()]", "return [7]")
    plugins = Plugins(folder(tmp_path, bad=bad, other=other, weather=GOOD))
    plugins.load_others()
    assert brought(plugins) == [("weather", "weather")]
    assert "ZeroDivisionError" in plugins.refused["bad"]
    assert "int is no Service" in plugins.refused["other"]


def test_a_file_that_is_read_anew_is_the_new_one_and_a_broken_one_leaves_the_old(tmp_path: Path) -> None:
    plugins = Plugins(folder(tmp_path, weather=GOOD))
    plugins.load("weather")
    folder(tmp_path, weather=GOOD.replace('"weather"', '"climate"'))
    plugins.load("weather")
    assert brought(plugins) == [("weather", "climate")]
    folder(tmp_path, weather="x =")
    with pytest.raises(PluginRefused):
        plugins.load("weather")
    folder(tmp_path, weather="x = 1")
    with pytest.raises(PluginRefused, match="brings nothing"):
        plugins.load("weather")
    assert brought(plugins) == [("weather", "climate")]


def test_installed_packages_are_found_by_their_entry_point(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    package = tmp_path / "example_weather"
    package.mkdir()
    (package / "__init__.py").write_text(GOOD)
    (tmp_path / "example_weather-1.0.dist-info").mkdir()
    (tmp_path / "example_weather-1.0.dist-info" / "METADATA").write_text("Name: example-weather\nVersion: 1.0\n")
    entries = "[caruso]\nexample = example_weather\nbroken = example_weather.missing\n"
    (tmp_path / "example_weather-1.0.dist-info" / "entry_points.txt").write_text(entries)
    monkeypatch.syspath_prepend(tmp_path)
    plugins = Plugins()
    plugins.load_others()
    assert EntryPoint("example", "example_weather", "caruso").load() is not None
    assert brought(plugins) == [("example", "weather")]
    assert "ModuleNotFoundError" in plugins.refused["broken"]


POLICY = """
from caruso.comm_server.acd.policy import LongestIdle
from caruso.service_manager.hookspecs import hookimpl

class Patient(LongestIdle):
    name = "patient"

@hookimpl
def routing_policies():
    return [Patient(), LongestIdle()]
"""


def test_policies_of_plug_ins_come_beside_the_server_s_own(tmp_path: Path) -> None:
    plugins = Plugins(folder(tmp_path, patient=POLICY))
    plugins.load_built_in(routing)
    plugins.load_others()
    names = policies_of(plugins).names
    assert {"longest-idle", "cost-index"} <= names
    # Its second is the server's own, whichever came first: the plug-in is told.
    assert "already" in plugins.refused.get("patient", plugins.refused.get(routing.__name__, ""))


FUNCTION = """
from decimal import Decimal
from caruso.script_engine.expressions import expression
from caruso.script_engine.expressions.functions import Function
from caruso.script_engine.expressions.types import Type
from caruso.service_manager.hookspecs import hookimpl

@hookimpl
def script_functions():
    return {"tariff_of": Function((Type.NUMBER,), Type.TEXT, lambda kwh: "big" if kwh > Decimal(3000) else 1 / 0)}
"""


def test_the_functions_that_come_with_caruso_come_in_through_the_hook_as_they_are() -> None:
    """All but the language's own forms, and without the guard that evaluating would have to go through."""
    plugins = Plugins()
    plugins.load_built_in(*BUILT_IN)
    brought = {name: each for _, more in plugins.ask("script_functions") for name, each in more.items()}
    known = dict(FUNCTIONS)
    assert brought == {name: each for name, each in known.items() if each.call is not None}
    take_functions(plugins)
    assert all(FUNCTIONS[name] is each for name, each in known.items())
    assert plugins.refused == {}


def test_functions_of_plug_ins_are_used_by_expressions_and_give_null_when_they_raise(tmp_path: Path) -> None:

    plugins = Plugins(folder(tmp_path, tariffs=FUNCTION, taken=FUNCTION.replace("tariff_of", "lower")))
    plugins.load_others()
    take_functions(plugins)
    try:
        assert "has a function “lower” already" in plugins.refused["taken"]
        nothing: Any = SimpleNamespace(work=1000)
        assert expression("tariff_of(4000)").value(nothing) == "big"
        assert expression("tariff_of(1)").value(nothing) is None
    finally:
        FUNCTIONS.pop("tariff_of", None)
