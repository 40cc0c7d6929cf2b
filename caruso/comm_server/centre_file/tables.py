"""The tables and keys of ``centre.toml`` and what each may hold. The comments make the settings page.

Whether the tables fit together is decided in `caruso.comm_server.centre_file`.
"""

from __future__ import annotations

from typing import Annotated

import msgspec
from msgspec import Meta

from caruso.model.centre import CallFirst, Role, StationKind, VoicemailLight, Whisper
from caruso.model.recordings import RecordedCalls
from caruso.model.supervision import Announcement

#: Ids become parts of leg names and addresses: nothing that needs quoting anywhere (`caruso.model.ids`).
Id = Annotated[
    str,
    Meta(pattern=r"^[a-z0-9][a-z0-9_-]{0,39}$", title="an id (a-z 0-9 _ -, beginning with a letter or digit)"),
]
Line = Annotated[str, Meta(pattern=r"^[^\x00-\x1f\x7f]{1,100}$", title="text in one line, up to 100 characters")]
Text = Annotated[str, Meta(max_length=2000, title="text of up to 2000 characters")]
Number = Annotated[
    str, Meta(pattern=r"^[A-Za-z0-9+*#._-]{1,40}$", title="a number as it is dialled, in quotes, without spaces")
]
CallerPattern = Annotated[
    str, Meta(pattern=r"^(hidden|\+?[0-9]{1,20}\*?)$", title="a number like +49301234, +4930* or hidden")
]
WorldNumber = Annotated[
    str, Meta(pattern=r"^\+[1-9][0-9]{5,14}$", title="a number with country code, like +4930123456")
]
WorldPattern = Annotated[
    str, Meta(pattern=r"^\+[0-9]{0,15}\*?$", title="a number like +4930123456, or +49* for all that begin so")
]
ConfirmKey = Annotated[str, Meta(pattern=r"^[0-9*#]?$", title="a key of the telephone, in quotes, or none")]
ConfirmSeconds = Annotated[float, Meta(ge=3, le=60)]
NoOrMusicClass = Annotated[
    str, Meta(pattern=r"^[A-Za-z0-9_-]{0,80}$", title="the name of a class of musiconhold.conf, or nothing")
]
Minutes = Annotated[int, Meta(ge=0, le=240)]
Colour = Annotated[str, Meta(pattern=r"^#[0-9a-fA-F]{6}$", title="a colour like #0b5a6b")]
Level = Annotated[int, Meta(ge=1, le=10)]
Seconds = Annotated[float, Meta(ge=0, le=86_400)]
RingSeconds = Annotated[float, Meta(ge=1, le=300)]
Attempts = Annotated[int, Meta(ge=1, le=20)]
KeepDays = Annotated[int, Meta(ge=0, le=36_500)]
Ahead = Annotated[int, Meta(ge=0, le=10_000)]
Key = Annotated[str, Meta(pattern=r"^[0-9*#]$", title="a key of the telephone, in quotes")]
#: 600 s of sound are 10 MB.
MessageSeconds = Annotated[float, Meta(ge=5, le=600)]
SilenceSeconds = Annotated[float, Meta(ge=2, le=60)]
LeastSeconds = Annotated[float, Meta(ge=0.5, le=10)]
Days = Annotated[int, Meta(ge=0, le=3_650)]
MailAddress = Annotated[
    str, Meta(pattern=r"^[^@\s<>,;]{1,64}@[^@\s<>,;]{1,190}$", title="an address like office@example.com")
]
SoundFile = Annotated[
    str, Meta(pattern=r"^[A-Za-z0-9_][A-Za-z0-9_.-]{0,79}\.wav$", title="the name of a WAV file, without a folder")
]
Priority = Annotated[int, Meta(ge=-100, le=100)]
PriorityBelow = Annotated[int, Meta(ge=0, le=200)]
Rank = Annotated[int, Meta(ge=1, le=9)]
#: 0: not needed any more.
RelaxedLevel = Annotated[int, Meta(ge=0, le=10)]
Ageing = Annotated[float, Meta(ge=0, le=100)]
Weight = Annotated[float, Meta(gt=0, le=100)]
Reserve = Annotated[int, Meta(ge=0, le=1_000)]
Condition = Annotated[
    str, Meta(min_length=1, max_length=2000, title="a condition like “customer.segment = 'gold'”")
]
Stretch = Annotated[str, Meta(pattern=r"^\d\d:\d\d-\d\d:\d\d$", title="a stretch of the day like “08:00-17:30”")]
Calendar = Annotated[str, Meta(pattern=r"^[A-Z]{2}(-[A-Z0-9]{1,4})?$", title="a country or region like DE-BY")]
Language = Annotated[str, Meta(pattern=r"^[a-z]{2,3}(-[A-Za-z0-9]{1,8})*$", title="a language like en or de-AT")]
MusicClass = Annotated[
    str, Meta(pattern=r"^[A-Za-z0-9_-]{1,80}$", title="the name of a class of musiconhold.conf")
]
SipAddress = Annotated[
    str,
    Meta(
        pattern=r"^sips?:[A-Za-z0-9._+-]+@[A-Za-z0-9.-]+(:\d{1,5})?(;transport=(udp|tcp|tls))?$",
        title="an address like sip:5001@192.0.2.7:5060",
    ),
]


