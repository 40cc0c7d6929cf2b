"""``POST /desk/files``: a file that an agent keeps as the answer to a question of the dialog at her desk.
``GET /desk/files/{file}?run=…``: a file that is an answer in that dialog, whoever gave it, wherever.

The body is the file, ``run`` and ``item`` say what for, ``name`` what it is called. What may be kept is decided
from its content, as for files of the public pages. The answer itself comes over the console's socket and names it.
"""

from __future__ import annotations

from collections.abc import AsyncIterator

from aiohttp import web

from caruso.errors import IllegalMove, NotAllowed, RejectedInput
from caruso.model.centre import Role
from caruso.model.ids import AgentId, FileId, RunId
from caruso.ports.runs import RunFiles
from caruso.web.centre_port import ContactCentre
from caruso.web.gate import Gate
from caruso.web.kept_files import file_response
from caruso.web.refusals import TooLarge
from caruso.web.self_service.uploads import MOST_BYTES, kind_of, plain_name

PATH = "/desk/files"
ONE = "/desk/files/{file}"
_PIECE = 64 * 1024


class DeskFiles:
    """Takes and shows files for agents."""

    def __init__(self, centre: ContactCentre, files: RunFiles, gate: Gate) -> None:
        """Keep them in `files`."""
        self._centre = centre
        self._files = files
        self._gate = gate

    async def take(self, request: web.Request) -> web.Response:
        """Keep a file; answer with its id.

        Raises:
            IllegalMove: no question of a dialog at the agent's desk, or nothing that may be kept.
            TooLarge: more bytes than a file may have.
        """
        agent = await self._agent(request)
        run, item = request.query.get("run", ""), request.query.get("item", "")
        kind = self._centre.file_wanted(agent, run, item)
        content = await _read(request)
        media_type = kind_of(content, kind)
        if media_type is None:
            raise IllegalMove("This is no picture, sound, PDF or plain text that can be kept here.")
        name = plain_name(request.query.get("name", ""))
        question = item.partition("#")[0]  # of a repeat: every pass is the same item
        try:
            kept = await self._files.keep(
                RunId(run), question, name=name, media_type=media_type, content=_pieces(content)
            )
        except RejectedInput as error:
            raise IllegalMove(error.findings[0].message) from error
        self._centre.file_kept(agent, kept)
        return web.json_response({"id": kept.id, "name": kept.name})

    async def show(self, request: web.Request) -> web.StreamResponse:
        """Answer with a file.

        Raises:
            IllegalMove: the dialog is not at the agent's desk.
            NotFound: no such file, not one of this dialog, or it is not for her.
        """
        agent = await self._agent(request)
        file, path = await self._files.located(FileId(request.match_info["file"]))
        self._centre.see_file(agent, request.query.get("run", ""), file)
        return file_response(file, path)

    async def _agent(self, request: web.Request) -> AgentId:
        signed_in = await self._gate.admit(request, Role.AGENT)
        if signed_in is None or signed_in.agent is None:
            raise NotAllowed
        return signed_in.agent


async def _read(request: web.Request) -> bytes:
    body = bytearray()
    async for chunk in request.content.iter_chunked(_PIECE):
        body += chunk
        if len(body) > MOST_BYTES:
            raise TooLarge
    return bytes(body)


async def _pieces(content: bytes) -> AsyncIterator[bytes]:
    for start in range(0, len(content), _PIECE):
        yield content[start : start + _PIECE]
