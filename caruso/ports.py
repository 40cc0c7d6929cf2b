"""What the core needs from outside, on one page. `caruso.app` plugs in the real ones, tests the fakes."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Collection, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import IO, Any, Protocol

from caruso.model.callbacks import Callback, CallbackId, CallbackState
from caruso.model.centre import Centre, Role, StationKind
from caruso.model.changes import CustomerAccess, Erased, RecordChange, RecordState
from caruso.model.conditions import Condition
from caruso.model.facts import AnyFact
from caruso.model.ids import (
    AgentId,
    ContactId,
    CustomerId,
    FileId,
    LegId,
    QueueId,
    RecordingId,
    RunId,
    ScriptId,
    UserId,
)
from caruso.model.recordings import Access, AccessesWanted, Cut, KeptSound, LoggedAccess, Recording
from caruso.model.records import (
    AppliedCentre,
    Customer,
    PastContact,
    PhoneAccount,
    ScriptSource,
    Session,
    User,
)
from caruso.model.report_rows import EstimatedWait, QueueVisit
from caruso.model.run_records import (
    ActionOutcome,
    OutboxAction,
    PastRun,
    RunEvent,
    RunToken,
    RunTurn,
    SavedRun,
    StoredFile,
    TokenPurpose,
)
from caruso.model.script_versions import Rollout, ScriptDraft, ScriptEvent, ScriptEventKind, ScriptVersion
from caruso.model.sounds import Outline
from caruso.model.tasks import Eyes, Task, TaskId, TaskState
from caruso.model.telephony import TelephonyCommand, TelephonyEvent
from caruso.model.voicemails import Voicemail


class Telephony(Protocol):
    """A telephone system. Events go to the listener it was built with, one at a time, in order."""

    def send(self, command: TelephonyCommand) -> None:
        """Queue a command, without waiting; a refusal comes back as `CommandFailed`.

        Commands are carried out in the order given. While the link is down they are dropped: `LinkUp`
        brings the truth, and reconciliation gives the commands that are still needed.
        """
        ...


class TapeDeck(Protocol):
    """Records in the telephone system what a leg says (left channel) and hears (right), as long as the leg lives.

    Each raises `LinkDown` when the telephone system does not answer, and `RecordingRefused` when it will not.
    """

    async def load(self, leg: LegId, recording: RecordingId) -> None:
        """Begin a recording that is silent."""
        ...

    async def silence(self, leg: LegId, recording: RecordingId, *, on: bool) -> None:
        """Keep what is said out of a recording, or let it in."""
        ...

    async def eject(self, leg: LegId, recording: RecordingId) -> None:
        """End a recording. No error when it has ended."""
        ...

    async def find(self, leg: LegId) -> RecordingId | None:
        """Return the newest recording of a leg; it goes on unless it was ejected."""
        ...

    async def stored(self) -> Sequence[RecordingId]:
        """Return the recordings that lie in the telephone system, going on or not."""
        ...

    async def size(self, recording: RecordingId) -> int | None:
        """Return how many bytes it has so far; None when there is nothing of it."""
        ...

    def fetch(self, recording: RecordingId) -> AsyncIterator[bytes]:
        """Yield what was recorded: samples of 16 bits, 8,000 a second, of left and right by turns."""
        ...

    async def drop(self, recording: RecordingId) -> None:
        """Remove what lies in the telephone system of a recording that has ended."""
        ...


#: What `Telephony` calls with each event.
TelephonyListener = Callable[[TelephonyEvent], None]


class Journal(Protocol):
    """Takes facts and run states without ever making the caller wait (ARCHITECTURE, invariant 2)."""

    def record(self, fact: AnyFact) -> None:
        """Append a fact; it is written soon, in order, exactly once."""
        ...

    def save_turn(self, turn: RunTurn) -> None:
        """Write a turn of a live run, in order with the facts: state, audit and actions in one transaction.

        Of a run only the newest state is kept. Who carries out actions is told when they are written.
        """
        ...

    async def flush(self) -> None:
        """Return when all that was given so far is written. Put a time limit round it."""
        ...


class FactStore(Protocol):
    """Reads the past."""

    async def open_contact_facts(self) -> Sequence[AnyFact]:
        """Return all facts of contacts that have not ended, oldest first."""
        ...

    async def last_presences(self) -> Sequence[AnyFact]:
        """Return the last `PresenceChanged` of every agent."""
        ...

    async def facts_of(self, contact: ContactId) -> Sequence[AnyFact]:
        """Return all facts of one contact, oldest first."""
        ...

    async def queue_switches(self) -> Sequence[AnyFact]:
        """Return the last `QueueSwitched` of every queue."""
        ...

    async def stations(self) -> Sequence[AnyFact]:
        """Return the last `StationChosen`, `LineOpened` and `LineClosed` of every agent, oldest first."""
        ...

    async def facts_since(self, since: datetime) -> Sequence[AnyFact]:
        """Return the facts from `since` on, oldest first."""
        ...

    async def routing_facts(self, since: datetime, until: datetime) -> Sequence[AnyFact]:
        """Return what distribution went by in [since, until], oldest first.

        That is how agents and waiting contacts stood at `since`, and what moved either of them afterwards.
        """
        ...

    async def open_runs(self) -> Sequence[SavedRun]:
        """Return the runs of calls that have not ended, and of agents still in wrap-up.

        Those that went on to the web are among them, not `live`, as runs of the call they left.
        """
        ...

    async def history(self, customer: CustomerId, limit: int = 20) -> Sequence[PastContact]:
        """Return a customer's contacts, newest first."""
        ...

    async def contacts(
        self,
        *,
        since: datetime,
        until: datetime,
        limit: int = 100,
        offset: int = 0,
        agent: AgentId | None = None,
        queues: Collection[QueueId] | None = None,
    ) -> Sequence[PastContact]:
        """Return contacts that arrived in [since, until), newest first.

        Only those of `agent`, and only those that waited last in one of `queues`, where these are given.
        """
        ...

    async def contact(self, contact: ContactId) -> PastContact | None:
        """Return one contact."""
        ...

    async def run(self, run: RunId) -> SavedRun | None:
        """Return one run."""
        ...

    async def trail(self, contact: ContactId) -> Sequence[RunEvent]:
        """Return what happened in the runs that passed through a contact, there and elsewhere, oldest first."""
        ...


