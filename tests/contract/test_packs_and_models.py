"""``caruso pack`` and ``caruso model`` on real databases: the utility pack, and a database of somebody else."""

from __future__ import annotations

import asyncio
import json
import shutil
import zipfile
from pathlib import Path

import pytest
from sqlalchemy import text

from caruso.business_objects.folder import read_folder
from caruso.business_objects.records import Query
from caruso.cli import main
from caruso.clock import SystemClock
from caruso.model.asker import house
from caruso.storage.engine import Database
from caruso.storage.objects.databases import Databases
from caruso.storage.objects.store import Objects
from lab.demo.utility_data import fill
from lab.music_shop import statements

PACK = Path(__file__).parents[2] / "packs" / "utility"


class Commands:
    """Runs commands with settings of their own."""

    def __init__(self, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
        self.folder = folder
        self.shop = f"sqlite:///{folder}/shop.sqlite"
        self._capsys = capsys
        self._config = folder / "caruso.toml"
        self._config.write_text(
            f'[database]\nurl = "sqlite:///{folder}/caruso.db"\n[objects.databases.shop]\nurl = "{self.shop}"\n'
        )

    def __call__(self, *arguments: object) -> tuple[int, str]:
        self._capsys.readouterr()
        code = main(["--config", str(self._config), *map(str, arguments)])
        captured = self._capsys.readouterr()
        return code, captured.out + captured.err


@pytest.fixture
def caruso(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Commands:
    commands = Commands(tmp_path, capsys)
    assert commands("db", "upgrade")[0] == 0

    async def make() -> None:
        database = Database(commands.shop)
        async with database.writing() as connection:
            for statement in statements():
                await connection.execute(text(statement))
        await database.dispose()

    asyncio.run(make())
    return commands


def test_the_utility_pack_is_installed_filled_and_used(caruso: Commands) -> None:
    code, said = caruso("pack", "check", PACK)
    assert code == 0
    assert said.startswith("Energy utility 1.0: 6 classes, all parts fit each other.\n")
    assert "warning[no-http-target] @service the settings name no system “network”" in said
    assert "no-mail-template" not in said, "the pack brings the mails its dialogs send"
    assert not (caruso.folder / "models").exists(), "checking changes nothing"
    code, said = caruso("pack", "install", PACK)
    assert code == 0, said
    assert "mail moving-house.nl.txt\n" in said
    (caruso.folder / "mail" / "bill-copy.en.txt").write_text("Subject: Ours\n\nOurs.\n")
    assert "own: made utility_contracts" in said
    assert "Version 1 is in force." in said
    assert caruso("model", "check") == (0, "6 classes, as the databases have them.\n")
    assert caruso("model", "diff") == (0, "All tables are there.\n")
    again = caruso("pack", "install", PACK)[1]
    assert "Nothing has changed." in again
    assert "mail bill-copy.en.txt is there already, and stays as it is" in again
    assert (caruso.folder / "mail" / "bill-copy.en.txt").read_text().startswith("Subject: Ours")

    async def use() -> None:
        database = Database(f"sqlite:///{caruso.folder}/caruso.db")
        model = read_folder(caruso.folder / "models", ("own", "shop"))
        made = await fill(database, model, first=0, count=40)
        assert made["Customer"] == 40
        assert min(made.values()) > 0
        objects = Objects(Databases(database), model, SystemClock(), region="NL")
        (customer, *_) = await objects.search("Customer", "customer", house("test"))
        for relation in ("contracts", "invoices"):
            page = await objects.related("Customer", customer.key, relation, Query(), house("test"))
            assert page.records
        await database.dispose()

    asyncio.run(use())
    assert caruso("model", "check")[0] == 0
    code, said = caruso("audit", "show", "Reading", "--limit", "1")
    assert (code, "insert in utility_readings" in said) == (0, True)
    exported = caruso.folder / "c.zip"
    assert caruso("privacy", "export", "C10000", "--out", exported)[0] == 0
    with zipfile.ZipFile(exported) as made:
        (reading, *_) = json.loads(made.read("objects/Reading.json"))
        assert json.loads(made.read("objects/Customer.json"))[0]["id"] == "C10000"
    code, said = caruso("privacy", "erase", "C10000", "--yes")
    assert (code, "business objects are gone" in said) == (0, True)
    key = f"{reading['meter_number']},{reading['read_on']}"
    assert "No changes are known" in caruso("audit", "show", "Reading", key)[1]
    assert caruso("privacy", "export", "C10000", "--out", caruso.folder / "again.zip")[0] == 1

    async def undo() -> None:
        """Switch a trigger off, as somebody might at the database's own prompt."""
        database = Database(f"sqlite:///{caruso.folder}/caruso.db")
        async with database.writing() as connection:
            await connection.execute(text("DROP TRIGGER caruso_model_audit_utility_cases_update"))
        await database.dispose()

    asyncio.run(undo())
    code, said = caruso("model", "check")
    assert (code, "changes of “utility_cases” leave no trace" in said) == (1, True)
    assert caruso("model", "apply")[0] == 0
    assert caruso("model", "check")[0] == 0


def test_a_pack_with_a_mistake_changes_nothing(caruso: Commands) -> None:
    broken = caruso.folder / "pack"
    shutil.copytree(PACK, broken)
    model = broken / "models" / "utility.xml"
    model.write_text(model.read_text().replace('class="Contract" many', 'class="Contrct" many'))
    code, said = caruso("pack", "install", broken)
    assert code == 1
    assert "did you mean “Contract”?" in said
    assert not (caruso.folder / "models").exists()
    shutil.copytree(PACK, broken, dirs_exist_ok=True)
    (broken / "mails" / "bill-copy.de.txt").write_text("Subject: {{ x\n\nX\n")
    code, said = caruso("pack", "install", broken)
    assert code == 1
    assert "bill-copy.de.txt:3: error[mail-template]" in said
    assert not (caruso.folder / "mail").exists()
    (broken / "pack.toml").write_text('name = "No Name"\n')
    code, said = caruso("pack", "check", broken)
    assert code == 1
    assert "small letters" in said
    assert "title" in said


def test_a_database_of_somebody_else_is_modelled_and_checked(caruso: Commands) -> None:
    models = caruso.folder / "models"
    models.mkdir()
    code, proposal = caruso("model", "reflect", "shop")
    assert code == 0
    (models / "shop.xml").write_text(proposal)
    assert caruso("model", "check")[0] == 0
    (models / "shop.xml").write_text(proposal.replace('column="FirstName"', 'column="Frstname"'))
    code, said = caruso("model", "check")
    line = proposal[: proposal.index('column="FirstName"')].count("\n") + 1
    assert code == 1
    assert f"shop.xml:{line}:" in said
    assert "did you mean “FirstName”?" in said
    assert caruso("model", "reflect", "nowhere")[0] != 0
