"""The wrapper of command-line programs, with real programs."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Mapping
from decimal import Decimal
from pathlib import Path
from typing import Any, ClassVar

import msgspec
import pytest

from caruso.legacy.command import CommandService
from caruso.legacy.failures import SystemBadAnswer, SystemRefused, SystemUnavailable
from caruso.service_manager import BadArguments, OutcomeUnknown, ServiceBusy, ServiceFailed, operation
from caruso.service_manager.refusals import ServiceNotWell
from lab.golden_server import until
from lab.legacy.wrapped import example, managed, system

TARIFFS = system("tariffs")


async def test_a_program_is_asked_with_types() -> None:
    async with managed(example("tariffs", TARIFFS)) as manager:
        price = await manager.call("tariffs.price", {"tariff": "saver", "kwh": Decimal(3000)}, key="")
        assert price == {"tariff": "saver", "year": Decimal("1020.0")}
        with pytest.raises(ServiceFailed, match="no tariff luxury") as raised:
            await manager.call("tariffs.price", {"tariff": "luxury", "kwh": 1}, key="")
        assert raised.value.code == "no-such-tariff"
        assert "no-such-tariff" in manager.services()["tariffs"]["price"].fails
        for tariff in ("--help", "-v", "a\0b"):
            with pytest.raises(BadArguments, match="looks like an option"):
                await manager.call("tariffs.price", {"tariff": tariff, "kwh": 1}, key="")
        # No shell: signs that mean something to one are signs.
        with pytest.raises(ServiceFailed, match=r"no tariff \$\(touch x\); rm"):
            await manager.call("tariffs.price", {"tariff": "$(touch x); rm", "kwh": 1}, key="")


class Run(msgspec.Struct, frozen=True, kw_only=True):
    """What a shell that stands for a program does."""

    script: str
    given: str = ""


class Program(CommandService):
    """Whatever a test needs."""

    name, version = "program", "1.0"
    program: ClassVar[tuple[str, ...]] = ("/bin/sh", "-c")
    environment: ClassVar[Mapping[str, str]] = {"COLOUR": "blue"}
    answer_seconds = 20.0
    max_bytes = 100_000
    at_once = 2

    @operation(repeatable=False)
    async def run_it(self, params: Run, *, key: str) -> str:
        """Do it."""
        return await self.run(params.script, given=params.given)


class Hasty(Program):
    """Has no time."""

    answer_seconds = 1.0


async def asked(service: CommandService, script: str, given: str = "") -> Any:
    async with managed(service) as manager:
        return await manager.call("program.run-it", {"script": script, "given": given}, key="")


@pytest.mark.parametrize(
    ("script", "kind", "says"),
    [
        ("echo no such meter >&2; exit 7", SystemRefused, "ended with 7: no such meter"),
        ("exit 1", SystemRefused, "it does not say why"),
        ("kill -9 $$", OutcomeUnknown, "signal 9"),
        ("head -c 100001 /dev/zero", SystemBadAnswer, "more than 100000 bytes"),
        (
            "head -c 10000000 /dev/zero >&2; exit 2",
            SystemRefused,
            "ended with 2",
        ),
        (r"printf '\377'", SystemBadAnswer, "no UTF-8"),
    ],
)
async def test_how_a_program_ends_decides_what_failed(script: str, kind: type[ServiceFailed], says: str) -> None:
    with pytest.raises(kind, match=says):
        await asked(Program(system("program")), script)


async def test_a_program_sees_what_it_is_given_and_no_more(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CARUSO_DATABASE_URL", "secret")
    service = Program(system("program", folder=tmp_path, secret="hush"))
    seen = await asked(service, "pwd; env; cat", "Grüße\n")
    assert seen.startswith(f"{tmp_path}\n")
    assert seen.endswith("Grüße\n")
    assert "COLOUR=blue\n" in seen
    assert "CARUSO_SYSTEM_SECRET=hush\n" in seen
    assert "CARUSO_DATABASE_URL" not in seen
    # One that does not read is none the worse.
    assert await asked(Program(system("program")), "echo fine", "x" * 1_000_000) == "fine\n"


async def test_a_program_that_hangs_is_ended_with_all_it_started(tmp_path: Path) -> None:
    script = f"sleep 600 & echo $! >{tmp_path}/child; echo $$ >{tmp_path}/self; wait"
    with pytest.raises(OutcomeUnknown, match="did not end within 1 s"):
        await asked(Hasty(system("program")), script)
    for name in ("child", "self"):
        await gone(int((tmp_path / name).read_text()))


async def test_who_stops_the_service_ends_its_programs_and_too_many_are_refused(tmp_path: Path) -> None:
    async with managed(Program(system("program"))) as manager:
        script = f"echo $$ >>{tmp_path}/pids; exec sleep 600"
        lasting = [
            asyncio.create_task(manager.call("program.run-it", {"script": script}, key=str(number)))
            for number in range(2)
        ]
        pids = tmp_path / "pids"
        await until(lambda: pids.exists() and len(pids.read_text().splitlines()) == 2, "both run")
        with pytest.raises(ServiceBusy):
            await manager.call("program.run-it", {"script": "true"}, key="")
        await manager.remove("program", drain_seconds=0.1)
        assert [type(problem) for problem in await asyncio.gather(*lasting, return_exceptions=True)] == [
            OutcomeUnknown,
            OutcomeUnknown,
        ]
    for pid in pids.read_text().split():
        await gone(int(pid))


async def gone(pid: int) -> None:
    def over() -> bool:
        try:
            return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z"
        except OSError:
            return True

    await until(over, f"{pid} is gone")


async def test_a_program_that_is_not_there_is_not_well(tmp_path: Path) -> None:
    class Missing(Program):
        program = (str(tmp_path / "missing"),)

    with pytest.raises(ServiceNotWell, match="There is no program"):
        await asked(Missing(system("program")), "")
    fine = tmp_path / "missing"
    fine.write_text("#!/nowhere\n")
    fine.chmod(0o755)
    with pytest.raises(SystemUnavailable, match="cannot be started"):
        await asked(Missing(system("program")), "")
    assert os.access(fine, os.X_OK)
