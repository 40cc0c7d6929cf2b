"""A billing with a SOAP interface: holds each request against the schema in its WSDL before it answers.

Written from the WSDL and the SOAP 1.1 note alone, with nothing of the library that asks it.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path

from aiohttp import encode_basic_auth, web
from lxml import etree

from lab.ports import LOOPBACK

USER, PASSWORD = "caruso", "billing password of the tests"
ENVELOPE = "http://schemas.xmlsoap.org/soap/envelope/"
SCHEMA = "http://www.w3.org/2001/XMLSchema"
OURS = "urn:example:billing"


class Billing:
    """The system, and what was asked of it."""

    def __init__(self, wsdl: Path) -> None:
        self.url = ""
        #: Names of the requests that were fine.
        self.asked: list[str] = []
        self.wrong: list[str] = []
        self.credits: list[str] = []
        #: Answers the next requests instead.
        self.manners: Callable[[web.Request], Awaitable[web.StreamResponse]] | None = None
        found = etree.parse(str(wsdl)).find(f".//{{{SCHEMA}}}schema")
        assert found is not None
        self._schema = etree.XMLSchema(etree.fromstring(etree.tostring(found)))

    async def handle(self, request: web.Request) -> web.StreamResponse:
        """Answer a request."""
        if self.manners is not None:
            return await self.manners(request)
        if request.headers.get("Authorization") != encode_basic_auth(USER, PASSWORD):
            return web.Response(status=401)
        envelope = etree.fromstring(await request.read())
        body = envelope.find(f"{{{ENVELOPE}}}Body")
        assert body is not None
        asked = body[0]
        name = etree.QName(asked).localname
        if request.headers.get("SOAPAction", "").strip('"') != f"{OURS}#{name}":
            return fault("Client", "the SOAPAction is another one")
        if not self._schema.validate(etree.fromstring(etree.tostring(asked))):
            self.wrong.append(str(self._schema.error_log))
            return fault("Client", self.wrong[-1])
        self.asked.append(name)
        text = {etree.QName(part).localname: (part.text or "") for part in asked}
        if text["customer"] != "7":
            detail = f'<b:Refusal xmlns:b="{OURS}"><b:reason>unknown</b:reason></b:Refusal>'
            return fault("Server", f"there is no customer {text['customer']}", detail)
        if name == "GetBalance":
            return answer(
                f'<b:GetBalanceResponse xmlns:b="{OURS}"><b:amount>120.50</b:amount>'
                f"<b:due>{text.get('on') or '2026-03-01'}</b:due></b:GetBalanceResponse>"
            )
        self.credits += [str(part.findtext(f"{{{OURS}}}amount")) for part in asked.iter(f"{{{OURS}}}line")]
        number = f"<b:number>G-{len(self.credits)}</b:number>"
        return answer(f'<b:AddCreditResponse xmlns:b="{OURS}">{number}</b:AddCreditResponse>')


def answer(content: str, status: int = 200) -> web.Response:
    """Return a message."""
    text = f'<s:Envelope xmlns:s="{ENVELOPE}"><s:Body>{content}</s:Body></s:Envelope>'
    return web.Response(text=text, status=status, content_type="text/xml")


def fault(code: str, said: str, detail: str = "") -> web.Response:
    """Return a fault."""
    more = f"<detail>{detail}</detail>" if detail else ""
    content = f"<s:Fault><faultcode>s:{code}</faultcode><faultstring>{said}</faultstring>{more}</s:Fault>"
    return answer(content, 500)


@asynccontextmanager
async def billing(wsdl: Path) -> AsyncIterator[Billing]:
    """Run a billing."""
    there = Billing(wsdl)
    app = web.Application()
    app.router.add_post("/soap", there.handle)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, LOOPBACK, 0).start()
    there.url = f"http://{LOOPBACK}:{runner.addresses[0][1]}/soap"
    try:
        yield there
    finally:
        await runner.cleanup()
