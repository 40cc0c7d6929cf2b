"""Fill `Config` from ``caruso.toml``, then from ``CARUSO_<SECTION>_<KEY>``, then from the files that hold secrets.

All mistakes are told at once, each with its place. A secret may stand in the file itself, in a file of its own
(``…_file``) or in the environment; the environment wins.
"""

from __future__ import annotations

import ipaddress
import re
import tomllib
from collections.abc import Callable, Iterable, Mapping
from email.utils import parseaddr
from pathlib import Path
from typing import Any, get_type_hints
from urllib.parse import urlsplit

import msgspec
from msgspec import inspect
from packaging.specifiers import InvalidSpecifier, SpecifierSet

from caruso.config.settings import Config
from caruso.errors import Located, RejectedInput
from caruso.toml.shape import Secret, Shape, value_type
from caruso.toml.source import KeyPath, TomlSource, did_you_mean, read_toml

_PREFIX = "CARUSO_"
#: Names the file itself; not a setting.
_CONFIG_VARIABLE = "CARUSO_CONFIG"
_DEFAULT_FILE = "caruso.toml"
_ENVIRONMENT = "environment"
#: A secret is a line, not a disk image.
_SECRET_BYTES = 65_536

#: Tables of secrets, and of files that hold such.
_NAMED_SECRETS = (
    ("http", "secrets", "secret_files"),
    ("services", "remote_secrets", "remote_secret_files"),
    ("services", "system_secrets", "system_secret_files"),
)

#: Field types by section.
_SECTIONS: dict[str, dict[str, Any]] = {
    section.name: get_type_hints(section.type, include_extras=True) for section in msgspec.structs.fields(Config)
}


def default_config_file(environ: Mapping[str, str]) -> Path | None:
    """Return the file that ``CARUSO_CONFIG`` names, else ``caruso.toml`` here if there is one."""
    if environ.get(_CONFIG_VARIABLE):
        return Path(environ[_CONFIG_VARIABLE])
    here = Path(_DEFAULT_FILE)
    return here if here.exists() else None


def load_config(file: Path | None, environ: Mapping[str, str]) -> Config:
    """Read `file` (None: defaults alone) and the environment; raise `RejectedInput` with every mistake."""
    if file is None:
        return read_config("", _DEFAULT_FILE, environ, base=Path.cwd())
    try:
        text = file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as problem:
        raise RejectedInput(
            (Located(rule="unreadable-file", message=_reason(problem), file=str(file)),)
        ) from problem
    return read_config(text, str(file), environ, base=file.absolute().parent)


def relocated(
    refused: RejectedInput, file: Path | None, environ: Mapping[str, str], section: str, *keys: str
) -> RejectedInput:
    """Return what was found out about a setting after it was read, with its place in the file or the environment.

    Args:
        refused: What was found, without a place.
        file: The settings that were read.
        environ: The environment they were read with.
        section: ``database``.
        keys: Settings of this section; the first that was made is the one, ``url_file`` before ``url``.
    """
    text = file.read_text(encoding="utf-8") if file is not None else ""
    source = read_toml(text, str(file) if file is not None else _DEFAULT_FILE)
    places, made = _Places(source), source.data.get(section, {})
    for key in keys:
        if (variable := _variable(section, key)) in environ:
            places.from_environment[section, key] = variable
    key = next((key for key in keys if (section, key) in places.from_environment or key in made), keys[-1])
    return RejectedInput(
        tuple(
            places.located((section, key), found.rule, found.message, suggestion=found.suggestion)
            for found in refused.findings
        )
    )


def read_config(
    text: str,
    file: str,
    environ: Mapping[str, str],
    *,
    base: Path,
    read_secret: Callable[[Path], str] | None = None,
) -> Config:
    """Read settings from `text`; relative paths start at the folder `base`."""
    shape = Shape(read_toml(text, file))
    config = shape.struct(Config, shape.source.data, ()) or Config()
    places = _Places(shape.source)
    findings = [*shape.findings, *_set_twice(config, places)]
    config, more = _with_environment(config, environ, places)
    findings += more
    config = _with_absolute_paths(config, base)
    config, more = _with_secrets(config, places, read_secret or _read_secret)
    findings += more
    config, more = _with_named_secrets(config, places, read_secret or _read_secret)
    findings += more
    config, more = _with_database_urls(config, places, read_secret or _read_secret)
    findings += more
    findings += _contradictions(config, places)
    if findings:
        raise RejectedInput(tuple(sorted(findings, key=lambda f: (f.file != file, f.line, f.column))))
    return config


