"""Where each agent hears and speaks now, and whether that phone can be reached."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from caruso.comm_server.stations import places
from caruso.errors import IllegalMove
from caruso.model.centre import REGISTERED, Centre, Station, StationKind
from caruso.model.facts import AnyFact, StationChosen
from caruso.model.ids import AgentId
from caruso.model.numbers import called_number
from caruso.model.views import StationView

EndpointName = Callable[[AgentId, StationKind], str]


@dataclass(frozen=True, slots=True, kw_only=True)
class StationInUse:
    """The phone an agent uses now."""

    kind: StationKind
    #: As a `Dial` has it.
    endpoint: str
    #: The line is kept open between calls.
    nailed_up: bool = False


class Stations:
    """The agents' phones."""

    def __init__(
        self,
        *,
        centre: Callable[[], Centre],
        endpoint_name: EndpointName,
        calls_outside: bool = False,
        region: str = "",
    ) -> None:
        """Begin with the phones of the centre's description.

        `calls_outside` tells whether numbers can be called at all; one without country code is of `region`.
        """
        self._centre = centre
        self._endpoint_name = endpoint_name
        self._calls_outside = calls_outside
        self._region = region
        self._chosen: dict[AgentId, Station] = {}
        #: The last number each agent was at.
        self._numbers: dict[AgentId, str] = {}
        self._reachable: dict[tuple[AgentId, StationKind], bool | None] = {}
        self._watched = False

    def restore(self, facts: Iterable[AnyFact]) -> None:
        """Take over what agents chose before a restart, also on other days."""
        for fact in facts:
            if isinstance(fact, StationChosen):
                self._keep(fact.agent, fact.station, fact.number, nailed_up=fact.nailed_up)

    def choose(self, agent: AgentId, kind: StationKind, number: str = "", *, nailed_up: bool = False) -> Station:
        """Use another phone from the next contact on, and return it.

        Raises:
            IllegalMove: it cannot be used; the message is for the agent.
        """
        rules = self._centre().stations
        if nailed_up and (kind is StationKind.BROWSER or not rules.nailed_up):
            raise IllegalMove("The line to this phone cannot be kept open.")
        called = self._checked(number) if kind is StationKind.NUMBER else ""
        return self._keep(agent, kind, called, nailed_up=nailed_up)

    def _checked(self, text: str) -> str:
        if not self._calls_outside:
            raise IllegalMove("Numbers outside cannot be called from here.")
        number = called_number(text, self._region)
        if not number:
            raise IllegalMove("This is no telephone number at which you can be called.")
        if not self._centre().stations.allows(number):
            raise IllegalMove("Agents may not be called at this number.")
        return number

    def _keep(self, agent: AgentId, kind: StationKind, number: str, *, nailed_up: bool) -> Station:
        if number:
            self._numbers[agent] = number
        profile = self._centre().agents.get(agent)
        address = profile.station.address if profile is not None else ""
        station = Station(kind=kind, address=address, number=number, nailed_up=nailed_up)
        self._chosen[agent] = station
        return station

    def at(self, agent: AgentId) -> StationInUse:
        """Return the phone the agent uses."""
        station = self._station(agent)
        if station.nailed_up:
            return StationInUse(kind=station.kind, endpoint=places.on_line(agent), nailed_up=True)
        return StationInUse(kind=station.kind, endpoint=self._place(agent, station))

    def line(self, agent: AgentId) -> tuple[str, str]:
        """Return endpoint and number of where the agent's line leads that is to be kept open."""
        station = self._station(agent)
        return self._place(agent, station), station.number

    def keeps_line(self, agent: AgentId, number: str) -> bool:
        """Tell whether the agent's line to a number, or (empty) to her SIP phone, is to be kept open."""
        station = self._station(agent)
        return station.nailed_up and station.number == number

    def ring_seconds(self, agent: AgentId, queue_seconds: float) -> float:
        """Return how long her phone rings at most; where a key is to be pressed, there is time for that."""
        station, rules = self._station(agent), self._centre().stations
        asks = station.kind is StationKind.NUMBER and not station.nailed_up and bool(rules.confirm_key)
        return queue_seconds + (rules.confirm_seconds if asks else 0.0)

    def view(self, agent: AgentId) -> StationView:
        """Return the phone as the agent's console shows it."""
        station, rules = self._station(agent), self._centre().stations
        kind = station.kind
        fixed = kind is StationKind.SIP and bool(station.address)
        known = self._reachable.get((agent, kind))
        if known is None and self._watched and not fixed and kind in REGISTERED:
            known = False  # whoever had registered would have been told
        return StationView(
            kind=kind,
            reachable=known,
            fixed=fixed,
            number=station.number or self._numbers.get(agent, ""),
            nailed_up=station.nailed_up,
            numbers=self._calls_outside and bool(rules.numbers),
            lines=rules.nailed_up,
            confirm_key=rules.confirm_key,
        )

    def set_reachable(self, agent: AgentId, kind: StationKind, reachable: bool | None) -> None:
        """Take note that a phone registered or went away, or that nobody can tell any more."""
        self._reachable[agent, kind] = reachable

    def set_watched(self, watched: bool) -> None:
        """Take note that all phones that are registered have been told, and will be; or that nobody looks."""
        self._watched = watched

    def _place(self, agent: AgentId, station: Station) -> str:
        if station.kind is StationKind.NUMBER:
            return places.at_number(station.number)
        return self._endpoint_name(agent, station.kind)

    def _station(self, agent: AgentId) -> Station:
        """Return the phone she chose, where that is allowed still, else the one of the description."""
        centre = self._centre()
        profile, chosen = centre.agents.get(agent), self._chosen.get(agent)
        if chosen is not None and self._is_allowed(chosen):
            return chosen
        return profile.station if profile is not None else Station(kind=StationKind.BROWSER)

    def _is_allowed(self, station: Station) -> bool:
        rules = self._centre().stations
        if station.nailed_up and not rules.nailed_up:
            return False
        return station.kind is not StationKind.NUMBER or (self._calls_outside and rules.allows(station.number))
