"""What an agent is asked to take, as supervisors read it. Pure."""

from __future__ import annotations

from caruso.model import ids
from caruso.model.facts import OfferMade, OfferPurpose, VoicemailOffered
from caruso.model.ids import ContactId
from caruso.model.views import OfferedKind

Offer = OfferMade | VoicemailOffered


def offered_kind(contact: ContactId | None, offer: Offer | None) -> OfferedKind:
    """Return what is offered with `contact`; `offer` is None where it was made before a restart."""
    if ids.is_voicemail(contact):
        return OfferedKind.MESSAGE
    match offer:
        case OfferMade(purpose=OfferPurpose.TRANSFER):
            return OfferedKind.TRANSFER
        case OfferMade(purpose=OfferPurpose.CONSULT):
            return OfferedKind.CONSULT
        case OfferMade(purpose=OfferPurpose.OUTBOUND):
            return OfferedKind.OUTBOUND
    return OfferedKind.CALL_BACK if ids.is_outgoing(contact) else OfferedKind.CALL