class HoursTable(msgspec.Struct, frozen=True, kw_only=True):
    """When something is open. Stretches are ``HH:MM-HH:MM`` and do not cross midnight: ``"22:00-24:00"`` one day,
    ``"00:00-06:00"`` the next. A day without stretches is closed.
    """

    #: IANA time zone; the centre's when not set.
    timezone: str = ""
    #: Monday to Friday, where the day itself is not given.
    weekdays: tuple[Stretch, ...] = ()
    #: Every Monday.
    monday: tuple[Stretch, ...] | None = None
    #: Every Tuesday.
    tuesday: tuple[Stretch, ...] | None = None
    #: Every Wednesday.
    wednesday: tuple[Stretch, ...] | None = None
    #: Every Thursday.
    thursday: tuple[Stretch, ...] | None = None
    #: Every Friday.
    friday: tuple[Stretch, ...] | None = None
    #: Every Saturday.
    saturday: tuple[Stretch, ...] | None = None
    #: Every Sunday.
    sunday: tuple[Stretch, ...] | None = None
    #: Days that differ, e.g. ``2026-12-24 = ["08:00-12:00"]``, ``2026-12-25 = []``.
    special: dict[str, tuple[Stretch, ...]] = {}
    #: Whose public holidays count: a country, or a region of it: ``"DE"``, ``"DE-BY"`` (ISO 3166). None when not
    #: set. A special day goes before a holiday.
    holidays: Calendar | None = None
    #: When it is open on these holidays; not at all when not set.
    on_holidays: tuple[Stretch, ...] = ()


class CallBackTable(msgspec.Struct, frozen=True, kw_only=True):
    """With it the centre itself calls people back, at the place in the queue they had; without it agents do, by
    hand. It needs `outside` in the settings file.
    """

    #: Who is called first: `agent`, who hears the customer's phone ring, or `customer`, once an agent is free.
    first: CallFirst = CallFirst.AGENT
    #: Callers who have waited this long are told that they can press a key instead, and again after as long; 0:
    #: never.
    offer_after_seconds: Seconds = 60.0
    #: The key to press.
    key: Key = "1"
    #: How often somebody is called at most.
    attempts: Attempts = 3
    #: Until somebody who did not answer is called again.
    retry_seconds: Seconds = 1800.0
    #: Until somebody whose phone was busy is called again.
    busy_seconds: Seconds = 300.0
    #: How long the customer's phone rings.
    ring_seconds: RingSeconds = 30.0
    #: When people may be called; at all times when not set.
    hours: str | None = None