class _Places:
    """Tells where a setting was made: in the file, or in the environment."""

    def __init__(self, source: TomlSource) -> None:
        self._source = source
        self.from_environment: dict[KeyPath, str] = {}

    def located(self, where: KeyPath, rule: str, message: str, *, suggestion: str = "") -> Located:
        """Return a finding about the setting `where`, or about an element of it."""
        variable = self.from_environment.get(where[:2])
        if variable is None:
            return self._source.located(where, rule, message, suggestion=suggestion)
        return Located(rule=rule, message=message, file=_ENVIRONMENT, attribute=variable, suggestion=suggestion)


def _with_environment(config: Config, environ: Mapping[str, str], places: _Places) -> tuple[Config, list[Located]]:
    shape = Shape(TomlSource(file=_ENVIRONMENT, data={}, places={}))
    changes: dict[str, dict[str, Any]] = {}
    for variable in sorted(environ):
        section = _section_of(variable)
        if section is None:
            continue
        key = variable.removeprefix(f"{_PREFIX}{section.upper()}_").lower()
        kind = _SECTIONS[section].get(key)
        if kind is None:
            nearest = did_you_mean(variable, [_variable(section, known) for known in _SECTIONS[section]])
            shape.add((variable,), "unknown-key", f"There is no setting {section}.{key}.", suggestion=nearest)
            continue
        places.from_environment[section, key] = variable
        value = shape.value(kind, _from_variable(kind, environ[variable]), (variable,))
        if value is not None:
            changes.setdefault(section, {})[key] = value
            other = _other_way(section, key)
            if other and _variable(section, other) not in environ:
                changes[section][other] = Secret() if _SECTIONS[section][other] is Secret else None
    return _replaced(config, changes), shape.findings


def _section_of(variable: str) -> str | None:
    return next((s for s in _SECTIONS if variable.startswith(f"{_PREFIX}{s.upper()}_")), None)


def _variable(section: str, key: str) -> str:
    return f"{_PREFIX}{section}_{key}".upper()


def _other_way(section: str, key: str) -> str | None:
    """Return ``x_file`` for a secret ``x``, and ``x`` for ``x_file``."""
    other = key.removesuffix("_file") if key.endswith("_file") else f"{key}_file"
    pair = {key, other}
    return other if pair <= set(_SECTIONS[section]) and _SECTIONS[section][min(pair, key=len)] is Secret else None


def _from_variable(kind: Any, text: str) -> object:
    """Take text as it is where text is wanted, a list with commas, everything else as TOML."""
    match value_type(kind):
        case inspect.BoolType() | inspect.IntType() | inspect.FloatType() | inspect.DictType():
            return _from_toml(text)
        case inspect.VarTupleType():
            return [item.strip() for item in text.split(",") if item.strip()]
        case _:
            return text


def _from_toml(text: str) -> object:
    try:
        return tomllib.loads(f"value = {text}")["value"]
    except tomllib.TOMLDecodeError:
        return text


def _replaced(config: Config, changes: Mapping[str, Mapping[str, Any]]) -> Config:
    sections = {name: msgspec.structs.replace(getattr(config, name), **values) for name, values in changes.items()}
    return msgspec.structs.replace(config, **sections)


def _with_absolute_paths(config: Config, base: Path) -> Config:
    changes: dict[str, dict[str, Any]] = {}
    for section, kinds in _SECTIONS.items():
        for key in kinds:
            match getattr(getattr(config, section), key):
                case Path() as path:
                    changes.setdefault(section, {})[key] = base / path
                case dict() as table if any(isinstance(item, Path) for item in table.values()):
                    changes.setdefault(section, {})[key] = {name: base / path for name, path in table.items()}
    systems = {
        name: msgspec.structs.replace(system, folder=base / system.folder) if system.folder else system
        for name, system in config.services.systems.items()
    }
    changes.setdefault("services", {})["systems"] = systems
    return _replaced(config, changes)


def _secrets() -> Iterable[tuple[str, str]]:
    for section, kinds in _SECTIONS.items():
        for key, kind in kinds.items():
            if kind is Secret:
                yield section, key


