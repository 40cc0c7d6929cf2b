"""How a server reaches workers: over NATS, or over a WebSocket of one worker."""

from __future__ import annotations

from typing import Protocol


class Link(Protocol):
    """Carries questions to workers."""

    @property
    def place(self) -> str:
        """Return what people call it."""
        ...

    async def ask(self, service: str, worker: str, question: bytes, nonce: str, seconds: float) -> bytes:
        """Return the answer to the question with this nonce.

        Raises:
            ServiceUnavailable: the worker is not there; it was not asked.
            OutcomeUnknown: it was asked, and did not answer in `seconds` or broke off.
        """
        ...