class ReportStore(Protocol):
    """Reads what reports are made of: of what began in [since, until), of `queues` alone unless None."""

    async def queue_visits(
        self, since: datetime, until: datetime, queues: Collection[QueueId] | None
    ) -> Sequence[QueueVisit]:
        """Return visits to queues, in the order in which they began."""
        ...

    async def estimated_waits(
        self, since: datetime, until: datetime, queues: Collection[QueueId] | None
    ) -> Sequence[EstimatedWait]:
        """Return waits that were estimated, with what came of them."""
        ...


class RunStore(Protocol):
    """Script runs that live in the database, and the outbox of all runs. Each call is one transaction."""

    async def create(self, turn: RunTurn) -> None:
        """Write the first turn of a run."""
        ...

    async def load(self, run: RunId) -> SavedRun | None:
        """Return one run."""
        ...

    async def commit(self, turn: RunTurn) -> bool:
        """Write a turn if the run is as it was in the revision before, and not led live; else return False."""
        ...

    async def held(self, run: RunId, *, live: bool) -> SavedRun | None:
        """Let a server lead the run in memory, or end that; return it with its new revision."""
        ...

    async def release_others(self, kept: Collection[RunId]) -> int:
        """End the live lead of all runs but `kept`: nobody remembers them. Returns how many."""
        ...

    async def audit(self, run: RunId) -> Sequence[RunEvent]:
        """Return what happened in a run, oldest first."""
        ...

    async def unarrived(self, before: datetime) -> Sequence[SavedRun]:
        """Return runs on web pages whose contact the journal does not know, untouched since `before`."""
        ...

    async def unended(self, now: datetime, before: datetime) -> Sequence[tuple[ContactId, SavedRun]]:
        """Return contacts of web pages that go on for the journal, with their runs: over, elsewhere or expired."""
        ...

    # -- Actions ----------------------------------------------------------------------------------------------

    async def action(self, key: str) -> OutboxAction | None:
        """Return one action."""
        ...

    async def due(self, now: datetime, *, limit: int = 100) -> Sequence[OutboxAction]:
        """Return actions that are to be carried out now, those that are waited for first."""
        ...

    async def next_due(self) -> datetime | None:
        """Return when the next pending action is due."""
        ...

    async def claim(self, key: str, *, owner: str, now: datetime, until: datetime, lasting: bool = True) -> bool:
        """Make `owner` the one who carries it out now; False when it is not pending any more.

        `lasting`: so that not even a power failure makes it pending again.
        """
        ...

    async def put_off(self, key: str, *, owner: str, until: datetime) -> bool:
        """Give back what `owner` claimed, to be tried again later."""
        ...

    async def settle(self, outcome: ActionOutcome) -> bool:
        """Write how an action ended that no run waits to hear of; False when it had ended, or is another's."""
        ...

    async def abandoned(self, now: datetime, *, mine: str, everybody: bool = False) -> Sequence[OutboxAction]:
        """Return what others carried out when they died: their time is over, or `everybody` else is gone."""
        ...

    async def retry(self, key: str, *, owner: str, now: datetime) -> bool:
        """Make an abandoned action of `owner` pending again."""
        ...

    # -- Tokens -----------------------------------------------------------------------------------------------

    async def add_token(self, token: RunToken) -> bool:
        """Keep a token; False when there is one with this hash that can still be used."""
        ...

    async def redeem(self, hash_: str, purpose: TokenPurpose, now: datetime) -> RunToken | None:
        """Use a token up; None when it is not there, was used, or has expired."""
        ...

    async def void_tokens(self, run: RunId, purpose: TokenPurpose, now: datetime) -> int:
        """Use up all tokens of a run; return how many that were."""
        ...

    async def waiting_for_call(self, customer: CustomerId, now: datetime) -> RunToken | None:
        """Return the newest code that can still be used for a run of this customer."""
        ...

    # -- Files ------------------------------------------------------------------------------------------------

    async def add_file(self, file: StoredFile) -> None:
        """Keep what is known about a file."""
        ...

    async def file(self, file: FileId) -> StoredFile | None:
        """Return what is known about a file."""
        ...

    async def files(self, run: RunId) -> Sequence[StoredFile]:
        """Return the files of a run, oldest first."""
        ...

    async def drop_file(self, file: FileId) -> None:
        """Forget what is known about a file."""
        ...

    async def order(self, action: OutboxAction) -> bool:
        """Keep an action that no run gave out; False when there is one with this key already."""
        ...


