"""Tells who is who in the company, by its LDAP directory."""

from typing import Annotated

import msgspec
from msgspec import Meta

from caruso.legacy.directory import DirectoryService
from caruso.legacy.failures import SystemNotFound
from caruso.model.centre import Role
from caruso.service_manager import operation
from caruso.service_manager.hookspecs import hookimpl


class ByNumber(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Whose number."""

    #: Telephone number, as the directory has it.
    number: Annotated[str, Meta(min_length=2, max_length=40)]


class Colleague(msgspec.Struct, frozen=True, kw_only=True):
    """Somebody of the company."""

    name: str
    department: str
    email: str


class Colleagues(DirectoryService):
    """The company's directory."""

    name, version = "colleagues", "1.0"
    base = "ou=people,dc=example,dc=com"

    @operation(repeatable=True, role=Role.AGENT)
    async def find(self, params: ByNumber, *, key: str) -> Colleague:
        """Find a colleague by the telephone number."""
        pattern = "(&(objectClass=inetOrgPerson)(telephoneNumber={number}))"
        found = await self.search(pattern, "cn", "mail", "departmentNumber", number=params.number)
        if not found:
            raise SystemNotFound("Nobody has this number")

        def first(attribute):
            return next(iter(found[0].attributes.get(attribute, ())), "")

        return Colleague(name=first("cn"), department=first("departmentNumber"), email=first("mail"))


@hookimpl
def services(parts):
    """Bring the directory."""
    return [Colleagues(parts.system("colleagues"))]
