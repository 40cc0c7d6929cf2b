"""The description in force, and what is looked up in it. Knows nothing of calls and agents at work."""

from __future__ import annotations

from caruso.comm_server.acd.plan import Plan
from caruso.comm_server.agents import presence
from caruso.model.centre import Centre, EntryPoint
from caruso.model.ids import AgentId, EntryPointId, QueueId, ScriptId
from caruso.script_engine.turns import Value


class CentreInForce:
    """One description at a time; another takes its place as a whole."""

    def __init__(self, centre: Centre) -> None:
        """Put the first description in force."""
        self.replace(centre)

    def replace(self, centre: Centre) -> None:
        """Put another description in force."""
        self._centre = centre
        self._plan = Plan(centre)

    def centre(self) -> Centre:
        """Return the description."""
        return self._centre

    def plan(self) -> Plan:
        """Return its rules of distribution."""
        return self._plan

    def wrap_up(self, queue: QueueId) -> presence.WrapUpRules:
        """Return how long wrap-up lasts in a queue."""
        known = self._centre.queues.get(queue)
        return presence.wrap_up_rules(known) if known else presence.WrapUpRules()

    def tells_wait(self, queue: QueueId) -> bool:
        """Tell whether callers of a queue are told how long they wait."""
        rules = self._centre.queues.get(queue)
        return rules is not None and rules.announce_wait_seconds > 0

    def knows_last_agents(self) -> bool:
        """Tell whether any queue gives customers to whom they talked with last."""
        return any(queue.last_agent_seconds for queue in self._centre.queues.values())

    def agent_values(self, agent: AgentId) -> dict[str, Value]:
        """Return what scripts see of an agent."""
        profile = self._centre.agents.get(agent)
        return {"id": agent, "name": profile.name if profile else agent}

    def entry_point(self, dialled: str, caller: str) -> EntryPointId | None:
        """Find the entry point of a dialled number for a caller's number."""
        found = self._centre.entry_point_for(dialled, caller)
        return found.id if found else None

    def web_entry_point(self, script: ScriptId) -> EntryPoint | None:
        """Find the entry point whose customers go through a script on the web."""
        return next((entry for entry in self._centre.entry_points.values() if entry.web == script), None)

    def number_to_call(self) -> str:
        """Return a number at which callers can key in a code; empty when there is none."""
        points = self._centre.entry_points.values()
        return next((point.numbers[0] for point in points if point.codes and point.numbers), "")
