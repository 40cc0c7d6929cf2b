"""What of the samples is kept: measured from their end, or from the first sound where that is not known."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from caruso.comm_server.recording.cutting import cut_of, is_interrupted
from caruso.model.ids import ContactId, QueueId, RecordingId
from caruso.model.recordings import UNSEEN, Gap, PauseReason, Recording, RecordingState

NOW = datetime(2026, 11, 27, 12, 0, tzinfo=UTC)


def lasting(seconds: float, *gaps: tuple[float, float | None], reason: str = "") -> Recording:
    return Recording(
        id=RecordingId("r"),
        contact=ContactId("c"),
        part=1,
        queue=QueueId("gas"),
        agent=None,
        state=RecordingState.COLLECTING,
        began_at=NOW,
        ended_at=NOW + timedelta(seconds=seconds),
        gaps=tuple(Gap(begins=begins, ends=ends, reason=PauseReason.ASKED) for begins, ends in gaps),
        reason=reason,
    )


@pytest.mark.parametrize(
    ("recording", "seconds", "silent", "skip", "stretches"),
    [
        # Loaded 8 s before it began.
        (lasting(60, (10, 20)), 68.0, 8.0, 8.0, ((10, 20),)),
        # Both were silent for 3 s when it began: that is part of it.
        (lasting(60, (10, 20)), 68.0, 11.0, 8.0, ((10, 20),)),
        # Sound before it should have begun: nothing of it is lost, and the gaps are where they were.
        (lasting(60, (10, 20)), 68.0, 5.0, 5.0, ((13, 23),)),
        # It began while nothing was heard yet.
        (lasting(60, (10, 20)), 59.5, 0.0, 0.0, ((10, 20),)),
        # Paused to the end.
        (lasting(60, (10, None)), 60.0, 0.0, 0.0, ((10, 1e6),)),
        # Asterisk was killed: it is measured from its beginning.
        (lasting(60, (10, 20)), 30.0, 8.0, 8.0, ((10, 20),)),
        (lasting(30, (10, 20), reason=UNSEEN), 30.0, 8.0, 8.0, ((10, 20),)),
    ],
)
def test_what_is_cut(
    recording: Recording,
    seconds: float,
    silent: float,
    skip: float,
    stretches: tuple[tuple[float, float], ...],
) -> None:
    cut = cut_of(recording, seconds, silent)
    assert (cut.skip, cut.silent) == (skip, stretches)


def test_only_what_is_much_too_short_was_interrupted() -> None:
    assert is_interrupted(lasting(60), 57.0)
    assert not is_interrupted(lasting(60), 59.0)
    assert not is_interrupted(lasting(60, reason=UNSEEN), 5.0), "nobody knows"