def _set_twice(config: Config, places: _Places) -> list[Located]:
    return [
        places.located((section, f"{key}_file"), "set-twice", f"Set {section}.{key} or {key}_file, not both.")
        for section, key in _secrets()
        if getattr(getattr(config, section), key) and getattr(getattr(config, section), f"{key}_file")
    ]


def _with_secrets(
    config: Config, places: _Places, read_secret: Callable[[Path], str]
) -> tuple[Config, list[Located]]:
    findings: list[Located] = []
    changes: dict[str, dict[str, Any]] = {}
    for section, key in _secrets():
        file = getattr(getattr(config, section), f"{key}_file")
        if file is None:
            continue
        try:
            changes.setdefault(section, {})[key] = Secret(read_secret(file))
        except (OSError, ValueError) as problem:
            where = (section, f"{key}_file")
            findings.append(places.located(where, "unreadable-file", f"{file}: {_reason(problem)}"))
    return _replaced(config, changes), findings


def _with_named_secrets(
    config: Config, places: _Places, read_secret: Callable[[Path], str]
) -> tuple[Config, list[Located]]:
    """Read the files of named secrets."""
    findings: list[Located] = []
    changes: dict[str, dict[str, Any]] = {}
    for section, key, files_key in _NAMED_SECRETS:
        known: Mapping[str, Secret] = getattr(getattr(config, section), key)
        files: Mapping[str, Path] = getattr(getattr(config, section), files_key)
        read = dict(known)
        for name, file in files.items():
            where = (section, files_key, name)
            if name in known:
                message = f"The secret “{name}” is in {section}.{key} already."
                findings.append(places.located(where, "set-twice", message))
                continue
            try:
                read[name] = Secret(read_secret(file))
            except (OSError, ValueError) as problem:
                findings.append(places.located(where, "unreadable-file", f"{file}: {_reason(problem)}"))
        changes.setdefault(section, {})[key] = read
    return _replaced(config, changes), findings


def _with_database_urls(
    config: Config, places: _Places, read_secret: Callable[[Path], str]
) -> tuple[Config, list[Located]]:
    """Read the files of `objects.url_files`; every database of the company has a URL, and a name of its own."""
    findings: list[Located] = []
    read = dict(config.objects.databases)
    for name, file in config.objects.url_files.items():
        where: KeyPath = ("objects", "url_files", name)
        if name not in read:
            nearest = did_you_mean(name, list(read))
            message = f"There is no database “{name}” in objects.databases."
            findings.append(places.located(where, "unknown-database", message, suggestion=nearest))
        elif read[name].url:
            message = f"The database “{name}” has its url in objects.databases already."
            findings.append(places.located(where, "set-twice", message))
        else:
            try:
                read[name] = msgspec.structs.replace(read[name], url=Secret(read_secret(file)))
            except (OSError, ValueError) as problem:
                findings.append(places.located(where, "unreadable-file", f"{file}: {_reason(problem)}"))
    for name, database in read.items():
        where = ("objects", "databases", name)
        if name == "own":
            message = "“own” is the database of the server itself: give this one another name."
            findings.append(places.located(where, "wrong-value", message))
        if not database.url and name not in config.objects.url_files:
            findings.append(places.located(where, "missing-key", f"The database “{name}” has no url."))
        elif database.url and not urlsplit(database.url.reveal()).scheme:
            message = "The database's URL must begin with its engine: sqlite:///file."
            findings.append(places.located(where, "wrong-value", message))
    return _replaced(config, {"objects": {"databases": read}}), findings


def _read_secret(file: Path) -> str:
    with file.open(encoding="utf-8") as opened:
        text = opened.read(_SECRET_BYTES).strip()
    if not text:
        raise ValueError("the file is empty")
    return text


def _reason(problem: OSError | ValueError) -> str:
    match problem:
        case OSError(strerror=str(reason)):
            return f"{reason}."
        case UnicodeDecodeError():
            return "not UTF-8."
        case _:
            return f"{problem}."


