"""``GET /contacts/{contact}/files/{file}``: a file that answers a question of a contact's dialog, for the history.

For those who may see the contact, and only what its trail names: a private answer is not in it.
"""

from __future__ import annotations

from aiohttp import web

from caruso.errors import NotAllowed, NotFound
from caruso.model.centre import Role
from caruso.model.ids import ContactId, FileId
from caruso.ports.runs import RunFiles
from caruso.script_engine.answers.stored import file_of
from caruso.script_engine.values import from_json
from caruso.web.api import Sources, find_contact
from caruso.web.gate import Gate
from caruso.web.kept_files import file_response


class ContactFiles:
    """Shows files of past dialogs."""

    def __init__(self, sources: Sources, files: RunFiles, gate: Gate) -> None:
        """Read them from `files`."""
        self._ask = sources
        self._files = files
        self._gate = gate

    async def show(self, request: web.Request) -> web.StreamResponse:
        """Answer with the file; raise `NotFound` where there is none, or none for this person."""
        who = await self._gate.admit(request, Role.AGENT)
        if who is None:
            raise NotAllowed
        contact, _ = await find_contact(self._ask, who, ContactId(request.match_info["contact"]))
        wanted = request.match_info["file"]
        named = (
            file_of(from_json(event.new)) for event in await self._ask.facts.trail(contact.id) if not event.masked
        )
        if not any(file is not None and file[0] == wanted for file in named):
            raise NotFound("There is no such file.")
        return file_response(*await self._files.located(FileId(wanted)))
