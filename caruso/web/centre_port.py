"""What the web edge asks of the contact centre. `caruso.comm_server` implements it; `lab.fake_centre` is the fake.

All calls return at once and are made on the event loop; callbacks are called on it too and must not raise.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Protocol

from caruso.model.centre import Centre
from caruso.model.desk import AnyDeskCommand
from caruso.model.facts import ContactRouted, Presence
from caruso.model.ids import AgentId, ContactId
from caruso.model.run_records import StoredFile
from caruso.model.views import DeskView, MonitorView, TargetView
from caruso.web.recording_port import Recordings
from caruso.web.supervision_port import Supervision
from caruso.web.voicemail_port import Mailboxes

#: Given each new view of the desk.
ShowDesk = Callable[[DeskView], None]
#: Told once, with code and message, when the centre closes the desk.
DeskClosed = Callable[[str, str], None]
#: Given each change of the monitor.
PushMonitor = Callable[[MonitorView], None]


class DeskHandle(Protocol):
    """An open desk."""

    def close(self) -> None:
        """Show nothing any more. Harmless when it is closed."""
        ...


class DecidedAgain(Protocol):
    """A decision, and what the rules in force make of the same moment."""

    @property
    def then(self) -> ContactRouted:
        """Return what was decided."""
        ...

    @property
    def now(self) -> ContactRouted | None:
        """Return what would be decided; None: the contact would have waited on."""
        ...

    @property
    def same(self) -> bool:
        """Tell whether the same agent is chosen."""
        ...

    @property
    def certain(self) -> bool:
        """Tell whether all is known that the rules look at."""
        ...


class Decisions(Protocol):
    """Who gets whom, looked at afterwards."""

    async def again(self, contact: ContactId) -> Sequence[DecidedAgain]:
        """Decide again whom a contact was offered to, by the rules in force."""
        ...


class ContactCentre(Protocol):
    """Calls, agents and queues."""

    @property
    def telephony_up(self) -> bool:
        """Tell whether the PBX can be reached."""
        ...

    @property
    def supervisors(self) -> Supervision:
        """Return what supervisors can do."""
        ...

    @property
    def recordings(self) -> Recordings:
        """Return recordings."""
        ...

    @property
    def mailboxes(self) -> Mailboxes:
        """Return the messages that callers left."""
        ...

    @property
    def decisions(self) -> Decisions:
        """Return what tells whether the same would be decided today."""
        ...

    def centre(self) -> Centre:
        """Return the description in effect."""
        ...

    def command(self, agent: AgentId, command: AnyDeskCommand) -> None:
        """Carry out what an agent asks for; raise `IllegalMove`, `NotFound` or `RejectedInput`."""
        ...

    def transfer_targets(self, agent: AgentId | None) -> list[TargetView]:
        """Return everybody and everything to whom an agent can give a customer, the agent herself left out."""
        ...

    def file_wanted(self, agent: AgentId, run: str, item: str) -> str:
        """Return the type of a question of the dialog at the agent's desk that a file may answer.

        Raise `IllegalMove` when there is no such question.
        """
        ...

    def see_file(self, agent: AgentId, run: str, file: StoredFile) -> None:
        """Raise `IllegalMove` or `NotFound` where a file is none that the dialog at the agent's desk shows her."""
        ...

    def file_kept(self, agent: AgentId, file: StoredFile) -> None:
        """Know a file from now on, so that an answer may name it."""
        ...

    def open_desk(self, agent: AgentId, show: ShowDesk, closed: DeskClosed) -> DeskHandle:
        """Show an agent's desk: at once, and after each change.

        An agent has one desk: opening another closes this one with ``signed-in-elsewhere``.
        Raise `NotFound` for an agent the centre does not know.
        """
        ...

    def watch_monitor(self, push: PushMonitor) -> Callable[[], None]:
        """Push changes of the monitor, at most 5 a second; the returned function ends it."""
        ...

    def monitor(self) -> MonitorView:
        """Return the whole monitor, with the `seq` of the last change pushed."""
        ...

    def force_presence(self, agent: AgentId, presence: Presence, reason: str, by: str) -> None:
        """Make an agent not ready, or sign her out; raise `IllegalMove` or `NotFound`."""
        ...

    def health(self) -> Mapping[str, object]:
        """Return figures about itself for people who run it."""
        ...
