"""Answer with a file that was kept: an upload, a signature, what a caller said.

Pictures, sound and plain text may be looked at in the browser, which is told to take them for nothing else; all
other kinds are saved. Whoever serves one has decided who may see it.
"""

from __future__ import annotations

from pathlib import Path
from urllib.parse import quote

from aiohttp import hdrs, web

from caruso.model.run_records import StoredFile

#: Beginnings of media types that a browser shows itself, and in which nothing can run.
_LOOKED_AT = ("image/jpeg", "image/png", "image/webp", "audio/", "text/plain")
#: What is private stays in no cache that others use; the browser asks again.
_CACHING = "private, no-cache"


#: Where a file is that answers a question of a contact's dialog.
CONTACT_FILE = "/contacts/{contact}/files/{file}"


def contact_file(contact: str, file: str) -> str:
    """Return the address of such a file."""
    return CONTACT_FILE.format(contact=quote(contact, safe=""), file=quote(file, safe=""))


def file_response(file: StoredFile, path: Path) -> web.FileResponse:
    """Return the answer, whole or a stretch of it (Range)."""
    kind = "inline" if file.media_type.startswith(_LOOKED_AT) else "attachment"
    text = file.media_type == "text/plain"
    headers = {
        hdrs.CONTENT_TYPE: "text/plain; charset=utf-8" if text else file.media_type,
        hdrs.CACHE_CONTROL: _CACHING,
        hdrs.CONTENT_DISPOSITION: f"{kind}; filename*=UTF-8''{quote(file.name)}",
    }
    return web.FileResponse(path, headers=headers)
