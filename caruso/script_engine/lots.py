"""Draw the lot of a split: always the same for the same customer or session, by a hash and nothing else."""

from __future__ import annotations

import hashlib

from caruso.script_engine.moment import Moment
from caruso.script_engine.nodes import Branch, Split


def branch(moment: Moment, split: Split) -> Branch:
    """Return the branch of a split; one that was drawn before stays, even when the weights have changed."""
    drawn = moment.branches.get(split.name)
    for one in split.branches:
        if one.name == drawn:
            return one
    made = draw(split, _subject(moment, split))
    moment.branches = {**moment.branches, split.name: made.name}
    return made


def draw(split: Split, subject: str) -> Branch:
    """Return the branch that falls to a customer or a session."""
    total = sum(one.weight for one in split.branches)
    digest = hashlib.sha256(f"{split.name}\x00{subject}".encode()).digest()
    lot = int.from_bytes(digest[:8], "big") % max(1, total)
    for one in split.branches:
        if lot < one.weight:
            return one
        lot -= one.weight
    return split.branches[0]


def _subject(moment: Moment, split: Split) -> str:
    customer = moment.run.call.get("customer") if split.by_customer else None
    return str(customer) if customer else str(moment.run.id)
