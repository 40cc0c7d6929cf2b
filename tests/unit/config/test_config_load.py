"""How settings are read, and what is said about wrong ones."""

from __future__ import annotations

from pathlib import Path

import pytest

from caruso.config import Config, default_config_file, load_config, read_config
from caruso.errors import Located, RejectedInput
from caruso.service_manager.parts import System, systems_of
from caruso.toml.shape import Secret

BASE = Path("/srv/caruso")


def secret_in(file: Path) -> str:
    return "sqlite:///x" if file.name == "url" else f"<{file}>"


def read(text: str = "", **environ: str) -> Config:
    return read_config(text, "caruso.toml", environ, base=BASE, read_secret=secret_in)


def mistakes(text: str = "", **environ: str) -> list[Located]:
    with pytest.raises(RejectedInput) as rejected:
        read(text, **environ)
    return list(rejected.value.findings)


def test_everything_has_a_default() -> None:
    config = read()
    assert config.server.port == 8080
    assert config.server.data_dir == BASE / "data"
    assert config.secret_file == BASE / "data/secret"
    assert config.speech_cache == BASE / "data/speech"
    assert config.database_url == "sqlite:////srv/caruso/data/caruso.db"
    assert config.public_url == "http://127.0.0.1:8080"
    assert config.asterisk.ari_url == "http://127.0.0.1:8088/ari"


def test_the_file_sets_what_it_names() -> None:
    config = read(
        '[server]\nport = 9\npublic_url = "https://c.example/"\ndata_dir = "/var/c"\n'
        '[speech]\nvoices = {fr = "fr-fr"}\n[web]\ntrusted_proxies = ["10.0.0.0/8", "::1"]\n'
        '[scripts]\nsounds = "our/sounds"\n[log]\nformat = "console"\n'
    )
    assert config.server.port == 9
    assert config.public_url == "https://c.example"
    assert config.secret_file == Path("/var/c/secret")
    assert config.speech.voices == {"fr": "fr-fr"}
    assert config.web.trusted_proxies == ("10.0.0.0/8", "::1")
    assert config.scripts.sounds == BASE / "our/sounds"
    assert config.log.format == "console"


def test_the_environment_overrides_the_file() -> None:
    config = read(
        '[server]\nport = 9\nhost = "10.0.0.1"\n',
        CARUSO_SERVER_PORT="7",
        CARUSO_SERVER_DATA_DIR="elsewhere",
        CARUSO_SPEECH_TIMEOUT_SECONDS="2.5",
        CARUSO_SPEECH_VOICES='{it = "it"}',
        CARUSO_WEB_TRUSTED_PROXIES="10.0.0.1, 10.0.0.2",
        CARUSO_LOG_LEVEL="debug",
        CARUSO_ASTERISK_ARI_USER="12",
        UNRELATED="x",
        CARUSO_CONFIG="x.toml",
    )
    assert (config.server.port, config.server.host) == (7, "10.0.0.1")
    assert config.server.data_dir == BASE / "elsewhere"
    assert config.speech.timeout_seconds == 2.5
    assert config.speech.voices == {"it": "it"}
    assert config.web.trusted_proxies == ("10.0.0.1", "10.0.0.2")
    assert config.log.level == "debug"
    assert config.asterisk.ari_user == "12"


