"""How often visitors may do what: the settings file says it, and without it nothing changes."""

from __future__ import annotations

from pathlib import Path

import pytest

from caruso.config.load import load_config
from caruso.config.settings import SelfServiceSettings
from caruso.errors import RejectedInput
from caruso.part_settings import self_service_limits
from caruso.web.rate_limit import Limit
from caruso.web.self_service.limits import SelfServiceLimits


def test_what_is_not_set_is_as_the_code_says() -> None:
    assert self_service_limits(SelfServiceSettings()) == SelfServiceLimits()


def test_a_limit_is_set_by_how_often_in_how_long() -> None:
    limits = self_service_limits(SelfServiceSettings(starts="400/2h", call_backs_to_one="1/7d", open_runs=5))
    assert (limits.starts, limits.open_runs) == (Limit(count=400, seconds=7200.0), 5)
    assert limits.call_backs_to_one == Limit(count=1, seconds=604_800.0)


@pytest.mark.parametrize("wrong", ["0/10m", "40", "40/10", "40/10w", "-1/5s", "1/0s"])
def test_what_is_no_limit_is_told(tmp_path: Path, wrong: str) -> None:
    file = tmp_path / "caruso.toml"
    file.write_text(f'[self_service]\nstarts = "{wrong}"\n', encoding="utf-8")
    with pytest.raises(RejectedInput) as refused:
        load_config(file, {})
    (finding,) = refused.value.findings
    assert finding.line == 2
    assert "how often in how long, like 40/10m" in str(finding)