class RunFiles(Protocol):
    """The bytes of uploads, recordings and messages."""

    async def keep(
        self, run: RunId, item: str, *, name: str, media_type: str, content: AsyncIterator[bytes]
    ) -> StoredFile:
        """Keep a file; raise `RejectedInput` (``file-too-large``, ``file-type``, ``too-many-files``)."""
        ...

    def read(self, file: StoredFile) -> AsyncIterator[bytes]:
        """Return the bytes piece by piece; raise `NotFound` when they are gone or not what was kept."""
        ...

    async def content(self, file: FileId) -> tuple[StoredFile, bytes]:
        """Return a file that is kept, whole; raise `NotFound`."""
        ...

    async def located(self, file: FileId) -> tuple[StoredFile, Path]:
        """Return a file that is kept and where it is, held against its checksum; raise `NotFound`."""
        ...

    async def outline(self, file: FileId) -> Outline:
        """Return the outline of a sound that is kept; raise `NotFound`."""
        ...

    async def erase(self, file: FileId) -> None:
        """Forget a file and its bytes. No error when it is gone."""
        ...


class CustomerStore(Protocol):
    """The people who call: objects of the class that the model marks as customers."""

    async def by_number(self, number: str) -> Customer | None:
        """Return the customer who has this telephone number."""
        ...

    async def get(self, customer: CustomerId) -> Customer | None:
        """Return a customer."""
        ...

    async def search(self, text: str, limit: int = 20) -> Sequence[Customer]:
        """Return customers with words, or a number, that begin as those in `text`."""
        ...

    async def save(self, customer: Customer, *, by: str, role: Role | None = None) -> None:
        """Create or change a customer; the audit keeps who changed what.

        `role` is that of `by`, None for the house itself. Raises `RejectedInput`, `NotAllowed`.
        """
        ...