class RecordingTable(msgspec.Struct, frozen=True, kw_only=True):
    """Which conversations are recorded, who is told, and how long recordings are kept. It needs the manager
    interface of Asterisk.
    """

    #: Which calls: `never`, `on-demand` (an agent or a supervisor asks for it), `always`.
    calls: RecordedCalls = RecordedCalls.NEVER
    #: Customer and agent are told before it begins, once in a call.
    announced: bool = True
    #: What they hear, by language; the centre's own sentence when not set.
    announcement: dict[Language, Text] = {}
    #: The agent alone hears a tone when a recording begins.
    agent_beep: bool = False
    #: Agents may hear recordings of their own conversations.
    agents_listen: bool = False
    #: After so many days a recording is deleted, unless it is under legal hold; 0: never by itself.
    keep_days: KeepDays = 90


class VoicemailTable(msgspec.Struct, frozen=True, kw_only=True):
    """With it callers can leave messages for the queue ([voicemail](voicemail.md)). What leads to it: `key`,
    `voicemail` of an overflow, `voicemail` and `closed_voicemail` of an entry point, and scripts.
    """

    #: What callers hear before the tone, by language; the centre's own sentence when not set.
    greeting: dict[Language, Text] = {}
    #: Recording that is played instead: a file of the sounds folder, looked for by language.
    greeting_sound: SoundFile | None = None
    #: Key with which a waiting caller leaves a message instead of waiting on; tell it in `comfort_text`.
    key: Key | None = None
    #: How long a message can be.
    max_seconds: MessageSeconds = 180.0
    #: It ends after so much silence, too.
    silence_seconds: SilenceSeconds = 6.0
    #: What is shorter is not kept.
    min_seconds: LeastSeconds = 1.0
    #: Callers can listen to their message, and record it again, before they hang up.
    menu: bool = True
    #: Where each message is sent, as WAV. Needs `[mail]` in the settings file.
    emails: tuple[MailAddress, ...] = ()
    #: Whose SIP phones show by a light that messages wait: those of all `agents` of the queue (of a message for
    #: one agent hers), only the `owner`'s, or `nobody`'s.
    light: VoicemailLight = VoicemailLight.AGENTS
    #: Days for which sound and text are kept after a message is done; 0: for ever.
    retention_days: Days = 90
    #: A message is offered to a ready agent as a call is, and not only shown in the list.
    offered: bool = False
    #: By so many points its priority is below that of a call.
    offer_below: PriorityBelow = 10
    #: Points of priority it gains in a minute, so that it is offered in the end though calls always wait.
    offer_ageing_per_minute: Ageing = 0.2
    #: So long an agent is asked.
    offer_seconds: RingSeconds = 20.0


class OverflowTable(msgspec.Struct, frozen=True, kw_only=True):
    """When a caller leaves the queue without an agent, and for where. All conditions that are given must hold; the
    first table that applies holds. Whose phone rings already is not taken back.
    """

    #: So many callers are before him at least: a full queue.
    ahead: Ahead | None = None
    #: He has waited so long.
    after_seconds: Seconds = 0.0
    #: No agent of the queue is signed in.
    nobody_signed_in: bool = False
    #: Queue in which he waits on, before those who came after him.
    queue: str | None = None
    #: Or entry point where he begins anew.
    entry_point: str | None = None
    #: Or what he is told before he is let go, or leaves a message.
    text: Text = ""
    #: Or he leaves a message: the queue's table `voicemail` says how.
    voicemail: bool = False


class InformationTable(msgspec.Struct, frozen=True, kw_only=True):
    """What callers can hear while they wait, keeping their place: by itself, one after the other, or with a key.
    It ends when an agent answers.
    """

    #: What is told, by language.
    text: dict[Language, Text] = {}
    #: Recording that is played instead: a file of the sounds folder, looked for by language.
    sound: SoundFile | None = None
    #: Key with which a waiting caller hears it, as often as he likes; tell it in `comfort_text`. Without it it is
    #: told by itself.
    key: Key | None = None


class RelaxTable(msgspec.Struct, frozen=True, kw_only=True):
    """What is asked of an agent after a contact has waited a while: a lower level, fewer skills, other queues'
    agents. Each step begins with what the one before allowed and only widens it.
    """

    #: Since the contact came into the queue.
    after_seconds: Seconds
    #: Level that is enough from now on, by skill; 0: the skill is not needed any more.
    skills: dict[str, RelaxedLevel] = {}
    #: Agents of these queues are asked, too, after the queue's own.
    queues: tuple[str, ...] = ()


