"""Identifiers, and the one rule by which leg and bridge ids are derived from a contact's id.

A voice contact is named after its caller's leg, and everything that is made for it carries that name:
``<contact>~<offer>~<agent>`` is an agent's leg, ``<contact>~<offer>~@`` that of somebody outside whom an agent
called, ``<contact>~customer`` that of a customer whom the centre called, ``<contact>~bridge`` the bridge. So
whatever is found in the PBX after a crash says by itself whose it is, and making it twice is impossible.
``<contact>~voicemail<take>`` is the sound of a message that the caller leaves, ``<contact>~answer<turn>`` what he
says in answer to a dialog.
What is made so that somebody can listen in is named ``supervision~<supervision>~…``, and the line to an agent's
telephone that is kept open between calls ``line~<agent>~<begun>``: neither belongs to a contact.
``~`` is unreserved in URLs (RFC 3986, 2.3) and cannot occur in an agent's id.
"""

from __future__ import annotations

import hashlib
from typing import NewType

AgentId = NewType("AgentId", str)
BridgeId = NewType("BridgeId", str)
ContactId = NewType("ContactId", str)
CustomerId = NewType("CustomerId", str)
EntryPointId = NewType("EntryPointId", str)
FileId = NewType("FileId", str)
LegId = NewType("LegId", str)
PlaybackId = NewType("PlaybackId", str)
RecordingId = NewType("RecordingId", str)
QueueId = NewType("QueueId", str)
RunId = NewType("RunId", str)
ScriptId = NewType("ScriptId", str)
SkillId = NewType("SkillId", str)
SupervisionId = NewType("SupervisionId", str)
UserId = NewType("UserId", str)

#: Stands in the place of the agent in names of legs to somebody outside; cannot occur in an agent's id.
_OUTSIDE = "@"
#: Stands in the place of the contact in names of what supervisors listen with; the PBX gives no such name.
_SUPERVISION = "supervision"
#: Stands there in names of lines that are kept open.
_LINE = "line"
#: Stands in the place of the contact in names that belong to none.
_NO_CONTACT = (_SUPERVISION, _LINE)
#: Begins the names of calls that the centre makes by itself, and of those that agents make; how the customer's leg
#: ends in both. The PBX names callers' legs ``<seconds>.<number>``.
_OUTGOING, _OUTBOUND, _CUSTOMER = "outgoing-", "out-", "customer"
#: Begins the names of messages, and stands in those of their recordings.
_VOICEMAIL = "voicemail"
_ANSWER = "answer"


def caller_leg(contact: ContactId) -> LegId:
    """Return the leg of the customer of `contact`: the caller's, or the one on which we called him.

    The latter must not be the beginning of an agent's leg that is there already: Asterisk refuses such a name.
    """
    return LegId(f"{contact}~{_CUSTOMER}" if contact.startswith((_OUTGOING, _OUTBOUND)) else contact)


def agent_leg(contact: ContactId, offer: int, agent: AgentId) -> LegId:
    """Return the leg on which `agent` is offered `contact` for the `offer`-th time (from 1)."""
    return LegId(f"{contact}~{offer}~{agent}")


def outside_leg(contact: ContactId, offer: int) -> LegId:
    """Return the leg on which somebody outside is called for `contact`, counted with the offers."""
    return LegId(f"{contact}~{offer}~{_OUTSIDE}")


def is_dialled(leg: LegId) -> bool:
    """Tell whether we dialled this leg; callers' legs are named by the PBX."""
    return "~" in leg


def outgoing_contact(callback: str, attempt: int, begun: int) -> ContactId:
    """Return the call in which the centre calls somebody back for the how-manieth time, from 1.

    `begun` is when, in milliseconds since 1970: a call of which a crash left nothing but legs in the PBX has
    another name than the next.
    """
    return ContactId(f"{_OUTGOING}{callback}-{attempt}-{begun}")


def callback_of(outgoing: ContactId) -> str:
    """Return the call-back for which the centre makes this call (`outgoing_contact`)."""
    return outgoing.removeprefix(_OUTGOING).rsplit("-", 2)[0]


def is_outgoing(contact: ContactId | None) -> bool:
    """Tell whether the centre itself calls the customer in this contact."""
    return contact is not None and contact.startswith(_OUTGOING)


def is_outbound(leg: LegId) -> bool:
    """Tell whether it is the leg of a customer whom we called."""
    return leg.endswith(f"~{_CUSTOMER}")


def outbound_contact(name: str) -> ContactId:
    """Return the contact in which an agent calls somebody; `name` is used once."""
    return ContactId(f"{_OUTBOUND}{name}")


def bridge(contact: ContactId) -> BridgeId:
    """Return the bridge in which the parties of `contact` hear each other."""
    return BridgeId(f"{contact}~bridge")


