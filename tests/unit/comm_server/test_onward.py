"""Where callers go on whose dialog came to an end."""

from __future__ import annotations

from dataclasses import replace

from caruso.comm_server.onward import onward
from caruso.model.centre import Centre, EntryPoint, Queue
from caruso.model.ids import EntryPointId, QueueId, ScriptId

GAS = QueueId("gas")


def point(name: str, **what: object) -> EntryPoint:
    made = EntryPoint(id=EntryPointId(name), name=name, numbers=(name,), queue=GAS)
    return replace(made, **what)  # type: ignore[arg-type]


MENU = point(
    "menu", script=ScriptId("menu"), outcomes={"moving": EntryPointId("moving"), "gone": EntryPointId("-")}
)
MOVING = point("moving", script=ScriptId("moving"), outcomes={"moving": EntryPointId("people")})
PEOPLE = point("people")
NIGHT = point("night", closed_to=EntryPointId("menu"))


def after(arrived: EntryPoint | None, script: str, outcome: str) -> str | None:
    points = {entry.id: entry for entry in (MENU, MOVING, PEOPLE, NIGHT)}
    queue = Queue(id=GAS, name="Gas", escape_key="9", escape_to=EntryPointId("menu"))
    centre = Centre(name="C", timezone="UTC", queues={GAS: queue}, entry_points=points, agents={})
    found = onward(centre, arrived, ScriptId(script), outcome)
    return found.id if found else None


def test_an_outcome_leads_to_the_entry_point_it_names() -> None:
    assert after(MENU, "menu", "moving") == "moving"


def test_other_outcomes_end_the_call() -> None:
    assert after(MENU, "menu", "done") is None
    assert after(MENU, "menu", "gone") is None, "the entry point was taken away during the call"
    assert after(None, "menu", "moving") is None


def test_what_counts_is_the_entry_point_whose_script_led_the_caller() -> None:
    assert after(MENU, "moving", "moving") == "people", "he was sent on before"
    assert after(NIGHT, "menu", "moving") == "moving", "he came outside the hours"
    assert after(PEOPLE, "moving", "moving") == "people", "he left a queue by its escape key"


def test_a_script_an_agent_sent_him_to_leads_nowhere() -> None:
    assert after(MENU, "survey", "moving") is None
