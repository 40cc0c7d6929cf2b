"""What the contact centre stands on: the PBX, stores, services, and time. `caruso.app` hands it in."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from caruso.clock import Clock
from caruso.comm_server.acd.policy import Policies
from caruso.comm_server.agents.stations import EndpointName
from caruso.comm_server.voicemail.lights import Light
from caruso.model.ids import AgentId
from caruso.ports.callbacks import CallbackStore
from caruso.ports.centres import CentreStore
from caruso.ports.customers import CustomerStore
from caruso.ports.journal import FactStore, Journal
from caruso.ports.recordings import RecordingFiles, Recordings, RecordingStore, TapeDeck
from caruso.ports.runs import RunFiles, RunStore
from caruso.ports.scripts import ActionServices, ScriptObjects
from caruso.ports.speech import SpeechSynthesis
from caruso.ports.telephony import Telephony
from caruso.ports.timers import Timers
from caruso.ports.voicemails import VoicemailStore
from caruso.service_manager.message_channels import MessageChannels


@dataclass(frozen=True, slots=True, kw_only=True)
class Outside:
    """What the centre stands on."""

    telephony: Telephony
    journal: Journal
    facts: FactStore
    customers: CustomerStore
    objects: ScriptObjects
    services: ActionServices
    #: Ways in which messages reach customers.
    channels: MessageChannels
    speech: SpeechSynthesis
    #: Who is asked first, by the name in ``centre.toml``.
    policies: Policies
    #: Runs that live in the database, and the actions of all runs.
    runs: RunStore
    files: RunFiles
    callbacks: CallbackStore
    voicemails: VoicemailStore
    #: What the PBX has recorded.
    pbx_recordings: Recordings
    #: Shows on agents' phones whether messages wait.
    show_lights: Callable[[Mapping[AgentId, Light]], None]
    #: Where older versions of scripts are.
    centres: CentreStore
    clock: Clock
    timers: Timers
    #: What hashes of short codes are made with.
    secret: bytes
    #: How customers' browsers reach the server.
    public_url: str
    #: Folder of recorded prompts, one sub-folder per language.
    recordings: Path
    #: Where calls are recorded, what is known of recordings, and where they are kept.
    tape_deck: TapeDeck
    recording_store: RecordingStore
    recording_files: RecordingFiles
    #: Whether there is room for more of them.
    recording_room: Callable[[], bool]
    #: Under what name the PBX knows an agent's phone.
    endpoint_name: EndpointName
    #: Whether numbers outside can be called, and of which country they are without its code (ISO 3166).
    calls_outside: bool = False
    region: str = ""
