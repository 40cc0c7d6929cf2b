"""Style sheets and script of the self-service pages. Marked by content, kept for ever."""

from __future__ import annotations

import contextlib
import hashlib
from functools import lru_cache
from importlib.resources import files
from pathlib import Path

from aiohttp import hdrs, web

from caruso.errors import NotFound
from caruso.web.self_service import brand
from caruso.web.self_service.port import Brand

#: The file of the built console (agent_ui/vite.config.ts).
ENHANCE = "self-service.js"
_FOR_EVER = "public, max-age=31536000, immutable"


class Assets:
    """Serves them."""

    def __init__(self, dist: Path) -> None:
        """Read what there is. Without the built script pages work as they are."""
        style = files(__package__).joinpath("static", "self-service.css").read_bytes()
        self._files = {"style.css": (style, "text/css")}
        with contextlib.suppress(OSError):
            self._files["enhance.js"] = ((dist / ENHANCE).read_bytes(), "text/javascript")

    @property
    def style_address(self) -> str:
        """Return where the style sheet is."""
        return self._address("style.css")

    @property
    def enhance_address(self) -> str:
        """Return where the script is, or nothing."""
        return self._address("enhance.js") if "enhance.js" in self._files else ""

    def brand_address(self, of: Brand) -> str:
        """Return where the centre's colours are."""
        self._files["brand.css"] = (brand.style(of.colour), "text/css")
        return self._address("brand.css")

    def serve(self, name: str) -> web.Response:
        """Answer with a file; raise `NotFound`."""
        if name not in self._files:
            raise NotFound
        content, content_type = self._files[name]
        return web.Response(
            body=content, content_type=content_type, charset="utf-8", headers={hdrs.CACHE_CONTROL: _FOR_EVER}
        )

    def _address(self, name: str) -> str:
        return f"/s/-/{name}?{_mark(self._files[name][0])}"


@lru_cache(maxsize=32)
def _mark(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()[:12]
