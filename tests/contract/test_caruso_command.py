"""The `caruso` command on a database of its own: what it prints, what it keeps, how it ends."""

from __future__ import annotations

import asyncio
import io
import json
import re
import socket
import sqlite3
from collections.abc import Callable, Coroutine, Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TypeVar

import pytest
from openpyxl import load_workbook

from caruso.cli import main
from caruso.clock import SystemClock
from caruso.model.facts import RecordingAccessed, RecordingBegun
from caruso.model.ids import AgentId, ContactId, CustomerId, QueueId, RecordingId, RunId, ScriptId, UserId
from caruso.model.recordings import AccessKind
from caruso.model.records import AppliedCentre, Customer, Session, User
from caruso.model.run_records import RunEvent, RunTurn, SavedRun
from caruso.script_engine.expressions.functions import FUNCTIONS
from caruso.script_engine.tools.steps import Answer
from caruso.storage.centres import Centres
from caruso.storage.customers import Customers
from caruso.storage.engine import Database
from caruso.storage.objects.store import own_objects
from caruso.storage.runs import Runs
from caruso.storage.users import Users
from caruso.web.passwords import Passwords
from lab.journal_facts import arrival
from lab.simulated_runs import simulated_run
from lab.storage import running_journal

T = TypeVar("T")

CENTRE = """\
name = "Example"
timezone = "Europe/Berlin"
[queues.billing]
name = "Billing"
[agents.anna]
name = "Anna"
queues = ["billing"]
[entry_points.main]
name = "Main"
numbers = ["4711"]
queue = "billing"
"""
BOB = '[agents.bob]\nname = "Bob"\nqueues = ["billing"]\n'


ASK = """\
<dialog id="ask" version="1" languages="en" channels="phone">
  <title>Ask</title>
  <object name="customer" class="Customer" key="call.customer"/>
  <question id="meter" type="digits"><text>Your meter, <value of="customer.name"/>?</text></question>
  <end id="bye" outcome="done"/>
</dialog>
"""
TESTED = "1 passed.\nCovered: 2 of 2 items, 1 of 1 ways between them.\n"