class RuleTable(msgspec.Struct, frozen=True, kw_only=True):
    """How contacts of which something is known are distributed. The first rule that applies holds."""

    #: Condition over `customer`, `answers` and `call`: `customer.segment = 'gold'` (see expressions.md).
    when: Condition
    #: Instead of the queue's; what a script says goes before both.
    priority: Priority | None = None
    #: What an agent must be able to do besides what the queue asks for.
    skills: dict[str, Level] = {}
    #: Instead of the queue's.
    policy: str | None = None
    #: Instead of the queue's, for distribution only: the figures go by the queue's.
    target_seconds: Seconds | None = None
    #: Instead of the queue's.
    weight: Weight | None = None


class QueueTable(msgspec.Struct, frozen=True, kw_only=True):
    """Where contacts wait for an agent."""

    #: As agents and supervisors see it.
    name: Line
    #: Contacts of a queue with a higher one go first, however long others wait.
    priority: Priority = 0
    #: What an agent must be able to do at least, by skill: ``{german = 5}``.
    skills: dict[str, Level] = {}
    #: Points of priority that a contact gains in a minute of waiting, so that nobody is passed over for ever.
    ageing_per_minute: Ageing = 0.0
    #: What is asked of agents while a contact waits, in the order of the times: a list of tables.
    relax: tuple[RelaxTable, ...] = ()
    #: How contacts of which something is known are distributed: a list of tables.
    rules: tuple[RuleTable, ...] = ()
    #: Who of the qualified agents is asked first: `longest-idle`, `least-occupied`, `most-skilled`, `cost-index`.
    policy: str = "longest-idle"
    #: What a missed target costs, beside other queues'; only for `cost-index`.
    weight: Weight = 1.0
    #: How long a contact waits for the agent its customer talked with last; 0: not at all.
    last_agent_seconds: Seconds = 0.0
    #: So many ready agents of this queue get no contacts of queues with a lower priority.
    reserved_agents: Reserve = 0
    #: How long an agent's phone rings before the contact goes to somebody else.
    ring_seconds: RingSeconds = 20.0
    #: How long an agent may work on after the conversation; 0: ready at once.
    wrap_up_seconds: Seconds = 30.0
    #: By how much an agent can extend it each time.
    wrap_up_extension_seconds: Annotated[float, Meta(gt=0, le=3600)] = 60.0
    #: How often she can extend it; 0: never.
    wrap_up_extensions: Annotated[int, Meta(ge=0, le=100)] = 2
    #: Service level: answered within this time.
    target_seconds: Seconds = 20.0
    #: Callers who give up before this do not count against the service level.
    short_abandon_seconds: Seconds = 5.0
    #: Music while waiting: a class of Asterisk's musiconhold.conf.
    music: MusicClass = "default"
    #: How often callers hear their position; 0: never.
    announce_position_seconds: Seconds = 0.0
    #: How often callers hear between how many minutes it may still take; 0: never. While that is not known well
    #: enough nothing is said.
    announce_wait_seconds: Seconds = 0.0
    #: After this time a contact that found no agent is told so and ended; 0: never.
    max_wait_seconds: Seconds = 0.0
    #: Number somebody outside sees whom an agent of this queue calls; the entry point's first one when not set.
    caller_id: Number | None = None
    #: Where callers go who should not wait (on): a list of tables, ``[[queues.ID.overflow]]``.
    overflow: tuple[OverflowTable, ...] = ()
    #: How often waiting callers hear that they are not forgotten; 0: never.
    comfort_seconds: Seconds = 0.0
    #: What they hear then, by language; the centre's own sentence when not set.
    comfort_text: dict[Language, Text] = {}
    #: What waiting callers can hear, or are told in turn: a list of tables, ``[[queues.ID.information]]``.
    information: tuple[InformationTable, ...] = ()
    #: How often they are told the next of those without a key; 0: never.
    information_seconds: Seconds = 0.0
    #: Key with which a waiting caller leaves the queue; tell it in `comfort_text`.
    escape_key: Key | None = None
    #: Entry point the caller goes to then.
    escape_to: str | None = None
    #: How the centre calls people back.
    call_back: CallBackTable | None = None
    #: How callers leave messages.
    voicemail: VoicemailTable | None = None
    #: Who is told that a supervisor listens: `nobody`, the `agent` (her console shows it, and a tone is heard at
    #: her phone alone), or `everybody` (the customer hears the tone, too).
    supervision_announced: Announcement = Announcement.NOBODY
    #: How calls are recorded.
    recording: RecordingTable | None = None
    #: Outcomes an agent can choose, ids of `dispositions`; all of them when not set.
    dispositions: tuple[str, ...] | None = None
    #: Script that leads the agent when none came with the contact.
    script: str | None = None


