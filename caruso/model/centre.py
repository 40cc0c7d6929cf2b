"""What an admin describes in ``centre.toml``: entry points, queues, agents, skills, opening hours.

`Centre` is one consistent description; it is checked as a whole before it takes effect
(`caruso.comm_server.centre_file`).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, time
from enum import StrEnum

from caruso.model.ids import AgentId, EntryPointId, QueueId, ScriptId, SkillId, UserId
from caruso.model.recordings import RecordingRules
from caruso.model.supervision import Announcement

#: Stands for callers who hide their number.
HIDDEN = "hidden"


class StationKind(StrEnum):
    """How an agent hears and speaks."""

    #: The browser's own phone (WebRTC), signed in by the console.
    BROWSER = "browser"
    #: A SIP phone that registers with a secret, or is found at a fixed address.
    SIP = "sip"
    #: Any telephone in the world, called through the trunk.
    NUMBER = "number"


#: The phones that sign in to the PBX, each with an account of its own.
REGISTERED = (StationKind.BROWSER, StationKind.SIP)


class Whisper(StrEnum):
    """What an agent hears on a line that is kept open before a call is joined to it."""

    #: For which queue it is.
    QUEUE = "queue"
    BEEP = "beep"
    NOTHING = "nothing"


class Role(StrEnum):
    """What a signed-in person may do; each includes the ones before it."""

    AGENT = "agent"
    SUPERVISOR = "supervisor"
    ADMIN = "admin"


@dataclass(frozen=True, slots=True, kw_only=True)
class Skill:
    """Something an agent can and a contact may need."""

    id: SkillId
    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Disposition:
    """An outcome code the agent chooses in wrap-up."""

    id: str
    name: str
    #: How long wrap-up lasts when it is chosen; None: as long as the queue says.
    wrap_up_seconds: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class NotReadyReason:
    """Why an agent is not ready."""

    id: str
    name: str
    #: For how long at most; who stays longer is shown to be late. None: as long as she likes.
    limit_seconds: float | None = None
    #: How many agents at the same time; None: all of them.
    at_most: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Interval:
    """From `opens` to `closes` on the same local day; `closes` may be 24:00, written as 00:00."""

    opens: time
    closes: time


@dataclass(frozen=True, slots=True, kw_only=True)
class Hours:
    """When something is open: intervals for each weekday (0 = Monday), on holidays, and on special days."""

    id: str
    #: IANA name, e.g. ``Europe/Berlin``.
    timezone: str
    weekdays: Mapping[int, tuple[Interval, ...]]
    special: Mapping[date, tuple[Interval, ...]] = field(default_factory=dict)
    #: Whose public holidays count (`caruso.model.public_holidays`), and when it is open on them.
    holidays: str = ""
    on_holidays: tuple[Interval, ...] = ()


class CallFirst(StrEnum):
    """Whom the centre calls first when it calls somebody back."""

    AGENT = "agent"
    CUSTOMER = "customer"


@dataclass(frozen=True, slots=True, kw_only=True)
class CallBackRules:
    """How the centre calls people back itself. Times are seconds."""

    first: CallFirst = CallFirst.AGENT
    #: Waiting callers are offered to be called back after this, and as often again; 0 for never.
    offer_after_seconds: float = 60.0
    key: str = "1"
    #: How often somebody is called at most.
    attempts: int = 3
    #: Until the next attempt after nobody answered, and after it was busy.
    retry_seconds: float = 1_800.0
    busy_seconds: float = 300.0
    #: How long the customer's phone rings.
    ring_seconds: float = 30.0
    #: Opening hours within which people are called; at all times when None.
    hours: str | None = None

    def __str__(self) -> str:
        """Write it for a terminal."""
        return f"{self.first} first, {self.attempts} attempts, offered after {self.offer_after_seconds:g} s"


class VoicemailLight(StrEnum):
    """Whose telephones show by a light that messages wait."""

    #: Those of all agents of the queue; of a message for one agent hers.
    AGENTS = "agents"
    #: Only hers for whom a message is.
    OWNER = "owner"
    NOBODY = "nobody"


@dataclass(frozen=True, slots=True, kw_only=True)
class VoicemailRules:
    """How callers leave messages for a queue, and what becomes of them. Times are seconds."""

    #: What callers hear before the tone, by language: spoken, or a recording of the sounds folder.
    greeting: Mapping[str, str] = field(default_factory=dict)
    greeting_sound: str = ""
    #: Key with which a waiting caller leaves a message instead; empty for none.
    key: str = ""
    #: A message is no longer than this, and ends after so much silence.
    max_seconds: float = 180.0
    silence_seconds: float = 6.0
    #: What is shorter is not kept.
    min_seconds: float = 1.0
    #: Callers can listen to their message, and record it again.
    menu: bool = True
    #: Where each message is sent.
    emails: tuple[str, ...] = ()
    light: VoicemailLight = VoicemailLight.AGENTS
    #: How long sound and text are kept after a message is done; 0 for ever.
    retention_days: int = 90
    #: Messages are offered to ready agents, so many points of priority below calls, with ageing of their own.
    offered: bool = False
    offer_below: int = 10
    offer_ageing_per_minute: float = 0.2
    #: How long an agent is asked.
    offer_seconds: float = 20.0

    def __str__(self) -> str:
        """Write it for a terminal."""
        mails = f", mailed to {', '.join(self.emails)}" if self.emails else ""
        ageing = f", +{self.offer_ageing_per_minute:g} a minute" if self.offer_ageing_per_minute else ""
        offered = f", offered {self.offer_below} below calls{ageing}" if self.offered else ""
        return f"up to {self.max_seconds:g} s, kept {self.retention_days} days{mails}{offered}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Overflow:
    """When a caller leaves a queue without an agent, and for where. All conditions that are given must hold."""

    #: So many are before him at least.
    ahead: int | None = None
    #: He has waited so long, seconds.
    after_seconds: float = 0.0
    #: No agent of the queue is signed in.
    nobody_signed_in: bool = False
    #: One of these: where he goes, or what he is told before he is let go.
    queue: QueueId | None = None
    entry_point: EntryPointId | None = None
    text: str = ""
    #: After `text`, if any, he leaves a message for the queue.
    voicemail: bool = False

    def __str__(self) -> str:
        """Write it for a terminal."""
        parts = [
            f"from {self.ahead} ahead" if self.ahead is not None else "",
            f"after {self.after_seconds:g} s" if self.after_seconds else "",
            "when nobody is signed in" if self.nobody_signed_in else "",
            f"to {self.queue or self.entry_point}"
            if self.queue or self.entry_point
            else ("voicemail" if self.voicemail else "goodbye"),
        ]
        return " ".join(part for part in parts if part)


@dataclass(frozen=True, slots=True, kw_only=True)
class Information:
    """Something waiting callers are told: by itself, or when they press a key."""

    #: By language: spoken, or a recording of the sounds folder.
    text: Mapping[str, str] = field(default_factory=dict)
    sound: str = ""
    #: Empty: told by itself, in turn with others.
    key: str = ""

    def __str__(self) -> str:
        """Write it for a terminal."""
        words = self.sound or next(iter(self.text.values()), "")
        return f"key {self.key}: {words}" if self.key else words


@dataclass(frozen=True, slots=True, kw_only=True)
class Relaxation:
    """What is asked of an agent after a contact has waited a while. Steps only widen the circle of agents."""

    after_seconds: float
    #: Skills at the level that is enough from now on; 0: not needed any more.
    skills: Mapping[SkillId, int] = field(default_factory=dict)
    #: Agents of these queues are asked, too, after the queue's own.
    queues: tuple[QueueId, ...] = ()

    def __str__(self) -> str:
        """Write it for a terminal."""
        levels = [f"{skill} {level}" for skill, level in self.skills.items()]
        return f"after {self.after_seconds:g} s " + " ".join([*levels, *(f"+{queue}" for queue in self.queues)])


@dataclass(frozen=True, slots=True, kw_only=True)
class RoutingRule:
    """How contacts of which something is known are distributed; what is None is as for all others."""

    #: Expression over ``customer``, ``answers`` and ``call``.
    when: str
    priority: int | None = None
    #: Needed besides the queue's.
    skills: Mapping[SkillId, int] = field(default_factory=dict)
    policy: str | None = None
    target_seconds: float | None = None
    weight: float | None = None

    def __str__(self) -> str:
        """Write it for a terminal."""
        levels = ", ".join(f"{skill} {level}" for skill, level in self.skills.items())
        told = (
            ("priority", self.priority),
            ("skills", levels or None),
            ("policy", self.policy),
            ("target", self.target_seconds),
            ("weight", self.weight),
        )
        return f"{self.when}: " + " ".join(f"{name} {value}" for name, value in told if value is not None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Queue:
    """Where contacts wait for an agent."""

    id: QueueId
    name: str
    #: Higher goes first, before age.
    priority: int = 0
    #: What an agent needs at least, by skill (1 to 10).
    skills: Mapping[SkillId, int] = field(default_factory=dict)
    ring_seconds: float = 20.0
    wrap_up_seconds: float = 30.0
    #: By how much an agent can extend wrap-up each time, seconds, and how often.
    wrap_up_extension_seconds: float = 60.0
    wrap_up_extensions: int = 2
    #: Service level target T and short-abandon threshold s, in seconds (METRICS: "exclude short").
    target_seconds: float = 20.0
    short_abandon_seconds: float = 5.0
    music: str = "default"
    #: Points of priority that a contact gains in a minute of waiting.
    ageing_per_minute: float = 0.0
    #: In the order of their times.
    relax: tuple[Relaxation, ...] = ()
    #: The first that applies holds.
    rules: tuple[RoutingRule, ...] = ()
    #: Who of the qualified agents is asked first (`caruso.comm_server.acd.policy`).
    policy: str = "longest-idle"
    #: What a missed target costs, beside other queues' (policy ``cost-index``).
    weight: float = 1.0
    #: How long a contact waits for the agent its customer talked with last; 0 for not at all.
    last_agent_seconds: float = 0.0
    #: Ready agents that contacts of lower priority leave alone.
    reserved_agents: int = 0
    #: Seconds between announcements of the position; 0 for none.
    announce_position_seconds: float = 0.0
    #: Seconds between announcements of the estimated wait; 0 for none.
    announce_wait_seconds: float = 0.0
    #: Seconds after which a contact that found no agent is told so and ended as flowed-out; 0 for never.
    max_wait_seconds: float = 0.0
    #: What somebody outside sees as our number when an agent calls for this queue; empty: the entry point's.
    caller_id: str = ""
    #: Where callers go who should not wait (on); the first rule that applies holds.
    overflow: tuple[Overflow, ...] = ()
    #: Seconds between comforting words, and what is said, by language; 0 for none.
    comfort_seconds: float = 0.0
    comfort_text: Mapping[str, str] = field(default_factory=dict)
    #: What callers can hear while they wait; seconds between what is told by itself, 0 for never.
    information: tuple[Information, ...] = ()
    information_seconds: float = 0.0
    #: Key with which a waiting caller leaves for another entry point.
    escape_key: str = ""
    escape_to: EntryPointId | None = None
    #: How people are called back; None: agents do it by hand.
    call_back: CallBackRules | None = None
    #: How callers leave messages; None: they cannot.
    voicemail: VoicemailRules | None = None
    #: Who is told when a supervisor listens.
    supervision_announced: Announcement = Announcement.NOBODY
    recording: RecordingRules = field(default_factory=RecordingRules)
    dispositions: tuple[Disposition, ...] = ()
    #: Script that leads the agent when no script run came with the contact.
    script: ScriptId | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class EntryPoint:
    """Where contacts come in: numbers (a script, or at once a queue), a web page, or both."""

    id: EntryPointId
    name: str
    numbers: tuple[str, ...]
    #: Whose calls it takes (`is_caller`), when others with the same number take the rest; everybody's when empty.
    callers: tuple[str, ...] = ()
    queue: QueueId
    script: ScriptId | None = None
    #: Script that everybody on the web may be led by.
    web: ScriptId | None = None
    #: What the first web page says it is about, by language, and how many minutes it takes (0: not told).
    about: Mapping[str, str] = field(default_factory=dict)
    minutes: int = 0
    #: Whether visitors of the web pages can ask to be called back.
    call_back: bool = False
    #: Callers can key in a code that a web page showed them, to go on with an agent where they were.
    codes: bool = False
    language: str = "en"
    hours: str | None = None
    #: Told to callers and visitors outside the hours.
    closed_text: str = ""
    #: Where callers go outside the hours, instead of being told: another entry point, or a queue.
    closed_to: EntryPointId | None = None
    closed_queue: QueueId | None = None
    #: Callers outside the hours can press a key to be called back when it is open.
    closed_call_back: bool = False
    #: Callers outside the hours leave a message for the queue.
    closed_voicemail: bool = False
    #: All callers leave a message for the queue; for one of its agents where one is named.
    voicemail: bool = False
    voicemail_for: AgentId | None = None
    #: Where callers go on whose dialog came to an end with this outcome; others are rung off.
    outcomes: Mapping[str, EntryPointId] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Station:
    """Where an agent's phone is."""

    kind: StationKind
    #: Fixed SIP address (``sip:5001@192.0.2.7:5060``) of a phone that does not register; empty otherwise.
    address: str = ""
    #: The telephone number (E.164) of a `StationKind.NUMBER`; empty otherwise.
    number: str = ""
    #: It is called once, and the line kept open between calls.
    nailed_up: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class StationRules:
    """Where else than at our own phones agents can be called, and how. Times are seconds."""

    #: Numbers agents may choose, E.164: written out, or ``+49*`` for all that begin so.
    numbers: tuple[str, ...] = ()
    #: Lines may be kept open between calls.
    nailed_up: bool = True
    #: What is to be pressed so that no mailbox takes a call; empty: nothing.
    confirm_key: str = "1"
    confirm_seconds: float = 10.0
    #: How long a phone rings whose line is opened.
    ring_seconds: float = 40.0
    whisper: Whisper = Whisper.QUEUE
    #: What is heard on an open line between calls; empty: nothing.
    music: str = ""
    #: What agents' telephones show as our number; empty: a number of an entry point.
    caller_id: str = ""
    #: Of what agents are told on such telephones.
    language: str = "en"

    def allows(self, number: str) -> bool:
        """Tell whether an agent may be called at a number."""
        return any(is_caller(number, pattern) for pattern in self.numbers)

    def __str__(self) -> str:
        """Write it for a terminal."""
        return f"numbers {', '.join(self.numbers) or 'none'}, key {self.confirm_key or 'none'}"


