"""Which adapter a database has: those that come with Caruso, and those of plug-ins.

What runs without plug-ins (the migrations of a test, a child that takes a back-up) knows those that come with it.
"""

from __future__ import annotations

from collections.abc import Iterator
from difflib import get_close_matches

from sqlalchemy import URL, make_url
from sqlalchemy.exc import ArgumentError

from caruso.errors import Located, RejectedInput
from caruso.storage.adapters.adapter import StorageAdapter
from caruso.storage.adapters.built_in import storage_adapters

_known: dict[str, StorageAdapter] = {adapter.name: adapter for adapter in storage_adapters()}


def register(adapter: object) -> None:
    """Take an adapter; raise `TypeError` or `ValueError` for what is none, or would take the place of another."""
    if not isinstance(adapter, StorageAdapter):
        raise TypeError(f"{type(adapter).__name__} is no StorageAdapter")
    there = _known.get(adapter.name)
    # A plug-in that is read anew brings a class of the same name.
    if there is not None and type(there).__qualname__ != type(adapter).__qualname__:
        raise ValueError(f"there is a storage adapter {adapter.name} already")
    taken = {begin for other in _known.values() if other.name != adapter.name for begin in other.drivers}
    if common := taken & set(adapter.drivers):
        raise ValueError(f"there is a storage adapter for {', '.join(sorted(common))}:// already")
    _known[adapter.name] = adapter


def adapters() -> Iterator[StorageAdapter]:
    """Give all adapters."""
    yield from _known.values()


def adapter_named(name: str) -> StorageAdapter:
    """Return the adapter of this name."""
    return _known[name]


def parse_url(url: str) -> tuple[URL, StorageAdapter]:
    """Return the URL with its driver spelled out, and the adapter that opens it.

    Raises `RejectedInput` for what cannot be a database of ours; the text tells no password.
    """
    try:
        parsed = make_url(url)
    except ArgumentError:
        # Not `from`: the original message carries the URL and with it the password.
        raise _rejected("this is not a database URL") from None
    begin = parsed.drivername
    for adapter in _known.values():
        if begin in adapter.drivers:
            refused = adapter.refusal(parsed)
            if refused is not None:
                raise _rejected(refused, adapter.example)
            return parsed.set(drivername=adapter.drivers[begin]), adapter
    begins = sorted(begin for adapter in _known.values() for begin in adapter.drivers if "+" not in begin)
    nearest = get_close_matches(begin, begins, n=1)
    suggestion = f"did you mean {nearest[0]}://?" if nearest else ""
    raise _rejected(f"there is no engine {begin!r}; there are: {', '.join(begins)}", suggestion)


def _rejected(message: str, suggestion: str = "") -> RejectedInput:
    examples = " or ".join(adapter.example for adapter in _known.values())
    located = Located(
        rule="database-url", message=message, attribute="database.url", suggestion=suggestion or examples
    )
    return RejectedInput((located,))