@pytest.mark.parametrize(
    ("text", "place", "words"),
    [
        ("[server]\nprot = 1", (2, "server.prot"), "did you mean “port”?"),
        ("[servr]\nport = 1", (1, "servr"), "did you mean “server”?"),
        ("\n\nserver = 3", (3, "server"), "must be a table, not 3"),
        ("[server]\nport = 70000", (2, "server.port"), "a whole number from 0 to 65535, not 70000"),
        ('[server]\nport = "80"', (2, "server.port"), "not “80”"),
        ("[asterisk]\nami_port = 0", (2, "asterisk.ami_port"), "from 1 to 65535"),
        ('[asterisk]\nari_url = "pbx:8088"', (2, "asterisk.ari_url"), "begins with http:// or https://"),
        ('[asterisk]\nphone_ws_url = "https://x"', (2, "asterisk.phone_ws_url"), "wss://"),
        ('[asterisk]\nami_user = "a\\r\\nAction: Originate"', (2, "asterisk.ami_user"), "letters, digits"),
        ('[asterisk]\nsip_server = "a\\r\\nb"', (2, "asterisk.sip_server"), "a host name or address"),
        ('[server]\ncountry = "Germany"', (2, "server.country"), "two capital letters"),
        ('[server]\npublic_url = "https://c.example/caruso"', (2, "server.public_url"), "without a path"),
        ('[log]\nlevel = "loud"', (2, "log.level"), "“debug”, “error”, “info”, “warning”"),
        ('[speech.voices]\nen = "--path"', (2, "speech.voices.en"), "a voice's name"),
        ('[speech.voices]\n"-x" = "en"', (2, "speech.voices.-x"), "a language like en"),
        ('[web]\ntrusted_proxies = [\n"::1",\n"proxy"]', (4, "web.trusted_proxies[2]"), "no address or network"),
        ('[web]\ntls_key = "k.pem"', (2, "web.tls_key"), "needs web.tls_certificate"),
        ('[database]\nurl = "caruso.db"', (2, "database.url"), "must begin with its engine"),
        ("[server]\nport = ", (2, ""), "Invalid value"),
    ],
)
def test_a_mistake_is_told_with_its_place(text: str, place: tuple[int, str], words: str) -> None:
    (finding,) = mistakes(text)
    assert (finding.line, finding.attribute) == place
    assert finding.file == "caruso.toml"
    assert words in str(finding)


def test_all_mistakes_are_told_in_the_order_of_the_file() -> None:
    found = mistakes(
        '[log]\nlevel = "x"\n[server]\nport = -1\nhots = 1\n[web]\ntls_key = "k"\n', CARUSO_SERVER_HOST="a b"
    )
    assert [(f.file, f.line) for f in found] == [
        ("caruso.toml", 2),
        ("caruso.toml", 4),
        ("caruso.toml", 5),
        ("caruso.toml", 7),
        ("environment", 0),
    ]


@pytest.mark.parametrize(
    ("variable", "value", "words"),
    [
        ("CARUSO_SERVER_PORT", "many", "CARUSO_SERVER_PORT must be a whole number from 0 to 65535, not “many”"),
        ("CARUSO_SERVER_PROT", "1", "There is no setting server.prot. (did you mean “CARUSO_SERVER_PORT”?)"),
        ("CARUSO_LOG_LEVEL", "loud", "CARUSO_LOG_LEVEL must be one of"),
        ("CARUSO_WEB_TRUSTED_PROXIES", "proxy", "@CARUSO_WEB_TRUSTED_PROXIES “proxy” is no address"),
    ],
)
def test_a_mistake_in_the_environment_names_the_variable(variable: str, value: str, words: str) -> None:
    (finding,) = mistakes(**{variable: value})
    assert str(finding).startswith("environment: error[")
    assert words in str(finding)


def test_secrets_come_from_the_file_a_file_of_their_own_or_the_environment() -> None:
    config = read('[asterisk]\nari_password = "a"\nami_secret_file = "ami"\n[database]\nurl_file = "/run/url"\n')
    assert config.asterisk.ari_password == Secret("a")
    assert config.asterisk.ami_secret.reveal() == "</srv/caruso/ami>"
    assert config.database_url == "sqlite:///x"
    config = read('[asterisk]\nami_secret_file = "ami"\n', CARUSO_ASTERISK_AMI_SECRET="e")
    assert config.asterisk.ami_secret.reveal() == "e"
    config = read('[asterisk]\nami_secret = "s"\n', CARUSO_ASTERISK_AMI_SECRET_FILE="f")
    assert config.asterisk.ami_secret.reveal() == "</srv/caruso/f>"


def test_a_secret_that_is_set_twice_is_refused() -> None:
    (finding,) = mistakes('[asterisk]\nami_secret = "s"\nami_secret_file = "f"\n')
    assert (finding.rule, finding.line) == ("set-twice", 3)


def test_no_secret_shows_in_settings_or_messages() -> None:
    text = '[asterisk]\nari_password = "swordfish"\n[database]\nurl = "postgresql://u:swordfish@h/d"\n'
    assert "swordfish" not in repr(read(text))
    wrong = text.replace("postgresql", "oracle") + "[server]\nport = -1\n"
    assert "swordfish" not in "".join(map(str, mistakes(wrong)))


