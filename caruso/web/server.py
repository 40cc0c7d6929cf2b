"""The web server: one aiohttp application with pages, API and sockets. `caruso.app` starts and stops it.

Knows how the parts of `caruso.web` hang together, and nothing of what they do.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Collection, Mapping
from types import MappingProxyType

import msgspec
import structlog
from aiohttp import hdrs, web
from prometheus_client import REGISTRY, CollectorRegistry

import caruso
from caruso.business_objects.model import Model
from caruso.business_objects.records import ObjectStore
from caruso.clock import Clock, SystemClock
from caruso.comm_server.script_publishing import Publisher
from caruso.errors import NotAllowed
from caruso.model.centre import Role
from caruso.model.facts import AnyFact
from caruso.model.ids import UserId
from caruso.ports.callbacks import CallbackStore
from caruso.ports.customers import AccessLog, CustomerStore, PersonalData, RecordHistory
from caruso.ports.journal import FactStore
from caruso.ports.runs import RunFiles, RunStore
from caruso.ports.scripts import ScriptObjects, ScriptStore
from caruso.ports.tasks import TaskStore
from caruso.ports.telephony import Phones
from caruso.ports.users import UserStore
from caruso.ports.voicemails import VoicemailStore
from caruso.reporting.formats import ReportFormats, with_formats
from caruso.reporting.formats import report_formats as own_formats
from caruso.service_manager.remote.directory import Directory
from caruso.web.api import Api, HealthCheck, Sources
from caruso.web.audit_api import AuditApi
from caruso.web.binding import operations_of
from caruso.web.callback_api import CallbackApi, CallbackSources, MovedListener
from caruso.web.centre_port import ContactCentre
from caruso.web.console_files import ConsoleFiles
from caruso.web.console_socket import ConsoleSockets
from caruso.web.contact_files import ContactFiles
from caruso.web.decision_api import DecisionApi, DecisionSources
from caruso.web.desk_files import ONE as ONE_DESK_FILE
from caruso.web.desk_files import PATH as DESK_FILES
from caruso.web.desk_files import DeskFiles
from caruso.web.edge import REQUEST_ID, REQUEST_ID_HEADER, Edge
from caruso.web.gate import Gate
from caruso.web.headers import OF_PAGES, fixed_headers
from caruso.web.kept_files import CONTACT_FILE
from caruso.web.metrics import WebMetrics
from caruso.web.monitor_socket import MonitorSockets
from caruso.web.object_api import ObjectApi
from caruso.web.object_openapi import with_classes
from caruso.web.openapi import describe
from caruso.web.passwords import Passwords
from caruso.web.privacy_api import EXPORT_PATH, CustomerExport, PrivacyApi
from caruso.web.recording_api import PATH as RECORDED_SOUNDS
from caruso.web.recording_api import RecordedSounds, RecordingApi
from caruso.web.report_api import ReportApi, ReportMaker, ReportSources
from caruso.web.script_library_api import ScriptLibraryApi
from caruso.web.script_tools import ScriptSources, ScriptTools
from caruso.web.self_service.front import SelfServiceSettings
from caruso.web.self_service.port import SelfServiceRuns
from caruso.web.self_service.site import SelfService
from caruso.web.service_metrics import ServiceMetrics
from caruso.web.services_api import ServicesApi
from caruso.web.services_port import Services
from caruso.web.sessions import Sessions
from caruso.web.settings import WebSettings
from caruso.web.sign_in import SignIn
from caruso.web.supervision_api import SupervisionApi
from caruso.web.task_api import TaskApi, TaskSources
from caruso.web.voicemail_api import VoicemailApi, VoicemailSources
from caruso.web.voicemail_sound import PATH as VOICEMAIL_SOUND
from caruso.web.voicemail_sound import VoicemailSound
from caruso.web.wire_log import wire_log
from caruso.web.worker_socket import PATH as WORKERS
from caruso.web.worker_socket import WorkerSockets

_log = structlog.get_logger(__name__)


class WebServer:
    """Everything browsers reach."""

    def __init__(
        self,
        settings: WebSettings,
        *,
        centre: ContactCentre,
        users: UserStore,
        customers: CustomerStore,
        facts: FactStore,
        callbacks: CallbackStore,
        voicemails: VoicemailStore,
        tasks: TaskStore,
        scripts: ScriptStore,
        runs: RunStore,
        script_objects: ScriptObjects,
        phones: Phones,
        clock: Clock | None = None,
        health: Mapping[str, HealthCheck] = MappingProxyType({}),
        callback_moved: MovedListener = lambda callback: None,
        task_changed: Callable[[AnyFact], None] = lambda fact: None,
        registry: CollectorRegistry = REGISTRY,
        self_service: SelfServiceRuns | None = None,
        files: RunFiles | None = None,
        objects: ObjectStore | None = None,
        reports: ReportMaker,
        report_formats: ReportFormats | None = None,
        services: Services | None = None,
        workers: Directory | None = None,
        history: RecordHistory | None = None,
        accesses: AccessLog | None = None,
        personal: PersonalData | None = None,
    ) -> None:
        """Build it; nothing listens before `start`. `health`: parts of the server by name, e.g. ``journal``.

        Scripts are tried with `runs` that are kept and with `script_objects`.
        Reports are written as `report_formats`, the server's own when not given.
        Without `self_service` there are no public pages; without `files` agents keep none and hear no messages;
        without `objects` nobody can ask for business objects;
        without `services` there is nothing to be seen of them; without `workers` no service connects itself;
        without `history` no one sees what records were, without `accesses` nobody who looked at a customer, and
        without `personal` none is exported or erased.
        `callback_moved` is told of each call-back that changes hands, `task_changed` what was written of a task.
        """
        clock = clock or SystemClock()
        self._settings = settings
        self._passwords = Passwords()
        self._metrics = WebMetrics(registry)
        self._sessions = Sessions(users, clock, lifetime=settings.session_lifetime, idle=settings.session_idle)
        self._gate = Gate(settings, self._sessions)
        sign_in = SignIn(settings, users, self._passwords, self._sessions, clock)
        sources = Sources(
            centre=centre,
            customers=customers,
            facts=facts,
            phones=phones,
            clock=clock,
            health=health,
            country=settings.country,
            accesses=accesses,
        )
        promised = CallbackSources(centre=centre, callbacks=callbacks, clock=clock, moved=callback_moved)
        left = VoicemailSources(centre=centre, voicemails=voicemails, files=files)
        formats = report_formats or with_formats(own_formats())
        apis: tuple[object, ...] = (
            Api(sources, self._sessions, sign_in),
            DecisionApi(DecisionSources(centre=centre, facts=facts)),
            ReportApi(ReportSources(centre=centre, reports=reports, clock=clock, formats=formats)),
            CallbackApi(promised),
            VoicemailApi(left),
            TaskApi(
                TaskSources(
                    centre=centre,
                    tasks=tasks,
                    facts=facts,
                    customers=customers,
                    clock=clock,
                    record=task_changed,
                )
            ),
            SupervisionApi(centre.supervisors),
            RecordingApi(centre, clock),
            ScriptTools(
                ScriptSources(clock=clock, scripts=scripts, runs=runs, objects=script_objects, accesses=accesses)
            ),
            ScriptLibraryApi(
                scripts,
                Publisher(scripts, centre.centre, clock, services, lambda: objects.model if objects else None),
                clock,
            ),
        )
        self._objects = objects
        self._described: tuple[Model | None, bytes] | None = None
        if objects is not None:
            apis = (*apis, ObjectApi(objects, clock, accesses))
        if services is not None:
            apis = (*apis, ServicesApi(services))
            ServiceMetrics(services, registry)
        if history is not None:
            apis = (*apis, AuditApi(history))
        self._export = None
        if personal is not None and accesses is not None:
            apis = (*apis, PrivacyApi(personal, accesses))
            self._export = CustomerExport(personal, self._gate)
        self._operations = tuple(operation for api in apis for operation in operations_of(api))
        self._consoles = ConsoleSockets(centre, self._gate, self._sessions, clock, self._metrics)
        self._monitors = MonitorSockets(centre, self._gate, self._sessions, self._metrics)
        self._self_service = (
            SelfService(_public(settings), self_service, addresses=self._gate, clock=clock)
            if self_service is not None
            else None
        )
        self._desk_files = DeskFiles(centre, files, self._gate) if files is not None else None
        self._contact_files = ContactFiles(sources, files, self._gate) if files is not None else None
        self._recorded = RecordedSounds(centre, self._gate)
        self._sounds = VoicemailSound(left, files, self._gate) if files is not None else None
        self._workers = WorkerSockets(workers) if workers is not None else None
        self._runner = web.AppRunner(
            self._application(), access_log=None, logger=wire_log(), shutdown_timeout=settings.stop_seconds
        )
        self._site: web.TCPSite | None = None

    async def start(self) -> None:
        """Listen; raise `OSError` when the address is taken."""
        await self._runner.setup()
        self._site = web.TCPSite(
            self._runner, self._settings.host, self._settings.port, ssl_context=self._settings.tls(), backlog=512
        )
        await self._site.start()
        _log.info("web_started", url=self.url)

    async def stop(self) -> None:
        """Say good-bye to open sockets, answer what was asked, and listen no more."""
        self._consoles.say_good_bye()
        self._monitors.say_good_bye()
        if self._workers is not None:
            self._workers.say_good_bye()
        await asyncio.sleep(0)
        await self._runner.cleanup()
        await self._sessions.close()
        self._passwords.close()
        _log.info("web_stopped")

    def shut_out(self, users: Collection[UserId]) -> None:
        """End the sessions of `users`, who are disabled, with their sockets; nobody else is shut out any more."""
        self._sessions.shut_out(users)

    def routes(self) -> Collection[web.AbstractRoute]:
        """Return everything that is served."""
        return tuple(self._runner.app.router.routes())

    @property
    def port(self) -> int:
        """Return the port it listens on."""
        addresses = self._runner.addresses
        return int(addresses[0][1]) if addresses else self._settings.port

    @property
    def url(self) -> str:
        """Return where browsers find it."""
        scheme = "https" if self._settings.tls_certificate else "http"
        host = f"[{self._settings.host}]" if ":" in self._settings.host else self._settings.host
        return self._settings.public_url or f"{scheme}://{host}:{self.port}"

    def _application(self) -> web.Application:
        edge = Edge(self._settings, self._gate, self._metrics)
        app = web.Application(middlewares=[edge.middleware()], client_max_size=self._settings.body_limit)
        app.on_response_prepare.append(self._put_headers)
        for operation in self._operations:
            app.router.add_route(operation.method, operation.path, edge.handler(operation))
        app.router.add_get("/api/openapi.json", self._serve_openapi)
        app.router.add_get("/metrics", self._serve_metrics)
        app.router.add_get("/ws/console", self._consoles.handle)
        app.router.add_get("/ws/monitor", self._monitors.handle)
        app.router.add_get(RECORDED_SOUNDS, self._recorded.serve)
        if self._workers is not None:
            app.router.add_get(WORKERS, self._workers.handle)
        if self._export is not None:
            app.router.add_get(EXPORT_PATH, self._export.serve)
        if self._desk_files is not None:
            app.router.add_post(DESK_FILES, self._desk_files.take)
            app.router.add_get(ONE_DESK_FILE, self._desk_files.show)
        if self._contact_files is not None:
            app.router.add_get(CONTACT_FILE, self._contact_files.show)
        if self._sounds is not None:
            app.router.add_get(VOICEMAIL_SOUND, self._sounds.serve)
        if self._self_service is not None:
            self._self_service.add_to(app.router)
        files = ConsoleFiles(self._settings.dist, connect_to=self._settings.phone_urls)
        app.router.add_get("/{path:.*}", files.serve)
        return app

    async def _put_headers(self, request: web.Request, response: web.StreamResponse) -> None:
        for name, value in fixed_headers(https=self._settings.https).items():
            if name not in OF_PAGES or name not in response.headers:
                response.headers[name] = value
        response.headers[REQUEST_ID_HEADER] = request.get(REQUEST_ID, "-")

    async def _serve_openapi(self, _: web.Request) -> web.StreamResponse:
        # Made in a thread, for it takes 50 ms, when somebody asks, which few do; again once classes have changed.
        model = self._objects.model if self._objects is not None else None
        if self._described is None or self._described[0] is not model:
            self._described = (model, await asyncio.to_thread(self._description, model))
        return web.Response(
            body=self._described[1],
            content_type="application/json",
            headers={hdrs.CACHE_CONTROL: "no-cache"},
        )

    def _description(self, model: Model | None) -> bytes:
        document = describe(self._operations, version=caruso.__version__, cookie=self._gate.cookie)
        whole = document if model is None else with_classes(document, model)
        return msgspec.json.format(msgspec.json.encode(whole))

    async def _serve_metrics(self, request: web.Request) -> web.StreamResponse:
        """Give figures to programs on this machine, and to admins."""
        if not self._gate.is_on_this_machine(request) and await self._gate.admit(request, Role.ADMIN) is None:
            raise NotAllowed
        return web.Response(
            body=self._metrics.text(), headers={hdrs.CONTENT_TYPE: "text/plain; version=0.0.4; charset=utf-8"}
        )


def _public(settings: WebSettings) -> SelfServiceSettings:
    return SelfServiceSettings(
        secret=settings.secret,
        public_origin=settings.public_origin,
        https=settings.https,
        dist=settings.dist,
        limits=settings.self_service_limits,
        request_seconds=settings.request_seconds,
    )
