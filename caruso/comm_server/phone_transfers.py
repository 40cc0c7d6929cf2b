"""Carries out transfers that agents ask for on their phones, as if they had asked at the console."""

from __future__ import annotations

import structlog

from caruso.comm_server.calls.exchange import Exchange
from caruso.comm_server.desk_transfers import DeskTransfers
from caruso.errors import IllegalMove, NotFound
from caruso.model import ids
from caruso.model.ids import LegId
from caruso.model.telephony import AnswerTransfer
from caruso.ports.telephony import Telephony

log = structlog.get_logger(__name__)


class PhoneTransfers:
    """Transfers by SIP phones."""

    def __init__(self, *, transfers: DeskTransfers, telephony: Telephony, exchange: Exchange) -> None:
        """Work with these."""
        self._transfers = transfers
        self._telephony = telephony
        self._exchange = exchange

    def requested(self, leg: LegId, to: str) -> None:
        """Give an agent's customer to whom her phone names, or tell the phone that it cannot be."""
        try:
            ask = self._transfers.referred(leg, to)
        except (IllegalMove, NotFound) as refusal:
            log.info("transfer_refused", leg=leg, reason=str(refusal))
            self._telephony.send(AnswerTransfer(leg=leg, done=False))
            return
        # The phone is told before it is hung up: afterwards nobody could.
        self._telephony.send(AnswerTransfer(leg=leg, done=True))
        self._exchange.post(ids.contact_of(leg), ask)