def test_a_secret_file_that_cannot_be_read_or_is_empty_is_told(tmp_path: Path) -> None:
    (tmp_path / "empty").write_text("\n")
    file = tmp_path / "caruso.toml"
    file.write_text('[asterisk]\nami_secret_file = "missing"\nari_password_file = "empty"\n')
    with pytest.raises(RejectedInput) as rejected:
        load_config(file, {})
    said = [str(finding) for finding in rejected.value.findings]
    assert "caruso.toml:2:1: error[unreadable-file] @asterisk.ami_secret_file" in said[0]
    assert "No such file or directory." in said[0]
    assert "the file is empty." in said[1]


def test_a_secret_file_loses_the_end_of_its_line(tmp_path: Path) -> None:
    (tmp_path / "pw").write_text("s3cret\n")
    file = tmp_path / "caruso.toml"
    file.write_text('[asterisk]\nari_password_file = "pw"\n')
    assert load_config(file, {}).asterisk.ari_password.reveal() == "s3cret"


def test_a_settings_file_that_cannot_be_read_is_told(tmp_path: Path) -> None:
    (tmp_path / "latin").write_bytes(b'x = "\xe4"')
    for name, words in (("missing.toml", "No such file"), ("latin", "not UTF-8"), ("", "Is a directory")):
        with pytest.raises(RejectedInput, match=words):
            load_config(tmp_path / name, {})


def test_the_environment_names_the_settings_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert default_config_file({}) is None
    (tmp_path / "caruso.toml").touch()
    assert default_config_file({}) == Path("caruso.toml")
    assert default_config_file({"CARUSO_CONFIG": "/x.toml"}) == Path("/x.toml")


TARGET = '[http.targets.crm]\nurl = "https://crm.example/api"\nsecret = "crm"\n'
WITH_HEADER = TARGET + 'headers = { Authorization = "Bearer {secret}" }\n'


def test_named_secrets_come_from_the_file_a_file_of_their_own_or_the_environment() -> None:
    config = read('[http]\nsecrets = { a = "x" }\nsecret_files = { crm = "keys/crm" }\n' + WITH_HEADER)
    assert config.http.secrets == {"a": Secret("x"), "crm": Secret("</srv/caruso/keys/crm>")}
    assert config.http.targets["crm"].methods == ("GET", "POST")
    assert read(WITH_HEADER, CARUSO_HTTP_SECRETS='{ crm = "e" }').http.secrets == {"crm": Secret("e")}


@pytest.mark.parametrize(
    ("text", "place", "words"),
    [
        (WITH_HEADER, (3, "http.targets.crm.secret"), "no secret “crm”"),
        ('[http.secrets]\ncrm = "x"\n' + TARGET, (3, "http.targets.crm"), "{secret}"),
        ('[http.secrets]\ncrm = "a\\nb"\n' + WITH_HEADER, (5, "http.targets.crm.secret"), "one line"),
        ('[http.targets.a]\nurl = "ftp://a"\n', (2, "http.targets.a.url"), "http://"),
        ('[http.targets.a]\nurl = "https://u:p@a/"\n', (2, "http.targets.a.url"), "no user"),
        ('[http.targets.a]\nurl = "https://a/"\nmethods = ["TRACE"]\n', (3, "http.targets.a.methods[1]"), "GET"),
        (
            '[http]\nsecrets = { a = "x" }\nsecret_files = { a = "f" }\n',
            (3, "http.secret_files.a"),
            "in http.secrets already",
        ),
        ('[mail]\nhost = "mail.example"\n', (2, "mail.host"), "needs mail.sender"),
        ('[mail]\nhost = "m"\nsender = "nobody"\n', (3, "mail.sender"), "an e-mail address"),
    ],
)
def test_a_contradiction_in_mail_and_http_is_told(text: str, place: tuple[int, str], words: str) -> None:
    (finding,) = mistakes(text)
    assert (finding.line, finding.attribute) == place
    assert words in finding.message


def test_a_table_of_secrets_that_is_none_is_not_shown() -> None:
    (finding,) = mistakes('[http]\nsecrets = "swordfish"\n')
    assert "swordfish" not in str(finding)