def supervisor_leg(supervision: SupervisionId) -> LegId:
    """Return the leg to the supervisor's phone."""
    return LegId(f"{_SUPERVISION}~{supervision}~phone")


def ear(supervision: SupervisionId, number: int) -> LegId:
    """Return the `number`-th leg (from 1) on which a conversation is heard without taking part."""
    return LegId(f"{_SUPERVISION}~{supervision}~ear{number}")


def supervision_bridge(supervision: SupervisionId) -> BridgeId:
    """Return the bridge in which a supervisor's phone and ear are joined."""
    return BridgeId(f"{_SUPERVISION}~{supervision}~bridge")


def supervision_of(name: LegId | BridgeId) -> SupervisionId | None:
    """Return for whose listening a leg or bridge was made, None for those of contacts."""
    parts = name.split("~")
    return SupervisionId(parts[1]) if len(parts) == 3 and parts[0] == _SUPERVISION else None


def line_leg(agent: AgentId, begun: int) -> LegId:
    """Return the line to the agent's telephone that is kept open; `begun` in milliseconds since 1970.

    Each line has another name than the one before, also after a crash.
    """
    return LegId(f"{_LINE}~{agent}~{begun}")


def line_of(leg: LegId) -> AgentId | None:
    """Return to whose telephone a line is kept open, None for all other legs."""
    parts = leg.split("~")
    return AgentId(parts[1]) if len(parts) == 3 and parts[0] == _LINE else None


def contact_of(name: LegId | BridgeId) -> ContactId:
    """Return whose leg or bridge it is."""
    return ContactId(name.partition("~")[0])


def agent_of(leg: LegId) -> AgentId | None:
    """Return whose station the leg of a contact leads to; None for callers, somebody outside, and all others."""
    parts = leg.split("~")
    is_agent = len(parts) == 3 and parts[2] != _OUTSIDE and parts[0] not in _NO_CONTACT
    return AgentId(parts[2]) if is_agent else None


def offer_of(leg: LegId) -> int:
    """Return the number of the offer a dialled leg was made for, 0 for a caller's leg."""
    parts = leg.split("~")
    counts = len(parts) == 3 and parts[1].isdigit() and parts[0] not in _NO_CONTACT
    return int(parts[1]) if counts else 0


def run_of(action: str) -> RunId:
    """Return the run that gave out the action with this idempotency key (``run/action/visit``)."""
    return RunId(action.partition("/")[0])


def web_contact(run: RunId, revision: int) -> ContactId:
    """Return the contact in which a run is on the web since its `revision`."""
    return ContactId(f"web-{run}-{revision}")


def callback_contact(callback: str, version: int) -> ContactId:
    """Return the contact in which a call-back is made, from its `version` on in which somebody took it."""
    return ContactId(f"back-{callback}-{version}")


def is_callback(contact: ContactId | None) -> bool:
    """Tell whether a contact is a call-back that somebody took."""
    return contact is not None and contact.startswith("back-")


def is_web(contact: ContactId | None) -> bool:
    """Tell whether a contact is a web page."""
    return contact is not None and contact.startswith("web-")


def voicemail_contact(origin: ContactId) -> ContactId:
    """Return the message that is left in the call `origin`: one at most."""
    return ContactId(f"{_VOICEMAIL}-{origin}")


def is_voicemail(contact: ContactId | None) -> bool:
    """Tell whether a contact is a message that a caller left."""
    return contact is not None and contact.startswith(f"{_VOICEMAIL}-")


def answer_recording(contact: ContactId, turn: int, edition: str = "") -> RecordingId:
    """Return the name of what a caller says in answer to a turn; `edition` marks a turn said again."""
    return RecordingId(f"{contact}~{_ANSWER}{turn}{edition}")


def answer_name(recording: RecordingId) -> str:
    """Return what a spoken answer is called where people see it."""
    return f"{recording.rpartition('~')[2]}.wav"


def answer_called(contact: ContactId, name: str) -> RecordingId:
    """Return the recording in the PBX of a spoken answer that is called `name`."""
    return RecordingId(f"{contact}~{name.removesuffix('.wav')}")


def answer_file(recording: RecordingId) -> FileId:
    """Return the id of the file of a spoken answer: whoever keeps it twice keeps one."""
    return FileId(hashlib.sha256(recording.encode()).hexdigest()[:32])


def voicemail_recording(origin: ContactId, take: int) -> RecordingId:
    """Return the name of what is said in the call `origin` at the `take`-th time (from 1)."""
    return RecordingId(f"{origin}~{_VOICEMAIL}{take}")


def is_voicemail_recording(recording: RecordingId) -> bool:
    """Tell whether it is a message, which is kept when the caller hangs up, and no answer to a dialog."""
    return recording.rpartition("~")[2].startswith(_VOICEMAIL)
