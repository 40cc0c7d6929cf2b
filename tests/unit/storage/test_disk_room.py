"""When too little room is left."""

from __future__ import annotations

from pathlib import Path

import pytest

from caruso.storage.disk_room import disk_room, is_low

GB = 1_000_000_000


@pytest.mark.parametrize(
    ("total", "free", "low"),
    [(10 * GB, GB, False), (10 * GB, 0.4 * GB, True), (2000 * GB, 20 * GB, False), (2000 * GB, 0.9 * GB, True)],
)
def test_a_share_counts_on_small_disks_and_an_amount_on_large_ones(total: int, free: int, low: bool) -> None:
    assert is_low(total, free) is low


def test_a_folder_that_is_gone_is_not_well(tmp_path: Path) -> None:
    assert disk_room(tmp_path)["total_bytes"]
    assert disk_room(tmp_path / "gone") == {"ok": False, "reason": "No such file or directory"}
