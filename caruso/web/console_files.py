"""Serve the built console: files as they are, and ``index.html`` for every page the console itself draws.

While it has not been built, a page tells how. Knows nothing about what the console does.
"""

from __future__ import annotations

import asyncio
import secrets
from pathlib import Path

from aiohttp import hdrs, web

from caruso.errors import NotFound
from caruso.web.headers import NONCE_MARK, page_policy

#: The build puts a hash of the content into these names: they never change.
_HASHED = "assets/"
#: Where programs look; they must not be answered with a page.
_NOT_PAGES = frozenset({"api", "ws"})
_FOR_EVER = "public, max-age=31536000, immutable"
#: Kept, but asked for again each time.
_CHECK = "no-cache"

_INDEX = "index.html"

_NOT_BUILT = """<!doctype html>
<html lang="en"><meta charset="utf-8"><title>Caruso – console not built</title>
<style>body{font:16px/1.5 system-ui,sans-serif;max-width:40rem;margin:4rem auto;padding:0 1rem}
code{background:#eee;padding:.1rem .3rem}</style>
<h1>The server is up, the console is not built yet</h1>
<p>Run <code>make console</code> in Caruso's folder (or <code>npm ci &amp;&amp; npm run build</code> in
<code>agent_ui</code>), then reload this page. Nothing has to be restarted.</p>
<p>The API is there already: <a href="/api/openapi.json">its description</a>.</p></html>
"""


class ConsoleFiles:
    """The folder with the built console."""

    def __init__(self, dist: Path, *, connect_to: tuple[str, ...]) -> None:
        """Read nothing yet: it may be built later."""
        self._dist = dist.resolve()
        self._connect_to = connect_to

    async def serve(self, request: web.Request) -> web.StreamResponse:
        """Answer with the file, or the page."""
        wanted = request.match_info.get("path", "")
        if wanted.split("/")[0] in _NOT_PAGES:
            raise NotFound("There is nothing at this address.")
        path = await asyncio.to_thread(self._find, wanted)
        if path is not None:
            caching = _FOR_EVER if wanted.startswith(_HASHED) else _CHECK
            return web.FileResponse(path, headers={hdrs.CACHE_CONTROL: caching})
        if wanted == _INDEX:
            wanted = ""
        if "." in wanted.rpartition("/")[2] or wanted.startswith(_HASHED):
            raise NotFound("There is no such file.")
        return self._page(await asyncio.to_thread(self._index))

    def _find(self, wanted: str) -> Path | None:
        """Return the file of this name inside our folder."""
        if wanted in ("", _INDEX) or "\0" in wanted:
            return None
        try:
            path = (self._dist / wanted).resolve()
            return path if path.is_relative_to(self._dist) and path.is_file() else None
        except (OSError, RuntimeError, ValueError):
            return None

    def _index(self) -> str | None:
        try:
            return (self._dist / _INDEX).read_text(encoding="utf-8")
        except OSError:
            return None

    def _page(self, index: str | None) -> web.Response:
        if index is None:
            return web.Response(
                text=_NOT_BUILT,
                status=503,
                content_type="text/html",
                headers={hdrs.CACHE_CONTROL: "no-store", "Content-Security-Policy": page_policy()},
            )
        nonce = secrets.token_urlsafe(16) if NONCE_MARK in index else ""
        policy = page_policy(connect_to=self._connect_to, nonce=nonce)
        return web.Response(
            text=index.replace(NONCE_MARK, nonce) if nonce else index,
            content_type="text/html",
            headers={hdrs.CACHE_CONTROL: "no-store", "Content-Security-Policy": policy},
        )
