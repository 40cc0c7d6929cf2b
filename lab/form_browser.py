"""A browser without scripts: fetches pages, fills in forms, keeps cookies. It sees what the HTML says."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any, Self
from urllib.parse import urljoin

import aiohttp
from lxml import html


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """What came back."""

    status: int
    url: str
    headers: Mapping[str, str]
    text: str
    tree: Any = field(repr=False)

    @property
    def title(self) -> str:
        """Return what stands in the window's title."""
        return str(self.tree.findtext(".//title") or "")

    @property
    def heading(self) -> str:
        """Return the first heading's text, without marks."""
        found = self.tree.xpath("//h1")
        for mark in self.tree.xpath("//h1//*[@class='mark']"):
            mark.text = ""
        return " ".join(found[0].text_content().split()) if found else ""

    @property
    def notice(self) -> str:
        """Return the sentence above everything else."""
        return "".join(self.tree.xpath("//*[@id='notice']/text()"))

    def texts(self, path: str) -> list[str]:
        """Return the texts of what an XPath finds."""
        return [" ".join(found.text_content().split()) for found in self.tree.xpath(path)]

    def form(self, action: str = "") -> Any:
        """Return the first form of the main part, or the one that leads to an address that ends so."""
        return next(form for form in self.tree.xpath("//form") if str(form.get("action") or "").endswith(action))


class FormBrowser:
    """One browser."""

    def __init__(self, url: str, *, language: str = "en", address: str = "") -> None:
        """Talk to the server at `url`; `address` is claimed as a proxy would."""
        self.url = url
        self._headers = {"Accept-Language": language} | ({"X-Forwarded-For": address} if address else {})
        self._http = aiohttp.ClientSession(cookie_jar=aiohttp.CookieJar(unsafe=True))
        self.page: Page | None = None

    async def __aenter__(self) -> Self:
        """Be open."""
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close all connections."""
        await self._http.close()

    @property
    def cookies(self) -> list[Any]:
        """Return the cookies that are held."""
        return list(self._http.cookie_jar)

    @property
    def holds_a_run(self) -> bool:
        """Tell whether a run could be gone on with."""
        return any(cookie.key.endswith("caruso-run") for cookie in self._http.cookie_jar)

    async def get(self, path: str) -> Page:
        """Open a page."""
        return await self.request("GET", path)

    async def request(self, method: str, path: str, *, follow: bool = True, **options: Any) -> Page:
        """Ask for anything; headers given are added."""
        headers = self._headers | options.pop("headers", {})
        url = urljoin(self.page.url if self.page else self.url, path)
        async with self._http.request(method, url, headers=headers, allow_redirects=follow, **options) as answer:
            text = await answer.text()
            self.page = Page(
                status=answer.status,
                url=str(answer.url),
                headers=answer.headers.copy(),
                text=text,
                tree=html.fromstring(text or "<html></html>"),
            )
        return self.page

    async def start(self, script: str, *, wait: Any = None) -> Page:
        """Open a script's first page and press its button; `wait` lets a person's time pass."""
        page = await self.get(f"/s/{script}")
        if wait is not None:
            wait()
        return await self.send(page.form(f"/s/{script}"))

    async def answer(self, *values: str, **more: str) -> Page:
        """Answer the only question of the page and press the button."""
        page = self._shown()
        return await self.send(page.form(f"/step/{page.url.split('/step/')[1].split('?')[0]}"), values, **more)

    async def send(self, form: Any, values: Sequence[str] | None = None, **more: str) -> Page:
        """Send a form as it stands, with `values` as the answer of its only question; `more` fields by name."""
        data = form_data(form, values, more)
        headers = {"Origin": "null", "Sec-Fetch-Site": "same-origin"}
        return await self.request("POST", form.get("action") or self._shown().url, data=data, headers=headers)

    def _shown(self) -> Page:
        assert self.page is not None
        return self.page


def form_data(
    form: Any, values: Sequence[str] | None = None, more: Mapping[str, str] | None = None
) -> aiohttp.FormData:
    """Return what a form sends: its own values, but `values` for its only question, and `more` fields."""
    pairs = [(name, value) for name, value in form.form_values() if name not in (more or {})]
    button = form.xpath(".//button[@name]")
    if button and button[0].get("name") not in (more or {}):
        pairs.append((button[0].get("name"), button[0].get("value")))
    if values is not None:  # an empty one ticks nothing
        names = [
            f for f in form.fields if f and f.startswith("a.") and not f.endswith((".other", ".typed", ".file"))
        ]
        asked = min(names, key=len, default="")
        pairs = [(name, value) for name, value in pairs if name != asked]
        pairs += [(asked, value) for value in values]
    data = aiohttp.FormData(quote_fields=False)
    for name, value in [*pairs, *(more or {}).items()]:
        data.add_field(name, value)
    return data
