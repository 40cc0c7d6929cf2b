"""The engines that come with Caruso."""

from __future__ import annotations

from caruso.service_manager.hookspecs import hookimpl
from caruso.storage.adapters.adapter import StorageAdapter
from caruso.storage.adapters.mariadb import MariaDbAdapter
from caruso.storage.adapters.postgresql import PostgresAdapter
from caruso.storage.adapters.sqlite import SqliteAdapter


@hookimpl
def storage_adapters() -> tuple[StorageAdapter, ...]:
    """Return them."""
    return (SqliteAdapter(), PostgresAdapter(), MariaDbAdapter())