class ReasonTable(msgspec.Struct, frozen=True, kw_only=True):
    """Why an agent is not ready, with limits."""

    #: How agents and supervisors read it.
    name: Line
    #: For how many minutes at most; who stays longer is shown to be late.
    limit_minutes: Annotated[float, Meta(gt=0, le=1440)] | None = None
    #: How many agents at the same time.
    at_most: Annotated[int, Meta(ge=1, le=10_000)] | None = None


class DispositionTable(msgspec.Struct, frozen=True, kw_only=True):
    """What came of a contact, with a wrap-up of its own."""

    #: How agents and reports call it.
    name: Line
    #: How long wrap-up lasts when it is chosen, seconds from the end of the conversation.
    wrap_up_seconds: Annotated[float, Meta(ge=0, le=3600)] | None = None


class SupervisorTable(msgspec.Struct, frozen=True, kw_only=True):
    """Which queues a supervisor sees and touches. The id is the name to sign in with.

    As soon as one supervisor is named, those who are not see nothing. Admins need not be named: they see all.
    """

    #: Ids of queues, with the agents who take their contacts; all queues when not set.
    queues: tuple[str, ...] | None = None


class EntryPointTable(msgspec.Struct, frozen=True, kw_only=True):
    """Where contacts come in: numbers for calls, or a web page, or both."""

    #: As agents and supervisors see it.
    name: Line
    #: Numbers as the trunk delivers them: ``["4711", "+49301234567"]``.
    numbers: tuple[Number, ...] = ()
    #: Whose calls it takes: numbers, ``"+4930*"`` for all that begin so, ``"hidden"``; everybody's when not set.
    #: So a number can have several entry points, one of them for all others.
    callers: tuple[CallerPattern, ...] = ()
    #: Script that everybody on the web may be led by, without an agent: its pages are under ``/s/<script>``.
    web: str | None = None
    #: What the first web page says the script is about, by language: ``{ en = "…", de = "…" }``.
    about: dict[Language, Text] = {}
    #: How long the script usually takes, as its first web page says; 0: it says nothing.
    minutes: Minutes = 0
    #: Visitors of the web pages can ask to be called back by an agent of the queue.
    call_back: bool = False
    #: Where callers wait, unless the script says otherwise.
    queue: str
    #: Script that callers are led by before they wait.
    script: str | None = None
    #: Language callers are greeted in.
    language: Language = "en"
    #: When callers are let in and web pages begin; always when not set.
    hours: str | None = None
    #: What callers hear, and visitors read, outside these hours.
    closed_text: Text = ""
    #: Another entry point that callers get outside these hours; it may have hours of its own.
    closed_to: str | None = None
    #: Queue in which callers wait outside these hours.
    closed_queue: str | None = None
    #: Callers outside these hours can press the key of the queue's `call_back` to be called when it is open.
    closed_call_back: bool = False
    #: Callers outside these hours leave a message for the queue, after `closed_text`.
    closed_voicemail: bool = False
    #: All callers leave a message for the queue: what overflows, escape keys and transfers may lead to.
    voicemail: bool = False
    #: Agent of the queue for whom these messages are; all of them when not set.
    voicemail_for: str | None = None
    #: Where callers go on whose dialog ended with an outcome, by outcome: ``{ moving = "moving-line" }``.
    outcomes: dict[str, str] = {}
    #: Callers can key in the six digits a web page showed them, to go on with an agent where they were.
    codes: bool = False


