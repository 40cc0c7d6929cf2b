"""The energy utility that the fake centre is: its description, its customers, and who may sign in."""

from __future__ import annotations

from collections.abc import Mapping

from caruso.model.centre import (
    AgentProfile,
    Centre,
    Disposition,
    EntryPoint,
    NotReadyReason,
    Queue,
    Role,
    Skill,
    Station,
    StationKind,
    VoicemailRules,
)
from caruso.model.ids import AgentId, CustomerId, EntryPointId, QueueId, SkillId
from caruso.model.recordings import RecordedCalls, RecordingRules
from caruso.model.records import Customer

DISPOSITIONS = (
    Disposition(id="done", name="Done"),
    Disposition(id="call-back", name="Call back promised"),
    Disposition(id="complaint", name="Complaint"),
)


def fake_description() -> Centre:
    """Return an energy utility with two queues and six agents."""
    meter, billing = QueueId("meter"), QueueId("billing")
    queues = {
        meter: Queue(id=meter, name="Meter reading", dispositions=DISPOSITIONS, wrap_up_seconds=30),
        billing: Queue(
            id=billing,
            name="Billing",
            dispositions=DISPOSITIONS,
            priority=5,
            wrap_up_seconds=45,
            voicemail=VoicemailRules(offered=True),
            recording=RecordingRules(calls=RecordedCalls.ON_DEMAND, agents_listen=True),
        ),
    }
    names = ("Anna", "Ben", "Cara", "Dan", "Eva", "Finn")
    agents = [
        AgentProfile(
            id=AgentId(name.lower()),
            name=name,
            queues=(meter, billing) if name != "Finn" else (billing,),
            skills={SkillId("german"): 5},
            station=Station(kind=StationKind.SIP if name in ("Dan", "Eva") else StationKind.BROWSER),
        )
        for name in names
    ]
    entry_points = [
        EntryPoint(id=EntryPointId("meter-line"), name="Meter line", numbers=("8001",), queue=meter),
        EntryPoint(id=EntryPointId("service-line"), name="Service line", numbers=("8002",), queue=billing),
    ]
    return Centre(
        name="Northern Light & Power",
        timezone="Europe/Berlin",
        queues=queues,
        entry_points={entry.id: entry for entry in entry_points},
        agents={agent.id: agent for agent in agents},
        skills={SkillId("german"): Skill(id=SkillId("german"), name="German")},
        not_ready_reasons=(
            NotReadyReason(id="break", name="Break", limit_seconds=900),
            NotReadyReason(id="training", name="Training"),
            NotReadyReason(id="back-office", name="Back office"),
        ),
    )


def fake_customers() -> tuple[Customer, ...]:
    """Return a few customers; nobody of this name lives there."""
    return tuple(
        Customer(
            id=CustomerId(f"c{number}"),
            name=name,
            numbers=(f"+4930555{number:04}",),
            email=f"customer{number}@example.net",
            attributes={"customer number": f"{471100 + number}", "tariff": "Green 24", "town": town},
        )
        for number, (name, town) in enumerate(
            (("Mira Example", "Musterstadt"), ("Otto O'Sample", "Beispielheim"), ("Zoë Placeholder", "Nowhere")), 1
        )
    )


#: Who may sign in at the fake server; agents have the same name.
FAKE_ROLES: Mapping[str, Role] = {
    "anna": Role.AGENT,
    "ben": Role.AGENT,
    "sam": Role.SUPERVISOR,
    "alex": Role.ADMIN,
}