RELIANCE = '[services.reliance.crm]\nversions = ">=2,<3"\nfallback = "crm-copy"\n'


def test_how_scripts_rely_on_services_and_who_may_bring_them_is_read() -> None:
    config = read('[services]\nnats_url = "nats://n:4222"\n[services.remote_secrets]\ncrm = "x"\n' + RELIANCE)
    assert config.services.reliance["crm"].fallback == "crm-copy"
    assert config.services.reliance["crm"].failures == 5
    assert config.services.remote_secrets["crm"].reveal() == "x"


def test_systems_that_plug_ins_wrap_are_read_with_their_secrets() -> None:
    config = read(
        '[services]\nsystem_secrets = { crm = "x" }\nsystem_secret_files = { erp = "keys/erp" }\n'
        '[services.systems.erp]\nurl = "https://erp.example/api"\nuser = "caruso"\n'
        '[services.systems.crm]\n[services.systems.files]\nfolder = "drop"\n'
    )
    found = systems_of(config.services)
    assert found["erp"] == System(
        name="erp", url="https://erp.example/api", user="caruso", secret=Secret("</srv/caruso/keys/erp>")
    )
    assert found["crm"].secret.reveal() == "x"
    assert found["files"].folder == Path("/srv/caruso/drop")
    assert "swordfish" not in repr(System(name="erp", secret=Secret("swordfish")))


@pytest.mark.parametrize(
    ("text", "attribute", "words"),
    [
        ('[services.systems.crm]\nurl = "https://me:x@crm.example"\n', "services.systems.crm.url", "no password"),
        ('[services.systems.crm]\nurl = "crm.example"\n', "services.systems.crm.url", "begins like https://"),
        ('[services.system_secrets]\ncmr = "x"\n', "services.system_secrets.cmr", "There is no system “cmr”"),
        ('[services.reliance.crm]\nversions = "2 or so"\n', "services.reliance.crm.versions", "says no versions"),
        ('[services.reliance.crm]\nfallback = "crm"\n', "services.reliance.crm.fallback", "stand in for itself"),
        ('[services]\nnats_url = "nats://n:4222"\n', "services.nats_url", "needs services.remote_secrets"),
        ('[services.remote_secrets]\nCRM = "x"\n', "services.remote_secrets.CRM", "small letters"),
        (
            '[services.remote_secrets]\ncrm = "x"\n[services.remote_secret_files]\ncrm = "f"\n',
            "services.remote_secret_files.crm",
            "is in services.remote_secrets already",
        ),
    ],
)
def test_what_makes_no_sense_of_services_is_told_with_its_place(text: str, attribute: str, words: str) -> None:
    (finding,) = mistakes(text)
    assert finding.attribute == attribute
    assert words in str(finding)


def test_databases_of_the_company_have_limits_of_their_own() -> None:
    config = read(
        '[objects.databases.erp]\nurl = "postgresql://c:swordfish@erp/erp"\npool_size = 7\nread_only = true\n'
    )
    found = config.objects.databases["erp"]
    assert (found.url, found.pool_size, found.read_only) == (Secret("postgresql://c:swordfish@erp/erp"), 7, True)
    assert "swordfish" not in repr(config)
    assert config.objects.models.name == "models"


@pytest.mark.parametrize(
    ("text", "place", "words"),
    [
        ("[objects.databases.erp]\npool_size = 2\n", (1, "objects.databases.erp"), "no url"),
        ('[objects.databases.own]\nurl = "sqlite:///a"\n', (1, "objects.databases.own"), "another name"),
        ('[objects.url_files]\nerp = "f"\n', (2, "objects.url_files.erp"), "no database “erp”"),
        (
            '[objects.databases.erp]\nurl = "sqlite:///a"\n[objects.url_files]\nerp = "f"\n',
            (4, "objects.url_files.erp"),
            "already",
        ),
        (
            '[objects.databases.erp]\nurl = "sqlite:///a"\npool_size = 0\n',
            (3, "objects.databases.erp.pool_size"),
            "1",
        ),
    ],
)
def test_a_mistake_in_databases_of_the_company_is_told(text: str, place: tuple[int, str], words: str) -> None:
    (finding,) = mistakes(text)
    assert (finding.line, finding.attribute) == place
    assert words in finding.message
