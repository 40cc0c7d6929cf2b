"""Versions of scripts: published once, rolled out in stages, rolled back in one step. Pure: knows no store.

    draft ──publish──> published ──roll out──> staged (a share of the callers, or some queues) ──> in force
                            ^                       │ roll back                                     │ roll back
                            └───────────────────────┴──────────────────────<────────────────────────┘

What a version says never changes. A `Rollout` says which version a contact gets: everybody the one in force, those
who are chosen the one that is staged. Whoever was chosen stays so while the share grows, and when calling again.
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from enum import StrEnum

from caruso.errors import IllegalMove
from caruso.model.ids import EntryPointId, QueueId, ScriptId

#: Versions one can go back through; older ones can be rolled out anew.
MOST_EARLIER = 20
#: Shares are counted in hundredths of a per cent.
_BUCKETS = 10_000
#: A version is not deleted before every server has heard that it is not in force any more.
HEARD_EVERYWHERE = timedelta(seconds=60)


@dataclass(frozen=True, slots=True, kw_only=True)
class ScriptVersion:
    """One published version, without its text."""

    script: ScriptId
    #: As its author calls it.
    version: str
    #: Counts the script's versions, from 1.
    number: int
    #: SHA-256 of the source, in hex.
    checksum: str
    published_at: datetime
    published_by: str
    why: str
    #: Version of each dialog it calls, by the call's id (`caruso.script_engine.link`).
    pins: Mapping[str, str] = field(default_factory=dict)
    #: Version of each dialog it calls, by the dialog's id.
    calls: Mapping[ScriptId, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Stage:
    """Who gets the staged version: `share` per cent of the contacts of these queues or entry points, or of all."""

    share: float = 100.0
    queues: frozenset[QueueId] = frozenset()
    entry_points: frozenset[EntryPointId] = frozenset()

    @property
    def everybody(self) -> bool:
        """True when nobody is left out."""
        return self.share >= 100.0 and not self.queues and not self.entry_points


EVERYBODY = Stage()


@dataclass(frozen=True, slots=True, kw_only=True)
class Rollout:
    """Which versions of a script are in force."""

    script: ScriptId
    #: For everybody who is not chosen; None for a script that is not used any more.
    version: str | None = None
    #: What was in force before, the last one last.
    earlier: tuple[str, ...] = ()
    staged: str | None = None
    stage: Stage = EVERYBODY
    #: Of all roll-outs together: grows with every change of any.
    revision: int = 0

    def names(self, version: str) -> bool:
        """Tell whether a contact may get this version."""
        return version in (self.version, self.staged)


@dataclass(frozen=True, slots=True, kw_only=True)
class Asker:
    """Who is to be led by a script."""

    #: Customer, else number, else contact: who calls again gets the same.
    key: str
    queue: QueueId | None = None
    entry_point: EntryPointId | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ScriptDraft:
    """What somebody is writing; it leads nobody before it is published."""

    script: ScriptId
    source: bytes
    #: Counts the times it was saved, from 1.
    revision: int
    saved_at: datetime
    saved_by: str


def key_of(customer: object, number: object, contact: str) -> str:
    """Return what an asker is known by: the customer, else the number, else the contact alone.

    What has no digits is no number but a word for one that is withheld: those who call so are not all one.
    """
    if customer:
        return str(customer)
    return str(number) if any(sign.isdigit() for sign in str(number or "")) else contact


class ScriptEventKind(StrEnum):
    """What can happen to a script."""

    DRAFTED = "drafted"
    PUBLISHED = "published"
    ROLLED_OUT = "rolled-out"
    ROLLED_BACK = "rolled-back"
    RETIRED = "retired"
    DELETED = "deleted"


@dataclass(frozen=True, slots=True, kw_only=True)
class ScriptEvent:
    """One thing that happened to a script: a row of the audit."""

    at: datetime
    by: str
    script: ScriptId
    kind: ScriptEventKind
    version: str
    why: str
    #: The roll-out before and after, in words.
    before: str = ""
    after: str = ""


def drafted(draft: ScriptDraft) -> ScriptEvent:
    """Return what is noted of a draft."""
    return ScriptEvent(
        at=draft.saved_at,
        by=draft.saved_by,
        script=draft.script,
        kind=ScriptEventKind.DRAFTED,
        version="",
        why="",
        before=f"draft {draft.revision - 1}" if draft.revision > 1 else "",
        after=f"draft {draft.revision}",
    )


def version_for(rollout: Rollout, asker: Asker) -> str | None:
    """Return which version this contact gets; None when there is none."""
    if rollout.staged is not None and _is_chosen(rollout, rollout.staged, asker):
        return rollout.staged
    return rollout.version


def _is_chosen(rollout: Rollout, staged: str, asker: Asker) -> bool:
    stage = rollout.stage
    if (stage.queues or stage.entry_points) and not (
        asker.queue in stage.queues or asker.entry_point in stage.entry_points
    ):
        return False
    return bucket(rollout.script, staged, asker.key) < stage.share * _BUCKETS / 100


def bucket(script: ScriptId, version: str, key: str) -> int:
    """Return where in 0 to 9,999 somebody stands: the same for every call, another for every version."""
    text = "\x00".join((script, version, key)).encode("utf-8", "surrogatepass")
    return int.from_bytes(hashlib.sha256(text).digest()[:8]) % _BUCKETS


def rolled_out(rollout: Rollout, version: str, stage: Stage) -> Rollout:
    """Return the roll-out with this version in force, for everybody or those of the stage.

    Raises:
        IllegalMove: nobody could be led by it, or the others would have none.
    """
    if not 0 < stage.share <= 100:
        raise IllegalMove("A share must be more than 0 and at most 100 per cent.")
    if stage.everybody:
        if rollout.version == version and rollout.staged is None:
            raise IllegalMove(f"Version {version} is in force for everybody already.")
        return replace(_promoted(rollout, version), staged=None, stage=EVERYBODY)
    if rollout.version is None:
        raise IllegalMove("The first version of a script is for everybody: there is none for the others.")
    if rollout.version == version:
        raise IllegalMove(f"Version {version} is in force already; roll back what is staged instead.")
    return replace(rollout, staged=version, stage=stage)


def _promoted(rollout: Rollout, version: str) -> Rollout:
    before = () if rollout.version is None else (rollout.version,)
    earlier = tuple(one for one in (*rollout.earlier, *before) if one != version)
    return replace(rollout, version=version, earlier=earlier[-MOST_EARLIER:])


def rolled_back(rollout: Rollout) -> Rollout:
    """Return the roll-out one step back: without what is staged, else with the version before.

    Raises:
        IllegalMove: there is nothing to go back to.
    """
    if rollout.staged is not None:
        return replace(rollout, staged=None, stage=EVERYBODY)
    if not rollout.earlier:
        raise IllegalMove("There is no earlier version to go back to.")
    *earlier, version = rollout.earlier
    return replace(rollout, version=version, earlier=tuple(earlier))


def retired(rollout: Rollout) -> Rollout:
    """Return the roll-out of a script that is not used any more."""
    gone = rollout.version
    earlier = (*rollout.earlier, gone) if gone is not None else rollout.earlier
    return replace(rollout, version=None, staged=None, stage=EVERYBODY, earlier=earlier[-MOST_EARLIER:])


def forgotten(rollout: Rollout, version: str) -> Rollout:
    """Return the roll-out without a version that is deleted."""
    return replace(rollout, earlier=tuple(one for one in rollout.earlier if one != version))


def why_not_deletable(
    rollout: Rollout,
    version: str,
    *,
    open_runs: int,
    callers: Collection[ScriptVersion],
    changed_at: datetime,
    now: datetime,
) -> str:
    """Return why a version must stay, in a sentence; empty when it can go.

    `callers`: versions that call it; `changed_at`: when the roll-out changed last.
    """
    if rollout.names(version):
        return f"Version {version} is in force; roll back or roll out another one first."
    if open_runs:
        runs = "a conversation is" if open_runs == 1 else f"{open_runs} conversations are"
        return f"{runs} still led by version {version}.".capitalize()
    if callers:
        names = ", ".join(f"“{one.script}” {one.version}" for one in callers)
        return f"Version {version} is called by {names}."
    if now - changed_at < HEARD_EVERYWHERE:
        return "The roll-out has just changed; try again in a minute."
    return ""


def in_words(rollout: Rollout) -> str:
    """Return who gets which version, for lists and the audit."""
    if rollout.version is None:
        return "not used"
    if rollout.staged is None:
        return f"{rollout.version} for everybody"
    stage = rollout.stage
    share = "" if stage.share >= 100 else f"{stage.share:g} % of "
    places = [*(f"queue {queue}" for queue in sorted(stage.queues))]
    places += [f"entry point {entry}" for entry in sorted(stage.entry_points)]
    return f"{rollout.staged} for {share}{' and '.join(places) or 'all'}, else {rollout.version}"


def applied(
    rollouts: Mapping[ScriptId, Rollout], before: Mapping[ScriptId, str], now: Mapping[ScriptId, str]
) -> dict[ScriptId, Rollout]:
    """Return the roll-outs that change when a centre is applied.

    Args:
        rollouts: all there are.
        before: version of each script of the centre that was applied last.
        now: the same of the centre that is to be applied.

    A version that the centre had before stays as it was rolled out, or back: who applies another agent must not
    bring back a script that was rolled back. Scripts the centre has no more are not used any more.
    """
    changed = {}
    for script, version in now.items():
        rollout = rollouts.get(script) or Rollout(script=script)
        in_force = rollout.version == version and rollout.staged is None
        if not in_force and (before.get(script) != version or rollout.version is None):
            changed[script] = rolled_out(rollout, version, EVERYBODY)
    for script in before.keys() - now.keys():
        if script in rollouts and rollouts[script].version is not None:
            changed[script] = retired(rollouts[script])
    return changed


def rolled_out_everywhere(rollouts: Mapping[ScriptId, Rollout]) -> dict[ScriptId, str]:
    """Return the version of each script that most contacts get: what calls of a new version are pinned to."""
    return {script: rollout.version for script, rollout in rollouts.items() if rollout.version is not None}