class RecordHistory(Protocol):
    """What records were, and who changed them."""

    async def changes(
        self, class_name: str, record: str | None = None, *, limit: int = 100, before: int | None = None
    ) -> Sequence[RecordChange]:
        """Return changes of a record, or of all of a class, newest first; only those `before` a number."""
        ...

    async def state(self, class_name: str, record: str, change: int, *, before: bool = False) -> RecordState:
        """Return a record as it was right after a change, or `before` it; raise `NotFound`."""
        ...

    async def restore(
        self, class_name: str, record: str, change: int, *, before: bool = False, by: str | None = None
    ) -> RecordState:
        """Put a record back to what it was right after a change, or `before` it; return that.

        Raises `NotFound`, and `IllegalMove` for classes that have a way of their own.
        """
        ...


class AccessLog(Protocol):
    """Who looked at a customer."""

    async def note(self, customer: str, what: str) -> None:
        """Write down that whoever acts sees a customer; before anything is shown."""
        ...

    async def of(self, customer: str, limit: int = 100) -> Sequence[CustomerAccess]:
        """Return who looked at a customer, newest first."""
        ...


class PersonalData(Protocol):
    """All that is kept of a customer, wherever it is."""

    async def export(self, customer: str, output: IO[bytes]) -> int:
        """Write everything as a ZIP; return how many entries it has. Raises `NotFound`."""
        ...

    async def erase(self, customer: str) -> Erased:
        """Make a customer unrecognizable everywhere.

        Raises `NotFound`, and `IllegalMove` while a conversation goes on.
        """
        ...


class UserStore(Protocol):
    """Users and their sessions."""

    async def user(self, user: UserId) -> User | None:
        """Return a user."""
        ...

    async def users(self) -> Sequence[User]:
        """Return all users."""
        ...

    async def save_user(self, user: User) -> None:
        """Create or change a user."""
        ...

    async def session(self, token_hash: str) -> Session | None:
        """Return a session that has not been revoked; expiry is the caller's business."""
        ...

    async def sessions_of(self, user: UserId) -> Sequence[Session]:
        """Return the sessions of a user that have not been revoked, newest first."""
        ...

    async def save_session(self, session: Session) -> None:
        """Keep a session, or the later expiry of one that is kept (same token hash)."""
        ...

    async def revoke_session(self, token_hash: str) -> None:
        """Forget a session."""
        ...

    async def revoke_sessions_of(self, user: UserId) -> None:
        """Forget all sessions of a user."""
        ...


class CentreStore(Protocol):
    """Applied centre descriptions and scripts; every version is kept."""

    async def current(self) -> AppliedCentre | None:
        """Return what was applied last, or None on a new server."""
        ...

    async def current_version(self) -> int:
        """Return the number of what was applied last, 0 on a new server; cheap enough to be asked every second."""
        ...

    async def script(self, script: ScriptId, version: str) -> ScriptSource | None:
        """Return one version of a script, for runs that are pinned to it."""
        ...

    async def apply(
        self, centre: Centre, scripts: Sequence[ScriptSource], *, by: str, at: datetime, why: str = ""
    ) -> int:
        """Make this the centre, in one transaction; return the number of the version.

        Scripts are published, and rolled out to everybody where the centre had another version of them before.
        """
        ...


class ScriptStore(Protocol):
    """Versions of scripts, who gets which, drafts, and what happened to them."""

    async def revision(self) -> int:
        """Return the highest revision of all roll-outs, 0 without any; cheap enough to be asked every second."""
        ...

    async def rollouts(self) -> Mapping[ScriptId, Rollout]:
        """Return the roll-out of every script."""
        ...

    async def versions(self, script: ScriptId | None = None) -> Sequence[ScriptVersion]:
        """Return the versions of a script, or of all, the newest first."""
        ...

    async def source(self, script: ScriptId, version: str) -> ScriptSource | None:
        """Return one version with its text."""
        ...

    async def in_force(self) -> tuple[Mapping[ScriptId, Rollout], Sequence[ScriptSource], int]:
        """Return all roll-outs, the versions they name with those that they call, and the revision."""
        ...

    async def with_called(self, wanted: Collection[tuple[ScriptId, str]]) -> Sequence[ScriptSource]:
        """Return these versions with those that they call."""
        ...

    async def open_runs(self, script: ScriptId, now: datetime) -> Mapping[str, int]:
        """Return how many conversations each version of a script leads."""
        ...

    async def events(self, script: ScriptId, limit: int = 100) -> Sequence[ScriptEvent]:
        """Return what happened to a script, the newest first."""
        ...

    async def publish(self, source: ScriptSource, rollout: Rollout | None, *, by: str, why: str) -> None:
        """Keep a new version, and change the roll-out in the same step if one is given.

        Raises `RejectedInput` when the version is there already and says something else, `IllegalMove` when the
        roll-out has changed since `rollout` was made from it.
        """
        ...

    async def change_rollout(
        self, rollout: Rollout, kind: ScriptEventKind, *, by: str, why: str, at: datetime
    ) -> None:
        """Write a roll-out that was made from the one that is kept; raise `IllegalMove` when it has changed."""
        ...

    async def delete(self, script: ScriptId, version: str, *, by: str, why: str, at: datetime) -> None:
        """Delete a version that nobody needs; raise `NotFound`, and `IllegalMove` when somebody does."""
        ...

    def past_runs(
        self, script: ScriptId, *, since: datetime, until: datetime, now: datetime
    ) -> AsyncIterator[Sequence[PastRun]]:
        """Give the runs of a script that began in [since, until), some at a time; `now` tells which are over."""
        ...

    async def draft(self, script: ScriptId) -> ScriptDraft | None:
        """Return the draft of a script."""
        ...

    async def save_draft(self, draft: ScriptDraft) -> bool:
        """Keep a draft whose revision is the one after that which is kept; False: somebody was quicker."""
        ...

    async def drop_draft(self, script: ScriptId) -> None:
        """Forget the draft of a script."""
        ...


