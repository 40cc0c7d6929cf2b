"""Engines come in by plug-ins: ours and others by the same hook; a wrong one is refused and harms nobody."""

from __future__ import annotations

from pathlib import Path

import pytest

from caruso.built_in import plugins_of, require_engine
from caruso.cli import main
from caruso.cli.outcome import Exit
from caruso.clock import SystemClock
from caruso.config import Config
from caruso.config.load import read_config
from caruso.errors import RejectedInput
from caruso.model.acting import Actor, acting
from caruso.model.ids import CustomerId
from caruso.model.records import Customer
from caruso.storage.adapters.registry import adapters
from caruso.storage.audit import Audit
from caruso.storage.backups.taking import Source, take
from caruso.storage.checking import check
from caruso.storage.customers import Customers
from caruso.storage.engine import Database
from caruso.storage.migrations import upgrade
from caruso.storage.objects.store import own_objects
from lab.journal_facts import answered_call
from lab.storage import journal_of, running_journal

VAULT = '''
from caruso.service_manager.hookspecs import hookimpl
from caruso.storage.adapters.sqlite import SqliteAdapter


class Vault(SqliteAdapter):
    """As one would bring an SQLite that encrypts its file."""

    name = "vault"
    drivers = {"vault": "sqlite+aiosqlite"}
    example = "vault:///caruso.vault"


@hookimpl
def storage_adapters():
    return [Vault()]
'''

WRONG = {
    "vault_of_paper": ("[object()]", "object is no StorageAdapter"),
    "vault_of_thieves": (
        "[type('Thief', (SqliteAdapter,), {'drivers': {'mine': 'x'}})()]",
        "there is a storage adapter sqlite already",
    ),
    "vault_next_door": (
        "[type('Door', (SqliteAdapter,), {'name': 'door', 'drivers': {'postgresql': 'x'}})()]",
        "there is a storage adapter for postgresql:// already",
    ),
}


@pytest.fixture
def config(tmp_path: Path) -> Config:
    (tmp_path / "plugins").mkdir()
    (tmp_path / "plugins" / "vault.py").write_text(VAULT)
    text = f'[database]\nurl = "vault:///{tmp_path}/caruso.vault"\n[services]\nplugins = "plugins"\n'
    return read_config(text, "caruso.toml", {}, base=tmp_path)


@pytest.fixture(autouse=True)
def others_are_forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    known = {adapter.name: adapter for adapter in adapters()}
    monkeypatch.setattr("caruso.storage.adapters.registry._known", known)


async def test_a_server_works_on_an_engine_that_a_plug_in_brings(config: Config, tmp_path: Path) -> None:
    url = config.database_url
    with pytest.raises(RejectedInput, match="no engine 'vault'"):
        Database(url)
    require_engine(config)
    plugins = plugins_of(config)  # as the server does once more: what is read anew takes its own place
    assert "vault" in plugins.names
    assert not plugins.refused
    await upgrade(url)
    database = Database(url)
    assert database.dialect == "vault"
    async with running_journal(database) as journal:
        for fact in answered_call(1, SystemClock().now()):
            journal.record(fact)
        await journal.flush()
    assert len(await journal_of(database)) == len(answered_call(1, SystemClock().now()))
    with acting(Actor(user="eve", channel="web")):
        customers = Customers(own_objects(database, SystemClock(), region="DE"))
        await customers.save(Customer(id=CustomerId("anna"), name="Anna"), by="eve")
    changes = await Audit(database).changes("Customer", "anna")
    assert [(change.change, change.by) for change in changes] == [("insert", "eve")]
    assert await check(database, tmp_path) == ()
    source = Source(database=database, data=tmp_path / "data", secret=tmp_path / "secret")
    with pytest.raises(RejectedInput, match="cannot back up vault"):
        await take(source, tmp_path / "backups", SystemClock())
    await database.dispose()


def test_a_wrong_adapter_is_refused_with_the_reason_and_the_others_work(config: Config) -> None:
    folder = config.services.plugins
    assert folder is not None
    for name, (brought, _) in WRONG.items():
        (folder / f"{name}.py").write_text(VAULT.replace("[Vault()]", brought))
    plugins = plugins_of(config)
    assert {name: reason.partition(": ")[2] for name, reason in plugins.refused.items()} == {
        name: reason for name, (_, reason) in WRONG.items()
    }
    assert {adapter.name for adapter in adapters()} == {"sqlite", "postgresql", "mariadb", "vault"}
    Database(config.database_url)


def test_an_engine_that_nobody_brings_is_told_with_those_there_are(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    settings = tmp_path / "caruso.toml"
    settings.write_text('[database]\nurl = "postgres://somebody:secret@host/caruso"\n')
    assert main(["check-config", "--config", str(settings)]) == Exit.REFUSED
    told = capsys.readouterr().err
    assert "database.url" in told
    assert "there are: mariadb, postgresql, sqlite" in told
    assert "did you mean postgresql://?" in told
    assert "secret" not in told
