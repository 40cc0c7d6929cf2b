"""The self-service pages as routes of the web server. What goes wrong is a page in the visitor's language."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import structlog
from aiohttp import hdrs, web

from caruso.clock import Clock
from caruso.errors import CarusoError, NotFound
from caruso.model.ids import ScriptId
from caruso.script_engine.written import about
from caruso.web.refusals import Busy, Malformed, TooLarge
from caruso.web.self_service.failures import Failure, MovedOn, SessionOver, WrongMethod, failure_of
from caruso.web.self_service.front import Addresses, Front, SelfServiceSettings
from caruso.web.self_service.port import SelfServiceRuns
from caruso.web.self_service.sentences import spoken
from caruso.web.self_service.steps import Steps
from caruso.web.self_service.visitor import address_of
from caruso.web.self_service.ways import Ways

Handler = Callable[[web.Request], Awaitable[web.Response]]

#: Forms with files that are read at the same time, each of `bodies.MOST_FILE_BYTES` at most.
UPLOADS_AT_ONCE = 8
#: How many times as long as others such a request may take.
UPLOAD_PATIENCE = 8

_log = structlog.get_logger(__name__)


class SelfService:
    """Everything under ``/s/``."""

    def __init__(
        self, settings: SelfServiceSettings, runs: SelfServiceRuns, *, addresses: Addresses, clock: Clock
    ) -> None:
        """Build it; nothing is read before a request comes."""
        self._front = Front(settings, runs, addresses, clock)
        self._steps = Steps(self._front)
        self._ways = Ways(self._front)
        self._uploads = asyncio.Semaphore(UPLOADS_AT_ONCE)

    def add_to(self, router: web.UrlDispatcher) -> None:
        """Add the routes. Unknown addresses and methods below ``/s/`` are answered with a page, too."""
        steps, ways = self._steps, self._ways
        table: dict[str, dict[str, Handler]] = {
            "/s/-/{name}": {"GET": self._asset},
            "/s/resume/{token}": {"GET": ways.offer_resume, "POST": ways.resume},
            "/s/{script}": {"GET": ways.first, "POST": ways.start},
            "/s/{script}/step": {"GET": steps.current},
            "/s/{script}/step/{turn}": {"GET": steps.show, "POST": steps.take},
            "/s/{script}/draft": {"POST": steps.draft},
            "/s/{script}/more-time": {"POST": steps.more_time},
            "/s/{script}/language": {"POST": steps.language},
            "/s/{script}/answers": {"GET": steps.answers},
            "/s/{script}/answers/{index}": {"GET": steps.ask_change, "POST": steps.change},
            "/s/{script}/help": {"GET": ways.help, "POST": ways.ask_help},
            "/s/{script}/save": {"GET": ways.save, "POST": ways.mail},
            "/s/{script}/leave": {"POST": ways.leave},
        }
        for path, handlers in table.items():
            router.add_route("*", path, self._guarded(handlers))
        router.add_route("*", "/s/{rest:.*}", self._guarded({}))

    async def _asset(self, request: web.Request) -> web.Response:
        return self._front.assets.serve(request.match_info["name"])

    def _guarded(self, handlers: dict[str, Handler]) -> Handler:
        async def handle(request: web.Request) -> web.Response:
            await self._front.pages.load()
            try:
                self._front.count("requests", request)
                handler = self._handler(handlers, request)
                async with asyncio.timeout(self._seconds(request)), self._room(request):
                    return await handler(request)
            except TimeoutError:
                return self._failed(request, Busy())
            except CarusoError as error:
                return self._failed(request, error)
            except web.HTTPRequestEntityTooLarge:
                return self._failed(request, TooLarge())
            except (ConnectionError, web.RequestPayloadError):
                return self._failed(request, Malformed())
            except Exception:  # noqa: BLE001  the guard of this connection: a page, not a traceback
                return self._broken(request)

        return handle

    def _seconds(self, request: web.Request) -> float:
        """Return what a request may take; a large file comes slowly from a telephone."""
        patience = UPLOAD_PATIENCE if _brings_files(request) else 1
        return self._front.settings.request_seconds * patience

    @asynccontextmanager
    async def _room(self, request: web.Request) -> AsyncIterator[None]:
        """Let few bring files at the same time: while they come they are in memory."""
        if not _brings_files(request):
            yield
            return
        if self._uploads.locked():
            raise Busy
        async with self._uploads:
            yield

    def _handler(self, handlers: dict[str, Handler], request: web.Request) -> Handler:
        if not handlers:
            raise NotFound
        wanted = "GET" if request.method == hdrs.METH_HEAD else request.method
        if wanted not in handlers:
            raise WrongMethod
        return handlers[wanted]

    def _failed(self, request: web.Request, error: CarusoError) -> web.Response:
        failure = failure_of(error)
        if failure.key == "internal":
            return self._broken(request)
        if failure.status >= 500:
            _log.warning("self_service_failed", code=error.code, path=_template(request))
        if isinstance(error, SessionOver) and self._never_began(request):
            return self._front.go(self._home(request))
        response = self._page(request, failure)
        if isinstance(error, (SessionOver, MovedOn)):
            self._front.visitors.forget(response, ScriptId(request.match_info["script"]))
        return response

    def _never_began(self, request: web.Request) -> bool:
        """Tell whether a visitor without a cookie looks at a page of a run: the first page is what she needs."""
        return request.method in {"GET", "HEAD"} and self._front.visitors.cookie not in request.cookies

    def _broken(self, request: web.Request) -> web.Response:
        number = secrets.token_hex(4)
        _log.exception("self_service_broke", number=number, path=_template(request))
        return self._page(request, Failure(key="internal", status=500), number=number)

    def _page(self, request: web.Request, failure: Failure, **values: str) -> web.Response:
        script = self._front.runs.scripts().get(_script(request))
        language = self._front.visitors_language(request, script)
        again = failure.key in {"limit", "busy", "storage", "internal", "forged", "malformed", "large"}
        retry = f"{address_of(script.script)}/step" if script and again else ""
        text = self._front.pages.failed(
            self._front.frame(request, script, language),
            failure.key,
            retry=retry,
            home=self._home(request) if script else "",
            time=about(failure.retry_after, spoken(language)),
            **values,
        )
        response = self._front.page(text, failure.status)
        if failure.retry_after:
            response.headers[hdrs.RETRY_AFTER] = str(failure.retry_after)
        if failure.key == "method":
            response.headers[hdrs.ALLOW] = "GET, HEAD, POST"
        return response

    def _home(self, request: web.Request) -> str:
        return address_of(_script(request))


def _brings_files(request: web.Request) -> bool:
    return request.content_type == "multipart/form-data"


def _script(request: web.Request) -> ScriptId:
    """Return the script of the address, whatever follows it."""
    return ScriptId(request.match_info.get("script") or request.match_info.get("rest", "").partition("/")[0])


def _template(request: web.Request) -> str:
    """Return the path as it was declared: tokens do not belong in a log."""
    resource = request.match_info.route.resource
    return resource.canonical if resource is not None else "-"