class RecordingStore(Protocol):
    """What is known of recordings, and who did what with them: read from the journal's projections."""

    async def get(self, recording: RecordingId) -> Recording | None:
        """Return a recording."""
        ...

    async def of_contact(self, contact: ContactId) -> Sequence[Recording]:
        """Return the recordings of a contact, the first part first."""
        ...

    async def unfinished(self) -> Sequence[Recording]:
        """Return those that go on, or are to be collected."""
        ...

    async def kept_until(self, queue: QueueId, before: datetime, *, limit: int = 200) -> Sequence[Recording]:
        """Return those of a queue that are kept, under no legal hold, and ended before a time."""
        ...

    async def queues(self) -> Sequence[QueueId]:
        """Return the queues of which recordings are kept."""
        ...

    async def kept(self, *, after: RecordingId | None = None, limit: int = 500) -> Sequence[Recording]:
        """Return those that are kept, in the order of their ids, from the one after `after` on."""
        ...

    async def accesses(self, recording: RecordingId) -> Sequence[Access]:
        """Return what people did with it, oldest first."""
        ...

    async def all_accesses(self, wanted: AccessesWanted) -> Sequence[LoggedAccess]:
        """Return what people did with any of them, newest first."""
        ...


class RecordingFiles(Protocol):
    """The sound of recordings, in the recordings folder."""

    async def keep(
        self, recording: RecordingId, raw: AsyncIterator[bytes], shape: Callable[[float, float], Cut]
    ) -> KeptSound:
        """Make a WAV file of raw samples (16 bits, 8,000 a second, left and right by turns) and keep it.

        `shape` is told how long they last, and how long they are silent at the beginning; it says what is left of
        them.

        Raises:
            StorageUnavailable: no room, or the folder cannot be written.
        """
        ...

    async def sound(self, recording: Recording) -> Path:
        """Return its file, held against its checksum; raise `NotFound` when it is gone or not what was kept."""
        ...

    async def outline(self, recording: Recording) -> Outline:
        """Return what a player draws of it; raise `NotFound`."""
        ...

    async def remove(self, recording: RecordingId) -> None:
        """Remove its file; no error when it is gone."""
        ...


class CallbackStore(Protocol):
    """Whom we promised to call."""

    async def add(self, callback: Callback) -> None:
        """Keep a new call-back; one whose id is there already stays as it is."""
        ...

    async def get(self, callback: CallbackId) -> Callback | None:
        """Return a call-back."""
        ...

    async def find(
        self, *, queues: Collection[QueueId] | None, states: Collection[CallbackState], limit: int
    ) -> Sequence[Callback]:
        """Return call-backs in `states`, by the time they are due; of all queues when `queues` is None."""
        ...

    async def of_callers(self, numbers: Collection[str], customers: Collection[CustomerId]) -> Sequence[Callback]:
        """Return the open call-backs to any of these numbers, or for any of these customers."""
        ...

    async def change(self, callback: Callback) -> bool:
        """Write a call-back whose version before this one is the one that is kept; False: somebody was quicker."""
        ...

    async def open_counts(self) -> Mapping[QueueId, int]:
        """Return how many are open, by queue; cheap enough to be asked every second."""
        ...


