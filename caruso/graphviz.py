"""Have a graph drawn by Graphviz' `dot`, a program of the operating system."""

from __future__ import annotations

import asyncio
import shutil

from caruso.errors import CarusoError

#: A graph that takes longer is too large to be looked at anyway.
TIMEOUT_SECONDS = 60.0


class NotDrawn(CarusoError):
    """The graph could not be drawn."""

    code = "not-drawn"


async def svg(source: str) -> str:
    """Return a graph as SVG; raise `NotDrawn` where `dot` is missing, fails or takes too long."""
    program = shutil.which("dot")
    if program is None:
        raise NotDrawn("The program `dot` is missing: install Graphviz (Debian: apt install graphviz).")
    process = await asyncio.create_subprocess_exec(
        program,
        "-Tsvg",
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    try:
        async with asyncio.timeout(TIMEOUT_SECONDS):
            drawn, complaints = await process.communicate(source.encode())
    except TimeoutError:
        raise NotDrawn(f"`dot` took longer than {TIMEOUT_SECONDS:g} seconds: the graph is too large.") from None
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    if process.returncode:
        raise NotDrawn(f"`dot` failed: {complaints.decode(errors='replace').strip()[:300]}")
    return drawn.decode()
