"""The composition root: builds a server, starts its parts in order, and stops them in the opposite one.

    port free? ─► database ─► journal taken over ─► what was going on before ─► PBX link ─► web
                                                            (nothing is offered before the PBX told what it has)

A second server on the same database takes over: the first learns it from the journal at its next write, or when
the PBX link is taken from it, and ends. The journal is taken over before anything of the past is read from it.

Parts that serve everybody run in one TaskGroup: when one of them fails, the process ends with an error and is
started again by whoever watches it, into recovery. Conversations go on meanwhile (docs/operations.md).
"""

from __future__ import annotations

import asyncio
import contextlib
import gc
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import asdict
from datetime import time
from typing import TypeVar
from zoneinfo import ZoneInfo

import structlog
from prometheus_client import REGISTRY, CollectorRegistry

import caruso
from caruso.built_in import channels_of, formats_of, plugins_of, policies_of, speech_of
from caruso.clock import SystemClock
from caruso.comm_server.asterisk.ami import AmiLink
from caruso.comm_server.asterisk.lights import Lights
from caruso.comm_server.asterisk.provisioning import DerivedPhones, endpoint_name
from caruso.comm_server.asterisk.recordings import AriRecordings
from caruso.comm_server.asterisk.tape_deck import AsteriskTapeDeck
from caruso.comm_server.asterisk.telephony import AriTelephony
from caruso.comm_server.contact_centre import ContactCentre
from caruso.comm_server.outside import Outside
from caruso.comm_server.restart import restore
from caruso.comm_server.script_library import ScriptLibrary
from caruso.comm_server.voicemail.lights import Light
from caruso.config import Config
from caruso.errors import CarusoError, RejectedInput, StorageUnavailable
from caruso.model.callbacks import Callback
from caruso.model.centre import Centre, StationKind
from caruso.model.facts import ServerStarted, ServiceChanged
from caruso.model.ids import AgentId, RunId, ScriptId
from caruso.model.records import AppliedCentre, ScriptSource
from caruso.model.run_records import OutboxAction
from caruso.model.script_versions import Rollout
from caruso.model.telephony import LinkLost, TelephonyEvent
from caruso.part_settings import (
    REPORTS_DIR,
    asterisk_settings,
    backup_order,
    backup_plan,
    business_objects,
    retention,
    web_settings,
)
from caruso.ports.timers import TimerHandle
from caruso.reporting.definitions import read_definitions
from caruso.reporting.reports import Reports
from caruso.service_manager.manager import Change
from caruso.service_manager.parts import Parts, systems_of
from caruso.services import Services
from caruso.storage.audit import Audit
from caruso.storage.backups.nightly import NightlyBackups
from caruso.storage.callbacks import Callbacks
from caruso.storage.centres import Centres
from caruso.storage.customers import Customers
from caruso.storage.disk_room import disk_room, has_room
from caruso.storage.engine import Database
from caruso.storage.facts import Facts
from caruso.storage.files import Files
from caruso.storage.histories import Histories
from caruso.storage.journal import JournalWriter
from caruso.storage.migrations import require_schema
from caruso.storage.objects.following import follow_models
from caruso.storage.privacy.personal_data import privacy_parts
from caruso.storage.privacy.retention import NightlyRetention, Retaining
from caruso.storage.recording_files import SoundFiles
from caruso.storage.recordings import Recordings
from caruso.storage.report_rows import ReportRows
from caruso.storage.runs import Runs
from caruso.storage.scripts import Scripts
from caruso.storage.tasks import Tasks
from caruso.storage.users import Users
from caruso.storage.voicemails import Voicemails
from caruso.web.api import HealthCheck
from caruso.web.self_service.house import HouseRuns
from caruso.web.server import WebServer

T = TypeVar("T")
#: Roll-outs, the versions they name, and the revision (`Scripts.in_force`).
ScriptsInForce = tuple[Mapping[ScriptId, Rollout], Sequence[ScriptSource], int]

log = structlog.get_logger(__name__)

#: Pause between looks for a newly applied centre, and for users who were disabled, seconds.
FOLLOW_SECONDS = 1.0
#: Pause between looks for call-backs, seconds.
CALLBACKS_SECONDS = 2.0
#: Pause between attempts to read the database at the start, seconds.
RETRY_SECONDS = 0.5
#: Between looks for what is long over, seconds.
TIDY_SECONDS = 600.0
#: Pause before the management plane is tried again after a fault of our own, seconds.
MANAGE_AGAIN_SECONDS = 5.0
#: What the start waits for a database that cannot be written, seconds.
TAKE_OVER_SECONDS = 2.0
#: What `stop` waits for the journal to write, seconds.
JOURNAL_CLOSE_SECONDS = 10.0