class AgentTable(msgspec.Struct, frozen=True, kw_only=True):
    """Somebody who signs in at the console. The id is the name to sign in with."""

    #: As colleagues see it.
    name: Line
    #: Queues whose contacts the agent takes.
    queues: tuple[str, ...] = ()
    #: What the agent can do, 1 to 10 by skill: ``{german = 10}``.
    skills: dict[str, Level] = {}
    #: Rank of the agent's queues: 1 first; a queue that is not named has rank 1.
    preference: dict[str, Rank] = {}
    #: Phone the agent begins with; another can be chosen at the console.
    station: StationKind = StationKind.BROWSER
    #: Fixed SIP address of a phone that does not register. Only with ``station = "sip"``.
    address: SipAddress | None = None
    #: Telephone number with country code. Only with ``station = "number"``.
    number: WorldNumber | None = None
    #: The phone is called once, and its line is kept open between calls. Not for browsers.
    nailed_up: bool = False
    #: What the agent may do besides: a supervisor sees the monitor, an admin everything.
    role: Role = Role.AGENT


class StationsTable(msgspec.Struct, frozen=True, kw_only=True):
    """Agents at telephones of any kind, called through the trunk: see stations.md."""

    #: Numbers that agents may choose at the console, with country code; ``+49*`` stands for all that begin so.
    numbers: tuple[WorldPattern, ...] = ()
    #: Agents may have the line to such a telephone, or to a SIP phone, kept open between calls.
    nailed_up: bool = True
    #: Key to be pressed before a call is put through, so that no mailbox takes it; ``""`` for none.
    confirm_key: ConfirmKey = "1"
    #: How long that is waited for.
    confirm_seconds: ConfirmSeconds = 10.0
    #: How long a phone rings whose line is opened.
    ring_seconds: RingSeconds = 40.0
    #: What is heard on an open line before a call: the name of the ``queue``, a ``beep``, or ``nothing``.
    whisper: Whisper = Whisper.QUEUE
    #: Music class heard on an open line between calls; ``""`` for silence.
    music: NoOrMusicClass = ""
    #: What such a telephone shows as our number; a number of an entry point when not set.
    caller_id: Number | None = None
    #: Language of what agents are told there.
    language: Language = "en"


class CentreTables(msgspec.Struct, frozen=True, kw_only=True):
    """A centre."""

    #: What the centre is called. Required.
    name: Line = ""
    #: IANA time zone for statistics and opening hours, e.g. ``Europe/Berlin``. Required.
    timezone: str = ""
    #: Colour of the public web pages; text on it is made readable by itself.
    colour: Colour = "#0b5a6b"
    #: Script files, relative to this file; ``*`` stands for any name: ``["scripts/*.xml"]``.
    scripts: tuple[Line, ...] = ()
    #: Skills: id and name.
    skills: dict[Id, Line] = {}
    #: Why an agent is not ready: id and name, or a table with limits; in the order of the console's list.
    not_ready_reasons: dict[Id, Line | ReasonTable] = {}
    #: Outcomes of contacts: id and name, or a table with a wrap-up; in the order of the console's list.
    dispositions: dict[Id, Line | DispositionTable] = {}
    #: Opening hours by id.
    hours: dict[Id, HoursTable] = {}
    #: Queues by id.
    queues: dict[Id, QueueTable] = {}
    #: Agents by id.
    agents: dict[Id, AgentTable] = {}
    #: Supervisors by the name they sign in with; every supervisor sees all queues when nobody is named.
    supervisors: dict[Id, SupervisorTable] = {}
    #: Agents at telephones that are not ours.
    stations: StationsTable = StationsTable()
    #: Entry points by id.
    entry_points: dict[Id, EntryPointTable] = {}
