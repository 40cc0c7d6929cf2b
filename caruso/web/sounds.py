"""Answer with a kept sound: whole or a stretch of it (Range), to be played or to be saved.

Whoever serves one has decided who may hear it, and held it against its checksum.
"""

from __future__ import annotations

from pathlib import Path
from urllib.parse import quote

from aiohttp import hdrs, web

#: What is private stays in no cache that others use; the browser asks again, and may play on without asking.
_CACHING = "private, no-cache"


def sound_response(path: Path, *, name: str, download: bool) -> web.FileResponse:
    """Return the answer; `name` is what the file is called when it is saved."""
    kind = "attachment" if download else "inline"
    headers = {
        hdrs.CONTENT_TYPE: "audio/wav",
        hdrs.CACHE_CONTROL: _CACHING,
        hdrs.CONTENT_DISPOSITION: f"{kind}; filename*=UTF-8''{quote(name)}",
    }
    return web.FileResponse(path, headers=headers)


def begins(request: web.Request) -> bool:
    """Tell whether the sound is asked for from its beginning: browsers ask for stretches, one after the other."""
    wanted = request.headers.get(hdrs.RANGE, "bytes=0-")
    return request.method == hdrs.METH_GET and wanted.startswith("bytes=0-")
