"""The wrapper of folders in which files are exchanged, with real files, and whoever writes them badly."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from caruso.legacy.file_drop import FileDropService
from caruso.service_manager import Service, ServiceFailed, ServiceManager, operation
from caruso.service_manager.failures import ServiceUnavailable, UnknownRecord
from caruso.service_manager.refusals import ServiceNotWell
from lab.golden_server import until
from lab.legacy.wrapped import example, managed, system

HEAD = "customer;kwh;day;remark\n"


class Customers(Service):
    """Stands for the server's own: keeps what it is told, by key."""

    name, version = "customer", "1.0"

    def __init__(self) -> None:
        self.kept: dict[str, tuple[str, str]] = {}
        self.asked: list[str] = []
        self.away = False
        self.slow = asyncio.Event()
        self.slow.set()

    @operation(repeatable=True)
    async def update(self, params: Mapping[str, Any], *, key: str) -> None:
        """Keep it."""
        self.asked.append(str(params["customer"]))
        await self.slow.wait()
        if self.away:
            raise ServiceUnavailable("the database is away")
        if params["customer"] == "8":
            raise UnknownRecord("there is no Customer 8")
        self.kept[key] = (str(params["customer"]), f"{params['kwh']} {params['read_on']}")

    @property
    def readings(self) -> list[tuple[str, str]]:
        return list(self.kept.values())


def readings(folder: Path) -> FileDropService:
    service = example("readings", system("readings", folder=folder))
    type(service).look_seconds = 0.02  # type: ignore[attr-defined]  # the class was loaded for this test
    assert isinstance(service, FileDropService)
    return service


async def empty(folder: Path) -> None:
    await until(lambda: not list((folder / "in").glob("[!.]*.csv")), "all is read")


def texts(folder: Path) -> dict[str, str]:
    return {path.name: path.read_text("cp1252") for path in sorted(folder.iterdir())}


async def test_good_lines_are_taken_and_bad_ones_told_by_file_and_line(tmp_path: Path) -> None:
    customers = Customers()
    async with managed(customers, readings(tmp_path)) as manager:
        bad = "8;1;01.02.2026;\n9;viel;01.02.2026;\n", "7;12;30.02.2026;\n"
        text = f"{HEAD}7;4711,50;31.01.2026;Zähler\n{bad[0]}\n{bad[1]}10;13;02.02.2026;ok\n"
        (tmp_path / "in" / "a.csv").write_text(text, "cp1252")
        (tmp_path / "in" / "b.csv").write_text("who;what\n1;2\n")
        (tmp_path / "in" / "notes.txt").write_text("no business of ours")
        await empty(tmp_path)
        assert customers.readings == [("7", "4711.50 2026-01-31"), ("10", "13 2026-02-02")]
        assert texts(tmp_path / "done") == {"a.csv": text}
        failed = tmp_path / "failed"
        assert (failed / "a.csv").read_text() == HEAD + "".join(bad)
        told = (failed / "a.csv.txt").read_text().splitlines()
        assert told[0] == "a.csv:3: there is no Customer 8"
        assert told[1].startswith("a.csv:4: Invalid decimal")
        assert told[2] == "a.csv:6: “30.02.2026” is no day like %d.%m.%Y - at `$.day`"
        assert (failed / "b.csv.txt").read_text() == "b.csv:1: There is no column customer, kwh, day\n"
        newest, before = await manager.call("readings.files", {}, key="")
        assert (newest["file"], newest["taken"], newest["bad"]) == ("b.csv", 0, 1)
        assert (before["file"], before["taken"], before["bad"]) == ("a.csv", 2, 3)
        assert before["problems"][0] == told[0]
        # What was mended is dropped again, under the same name.
        (tmp_path / "in" / "a.csv").write_text(HEAD + "".join(bad).replace("viel", "5").replace("8;", "11;"))
        await empty(tmp_path)
        assert customers.readings[2:] == [("11", "1 2026-02-01"), ("9", "5 2026-02-01")]
        assert sorted(texts(tmp_path / "done")) == ["a.2.csv", "a.csv"]
        assert (tmp_path / "in" / "notes.txt").exists()


