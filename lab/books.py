"""Says in words where a journal does not balance: what a test of calls ends with.

Pure: looks at facts only. METRICS names the balance; here is also what must hold of offers, conversations, holds
and presences if nobody is to be counted twice, forgotten or stuck.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Iterator, Sequence

from caruso.model import ids
from caruso.model.facts import (
    AnyFact,
    ConsultEnded,
    ConsultOutcome,
    ConsultStarted,
    ContactArrived,
    ContactConnected,
    ContactEnded,
    ContactHeld,
    ContactLeftQueue,
    ContactQueued,
    ContactResumed,
    ContactTransferred,
    CustomerReached,
    OfferEnded,
    OfferMade,
    OfferOutcome,
    OfferPurpose,
    OutsideCalled,
    OutsideEnded,
    Presence,
    PresenceChanged,
    QueueOutcome,
    SupervisionBegun,
    SupervisionEnded,
    TalkEnded,
    WrapUpEnded,
)
from caruso.model.ids import AgentId, ContactId

#: Two sums of the same times, each rounded to a millisecond.
ROUNDING_SECONDS = 0.05

_MAY_FOLLOW = {
    Presence.SIGNED_OUT: {Presence.NOT_READY},
    Presence.NOT_READY: {Presence.NOT_READY, Presence.READY, Presence.SIGNED_OUT, Presence.OFFERED},
    Presence.READY: {Presence.OFFERED, Presence.NOT_READY, Presence.SIGNED_OUT},
    Presence.OFFERED: {Presence.TALKING, Presence.READY, Presence.NOT_READY, Presence.SIGNED_OUT},
    Presence.TALKING: {Presence.WRAP_UP, Presence.READY, Presence.NOT_READY, Presence.SIGNED_OUT},
    Presence.WRAP_UP: {Presence.READY, Presence.NOT_READY, Presence.SIGNED_OUT},
}


def imbalances(facts: Sequence[AnyFact], *, jumped: Collection[ContactId] = ()) -> list[str]:
    """Return what is wrong with the facts of a time in which every call that began has ended, wrap-up included.

    In the time of the contacts `jumped` the clock did, so that their times say nothing.
    """
    return [
        *_once_each("contact", _contacts(facts, ContactArrived), "ended", _contacts(facts, ContactEnded)),
        *_once_each("visit", _visits(facts, ContactQueued), "left its queue", _visits(facts, ContactLeftQueue)),
        *_once_each("offer", _offers(facts, OfferMade), "ended", _offers(facts, OfferEnded)),
        *_once_each("call", _outside(facts, OutsideCalled), "ended", _outside(facts, OutsideEnded)),
        *_once_each(
            "consultation", _consultations(facts, ConsultStarted), "ended", _consultations(facts, ConsultEnded)
        ),
        *_once_each(
            "supervision", _supervisions(facts, SupervisionBegun), "ended", _supervisions(facts, SupervisionEnded)
        ),
        *_conversations(facts),
        *_talk_times([fact for fact in facts if getattr(fact, "contact", None) not in jumped]),
        *_presences(facts),
    ]


def outcomes(facts: Iterable[AnyFact]) -> Counter[QueueOutcome]:
    """Return how visits to queues ended."""
    return Counter(fact.outcome for fact in facts if isinstance(fact, ContactLeftQueue))


def _once_each(what: str, begun: Iterable[object], end: str, ended: Iterable[object]) -> Iterator[str]:
    begins, ends = Counter(begun), Counter(ended)
    for one in begins | ends:
        if (begins[one], ends[one]) != (1, 1):
            yield f"{what} {one} began {begins[one]} times and {end} {ends[one]} times"


def _contacts(facts: Iterable[AnyFact], kind: type[ContactArrived | ContactEnded]) -> Iterator[object]:
    return (fact.contact for fact in facts if isinstance(fact, kind))


def _visits(facts: Iterable[AnyFact], kind: type[ContactQueued | ContactLeftQueue]) -> Iterator[object]:
    return ((fact.contact, fact.visit, fact.queue) for fact in facts if isinstance(fact, kind))


def _offers(facts: Iterable[AnyFact], kind: type[OfferMade | OfferEnded]) -> Iterator[object]:
    return ((fact.contact, fact.offer, fact.agent) for fact in facts if isinstance(fact, kind))


def _outside(facts: Iterable[AnyFact], kind: type[OutsideCalled | OutsideEnded]) -> Iterator[object]:
    return ((fact.contact, fact.offer, fact.number) for fact in facts if isinstance(fact, kind))


def _consultations(facts: Iterable[AnyFact], kind: type[ConsultStarted | ConsultEnded]) -> Iterator[object]:
    return ((fact.contact, fact.offer, fact.by, fact.agent) for fact in facts if isinstance(fact, kind))


def _supervisions(facts: Iterable[AnyFact], kind: type[SupervisionBegun | SupervisionEnded]) -> Iterator[object]:
    return (fact.supervision for fact in facts if isinstance(fact, kind))


def _conversations(facts: Iterable[AnyFact]) -> Iterator[str]:
    """Everybody who was answered talked, and was wrapped up, as often as an offer was accepted.

    A transfer is accepted without a queue; who is consulted talks only when joined, or left with the customer.
    """
    counted: dict[str, Counter[tuple[ContactId, AgentId | None]]] = defaultdict(Counter)
    #: Whose phone rings, and to whom of them the customer has been given already.
    called: set[tuple[ContactId, AgentId]] = set()
    given: set[tuple[ContactId, AgentId]] = set()
    purposes: dict[tuple[ContactId, int], OfferPurpose] = {}
    for fact in facts:
        match fact:
            case ContactTransferred(agent=agent) if agent is not None and (fact.contact, agent) in called:
                given.add((fact.contact, agent))
            case OfferMade():
                called.add((fact.contact, fact.agent))
                given.discard((fact.contact, fact.agent))
                purposes[fact.contact, fact.offer] = fact.purpose
            case OfferEnded(outcome=OfferOutcome.ACCEPTED):
                called.discard((fact.contact, fact.agent))
                purpose = purposes.get((fact.contact, fact.offer), OfferPurpose.QUEUE)
                if purpose is OfferPurpose.QUEUE:
                    counted["accepted"][fact.contact, fact.agent] += 1
                # Who is given the customer while still being called for a consultation talks with him at once.
                if purpose is not OfferPurpose.CONSULT or (fact.contact, fact.agent) in given:
                    counted["begun"][fact.contact, fact.agent] += 1
            case ConsultEnded(outcome=ConsultOutcome.JOINED | ConsultOutcome.COMPLETED) if fact.agent is not None:
                counted["begun"][fact.contact, fact.agent] += 1
            case ContactLeftQueue(outcome=QueueOutcome.ANSWERED):
                counted["answered"][fact.contact, fact.agent] += 1
            case ContactConnected():
                counted["connected"][fact.contact, fact.agent] += 1
            case TalkEnded():
                counted["talked"][fact.contact, fact.agent] += 1
            case WrapUpEnded():
                counted["wrapped up"][fact.contact, fact.agent] += 1
            case _:
                pass
    if counted["answered"] != counted["accepted"]:
        yield f"accepted: {dict(counted['accepted'])}, but answered: {dict(counted['answered'])}"
    for what in ("connected", "talked", "wrapped up"):
        if counted[what] != counted["begun"]:
            yield f"accepted: {dict(counted['begun'])}, but {what}: {dict(counted[what])}"


def _talk_times(facts: Iterable[AnyFact]) -> Iterator[str]:
    """Talk and hold fill each agent's time from the connection to its end, and hold is what was held.

    An agent who is called before the customer listens to his ringing until he is reached, which is hold, too.
    """
    connected: dict[tuple[ContactId, AgentId], ContactConnected] = {}
    held: dict[tuple[ContactId, AgentId], ContactHeld | ContactConnected] = {}
    holds: dict[tuple[ContactId, AgentId], float] = defaultdict(float)
    reached: set[ContactId] = set()
    for fact in facts:
        match fact:
            case ContactConnected():
                connected[fact.contact, fact.agent] = fact
                if ids.is_outgoing(fact.contact) and fact.contact not in reached:
                    held[fact.contact, fact.agent] = fact
            case CustomerReached():
                reached.add(fact.contact)
                for key in [key for key in held if key[0] == fact.contact]:
                    holds[key] += (fact.at - held.pop(key).at).total_seconds()
            case ContactHeld():
                if (fact.contact, fact.agent) in held:
                    yield f"contact {fact.contact} was held twice at once by {fact.agent}"
                held[fact.contact, fact.agent] = fact
            case ContactResumed():
                key = (fact.contact, fact.agent)
                if key not in held:
                    yield f"contact {fact.contact} was resumed without having been held by {fact.agent}"
                else:
                    holds[key] += (fact.at - held.pop(key).at).total_seconds()
            case TalkEnded() if (fact.contact, fact.agent) in connected:
                key = (fact.contact, fact.agent)
                if key in held:
                    holds[key] += (fact.at - held.pop(key).at).total_seconds()
                whole = (fact.at - connected.pop(key).at).total_seconds()
                if abs(fact.talk_seconds + fact.hold_seconds - whole) > ROUNDING_SECONDS:
                    yield f"contact {fact.contact}: {fact} does not fill {whole} s"
                if abs(fact.hold_seconds - holds.pop(key, 0.0)) > ROUNDING_SECONDS:
                    yield f"contact {fact.contact}: {fact} is not what was held"
            case _:
                pass
    for contact, _ in held:
        yield f"contact {contact} is still held"


def _presences(facts: Iterable[AnyFact]) -> Iterator[str]:
    """Presences follow each other as `agents.presence` draws it, and nobody is left in a call."""
    last: dict[AgentId, PresenceChanged] = {}
    for fact in facts:
        if not isinstance(fact, PresenceChanged):
            continue
        before = last.get(fact.agent)
        if before is not None and fact.presence not in _MAY_FOLLOW[before.presence]:
            yield f"{fact.agent} went from {before.presence} to {fact.presence}"
        if before is not None and fact.at < before.at:
            yield f"{fact.agent} became {fact.presence} before {before.presence}"
        last[fact.agent] = fact
    for agent, fact in last.items():
        if fact.presence in (Presence.OFFERED, Presence.TALKING, Presence.WRAP_UP):
            yield f"{agent} is left {fact.presence} with {fact.contact}"