@dataclass(frozen=True, slots=True, kw_only=True)
class AgentProfile:
    """Who works here, with what skills, for which queues."""

    id: AgentId
    name: str
    queues: tuple[QueueId, ...]
    skills: Mapping[SkillId, int] = field(default_factory=dict)
    #: Rank of the agent's queues, 1 first; a queue that is not named has rank 1.
    preference: Mapping[QueueId, int] = field(default_factory=dict)
    station: Station = field(default_factory=lambda: Station(kind=StationKind.BROWSER))
    role: Role = Role.AGENT


@dataclass(frozen=True, slots=True, kw_only=True)
class Centre:
    """The whole description, consistent in itself."""

    name: str
    timezone: str
    queues: Mapping[QueueId, Queue]
    entry_points: Mapping[EntryPointId, EntryPoint]
    agents: Mapping[AgentId, AgentProfile]
    skills: Mapping[SkillId, Skill] = field(default_factory=dict)
    hours: Mapping[str, Hours] = field(default_factory=dict)
    not_ready_reasons: tuple[NotReadyReason, ...] = ()
    #: Queues given to supervisors, by the name they sign in with; None: all. Empty: nobody was named.
    supervisors: Mapping[UserId, frozenset[QueueId] | None] = field(default_factory=dict)
    #: How agents are called at telephones that are not ours.
    stations: StationRules = field(default_factory=StationRules)
    #: Of the public web pages: ``#rrggbb``.
    colour: str = "#0b5a6b"

    def entry_point_for(self, dialled: str, caller: str = "") -> EntryPoint | None:
        """Return the entry point that answers the number `dialled`, or None.

        One that is for this caller goes before the one that is for all.
        """
        found: EntryPoint | None = None
        for entry_point in self.entry_points.values():
            if dialled in entry_point.numbers:
                if any(is_caller(caller, pattern) for pattern in entry_point.callers):
                    return entry_point
                if not entry_point.callers:
                    found = entry_point
        return found


def is_caller(number: str, pattern: str) -> bool:
    """Tell whether a caller's number is meant: written out, ``+4930*`` for all that begin so, ``hidden``."""
    if pattern == HIDDEN:
        return not number
    return number.startswith(pattern[:-1]) and bool(number) if pattern.endswith("*") else number == pattern
