"""Decide what of the samples that the telephone system recorded is kept. Pure.

A recording is loaded before it begins, and silent until then; how long before is not told. But both parties are
heard without a break from its beginning to its end, so it is measured from its end. Where that is not known, or
the recording was interrupted, it begins where the silence ends that it was loaded with.
"""

from __future__ import annotations

from caruso.model.recordings import UNSEEN, Cut, Recording

#: A recording that is so much shorter than the conversation was interrupted, seconds.
TOLERANCE_SECONDS = 2.0
INTERRUPTED = "interrupted"
#: Ends after every recording, seconds.
_FOR_EVER = 1e6


def cut_of(recording: Recording, seconds: float, silent: float) -> Cut:
    """Return what is left of samples that last so long and are silent at the beginning for `silent` seconds.

    What was said while it was paused is silenced even if the telephone system could not be told so.
    """
    from_its_end = recording.reason != UNSEEN and not is_interrupted(recording, seconds)
    before = max(0.0, seconds - _length(recording)) if from_its_end else silent
    skip = min(silent, before)
    gaps = [(gap.begins, _FOR_EVER if gap.ends is None else gap.ends) for gap in recording.gaps]
    return Cut(skip=skip, silent=tuple((before - skip + begins, before - skip + ends) for begins, ends in gaps))


def is_interrupted(recording: Recording, seconds: float) -> bool:
    """Tell whether samples that last so long cannot be all of the recording, as far as its end is known."""
    return recording.reason != UNSEEN and seconds + TOLERANCE_SECONDS < _length(recording)


def _length(recording: Recording) -> float:
    if recording.ended_at is None:
        return 0.0
    return max(0.0, (recording.ended_at - recording.began_at).total_seconds())
