"""Keeps Asterisk's dynamic PJSIP objects equal to what the agents need.

What is needed is decided in `provisioning`. Asterisk holds these objects in memory and forgets them when it
restarts.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable

import msgspec
import structlog

from caruso.comm_server.asterisk import ari
from caruso.comm_server.asterisk.ari import Request
from caruso.comm_server.asterisk.commands import Response
from caruso.comm_server.asterisk.provisioning import Fields, PjsipObject, changes, marked, station_of, wanted
from caruso.comm_server.asterisk.settings import AsteriskSettings
from caruso.model.centre import AgentProfile

#: Sends a request and returns its answer.
Ask = Callable[[Request], Awaitable[Response]]
#: Requests on their way at once, so that none waits longer than a request may.
BATCH = 500

_log = structlog.get_logger(__name__)


class Provisioner:
    """Brings the agents' phones into one Asterisk."""

    def __init__(self, settings: AsteriskSettings) -> None:
        """Want nothing yet."""
        self._settings = settings
        self._want: dict[PjsipObject, Fields] = {}
        self._have: dict[PjsipObject, Fields] = {}
        #: Which start of Asterisk `_have` is about.
        self._started: str | None = None
        self.changed = asyncio.Event()

    def set_agents(self, agents: Iterable[AgentProfile]) -> None:
        """Say whose phones are wanted from now on."""
        self._want = wanted(agents, self._settings)
        self.changed.set()

    async def bring_up(self, ask: Ask, started: str, *, ask_much: Ask) -> None:
        """After a connection: make all that an Asterisk started at `started` does not hold.

        `ask_much` is for what has long answers.
        """
        if started != self._started:
            known = await self._holds(ask, marked(self._want, self._settings))
            self._have = dict(self._want) if known else {}
            self._started = started
            if not known:
                await self.bring_changes(ask)
                await self._remove_leftovers(ask, ask_much)
                return
        await self.bring_changes(ask)

    async def bring_changes(self, ask: Ask) -> None:
        """Make Asterisk hold what is wanted."""
        self.changed.clear()
        want = self._want
        todo = changes(want, self._have)
        if not todo:
            return
        mark, fields = marked(want, self._settings)
        await ask(ari.asterisk_delete_object(config_class="res_pjsip", object_type=mark.kind, id_=mark.name))
        for first in range(0, len(todo), BATCH):
            part = todo[first : first + BATCH]
            answers = await asyncio.gather(*(ask(request) for _, request in part))
            for (item, request), answer in zip(part, answers, strict=True):
                self._note(item, want, request, answer)
        if self._have == want:
            ((_, request),) = changes({mark: fields}, {})
            await ask(request)
        _log.info("phones_provisioned", objects=len(want), changes=len(todo))

    @staticmethod
    async def _holds(ask: Ask, mark: tuple[PjsipObject, Fields]) -> bool:
        item, fields = mark
        answer = await ask(ari.asterisk_get_object(config_class="res_pjsip", object_type=item.kind, id_=item.name))
        if not answer.ok:
            return False
        held = {
            found.attribute: found.value for found in msgspec.json.decode(answer.body, type=list[ari.ConfigTuple])
        }
        return held.get("username") == dict(fields)["username"]

    def _note(
        self, item: PjsipObject, want: dict[PjsipObject, Fields], request: Request, answer: Response
    ) -> None:
        if not answer.ok and not (request.method == "DELETE" and answer.status == 404):
            _log.error("phone_refused", object=f"{item.kind}/{item.name}", reason=answer.reason)
        elif request.method == "DELETE":
            self._have.pop(item, None)
        else:
            self._have[item] = want[item]

    async def _remove_leftovers(self, ask: Ask, ask_much: Ask) -> None:
        """Remove phones an earlier run of this server made, for agents who left while it was away."""
        answer = await ask_much(ari.endpoints_list_by_tech(tech="PJSIP"))
        if not answer.ok:
            return
        for endpoint in msgspec.json.decode(answer.body, type=list[ari.Endpoint]):
            name = endpoint.resource
            if station_of(name) is None or PjsipObject("endpoint", name) in self._have:
                continue
            if await self._is_ours(ask, name):
                for kind in ("endpoint", "aor", "auth"):
                    await ask(ari.asterisk_delete_object(config_class="res_pjsip", object_type=kind, id_=name))
                _log.info("leftover_phone_removed", endpoint=name)

    async def _is_ours(self, ask: Ask, name: str) -> bool:
        """Say whether this endpoint has our phones' context: a company's own may be called alike."""
        answer = await ask(ari.asterisk_get_object(config_class="res_pjsip", object_type="endpoint", id_=name))
        if not answer.ok:
            return False
        fields = msgspec.json.decode(answer.body, type=list[ari.ConfigTuple])
        return ("context", f"{self._settings.context}-phones") in {(f.attribute, f.value) for f in fields}
