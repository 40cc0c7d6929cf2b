"""Check agents in ``centre.toml`` with their phones, and read them. Pure."""

from __future__ import annotations

from msgspec import structs

from caruso.comm_server.centre_file.references import References
from caruso.comm_server.centre_file.skills import read_skills
from caruso.comm_server.centre_file.tables import AgentTable, StationsTable
from caruso.model.centre import AgentProfile, Station, StationKind, StationRules
from caruso.model.ids import AgentId, QueueId
from caruso.model.numbers import called_number
from caruso.toml.shape import Shape
from caruso.toml.source import KeyPath


class AgentCheck:
    """Finds what is wrong with an agent."""

    def __init__(self, shape: Shape, references: References) -> None:
        """Add findings to `shape`."""
        self._shape = shape
        self._references = references

    def agent(self, agent: AgentTable, where: KeyPath) -> None:
        """Check an agent."""
        for index, queue in enumerate(agent.queues):
            self._references.check("queues", queue, (*where, "queues", index))
            if queue in agent.queues[:index]:
                self._shape.add((*where, "queues", index), "twice", f"“{queue}” is in the list already.")
        for skill in agent.skills:
            self._references.check("skills", skill, (*where, "skills", skill))
        for queue in agent.preference:
            if queue in self._references.known("queues") and queue not in agent.queues:
                message = f"The agent does not take contacts of “{queue}”: add it to queues."
                self._shape.add((*where, "preference", queue), "contradiction", message)
            self._references.check("queues", queue, (*where, "preference", queue))
        if agent.address is not None and agent.station is not StationKind.SIP:
            self._shape.add(
                (*where, "address"), "contradiction", "Only a SIP phone has an address: set station = “sip”."
            )
        self._telephone(agent, where)

    def _telephone(self, agent: AgentTable, where: KeyPath) -> None:
        if agent.nailed_up and agent.station is StationKind.BROWSER:
            message = "A browser's line is not kept open: set station = “sip” or “number”."
            self._shape.add((*where, "nailed_up"), "contradiction", message)
        if agent.number is not None and agent.station is not StationKind.NUMBER:
            message = "A number is called only with station = “number”."
            self._shape.add((*where, "number"), "contradiction", message)
        elif agent.number is not None and not called_number(agent.number, ""):
            self._shape.add((*where, "number"), "wrong-value", f"Nobody can be called at {agent.number}.")
        elif agent.number is None and agent.station is StationKind.NUMBER:
            self._shape.add((*where, "station"), "missing-key", "Which number is called? Set number.")


def read_agent(key: str, agent: AgentTable) -> AgentProfile:
    """Return an agent who was checked."""
    return AgentProfile(
        id=AgentId(key),
        name=agent.name,
        queues=tuple(QueueId(queue) for queue in agent.queues),
        skills=read_skills(agent.skills),
        preference={QueueId(queue): rank for queue, rank in agent.preference.items()},
        station=Station(
            kind=agent.station,
            address=agent.address or "",
            number=agent.number or "",
            nailed_up=agent.nailed_up,
        ),
        role=agent.role,
    )


def read_stations(table: StationsTable) -> StationRules:
    """Return the rules for agents' phones."""
    fields = {**structs.asdict(table), "caller_id": table.caller_id or ""}
    return StationRules(**fields)
