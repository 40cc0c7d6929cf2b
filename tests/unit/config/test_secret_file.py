"""The server's own secret."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from caruso.config import read_or_make_secret


def test_the_first_start_makes_a_secret_only_its_owner_can_read(tmp_path: Path) -> None:
    file = tmp_path / "data/secret"
    secret = read_or_make_secret(file)
    assert len(secret) >= 32
    assert file.stat().st_mode & 0o777 == 0o600
    assert read_or_make_secret(file) == secret
    assert list(file.parent.iterdir()) == [file]


def test_servers_that_start_at_once_share_one_secret(tmp_path: Path) -> None:
    with ThreadPoolExecutor(8) as pool:
        made = set(pool.map(lambda _: read_or_make_secret(tmp_path / "secret"), range(16)))
    assert len(made) == 1


def test_a_file_that_holds_no_secret_is_refused(tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("short\n")
    with pytest.raises(ValueError, match="holds no secret"):
        read_or_make_secret(tmp_path / "secret")