async def test_a_file_that_still_grows_is_not_read(tmp_path: Path) -> None:
    customers = Customers()
    async with managed(customers, readings(tmp_path)):
        drop = tmp_path / "in"
        (drop / "c.csv.tmp").write_text(f"{HEAD}7;1;01.01.2026;\n")
        (drop / ".d.csv").write_text(f"{HEAD}7;2;01.01.2026;\n")
        with (drop / "e.csv").open("w") as growing:
            growing.write(HEAD)
            for number in range(30):
                growing.write(f"7;{number};01.01.2026;\n")
                growing.flush()
                await asyncio.sleep(0.01)  # less than between two looks
            assert customers.asked == []
        await empty(tmp_path)
        assert len(customers.asked) == 30
        (drop / "c.csv.tmp").rename(drop / "c.csv")
        await empty(tmp_path)
        assert customers.readings[-1] == ("7", "1 2026-01-01")
        assert (drop / ".d.csv").exists()


async def test_a_file_waits_while_what_it_needs_is_away_and_nothing_is_lost(tmp_path: Path) -> None:
    customers = Customers()
    customers.away = True
    async with managed(customers, readings(tmp_path)) as manager:
        (tmp_path / "in" / "a.csv").write_text(f"{HEAD}7;1;01.01.2026;\n7;2;01.01.2026;\n")
        await until(lambda: len(customers.asked) > 2, "it is tried again")
        assert await manager.look_at("readings") == "a.csv:2 waits: the database is away"
        assert texts(tmp_path / "failed") == {}
        customers.away = False
        await empty(tmp_path)
        assert len(customers.readings) == 2
        assert await manager.look_at("readings") == ""


async def test_a_server_that_ends_in_the_middle_goes_on_where_it_was(tmp_path: Path) -> None:
    customers = Customers()
    lines = "".join(f"{number};1;01.01.2026;\n" for number in range(1, 11))
    service = readings(tmp_path)
    manager = ServiceManager()
    await manager.add(customers, service)
    (tmp_path / "in" / "a.csv").write_text(HEAD + lines.replace("2;1;", "2;x;"))
    await until(lambda: len(customers.asked) >= 3, "it is at it")
    customers.slow.clear()
    asked = len(customers.asked)
    # As if the power failed: nobody is told.
    assert service._looking is not None
    service._looking.cancel()
    customers.slow.set()
    await asyncio.sleep(0)
    await manager.close(seconds=1.0)
    again = Customers()
    again.kept = dict(customers.kept)
    async with managed(again, readings(tmp_path)):
        await empty(tmp_path)
    assert len(again.asked) <= 9 - asked + 2, "only the line it was at may come twice"
    assert sorted(int(customer) for customer, _ in again.readings) == [1, *range(3, 8), 9, 10], "and is the same"
    assert [line[:8] for line in texts(tmp_path / "failed")["a.csv.txt"].splitlines()] == ["a.csv:3:", "a.csv:9:"]


async def test_a_service_that_is_replaced_reads_no_line_twice(tmp_path: Path) -> None:
    customers = Customers()
    async with managed(customers, readings(tmp_path)) as manager:
        for number in range(5):
            lines = "".join(f"{number}{line};1;01.01.2026;\n" for line in range(20))
            (tmp_path / "in" / f"{number}.csv").write_text(HEAD + lines)
            await manager.replace(readings(tmp_path))
        await empty(tmp_path)
    assert len(customers.asked) == len(set(customers.asked)) == 100


async def test_a_file_for_the_other_side_is_there_whole_and_once(tmp_path: Path) -> None:
    async with managed(Customers(), readings(tmp_path)) as manager:
        params = {"numbers": ["A-1", "Ä-2"]}
        name = await manager.call("readings.order", params, key="run1/order/1")
    async with managed(Customers(), readings(tmp_path)) as manager:  # remembers nothing
        assert await manager.call("readings.order", params, key="run1/order/1") == name
        with pytest.raises(ServiceFailed, match="12 characters of meter"):
            await manager.call("readings.order", {"numbers": ["A" * 13]}, key="2")
    assert {path.name: path.read_text() for path in (tmp_path / "out").iterdir()} == {
        name: "A-1              1\nÄ-2              2\n"
    }


async def test_a_folder_that_cannot_be_used_is_not_well(tmp_path: Path) -> None:
    with pytest.raises(ServiceNotWell, match="needs a folder"):
        async with managed(Customers(), example("readings", system("readings"))):
            pass
    async with managed(Customers(), readings(tmp_path)) as manager:
        (tmp_path / "failed").rmdir()
        assert "failed cannot be used" in await manager.look_at("readings")
