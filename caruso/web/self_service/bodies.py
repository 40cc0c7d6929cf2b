"""Read what a browser posts, within limits: a form's fields, and files where a form has them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import parse_qsl

from aiohttp import BodyPartReader, hdrs, web

from caruso.web.refusals import Malformed, TooLarge
from caruso.web.self_service.port import UploadedFile
from caruso.web.self_service.uploads import MOST_BYTES

#: Of a form without files, and of all fields of one with files.
MOST_FIELD_BYTES = 64 * 1024
MOST_FIELDS = 400
MOST_FILES = 10
#: Of all files of a form.
MOST_FILE_BYTES = 2 * MOST_BYTES
#: Longer names are none of ours.
_LONGEST_NAME = 400
_CHUNK = 64 * 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class Form:
    """A form as it came back."""

    fields: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    #: By field; a file that is larger than a file may be has no content but `oversized` names it.
    files: Mapping[str, UploadedFile] = field(default_factory=dict)
    oversized: frozenset[str] = frozenset()

    def text(self, name: str) -> str:
        """Return a field's first value, or nothing."""
        values = self.fields.get(name, ())
        return values[0] if values else ""


async def read_form(request: web.Request, *, files: bool = False) -> Form:
    """Read the request's body; raise `TooLarge` or `Malformed`."""
    if request.content_type == "application/x-www-form-urlencoded":
        return Form(fields=_gather(_decode(await _read(request))))
    if request.content_type == "multipart/form-data" and files:
        return await _read_parts(request)
    raise Malformed


async def _read(request: web.Request) -> bytes:
    body = bytearray()
    async for chunk in request.content.iter_chunked(_CHUNK):
        body += chunk
        if len(body) > MOST_FIELD_BYTES:
            raise TooLarge
    return bytes(body)


def _decode(body: bytes) -> list[tuple[str, str]]:
    try:
        return parse_qsl(body.decode("utf-8"), keep_blank_values=True, max_num_fields=MOST_FIELDS, errors="strict")
    except ValueError as problem:  # UnicodeDecodeError is one, too many fields another
        raise Malformed from problem


def _gather(pairs: list[tuple[str, str]]) -> dict[str, tuple[str, ...]]:
    fields: dict[str, tuple[str, ...]] = {}
    for name, value in pairs:
        fields[name] = (*fields.get(name, ()), value.replace("\x00", ""))
    return fields


async def _read_parts(request: web.Request) -> Form:
    pairs: list[tuple[str, str]] = []
    files: dict[str, UploadedFile] = {}
    oversized: set[str] = set()
    left_fields, left_files = MOST_FIELD_BYTES, MOST_FILE_BYTES
    try:
        async for part in await request.multipart():
            if not isinstance(part, BodyPartReader) or len(pairs) >= MOST_FIELDS or len(files) >= MOST_FILES:
                raise Malformed
            name = (part.name or "")[:_LONGEST_NAME]
            if part.filename is None:
                value = await _read_part(part, left_fields)
                left_fields -= len(value)
                pairs.append((name, value.decode("utf-8")))
                continue
            content = await _read_part(part, left_files)
            left_files -= len(content)
            if len(content) > MOST_BYTES:
                oversized.add(name)
            elif content or part.filename:
                media_type = part.headers.get(hdrs.CONTENT_TYPE, "")[:100]
                files[name] = UploadedFile(name=part.filename, media_type=media_type, content=content)
    except (ValueError, AssertionError) as problem:  # what aiohttp says of broken multipart bodies
        raise Malformed from problem
    return Form(fields=_gather(pairs), files=files, oversized=frozenset(oversized))


async def _read_part(part: BodyPartReader, most: int) -> bytes:
    content = bytearray()
    while chunk := await part.read_chunk(_CHUNK):
        content += chunk
        if len(content) > most:
            raise TooLarge
    return bytes(content)
