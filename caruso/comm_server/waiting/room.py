"""Puts the parts of waiting together: who looks after callers in queues, and where they go instead."""

from __future__ import annotations

from collections.abc import Callable

from caruso.comm_server.acd.dispatcher import Dispatcher
from caruso.comm_server.agents.roster import Roster
from caruso.comm_server.calls.exchange import Exchange
from caruso.comm_server.centre_in_force import CentreInForce
from caruso.comm_server.customer_cards import CustomerCards
from caruso.comm_server.dialog_room import DialogRoom
from caruso.comm_server.fact_stream import FactStream
from caruso.comm_server.guarded_tasks import GuardedTasks
from caruso.comm_server.ivr.phone import PhoneChannel
from caruso.comm_server.outside import Outside
from caruso.comm_server.waiting.attendant import Around, Attendant
from caruso.comm_server.waiting.call_backs import CallBacks, Helpers
from caruso.comm_server.waiting.estimates import Estimates
from caruso.comm_server.waiting.overflowing import Overflowing
from caruso.comm_server.waiting.waits import Waits
from caruso.model.ids import QueueId
from caruso.ports.telephony import Telephony


class WaitingRoom:
    """All of waiting; each part has its own module."""

    def __init__(
        self,
        outside: Outside,
        *,
        in_force: CentreInForce,
        exchange: Exchange,
        dispatcher: Dispatcher,
        roster: Roster,
        phone: PhoneChannel,
        telephony: Telephony,
        cards: CustomerCards,
        dialogs: DialogRoom,
        queue_open: Callable[[QueueId], bool],
        stream: FactStream,
        tasks: GuardedTasks,
    ) -> None:
        """Begin with nobody waiting.

        `telephony` is the way to the PBX past agents' telephones; `queue_open` tells whether somebody may enter a
        queue now.
        """
        clock, timers = outside.clock, outside.timers
        self.call_backs = CallBacks(
            store=outside.callbacks,
            helpers=Helpers(
                exchange=exchange,
                dispatcher=dispatcher,
                moves=dialogs.moves,
                cards=cards,
                conversations=dialogs.conversations,
            ),
            centre=in_force.centre,
            calls_outside=outside.calls_outside,
            clock=clock,
            tasks=tasks,
        )
        self.waits = Waits(clock)
        self.estimates = Estimates(
            lines=dispatcher, clock=clock, wanted=in_force.tells_wait, publish=stream.publish
        )
        self.attendant = Attendant(
            Around(
                exchange=exchange,
                dispatcher=dispatcher,
                phone=phone,
                telephony=telephony,
                call_backs=self.call_backs,
                estimates=self.estimates,
                waits=self.waits,
                stream=stream,
            ),
            centre=in_force.centre,
            clock=clock,
            timers=timers,
            tasks=tasks,
        )
        self.overflowing = Overflowing(
            exchange=exchange,
            dispatcher=dispatcher,
            roster=roster,
            attendant=self.attendant,
            centre=in_force.centre,
            queue_open=queue_open,
            waits=self.waits,
            clock=clock,
            timers=timers,
        )