def _contradictions(config: Config, places: _Places) -> list[Located]:
    """Check what no single setting can tell."""
    findings = []
    for index, proxy in enumerate(config.web.trusted_proxies):
        try:
            ipaddress.ip_network(proxy, strict=False)
        except ValueError:
            where: KeyPath = ("web", "trusted_proxies", index)
            findings.append(places.located(where, "wrong-value", f"“{proxy}” is no address or network."))
    if (config.web.tls_certificate is None) != (config.web.tls_key is None):
        missing = "tls_key" if config.web.tls_key is None else "tls_certificate"
        given = "tls_certificate" if missing == "tls_key" else "tls_key"
        findings.append(places.located(("web", given), "missing-key", f"web.{given} needs web.{missing} as well."))
    findings += [
        *_mail_contradictions(config, places),
        *_http_contradictions(config, places),
        *_service_contradictions(config, places),
    ]
    url = config.database.url.reveal()
    if url and not urlsplit(url).scheme:
        where = ("database", "url") if config.database.url_file is None else ("database", "url_file")
        findings.append(
            places.located(where, "wrong-value", "The database's URL must begin with its engine: sqlite:///file.")
        )
    return findings


def _mail_contradictions(config: Config, places: _Places) -> list[Located]:
    mail = config.mail
    if not mail.host:
        return []
    if not mail.sender:
        return [places.located(("mail", "host"), "missing-key", "mail.host needs mail.sender as well.")]
    address = parseaddr(mail.sender)[1]
    if not re.fullmatch(r"[^@\s<>]+@[^@\s<>]+", address) or not address.isascii():
        return [places.located(("mail", "sender"), "wrong-value", "mail.sender must be an e-mail address.")]
    return []


def _service_contradictions(config: Config, places: _Places) -> list[Located]:
    findings = []
    for name, reliance in config.services.reliance.items():
        where: KeyPath = ("services", "reliance", name)
        try:
            SpecifierSet(reliance.versions)
        except InvalidSpecifier:
            message = f"“{reliance.versions}” says no versions, like >=2,<3."
            findings.append(places.located((*where, "versions"), "wrong-value", message))
        if reliance.fallback == name:
            message = "A service cannot stand in for itself."
            findings.append(places.located((*where, "fallback"), "wrong-value", message))
    findings += _system_contradictions(config, places)
    if config.services.nats_url and not {*config.services.remote_secrets, *config.services.remote_secret_files}:
        message = "services.nats_url needs services.remote_secrets as well: whose services may come?"
        findings.append(places.located(("services", "nats_url"), "missing-key", message))
    return findings


def _system_contradictions(config: Config, places: _Places) -> list[Located]:
    """Check that every secret is some system's, and that no password stands where everybody reads it."""
    findings = []
    for name, system in config.services.systems.items():
        if "@" in system.url.partition("://")[2].partition("/")[0]:
            message = "A system's url holds no user and no password: set `user`, and services.system_secret_files."
            findings.append(places.located(("services", "systems", name, "url"), "wrong-value", message))
    for key in ("system_secrets", "system_secret_files"):
        for name in sorted(getattr(config.services, key)):
            if name not in config.services.systems:
                nearest = did_you_mean(name, list(config.services.systems))
                message = f"There is no system “{name}” in services.systems."
                where = ("services", key, name)
                findings.append(places.located(where, "unknown-system", message, suggestion=nearest))
    return findings


def _http_contradictions(config: Config, places: _Places) -> list[Located]:
    """Check that every secret that is needed is there, and that none is sent in clear over a network."""
    findings = []
    for name, target in config.http.targets.items():
        where: KeyPath = ("http", "targets", name)
        if target.secret and target.secret not in {*config.http.secrets, *config.http.secret_files}:
            nearest = did_you_mean(target.secret, list(config.http.secrets))
            message = f"There is no secret “{target.secret}” in http.secrets."
            findings.append(places.located((*where, "secret"), "unknown-secret", message, suggestion=nearest))
        if any("{secret}" in value for value in target.headers.values()) != bool(target.secret):
            message = "A target with a secret needs a header with {secret} in it, and the other way round."
            findings.append(places.located(where, "contradiction", message))
        secret = config.http.secrets.get(target.secret)
        if secret is not None and not re.fullmatch(r"[\x20-\x7e]+", secret.reveal()):
            message = f"The secret “{target.secret}” cannot be sent in a header: it must be ASCII in one line."
            findings.append(places.located((*where, "secret"), "wrong-value", message))
        if "@" in urlsplit(target.url).netloc:
            message = "A target's url holds no user: put the secret into a header."
            findings.append(places.located((*where, "url"), "wrong-value", message))
    return findings
