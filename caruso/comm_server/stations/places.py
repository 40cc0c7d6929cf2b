"""How a `Dial` says where an agent is called who is at none of our phones. Pure.

Endpoints of the PBX hold no colon; these are understood on the way to it (`confirmations`, `nailed_lines`).
"""

from __future__ import annotations

from caruso.model.ids import AgentId

_NUMBER, _LINE = "tel:", "line:"


def at_number(number: str) -> str:
    """Return the endpoint of a telephone outside at which a key is to be pressed."""
    return f"{_NUMBER}{number}"


def on_line(agent: AgentId) -> str:
    """Return the endpoint of the line to the agent that is kept open."""
    return f"{_LINE}{agent}"


def number_in(endpoint: str) -> str:
    """Return the number of a telephone outside, nothing for all other endpoints."""
    return endpoint.removeprefix(_NUMBER) if endpoint.startswith(_NUMBER) else ""


def is_line(endpoint: str) -> bool:
    """Tell whether it is a line that is kept open."""
    return endpoint.startswith(_LINE)
