"""The golden dialogs on the phone: a SIP caller presses keys, a real Asterisk plays what the server has spoken.

caller ──INFO──► Asterisk ──ARI──► the server, in this process ──► the same run, texts and actions as everywhere
"""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from caruso.script_engine.turns import ScriptChannel
from lab.asterisk import LocalAsterisk
from lab.golden import Golden, golden_cases, lead
from lab.phone_seat import PhoneHouse, phone_house

pytestmark = pytest.mark.asyncio(loop_scope="module")

CASES = list(golden_cases(ScriptChannel.PHONE))
#: Entry points, one for each script.
NUMBERS = {name: f"71{number:02}" for number, name in enumerate(sorted({golden.dialog.id for golden in CASES}))}
CENTRE = """
name = "Golden"
timezone = "UTC"
[queues.general]
name = "General"
[queues.billing]
name = "Billing"
""" + "".join(
    f'[entry_points.{name}]\nname = "{name}"\nnumbers = ["{number}"]\nqueue = "general"\nscript = "{name}"\n'
    for name, number in NUMBERS.items()
)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def house(pbx: LocalAsterisk, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[PhoneHouse]:
    """Serve the golden dialogs in this process."""
    async with phone_house(pbx, tmp_path_factory.mktemp("house"), CENTRE) as house:
        yield house


@pytest.mark.parametrize("golden", CASES, ids=str)
async def test_a_golden_dialog_comes_out_as_expected(golden: Golden, house: PhoneHouse) -> None:
    """Somebody calls, presses keys and listens."""
    async with house.call(NUMBERS[golden.dialog.id], stubs=golden.case.stubs) as seat:
        failures = await lead(golden, seat)
        assert not failures, "\n".join(map(str, failures))
