"""What an agent sees of a message that she is asked to take. Pure."""

from __future__ import annotations

from caruso.comm_server.agents.why_views import why_view
from caruso.comm_server.voicemail.offering import MessageOffer
from caruso.model.centre import Centre
from caruso.model.views import MessageOfferView
from caruso.model.voicemails import Voicemail


def message_offer_view(offer: MessageOffer, message: Voicemail, centre: Centre) -> MessageOfferView:
    """Return how an offer is shown, by the names of `centre`."""
    queue = centre.queues.get(message.queue)
    return MessageOfferView(
        id=message.contact,
        queue=message.queue,
        queue_name=queue.name if queue else message.queue,
        number=message.number,
        name=message.name,
        received_at=message.received_at or message.begun_at,
        seconds=message.seconds,
        for_me=message.owner == offer.agent,
        priority=message.priority,
        until=offer.until,
        why=why_view(offer.why, offer.agent, centre) if offer.why is not None else None,
    )
