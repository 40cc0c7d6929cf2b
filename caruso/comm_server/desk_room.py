"""Puts together what agents work with: desks, dialogs and transfers there, what agents ask for, who is at work."""

from __future__ import annotations

from collections.abc import Callable

from caruso.comm_server.acd.dispatcher import Dispatcher
from caruso.comm_server.agents.attendance import Attendance
from caruso.comm_server.agents.desks import Desks, Sources
from caruso.comm_server.agents.message_views import message_offer_view
from caruso.comm_server.agents.roster import Roster
from caruso.comm_server.agents.stations import Stations
from caruso.comm_server.backlog import Backlog
from caruso.comm_server.calls.exchange import Exchange
from caruso.comm_server.centre_in_force import CentreInForce
from caruso.comm_server.clearing_up import ClearingUp
from caruso.comm_server.contact_notes import ContactNotes
from caruso.comm_server.customer_cards import CustomerCards
from caruso.comm_server.desk_commands import DeskCommands
from caruso.comm_server.desk_contacts import DeskContacts
from caruso.comm_server.desk_dialogs import DeskDialogs
from caruso.comm_server.desk_transfers import DeskTransfers
from caruso.comm_server.dialog_room import DialogRoom
from caruso.comm_server.fact_stream import FactStream
from caruso.comm_server.guarded_tasks import GuardedTasks
from caruso.comm_server.monitor.board import Board
from caruso.comm_server.outside import Outside
from caruso.comm_server.phone_transfers import PhoneTransfers
from caruso.comm_server.recording.office import RecordingOffice
from caruso.comm_server.script_library import ScriptLibrary
from caruso.comm_server.stations.on_duty import OnDuty
from caruso.comm_server.stations.telephones import AgentTelephones
from caruso.comm_server.supervision.messages import AgentMessages
from caruso.comm_server.voicemail.room import VoicemailRoom
from caruso.model.ids import AgentId, ContactId, QueueId
from caruso.model.views import MessageOfferView


class DeskRoom:
    """All of desks; each part has its own module."""

    def __init__(
        self,
        outside: Outside,
        *,
        in_force: CentreInForce,
        queue_open: Callable[[QueueId], bool],
        library: ScriptLibrary,
        exchange: Exchange,
        dispatcher: Dispatcher,
        dialogs: DialogRoom,
        cards: CustomerCards,
        roster: Roster,
        stations: Stations,
        telephones: AgentTelephones,
        on_duty: OnDuty,
        voicemail: VoicemailRoom,
        recordings: RecordingOffice,
        board: Board,
        messages: AgentMessages,
        watchers: Callable[[ContactId, AgentId], list[str]],
        seen: Callable[[AgentId, str], None],
        stream: FactStream,
        tasks: GuardedTasks,
    ) -> None:
        """Begin with no console open.

        `queue_open` tells whether somebody may enter a queue now; `watchers` who listens to a contact, as far as
        the agent is to know; `seen` is told which message of a supervisor an agent has read.
        """
        centre, clock, timers = in_force.centre, outside.clock, outside.timers
        self._centre = centre
        self._voicemail = voicemail
        self.notes = ContactNotes()
        self.desks = Desks(
            sources=Sources(
                centre=centre,
                roster=roster,
                conversations=dialogs.conversations,
                cards=cards,
                sharing=dialogs.moves.sharing,
                aside=dialogs.moves.aside,
                station=telephones.view,
                call=exchange.call,
                notes=self.notes.of,
                watchers=watchers,
                recording=recordings.view,
                messages=messages.of,
                queue_tile=lambda queue: self.backlog.tile(queue),
                message_offer=self._message_offer,
                message=voicemail.offers.at_hand,
                telephony_up=lambda: exchange.link_up,
                outside=outside.calls_outside,
            ),
            clock=clock,
            timers=timers,
            left_desk=lambda contact: self.clearing_up.forget_when_over(contact),
        )
        self.backlog = Backlog(
            centre=centre,
            dispatcher=dispatcher,
            mailboxes=voicemail.mailboxes,
            board=board,
            desks=self.desks,
            show_lights=outside.show_lights,
        )
        self.clearing_up = ClearingUp(
            call=exchange.call,
            desks=self.desks,
            conversations=dialogs.conversations,
            moves=dialogs.moves,
            cards=cards,
            notes=self.notes,
        )
        self.contacts = DeskContacts(
            centre=centre,
            call=exchange.call,
            desks=self.desks,
            ring_seconds=stations.ring_seconds,
            clock=clock,
        )
        self.dialogs = DeskDialogs(
            centre=centre,
            call=exchange.call,
            conversations=dialogs.conversations,
            cards=cards,
            roster=roster,
            desks=self.desks,
            tasks=tasks,
        )
        self.transfers = DeskTransfers(
            centre=centre,
            queue_open=queue_open,
            roster=roster,
            exchange=exchange,
            stations=stations,
            line_open=telephones.lines.is_open,
            dispatcher=dispatcher,
            library=library,
            clock=clock,
            outside=outside.calls_outside,
        )
        self.phone_transfers = PhoneTransfers(transfers=self.transfers, telephony=telephones, exchange=exchange)
        self.commands = DeskCommands(
            centre=centre,
            roster=roster,
            exchange=exchange,
            desks=self.desks,
            on_duty=on_duty,
            conversations=dialogs.conversations,
            moves=dialogs.moves,
            transfers=self.transfers,
            seen=seen,
            record=recordings.ask_as_agent,
            messages=voicemail.offers,
        )
        self.attendance = Attendance(
            in_force=in_force,
            call=exchange.call,
            decline=self.commands.decline,
            roster=roster,
            desks=self.desks,
            stations=stations,
            on_duty=on_duty,
            dispatcher=dispatcher,
            stream=stream,
            timers=timers,
        )

    def _message_offer(self, agent: AgentId) -> MessageOfferView | None:
        offer = self._voicemail.offers.offer_to(agent)
        message = self._voicemail.mailboxes.get(offer.contact) if offer is not None else None
        return message_offer_view(offer, message, self._centre()) if offer and message else None
