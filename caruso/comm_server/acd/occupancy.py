"""How busy agents have been lately, in a form that idle agents can be sorted by. Pure.

Occupancy is averaged with weights that fall off exponentially, by e in `WINDOW_SECONDS`. While agents are idle,
the occupancies of all of them shrink by the same factor, so that their order stays: ``log(occupancy) + time /
window`` is worked out once, when an agent becomes ready. Time not ready does not count.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from datetime import datetime, timedelta

import msgspec

from caruso.model.facts import Presence
from caruso.model.ids import AgentId
from caruso.model.records import Became

WINDOW_SECONDS = 3600.0
#: What was before this has faded to a thousandth.
LOOK_BACK = timedelta(hours=7)


_ON_DUTY = (Presence.READY, Presence.OFFERED, Presence.TALKING, Presence.WRAP_UP)


def on_duty(presence: Presence) -> bool:
    """Tell whether an agent takes contacts, now or in a moment."""
    return presence in _ON_DUTY


def is_busy(presence: Presence) -> bool | None:
    """Tell whether an agent is busy, or idle; None: not on duty."""
    return presence is not Presence.READY if on_duty(presence) else None


class Occupancy(msgspec.Struct, frozen=True, gc=False):
    """What part of the last hour an agent was busy, as of a moment on the monotonic clock."""

    share: float = 0.0
    at: float = 0.0
    #: None: not on duty.
    busy: bool | None = None

    def then(self, now: float, busy: bool | None) -> Occupancy:
        """Return it at `now`, after which the agent is `busy`, idle, or (None) not on duty."""
        return Occupancy(self.share_at(now), now, busy)

    def share_at(self, now: float) -> float:
        """Return the occupancy at `now`, from 0 to 1."""
        if self.busy is None:
            return self.share
        kept = math.exp(-max(0.0, now - self.at) / WINDOW_SECONDS)
        return 1.0 - (1.0 - self.share) * kept if self.busy else self.share * kept

    @property
    def load(self) -> float:
        """Return what idle agents are sorted by, the least busy first."""
        return math.log(self.share) + self.at / WINDOW_SECONDS if self.share > 0 else -math.inf


def share_of(load: float, now: float) -> float:
    """Return the occupancy that an idle agent's `load` stands for at `now`."""
    return math.exp(load - now / WINDOW_SECONDS) if load > -math.inf else 0.0


def occupancies(became: Iterable[Became], now: datetime, monotonic: float) -> dict[AgentId, Occupancy]:
    """Return how busy agents were by what they did, oldest first; `monotonic` is `now` on the monotonic clock."""
    found: dict[AgentId, Occupancy] = {}
    for agent, presence, at in became:
        then = monotonic + (at - now).total_seconds()
        found[agent] = found.get(agent, Occupancy(at=then)).then(then, is_busy(presence))
    return found
