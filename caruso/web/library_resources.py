"""What travels over the API about versions of scripts."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from msgspec import UNSET, Meta, UnsetType, field

from caruso.model.ids import EntryPointId, QueueId, ScriptId
from caruso.model.script_versions import ScriptEventKind
from caruso.web.resources import Finding, Moment, Request, Resource
from caruso.web.script_resources import LARGEST_REQUEST

Why = Annotated[str, Meta(min_length=1, max_length=500)]
Version = Annotated[str, Meta(min_length=1, max_length=100)]
Source = Annotated[str, Meta(max_length=LARGEST_REQUEST)]
Percent = Annotated[float, Meta(gt=0, le=100)]


class StageBody(Request, frozen=True, kw_only=True):
    """For whom: a share (per cent) of the contacts of some queues or entry points, or of all."""

    share: Percent = 100.0
    queues: Annotated[list[QueueId], Meta(max_length=100)] = field(default_factory=list)
    entry_points: Annotated[list[EntryPointId], Meta(max_length=100)] = field(default_factory=list)


class PublishBody(Request, frozen=True, kw_only=True):
    """What is to be published: this text, or the draft that is kept, in the revision that was seen."""

    why: Why
    source: Source | UnsetType = UNSET
    draft: Annotated[int, Meta(ge=1)] | UnsetType = UNSET
    #: Null: only published, nobody is led by it yet.
    stage: StageBody | None = StageBody()


class RollOutBody(Request, frozen=True, kw_only=True):
    """Which published version is to be in force, and for whom."""

    version: Version
    why: Why
    stage: StageBody = StageBody()


class WhyBody(Request, frozen=True, kw_only=True):
    """Why, for the record."""

    why: Why


class DraftBody(Request, frozen=True, kw_only=True):
    """A draft, written on that of `revision`; 0 for the first."""

    source: Source
    revision: Annotated[int, Meta(ge=0)]


class RolloutLine(Resource, frozen=True, kw_only=True):
    """Which version contacts get."""

    #: Null: the script is not used.
    version: str | None
    staged: str | None
    share: float
    queues: list[QueueId]
    entry_points: list[EntryPointId]
    #: What a roll-back goes through, the last one last.
    earlier: list[str]
    #: The same in words.
    summary: str


class ScriptLine(Resource, frozen=True, kw_only=True):
    """A script there is."""

    id: ScriptId
    rollout: RolloutLine
    versions: int
    newest: str


class VersionLine(Resource, frozen=True, kw_only=True):
    """One published version."""

    version: str
    #: Counts the script's versions, from 1.
    number: int
    checksum: str
    published_at: datetime
    published_by: str
    why: str
    #: Version of each dialog it calls, by its id.
    calls: dict[ScriptId, str]
    #: Conversations it leads.
    open_runs: int


class EventLine(Resource, frozen=True, kw_only=True):
    """One thing that happened to a script."""

    at: datetime
    by: str
    kind: ScriptEventKind
    version: str
    why: str
    before: str
    after: str


class ScriptCard(Resource, frozen=True, kw_only=True):
    """All about a script: versions and events, the newest first."""

    id: ScriptId
    rollout: RolloutLine
    versions: list[VersionLine]
    events: list[EventLine]
    #: Revision of the draft that is kept; 0 for none.
    draft: int


class SourceCard(Resource, frozen=True, kw_only=True):
    """A version with its text."""

    id: ScriptId
    version: str
    source: str


class DraftCard(Resource, frozen=True, kw_only=True):
    """A draft, and what is wrong with it."""

    id: ScriptId
    source: str
    revision: int
    saved_at: datetime
    saved_by: str
    findings: list[Finding]


class StatsQuery(Request, frozen=True, kw_only=True):
    """A stretch of time, the last 30 days when not given, and one version or all."""

    since: Moment | None = None
    until: Moment | None = None
    version: Version | None = None


class ItemStatsLine(Resource, frozen=True, kw_only=True):
    """How people got on with one item."""

    item: str
    #: Runs that came to it, and those that answered it.
    reached: int
    answered: int
    #: Repeats and mistaken entries count, too.
    shown: int
    changed: int
    back: int
    #: Runs that ended here without coming to an end; the same in per cent.
    dropped: int
    drop_off: float
    #: Seconds from being shown to being answered: half of them, nine of ten took less.
    median_seconds: float | None
    slow_seconds: float | None


class VersionStatsLine(Resource, frozen=True, kw_only=True):
    """How one version went, in one variant of its splits."""

    version: str
    variant: str
    runs: int
    finished: int
    dropped: int
    open: int
    outcomes: dict[str, int]
    median_seconds: float | None
    items: list[ItemStatsLine]


class PublishedCard(Resource, frozen=True, kw_only=True):
    """A version that was published."""

    id: ScriptId
    version: str
    rollout: RolloutLine
    warnings: list[Finding]
    #: Scripts in force that go on calling an earlier version of it.
    callers: list[ScriptId]
