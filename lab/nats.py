"""A real nats-server for tests, on a free port of this machine only; `cut` is what a broken network does to it."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from lab.ports import free_port

USER, PASSWORD = "caruso", "a password of the tests"


def nats_program() -> str:
    """Return where nats-server is; raise `FileNotFoundError` (lab/setup/packages.sh installs it)."""
    found = shutil.which("nats-server") or shutil.which("nats-server", path="/usr/sbin")
    if found is None:
        raise FileNotFoundError("nats-server is not installed: make setup-test")
    return found


@asynccontextmanager
async def nats_server(folder: Path, port: int = 0, *, streams: bool = False) -> AsyncIterator[int]:
    """Run a server that lets in who knows the password, with JetStream if wanted; give its port."""
    port = port or free_port()
    config = folder / "nats.conf"
    kept = f'jetstream {{ store_dir: "{folder}/streams" }}\n' if streams else ""
    allowed = f'authorization {{ user: "{USER}", password: "{PASSWORD}" }}\n'
    config.write_text(f'listen: "127.0.0.1:{port}"\n{allowed}{kept}', "utf-8")
    with (folder / "nats.log").open("ab") as log:
        process = await asyncio.create_subprocess_exec(
            nats_program(), "-c", str(config), stdout=log, stderr=asyncio.subprocess.STDOUT
        )
    try:
        await _listening(port, process)
        yield port
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()


async def _listening(port: int, process: asyncio.subprocess.Process) -> None:
    while process.returncode is None:
        try:
            _, writer = await asyncio.open_connection("127.0.0.1", port)
        except OSError:
            await asyncio.sleep(0.02)
        else:
            writer.close()
            await writer.wait_closed()
            return
    raise RuntimeError(f"nats-server ended with {process.returncode}")
