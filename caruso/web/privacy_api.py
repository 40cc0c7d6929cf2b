"""Who looked at a customer; giving out all that is kept of one; erasing one. For admins; each use is logged."""

from __future__ import annotations

import asyncio
import tempfile
from datetime import datetime

from aiohttp import hdrs, web

from caruso.model.acting import acting
from caruso.model.centre import Role
from caruso.ports.customers import AccessLog, PersonalData
from caruso.web.binding import mistake, operation
from caruso.web.call import Call
from caruso.web.gate import Gate
from caruso.web.resources import Request, Resource

EXPORT_PATH = "/api/customers/{customer}/export"
#: Bytes of an export that are kept in memory; beyond that it is a file nobody else can open.
IN_MEMORY = 4_000_000
_PIECE = 64 * 1024


class Erasure(Request, frozen=True, kw_only=True):
    """The customer's id once more: it cannot be undone."""

    confirm: str


class ErasedView(Resource, frozen=True, kw_only=True):
    """What was done; the pseudonym stands in the place of the customer's id now."""

    pseudonym: str
    contacts: int
    runs: int
    callbacks: int
    #: Business objects, beside the customer's own record.
    objects: int
    files: int


class AccessLine(Resource, frozen=True, kw_only=True):
    """Somebody looked at the customer: `card`, `export`, `erasure`."""

    at: datetime
    what: str
    by: str
    role: str
    channel: str
    address: str


class PrivacyApi:
    """All operations for personal data."""

    def __init__(self, personal: PersonalData, accesses: AccessLog) -> None:
        """Know whom to ask."""
        self._personal = personal
        self._accesses = accesses

    @operation("GET", "/api/customers/{customer}/accesses", role=Role.ADMIN)
    async def accesses(self, call: Call, customer: str) -> list[AccessLine]:
        """List who looked at a customer, newest first."""
        return [
            AccessLine(**{name: getattr(access, name) for name in AccessLine.__struct_fields__})
            for access in await self._accesses.of(customer)
        ]

    @operation("POST", "/api/customers/{customer}/erase", role=Role.ADMIN)
    async def erase(self, call: Call, customer: str, body: Erasure) -> ErasedView:
        """Make a customer unrecognizable in all that is kept, for ever; figures stay."""
        if body.confirm != customer:
            raise mistake("confirm", "This is not the id of the customer.")
        done = await self._personal.erase(customer)
        return ErasedView(**{name: getattr(done, name) for name in ErasedView.__struct_fields__})


class CustomerExport:
    """Serves all that is kept of a customer as a ZIP."""

    def __init__(self, personal: PersonalData, gate: Gate) -> None:
        """Ask `personal`; `gate` lets admins in."""
        self._personal = personal
        self._gate = gate

    async def serve(self, request: web.Request) -> web.StreamResponse:
        """Answer with the ZIP."""
        signed_in = await self._gate.admit(request, Role.ADMIN)
        assert signed_in is not None  # noqa: S101 -- a role was asked for
        customer = request.match_info["customer"]
        actor = signed_in.actor("web", self._gate.address(request))
        with tempfile.SpooledTemporaryFile(max_size=IN_MEMORY) as made, acting(actor):
            await self._personal.export(customer, made)
            made.seek(0)
            response = web.StreamResponse(
                headers={
                    hdrs.CONTENT_TYPE: "application/zip",
                    hdrs.CONTENT_DISPOSITION: 'attachment; filename="customer.zip"',
                    hdrs.CACHE_CONTROL: "no-store",
                }
            )
            await response.prepare(request)
            while piece := await asyncio.to_thread(made.read, _PIECE):
                await response.write(piece)
            await response.write_eof()
        return response
