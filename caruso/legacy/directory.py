"""LDAP directories: who is who in the company.

    class Colleagues(DirectoryService):
        \"""The company's directory.\"""
        name, version = "colleagues", "1.0"
        base = "ou=people,dc=example,dc=com"

        @operation(repeatable=True)
        async def find(self, params: ByNumber, *, key: str) -> list[Entry]:
            \"""Find people by their telephone number.\"""
            return await self.search("(telephoneNumber={number})", "cn", "mail", number=params.number)

Only reads. Values are put into a filter as values, whatever signs are in them. The library waits in threads of its
own, as many as operations may be under way, so a directory that hangs takes nobody else's.
"""

from __future__ import annotations

import asyncio
import math
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import ClassVar

import ldap3
import msgspec
from ldap3.core import exceptions
from ldap3.utils.conv import escape_filter_chars

from caruso.legacy.failures import SystemBadAnswer, SystemDenied, SystemRefused, SystemUnavailable
from caruso.legacy.system_service import SystemService, one_line
from caruso.ports.scripts import ActionServices
from caruso.service_manager.failures import ServiceFailed
from caruso.service_manager.parts import System
from caruso.service_manager.refusals import PluginRefused

#: Answers that are fine: all there is, more than was asked for, and nothing there.
_FINE = frozenset({"success", "sizeLimitExceeded", "noSuchObject"})
_DENIED = frozenset(
    {"invalidCredentials", "insufficientAccessRights", "inappropriateAuthentication", "confidentialityRequired"}
)
_AWAY = frozenset({"busy", "unavailable", "timeLimitExceeded", "unwillingToPerform"})


class Entry(msgspec.Struct, frozen=True, kw_only=True):
    """Somebody or something the directory knows."""

    #: Distinguished name.
    dn: str
    #: Values of each attribute that was asked for, as texts.
    attributes: dict[str, list[str]]


class DirectoryService(SystemService):
    """An LDAP directory. Derive from it."""

    #: Where searches begin.
    base: ClassVar[str]
    #: Entries that are returned at most.
    most: ClassVar[int] = 50
    #: True to begin TLS on a connection to ``ldap://``; ``ldaps://`` has it anyway.
    start_tls: ClassVar[bool] = False
    #: Searches under way at once.
    at_once: int | None = 8

    def __init__(self, system: System) -> None:
        """Know where the directory is; nothing is asked yet."""
        super().__init__(system)
        self._threads = ThreadPoolExecutor(self.at_once, thread_name_prefix=f"{self.name}-")

    async def start(self, services: ActionServices) -> None:
        """See that there is an address to ask."""
        if not self.system.url.startswith(("ldap://", "ldaps://")):
            raise PluginRefused(f"services.systems.{self.system.name} needs a url that begins with ldaps://")

    async def health(self) -> None:
        """Sign in."""
        await self._in_thread("(objectClass=*)", (), 0)

    async def stop(self) -> None:
        """Let the threads go; what they wait for ends by itself."""
        self._threads.shutdown(wait=False, cancel_futures=True)

    async def search(self, pattern: str, *attributes: str, **values: str) -> list[Entry]:
        """Return what matches a filter, with these attributes; ``{name}`` in it stands for a value."""
        escaped = {name: escape_filter_chars(value) for name, value in values.items()}
        return await self._in_thread(pattern.format(**escaped), attributes, self.most)

    async def _in_thread(self, pattern: str, attributes: tuple[str, ...], most: int) -> list[Entry]:
        loop = asyncio.get_running_loop()
        try:
            return await loop.run_in_executor(self._threads, self._found, pattern, attributes, most)
        except exceptions.LDAPInvalidFilterError as problem:
            raise SystemRefused(f"“{pattern}” is no filter") from problem
        except exceptions.LDAPExceptionError as problem:
            raise _failure(problem, self.system.name) from problem

    def _found(self, pattern: str, attributes: tuple[str, ...], most: int) -> list[Entry]:
        server = ldap3.Server(self.system.url, connect_timeout=self.answer_seconds, get_info=ldap3.NONE)
        connection = ldap3.Connection(
            server,
            user=self.system.user or None,
            password=self.system.secret.reveal() or None,
            auto_bind=ldap3.AUTO_BIND_TLS_BEFORE_BIND if self.start_tls else ldap3.AUTO_BIND_NO_TLS,
            read_only=True,
            receive_timeout=math.ceil(self.answer_seconds),  # takes whole ones only
            raise_exceptions=False,
        )
        try:
            connection.search(
                self.base,
                pattern,
                search_scope=ldap3.SUBTREE if most else ldap3.BASE,
                attributes=list(attributes) or ldap3.NO_ATTRIBUTES,
                size_limit=most,
            )
            answer = connection.result["description"]
            if answer not in _FINE:
                raise _answer_failure(answer, connection.result.get("message", ""))
            found = [_entry(part) for part in connection.response or () if part["type"] == "searchResEntry"]
            return found[:most]
        finally:
            connection.unbind()


def _entry(part: dict[str, object]) -> Entry:
    raw = part["raw_attributes"]
    if not isinstance(raw, Mapping):
        raise SystemBadAnswer("The directory answered an entry without attributes")
    return Entry(
        dn=str(part["dn"]),
        attributes={
            str(name): [value.decode("utf-8", "replace") for value in values] for name, values in raw.items()
        },
    )


def _failure(problem: exceptions.LDAPExceptionError, name: str) -> ServiceFailed:
    said = one_line(problem)
    if isinstance(problem, exceptions.LDAPBindError):
        return SystemDenied(f"{name} does not let us in: {said}")
    return SystemUnavailable(f"{name} cannot be reached: {said}")


def _answer_failure(answer: str, said: str) -> ServiceFailed:
    text = one_line(f"The directory says {answer} {said}")
    if answer in _DENIED:
        return SystemDenied(text)
    return SystemUnavailable(text) if answer in _AWAY else SystemRefused(text)
