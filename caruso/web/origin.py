"""Decide whether a request was made by our own page. Pure: knows headers only as text.

A browser tells where a request comes from (``Sec-Fetch-Site``, ``Origin``) and a foreign page cannot make it lie.
Programs send neither; they are held by the session's CSRF token alone.
"""

from __future__ import annotations


def is_our_page(*, origin: str | None, fetch_site: str | None, ours: frozenset[str]) -> bool:
    """Tell whether nothing says that the request came from elsewhere."""
    if fetch_site is not None and fetch_site not in ("same-origin", "none"):
        return False
    return origin is None or origin.lower() in ours


def is_our_socket(*, origin: str | None, ours: frozenset[str]) -> bool:
    """Tell whether a WebSocket was opened by our page; other than for requests, an origin must be given."""
    return origin is not None and origin.lower() in ours


def our_origins(*, scheme: str, host: str, public_origin: str) -> frozenset[str]:
    """Return the origins of our pages: where this request was sent to, and the public one."""
    sent_to = f"{scheme}://{host}".lower()
    return frozenset({sent_to, public_origin} if public_origin else {sent_to})