class VoicemailStore(Protocol):
    """Messages that callers left, as the journal tells of them; and what was said in them."""

    async def unfinished(self) -> Sequence[Voicemail]:
        """Return the messages that somebody has to do something about, the oldest first."""
        ...

    async def get(self, contact: ContactId) -> Voicemail | None:
        """Return one message."""
        ...

    async def done(self, queues: Collection[QueueId] | None, limit: int) -> Sequence[Voicemail]:
        """Return the messages that are done, the newest first; of all queues when `queues` is None."""
        ...

    async def expired(self, queue: QueueId, before: datetime, limit: int) -> Sequence[Voicemail]:
        """Return messages of a queue that were done before a time, and whose sound is still there."""
        ...

    async def texts(self, contacts: Collection[ContactId]) -> Mapping[ContactId, str]:
        """Return what was said in messages, where that was written down."""
        ...

    async def keep_text(self, contact: ContactId, text: str) -> None:
        """Keep what was said in a message."""
        ...

    async def drop_text(self, contact: ContactId) -> None:
        """Forget what was said."""
        ...


class Recordings(Protocol):
    """What the PBX has recorded, in its own files. All raise `LinkDown` while it cannot be asked."""

    async def is_live(self, recording: RecordingId) -> bool:
        """Tell whether it is being recorded now."""
        ...

    async def read(self, recording: RecordingId) -> bytes | None:
        """Return what was stored, as a WAV file; None when there is nothing."""
        ...

    async def drop(self, recording: RecordingId) -> None:
        """Remove what was stored. No error when there is nothing."""
        ...


class TaskStore(Protocol):
    """What agents want done."""

    async def add(self, task: Task) -> None:
        """Keep a new task; one whose id is there already stays as it is."""
        ...

    async def get(self, task: TaskId) -> Task | None:
        """Return a task."""
        ...

    async def find(self, *, eyes: Eyes, state: TaskState, limit: int) -> Sequence[Task]:
        """Return tasks that somebody sees: open ones by the time they are due, done ones the newest first."""
        ...

    async def change(self, task: Task) -> bool:
        """Write a task whose version before this one is the one that is kept; False: somebody was quicker."""
        ...


class ScriptObjects(Protocol):
    """Records as dialog scripts see them: by name of their class and by key."""

    async def load(self, class_name: str, key: Any) -> Mapping[str, Any] | None:
        """Return a record as values of a script, or None; raise `NotFound` for an unknown class."""
        ...

    async def find(self, class_name: str, where: Condition, limit: int) -> Sequence[Mapping[str, Any]]:
        """Return records for which the condition holds, in a steady order; raise `NotFound`."""
        ...

    async def save(self, class_name: str, key: Any, changes: Mapping[str, Any], *, by: str) -> None:
        """Change a record; the audit keeps who changed what. Raises `NotFound`, `RejectedInput`."""
        ...


class SpeechSynthesis(Protocol):
    """Turns text into a sound file."""

    async def speak(self, text: str, language: str) -> Path:
        """Return a WAV file (8 kHz mono, the cache's own) that says `text`; raise `SpeechFailed`."""
        ...


class Phones(Protocol):
    """What an agent's phone needs to sign in to the PBX."""

    def account(self, agent: AgentId, kind: StationKind) -> PhoneAccount:
        """Return the account of the agent's browser phone or SIP phone."""
        ...


class ActionServices(Protocol):
    """Through which ``do service="x.y"`` of a script goes."""

    async def call(self, service: str, params: Mapping[str, Any], *, key: str) -> Any:
        """Carry out the operation ``name.operation`` at most once per `key`."""
        ...

    def repeatable(self, service: str) -> bool:
        """Tell whether doing the operation twice is the same as once; False for one that is not known."""
        ...


class TimerHandle(Protocol):
    """A timer that runs."""

    def cancel(self) -> None:
        """Stop it."""
        ...


class Timers(Protocol):
    """Calls back later, on the monotonic clock."""

    def call_later(self, seconds: float, callback: Callable[[], None]) -> TimerHandle:
        """Call `callback` after `seconds`."""
        ...
