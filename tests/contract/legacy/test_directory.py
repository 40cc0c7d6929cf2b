"""The wrapper of LDAP directories with a real slapd."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from typing import Any

import msgspec
import pytest

from caruso.legacy.directory import DirectoryService, Entry
from caruso.legacy.failures import SystemNotFound, SystemRefused, SystemUnavailable
from caruso.model.centre import Role
from caruso.service_manager import BadArguments, ServiceFailed, operation
from caruso.service_manager.refusals import ServiceNotWell
from lab.legacy.slapd import PASSWORD, READER, Slapd, slapd
from lab.legacy.wrapped import example, managed, system
from lab.ports import LOOPBACK, free_port

MANY = "".join(
    f"dn: cn=P{number},ou=people,dc=example,dc=com\nobjectClass: inetOrgPerson\ncn: P{number}\nsn: P\n\n"
    for number in range(60)
)


@pytest.fixture(scope="module")
def there() -> Iterator[Slapd]:
    with slapd(f"\n{MANY}") as running:
        yield running


class Look(msgspec.Struct, frozen=True, kw_only=True):
    """A filter, and a value in it."""

    pattern: str
    value: str = ""


class Looking(DirectoryService):
    """Looks for anything."""

    name, version = "people", "1.0"
    base = "ou=people,dc=example,dc=com"
    answer_seconds = 1.0

    @operation(repeatable=True)
    async def look(self, params: Look, *, key: str) -> list[Entry]:
        """Look."""
        return await self.search(params.pattern, "cn", value=params.value)


async def names(directory: Slapd, pattern: str, value: str = "") -> list[str]:
    service = Looking(system("people", url=directory.url, user=READER, secret=PASSWORD))
    async with managed(service) as manager:
        found = await manager.call("people.look", {"pattern": pattern, "value": value}, key="")
    return sorted(entry["attributes"]["cn"][0] for entry in found)


async def test_a_colleague_is_found_by_his_number(there: Slapd) -> None:
    colleagues = example("colleagues", system("colleagues", url=there.url, user=READER, secret=PASSWORD))
    async with managed(colleagues) as manager:
        asked: dict[str, Any] = {"number": "4711"}
        assert await manager.call("colleagues.find", asked, key="") == {
            "name": "Jörg Groß",
            "department": "metering",
            "email": "joerg@example.com",
        }
        for number in ("4799", "**", "4711)(cn=*", "47\\31\\31"):
            with pytest.raises(SystemNotFound, match="Nobody has this number"):
                await manager.call("colleagues.find", {"number": number}, key="")
        with pytest.raises(BadArguments, match=r"\$\.number"):
            await manager.call("colleagues.find", {"number": ""}, key="")
        assert manager.operation("colleagues.find").role is Role.AGENT


async def test_values_are_values_whatever_signs_are_in_them(there: Slapd) -> None:
    assert await names(there, "(cn={value})", "Ada (Deputy)*") == ["Ada (Deputy)*"]
    assert await names(there, "(cn={value}*)", "J") == ["Jörg Groß"]
    assert await names(there, "(cn={value})", "*") == []
    assert len(await names(there, "(cn=*)")) == 50, "no more than are wanted"
    with pytest.raises(SystemRefused, match="is no filter"):
        await names(there, "(cn=")


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"secret": "wrong"}, "does not let us in"),
        ({"url": f"ldap://{LOOPBACK}:{free_port()}"}, "cannot be reached"),
        ({"url": "https://directory.example"}, "needs a url"),
    ],
)
async def test_a_directory_that_cannot_be_used_is_not_well(
    there: Slapd, change: dict[str, str], reason: str
) -> None:
    given = {"url": there.url, "user": READER, "secret": PASSWORD} | change
    with pytest.raises(ServiceNotWell, match=reason) as raised:
        async with managed(Looking(system("people", **given))):
            pass
    assert given["secret"] not in str(raised.value)


async def test_who_may_not_read_finds_nothing(there: Slapd) -> None:
    async with managed(Looking(system("people", url=there.url))) as manager:
        assert await manager.call("people.look", {"pattern": "(cn=*)"}, key="") == []


async def test_a_directory_that_hangs_takes_only_its_own_time(there: Slapd) -> None:
    async with managed(Looking(system("people", url=there.url, user=READER, secret=PASSWORD))) as manager:
        with there.hung():
            asked = [
                asyncio.create_task(manager.call("people.look", {"pattern": f"(cn=P{number})"}, key=""))
                for number in range(8)
            ]
            problems = await asyncio.gather(*asked, return_exceptions=True)
        assert all(isinstance(each, ServiceFailed) and each.blames_service for each in problems)
        assert isinstance(problems[0], SystemUnavailable)
        assert len(await manager.call("people.look", {"pattern": "(cn=P1)"}, key="")) == 1
