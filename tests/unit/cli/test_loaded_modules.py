"""What a server has in its memory before anybody asks for it."""

from __future__ import annotations

import subprocess
import sys

#: Libraries of which each takes 1 to 16 MB: loaded where a database, the settings or somebody who asks needs them.
LATER = frozenset(
    {
        "alembic",
        "asyncmy",
        "asyncpg",
        "holidays",
        "jinja2",
        "nats",
        "openpyxl",
        "pyxform",
        "sqlalchemy.dialects.mysql",
        "sqlalchemy.dialects.postgresql",
        "zeep",
    }
)


def test_a_server_loads_no_library_that_it_may_never_need() -> None:
    code = "import sys, caruso.serving; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert LATER & set(done.stdout.split()) == set()
