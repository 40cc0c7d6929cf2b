"""Decide what the live monitor counts: folds facts into each queue's figures of the day. Pure."""

from __future__ import annotations

import msgspec
from msgspec.structs import replace

from caruso.model.facts import (
    AnyFact,
    ContactLeftQueue,
    ContactQueued,
    QueueOutcome,
    VoicemailDone,
    VoicemailListened,
    VoicemailReceived,
    VoicemailReplied,
)
from caruso.model.ids import QueueId
from caruso.model.metrics import QueueCounts, service_level


class QueueFigures(msgspec.Struct, frozen=True, kw_only=True):
    """What happened in a queue since local midnight."""

    entered: int = 0
    answered: int = 0
    answered_in_target: int = 0
    #: Without the short ones.
    abandoned: int = 0
    abandoned_in_target: int = 0
    short_abandoned: int = 0
    flowed_out: int = 0
    #: Left to be called back.
    call_back: int = 0
    #: Moved by a supervisor.
    transferred: int = 0
    lost: int = 0
    answer_seconds: float = 0.0
    longest_wait_seconds: float = 0.0
    #: Messages that were left, and those that were done.
    voicemails_received: int = 0
    voicemails_handled: int = 0
    #: Messages heard, and answered, for the first time; and their ages then, added up.
    voicemails_listened: int = 0
    voicemail_listened_seconds: float = 0.0
    voicemails_replied: int = 0
    voicemail_replied_seconds: float = 0.0

    @property
    def service_level(self) -> float | None:
        """Return the service level in per cent ("exclude short")."""
        return service_level(
            QueueCounts(
                answered=self.answered,
                answered_in_target=self.answered_in_target,
                abandoned=self.abandoned + self.short_abandoned,
                abandoned_in_target=self.abandoned_in_target,
                short_abandoned=self.short_abandoned,
            )
        )

    @property
    def average_answer_seconds(self) -> float | None:
        """Return the ASA: waiting and ringing of the answered, in seconds."""
        return self.answer_seconds / self.answered if self.answered else None

    @property
    def voicemail_listen_seconds(self) -> float | None:
        """Return how old messages were when they were heard first, on average."""
        return self.voicemail_listened_seconds / self.voicemails_listened if self.voicemails_listened else None

    @property
    def voicemail_reply_seconds(self) -> float | None:
        """Return how old messages were when their callers were reached, on average."""
        return self.voicemail_replied_seconds / self.voicemails_replied if self.voicemails_replied else None

    @property
    def left(self) -> int:
        """Return how many have left the queue; with those who wait, it balances `entered`."""
        gone = self.flowed_out + self.call_back + self.transferred + self.lost
        return self.answered + self.abandoned + self.short_abandoned + gone


_COUNTED = (
    ContactQueued,
    ContactLeftQueue,
    VoicemailReceived,
    VoicemailListened,
    VoicemailReplied,
    VoicemailDone,
)


def queue_of(fact: AnyFact) -> QueueId | None:
    """Return the queue whose figures a fact changes, if any."""
    return fact.queue if isinstance(fact, _COUNTED) else None


def count(figures: QueueFigures, fact: AnyFact, target_seconds: float) -> QueueFigures:
    """Return the figures with one more fact."""
    match fact:
        case ContactQueued():
            return replace(figures, entered=figures.entered + 1)
        case ContactLeftQueue():
            return _left(figures, fact, target_seconds)
        case VoicemailReceived():
            return replace(figures, voicemails_received=figures.voicemails_received + 1)
        case VoicemailDone():
            return replace(figures, voicemails_handled=figures.voicemails_handled + 1)
        case VoicemailListened(first=True, age_seconds=age):
            return replace(
                figures,
                voicemails_listened=figures.voicemails_listened + 1,
                voicemail_listened_seconds=figures.voicemail_listened_seconds + age,
            )
        case VoicemailReplied(first=True, age_seconds=age):
            return replace(
                figures,
                voicemails_replied=figures.voicemails_replied + 1,
                voicemail_replied_seconds=figures.voicemail_replied_seconds + age,
            )
        case _:
            return figures


def _left(figures: QueueFigures, fact: ContactLeftQueue, target_seconds: float) -> QueueFigures:
    waited = fact.waited_seconds
    in_target = int(waited <= target_seconds)
    figures = replace(figures, longest_wait_seconds=max(figures.longest_wait_seconds, waited))
    match fact.outcome:
        case QueueOutcome.ANSWERED:
            return replace(
                figures,
                answered=figures.answered + 1,
                answered_in_target=figures.answered_in_target + in_target,
                answer_seconds=figures.answer_seconds + waited,
            )
        case QueueOutcome.ABANDONED:
            return replace(
                figures,
                abandoned=figures.abandoned + 1,
                abandoned_in_target=figures.abandoned_in_target + in_target,
            )
        case QueueOutcome.SHORT_ABANDONED:
            return replace(
                figures,
                short_abandoned=figures.short_abandoned + 1,
                abandoned_in_target=figures.abandoned_in_target + in_target,
            )
        case QueueOutcome.FLOWED_OUT:
            return replace(figures, flowed_out=figures.flowed_out + 1)
        case QueueOutcome.CALL_BACK:
            return replace(figures, call_back=figures.call_back + 1)
        case QueueOutcome.TRANSFERRED:
            return replace(figures, transferred=figures.transferred + 1)
        case QueueOutcome.LOST:
            return replace(figures, lost=figures.lost + 1)