#: What `stop` waits for services that are asked, after the actions of scripts had their time, seconds.
SERVICES_CLOSE_SECONDS = 1.0


class LoopTimers:
    """Timers of the running event loop, on its monotonic clock."""

    def call_later(self, seconds: float, callback: Callable[[], None]) -> TimerHandle:
        """Call `callback` after `seconds`."""
        return asyncio.get_running_loop().call_later(seconds, callback)


class PortTaken(CarusoError):
    """Another program listens on the server's port."""

    code = "port-taken"


class _StoppedEarly(Exception):
    """Told to stop before everything was there."""


class Server:
    """Everything that runs in one process."""

    def __init__(self, config: Config, *, registry: CollectorRegistry = REGISTRY) -> None:
        """Build the parts that need nothing but settings; figures go to `registry`."""
        self._registry = registry
        self._config = config
        self._clock = SystemClock()
        self._plugins = plugins_of(config)  # first: the database's engine may be of one
        self._database = Database(config.database_url)
        self._facts = Facts(self._database)
        self._audit = Audit(self._database)
        self._centres = Centres(self._database)
        self._scripts = Scripts(self._database)
        self._objects = business_objects(config, self._database, self._clock)
        self._customers = Customers(self._objects)
        self._callbacks = Callbacks(self._database)
        self._voicemails = Voicemails(self._database)
        self._runs = Runs(self._database)
        self._users = Users(self._database)
        self._files = Files(config.server.data_dir / "files", self._runs, self._clock)
        self.journal = JournalWriter(self._database, self._clock, actions_written=self._on_actions_written)
        self._privacy = privacy_parts(
            self._database,
            config.server.data_dir / "files",
            self._clock,
            region=config.server.country,
            objects=self._objects,
            forget=self.journal.forget,
        )
        self._pbx = asterisk_settings(config)
        self._telephony = AriTelephony(self._pbx, self._on_telephony)
        self._ami = AmiLink(self._pbx, reachable=self._on_phone, watched=self._on_phones_watched)
        self._recording_files = SoundFiles(config.server.data_dir / "recordings")
        self._lights = Lights(self._ami.notify)
        self._speech = speech_of(self._plugins, config, config.speech_cache)
        self._channels = channels_of(self._plugins)
        self._centre: ContactCentre | None = None
        parts = Parts(
            customers=self._customers,
            objects=self._objects,
            callbacks=self._callbacks,
            centre=lambda: self._centre.centre() if self._centre else None,
            links=self._make_link,
            clock=self._clock,
            files=self._files,
            mail=config.mail,
            http=config.http,
            systems=systems_of(config.services),
            channels=self._channels,
        )
        self._services = Services(self._plugins, parts, config.services, changed=self._on_service_changed)
        self._backups = self._make_backups()
        self._version = 0
        self._script_revision = 0
        #: A centre could not be applied because of its scripts; others may come.
        self._centre_waits = False
        self.stopping = asyncio.Event()

    @property
    def centre(self) -> ContactCentre:
        """Return the centre; it is there once the server has started."""
        if self._centre is None:
            raise RuntimeError("the server has not started")
        return self._centre

    async def run(self, started: Callable[[WebServer], None] = lambda _: None) -> None:
        """Serve until `stopping` is set; `started` is told when browsers are served."""
        await refuse_taken_port(self._config.server.host, self._config.server.port)
        try:
            await self._until_readable(lambda: require_schema(self._database))
            async with asyncio.TaskGroup() as infrastructure:
                journal = infrastructure.create_task(self.journal.run(), name="journal")
                try:
                    await self._restore()
                    await self._serve(infrastructure, started)
                finally:
                    await self.journal.close(seconds=JOURNAL_CLOSE_SECONDS)
                    await journal
        except* _StoppedEarly:
            pass
        await self._objects.databases.dispose()
        await self._database.dispose()

    async def _restore(self) -> None:
        """Build the centre as it was. A database that only cannot be written is no reason to wait long."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(TAKE_OVER_SECONDS):
                await self.journal.taken_over.wait()
        applied = await self._until_readable(self._centres.current)
        scripts = await self._until_readable(self._scripts.in_force)
        self._centre = self._build(applied, scripts)
        await self._until_readable(
            lambda: restore(self.centre, self._facts, self._centres, self._voicemails, self._clock.now())
        )
        self.centre.stream.publish(ServerStarted(at=self._clock.now(), version=caruso.__version__))

    async def _serve(self, infrastructure: asyncio.TaskGroup, started: Callable[[WebServer], None]) -> None:
        web = self._web()
        await self._until_readable(lambda: self._shut_out(web))
        await self._services.start()
        others = [
            infrastructure.create_task(self._telephony.run(), name="telephony"),
            infrastructure.create_task(self._manage(), name="ami"),
            infrastructure.create_task(self._follow_centre(), name="follow_centre"),
            infrastructure.create_task(self._follow_users(web), name="follow_users"),
            infrastructure.create_task(self._follow_callbacks(), name="follow_callbacks"),
            infrastructure.create_task(self._tend_runs(), name="tend_runs"),
            infrastructure.create_task(self._tend_recordings(), name="tend_recordings"),
            infrastructure.create_task(self.centre.dialogs.outbox.run(), name="outbox"),
            infrastructure.create_task(self._lights.run(), name="lights"),
            infrastructure.create_task(self._services.run(), name="services"),
            infrastructure.create_task(self._nightly().run(), name="retention"),
            infrastructure.create_task(
                follow_models(self._objects, self._config.objects.models), name="follow_models"
            ),
        ]
        if self._backups is not None:
            others.append(infrastructure.create_task(self._backups.run(), name="backups"))
        try:
            await web.start()
            # What is there now stays: the collector need not walk it again and again while calls wait.
            gc.collect()
            gc.freeze()
            started(web)
            await self.stopping.wait()
        finally:
            await self._stop(web, others)

    async def _stop(self, web: WebServer, others: list[asyncio.Task[None]]) -> None:
        """End in the opposite order; calls stay up in the PBX and are taken over by the next start."""
        log.info("server_stopping")
        await web.stop()
        await self.centre.dialogs.outbox.close()
        for task in others:
            task.cancel()
        await asyncio.gather(*others, return_exceptions=True)
        await self.centre.tasks.close()
        await self._services.close(seconds=SERVICES_CLOSE_SECONDS)
        await self._speech.close()

    # -- Building ---------------------------------------------------------------------------------------------

    def _build(self, applied: AppliedCentre | None, scripts: ScriptsInForce) -> ContactCentre:
        centre = (
            applied.centre
            if applied
            else Centre(name="Caruso", timezone="UTC", queues={}, entry_points={}, agents={})
        )
        rollouts, sources, self._script_revision = scripts
        library = ScriptLibrary()
        for broken in library.replace_usable(sources, centre.hours, rollouts):
            # Its callers go to people; those of all other scripts must not wait for it to be mended.
            log.error("script_not_loaded", reason=str(broken))
        self._version = applied.version if applied else 0
        self._telephony.set_agents(centre.agents.values())
        self._lights.set_agents(centre.agents.values())
        return ContactCentre(
            centre,
            library,
            Outside(
                policies=policies_of(self._plugins),
                telephony=self._telephony,
                journal=self.journal,
                facts=self._facts,
                customers=self._customers,
                objects=self._objects,
                services=self._services.scripts,
                channels=self._channels,
                speech=self._speech,
                runs=self._runs,
                files=self._files,
                callbacks=self._callbacks,
                voicemails=self._voicemails,
                pbx_recordings=AriRecordings(self._pbx),
                show_lights=self._show_lights,
                centres=self._centres,
                secret=self._pbx.server_secret.encode(),
                public_url=self._config.public_url,
                clock=self._clock,
                timers=LoopTimers(),
                recordings=self._config.scripts.sounds,
                tape_deck=AsteriskTapeDeck(self._pbx, self._ami),
                recording_store=Recordings(self._database),
                recording_files=self._recording_files,
                recording_room=self._has_room,
                endpoint_name=endpoint_name,
                calls_outside=bool(self._config.asterisk.outside),
                region=self._config.server.country,
            ),
        )

    def _web(self) -> WebServer:
        return WebServer(
            web_settings(self._config, self._pbx),
            centre=self.centre,
            users=self._users,
            customers=self._customers,
            facts=self._facts,
            callbacks=self._callbacks,
            voicemails=self._voicemails,
            callback_moved=self._on_callback_moved,
            tasks=Tasks(self._database),
            task_changed=self.centre.stream.publish,
            scripts=self._scripts,
            runs=self._runs,
            script_objects=self._objects,
            objects=self._objects,
            history=Histories(self._audit, self._objects),
            accesses=self._privacy.accesses,
            personal=self._privacy.personal,
            phones=DerivedPhones(self._pbx),
            clock=self._clock,
            health=self._health_checks(),
            registry=self._registry,
            self_service=self._public_runs(),
            services=self._services,
            workers=self._services.workers,
            files=self._files,
            reports=self._reports(),
            report_formats=formats_of(self._plugins),
        )

    def _reports(self) -> Reports:
        try:
            definitions = read_definitions(REPORTS_DIR)
        except RejectedInput as broken:
            # A report that cannot be made is no reason to take no calls.
            log.error("reports_not_loaded", reason=str(broken))
            definitions = ()
        return Reports(definitions, store=ReportRows(self._database), centre=self.centre.centre)

    def _public_runs(self) -> HouseRuns:
        return HouseRuns(
            self.centre.dialogs.web,
            centre=self.centre.centre,
            dialog=self.centre.library.current,
            services=self._services.manager,
            clock=self._clock,
            mails=bool(self._config.mail.host),
        )

    def _health_checks(self) -> Mapping[str, HealthCheck]:
        checks = {
            "journal": self._journal_health,
            "disk": lambda: disk_room(self._config.server.data_dir),
            "recordings": self.centre.recordings.health,
        }
        if self._manages:
            checks["ami"] = self._ami_health
        if self._backups is not None:
            checks["backup"] = self._backups.health
        return checks

    def _has_room(self) -> bool:
        return has_room(self._config.server.data_dir)

    def _make_backups(self) -> NightlyBackups | None:
        plan = backup_plan(self._config)
        if plan is None:
            return None
        order = backup_order(self._config)
        return NightlyBackups(plan, order, self._clock, zone=self._zone)

    def _nightly(self) -> NightlyRetention:
        return NightlyRetention(
            Retaining(self._database, self._privacy.erasing, self._privacy.objects, self._clock),
            retention(self._config),
            self._clock,
            at=time.fromisoformat(self._config.retention.at),
            zone=self._zone,
        )

    def _zone(self) -> ZoneInfo:
        return ZoneInfo(self.centre.centre().timezone)

    def _ami_health(self) -> Mapping[str, object]:
        return {"ok": self._ami.up, "failure": "" if self._ami.up else self._ami.failure}

    def _journal_health(self) -> Mapping[str, object]:
        status = self.journal.status()
        return {"ok": status.healthy, **asdict(status)}

    def _on_telephony(self, event: TelephonyEvent) -> None:
        if isinstance(event, LinkLost):
            self.journal.verify()  # another server may have taken the PBX over, and the journal with it
        self.centre.on_telephony(event)

    async def _make_link(self, run: RunId) -> str:
        """Return the address of a page on which a run goes on."""
        return (await self.centre.dialogs.passes.link(run, by="script")).url

    def _on_callback_moved(self, callback: Callback) -> None:
        """Give the dialog of a call-back to the agent who takes it, and take it off the desk afterwards."""
        log.info("callback_moved", agent_id=callback.agent, callback_id=callback.id, state=callback.state)
        self.centre.dialogs.moves.callback_moved(callback)
        self.centre.waiting.call_backs.moved(callback)

    def _on_actions_written(self, actions: Sequence[OutboxAction]) -> None:
        """Let actions of scripts begin; those from before the centre was built are found by the outbox itself."""
        if self._centre is not None:
            self._centre.dialogs.outbox.begin(actions)

    def _on_service_changed(self, change: Change) -> None:
        """Keep for the record who changed what."""
        if self._centre is not None:
            self.centre.stream.publish(
                ServiceChanged(
                    at=self._clock.now(),
                    change=change.kind,
                    service=change.service,
                    version=change.version,
                    before=change.before,
                    by=change.by,
                )
            )

    def _on_phone(self, agent: AgentId, kind: StationKind, reachable: bool | None) -> None:
        self.centre.on_phone(agent, kind, reachable)
        self._lights.on_phone(agent, kind, reachable)

    def _show_lights(self, lights: Mapping[AgentId, Light]) -> None:
        self._lights.show({agent: (light.new, light.old) for agent, light in lights.items()})

    def _on_phones_watched(self, watched: bool) -> None:
        self.centre.on_phones_watched(watched)

    # -- Running ----------------------------------------------------------------------------------------------

    @property
    def _manages(self) -> bool:
        """Whether there is a management plane: without its secret there is none, and calls do not miss it."""
        return bool(self._pbx.ami_secret)

    async def _manage(self) -> None:
        """Hold the management plane up. Whatever goes wrong there, calls must not notice."""
        if not self._manages:
            log.warning("ami_not_set_up")
            return
        while True:
            try:
                await self._ami.run()
            except Exception:
                log.exception("ami_failed")
            await asyncio.sleep(MANAGE_AGAIN_SECONDS)

    async def _until_readable(self, read: Callable[[], Awaitable[T]]) -> T:
        """Read at the start, and again while the database is not there; callers hear music meanwhile."""
        while not self.stopping.is_set():
            try:
                return await read()
            except StorageUnavailable as error:
                log.warning("database_awaited", reason=str(error))
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(RETRY_SECONDS):
                    await self.stopping.wait()
        raise _StoppedEarly

    async def _follow_centre(self) -> None:
        """Put a newly applied centre in force; one that cannot be loaded leaves the present one as it is."""
        while True:
            await asyncio.sleep(FOLLOW_SECONDS)
            try:
                changed = await self._scripts.revision() != self._script_revision
                if await self._centres.current_version() != self._version or (changed and self._centre_waits):
                    await self._take_over()
                elif changed:
                    await self._take_scripts_over(self.centre.centre())
            except StorageUnavailable:
                continue  # the journal's health tells
            except Exception:
                log.exception("centre_not_applied", version=self._version)

    async def _follow_users(self, web: WebServer) -> None:
        """Let nobody go on whose user was disabled."""
        while True:
            await asyncio.sleep(FOLLOW_SECONDS)
            try:
                await self._shut_out(web)
            except StorageUnavailable:
                continue  # the journal's health tells
            except Exception:
                log.exception("users_not_followed")

    async def _shut_out(self, web: WebServer) -> None:
        out = await self._users.shut_out()
        web.shut_out(out.users)  # first, for this closes consoles as those of sessions that ended
        self.centre.shut_out(out)

    async def _follow_callbacks(self) -> None:
        """Show how many call-backs wait; other servers and commands change them too."""
        while True:
            try:
                await self.centre.waiting.call_backs.call_due()
                waiting = await self._callbacks.open_counts()
                self.centre.set_callbacks(waiting)
                await self.centre.waiting.call_backs.look_after(waiting)
            except StorageUnavailable:
                pass  # the journal's health tells
            except Exception:
                log.exception("callbacks_not_counted")
            await asyncio.sleep(CALLBACKS_SECONDS)

    async def _tend_runs(self) -> None:
        """Release runs that no call leads any more after a restart; drop, again and again, what is long over.

        The switches of the audit are set here as well: a start must not wait for a database that is locked.
        """
        released = False
        while True:
            try:
                if not released:
                    await self._audit.switch_off(self._config.audit.off)
                    await self._runs.release_others(self.centre.dialogs.conversations.live_runs())
                    released = True
                await self.centre.dialogs.durable.tend()
                await self.centre.voicemail.collecting.erase_expired()
                await self._runs.tidy(self._clock.now())
            except StorageUnavailable:
                await asyncio.sleep(RETRY_SECONDS)
                continue
            except Exception:
                log.exception("runs_not_tended")
            await asyncio.sleep(TIDY_SECONDS)

    async def _tend_recordings(self) -> None:
        """Bring here what an earlier process left; drop, again and again, what is too old."""
        resumed = False
        while True:
            try:
                if not resumed:
                    await self.centre.recordings.resume()
                    resumed = True
                await self.centre.recordings.tend()
            except StorageUnavailable:
                await asyncio.sleep(RETRY_SECONDS)
                continue
            except Exception:
                log.exception("recordings_not_tended")
            await asyncio.sleep(TIDY_SECONDS)

    async def _take_over(self) -> None:
        applied = await self._centres.current()
        if applied is None:
            return
        self._version = applied.version
        self._centre_waits = not await self._take_scripts_over(applied.centre)
        if self._centre_waits:
            log.error("centre_not_applied", version=applied.version)
            return
        self._telephony.set_agents(applied.centre.agents.values())
        self._lights.set_agents(applied.centre.agents.values())
        self.centre.apply(applied.centre)
        log.info("centre_applied", version=applied.version)

    async def _take_scripts_over(self, centre: Centre) -> bool:
        """Lead new contacts by the scripts in force now; when one cannot be loaded, all stay as they are."""
        rollouts, sources, self._script_revision = await self._scripts.in_force()
        try:
            await asyncio.to_thread(self.centre.library.replace, sources, centre.hours, rollouts)
        except RejectedInput as error:
            log.error("scripts_not_taken_over", revision=self._script_revision, reason=str(error))
            return False
        log.info("scripts_taken_over", revision=self._script_revision)
        return True


async def refuse_taken_port(host: str, port: int) -> None:
    """Raise `PortTaken` before anything is taken over from a server that runs: it is probably this one."""
    if not port:
        return
    try:
        probe = await asyncio.start_server(lambda *_: None, host, port)
    except OSError as error:
        raise PortTaken(f"The server cannot listen on {host} port {port}: {error.strerror or error}") from error
    probe.close()
    await probe.wait_closed()
