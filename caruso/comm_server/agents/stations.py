"""Where each agent hears and speaks now, and whether that phone can be reached."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from caruso.model.centre import Centre, StationKind
from caruso.model.ids import AgentId
from caruso.model.views import StationView

EndpointName = Callable[[AgentId, StationKind], str]


@dataclass(frozen=True, slots=True, kw_only=True)
class StationInUse:
    """The phone an agent uses now."""

    kind: StationKind
    endpoint: str


class Stations:
    """The agents' phones."""

    def __init__(self, *, centre: Callable[[], Centre], endpoint_name: EndpointName) -> None:
        """Begin with the phones of the centre's description."""
        self._centre = centre
        self._endpoint_name = endpoint_name
        self._chosen: dict[AgentId, StationKind] = {}
        self._reachable: dict[tuple[AgentId, StationKind], bool | None] = {}
        self._watched = False

    def choose(self, agent: AgentId, kind: StationKind) -> None:
        """Use another phone from the next contact on."""
        self._chosen[agent] = kind

    def at(self, agent: AgentId) -> StationInUse:
        """Return the phone the agent uses."""
        kind = self._kind(agent)
        return StationInUse(kind=kind, endpoint=self._endpoint_name(agent, kind))

    def view(self, agent: AgentId) -> StationView:
        """Return the phone as the agent's console shows it."""
        kind = self._kind(agent)
        profile = self._centre().agents.get(agent)
        fixed = kind is StationKind.SIP and profile is not None and bool(profile.station.address)
        known = self._reachable.get((agent, kind))
        if known is None and self._watched and not fixed:
            known = False  # whoever had registered would have been told
        return StationView(kind=kind, reachable=known, fixed=fixed)

    def set_reachable(self, agent: AgentId, kind: StationKind, reachable: bool | None) -> None:
        """Take note that a phone registered or went away, or that nobody can tell any more."""
        self._reachable[agent, kind] = reachable

    def set_watched(self, watched: bool) -> None:
        """Take note that all phones that are registered have been told, and will be; or that nobody looks."""
        self._watched = watched

    def _kind(self, agent: AgentId) -> StationKind:
        profile = self._centre().agents.get(agent)
        return self._chosen.get(agent) or (profile.station.kind if profile else StationKind.BROWSER)
