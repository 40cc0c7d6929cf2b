"""A customer in a database of the company: found, told and erased with all that is kept here."""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import text

from caruso.business_objects.load import load_models
from caruso.clock import SystemClock
from caruso.errors import NotFound, StorageUnavailable
from caruso.model.asker import HOUSE
from caruso.model.callbacks import Callback, CallbackId
from caruso.model.ids import QueueId
from caruso.storage.adapters.adapter import Use
from caruso.storage.callbacks import Callbacks
from caruso.storage.engine import Database
from caruso.storage.objects.databases import Databases
from caruso.storage.objects.schema import make_missing
from caruso.storage.objects.store import Objects
from caruso.storage.privacy.personal_data import PrivacyParts, privacy_parts
from lab.mariadb import MariaDb
from lab.postgres import Postgres
from tests.unit.business_objects.sample import SAMPLE

NOON = datetime(2026, 11, 27, 12, tzinfo=UTC)
MODEL = load_models(
    [("erp.xml", SAMPLE.replace('<model id="sample">', '<model id="sample" database="erp">').encode())],
    ("own", "erp"),
)
EVE = {"id": "p-eve", "name": "Eve Vandermeer", "numbers": ["030 55512345"], "born": "1980-02-03", "shoe": 38}


@pytest.fixture(params=["sqlite", "postgres", "mariadb"])
def server(request: pytest.FixtureRequest) -> Postgres | MariaDb | None:
    """Return what keeps the company's database; None for a file."""
    if request.param == "sqlite":
        return None
    found: Postgres | MariaDb = request.getfixturevalue(request.param)
    return found


@pytest.fixture
async def erp(server: Postgres | MariaDb | None, tmp_path: Path) -> AsyncIterator[Database]:
    match server:
        case None:
            url = f"sqlite:///{tmp_path}/erp.sqlite"
        case MariaDb():
            url = server.url(await server.new_database())
        case _:
            url = server.url(server.new_database())
    made = Database(url, use=Use(foreign=True))
    async with made.writing() as connection:
        await connection.run_sync(lambda c: make_missing(c, MODEL, "erp"))
    yield made
    await made.dispose()


@pytest.fixture
async def own(sqlite_url: str) -> AsyncIterator[Database]:
    database = Database(sqlite_url)
    yield database
    await database.dispose()


@pytest.fixture
async def objects(own: Database, erp: Database) -> Objects:
    made = Objects(Databases(own, {"erp": erp}), MODEL, SystemClock(), region="DE")
    await made.create("Person", EVE, HOUSE)
    await made.create("Person", {"id": "p-al", "name": "Al", "numbers": ["030 555"]}, HOUSE)
    for number, person in ((1, "p-eve"), (2, "p-eve"), (3, "p-al")):
        await made.create("Contract", {"year": 2026, "number": number, "person_id": person, "price": 7}, HOUSE)
    await made.change("Contract", "2026,1", {"price": 8}, HOUSE)
    promised = Callback(
        id=CallbackId("cb"),
        number="+493055512345",
        queue=QueueId("sales"),
        due_at=NOON,
        created_at=NOON,
        changed_at=NOON,
        changed_by="eva",
        skills={},
    )
    await Callbacks(own).add(promised)
    return made


@pytest.fixture
def parts(own: Database, objects: Objects, tmp_path: Path) -> PrivacyParts:
    return privacy_parts(own, tmp_path / "files", SystemClock(), region="DE", objects=objects)


async def test_all_that_is_kept_anywhere_is_told(parts: PrivacyParts) -> None:
    output = io.BytesIO()
    await parts.personal.export("p-eve", output)
    with zipfile.ZipFile(output) as made:
        (person,) = json.loads(made.read("objects/Person.json"))
        assert (person["name"], person["numbers"]) == ("Eve Vandermeer", ["+493055512345"])
        assert len(json.loads(made.read("objects/Contract.json"))) == 2
        # Known by the number alone, which is in the other database.
        assert [row["id"] for row in json.loads(made.read("callbacks.json"))] == ["cb"]


async def test_erasing_leaves_nothing_in_either_database(
    parts: PrivacyParts, objects: Objects, own: Database, erp: Database
) -> None:
    erased = await parts.personal.erase("p-eve")
    assert (erased.objects, erased.callbacks) == (2, 1)
    left: list[object] = []
    for database, tables in (
        (erp, ("people", "people_details", "people_numbers", "contracts")),
        (own, ("record_changes", "object_search", "callbacks")),
    ):
        async with database.reading() as connection:
            for table in tables:
                left += (await connection.execute(text(f"SELECT * FROM {table}"))).all()  # noqa: S608
    for trace in ("p-eve", "Vandermeer", "vandermeer", "55512345", "1980"):
        assert trace not in str(left), trace
    assert "p-al" in str(left)
    assert [record.key for record in await objects.search("Person", "al", HOUSE)] == ["p-al"]
    with pytest.raises(NotFound):
        await parts.personal.erase("p-eve")


async def test_what_fails_in_between_is_done_by_erasing_again(
    parts: PrivacyParts, own: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def away(customer: str) -> None:
        raise StorageUnavailable("the other database is away")

    with monkeypatch.context() as broken:
        broken.setattr(parts.objects, "erase_person", away)
        with pytest.raises(StorageUnavailable):
            await parts.personal.erase("p-eve")
    assert (await Callbacks(own).get(CallbackId("cb"))).number.startswith("erased-")  # type: ignore[union-attr]
    assert (await parts.personal.erase("p-eve")).objects == 0
    with pytest.raises(NotFound):
        await parts.personal.erase("p-eve")