class Caruso:
    """Runs commands in a folder of their own."""

    def __init__(self, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
        self.folder = folder
        self.centre = folder / "centre.toml"
        self.centre.write_text(CENTRE)
        self._config = folder / "caruso.toml"
        self._config.write_text('[database]\nurl = "sqlite:///%s"\n' % (folder / "caruso.db"))
        self._capsys = capsys

    def __call__(self, *arguments: object) -> tuple[int, str, str]:
        self._capsys.readouterr()
        code = main(["--config", str(self._config), *map(str, arguments)])
        said = self._capsys.readouterr()
        return code, said.out, said.err

    def current(self) -> AppliedCentre | None:
        async def read() -> AppliedCentre | None:
            database = Database(f"sqlite:///{self.folder / 'caruso.db'}")
            try:
                return await Centres(database).current()
            finally:
                await database.dispose()

        return asyncio.run(read())

    def keep(self, run: str, script: Path) -> None:
        """Keep a run in which the meter was asked for, and the customer it is for."""
        saved = simulated_run(run, script.read_bytes(), [Answer(text="4711")])

        async def write() -> None:
            database = Database(f"sqlite:///{self.folder / 'caruso.db'}")
            try:
                await Runs(database).create(RunTurn(run=saved))
                customer = Customer(id=CustomerId("c-1"), name="Jo Example", numbers=(), email="", attributes={})
                await Customers(own_objects(database, SystemClock(), region="DE")).save(customer, by="test")
            finally:
                await database.dispose()

        asyncio.run(write())

    def user(self, name: str) -> User:
        user = asyncio.run(self._with_users(lambda users: users.user(UserId(name))))
        assert user is not None
        return user

    def sign_in(self, name: str, at: datetime) -> None:
        """Begin a session, as the server does."""
        session = Session(
            token_hash=f"{name}-{at}",
            user=UserId(name),
            created_at=at,
            expires_at=at + timedelta(hours=8),
            csrf_token="csrf",
        )
        asyncio.run(self._with_users(lambda users: users.save_session(session)))

    def sessions(self, name: str) -> int:
        """Return how many sessions somebody has."""
        return len(asyncio.run(self._with_users(lambda users: users.sessions_of(UserId(name)))))

    async def _with_users(self, work: Callable[[Users], Coroutine[None, None, T]]) -> T:
        database = Database(f"sqlite:///{self.folder / 'caruso.db'}")
        try:
            return await work(Users(database))
        finally:
            await database.dispose()

    def can_sign_in(self, name: str, password: str) -> bool:
        async def verify() -> bool:
            passwords = Passwords()
            try:
                return await passwords.verify(self.user_hash, password)
            finally:
                passwords.close()

        self.user_hash = self.user(name).password_hash
        return asyncio.run(verify())


@pytest.fixture
def free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


@pytest.fixture
def caruso(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Caruso:
    made = Caruso(tmp_path, capsys)
    assert made("db", "upgrade")[0] == 0
    return made


def test_a_database_is_made_and_checked(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    caruso = Caruso(tmp_path, capsys)
    code, _, err = caruso("db", "check")
    assert (code, "The database is empty" in err) == (1, True)
    code, _, err = caruso("apply", caruso.centre)
    assert (code, "run `caruso db upgrade`" in err) == (3, True)
    assert caruso("db", "upgrade")[0] == 0
    assert caruso("db", "check")[0] == 0


def test_a_folder_that_cannot_be_written_is_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    caruso = Caruso(tmp_path, capsys)
    (tmp_path / "file").touch()
    (tmp_path / "caruso.toml").write_text('[server]\ndata_dir = "file/data"\n')
    code, _, err = caruso("db", "upgrade")
    assert code == 3
    assert "Not a directory" in err


def test_settings_with_mistakes_end_every_command(caruso: Caruso) -> None:
    (caruso.folder / "caruso.toml").write_text("[server]\nprot = 1\n[log]\nlevel = 3\n")
    for command in (("check-config",), ("serve",), ("db", "check"), ("user", "list")):
        code, out, err = caruso(*command)
        assert code == 1
        assert out == ""
        assert err.splitlines()[0].endswith("There is no “prot” in server. (did you mean “port”?)")
        assert "caruso.toml:4:1: error[wrong-value] @log.level" in err


def test_settings_are_shown_without_secrets(caruso: Caruso) -> None:
    (caruso.folder / "caruso.toml").write_text('[asterisk]\nari_password = "swordfish"\n')
    code, out, _ = caruso("check-config", "--show")
    assert code == 0
    assert "ari_password = (set)" in out
    assert "swordfish" not in out
    assert caruso("check-config")[1] == "The settings are fine.\n"


def test_a_centre_is_applied_and_its_changes_are_told(caruso: Caruso) -> None:
    code, out, err = caruso("apply", caruso.centre)
    assert (code, err) == (0, "")
    assert out.splitlines()[:4] == ["+ centre Example", "+ queue billing", "+ agent anna", "+ entry point main"]
    assert "Version 1 is in force." in out
    assert "No password yet: anna." in out
    applied = caruso.current()
    assert applied is not None
    assert applied.centre.entry_point_for("4711") is not None
    caruso.centre.write_text(CENTRE.replace('"4711"', '"4711", "4712"'))
    code, out, _ = caruso("apply", caruso.centre)
    assert out.splitlines()[:2] == ["~ entry point main (numbers: 4711 → 4711, 4712)", "Version 2 is in force."]


def test_applying_the_same_again_changes_nothing(caruso: Caruso) -> None:
    caruso("apply", caruso.centre)
    code, out, _ = caruso("apply", caruso.centre)
    assert (code, out.splitlines()[0]) == (0, "Nothing has changed.")
    applied = caruso.current()
    assert applied is not None
    assert applied.version == 1


def test_a_dry_run_only_tells(caruso: Caruso) -> None:
    code, out, _ = caruso("apply", "--dry-run", "--first-passwords", caruso.folder / "pw", caruso.centre)
    assert (code, out.splitlines()[-1]) == (0, "4 changes would be made.")
    assert caruso.current() is None
    assert caruso("user", "list")[1].splitlines() == ["NAME  ROLE  AGENT  LAST SIGN-IN  FULL NAME"]
    assert not (caruso.folder / "pw").exists()


def test_a_centre_with_mistakes_changes_nothing(caruso: Caruso) -> None:
    caruso("apply", caruso.centre)
    caruso.centre.write_text(CENTRE.replace('"Example"', '"Other"').replace('["billing"]', '["biling"]'))
    code, out, err = caruso("apply", caruso.centre)
    assert (code, out) == (1, "")
    assert "centre.toml:7:11: error[unknown-queue]" in err
    applied = caruso.current()
    assert applied is not None
    assert applied.centre.name == "Example"


@pytest.mark.parametrize(
    ("scripts", "words"),
    [
        ('["missing.xml"]', "centre.toml:3:12: error[no-script-file] @scripts[1] There is no file “missing.xml”."),
        ('["none/*.xml"]', "There is no file “none/*.xml”."),
    ],
)
def test_script_files_that_are_not_there_are_told(caruso: Caruso, scripts: str, words: str) -> None:
    caruso.centre.write_text(CENTRE.replace("[queues", f"scripts = {scripts}\n[queues"))
    code, _, err = caruso("apply", caruso.centre)
    assert code == 1
    assert words in err


SCRIPT = """\
<dialog id="greeting" version="1" languages="en" channels="phone agent">
  <title>Greeting</title>
  <info id="hello"><text>Good day.</text></info>
  <handover id="to-agent" channel="agent" queue="'billing'"/>
</dialog>
"""
WITH_SCRIPT = CENTRE.replace("[queues", 'scripts = ["*.xml"]\n[queues') + 'script = "greeting"\n'


def test_scripts_are_applied_with_the_centre(caruso: Caruso) -> None:
    script = caruso.folder / "greeting.xml"
    script.write_text(SCRIPT)
    caruso.centre.write_text(WITH_SCRIPT)
    code, out, err = caruso("apply", caruso.centre)
    assert (code, err) == (0, "")
    assert "+ script greeting" in out
    applied = caruso.current()
    assert applied is not None
    assert applied.scripts["greeting"].source == SCRIPT.encode()  # type: ignore[index]
    script.write_text(SCRIPT.replace("Good day", "Hello").replace('version="1"', 'version="2"'))
    code, out, _ = caruso("apply", caruso.centre)
    assert out.splitlines()[0] == "~ script greeting (version: 1 → 2)"


def test_a_script_that_was_changed_needs_a_new_version(caruso: Caruso) -> None:
    script = caruso.folder / "greeting.xml"
    script.write_text(SCRIPT)
    caruso.centre.write_text(WITH_SCRIPT)
    caruso("apply", caruso.centre)
    script.write_text(SCRIPT.replace("Good day", "Hello"))
    code, _, err = caruso("apply", caruso.centre)
    assert code == 1
    assert "greeting.xml:1: error[script-version-reused] @version" in err
    applied = caruso.current()
    assert applied is not None
    assert applied.version == 1


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("</handover>", "", "greeting.xml"),
        (
            '"greeting" v',
            '"other" v',
            "error[unknown-script] @entry_points.main.script There is no script “greeting”.",
        ),
        ("'billing'", "'biling'", "greeting.xml:4:"),
        ("'billing'", "'biling'", "no queue “biling” (did you mean “billing”?)"),
        ('"phone agent"', '"agent"', "error[wrong-channel] @entry_points.main.script"),
        ("<info", "<infos", "error["),
    ],
)
def test_scripts_that_do_not_fit_are_told(caruso: Caruso, old: str, new: str, words: str) -> None:
    text = SCRIPT.replace("queue=\"'billing'\"/>", "queue=\"'billing'\"></handover>")
    assert old in text
    (caruso.folder / "greeting.xml").write_text(text.replace(old, new))
    caruso.centre.write_text(WITH_SCRIPT)
    code, out, err = caruso("apply", caruso.centre)
    assert (code, out) == (1, "")
    assert words in err
    assert caruso.current() is None


def test_callers_go_on_by_outcomes_that_their_dialog_has(caruso: Caruso) -> None:
    (caruso.folder / "greeting.xml").write_text(
        SCRIPT.replace("</dialog>", '<end id="over" outcome="moving"/></dialog>')
    )
    other = '[entry_points.other]\nname = "O"\nnumbers = ["99"]\nqueue = "billing"\n'
    caruso.centre.write_text(WITH_SCRIPT + 'outcomes = { movin = "other" }\n' + other)
    code, _, err = caruso("apply", caruso.centre)
    assert code == 1
    assert "error[unknown-outcome] @entry_points.main.outcomes.movin" in err
    assert "(did you mean “moving”?)" in err
    caruso.centre.write_text(WITH_SCRIPT + 'outcomes = { moving = "other" }\n' + other)
    assert caruso("apply", caruso.centre)[0] == 0


def test_a_script_on_the_web_must_be_made_for_it(caruso: Caruso) -> None:
    (caruso.folder / "greeting.xml").write_text(SCRIPT)
    caruso.centre.write_text(
        WITH_SCRIPT + '[entry_points.portal]\nname = "P"\nqueue = "billing"\nweb = "greeting"\n'
    )
    code, _, err = caruso("apply", caruso.centre)
    assert code == 1
    assert (
        "error[wrong-channel] @entry_points.portal.web Script “greeting” is not made for the channel “web”." in err
    )
    (caruso.folder / "greeting.xml").write_text(SCRIPT.replace('"phone agent"', '"phone agent web"'))
    assert caruso("apply", caruso.centre)[0] == 0


def test_the_utility_pack_can_be_applied(caruso: Caruso) -> None:
    code, out, err = caruso("apply", Path(__file__).parents[2] / "packs/utility/centre.toml")
    assert code == 0
    told = [re.sub(r".*/(.*?):.*?: (.*?\]).*", r"\1 \2", line) for line in err.splitlines()]
    assert told == [
        "billing.xml warning[no-mail-template]",
        "moving-house.xml warning[no-mail-template]",
        "outage-report.xml warning[no-http-target]",
    ], "what a script names of the settings is missed before somebody waits for it"
    assert "+ script meter-reading" in out


def test_the_same_script_in_two_files_is_refused(caruso: Caruso) -> None:
    for name in ("a.xml", "b.xml"):
        (caruso.folder / name).write_text(SCRIPT)
    caruso.centre.write_text(WITH_SCRIPT)
    code, _, err = caruso("apply", caruso.centre)
    assert code == 1
    assert "b.xml:1: error[script-twice]" in err


def test_scripts_are_checked_for_people_and_for_machines(caruso: Caruso) -> None:
    good, bad = caruso.folder / "good.xml", caruso.folder / "bad.xml"
    good.write_text(SCRIPT)
    bad.write_text(SCRIPT.replace("<title", "<titel"))
    assert caruso("script", "check", good) == (0, "The script is fine.\n", "")
    code, out, err = caruso("script", "check", good, bad, caruso.folder / "missing.xml")
    assert (code, out) == (1, "2 errors in 3 scripts.\n")
    assert "bad.xml:2:" in err
    assert "missing.xml: error[unreadable-file] No such file or directory." in err
    code, out, _ = caruso("script", "check", "--json", bad)
    found = [json.loads(line) for line in out.splitlines()]
    assert code == 1
    assert (found[0]["line"], found[0]["file"]) == (2, str(bad))


FUNCTION = """\
from caruso.script_engine.expressions.functions import Function
from caruso.script_engine.expressions.types import Type
from caruso.service_manager.hookspecs import hookimpl

@hookimpl
def script_functions():
    return {"tariff_of": Function((Type.NUMBER,), Type.TEXT, lambda kwh: "big" if kwh > 3000 else "small")}
"""
WITH_FUNCTION = SCRIPT.replace("queue=\"'billing'\"", "queue=\"tariff_of(1) = 'big' ? 'billing' : 'billing'\"")
MODEL = """\
<!DOCTYPE model PUBLIC "-//CARUSO//DTD Object Model 1.0//EN" "model.dtd">
<model id="tariffs">
  <class name="Usage" table="usages">
    <attribute name="id" key="yes"/><attribute name="kwh" type="number"/>
    <computed name="tariff" value="tariff_of(object.kwh)"/>
  </class>
</model>
"""


@pytest.fixture
def plugins(caruso: Caruso) -> Iterator[Path]:
    folder = caruso.folder / "plugins"
    folder.mkdir()
    yield folder
    FUNCTIONS.pop("tariff_of", None)


def test_scripts_and_models_may_use_functions_of_plug_ins(caruso: Caruso, plugins: Path) -> None:
    script = caruso.folder / "greeting.xml"
    script.write_text(WITH_FUNCTION)
    assert "tariff_of" in caruso("script", "check", script)[2]
    (plugins / "tariffs.py").write_text(FUNCTION)
    (caruso.folder / "models").mkdir()
    (caruso.folder / "models" / "usages.xml").write_text(MODEL)
    caruso.centre.write_text(WITH_SCRIPT)
    assert caruso("script", "check", script) == (0, "The script is fine.\n", "")
    for command in (
        ("script", "explain", script),
        ("model", "apply"),
        ("model", "check"),
        ("apply", caruso.centre),
        ("user", "list"),
    ):
        code, _, err = caruso(*command)
        assert (code, err) == (0, ""), command


def test_a_plug_in_that_is_broken_is_told_beside_what_it_leaves_out(caruso: Caruso, plugins: Path) -> None:
    script = caruso.folder / "greeting.xml"
    script.write_text(WITH_FUNCTION)
    (plugins / "tariffs.py").write_text(FUNCTION.replace("import hookimpl", "import hookimp"))
    code, out, err = caruso("script", "check", "--json", script)
    assert code == 1
    assert [json.loads(line)["rule"] for line in out.splitlines()] == ["unknown-function"]
    assert "plugin_refused" in err
    assert "tariffs.py, line 3" in err


def test_a_file_that_cannot_be_read_is_told(caruso: Caruso) -> None:
    code, _, err = caruso("apply", caruso.folder / "missing.toml")
    assert code == 1
    assert "missing.toml: error[unreadable-file] No such file or directory." in err


def test_first_passwords_are_made_once_kept_secret_and_work(caruso: Caruso) -> None:
    file = caruso.folder / "passwords"
    code, out, err = caruso("apply", caruso.centre, "--first-passwords", file)
    assert code == 0
    assert file.stat().st_mode & 0o777 == 0o600
    ((name, password),) = re.findall(r"(\S+) (\S+)\n", file.read_text())
    assert name == "anna"
    assert password not in out + err
    assert caruso.can_sign_in("anna", password)
    # Somebody new later: only that one gets a password.
    caruso.centre.write_text(CENTRE + BOB)
    second = caruso.folder / "second"
    caruso("apply", caruso.centre, "--first-passwords", second)
    assert [line.split()[0] for line in second.read_text().splitlines()] == ["bob"]
    assert caruso.can_sign_in("anna", password)


def test_an_existing_file_of_passwords_is_not_overwritten(caruso: Caruso) -> None:
    file = caruso.folder / "passwords"
    file.write_text("precious")
    code, _, err = caruso("apply", caruso.centre, "--first-passwords", file)
    assert (code, file.read_text()) == (1, "precious")
    assert "File exists" in err
    assert caruso.current() is None


def test_a_former_agent_can_no_longer_sign_in(caruso: Caruso) -> None:
    caruso.centre.write_text(CENTRE + BOB)
    file = caruso.folder / "passwords"
    caruso("apply", caruso.centre, "--first-passwords", file)
    password = dict(line.split() for line in file.read_text().splitlines())["bob"]
    assert caruso.can_sign_in("bob", password)
    caruso.centre.write_text(CENTRE)
    _, out, _ = caruso("apply", caruso.centre)
    assert "- agent bob" in out
    assert "bob can no longer sign in." in out
    assert not caruso.can_sign_in("bob", password)


def test_an_agent_cannot_take_an_admins_name(caruso: Caruso) -> None:
    password_file = caruso.folder / "pw"
    password_file.write_text("correct horse\n")
    assert caruso("user", "add", "anna", "--role", "admin", "--password-file", password_file)[0] == 0
    code, _, err = caruso("apply", caruso.centre)
    assert code == 1
    assert "centre.toml:5:1: error[user-taken] @agents.anna" in err
    assert caruso.current() is None


def test_users_are_added_listed_and_get_new_passwords(caruso: Caruso) -> None:
    password_file = caruso.folder / "pw"
    password_file.write_text("correct horse\n")
    code, out, _ = caruso("user", "add", "boss", "--role", "admin", "--password-file", password_file)
    assert (code, out) == (0, "boss can sign in as admin.\n")
    assert caruso.can_sign_in("boss", "correct horse")
    code, _, err = caruso("user", "add", "boss", "--role", "admin", "--password-file", password_file)
    assert (code, "already" in err) == (1, True)
    password_file.write_text("battery staple")
    assert caruso("user", "password", "boss", "--password-file", password_file)[0] == 0
    assert caruso.can_sign_in("boss", "battery staple")
    caruso("apply", caruso.centre)
    assert caruso("user", "list")[1].splitlines() == [
        "NAME  ROLE   AGENT  LAST SIGN-IN  FULL NAME",
        "anna  agent  anna   -             Anna       no password",
        "boss  admin  -      -             boss",
    ]


def test_who_leaves_the_company_is_disabled_and_can_be_enabled_again(caruso: Caruso) -> None:
    password_file = caruso.folder / "pw"
    password_file.write_text("correct horse\n")
    caruso("apply", caruso.centre)
    for name in ("boss", "chief"):
        caruso("user", "add", name, "--role", "admin", "--password-file", password_file)
    caruso.sign_in("chief", datetime(2026, 11, 23, 8, 15, tzinfo=UTC))
    assert caruso("user", "disable", "chief")[:2] == (0, "chief can no longer sign in; all sessions have ended.\n")
    assert caruso.sessions("chief") == 0
    first = caruso("user", "list")[1]
    assert re.search(
        r"^chief +admin +- +2026-11-23 08:15 UTC +chief +disabled since 20\d\d-.* UTC$", first, re.MULTILINE
    )
    assert caruso("user", "disable", "chief")[0] == 0
    assert caruso("user", "list")[1] == first
    code, out, _ = caruso("user", "password", "chief", "--password-file", password_file)
    assert (code, "chief is disabled" in out) == (0, True)
    code, _, err = caruso("user", "disable", "boss")
    assert code == 1
    assert err.startswith("caruso: error[last-admin] @NAME “boss” is the only admin who can sign in.")
    assert caruso.user("boss").disabled_at is None
    assert caruso("user", "enable", "chief")[:2] == (0, "chief can sign in again.\n")
    assert "disabled" not in caruso("user", "list")[1]
    assert caruso("user", "disable", "boss")[0] == 0
    assert caruso("user", "disable", "anna")[0] == 0
    assert "no password yet" in caruso("user", "enable", "anna")[1]
    for command in ("disable", "enable"):
        assert caruso("user", command, "nobody")[::2] == (1, "caruso: There is no user nobody\n")
    assert "disabled_at" in caruso("audit", "show", "User", "boss")[1]


def test_a_password_can_come_from_standard_input(caruso: Caruso, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO("correct horse\n"))
    assert caruso("user", "add", "boss", "--role", "admin")[0] == 0
    assert caruso.can_sign_in("boss", "correct horse")


@pytest.mark.parametrize(
    ("arguments", "password", "code", "words"),
    [
        (("add", "Boss"), "correct horse", 1, "consists of"),
        (("add", "boss", "--role", "admin"), "short", 1, "8 to 256 characters"),
        (("add", "boss", "--role", "admin"), "two lines\nof it", 1, "one line"),
        (("add", "carol"), "correct horse", 1, "The centre has no agent carol"),
        (("password", "carol"), "correct horse", 1, "There is no user carol"),
    ],
)
def test_what_cannot_be_a_user_is_refused(
    caruso: Caruso, arguments: tuple[str, ...], password: str, code: int, words: str
) -> None:
    password_file = caruso.folder / "pw"
    password_file.write_text(password)
    ended, _, err = caruso("user", *arguments, "--password-file", password_file)
    assert ended == code
    assert words in err
    assert password not in err


def test_a_pbx_that_is_not_there_is_told_in_a_line(caruso: Caruso, free_port: int) -> None:
    (caruso.folder / "caruso.toml").write_text(
        f'[asterisk]\nari_url = "http://127.0.0.1:{free_port}/ari"\nami_port = {free_port}\n'
    )
    code, out, _ = caruso("asterisk", "check")
    assert code == 1
    assert f"MISSING  ARI: nothing answers at http://127.0.0.1:{free_port}/ari" in out
    assert all(line.startswith(("ok ", "MISSING ")) for line in out.splitlines())


def test_the_account_of_a_phone_is_the_same_every_time(caruso: Caruso) -> None:
    caruso("apply", caruso.centre)
    code, out, _ = caruso("phone", "anna", "--kind", "sip")
    assert code == 0
    assert re.search(r"^user +anna-sip$", out, re.MULTILINE)
    assert caruso("phone", "anna")[1] == out
    code, _, err = caruso("phone", "carol")
    assert (code, "There is no agent carol; known: anna" in err) == (1, True)


def test_a_wrong_argument_is_told_with_the_usage_of_its_command(
    caruso: Caruso, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as ended:
        caruso("script", "check", "x.xml", "--bogus")
    assert ended.value.code == 2
    said = capsys.readouterr().err
    assert said.startswith("usage: caruso script check [-h]")
    assert "unrecognized arguments: --bogus" in said


def test_a_file_that_cannot_be_written_is_told_without_a_number(caruso: Caruso) -> None:
    file = caruso.folder / "hello.xml"
    file.write_text(script("1"))
    target = caruso.folder / "none" / "sheet.md"
    code, _, err = caruso("script", "explain", file, "--output", target)
    assert (code, err) == (3, f"caruso: {target}: No such file or directory\n")


def test_wrong_arguments_are_told_with_the_usage(caruso: Caruso, capsys: pytest.CaptureFixture[str]) -> None:
    for arguments in ((), ("serv",), ("user",), ("user", "add"), ("user", "add", "x", "--role", "boss")):
        with pytest.raises(SystemExit) as ended:
            caruso(*arguments)
        assert ended.value.code == 2
        assert "usage: caruso" in capsys.readouterr().err


def test_the_settings_file_may_be_named_after_the_command(caruso: Caruso, tmp_path: Path) -> None:
    other = tmp_path / "other.toml"
    other.write_text("[server]\nport = 0.5\n")
    code, _, err = caruso("check-config", "--config", other)
    assert (code, "other.toml:2:1" in err) == (1, True)


def test_mail_templates_are_checked_before_a_customer_waits_for_one(caruso: Caruso) -> None:
    folder = caruso.folder / "mail"
    folder.mkdir()
    (folder / "bill.en.txt").write_text("Subject: Bill {{ number }}\n\nDear {{ name }}\n")
    code, out, err = caruso("mail", "check")
    assert (code, out) == (1, "bill in en\n")
    assert "mail.host" in err
    (folder / "bill.de.txt").write_text("Guten Tag\n{% if %}\n")
    (folder / "Bill.txt").write_text("Subject: x\n\n")
    code, _, err = caruso("mail", "check")
    assert code == 1
    assert "Bill.txt: error[mail-template-name]" in err
    assert "bill.de.txt:1: error[mail-subject]" in err
    assert "bill.de.txt:2: error[mail-template]" in err


def test_what_scripts_can_ask_for_is_listed(caruso: Caruso) -> None:
    code, out, _ = caruso("service", "docs")
    assert code == 0
    assert {"`email.send`", "`http.request`", "`note.add`", "`callback.schedule`"} <= set(out.split())


def script(version: str, text: str = "Hello.") -> str:
    return f"""<dialog id="hello" version="{version}" languages="en"><title>Hello</title>
  <info id="hi"><text>{text}</text></info><end id="over" outcome="done"/></dialog>"""


def test_a_script_lives_from_its_first_version_to_being_deleted(caruso: Caruso) -> None:
    caruso("db", "upgrade")
    caruso("apply", caruso.centre)
    file = caruso.folder / "hello.xml"
    file.write_text(script("1"))
    code, out, _ = caruso("script", "publish", file, "--why", "the first")
    assert (code, out.splitlines()[-1]) == (0, "“hello”: 1 for everybody.")
    file.write_text(script("2", "Hi."))
    code, out, _ = caruso("script", "publish", file, "--why", "shorter", "--share", "10%", "--queue", "billing")
    assert (code, out.splitlines()[-1]) == (0, "“hello”: 2 for 10 % of queue billing, else 1.")
    code, out, _ = caruso("script", "rollout", "hello", "2", "--why", "well received")
    assert (code, out) == (0, "“hello”: 2 for everybody.\n")
    code, out, _ = caruso("script", "rollback", "hello", "--why", "after all not")
    assert (code, out) == (0, "“hello”: 1 for everybody.\n")
    assert caruso("script", "versions") == (0, "hello: 1 for everybody\n", "")
    code, out, _ = caruso("script", "versions", "hello")
    assert "* 1 (1)" in out
    assert "  2 (2)" in out
    assert "rolled-back 1 → 1 for everybody  after all not" in out
    code, out, _ = caruso("script", "versions", "hello", "--json")
    told = json.loads(out)
    assert [version["version"] for version in told["versions"]] == ["2", "1"]
    code, _, err = caruso("script", "rollout", "hello", "2", "--why", "x", "--queue", "gas")
    assert (code, err) == (1, "caruso: error[unknown-queue] There is no queue “gas”. (known: billing)\n")
    audited = caruso("audit", "show", "Script", "hello")[1]
    assert max(map(len, audited.splitlines())) < 600, "a whole script is shown in a list of changes"
    code, _, err = caruso("script", "delete", "hello", "1", "--why", "old")
    assert (code, "in force" in err) == (1, True)
    code, _, err = caruso("script", "delete", "hello", "2", "--why", "old")
    assert (code, "in a minute" in err) == (1, True)


def test_what_cannot_be_published_says_why_with_its_place(caruso: Caruso) -> None:
    caruso("db", "upgrade")
    caruso("apply", caruso.centre)
    file = caruso.folder / "hello.xml"
    file.write_text(script("1", "<value of='answers.nobody'/>"))
    code, _, err = caruso("script", "publish", file, "--why", "x")
    assert code == 1
    assert "hello.xml:2:" in err
    file.write_text(script("1"))
    code, _, err = caruso("script", "publish", file, "--why", "x", "--share", "10%")
    assert (code, "none for the others" in err) == (1, True)
    caruso("script", "publish", file, "--why", "x")
    file.write_text(script("1", "Other."))
    code, _, err = caruso("script", "publish", file, "--why", "x")
    assert (code, "give it a new version" in err) == (1, True)


def test_applying_a_centre_publishes_its_scripts_with_what_they_call(caruso: Caruso) -> None:
    caruso("db", "upgrade")
    caruso.centre.write_text('scripts = ["*.xml"]\n' + CENTRE)
    (caruso.folder / "hello.xml").write_text(script("1"))
    main = caruso.folder / "main.xml"
    calls = script("1").replace('id="hello"', 'id="main"').replace("<end", '<call id="c" dialog="hello"/><end')
    main.write_text(calls)
    code, out, err = caruso("apply", caruso.centre, "--why", "go")
    assert (code, err) == (0, ""), out
    code, out, _ = caruso("script", "versions", "main")
    assert "calls “hello” 1" in out
    assert "go" in out
    (caruso.folder / "hello.xml").write_text(script("2"))
    code, _, err = caruso("apply", caruso.centre)
    assert code == 0
    assert "“main” goes on with version 1 of “hello”, not 2." in err
    assert "published 2  apply centre.toml" in caruso("script", "versions", "hello")[1]
    main.write_text(calls.replace('dialog="hello"', 'dialog="helo"').replace('version="1"', 'version="2"'))
    code, _, err = caruso("apply", caruso.centre)
    assert code == 1
    assert "main.xml:2" in err
    assert "no dialog “helo”" in err


@pytest.mark.parametrize("ending", ["xlsx", "csv", "po"])
def test_texts_go_to_a_translator_and_come_back(caruso: Caruso, ending: str) -> None:
    file, table, new = (caruso.folder / name for name in ("hello.xml", f"texts.{ending}", "hello-it.xml"))
    file.write_text(script("1"))
    code, out, _ = caruso("script", "texts", "export", file, "--to", table, "--language", "it")
    assert (code, out) == (0, f"2 texts are in {table}.\n")
    if ending == "xlsx":
        book = load_workbook(table)
        book.worksheets[0].cell(3, book.worksheets[0].max_column).value = "Ciao."
        book.save(table)
    elif ending == "csv":
        table.write_bytes(table.read_bytes().replace(b"Hello.,,", b"Hello.,,Ciao."))
    else:
        table.write_text(table.read_text().replace('msgid "Hello."\nmsgstr ""', 'msgid "Hello."\nmsgstr "Ciao."'))
    code, out, err = caruso(
        "script", "texts", "import", file, table, "--to", new, "--language", "it", "--version", "1.1"
    )
    assert (code, out.splitlines()[-1]) == (0, f"1 texts are other now; {new} is written."), err
    assert "“title” has no text in “it”" not in err, "its title serves for all"
    dialog = new.read_text()
    assert 'version="1.1" languages="en it"' in dialog
    assert '<text>Hello.</text><text lang="it">Ciao.</text>' in dialog
    code, _, err = caruso("script", "texts", "import", file, table, "--to", file)
    assert (code, "is the script itself" in err) == (1, True)


def test_a_translation_with_a_mistake_writes_nothing(caruso: Caruso) -> None:
    file, table, new = (caruso.folder / name for name in ("hello.xml", "texts.csv", "new.xml"))
    file.write_text(script("1", "Dear <value of='call.name'/>."))
    table.write_text("id,de\nhi/text,Sehr geehrte Damen\nhy/text,x\n")
    code, _, err = caruso("script", "texts", "import", file, table, "--to", new)
    assert (code, new.exists()) == (1, False)
    assert f"{table}:2: error[translation] @de “hi/text”: <value of=“call.name”> is missing." in err
    assert f"{table}:3: warning[unknown-text]" in err


def test_who_listened_is_listed_with_a_line_for_each_person(caruso: Caruso) -> None:
    assert caruso("db", "upgrade")[0] == 0
    assert caruso("recordings", "log")[1] == "Nobody did anything with a recording in this time.\n"
    contact, recording, now = ContactId("c1"), RecordingId("r1"), SystemClock().now()

    async def listen() -> None:
        database = Database(f"sqlite:///{caruso.folder / 'caruso.db'}")
        async with running_journal(database) as journal:
            journal.record(arrival(contact, now))
            journal.record(
                RecordingBegun(
                    at=now,
                    contact=contact,
                    recording=recording,
                    part=1,
                    queue=QueueId("billing"),
                    agent=AgentId("anna"),
                )
            )
            for by, what in (("sam", AccessKind.LISTENED), ("sam", AccessKind.LISTENED), ("kim", AccessKind.HELD)):
                journal.record(
                    RecordingAccessed(at=now, contact=contact, recording=recording, by=by, what=what, reason="")
                )
            await journal.flush()
        await database.dispose()

    asyncio.run(listen())
    code, told, _ = caruso("recordings", "log")
    assert code == 0
    assert "UTC  kim held r1 (contact c1, part 1, anna in billing)" in told
    assert told.endswith("sam: listened 2\nkim: held 1\n")
    assert caruso("recordings", "log", "--contact", "another")[1].startswith("Nobody")
    assert caruso("recordings", "log", "--by", "kim")[1].count("r1") == 1
    assert caruso("recordings", "log", "--by", "Ki")[1].count("r1") == 1
    assert len(json.loads(caruso("recordings", "log", "--json", "--limit", "2")[1])) == 2
    assert caruso("recordings", "log", "--since", "yesterday")[0] == 1


def test_recordings_that_are_missing_are_listed_by_language(caruso: Caruso) -> None:
    file, sounds = caruso.folder / "hello.xml", caruso.folder / "sounds"
    text = '<text lang="en" audio="hello.wav">Hello.</text><text lang="de" audio="hello.wav">Hallo.</text>'
    file.write_text(
        script("1").replace("<text>Hello.</text>", text).replace('languages="en"', 'languages="en de"')
    )
    (sounds / "en").mkdir(parents=True)
    (sounds / "en" / "hello.wav").write_bytes(b"RIFF")
    code, out, _ = caruso("script", "recordings", file, "--sounds", sounds)
    assert (code, out) == (0, "de:\n  hello.wav  line 2  Hallo.\n")
    (sounds / "de").mkdir()
    (sounds / "de" / "hello.wav").write_bytes(b"RIFF")
    code, out, _ = caruso("script", "recordings", file, "--sounds", sounds)
    assert (code, out) == (0, f"Every recording the script names is in {sounds}.\n")
    code, _, err = caruso("script", "recordings", file, "--sounds", sounds / "no")
    assert (code, err) == (1, f"caruso: there is no folder {sounds / 'no'}\n")
    file.write_text(script("1"))
    assert "names no recordings" in caruso("script", "recordings", file, "--sounds", sounds)[1]


def test_statistics_of_a_script_are_told_for_people_and_machines(caruso: Caruso) -> None:
    caruso("db", "upgrade")
    assert caruso("script", "stats", "hello") == (1, "", "caruso: There is no script “hello”.\n")
    assert caruso("script", "versions") == (0, "No script is published.\n", "")
    caruso("apply", caruso.centre)
    (caruso.folder / "hello.xml").write_text(script("1"))
    caruso("script", "publish", caruso.folder / "hello.xml", "--why", "the first")
    assert caruso("script", "stats", "hello") == (0, "Nobody was led by it in this time.\n", "")
    assert caruso("script", "stats", "hello", "--since", "yesterday")[0] == 1
    now = datetime.now(UTC)

    def events(name: str, *noted: tuple[str, str, int]) -> tuple[RunEvent, ...]:
        return tuple(
            RunEvent(
                run=RunId(name), revision=1, position=n, contact=None, event=event, item=item,
                at=now + timedelta(seconds=seconds), turn=1, channel="web", by="", script=ScriptId("hello"),
                version="1",
            )
            for n, (event, item, seconds) in enumerate(noted)
        )  # fmt: skip

    async def write() -> None:
        database = Database(f"sqlite:///{caruso.folder / 'caruso.db'}")
        for name, noted in {
            "one": events("one", ("shown", "street", 0), ("answered", "street", 12), ("shown", "over", 12)),
            "two": events("two", ("shown", "street", 0), ("left", "street", 3)),
        }.items():
            run = SavedRun(
                id=RunId(name), contact=None, script=ScriptId("hello"), version="1",
                state={"outcome": "done"}, updated_at=now, finished=name == "one",
            )  # fmt: skip
            await Runs(database).create(RunTurn(run=run, events=noted))
        await database.dispose()

    asyncio.run(write())
    code, out, _ = caruso("script", "stats", "hello")
    assert code == 0
    assert "Version 1: 2 runs, 1 finished, 1 dropped off, 0 open" in out
    assert re.search(r"street +2 +1 +2 +0 +0 +1 +50\.0 +12\.0 +12\.0", out)
    code, out, _ = caruso("script", "stats", "hello", "--json")
    assert json.loads(out)[0]["outcomes"] == {"done": 1}


def test_a_kept_run_becomes_a_test_case_and_a_customer_is_led_in_the_simulator(
    caruso: Caruso, monkeypatch: pytest.MonkeyPatch
) -> None:
    centre = caruso.folder / "with-script.toml"
    script = caruso.folder / "ask.xml"
    script.write_text(ASK)
    centre.write_text('scripts = ["ask.xml"]\n' + CENTRE)
    assert caruso("apply", centre)[0] == 0
    caruso.keep("run-7", script)
    code, out, _ = caruso("script", "record", "run-7", "--name", "As it was")
    assert code == 0
    assert '<answer item="meter" says="4711"/>' in out
    script.write_text(ASK.replace("</dialog>", f"{out}</dialog>"))
    assert caruso("script", "test", script)[:2] == (0, TESTED)
    code, _, err = caruso("script", "record", "run-8")
    assert (code, "There is no run “run-8”." in err) == (1, True)
    monkeypatch.setattr("sys.stdin", io.StringIO(":quit\n"))
    code, out, _ = caruso("script", "run", script, "--customer", "c-1")
    assert (code, out) == (0, "Your meter, Jo Example?\nFinish with the hash key.\n")
    code, _, err = caruso("script", "run", script, "--customer", "c-2")
    assert (code, "Nothing is known about the customer “c-2”." in err) == (1, True)


def test_a_database_is_backed_up_verified_checked_made_anew_and_restored(caruso: Caruso) -> None:
    assert caruso("apply", caruso.centre)[0] == 0
    code, out, _ = caruso("db", "check")
    assert (code, "and whole" in out) == (0, True)
    code, out, _ = caruso("db", "rebuild", "--compare")
    assert code == 0
    assert out.count("the same") == 10
    code, out, _ = caruso("db", "backup", caruso.folder / "backups")
    assert code == 0
    (folder,) = (caruso.folder / "backups").iterdir()
    assert out.startswith(f"{folder}: sqlite at step")
    code, out, _ = caruso("db", "verify", folder)
    assert (code, out.startswith(f"{folder} is whole")) == (0, True)

    code, _, err = caruso("db", "restore", folder)
    assert (code, "database-not-empty" in err, "--replace" in err) == (1, True, True)
    code, out, _ = caruso("db", "restore", folder, "--replace")
    assert (code, out.startswith("Restored: ")) == (0, True)
    assert len(list(caruso.folder.glob("caruso.db.before-*"))) == 1
    applied = caruso.current()
    assert applied is not None
    assert applied.centre.name == "Example"

    with (folder / "database" / "caruso.sqlite").open("r+b") as damaged:
        damaged.write(b"x")
    code, _, err = caruso("db", "verify", folder)
    assert (code, "wrong-checksum" in err, str(folder / "database" / "caruso.sqlite") in err) == (1, True, True)
    assert caruso("db", "restore", caruso.folder / "nothing")[0] == 1


def test_no_back_up_is_restored_under_a_running_server(caruso: Caruso) -> None:
    assert caruso("db", "backup", caruso.folder / "backups")[0] == 0
    (folder,) = (caruso.folder / "backups").iterdir()
    with closing(sqlite3.connect(caruso.folder / "caruso.db")) as server:
        server.execute("SELECT count(*) FROM journal").fetchall()
        code, _, err = caruso("db", "restore", folder, "--replace")
    assert (code, "database-in-use" in err) == (1, True)


def test_what_was_changed_at_the_terminal_is_shown_and_put_back(caruso: Caruso) -> None:
    assert caruso("apply", caruso.centre)[0] == 0
    code, out, _ = caruso("audit", "show", "User", "anna")
    assert code == 0
    assert "insert in users by" in out
    assert "from cli" in out
    number = out.split()[0]
    caruso.centre.write_text(CENTRE.replace('name = "Anna"', 'name = "Anne"'))
    assert caruso("apply", caruso.centre)[0] == 0
    assert caruso.user("anna").name == "Anne"
    assert 'name = "Anna"' in caruso("audit", "state", "User", "anna", number)[1]
    assert caruso("audit", "restore", "User", "anna", number)[0] == 0
    assert caruso.user("anna").name == "Anna"
    assert caruso("audit", "show", "User", "nobody")[1] == "No changes are known.\n"
    code, _, err = caruso("audit", "show", "Sandwich")
    assert (code, "no class Sandwich" in err) == (1, True)


def test_a_customer_is_exported_and_erased_at_the_terminal(
    caruso: Caruso, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    script = tmp_path / "ask.xml"
    script.write_text(ASK)
    caruso.keep("run-1", script)
    target = tmp_path / "out.zip"
    code, out, _ = caruso("privacy", "export", "c-1", "--out", target)
    assert (code, out.startswith(f"{target}: ")) == (0, True)
    assert caruso("privacy", "export", "c-1", "--out", target)[0] == 3, "nothing is overwritten"
    assert "export by" in caruso("privacy", "accesses", "c-1")[1]
    monkeypatch.setattr("sys.stdin", io.StringIO("c-1\n"))
    assert caruso("privacy", "erase", "c-1")[0] == 1, "a pipe cannot say yes"
    code, out, _ = caruso("privacy", "erase", "c-1", "--yes")
    assert (code, out.startswith("Erased for ever: ")) == (0, True)
    assert caruso("privacy", "erase", "c-1", "--yes")[0] == 1
    assert caruso("audit", "show", "Customer", "c-1")[1] == "No changes are known.\n"
