"""Give out everything that is known of a customer: a ZIP with a JSON file for each table, and all files."""

from __future__ import annotations

import asyncio
import zipfile
from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import IO, Any

import msgspec
from sqlalchemy import Connection, select

from caruso.clock import Clock
from caruso.errors import NotFound
from caruso.storage.engine import Database
from caruso.storage.objects.privacy import PersonalObjects
from caruso.storage.privacy.erasing import rows_of
from caruso.storage.privacy.registry import STORES, Store
from caruso.storage.privacy.subject import Subject, find
from caruso.storage.tables.runs import stored_files

#: Seconds that reading may take.
TIMEOUT_SECONDS = 120.0

_README = """Everything that is kept of customer {customer}, as of {at:%Y-%m-%d %H:%M} UTC.

objects/                                the customer, and what belongs to one, by class
customers.json, customer_numbers.json   the customer, as the server keeps it
journal.json                            what happened in the contacts, one entry a fact
contacts.json and others                the same, as a history
script_runs.json, run_audit.json        dialogs: answers, and what was shown and asked
callbacks.json                          call-backs that were promised
record_changes.json                     who changed what of the records
customer_access.json                    who looked at them
files/                                  uploads and recordings, with their names in stored_files.json
"""


class Exporting:
    """Exports customers."""

    def __init__(
        self, database: Database, objects: PersonalObjects, files: Path, clock: Clock, *, region: str
    ) -> None:
        """Read from `database`, from `objects`, and the folder `files`."""
        self._database = database
        self._objects = objects
        self._files = files
        self._clock = clock
        self._region = region

    async def export(self, customer: str, output: IO[bytes]) -> int:
        """Write the ZIP; return how many entries it has. Raises `NotFound`."""
        numbers = await self._objects.numbers(customer)
        async with self._database.reading(timeout_seconds=TIMEOUT_SECONDS) as connection:
            subject = await connection.run_sync(find, customer, self._region, numbers)
            if subject is None:
                raise NotFound(f"There is no customer {customer}, and nothing that belongs to one.")
            found: dict[str, Sequence[Mapping[str, Any]]] = dict(await connection.run_sync(_read, subject))
        objects = await self._objects.export(customer)
        found |= {f"objects/{name}": records for name, records in objects.items()}
        return await asyncio.to_thread(self._write, customer, found, output, self._clock.now())

    def _write(
        self,
        customer: str,
        found: Mapping[str, Sequence[Mapping[str, Any]]],
        output: IO[bytes],
        at: datetime,
    ) -> int:
        with zipfile.ZipFile(output, "w", zipfile.ZIP_DEFLATED) as made:
            made.writestr("README.txt", _README.format(customer=customer, at=at))
            for name, rows in found.items():
                made.writestr(f"{name}.json", msgspec.json.format(msgspec.json.encode(rows)))
            for row in found.get(stored_files.name, []):
                path = self._files / row["id"][:2] / row["id"]
                if path.exists():
                    made.write(path, f"files/{row['id']}-{_safe(row['name'])}")
            return len(made.namelist())


def _read(connection: Connection, subject: Subject) -> dict[str, list[dict[str, Any]]]:
    found: dict[str, list[dict[str, Any]]] = {}
    for store in STORES:
        rows = [row for condition in rows_of(store, subject) for row in _rows(connection, store, condition)]
        found.setdefault(store.table.name, []).extend(rows)
    return {name: rows for name, rows in found.items() if rows}


def _rows(connection: Connection, store: Store, condition: Any) -> list[dict[str, Any]]:
    columns = [column for column in store.table.columns if column.name not in store.withheld]
    query = select(*columns).where(condition).order_by(*store.table.primary_key.columns)
    return [dict(row) for row in connection.execute(query).mappings()]


def _safe(name: str) -> str:
    """Return a name that is no path for whoever unpacks the ZIP."""
    return "".join(sign if sign.isalnum() or sign in "._- " else "_" for sign in name).lstrip(".") or "file"
