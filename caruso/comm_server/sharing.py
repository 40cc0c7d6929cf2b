"""What an agent sees of the link with which the customer goes on: where it went, and what became of it.

Knows neither services nor runs: it is told how an attempt to send the link ended.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum

from caruso.comm_server.runs.views import RunLink


class LinkState(StrEnum):
    """Where a link is.

    SHOWN      the agent reads it out
    SENDING ─┬──────────────► SENT
             ├─► DELAYED ─┬─► SENT
             │            └─► FAILED
             └─► FAILED
    """

    NONE = ""
    SHOWN = "shown"
    SENDING = "sending"
    #: It was tried in vain, and is tried again by itself.
    DELAYED = "delayed"
    SENT = "sent"
    FAILED = "failed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Sharing:
    """The newest link of a contact."""

    link: RunLink | None = None
    state: LinkState = LinkState.NONE
    #: Address or number it is sent to; empty when it is to be read out.
    to: str = ""
    #: Why it could not be made or sent, or why the dialog could not be taken back.
    problem: str = ""
    #: Of the action that sends it.
    key: str = ""


#: By the code an attempt failed with. What is not here says nothing to an agent.
_REASONS = {
    "mail-unavailable": "The mail server cannot be reached.",
    "mail-refused": "The mail server refused it.",
    "mail-not-set-up": "Sending e-mails is not set up here.",
    "bad-arguments": "This address is not right.",
    "timeout": "Nobody confirmed it; it may have arrived all the same.",
    "outcome-unknown": "Nobody confirmed it; it may have arrived all the same.",
}
#: Without the service nobody need wait for the next attempt, although there will be some.
_NO_SERVICE = "unknown-service"


def shared(link: RunLink, to: str, key: str) -> Sharing:
    """Return what is seen of a new link that is sent, or shown where `to` is empty."""
    return Sharing(link=link, state=LinkState.SENDING if to else LinkState.SHOWN, to=to, key=key if to else "")


def delayed(sharing: Sharing, failure: str) -> Sharing:
    """Return what is seen when an attempt failed and another one follows."""
    if failure == _NO_SERVICE:
        return ended(sharing, failure)
    return replace(sharing, state=LinkState.DELAYED, problem=_reason(sharing, failure))


def ended(sharing: Sharing, failure: str) -> Sharing:
    """Return what is seen after the last attempt; `failure` is empty when the link was sent."""
    state = LinkState.FAILED if failure else LinkState.SENT
    return replace(sharing, state=state, problem=_reason(sharing, failure))


def _reason(sharing: Sharing, failure: str) -> str:
    if failure == _NO_SERVICE:
        return f"Sending {'e-mails' if '@' in sharing.to else 'text messages'} is not set up here."
    return _REASONS.get(failure, "")
