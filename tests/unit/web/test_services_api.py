"""Services over the API: looked at, added, replaced and removed by admins; asked by the operation's role."""

from __future__ import annotations

from typing import Any

import pytest

from .conftest import House

WEATHER = '''
from typing import Annotated

import msgspec
from msgspec import Meta

from caruso.model.centre import Role
from caruso.service_manager import Service, ServiceFailed, operation
from caruso.service_manager.hookspecs import hookimpl


class Where(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which place."""

    place: Annotated[str, Meta(min_length=1)]


class Weather(Service):
    """Knows the weather."""

    name = "weather"
    version = "1.0"

    async def health(self):
        pass

    @operation(repeatable=True, role=Role.AGENT)
    async def today(self, params: Where, *, key: str) -> str:
        """Say how it is."""
        if params.place == "moon":
            raise ServiceFailed("There is none")
        return f"fine in {params.place}"

    @operation(repeatable=False)
    async def change(self, params: Where, *, key: str) -> None:
        """Make it rain."""


@hookimpl
def services(parts):
    return [Weather()]
'''


def plugin(house: House, text: str, name: str = "weather") -> None:
    house.plugins.mkdir(exist_ok=True)
    (house.plugins / f"{name}.py").write_text(text)


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("GET", "/api/services", None),
        ("GET", "/api/services/weather", None),
        ("DELETE", "/api/services/weather", None),
        ("GET", "/api/plugins", None),
        ("POST", "/api/plugins", {"plugin": "weather"}),
        ("POST", "/api/plugins/replace", {"plugin": "weather"}),
    ],
)
@pytest.mark.parametrize("who", ["anna", "sam"])
async def test_only_admins_look_at_services_and_change_them(
    house: House, who: str, method: str, path: str, body: Any
) -> None:
    answer = await (await house.browser(who)).request(method, path, body)
    assert answer.status == 403


async def test_a_plug_in_is_added_asked_replaced_and_removed(house: House) -> None:
    alex, anna = await house.browser("alex"), await house.browser("anna")
    plugin(house, WEATHER)
    assert await alex.call("POST", "/api/plugins", {"plugin": "weather"}) == {"services": ["weather"]}
    asked = {"params": {"place": "Ulm"}}
    assert await anna.call("POST", "/api/services/weather/today", asked) == {"result": "fine in Ulm"}
    assert (await anna.request("POST", "/api/services/weather/change", asked)).status == 403, "not her role"
    assert await alex.call("POST", "/api/services/weather/change", asked) == {"result": None}
    plugin(house, WEATHER.replace("fine", "rain").replace('"1.0"', '"1.1"'))
    await alex.call("POST", "/api/plugins/replace", {"plugin": "weather"})
    assert await anna.call("POST", "/api/services/weather/today", asked) == {"result": "rain in Ulm"}
    card = await alex.call("GET", "/api/services/weather")
    assert (card["line"]["version"], card["line"]["state"], card["line"]["calls"]) == ("1.1", "ready", 3)
    (today,) = [operation for operation in card["operations"] if operation["name"] == "today"]
    assert today["documentation"] == "Say how it is."
    assert today["params"]["$defs"]["Where"]["required"] == ["place"]
    assert today["result"] == {"type": "string"}
    assert {line["name"]: line["outcomes"] for line in card["figures"]} == {
        "change": {"done": 1},
        "today": {"done": 2},
    }
    assert sum(card["histograms"]["today"]) == 2
    await alex.call("DELETE", "/api/services/weather")
    assert (await anna.request("POST", "/api/services/weather/today", asked)).status == 404
    assert (await alex.request("DELETE", "/api/services/weather")).status == 404
    assert await alex.call("GET", "/api/services") == []
    kinds = [(c.kind, c.version, c.before, c.by) for c in house.service_changes]
    assert kinds == [
        ("added", "1.0", "", "alex"),
        ("replaced", "1.1", "1.0", "alex"),
        ("removed", "", "1.1", "alex"),
    ]


async def test_a_broken_plug_in_is_refused_with_the_reason_and_the_old_one_serves(house: House) -> None:
    alex = await house.browser("alex")
    plugin(house, WEATHER)
    await alex.call("POST", "/api/plugins", {"plugin": "weather"})
    assert (await alex.request("POST", "/api/plugins", {"plugin": "weather"})).status == 409, "it is there already"
    for text, status, words in [
        ("import nothing_of_the_kind", 422, "ModuleNotFoundError"),
        (WEATHER.replace("        pass", "        raise OSError('no network')"), 409, "no network"),
    ]:
        plugin(house, text)
        answer = await alex.request("POST", "/api/plugins/replace", {"plugin": "weather"})
        assert (answer.status, words in answer.json()["message"]) == (status, True)
        asked = {"params": {"place": "Ulm"}}
        assert await alex.call("POST", "/api/services/weather/today", asked) == {"result": "fine in Ulm"}
    answer = await alex.request("POST", "/api/plugins", {"plugin": "gone"})
    assert "There is no plug-in “gone”" in answer.json()["message"]


async def test_bad_arguments_are_told_with_their_place(house: House) -> None:
    alex = await house.browser("alex")
    plugin(house, WEATHER)
    await alex.call("POST", "/api/plugins", {"plugin": "weather"})
    answer = await alex.request("POST", "/api/services/weather/today", {"params": {"place": 7}})
    assert answer.status == 422
    assert [finding["attribute"] for finding in answer.json()["findings"]] == ["place"]
    answer = await alex.request("POST", "/api/services/weather/today", {"params": {"place": "moon"}})
    assert (answer.status, answer.json()["code"], answer.json()["message"]) == (
        502,
        "service-failed",
        "There is none",
    )
    answer = await alex.request("POST", "/api/services/weather/tomorow", {})
    assert answer.status == 404


async def test_figures_are_there_for_prometheus(house: House) -> None:
    alex = await house.browser("alex")
    plugin(house, WEATHER)
    await alex.call("POST", "/api/plugins", {"plugin": "weather"})
    for place in ("Ulm", "moon", "Ulm"):
        await alex.request("POST", "/api/services/weather/today", {"params": {"place": place}})
    text = (await alex.request("GET", "/metrics")).body.decode()
    assert 'caruso_service_calls_total{operation="today",outcome="done",service="weather"} 2.0' in text
    assert 'outcome="service-failed",service="weather"} 1.0' in text
    assert 'caruso_service_seconds_count{operation="today",service="weather"} 3.0' in text
    assert 'caruso_service_well{service="weather"} 1.0' in text
