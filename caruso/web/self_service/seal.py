"""Sign small texts with the server's secret, so that what comes back from a browser is what went out.

Pure. Each purpose has a key of its own: a seal for one is worth nothing for another.
"""

from __future__ import annotations

import hashlib
import hmac
from base64 import urlsafe_b64encode

#: Nothing we sealed is longer.
LONGEST = 300
_MARK_BYTES = 24


class Seal:
    """Seals and opens."""

    def __init__(self, secret: bytes) -> None:
        """Know the secret; at least 16 bytes."""
        if len(secret) < 16:
            raise ValueError("a secret of at least 16 bytes is needed")
        self._secret = hashlib.sha256(b"self-service\0" + secret).digest()

    def mark(self, purpose: str, text: str) -> str:
        """Return what proves that we know `text` for this purpose."""
        digest = hmac.new(self._secret, f"{purpose}\0{text}".encode("utf-8", "surrogatepass"), "sha256").digest()
        return urlsafe_b64encode(digest[:_MARK_BYTES]).decode()

    def is_mark(self, given: str, purpose: str, text: str) -> bool:
        """Tell whether `given` is the mark of `text`, in constant time."""
        return hmac.compare_digest(given.encode("utf-8", "surrogatepass"), self.mark(purpose, text).encode())

    def seal(self, purpose: str, text: str) -> str:
        """Return `text` with its mark; it stays readable."""
        return f"{text}.{self.mark(purpose, text)}"

    def open(self, purpose: str, sealed: str) -> str | None:
        """Return what was sealed, or None when it was not us."""
        text, dot, mark = sealed.rpartition(".")
        if not dot or len(sealed) > LONGEST or not self.is_mark(mark, purpose, text):
            return None
        return text
