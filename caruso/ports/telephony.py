"""The telephone system, and what phones need to sign in to it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from caruso.model.centre import StationKind
from caruso.model.ids import (
    AgentId,
)
from caruso.model.records import (
    PhoneAccount,
)
from caruso.model.telephony import TelephonyCommand, TelephonyEvent


class Telephony(Protocol):
    """A telephone system. Events go to the listener it was built with, one at a time, in order."""

    def send(self, command: TelephonyCommand) -> None:
        """Queue a command, without waiting; a refusal comes back as `CommandFailed`.

        Commands are carried out in the order given. While the link is down they are dropped: `LinkUp`
        brings the truth, and reconciliation gives the commands that are still needed.
        """
        ...


#: What `Telephony` calls with each event.
TelephonyListener = Callable[[TelephonyEvent], None]


class Phones(Protocol):
    """What an agent's phone needs to sign in to the PBX."""

    def account(self, agent: AgentId, kind: StationKind) -> PhoneAccount:
        """Return the account of the agent's browser phone or SIP phone."""
        ...
